"""Where messages go and by what, as it counts now: by the environment, else by what is kept in the database.

What is kept is read by a process that tells or sends, at most every half minute, and never in a transaction.
The environment is the whole truth where it names everything, where there is no key that could open what is
kept, and where notifications are off: then nothing is read at all.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from guard.errors import GuardError, InvalidRequest
from guard.settings.masking import MaskedUrl, MaskedWebhook, Secret
from guard.settings.notifications import receivers_of, wanted_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from guard.core.acts import Notice
    from guard.core.alerts import Alert
    from guard.core.deliveries import Delivery
    from guard.core.notifications import Message
    from guard.core.state import GuardState
    from guard.ports import Clock
    from guard.settings import Settings

__all__ = ["KNOWN_SECONDS", "Addressing", "judged", "with_kept"]

log = logging.getLogger(__name__)

KNOWN_SECONDS = 30.0
"""How long what was read counts."""
_AGAIN_SECONDS = 2.0
"""After the database did not answer. Whoever changes the state asks it anyway."""
_TURN_SECONDS = 4.0
"""How long one thread waits for what another one is reading."""
_KINDS: dict[str, Callable[[str], Any]] = {
    "maintenance_webhook_url": MaskedWebhook,
    "guard_webhook_secrets": Secret,
    "guard_smtp_url": MaskedUrl,
}


def judged(settings: Settings, found: Mapping[str, str | None]) -> tuple[dict[str, Any], set[str]]:
    """Of those that are kept, by name: what counts, and a sentence for each that cannot, with its name."""
    known: dict[str, Any] = {}
    problems: set[str] = set()
    for name, text in found.items():
        wrong = _problems(settings, name, text)
        problems.update(wrong)
        if text is not None and not wrong:
            known[name] = _KINDS[name](text)
    return known, problems


def with_kept(settings: Settings, known: Mapping[str, Any]) -> Settings:
    """The settings with what is kept."""
    return type(settings).unjudged({**vars(settings), **known})


def _problems(settings: Settings, name: str, text: str | None) -> tuple[str, ...]:
    """Why a secret cannot count; never with any of its text."""
    from guard.core.secret_names import check_secret

    if text is None:
        return (f"no key here opens {name}; see `maintenance secrets list`",)
    if name == "guard_smtp_url" and not settings.guard_mail_from:
        return ("guard_smtp_url is kept, and GUARD_MAIL_FROM is not set: no mail is sent",)
    try:
        check_secret(name, text)
    except InvalidRequest as error:
        return tuple(error.problems)
    return ()


class Addressing:
    """The settings of notifications of one process, and the messages that they make of what happens.

    Args:
        settings: of the environment.
        kept: those secrets of these names that are kept; None where no key opens one. May raise GuardError.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        kept: Callable[[Collection[str]], Mapping[str, str | None]],
    ) -> None:
        self._given = settings
        self._clock = clock
        self._kept = kept
        self._wanted = wanted_secrets(settings)
        self._known: dict[str, Any] = {}
        self._effective = settings
        self._next = float("-inf")
        self._lock = threading.Lock()
        self._said: set[str] = set()

    @property
    def settings(self) -> Settings:
        """The settings with what was known last of what is kept. Reads nothing."""
        return self._effective

    def current(self) -> Settings:
        """The settings with what is kept now, give or take half a minute. Not in a transaction."""
        self.refresh()
        return self._effective

    def forget(self) -> None:
        """Have the next `refresh` read whatever was read before."""
        self._next = float("-inf")

    def refresh(self) -> None:
        """Read what is kept, if that is due. Not in a transaction. Never raises: what cannot be read is said
        in the log once, and what was known last goes on counting."""
        if not self._is_due():
            return
        if not self._lock.acquire(timeout=_TURN_SECONDS):  # a fork in the middle of it, or a slow database
            return
        try:
            if self._is_due():
                self._next = self._clock.boot() + KNOWN_SECONDS if self._read() else self._soon()
        finally:
            self._lock.release()

    def _is_due(self) -> bool:
        return bool(self._wanted) and self._clock.boot() >= self._next

    def _soon(self) -> float:
        return self._clock.boot() + _AGAIN_SECONDS

    def _read(self) -> bool:
        try:
            found = self._kept(self._wanted)
        except GuardError as error:
            self._say({str(error)})
            return False
        except Exception as error:  # noqa: BLE001 - its text may be part of a secret; no gate waits for this
            self._say({f"they cannot be read ({type(error).__name__})"})
            return False
        known, problems = judged(self._given, found)
        self._say(problems)
        # a secret that is there and cannot count leaves what was known last
        known |= {name: self._known[name] for name in found if name in self._known and name not in known}
        if known != self._known:
            self._known = known
            self._effective = with_kept(self._given, known)
        return True

    def _say(self, problems: set[str]) -> None:
        """Log what was not said the last time."""
        for problem in sorted(problems - self._said):
            log.warning("notifications go without some secrets that are kept in the database: %s", problem)
        self._said = problems

    # -- what happens, as messages; called in the transaction that keeps it, so nothing is read here

    def of_change(self, old: GuardState, new: GuardState) -> list[Delivery]:
        """Of a change of the state."""
        from guard.core.notifications import messages_of_change

        return [one for message in messages_of_change(old, new) for one in self._deliveries(message)]

    def of_notice(self, key: str, notice: Notice) -> tuple[Delivery, ...]:
        """Of a planned window; `key` is of this telling alone."""
        from guard.core.notifications import notice_message

        return self._deliveries(notice_message(notice, key=key, now=self._clock.wall()))

    def of_alert(self, alert: Alert, stage: str, key: str) -> tuple[Delivery, ...]:
        """Of an alert that was ``raised``, ``repeated`` or is ``over``; none where windows tell of it."""
        from guard.core.notifications import TOLD_ELSEWHERE, alert_message

        if alert.kind in TOLD_ELSEWHERE:
            return ()
        message = alert_message(
            kind=alert.kind,
            severity=alert.severity,
            message=alert.message,
            key=key,
            at=alert.at,
            stage=stage,
            detail=alert.detail,
        )
        return self._deliveries(message)

    def _deliveries(self, message: Message) -> tuple[Delivery, ...]:
        from guard.core.notifications import deliveries_of

        return deliveries_of(message, receivers_of(self._effective), now=self._clock.wall())
