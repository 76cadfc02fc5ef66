"""Texts that people write: times, rules, names, patterns, addresses. A case is the reader's name and a text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from guard.core.admission import deeds_of
from guard.core.alert_rules import limits_of
from guard.core.appointments import parse_when
from guard.core.changes import WindowRequest, checked_actor
from guard.core.cleanup import folder_rules, key_rules, table_names
from guard.core.command_lines import masked_arguments
from guard.core.credentials import TokenRequest
from guard.core.durations import parse_duration, parse_durations
from guard.core.mail_server import mail_server, split_addresses, split_sender
from guard.core.patterns import beginning, check_pattern, specificity
from guard.core.planning import PlanRequest, check_plan
from guard.core.recurrence import parse_local, parse_skipped
from guard.core.scope import Scope
from guard.core.secret_names import SECRETS, check_secret
from guard.core.session_names import index_names, name_problems, patterns_of, sign_in_flags
from guard.core.signing_keys import signing_key_problems
from guard.core.webhook_address import shown_webhook, webhook_problems
from guard.core.zones import zone_of
from guard.errors import InvalidRequest
from guard.settings.addresses import proxy_problems
from guard.settings.masking import mask_url
from tests.fuzz.strange import damaged_bytes, odd_texts
from tests.fuzz.target import Target, on_nothing, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

_NOW = 1_700_000_000.0


def _pattern(text: str) -> None:
    compiled = check_pattern(text)
    beginning(compiled)
    specificity(compiled)
    begun = time.process_time()
    compiled.fullmatch("a" * 127 + text[:1] + "a" * 127)
    assert time.process_time() - begun < 2.0, "a pattern that was allowed is slow"


def _plan(text: str) -> None:
    at, zone, rule, duration = (*text.split("|"), "", "", "", "")[:4]
    made = check_plan(
        PlanRequest(
            name="weekly",
            reason="upgrade",
            by="ops",
            at=at,
            zone=zone or "UTC",
            every=rule,
            duration=3600,
            end=duration or None,
        )
        if duration
        else PlanRequest(
            name="weekly", reason="upgrade", by="ops", at=at, zone=zone or "UTC", every=rule, duration=3600
        ),
        now=_NOW,
    )
    assert type(made).from_dict(made.to_dict()) == made, "a plan that was taken cannot be read again"


def _window(text: str) -> None:
    request = WindowRequest.check(
        mode="normal", reason=text, duration=None, by=text[:20] or "x", at_deadline="wait"
    )
    assert request.reason.isprintable() or not request.reason.isascii()


def _webhook(text: str) -> None:
    problems = webhook_problems(text)
    assert shown_webhook(text) in {"", "***"} or not problems
    assert not any(text[8:] in problem for problem in problems if len(text) > 30), (
        "a problem repeats the address"
    )


READERS: dict[str, Callable[[str], Any]] = {
    "duration": parse_duration,
    "durations": parse_durations,
    "plan": _plan,
    "local": lambda text: parse_local(text, "at"),
    "skipped": parse_skipped,
    "when": parse_when,
    "zone": zone_of,
    "pattern": _pattern,
    "window": _window,
    "actor": checked_actor,
    "scope": lambda text: Scope.check(
        operations=(text,), queues=text.split(","), tenant_key=text, tenants=(text,)
    ),
    "token": lambda text: TokenRequest.check(
        owner=text, rights=text.split(","), seconds=60, by=text, label=text
    ),
    "webhook": _webhook,
    "mail server": mail_server,
    "addresses": split_addresses,
    "sender": split_sender,
    "signing keys": lambda text: signing_key_problems(text.encode("utf-8", "replace").decode()),
    "secret": lambda text: [check_secret(name, text) for name in (*SECRETS, text)],
    "limits": limits_of,
    "deeds": deeds_of,
    "folders": folder_rules,
    "keys": lambda text: key_rules(text, namespace="guard"),
    "tables": table_names,
    "proxies": lambda text: proxy_problems([text]),
    "mask": mask_url,
    "command": lambda text: masked_arguments(text.split(" ")),
    "names": lambda text: (name_problems(text, patterns_of(text)), index_names(text), sign_in_flags(text)),
}
_RIGHT: dict[str, tuple[str, ...]] = {
    "duration": ("90m", "1h30m", "5400", "1d"),
    "durations": ("72h,24h,1h",),
    "plan": ("2026-12-01 02:00|Europe/Berlin|FREQ=WEEKLY;BYDAY=SU|", "2026-12-01 02:00|UTC|FREQ=MONTHLY;BYDAY=1MO;COUNT=5|",
             "2027-02-28 23:30|America/Sao_Paulo|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29|", "2026-12-01 02:00|UTC||2026-12-01 04:00"),
    "local": ("2026-12-01 02:00",),
    "skipped": ("2026-12-24", "2026-12-24T02:00:00"),
    "when": ("mon#1 08:00", "off", "fri#last 17:30"),
    "zone": ("Europe/Berlin", "UTC"),
    "pattern": (r"tasks\.(image|video)\..*", r"shop\.\w+", "(?i)caption", r"[a-z]{1,3}x+y*"),
    "scope": ("header:tenant", "argument:tenant"),
    "token": ("read,operate",),
    "webhook": ("https://hooks.example.com/T0/abcdefghijklmnopqrstuvwxyz", "https://[2606:4700::1111]:8443/x", "https://1.1.1.1/"),
    "mail server": ("smtp+starttls://user:password@mail.example.com:587", "smtps://u:p@h:465", "smtp://localhost:25"),
    "addresses": ("a@example.com, b@example.org",),
    "sender": ("Maintenance <guard@example.com>",),
    "limits": ("cpu=90,memory=95",),
    "deeds": ("emergency,discard",),
    "folders": ("/var/tmp/vedfolnir|vedfolnir_*|7,/backup|*.sql|30",),
    "keys": ("rq:progress:*|7",),
    "tables": ("users,posts",),
    "proxies": ("10.0.0.0/8", "2001:db8::1"),
    "mask": ("redis://:hunter2@server:6379/0;amqp://u:p@h?password=x",),
    "command": ("mysql --password=x -psecret redis://:x@h",),
    "names": ("vedfolnir:session:", "platform:*token*"),
}  # fmt: skip


@st.composite
def _cases(draw: st.DrawFn) -> dict[str, str]:
    name = draw(st.sampled_from(sorted(READERS)))
    right = draw(st.sampled_from(_RIGHT.get(name, ("ops",))))
    how = draw(st.sampled_from(["damaged", "damaged", "between", "odd"]))
    if how == "damaged":
        text = draw(damaged_bytes(right.encode())).decode("utf-8", "surrogateescape")
    elif how == "between":
        cut = draw(st.integers(0, len(right)))
        text = right[:cut] + draw(odd_texts) + right[cut:]
    else:
        text = draw(odd_texts)
    return {"reader": name, "text": text}


def check(case: dict[str, str]) -> str:
    reader = case["reader"]
    begun = time.process_time()
    try:
        READERS[reader](case["text"])
    except InvalidRequest as error:
        assert error.problems, "refused, and nobody is told why"
        assert all(len(problem) < 700 for problem in error.problems), "a problem repeats a whole text"
        word = words_of(error)[:40]
    else:
        word = "taken"
    assert time.process_time() - begun < 3.0, "a short text takes seconds"
    return f"{reader}: {word}"


def _of_bytes(raw: bytes) -> dict[str, str]:
    names = sorted(READERS)
    return {
        "reader": names[(raw[:1] or b"\0")[0] % len(names)],
        "text": raw[1:400].decode("utf-8", "surrogateescape"),
    }


TARGET = Target(
    name="texts",
    promise="a text is taken, or refused with what is wrong; never another error, never seconds of time",
    cases=_cases(),
    ready=on_nothing(check),
    seeds=[{"reader": name, "text": text} for name, texts in _RIGHT.items() for text in texts],
    of_bytes=_of_bytes,
    few=1000,
)
