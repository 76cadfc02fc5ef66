"""docs/reference/settings.md: every setting with its type, unit, range, default and meaning."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from generators.markdown import anchor, cell, code, page, prose, table
from guard.settings import Settings, judge
from guard.settings.automation import TIMES
from guard.settings.masking import Secret, Url, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["settings"]

_INTRO = """Read from the environment when a process starts; all problems are told at once, each with what is
allowed, and then nothing starts. `celery -A yourapp maintenance check` does that by hand. All
processes of an app get the same values."""
_SECRETS = """What is marked secret appears in no log line, error, status or traceback, and may come as
a file: `NAME_FILE` is the path of a file that holds `NAME`, for example
`GUARD_SECRET_KEY_FILE=/run/secrets/guard_secret_key`. The files of `/run/secrets` that are named
for a variable are read by themselves; the environment goes before them.

The jobs of this project's own app (`tasks`) have settings of their own, in `tasks/settings.py`."""
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "The window": (
        "maintenance_mode_", "maintenance_default_", "emergency_mode_job_", "test_mode_", "guard_look_",
    ),
    "Stores, broker and keys": (
        "database_url", "redis_url", "celery_", "guard_secret_", "guard_former_", "guard_encryption_",
        "guard_namespace", "guard_app_database_",
    ),
    "Refuse, hold, park, release": (
        "guard_when_", "guard_hold_", "guard_mixed_", "guard_parked_", "guard_expired_", "guard_release_",
        "guard_ledger",
    ),
    "The lease, and signs of life": (
        "guard_lease_", "guard_renew_", "guard_timeout_", "guard_local_", "guard_alive_",
    ),
    "Sessions": ("guard_session", "maintenance_cleanup_", "emergency_mode_session_"),
    "Telling people": (
        "maintenance_notifications_", "maintenance_email_", "maintenance_webhook_", "guard_webhook_",
        "guard_smtp_", "guard_mail_", "guard_notice_", "guard_alert_",
    ),
    "Web, events and logs": (
        "guard_second_", "guard_trusted_", "guard_event_listeners", "guard_events", "guard_log_",
    ),
    "Routines": (*TIMES, "guard_time_", "guard_sweep_", "guard_backup_", "guard_tls_", "guard_check_"),
    "Weekly optimization": ("guard_optimize_", "guard_cleanup_"),
    "What is kept": ("guard_history_", "guard_journal_", "guard_report_", "guard_evidence_"),
}  # fmt: skip
"""Headings, and how the names below them begin. A name belongs to the longest beginning that fits."""
_UNITS = re.compile(r"\b(per second|seconds|days|MiB|share)\b", re.IGNORECASE)
_UNIT_NAMES = {"mib": "MiB", "per second": "jobs per second", "share": "a share of one"}
_KINDS: Mapping[Any, str] = {
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    str: "text",
    Url: "URL",
    Webhook: "URL",
    Secret | None: "text",
}
_HIDDEN: Mapping[Any, str] = {
    Url: "its password is shown as `***`",
    Webhook: "it is shown without its path",
    Secret | None: "it is never shown",
}


def settings() -> str:
    """The page."""
    hints, meanings = get_type_hints(Settings, include_extras=True), _meanings()
    names = [field.name for field in fields(Settings)]
    blocks = []
    for heading, beginnings in _GROUPS.items():
        blocks.append(f"## {heading}")
        for name in names:
            if _group(name) == beginnings:
                default = getattr(Settings, name)
                blocks += _about(name, hints[name], default, meanings[name])
    rows = (
        (
            f"[{code(name.upper())}](#{anchor(name)})",
            _default(getattr(Settings, name)),
            _first(meanings[name]),
        )
        for name in names
    )
    overview = table(("variable", "default", "meaning"), rows)
    return page("Settings", "guard/settings", _INTRO, _SECRETS, "## All of them", overview, *blocks)


def _group(name: str) -> tuple[str, ...]:
    fitting = [(len(begin), group) for group in _GROUPS.values() for begin in group if name.startswith(begin)]
    if not fitting:
        raise LookupError(f"docs/generators/settings.py has no group for {name}")
    return max(fitting)[1]


def _meanings() -> dict[str, str]:
    """The text below each field."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    found = {}
    for field, text in pairwise(getattr(body, "body", [])):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                found[name] = said
    return found


def _first(meaning: str) -> str:
    """Its first sentence, for the overview."""
    return cell(re.split(r"(?<=[\w)`%])[.](?:\s|$)", meaning, maxsplit=1)[0])


def _about(name: str, hint: Any, default: object, meaning: str) -> Iterator[str]:
    yield f"### {name.upper()}"
    yield prose(" ".join(meaning.split()))
    facts = [_kind(hint), _unit(name, hint, meaning), _range(name), f"default: {_default(default) or 'none'}"]
    if hint in _HIDDEN:
        facts.append(f"secret: {_HIDDEN[hint]}; as a file: {code(name.upper() + '_FILE')}")
    yield "\n".join(f"- {fact}" for fact in facts if fact)


def _kind(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(code(str(one)) for one in get_args(hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "one of " + ", ".join(code(one.value) for one in hint)
    return _KINDS[hint]


def _unit(name: str, hint: Any, meaning: str) -> str:
    found = _UNITS.search(f"{meaning} {name.replace('_', ' ')}") if hint in {int, float} else None
    return f"unit: {_UNIT_NAMES.get(found[1].lower(), found[1].lower())}" if found else ""


def _range(name: str) -> str:
    limits = {
        type(one).__name__: one
        for one in getattr(judge._LIMITS.get(name), "metadata", ())  # noqa: SLF001 - the limits have no other door
    }
    least, most = limits.get("Ge"), limits.get("Le")
    if least is not None and most is not None:
        return f"{least.ge:,} to {most.le:,}".replace(",", " ")
    return f"{least.ge} or more" if least is not None else ""


def _default(value: object) -> str:
    if isinstance(value, bool):
        return code(str(value).lower())
    return "" if value in (None, "") else code(str(value))
