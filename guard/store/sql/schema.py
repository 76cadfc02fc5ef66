"""The guard's tables. The application's own tables belong to it and are never migrated.

Only what MySQL 8, MariaDB 10.6 and SQLite have in common is used.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "ALERTS",
    "APPROVALS",
    "AUDIT",
    "AUDIT_ANCHORS",
    "AUDIT_HEAD",
    "BREAK_GLASS",
    "BYPASSES",
    "DRILLS",
    "DRILL_WORDS",
    "FOUND",
    "METADATA",
    "OCCURRENCES",
    "OUTBOX",
    "PAGE_SESSIONS",
    "REPORTS",
    "REPORT_NOTES",
    "ROLL",
    "ROUTINES",
    "ROUTINE_LOCKS",
    "SCHEDULES",
    "SECOND_FACTORS",
    "SECRETS",
    "STATE",
    "TOKENS",
    "WINDOWS",
]

METADATA = MetaData()

_BIG = BigInteger().with_variant(Integer, "sqlite")
_MYSQL: Any = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
}

STATE = Table(
    "guard_state",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", _BIG, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("mode", String(20)),
    Column("window_id", String(36), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("changed_by", String(100), nullable=False),
    Column("started_at", Float(53)),
    Column("duration", Integer),
    Column("changed_at", Float(53), nullable=False),
    Column("store_id", String(36), nullable=False),
    Column("terms", Text),
    Column("generation", Text),
    **_MYSQL,
)

WINDOWS = Table(
    "guard_windows",
    METADATA,
    Column("window_id", String(36), primary_key=True),
    Column("mode", String(20), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("opened_by", String(100), nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("duration", Integer),
    Column("ended_at", Float(53)),
    Column("ended_by", String(100), nullable=False, default=""),
    Column("account", Text, nullable=False),
    Index("ix_guard_windows_started_at", "started_at"),
    **_MYSQL,
)

AUDIT = Table(
    "guard_audit",
    METADATA,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("at", Float(53), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(50), nullable=False),
    Column("epoch", _BIG, nullable=False),
    Column("outcome", String(50), nullable=False),
    Column("detail", Text, nullable=False),
    # The chain (guard.core.audit_chain). A row that a release without it has written has none of these.
    Column("number", _BIG),
    Column("previous", String(80)),
    Column("link", String(80)),
    Index("ix_guard_audit_at", "at"),
    # Whatever happens to the head: no two rows are ever the next of the same one.
    Index("ix_guard_audit_number", "number", unique=True),
    **_MYSQL,
)

ROLL = Table(
    "guard_roll",
    METADATA,
    Column("window_id", String(36), primary_key=True),
    Column("agent_id", String(36), primary_key=True),
    Column("node", String(255), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("machine", String(80), nullable=False),
    Column("page", String(40), nullable=False),
    Column("fate", String(10), nullable=False),
    **_MYSQL,
)

# What a window found when it opened, for a rollback.
FOUND = Table(
    "guard_found",
    METADATA,
    Column("window_id", String(36), primary_key=True),
    Column("found", Text, nullable=False),
    **_MYSQL,
)

ALERTS = Table(
    "guard_alerts",
    METADATA,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("at", Float(53), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("kind", String(50), nullable=False),
    Column("message", String(500), nullable=False),
    Column("detail", Text, nullable=False),
    # Of the life of an alert. Rows of older releases, and of what merely happened, have none of it.
    Column("state", String(20)),
    Column("alert_key", String(191)),
    Column("count", Integer),
    Column("last_told_at", Float(53)),
    Column("acknowledged_by", String(100)),
    Column("acknowledged_at", Float(53)),
    Column("resolved_by", String(100)),
    Column("resolved_at", Float(53)),
    Index("ix_guard_alerts_at", "at"),
    # One stands of each key; NULL when it does not stand any more, and any number may.
    Index("ux_guard_alerts_alert_key", "alert_key", unique=True),
    **_MYSQL,
)

SCHEDULES = Table(
    "guard_schedules",
    METADATA,
    Column("schedule_id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("plan", Text, nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("changed_by", String(100), nullable=False),
    Column("cancelled_at", Float(53)),
    **_MYSQL,
)

# What became of each planned window: one row from its first notice on.
OCCURRENCES = Table(
    "guard_occurrences",
    METADATA,
    Column("schedule_id", String(36), primary_key=True),
    Column("starts_at", Float(53), primary_key=True, autoincrement=False),
    Column("stage", String(20), nullable=False),
    Column("window_id", String(36)),
    Column("detail", Text, nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Index("ix_guard_occurrences_starts_at", "starts_at"),
    **_MYSQL,
)

ROUTINES = Table(
    "guard_routines",
    METADATA,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("name", String(50), nullable=False),
    Column("due_at", Float(53), nullable=False),
    Column("began_at", Float(53), nullable=False),
    Column("ended_at", Float(53)),
    Column("outcome", String(20), nullable=False),
    Column("fence", _BIG, nullable=False),
    Column("result", Text, nullable=False),
    Index("ix_guard_routines_name_due_at", "name", "due_at"),
    **_MYSQL,
)

# Who may run a routine now: the fence grows with each taking, and a write with a smaller one is refused.
ROUTINE_LOCKS = Table(
    "guard_routine_locks",
    METADATA,
    Column("name", String(50), primary_key=True),
    Column("fence", _BIG, nullable=False),
    Column("holder", String(100), nullable=False),
    Column("until", Float(53), nullable=False),
    **_MYSQL,
)

# Access tokens: only a digest of the secret is kept.
TOKENS = Table(
    "guard_tokens",
    METADATA,
    Column("token_id", String(36), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("label", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("rights", String(100), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("expires_at", Float(53), nullable=False),
    Column("revoked_at", Float(53)),
    Column("revoked_by", String(100)),
    Column("used_at", Float(53)),
    Index("ix_guard_tokens_owner", "owner"),
    **_MYSQL,
)

# The seed is encrypted with a key that the database does not have.
SECOND_FACTORS = Table(
    "guard_second_factors",
    METADATA,
    Column("owner", String(100), primary_key=True),
    Column("seed", Text, nullable=False),
    Column("enrolled_at", Float(53), nullable=False),
    Column("confirmed_at", Float(53)),
    # The last period of 30 s whose code was taken: each code counts once, whichever process is shown it.
    Column("last_period", _BIG, nullable=False),
    **_MYSQL,
)

BREAK_GLASS = Table(
    "guard_break_glass",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("used_at", Float(53)),
    Index("ix_guard_break_glass_owner", "owner"),
    **_MYSQL,
)

# Sign-ins of the admin page: only a digest of what the cookie holds is kept.
PAGE_SESSIONS = Table(
    "guard_page_sessions",
    METADATA,
    Column("session_id", String(36), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("token_id", String(36), nullable=False),
    Column("address", String(64), nullable=False),
    Column("began_at", Float(53), nullable=False),
    Column("seen_at", Float(53), nullable=False),
    Column("expires_at", Float(53), nullable=False),
    Column("stepped_up_at", Float(53)),
    Index("ix_guard_page_sessions_token_id", "token_id"),
    **_MYSQL,
)

APPROVALS = Table(
    "guard_approvals",
    METADATA,
    Column("approval_id", String(36), primary_key=True),
    Column("deed", String(40), nullable=False),
    # Of the exact request: what is approved is what is done.
    Column("digest", String(64), nullable=False),
    Column("request", Text, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("asked_at", Float(53), nullable=False),
    Column("expires_at", Float(53), nullable=False),
    Column("approved_by", String(100)),
    Column("approved_at", Float(53)),
    Column("refused_by", String(100)),
    Column("used_at", Float(53)),
    Index("ix_guard_approvals_asked_at", "asked_at"),
    **_MYSQL,
)

# Bypass tokens that were made; the token itself is kept nowhere.
BYPASSES = Table(
    "guard_bypasses",
    METADATA,
    Column("bypass_id", String(36), primary_key=True),
    Column("operations", Text, nullable=False),
    Column("holder", String(100), nullable=False),
    Column("for_user", String(100), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("until", Float(53), nullable=False),
    Column("revoked_at", Float(53)),
    Column("revoked_by", String(100)),
    **_MYSQL,
)

# Messages that are to reach people: written with the change that they tell of, sent afterwards.
OUTBOX = Table(
    "guard_outbox",
    METADATA,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("delivery_id", String(36), nullable=False, unique=True),
    Column("channel", String(10), nullable=False),
    Column("receiver", String(254), nullable=False),
    Column("event", String(40), nullable=False),
    Column("payload", Text, nullable=False),
    Column("stage", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("give_up_at", Float(53), nullable=False),
    Column("held_by", String(36), nullable=False),
    Column("held_until", Float(53)),
    Column("ended_at", Float(53)),
    Column("problem", String(300), nullable=False),
    Index("ix_guard_outbox_stage", "stage", "channel", "receiver"),
    **_MYSQL,
)

# What was reported: a report is made once for each kind and subject.
REPORTS = Table(
    "guard_reports",
    METADATA,
    Column("report_id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("starts_at", Float(53), nullable=False),
    Column("ends_at", Float(53), nullable=False),
    Column("title", String(600), nullable=False),
    Column("summary", String(600), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("made_by", String(100), nullable=False),
    # JSON, compressed with zlib. MySQL makes a MEDIUMBLOB of this length.
    Column("body", LargeBinary(16_000_000), nullable=False),
    UniqueConstraint("kind", "subject", name="uq_guard_reports_subject"),
    Index("ix_guard_reports_made_at", "made_at"),
    **_MYSQL,
)

# What people have added to a report: never changed, only added.
REPORT_NOTES = Table(
    "guard_report_notes",
    METADATA,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("report_id", String(36), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_guard_report_notes_report_id", "report_id"),
    **_MYSQL,
)

# The newest row of the journal, and whose turn it is: whoever appends holds this row for so long. Rows up to
# `cut_to` may be deleted: retention says so before it does it, and a trigger holds everybody to it.
AUDIT_HEAD = Table(
    "guard_audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", _BIG, nullable=False),
    Column("link", String(80), nullable=False),
    Column("cut_to", _BIG, nullable=False),
    **_MYSQL,
)

# Where the journal begins, after its oldest rows were deleted or what was wrong with them was accepted.
AUDIT_ANCHORS = Table(
    "guard_audit_anchors",
    METADATA,
    Column("kind", String(10), primary_key=True),
    Column("number", _BIG, primary_key=True, autoincrement=False),
    Column("link", String(80), nullable=False),
    Column("seq", _BIG, nullable=False),
    Column("rows_gone", _BIG, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("seal", String(80), nullable=False),
    **_MYSQL,
)

# Secrets that are kept here and not in the environment: encrypted with a key that the database does not have.
SECRETS = Table(
    "guard_secrets",
    METADATA,
    Column("name", String(50), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("changed_by", String(100), nullable=False),
    **_MYSQL,
)

# Drills: results, and which step somebody may acknowledge now.
DRILLS = Table(
    "guard_drills",
    METADATA,
    Column("drill_id", String(36), primary_key=True),
    Column("scenario", String(50), nullable=False),
    Column("place", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("began_by", String(100), nullable=False),
    Column("began_at", Float(53), nullable=False),
    Column("ended_at", Float(53)),
    Column("percent", Float(53)),
    Column("waiting_for", String(50), nullable=False),
    Column("card", Text, nullable=False),
    Index("ix_guard_drills_began_at", "began_at"),
    **_MYSQL,
)

# Who has done which step: the first word counts.
DRILL_WORDS = Table(
    "guard_drill_words",
    METADATA,
    Column("drill_id", String(36), primary_key=True),
    Column("step", String(50), primary_key=True),
    Column("said_by", String(100), nullable=False),
    Column("at", Float(53), nullable=False),
    **_MYSQL,
)
