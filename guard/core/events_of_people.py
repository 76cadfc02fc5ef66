"""Named events of requests, sessions, access and bypasses."""

from __future__ import annotations

from guard.core.event_kinds import (
    BY,
    INTEGER,
    NUMBER,
    OPERATION,
    STATE,
    TASK,
    TASK_ID,
    TEXT,
    TEXTS,
    WHY,
    EventKind,
    Field,
    Where,
    kind,
)
from guard.core.named_events import EventName

__all__ = ["OF_PEOPLE"]

OF_PEOPLE: dict[EventName, EventKind] = {
    EventName.BYPASS_USED: kind(
        "A job or request has passed the closed gate by a bypass.",
        Where.ANY, Field("bypass_id", TEXT, "which; never the token"),
        Field("holder", TEXT, "whose it is"),
        Field("given_by", TEXT, "who has made it"),
        Field("user", TEXT, "in whose request; empty for a job"),
        OPERATION,
        TASK_ID, TASK,
    ),
    EventName.BYPASS_GIVEN: kind(
        "A bypass was made.",
        Where.ANY, Field("bypass_id", TEXT, "which; never the token"),
        Field("holder", TEXT, "for whom"),
        Field("user", TEXT, "the one user for whom it counts; empty: anybody"),
        Field("operations", TEXTS, "for what"),
        Field("seconds", NUMBER, "how long it counts"), BY,
    ),
    EventName.BYPASS_REVOKED: kind(
        "A bypass counts no longer.",
        Where.ANY, Field("bypass_id", TEXT, "which"), Field("holder", TEXT, "whose it was"),
        BY,
    ),
    EventName.REQUEST_REFUSED: kind(
        "A web request was refused. At most ten a second in one process.",
        Where.WEB, Field("endpoint", TEXT, "its path"),
        Field("user", TEXT, "who; empty when nobody says"),
        OPERATION, WHY,
    ),
    EventName.REQUESTS_MORE_REFUSED: kind(
        "More were refused in a second than have an event of their own.",
        Where.WEB, Field("more", INTEGER, "how many"), WHY,
    ),
    EventName.SESSIONS_INVALIDATED: kind(
        "From this epoch on no older session of a non-admin is accepted.",
        Where.CONDUCTOR, *STATE,
        Field("generation", INTEGER, "number of the sessions that are"),
        BY,
    ),
    EventName.SESSION_ENDED: kind(
        "One session was deleted. At most a thousand in one pass.",
        Where.ANY, Field("session", TEXT, "its id, masked: the same for the same id"),
        Field("user", TEXT, "whose; `unknown` when nobody says"), WHY,
    ),
    EventName.SESSIONS_MORE_ENDED: kind(
        "More were deleted than have an event of their own.",
        Where.ANY, Field("more", INTEGER, "how many"), WHY,
    ),
    EventName.PERSON_ACTED: kind(
        "Somebody did something that is no move of a window: saw to an alert, took evidence and the like.",
        Where.ANY, Field("what", TEXT, "as the journal names it"),
        Field("outcome", TEXT, "`done`, `begun` or `interrupted`"), BY,
    ),
    EventName.ACCESS_ADMITTED: kind(
        "Somebody was let in to do something that changes the guard.",
        Where.WEB, Field("deed", TEXT, "what"), BY,
        Field("via", TEXT, "how they have shown who they are"),
        Field("address", TEXT, "from where"),
    ),
    EventName.ACCESS_REFUSED: kind(
        "A try was refused. A few a minute have an event of their own.",
        Where.WEB, Field("tried", TEXT, "what"),
        Field("by", TEXT, "who, by their own words"),
        Field("address", TEXT, "from where"), WHY,
    ),
    EventName.ACCESS_MORE_REFUSED: kind(
        "More tries were refused than have an event of their own.",
        Where.WEB, Field("more", INTEGER, "how many"), Field("since", NUMBER, "UTC seconds"),
    ),
}
