"""What proves who somebody is, or that something may pass: made up, or changed. None of it may count."""

from __future__ import annotations

from hypothesis import strategies as st

from guard.core.bypass import bypass_of, issue_bypass, read_bypass
from guard.core.credentials import is_secret_of, read_token, token_text
from guard.core.finishing import read_mark
from guard.core.one_time_codes import is_totp, matching_period, read_break_glass
from guard.core.page_session import csrf_text, is_cookie, is_csrf_text
from tests.fuzz.strange import any_json, as_text, damaged_bytes, odd_texts
from tests.fuzz.target import Target, on_nothing

_KEY, _OTHER = b"a key of sixteen", b"another key of 16"
NOW = 1_700_000_000.0
_TOKEN = issue_bypass(
    operations=["caption_generation"],
    by="ops",
    holder="qa",
    seconds=3600,
    secret=_KEY,
    now=NOW,
    bypass_id="b1",
    user="7",
)
_FORGED = issue_bypass(
    operations=["caption_generation"], by="x", holder="x", seconds=3600, secret=_OTHER, now=NOW
)
_COOKIE = "A" * 43
_RIGHT = (
    _TOKEN,
    _FORGED,
    token_text("0123456789abcdef", "B" * 43),
    _COOKIE,
    csrf_text(_COOKIE),
    "123456",
    "ABCD-EFGH-IJKL-MNOP",
    "w1/t1",
)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    how = draw(st.sampled_from(["damaged", "damaged", "odd", "right", "claims"]))
    right = draw(st.sampled_from(_RIGHT))
    if how == "damaged":
        return draw(damaged_bytes(right.encode())).decode("utf-8", "surrogateescape")
    if how == "claims":
        body = draw(any_json.flatmap(as_text)).encode("utf-8", "surrogatepass")
        from base64 import urlsafe_b64encode

        return f"{urlsafe_b64encode(body).decode()}.{_TOKEN.partition('.')[2]}"
    return right if how == "right" else draw(odd_texts)


def check(case: dict[str, str]) -> str:
    text = case["text"]
    said = bypass_of(text, operation="caption_generation", secret=_KEY, now=NOW)
    claims = read_bypass(text, secret=_KEY)
    if claims is not None:
        # base64 has spellings of the same bytes; what it says must be what was signed
        assert claims == read_bypass(_TOKEN, secret=_KEY), "a bypass counts that nobody gave"
    assert (said is not None) == (claims is not None), (
        "a token is genuine and does not count, or counts and is not"
    )
    assert bypass_of(text, operation="image_processing", secret=_KEY, now=NOW) is None, (
        "a bypass for something else"
    )
    assert bypass_of(text, operation="caption_generation", secret=_KEY, now=NOW + 3600) is None, (
        "a bypass that is over"
    )
    assert read_bypass(text, secret=None) is None, "a bypass without a key"
    token = read_token(text)
    assert token is None or token_text(*token) == text
    assert not is_secret_of("0" * 64, text.encode("utf-8", "replace").decode())
    cookie = is_cookie(text)
    assert not is_csrf_text(_COOKIE, text) or text == csrf_text(_COOKIE), "a form counts that is not ours"
    assert not is_csrf_text(text, "0" * 64) or not cookie
    typed = text.encode("utf-8", "replace").decode()
    if is_totp(typed):
        assert (
            matching_period(typed, now=NOW, last_period=0, code_at=lambda _: "000000") is None
            or typed == "000000"
        )
    glass = read_break_glass(typed)
    mark = read_mark(text)
    assert mark is None or all(mark)
    kinds = {
        "bypass": claims,
        "token": token,
        "cookie": cookie or None,
        "code": is_totp(typed) or glass,
        "mark": mark,
    }
    return "+".join(name for name, value in kinds.items() if value) or "nothing"


TARGET = Target(
    name="tokens",
    promise="nothing counts that nobody gave, and reading it never raises",
    cases=st.fixed_dictionaries({"text": _texts()}),
    ready=on_nothing(check),
    seeds=[{"text": text} for text in _RIGHT],
    of_bytes=lambda raw: {"text": raw.decode("utf-8", "surrogateescape")},
    few=500,
)
