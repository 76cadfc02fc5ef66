"""The environment: any text for any setting, several at once."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import strategies as st

from guard.errors import ConfigurationInvalid
from guard.settings import Settings, load_settings
from guard.settings.masking import Secret
from guard.settings.read import SECRETS
from tests.fuzz.strange import odd_texts
from tests.fuzz.target import Target, on_nothing

NAMES = sorted(field.name.upper() for field in fields(Settings))
_HIDDEN = "Hunter2XHidden"
_KEYS = ("GUARD_SECRET_KEY", "GUARD_FORMER_SECRET_KEYS", "GUARD_ENCRYPTION_KEYS", "GUARD_WEBHOOK_SECRETS")
_URLS = sorted(SECRETS - set(_KEYS))
_near = st.sampled_from([
    "1", "0", "5", "30", "90m", "-5", "1.5", "1e3", "1e999", "nan", "true", "TRUE", "yes", "off", "08:00", "mon#1 10:00", "25:00",
    "Europe/Berlin", "refuse", "hold", "report", "extend", "emergency", "emergency,discard", "cpu=90", "cpu=90,cpu=1", "a,b,c",
    "/tmp|*.log|7", "/|*|0", "rq:progress:*|7", "*|1", "10.0.0.0/8", "0.0.0.0/0", "a@example.com", "Guard <a@example.com>",
    "json", "keep", "invalidate", "72h,24h", "example.com:443", "[::1]:443", "myapp:session:", "celery:", "users,posts",
])  # fmt: skip
_values = st.one_of(_near, odd_texts, st.builds("{}{}".format, _near, odd_texts))
_hidden = st.builds(
    lambda scheme, user, rest: f"{scheme}://{user}:{_HIDDEN}@{rest}",
    st.sampled_from(
        ["redis", "rediss", "sqlite", "mysql+pymysql", "https", "smtps", "smtp+starttls", "amqp", "x", ""]
    ),
    st.sampled_from(["", "u", "u@v", "%00", "\udc80"]),
    st.sampled_from(["h:6379/0", "h", "", "h:99999", "[::1", "h/?a=b#c"]) | odd_texts,
)
_secret_keys = st.builds("{}{}{}".format, odd_texts, st.just(_HIDDEN), odd_texts | st.just("x" * 20))


def _environ(names: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {
            name: _secret_keys if name in _KEYS else _hidden | _values if name in _URLS else _values
            for name in names
        }
    )


def _refused(environ: dict[str, str]) -> tuple[str, ...]:
    try:
        settings = load_settings(environ)
    except ConfigurationInvalid as error:
        assert error.problems, "refused, and nobody is told why"
        assert _HIDDEN not in str(error), "a secret is told"
        assert _HIDDEN not in repr(error), "a secret is told"
        return tuple(error.problems)
    _use(settings)
    return ()


def _use(settings: Settings) -> None:
    """Whatever is derived from settings that were taken can be had: none of them is half right."""
    for name in vars(Settings):
        if isinstance(vars(Settings)[name], property):
            getattr(settings, name)
    assert _HIDDEN not in repr(settings), "a secret is told"
    for value in vars(settings).values():
        assert _HIDDEN not in repr(value) or not isinstance(value, Secret)
    settings.control_plane_url("amqp://h")
    settings.sessions_policy("emergency")


def check(environ: dict[str, str]) -> str:
    problems = _refused(environ)
    if not problems:
        return "taken"
    text = "\n".join(problems)
    if len(environ) > 1:
        for name, value in environ.items():
            if _refused({name: value}):
                assert name in text, "one problem hides another"
    for problem in problems:
        assert any(name in problem for name in NAMES), "a problem names no setting"
        assert len(problem) < 1000, "a problem repeats a whole value"
    return f"{min(len(problems), 4)} problems: {problems[0].partition(' ')[0]}"


TARGET = Target(
    name="settings_values",
    promise="every problem at once, each by its name, no secret told; or settings of which each part is right",
    cases=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).flatmap(_environ),
    ready=on_nothing(check),
    seeds=[{}, {"GUARD_SECRET_KEY": "short"}, {"GUARD_LEASE_SECONDS": "1", "GUARD_RENEW_SECONDS": "2"}],
    few=250,
)
