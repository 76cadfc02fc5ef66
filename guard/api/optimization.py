"""`Guard.optimization`: the weekly optimization of the application's database, keys and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api.parts import Parts
    from guard.core.optimization_report import Doing, Report

__all__ = ["Optimization"]


class Optimization:
    """The weekly optimization of an app."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def run(self, *, by: str, dry_run: bool = False, seen: Callable[[Doing], None] | None = None) -> Report:
        """Open a window of its own, drain, analyse and optimise, clean up, check, and end the window.

        It takes as long as the drain and the tables take, at most GUARD_OPTIMIZE_DURATION and what the last
        statement needs to be stopped. Whatever goes wrong is in the report; if something did, an alert is
        raised. When this process dies, a worker ends the window a minute later, or else `recover`.

        Args:
            by: who, for the journal, 1 to 100 characters.
            dry_run: open no window and change nothing; say what would be done.
            seen: called with each stage, for a progress bar.

        Raises:
            InvalidRequest: the guard is switched off, or `by` is not usable. Nothing was changed.
            StoreUnavailable: the durable store did not answer. Nothing was begun.
        """
        from guard.core.changes import WindowRequest

        self._require_switched_on()
        WindowRequest.check(mode="normal", reason="Weekly optimization", duration=None, by=by)
        return self._parts.optimization.run(by=by, dry_run=dry_run, seen=seen)

    def recover(self) -> Report | None:
        """End the window of a run whose process is gone, and report what it had done. None: there is none.
        Cheap; safe at any time, by anybody.

        Raises:
            StoreUnavailable: the durable store did not answer. Nothing was changed.
        """
        return self._parts.optimization.recover()

    def last(self) -> dict[str, Any] | None:
        """The last report as plain JSON types (`Report.to_dict`), shortened if it was very long (`cut`); None
        when there was no run yet.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        return self._parts.optimization.last()

    def _require_switched_on(self) -> None:
        if not self._parts.settings.maintenance_mode_enabled:
            raise InvalidRequest(
                "the guard is switched off: set MAINTENANCE_MODE_ENABLED=true and restart the workers"
            )
