"""A sender as a process of its own: one round, then its report as JSON. A test may freeze or kill it.

    python -m tests.notify.one_round DATABASE_URL SMTP_URL AUTHORITY
"""

from __future__ import annotations

import json
import random
import ssl
import sys

from guard.clock import SystemClock
from guard.core.deliveries import Channel
from guard.core.mail_server import mail_server
from guard.notify.sender import Sender
from guard.notify.smtp import SmtpCarrier
from guard.notify.writing import Writer
from guard.store.sql.alerts import SqlAlerts
from guard.store.sql.outbox import SqlOutbox
from guard.store.sql.store import SqlStore

if __name__ == "__main__":
    database, server, authority = sys.argv[1:]
    clock = SystemClock()
    store = SqlStore(database, clock=clock, auto_migrate=False)
    writer = Writer(sender=("Guard", "guard@example.com"), zone="UTC")
    carrier = SmtpCarrier(
        mail_server(server),
        writer=writer,
        sender="guard@example.com",
        context=ssl.create_default_context(cafile=authority),
    )
    sender = Sender(
        outbox=SqlOutbox(store),
        carriers={Channel.MAIL: carrier},
        alerts=SqlAlerts(store),
        clock=clock,
        dice=random.random,
    )
    print(json.dumps(sender.run().to_dict()), flush=True)
