"""Named events of windows and their drains."""

from __future__ import annotations

from guard.core.event_kinds import (
    BY,
    DURATION,
    END,
    EPOCH,
    EPOCH_HERE,
    INTEGER,
    MODE,
    MODE_HERE,
    NUMBER,
    PHASE,
    REASON,
    STATE,
    TASK,
    TASK_ID,
    TEXT,
    TEXTS,
    WHY,
    WINDOW,
    WORKER,
    EventKind,
    Field,
    Where,
    kind,
)
from guard.core.named_events import EventName

__all__ = ["OF_DRAINS", "OF_WINDOWS"]

OF_WINDOWS: dict[EventName, EventKind] = {
    EventName.WINDOW_OPENED: kind(
        "A window was opened; the gates are about to close.",
        Where.CONDUCTOR, *STATE, MODE, REASON, BY, DURATION, END,
    ),
    EventName.WINDOW_CHANGED: kind(
        "The open window was changed: by a person, or by what was agreed for a missed deadline.",
        Where.CONDUCTOR, *STATE, MODE, REASON, BY, DURATION, END,
        Field("mode_before", TEXT, "the mode until now"),
        Field("changed", TEXTS, "names of what is different: `mode`, `reason`, `duration`, `terms`"),
    ),
    EventName.WINDOW_ENDED: kind(
        "The window was ended: the gate opens, parked jobs go back.",
        Where.CONDUCTOR, *STATE, MODE, BY, Field("seconds", NUMBER, "how long it was open"),
    ),
    EventName.PHASE_CHANGED: kind(
        "The window has come to another phase.",
        Where.CONDUCTOR, *STATE, PHASE, Field("phase_before", TEXT, "the phase until now"),
        MODE_HERE,
        BY,
    ),
    EventName.GATE_CLOSED: kind(
        "Whoever closes has waited until the gates are closed, and knows it by this proof.",
        Where.CONDUCTOR, *STATE,
        Field("proof", TEXT, "`acknowledged` by every worker, by `time` alone, or `none`"),
        Field("seconds", NUMBER, "how long that took"),
    ),
    EventName.GATE_ACKNOWLEDGED: kind(
        "This worker, or this publishing process, follows the epoch: no child is between look and start.",
        Where.BOTH, *STATE, Field("gate", TEXT, "what its gate enforces now"), WORKER,
    ),
    EventName.GATE_TURNED: kind(
        "The gate of this worker has turned.",
        Where.WORKER, Field("gate", TEXT, "`open`, `normal`, `emergency`, `test` or `unknown`"),
        EPOCH_HERE,
    ),
    EventName.TRUST_LOST: kind(
        "This process could not renew what it believes. When its lease is over its gate closes.",
        Where.ANY, WORKER, WHY,
    ),
    EventName.TRUST_RENEWED: kind("It could again.", Where.ANY, WORKER),
    EventName.STATE_UNJOURNALED: kind(
        "The database is away: this change is in the control plane alone, and will be journaled.",
        Where.CONDUCTOR, *STATE,
    ),
    EventName.STATE_JOURNALED: kind(
        "The database has learnt of a change that was made while it was away.",
        Where.CONDUCTOR, *STATE, PHASE,
    ),
    EventName.STATE_REWRITTEN: kind(
        "The control plane had lost the guard state, or held something else; it was written again.",
        Where.ANY, *STATE,
    ),
    EventName.ROWS_REFUSED: kind(
        "A change of the configuration rows by hand is not taken.", Where.CONDUCTOR, EPOCH,
        WHY
    ),
    EventName.RELEASE_STOPPED: kind(
        "Giving parked jobs back has stopped before all were back.", Where.CONDUCTOR,
        WINDOW, WHY
    ),
    EventName.RELEASE_FINISHED: kind(
        "Nothing is parked any more that could go back: the window is over.",
        Where.CONDUCTOR, *STATE, Field("released", INTEGER, "jobs given back in this run"),
        Field("expired", INTEGER, "of these, how many had expired meanwhile"),
    ),
    EventName.ROLLBACK_DONE: kind(
        "What a window found was restored, as far as that can be done.",
        Where.CONDUCTOR, WINDOW, BY,
        Field("restored", INTEGER, "differences that were undone"),
        Field("failed", INTEGER, "differences that were not"),
    ),
}

OF_DRAINS: dict[EventName, EventKind] = {
    EventName.DRAIN_STUCK: kind(
        "Something keeps this drain from ending that does not end by itself, as far as is known. Said again "
        "when that changes.",
        Where.CONDUCTOR, *STATE, Field("blockers", TEXTS, "what it is, one text each"),
        Field("unknown", TEXTS, "what nobody could say"),
    ),
    EventName.DRAIN_DEADLINE_MISSED: kind(
        "Guarded jobs still run at the moment when none should.",
        Where.CONDUCTOR, *STATE,
        Field("policy", TEXT, "`wait`, `extend`, `escalate` or `abort`"),
    ),
    EventName.WORKER_SETTLED: kind(
        "It is known what became of a worker that does not answer.",
        Where.CONDUCTOR, *STATE, WORKER, Field("fate", TEXT, "`left`, `gone` or `vouched`"),
        BY,
    ),
    EventName.STEP_VOUCHED: kind(
        "An operator has said that a step which goes on is lost.",
        Where.CONDUCTOR, *STATE, TASK_ID, TASK, BY,
    ),
}
