"""What others may try: each threat of `reliability.md` §4 that a page can meet, against the served page."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import requests

from guard.core.modes import Phase
from tests.admin_page.place import PATH, Person, field
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.admin_page.place import AdminPage

FORMS = (
    "start", "emergency", "change", "extend", "end", "verify", "vouch", "sessions/invalidate",
    "sessions/allow", "plans/add", "jobs/x/release", "jobs/x/discard", "access/tokens/x/revoke",
    "access/approvals/x", "sign-out",
)  # fmt: skip
EVIL = '"><script>window.pwned=1</script><img src=x onerror="window.pwned=1">'


def what_is(site: AdminPage) -> tuple[object, ...]:
    """Everything that a page could have changed."""
    guard = site.shop.guard
    state = guard.durable.read()
    tokens = [(token.token_id, token.revoked_at) for token in guard.access.tokens()]
    return state, tokens, [plan.schedule_id for plan in guard.schedule.list()], len(guard.parked)


def start_of(page: requests.Response) -> dict[str, str]:
    """A complete form that would open a window."""
    return {
        "csrf": field(page.text, "csrf"),
        "window_id": field(page.text, "window_id"),
        "reason": "forged",
        "mode": "normal",
        "at_deadline": "wait",
        "step": "confirm",
    }


def test_nobody_unknown_sees_or_does_anything(site: AdminPage) -> None:
    stranger = site.http()
    before = what_is(site)
    for path in ("", "jobs", "workers", "journal", "access", "start", "emergency", "change", "end"):
        answer = stranger.get(site.url(path), allow_redirects=False, timeout=10)
        assert (answer.status_code, "sign-in" in answer.headers["Location"]) == (303, True), path
    for path in FORMS:
        answer = stranger.post(site.url(path), data={"step": "confirm"}, allow_redirects=False, timeout=10)
        assert answer.status_code == 401, path
        assert "epoch" not in answer.text
    assert what_is(site) == before


def test_looking_changes_nothing(site: AdminPage, admin: Person) -> None:
    known = site.http(admin)
    form = start_of(known.get(site.url("start"), timeout=10))
    before = what_is(site)
    looks = ("jobs", "workers", "sessions", "windows", "reports", "rehearsal", "journal", "preview")
    for path in ("", *FORMS, *looks):
        answer = known.get(site.url(path), params=form, timeout=15)
        assert answer.status_code in {200, 404, 405}, path
    for method in ("PUT", "DELETE", "PATCH"):
        assert known.request(method, site.url("start"), data=form, timeout=10).status_code in {403, 405}
    assert what_is(site) == before


def test_asking_for_the_headers_alone_changes_nothing(site: AdminPage, admin: Person) -> None:
    """HEAD is served by the view of a form, and carries no token that only our own page knows."""
    known = site.http(admin)
    token = site.shop.guard.access.make_token("carla", rights=["read"], seconds=60, by="tests").view.token_id
    stepped = known.get(site.url("access"), timeout=10)
    known.post(
        site.url(f"access/tokens/{'0' * 16}/revoke"),
        data={"csrf": field(stepped.text, "csrf"), "code": admin.code()},
        timeout=10,
    )  # there is none, but the second factor was shown: nothing more would be asked for
    before = what_is(site), site.shop.guard.sessions.stamp()
    for path in (*FORMS, f"access/tokens/{token}/revoke"):
        answer = known.head(site.url(path), params={"worker": "w1"}, allow_redirects=False, timeout=15)
        assert answer.status_code in {200, 404, 405}, path
    assert (what_is(site), site.shop.guard.sessions.stamp()) == before


def test_who_may_not_start_an_emergency_starts_none_by_a_deadline(site: AdminPage) -> None:
    otto = site.http(Person(site.shop, f"otto-{uuid.uuid4()}", "operate"))
    form = start_of(otto.get(site.url("start"), timeout=10))
    later = {"drain_within": "1", "at_deadline": "escalate"}
    assert otto.post(site.url("start"), data=form | later, timeout=10).status_code == 403
    plan = form | later | {"name": "night", "at": "2027-01-01 02:00", "zone": "UTC", "duration": "1h"}
    assert otto.post(site.url("plans/add"), data=plan, timeout=10).status_code == 403
    assert site.phase is Phase.INACTIVE
    assert site.shop.guard.schedule.list() == []
    window = site.shop.guard.enable(reason="x", by="tests", duration=600)
    shown = {"csrf": form["csrf"], "window_id": window.window_id, "mode_shown": "normal"}
    changed = shown | {"reason": "x", "duration": "600"} | later
    assert otto.post(site.url("change"), data=changed, timeout=10).status_code == 403
    site.shop.guard.change(by="tests", drain_within=3600, at_deadline="escalate")
    changed = shown | {"reason": "x", "duration": "600", "drain_within": "1", "at_deadline": "escalate"}
    assert otto.post(site.url("change"), data=changed, timeout=10).status_code == 403
    assert site.shop.guard.durable.read().terms.drain_within == 3600


def test_in_an_emergency_an_operator_neither_eases_nor_verifies(site: AdminPage) -> None:
    otto = site.http(Person(site.shop, f"otto-{uuid.uuid4()}", "operate"))
    csrf = start_of(otto.get(site.url("start"), timeout=10))["csrf"]
    window = site.shop.guard.enable(reason="x", by="tests", mode="emergency", duration=600, verify=True)
    eventually(lambda: site.phase is Phase.ACTIVE, within=20, what="drained")
    shown = {"csrf": csrf, "window_id": window.window_id, "mode_shown": "emergency"}
    same = {"reason": "x", "duration": "600"}
    before = site.shop.guard.durable.read()
    for path, more in (
        ("verify", {}),
        ("change", {**same, "drain_within": "1", "at_deadline": "abort"}),
        ("change", {**same, "ease": "yes"}),
        ("end", {"unverified": "yes"}),
    ):
        answer = otto.post(site.url(path), data=shown | more, timeout=10)
        assert answer.status_code == 403, (path, more)
    # An old page says that it is a normal window, and the deed is judged by that: then it is not done.
    for path in ("verify", "end"):
        told = shown | {"mode_shown": "normal", "unverified": "yes"}
        assert otto.post(site.url(path), data=told, timeout=10).status_code == 409, path
    assert site.shop.guard.durable.read() == before


@pytest.mark.parametrize(
    ("headers", "changed"),
    [
        ({}, {"csrf": ""}),
        ({}, {"csrf": "0" * 64}),
        ({"Origin": "https://evil.example"}, {}),
        ({"Origin": "null"}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site"}, {}),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {}),
    ],
)
def test_a_form_of_another_site(
    site: AdminPage, admin: Person, headers: dict[str, str], changed: dict[str, str]
) -> None:
    known = site.http(admin)
    form = start_of(known.get(site.url("start"), timeout=10))
    answer = known.post(site.url("start"), data=form | changed, headers=headers, timeout=10)
    assert answer.status_code == 403
    assert site.phase is Phase.INACTIVE
    own = known.post(site.url("start"), data=form, headers={"Sec-Fetch-Site": "same-origin"}, timeout=15)
    assert own.status_code == 200
    assert site.phase is not Phase.INACTIVE, "the very same form of our own page is taken"


def test_a_token_of_another_session_is_no_proof(site: AdminPage, admin: Person, officer: Person) -> None:
    theirs = start_of(site.http(officer).get(site.url("start"), timeout=10))
    assert site.http(admin).post(site.url("start"), data=theirs, timeout=10).status_code == 403
    assert site.phase is Phase.INACTIVE


def test_headers_and_cookies(site: AdminPage, admin: Person) -> None:
    page = site.http().get(site.url("sign-in"), timeout=10)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    session = site.http()
    form = {"token": admin.token, "csrf": field(session.get(site.url("sign-in"), timeout=10).text, "csrf")}
    done = session.post(site.url("sign-in"), data=form, allow_redirects=False, timeout=10)
    cookies = done.raw.headers.getlist("Set-Cookie")
    made = next(one for one in cookies if one.startswith("guard="))
    assert "HttpOnly" in made
    assert "SameSite=Lax" in made
    assert "Path=/" in made
    assert admin.token not in "".join(cookies) + done.text + done.headers["Location"]


def test_a_planted_cookie_is_worth_nothing(site: AdminPage, admin: Person) -> None:
    planted = "A" * 43
    victim = requests.Session()
    victim.cookies.set("guard", planted, domain="127.0.0.1", path="/")
    page = victim.get(site.url("sign-in"), timeout=10)
    done = victim.post(
        site.url("sign-in"),
        data={"token": admin.token, "csrf": field(page.text, "csrf")},
        allow_redirects=False,
        timeout=10,
    )
    assert done.status_code == 303
    assert done.cookies["guard"] != planted
    thief = requests.get(site.url(), cookies={"guard": planted}, allow_redirects=False, timeout=10)
    assert "sign-in" in thief.headers["Location"]


def test_a_second_factor_changes_the_cookie_and_signing_out_ends_it(site: AdminPage, officer: Person) -> None:
    known = site.http(officer)
    before = known.cookies["guard"]
    page = known.get(site.url("emergency"), timeout=10)
    form = start_of(page) | {"code": officer.code(), "reason": "Fixation"}
    assert known.post(site.url("emergency"), data=form, timeout=15).status_code == 200
    after = known.cookies["guard"]
    assert after != before
    old = requests.get(site.url(), cookies={"guard": before}, allow_redirects=False, timeout=10)
    assert old.status_code == 303, "the cookie from before still counts"
    csrf = field(known.get(site.url(), timeout=10).text, "csrf")
    known.post(site.url("sign-out"), data={"csrf": csrf}, timeout=10)
    gone = requests.get(site.url(), cookies={"guard": after}, allow_redirects=False, timeout=10)
    assert gone.status_code == 303


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", f"{PATH}../../evil", "/elsewhere", ""],
)
def test_signing_in_leads_nowhere_else(site: AdminPage, admin: Person, target: str) -> None:
    session = site.http()
    form = {"token": admin.token, "csrf": field(session.get(site.url("sign-in"), timeout=10).text, "csrf")}
    done = session.post(site.url("sign-in"), data=form | {"next": target}, allow_redirects=False, timeout=10)
    assert done.headers["Location"] == PATH


def test_who_may_only_look_is_shown_no_button_and_refused(
    site: AdminPage, reader: Person, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    site.sign_in(page, reader)
    for path in ("", "jobs", "sessions", "plans", "access"):
        page.goto(site.url(path))
        buttons = page.locator("main button, main a.button").all_inner_texts()
        assert buttons == (["Look"] if path == "jobs" else []), path
    known = site.http(reader)
    csrf = field(known.get(site.url(), timeout=10).text, "csrf")
    before = what_is(site)
    form = {
        "csrf": csrf, "reason": "no", "mode": "normal", "at_deadline": "wait", "step": "confirm",
        "grace": "0", "window_id": "3f0c8a52-5f0e-4ac5-9d55-111111111111",
        "code": "123456",
    }  # fmt: skip
    for path in ("start", "emergency", "sessions/invalidate", "sessions/allow", "access/tokens/x/revoke"):
        answer = known.post(site.url(path), data=form, timeout=15)
        assert answer.status_code == 403, path
    site.shop.guard.enable(reason="open", by="tests")
    state = site.shop.guard.durable.read()
    form |= {"window_id": state.window_id, "mode_shown": "normal", "extend_by": "1h", "reason": "changed"}
    for path in ("change", "extend", "end", "verify", "vouch"):
        assert known.post(site.url(path), data=form | {"worker": "w1"}, timeout=15).status_code == 403, path
    assert site.shop.guard.durable.read().window_id == state.window_id
    assert site.shop.guard.durable.read().reason == "open"
    site.open_again()
    assert what_is(site)[1:] == before[1:]


def test_what_others_wrote_is_only_shown(
    site: AdminPage, admin: Person, open_page: Callable[..., Page]
) -> None:
    guard = site.shop.guard
    guard.enable(reason=EVIL, by=EVIL)
    task_id = "x-" + EVIL.replace("/", "|")
    site.shop.send("mixed_job", EVIL, when_closed="hold", task_id=task_id)
    eventually(guard.parked.list, within=20, what="a parked job")
    page = open_page()
    site.sign_in(page, admin)
    window_id = guard.durable.read().window_id
    for path in (
        "",
        "jobs",
        "journal",
        "windows",
        f"windows/{window_id}",
        "change",
        "end",
        f"jobs?id={EVIL}",
    ):
        page.goto(site.url(path))
        assert "<script>window.pwned" in page.content().replace("&lt;", "<").replace("&gt;", ">"), path
        assert page.evaluate("window.pwned === undefined"), path
        assert page.locator("img").count() == 0, f"{path}: markup of others is markup"
    page.goto(site.url("jobs"))
    page.get_by_role("link", name="Discard x-").click()
    page.get_by_role("dialog").get_by_role("heading").wait_for()
    assert page.evaluate("window.pwned === undefined")


def test_a_second_person_must_approve_exactly_this(
    site: AdminPage, admin: Person, officer: Person, open_page: Callable[..., Page]
) -> None:
    guard = site.shop.guard
    guard.enable(reason="Two people", by="tests")
    site.shop.send("mixed_job", 1, when_closed="hold", task_id="to-discard")
    eventually(lambda: guard.parked.get("to-discard") is not None, within=20, what="a parked job")
    one, other = open_page(), open_page()
    site.sign_in(one, admin)
    one.goto(site.url("jobs/to-discard/discard"))
    one.get_by_label("One-time code").fill(admin.code())
    one.get_by_role("button", name="Discard it").click()
    one.get_by_text("Somebody else must approve exactly this.").wait_for()
    assert guard.parked.get("to-discard") is not None
    one.get_by_role("button", name="Discard it").click()
    one.get_by_text("Somebody else must approve exactly this.").wait_for()

    site.sign_in(other, officer)
    other.goto(site.url("access"))
    asked = other.get_by_role("listitem").filter(has_text="to-discard").first
    assert "asked by alice" in asked.inner_text()
    asked.get_by_label("One-time code").fill(officer.code())
    asked.get_by_role("button", name="Approve exactly this").click()
    other.get_by_text("You approved what alice asked for").wait_for()
    one.get_by_role("button", name="Discard it").click()
    one.get_by_text("was discarded").wait_for()
    assert guard.parked.get("to-discard") is None
