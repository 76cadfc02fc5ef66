"""A user's mistakes: on each marked line, and on no other, each type checker reports an error."""

from shop import maintenance

import guard


def mistaken() -> None:
    """Never run."""
    maintenance.enable(reason="x", by="alice", duration="90m")  # error: seconds are a number
    maintenance.enable(reason="x", by="alice", mode=3)  # error: a mode has a name
    maintenance.enable(by="alice")  # error: a reason is needed
    maintenance.enable("Database upgrade", "alice")  # error: by name only
    maintenance.disable(by="alice").epoch.upper()  # error: an epoch is a number
    maintenance.status().workers.live + 1  # error: it may be unknown
    maintenance.parked.release(17, by="alice")  # error: a job's id is a string
    guard.install("shop")  # error: it takes the app
    print(guard.enabel)  # error: there is no such name
