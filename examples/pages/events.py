"""docs/events.md."""

from queue import SimpleQueue

from celery import Celery

import guard

app = Celery("shop", broker="redis://localhost:6379/0")
pager = SimpleQueue()

# region: subscribe
from guard.core.named_events import EventName, NamedEvent


def told(event: NamedEvent) -> None:  # at once, in the thread that announces: be quick, wait for nothing
    if event.name is EventName.DRAIN_STUCK:
        pager.put_nowait(event.fields["blockers"])


maintenance = guard.install(app)
maintenance.subscribe(told)
# endregion
