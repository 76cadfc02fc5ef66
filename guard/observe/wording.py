"""The wording of log lines: the guides' word for word, since operators grep for them. All wording is here.

An event that the guides have no line for, and no sentence here, is written as its name and its fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.durations import humanize
from guard.core.named_events import EventName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.named_events import NamedEvent

__all__ = ["escape", "text_of"]


def escape(value: str) -> str:
    """The value for a quoted field of a log line. Untrusted text: quotes, backslashes, control and direction
    characters are escaped, so that a reason can neither end the line nor forge another one."""
    if value.isprintable() and '"' not in value and "\\" not in value:
        return value
    return "".join(_escaped(char) for char in value)


def _escaped(char: str) -> str:
    if char in {'"', "\\"}:
        return "\\" + char
    if not char.isprintable():
        return f"\\u{ord(char):04x}"
    return char


def text_of(event: NamedEvent) -> str:
    """The line of an event, without time and level. One line, whatever its fields hold."""
    wording = _WORDING.get(event.name)
    if wording is None:
        return _usual(event)
    return wording({name: _safe(value) for name, value in event.fields.items()})


def _safe(value: Any) -> Any:
    if value is None:
        return "unknown"
    if isinstance(value, list):
        return [escape(one) for one in value]
    return escape(value) if isinstance(value, str) else value


def _usual(event: NamedEvent) -> str:
    told = [f'{name}="{escape(_plain(value))}"' for name, value in event.fields.items() if value is not None]
    return " ".join([f"[MAINTENANCE] {event.name.value}:", *told])


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, list) else str(value)


def _opened(told: Mapping[str, Any]) -> str:
    if told["mode"] == "emergency":
        return '[EMERGENCY] Emergency maintenance activated: reason="{reason}" admin="{by}"'.format_map(told)
    return '[MAINTENANCE] Maintenance mode activated: reason="{reason}" admin="{by}"'.format_map(told)


def _changed(told: Mapping[str, Any]) -> str:
    if "mode" in told["changed"] and told["mode"] == "emergency":
        return _opened(told)
    changed = ", ".join(told["changed"])
    return f'[MAINTENANCE] Maintenance mode changed: changed="{changed}" ' + (
        'reason="{reason}" admin="{by}"'.format_map(told)
    )


def _ended(told: Mapping[str, Any]) -> str:
    lasted = humanize(told["seconds"])
    return f'[MAINTENANCE] Maintenance mode deactivated: duration="{lasted}" admin="{told["by"]}"'


def _terminated(told: Mapping[str, Any]) -> str:
    return f'[EMERGENCY] Job terminated: job_id="{told["task_id"]}" reason="emergency_mode"'


def _in(template: str) -> Callable[[Mapping[str, Any]], str]:
    return template.format_map


_WORDING: dict[EventName, Callable[[Mapping[str, Any]], str]] = {
    # the guides' lines
    EventName.WINDOW_OPENED: _opened,
    EventName.WINDOW_ENDED: _ended,
    EventName.REQUEST_REFUSED: _in(
        '[MAINTENANCE] Operation blocked: endpoint="{endpoint}" user="{user}" reason="{why}"'
    ),
    EventName.SESSION_ENDED: _in(
        '[MAINTENANCE] Session invalidated: session_id="{session}" user="{user}" reason="{why}"'
    ),
    EventName.JOB_INTERRUPTED: _terminated,
    EventName.JOB_KILLED: _terminated,
    # in their form, for what they have no line for
    EventName.WINDOW_CHANGED: _changed,
    EventName.REQUESTS_MORE_REFUSED: _in('[MAINTENANCE] Operations blocked: more="{more}" reason="{why}"'),
    EventName.SESSIONS_INVALIDATED: _in(
        '[MAINTENANCE] Older sessions are not accepted any more: generation="{generation}" admin="{by}"'
    ),
    EventName.SESSIONS_MORE_ENDED: _in('[MAINTENANCE] Sessions invalidated: more="{more}" reason="{why}"'),
    EventName.SCHEDULE_NOTICE: _in(
        '[MAINTENANCE] Planned maintenance {notice}: name="{name}" start="{start}" reason="{reason}"'
    ),
    EventName.GUARD_SWITCHED_OFF: _in(
        "[MAINTENANCE] The guard is switched off (MAINTENANCE_MODE_ENABLED=false): "
        "nothing is refused, held or parked"
    ),
    # sentences of workers
    EventName.GATE_TURNED: _in("the gate is {gate}"),
    EventName.TRUST_LOST: _in("guard state not renewed: {why}"),
    EventName.TRUST_RENEWED: _in("guard state renewed again"),
    EventName.WORKER_READY: _in("guard active: gate {gate}, epoch {epoch}"),
    EventName.SELF_TEST_FAILED: _in(
        "the guard's self-test failed, this worker takes no guarded work: {why}"
    ),
    EventName.JOB_PARKED: _in("parked job {task_id} ({task}) from queue {queue}"),
    EventName.JOB_DUPLICATE: _in("a second copy of job {task_id} is dropped instead of parked"),
    EventName.JOB_EXPIRED: _in("job {task_id} ({task}) expired while it was parked"),
    EventName.JOB_ASKED: _in("asked job {task_id} ({task}) to stop: {grace:g} s of grace"),
    EventName.JOB_SIGNALLED: _in("{signal} to process {pid}: job {task_id}"),
    EventName.JOB_SPARED: _in("job {task_id} runs on: the emergency is over"),
    EventName.JOB_COMPLETED: _in("job {task_id} ({task}) was completed and is {went}"),
    EventName.JOB_LOST: _in(
        "job {task_id} ({task}) is lost: it was accepted for queue {queue} and is nowhere"
    ),
    EventName.JOB_DIED: _in("job {task_id} ({task}) was lost and is {went}"),
    # sentences of whoever conducts
    EventName.DRAIN_DEADLINE_MISSED: _in(
        "[MAINTENANCE] the drain is not over at its deadline: what was agreed for that is {policy}"
    ),
    EventName.WORKER_SETTLED: _in("worker {worker} of this window does not answer any more: {fate}"),
    EventName.STATE_UNJOURNALED: _in("epoch {epoch} is not journaled: the durable store does not answer"),
    EventName.STATE_JOURNALED: _in("the durable store has learnt of epoch {epoch} ({phase})"),
    EventName.STATE_REWRITTEN: _in("wrote epoch {epoch} to the control plane again"),
    EventName.ROWS_REFUSED: _in("a change of the configuration rows is not taken: {why}"),
    EventName.RELEASE_STOPPED: _in("the release stopped: {why}"),
    EventName.STORE_FAILED: _in("{doing}: the {store} did not answer: {why}"),
    EventName.SCHEDULE_ACTED: _in("{by}: {what}"),
    EventName.SCHEDULE_FAILED: _in("{by}: {what}: {why}"),
    EventName.ACCESS_REFUSED: _in("refused: {tried} from '{address}': '{why}'"),
    EventName.ACCESS_MORE_REFUSED: _in("refused: {more} tries more since {since:.0f}"),
    EventName.BYPASS_USED: _in(
        '[MAINTENANCE] Bypass used: bypass="{bypass_id}" holder="{holder}" given_by="{given_by}" '
        'user="{user}" operation="{operation}" job_id="{task_id}"'
    ),
}
