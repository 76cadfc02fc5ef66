"""Deliveries written out: a mail in plain text and HTML, or the JSON of a webhook.

- Whatever people wrote stands in a mail's text, or escaped in its HTML. In its subject it is one line without
  control characters, so no header can be added by it; `email.message` would refuse one too.
- A template is one file for each kind of message: its first line is the subject, the rest the text. The HTML
  is made of that text by `mail.html`, unless there is a template of its own.
- A body is the same in each attempt: the same delivery is the same text, byte for byte.
- Templates are looked for in a folder of the operator's first. They are run in a sandbox: a folder of
  templates is no place for programs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from guard.core.durations import humanize
from guard.core.zones import shown

if TYPE_CHECKING:
    from guard.core.deliveries import Delivery

__all__ = ["Writer", "body_of"]

_LONGEST_SUBJECT = 180
_EMPTY_LINES = re.compile(r"\n{3,}")
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def body_of(delivery: Delivery) -> bytes:
    """The JSON that a webhook gets, as it is signed and sent."""
    what = {"id": delivery.delivery_id, "event": delivery.event, **delivery.payload}
    return json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


class Writer:
    """Writes mails.

    Args:
        sender: name (may be empty) and address that mails are from.
        zone: in which times are shown, beside UTC.
        folder: with templates of the operator's; empty: ours alone.
    """

    def __init__(self, *, sender: tuple[str, str], zone: str, folder: str = "") -> None:
        self._sender = sender
        self._zone = zone
        self._folder = folder

    def mail(self, delivery: Delivery) -> EmailMessage:
        """The mail of a delivery.

        Raises:
            jinja2.TemplateError, ValueError: a template of the operator's is wrong.
        """
        name, address = self._sender
        subject, text, html = self.texts(delivery)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(display_name=name, addr_spec=address)
        mail["To"] = Address(addr_spec=delivery.receiver)
        mail["Subject"] = subject
        if {"\r", "\n"} & set(str(mail["Subject"])):
            raise ValueError("a subject has a line break")
        mail["Date"] = format_datetime(datetime.fromtimestamp(delivery.made_at, UTC))
        domain = address.rpartition("@")[2]
        mail["Message-ID"] = f"<{delivery.delivery_id}@{domain}>"
        window_id = _id_text(str(delivery.payload["about"].get("window_id") or ""))
        if window_id:  # mail programs show the mails of one window together
            mail["References"] = f"<window-{window_id}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Guard-Delivery"] = delivery.delivery_id
        mail["X-Guard-Event"] = delivery.event
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
        mail.set_boundary(f"guard-{delivery.delivery_id}")
        return mail

    def texts(self, delivery: Delivery) -> tuple[str, str, str]:
        """Subject, text and HTML."""
        payload = delivery.payload
        event = delivery.event.replace(".", "_")
        facts = {
            "event": delivery.event,
            "about": payload["about"],
            "to": payload["to"],
            "occurred_at": payload["occurred_at"],
            "rehearsal": payload["rehearsal"],
            "for_users": payload["to"] == ["users"],
            "delivery_id": delivery.delivery_id,
        }
        subject, _, text = self._render((f"{event}.txt",), facts).partition("\n")
        subject, text = _one_line(subject), _EMPTY_LINES.sub("\n\n", text.strip()) + "\n"
        paragraphs = [part.splitlines() for part in text.split("\n\n") if part.strip()]
        more = {"subject": subject, "paragraphs": paragraphs}
        return subject, text, self._render((f"{event}.html", "mail.html"), facts | more)

    def _render(self, names: tuple[str, ...], facts: dict[str, Any]) -> str:
        return self._templates.select_template(names).render(facts)

    @cached_property
    def _templates(self) -> ImmutableSandboxedEnvironment:
        ours = PackageLoader("guard.notify", "templates")
        folders = [FileSystemLoader(self._folder)] if self._folder else []
        made = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*folders, ours]),
            autoescape=lambda name: name is None or name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters |= {"moment": self._moment, "length": humanize, "plain": _plain}
        return made

    def _moment(self, seconds: float | None) -> str:
        """A time for people, to the minute; ``not known`` for None."""
        return "not known" if seconds is None else shown(seconds // 60 * 60, self._zone)


def _one_line(text: str) -> str:
    # ``=?utf-8?q?=0D=0A…?=`` is read as what it encodes when it becomes a header, line breaks and all.
    line = _plain(text).replace("=?", "= ?")
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1]}…"


def _plain(text: object) -> str:
    """On one line, without what moves a cursor or turns the direction of writing."""
    mild = (" " if unicodedata.category(char) in _HARMFUL else char for char in str(text))
    return " ".join("".join(mild).split())


def _id_text(text: str) -> str:
    return "".join(char for char in text if char.isascii() and (char.isalnum() or char == "-"))
