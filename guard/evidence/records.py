"""What the guard itself knows and keeps: state, status, journal, windows, alerts, parked jobs, settings."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Protocol

from guard.core.record import write_record
from guard.errors import StoreError
from guard.evidence.parts import Missing, Part, json_lines_part, json_part
from guard.settings.masking import MaskedUrl, Secret, mask_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from guard.core.alerts import Alert
    from guard.core.history import JournalLine, WindowRecord
    from guard.core.parked import ParkedJob
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.settings import Settings

__all__ = ["GuardRecords", "record_parts", "settings_part", "shown_settings"]

_PAGE = 1000
_MOST_PARKED = 100_000


class GuardRecords(Protocol):
    """Who can say it."""

    def durable_state(self) -> GuardState: ...
    def live_state(self) -> GuardState: ...
    def status(self) -> dict[str, Any]: ...
    def workers(self) -> list[RosterEntry] | None: ...
    def journal(self, limit: int, before: int | None) -> Sequence[JournalLine]: ...
    def windows(self, limit: int) -> Sequence[WindowRecord]: ...
    def alerts(self, limit: int) -> Sequence[Alert]: ...
    def parked(self, limit: int) -> Sequence[ParkedJob]: ...


def record_parts(records: GuardRecords) -> list[Part]:
    """A part for each. The state is asked of both stores: that they differ may be what is looked for."""
    return [
        json_part("state-durable", _known(lambda: _state(records.durable_state()))),
        json_part("state-live", _known(lambda: _state(records.live_state()))),
        json_part("status", records.status),
        json_lines_part("workers", lambda: _workers(records)),
        json_lines_part("journal", lambda: _told(lambda: _journal(records))),
        json_lines_part("windows", lambda: _told(lambda: map(asdict, records.windows(_PAGE)))),
        json_lines_part("alerts", lambda: _told(lambda: (one.to_dict() for one in records.alerts(_PAGE)))),
        json_lines_part("parked-jobs", lambda: _told(lambda: map(_parked, records.parked(_MOST_PARKED)))),
    ]


def settings_part(settings: Settings) -> Part:
    """The settings in force, with everything secret masked."""
    return json_part("settings", lambda: shown_settings(settings))


def shown_settings(settings: Settings) -> dict[str, Any]:
    """Each setting by its name in the environment."""
    return {field.name.upper(): _shown(getattr(settings, field.name)) for field in fields(settings)}


def _shown(value: object) -> object:
    if isinstance(value, Secret):
        return "***"
    if isinstance(value, MaskedUrl):
        return value.masked
    return mask_url(value) if isinstance(value, str) else value


def _known(ask: Callable[[], Any]) -> Callable[[], Any]:
    def asked() -> Any:
        try:
            return ask()
        except StoreError as error:
            raise Missing(str(error)) from error

    return asked


def _told(ask: Callable[[], Any]) -> Iterator[Any]:
    try:
        yield from ask()
    except StoreError as error:
        raise Missing(str(error)) from error


def _state(state: GuardState) -> Any:
    import json

    return json.loads(write_record(state, None))


def _workers(records: GuardRecords) -> Iterator[dict[str, Any]]:
    found = records.workers()
    if found is None:
        raise Missing("the registry of agents does not answer")
    for entry in found:
        yield asdict(entry)


def _journal(records: GuardRecords) -> Iterator[dict[str, Any]]:
    """All of it, newest first."""
    before: int | None = None
    while lines := records.journal(_PAGE, before):
        for line in lines:
            yield {"seq": line.seq, **asdict(line.record)}
        before = lines[-1].seq


def _parked(job: ParkedJob) -> dict[str, Any]:
    """Whose job it is and where it came from; its arguments stay with the broker."""
    return {name: value for name, value in job.to_header().items() if name != "properties"}
