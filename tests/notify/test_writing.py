"""Mails written out: every kind, in every mode; nothing that people wrote becomes a header or markup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateError
from jinja2.exceptions import SecurityError

from guard.core import changes
from guard.core.acts import Notice
from guard.core.alerts import Severity
from guard.core.changes import WindowRequest
from guard.core.notifications import (
    Audience,
    Kind,
    Message,
    Receivers,
    alert_message,
    deliveries_of,
    messages_of_change,
    notice_message,
    overrun_message,
    trial_message,
)
from guard.core.state import GuardState
from guard.notify.writing import Writer, body_of
from tests.core.strategies import many
from tests.notify.conftest import SENDER, WRITER, delivery

if TYPE_CHECKING:
    from pathlib import Path

    from guard.core.deliveries import Delivery

NOW = 1_700_000_000.0
EVERYBODY = Receivers(
    users=("u@example.com",), operators=("o@example.com",), emergency_team=("e@example.com",)
)


def all_messages(mode: str = "normal", reason: str = "why") -> list[Message]:
    first = GuardState.first("s", NOW)
    request = WindowRequest.check(mode=mode, reason=reason, duration=3600, by="ops")
    opened = changes.close(first, request, window_id="w-1", now=NOW)
    other = {"reason": f"{reason} 2", "duration": 7200.0, "scope": {"queues": ["a"]}}
    changed = replace(changes.change(opened, by="b", now=NOW + 5, **other), reason=f"{reason} 2")  # type: ignore[arg-type]
    notice = Notice(
        kind="coming",
        name="n",
        reason=reason,
        mode=mode,
        starts_at=NOW,
        ends_at=NOW,
        zone="UTC",
        before=9,
        message="",
    )
    late = overrun_message(opened, now=NOW + 9999)
    assert late is not None
    return [
        notice_message(notice, key="k", now=NOW),
        notice_message(replace(notice, kind="cancelled"), key="k", now=NOW),
        *messages_of_change(first, opened),
        *messages_of_change(opened, changed),
        late,
        *messages_of_change(opened, changes.release(opened, by="b", now=NOW + 60)),
        alert_message(
            kind="disk", severity=Severity.CRITICAL, message=reason, key="1", at=NOW, stage="resolved"
        ),
        trial_message(to=tuple(Audience), key="1", at=NOW, by=reason),
    ]


def mails(message: Message) -> tuple[Delivery, ...]:
    return deliveries_of(message, EVERYBODY, now=NOW)


@pytest.mark.parametrize("mode", ["normal", "emergency", "test"])
def test_every_kind_is_written_for_everybody(mode: str) -> None:
    messages = all_messages(mode)
    assert {message.kind for message in messages} == set(Kind)
    for message in messages:
        for one in mails(message):
            subject, text, html = WRITER.texts(one)
            assert one.delivery_id in text
            assert "None" not in subject + text
            is_marked = mode == "test" and message.kind not in {Kind.ALERT, Kind.TRIAL}
            assert ("[Rehearsal]" in subject) == is_marked
            assert subject in html or "&" in html
            if one.payload["to"] == ["users"]:
                assert "w-1" not in text, "users are not told ids"
                assert "ops" not in text


def test_an_emergency_says_so_in_its_subject() -> None:
    (opened,) = (one for one in all_messages("emergency") if one.kind is Kind.OPENED)
    assert WRITER.mail(mails(opened)[0])["Subject"] == "EMERGENCY maintenance has begun: why"


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nBcc: evil@example.com",
        "x\nSubject: other\n\nbody",
        "x\r\n\r\n<script>alert(1)</script>",
        "x\u2028Bcc: evil@example.com",
        "x\x00\x1b[31m",
        "\u202egnp.exe",
        "x" * 5000,
        "{{ 7 * 7 }}{% raw %}",
        "=?utf-8?q?=0D=0ABcc:_evil@example.com?=",
    ],
)
def test_no_text_becomes_a_header_or_markup(text: str) -> None:
    """Alerts may say anything; a reason is judged before it comes here."""
    alert = alert_message(kind="k", severity=Severity.INFO, message=text, key="1", at=NOW)
    for message in (alert, trial_message(to=(Audience.OPERATORS,), key="1", at=NOW, by=text)):
        (one,) = mails(message)
        mail = WRITER.mail(one)
        raw = mail.as_bytes()
        head = raw.partition(b"\r\n\r\n")[0]
        assert not any(line.lower().startswith(b"bcc") for line in head.splitlines())
        assert set(mail.keys()) == {
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Guard-Delivery"),
            *("X-Guard-Event", "MIME-Version", "Content-Type"),
        }
        assert len(str(mail["Subject"])) <= 180
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "<script>" not in html
        assert "\u202e" not in html
        assert "49" not in str(mail["Subject"])


@given(st.text(max_size=300))
@many
def test_any_text_can_be_written(text: str) -> None:
    (one,) = mails(alert_message(kind=text, severity=Severity.INFO, message=text, key="1", at=NOW))
    raw = WRITER.mail(one).as_bytes()
    assert raw == WRITER.mail(one).as_bytes(), "the same in each attempt"
    assert raw.count(b"\r\nTo: ") == 1
    assert body_of(one).isascii()


def test_templates_of_the_operators_come_first(tmp_path: Path) -> None:
    (tmp_path / "trial.txt").write_text("Ours: {{ about.by | plain }}\n\nHello <you>", "utf-8")
    subject, text, html = Writer(sender=SENDER, zone="Europe/Berlin", folder=str(tmp_path)).texts(delivery())
    assert (subject, text) == ("Ours: me 1", "Hello <you>\n")
    assert "Hello &lt;you&gt;" in html
    (tmp_path / "trial.html").write_text("<b>{{ about.by }}</b>", "utf-8")
    *_, html = Writer(sender=SENDER, zone="UTC", folder=str(tmp_path)).texts(delivery(by="<i>"))
    assert html == "<b>&lt;i&gt;</b>"


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("{{ about.nothing }}", TemplateError),
        ("{% if %}", TemplateError),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", SecurityError),
    ],
)
def test_a_template_that_is_wrong_or_a_program(tmp_path: Path, template: str, error: type[Exception]) -> None:
    (tmp_path / "trial.txt").write_text(template, "utf-8")
    with pytest.raises(error):
        Writer(sender=SENDER, zone="UTC", folder=str(tmp_path)).mail(delivery())


def test_mails_of_one_window_are_shown_together() -> None:
    found = {
        WRITER.mail(mails(message)[0])["References"]
        for message in all_messages()
        if message.kind.startswith("window.") and "window_id" in message.fields
    }
    assert found == {"<window-w-1@example.com>"}
