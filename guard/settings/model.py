"""The settings, each with its meaning, unit, default and relation to others.

Field names are the environment's names in lower case. Nothing is read at import; see `load_settings`.
What a value may be is in `judge`; this module is loaded by every worker and knows nothing of pydantic.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Self

from guard.core.expiry import ExpiryPolicy
from guard.core.generation import SessionPolicy
from guard.core.lease import LeaseTimes
from guard.core.modes import Mode
from guard.errors import InvalidRequest
from guard.settings.log_format import LogFormat
from guard.settings.masking import MaskedUrl, MaskedWebhook, Secret, Url, Webhook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.access import Deed
    from guard.core.cleanup import FolderRule, KeyRule
    from guard.core.pace import ErrorLimit, Pace

__all__ = ["Settings", "WhenClosed"]


class WhenClosed(StrEnum):
    """What a publisher gets for new guarded work while closed."""

    REFUSE = "refuse"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of the guard. Frozen: made once, passed to what needs it.

    Raises:
        ConfigurationInvalid: from the constructor, with every problem.
    """

    maintenance_mode_enabled: bool = True
    """The whole feature. false: the guard does nothing at all, and says so when a worker starts."""
    maintenance_default_timeout: int = 7200
    """Planned length of a window for which nobody gave one, in seconds."""
    maintenance_cleanup_interval: int = 300
    """Seconds between two cleanups of expired sessions by beat."""
    emergency_mode_job_grace_period: int = 30
    """Seconds between asking a running job to stop and ending it, in an emergency. 0: at once."""
    emergency_mode_session_cleanup: bool = True
    """Whether an emergency ends all sessions of non-admins."""
    guard_sessions_normal: SessionPolicy = SessionPolicy.INVALIDATE
    """What a normal window does with the sessions of non-admins: invalidate, as the administrator guide says,
    or keep, as the user guide says."""
    guard_session_prefix: str = "vedfolnir:session:"
    """What the keys of the application's sessions in Redis begin with; empty: none are there."""
    guard_session_redis_url: Url = MaskedUrl("")
    """The Redis that holds the application's sessions and cached tokens; empty: the control plane's."""
    guard_session_lifetime: int = 7200
    """Seconds for which a session lasts that does not say itself when it ends."""
    guard_session_token_patterns: str = "user_platforms:*,platform:*"  # noqa: S105 - names of keys
    """Keys in which the application caches decrypted platform tokens, as Redis matches them, comma-separated:
    an emergency that ends sessions deletes them. Empty: none."""
    guard_session_batch: int = 150
    """How many sessions one command to Redis, or one transaction in SQL, is about; 10 to 5000. More is faster
    and makes others wait longer."""
    test_mode_simulation: bool = True
    """Whether test mode records what a window would have done."""
    test_mode_logging_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "DEBUG"
    """Level at which test mode logs what it would have blocked."""
    maintenance_notifications_enabled: bool = True
    """Whether anybody is told that a window begins or ends."""
    maintenance_email_alerts: bool = True
    """Whether alerts go out by mail. Needs notifications."""
    maintenance_webhook_url: Webhook = MaskedWebhook("")
    """Where alerts are posted; empty: nowhere. https to a host of the public internet, with what proves who
    posts in its path or query (see `guard.core.webhook_address`)."""
    guard_webhook_secrets: Secret | None = None
    """Keys that what is posted is signed with, comma-separated, each 24 characters or more: one, or the new
    one and the old one while receivers change over. None: it is not signed."""
    guard_smtp_url: Url = MaskedUrl("")
    """The mail server: ``smtp+starttls://user:password@host:587``, ``smtps://…:465``, or ``smtp://localhost``
    for a relay of this machine. Empty: no mail is sent."""
    guard_mail_from: str = ""
    """Who mails are from: an address, or ``Maintenance <guard@example.com>``."""
    guard_mail_users: str = ""
    """Where users are told that a window is planned, opens, changes, takes longer or ends: addresses, comma
    separated, at most 50, best of mailing lists."""
    guard_mail_operators: str = ""
    """Where operators are told of the same, of rehearsals, and of alerts."""
    guard_mail_emergency_team: str = ""
    """Where the emergency team is told of emergencies and of critical alerts."""
    guard_mail_templates: str = ""
    """A folder with templates of your own, which are looked for there first (see docs/notifications.md)."""

    database_url: Url = MaskedUrl("sqlite:///guard.db")
    """The durable store, as an SQLAlchemy URL. SQLite is made and migrated by itself; others by
    `maintenance migrate`."""
    redis_url: Url = MaskedUrl("")
    """The control plane. Empty: the broker's, when that is Redis, else redis://localhost:6379/0."""
    celery_broker_url: Url = MaskedUrl("")
    """The broker, for `tasks`. An app that configures its own broker keeps that one."""
    celery_result_backend: Url = MaskedUrl("")
    """The result backend, for `tasks`."""
    guard_secret_key: Secret | None = None
    """Key that guard records are signed with, 16 characters or more; the same for every process. Without
    it, whoever can write to Redis can open the gate, and the status says so."""

    guard_former_secret_keys: Secret | None = None
    """Former values of GUARD_SECRET_KEY, comma separated, the newest first: they prove older rows of the
    journal and open what was sealed under them, and sign nothing."""
    guard_encryption_keys: Secret | None = None
    """Fernet keys, comma separated, the newest first: the first seals what is kept encrypted, all of them
    open it. None: one that is derived from GUARD_SECRET_KEY."""

    guard_namespace: str = "guard"
    """Prefix of all keys in Redis. Two apps that share a Redis need two."""
    guard_parked_queue: str = "guard.parked"
    """The durable queue of parked jobs."""
    guard_when_closed: WhenClosed = WhenClosed.REFUSE
    """What a publisher gets while closed, unless the call or the task says otherwise."""
    guard_expired_jobs: ExpiryPolicy = ExpiryPolicy.REPORT
    """What becomes of the `expires` of a job that was parked: report or extend."""
    guard_release_rate: float = 0.0
    """Parked jobs given back per second; 0: as fast as the broker takes them."""
    guard_release_ramp: float = 0.0
    """Seconds in which the release grows from a tenth of its rate to all of it."""
    guard_release_order: str = ""
    """Operations whose parked jobs go back first, comma-separated, the first first."""
    guard_release_error_limit: float = 0.0
    """Share of the released jobs, 0 to 1, above which the release stops and tries again ten seconds later; 0:
    never."""
    guard_events: bool = True
    """Whether refused, held, parked, released and ended jobs are told as Celery events, which Flower shows.
    Workers tell only while their events are on (``-E``, or Flower); other processes whenever they refuse."""
    guard_ledger: bool = False
    """Whether each accepted job is entered in a ledger, so that one that its transport loses is missed. Costs
    three round trips to Redis per job. The same for every process."""
    guard_lease_seconds: float = 5.0
    """How long a process may believe the state that it read. 1 to 15; four renewals must fit."""
    guard_renew_seconds: float = 1.0
    """Seconds between two renewals, moved at random by 20 %."""
    guard_timeout_seconds: float = 0.5
    """How long one renewal may take; less than the time between two."""
    guard_local_close_file: str = ""
    """A file whose presence closes this machine without any network. Empty: a file in the temporary
    folder, named for namespace and user; see `maintenance close-local`."""
    guard_alive_folder: str = ""
    """Where workers and beat leave a mark while they live, for `python -m guard.alive`. Empty: nowhere."""
    guard_hold_queues: str = ""
    """Queues that carry only guarded work whatever the routes say, comma separated."""
    guard_mixed_queues: str = ""
    """Queues that also carry other work, comma separated: never cordoned, guarded jobs are parked."""

    guard_app_database_url: Url = MaskedUrl("")
    """The application's own database, with its tables `users` and `user_sessions`, as SQLAlchemy URL. Empty:
    the one of DATABASE_URL."""
    guard_optimize_tables: str = "users,platform_connections,posts,images,processing_runs,user_sessions"
    """Tables of that database for the weekly optimization, comma separated. One that is not there is reported
    and skipped."""
    guard_optimize_fragmentation: float = 0.2
    """Unused space, as a share of a table's data and indexes, from which on it is rebuilt. 0 to 1."""
    guard_optimize_least_mb: int = 16
    """MiB of unused space below which a table is not rebuilt, whatever the share. 0 to 1048576."""
    guard_optimize_lock_wait: int = 5
    """Seconds that a statement of the optimization waits for a lock on its table. 1 to 300."""
    guard_optimize_drain_within: int = 1800
    """Seconds in which running jobs should have ended; if they have not, the window is ended and nothing was
    touched. 1 to a day."""
    guard_optimize_duration: int = 7200
    """Planned length of the window of the weekly optimization, in seconds: no table is begun that would not
    be done in it. A minute to a day, and longer than GUARD_OPTIMIZE_DRAIN_WITHIN."""
    guard_cleanup_folders: str = ""
    """Where the weekly optimization deletes old files: ``folder|pattern|days``, comma separated, for example
    ``/var/tmp/vedfolnir|vedfolnir_*|7,/backup|*.sql|30``."""
    guard_cleanup_keys: str = ""
    """Which keys of the control plane's Redis it deletes when their payload is old: ``pattern|days``, comma
    separated, for example ``rq:progress:*|7``."""
    guard_time_zone: str = "UTC"
    """In which zone the local times below, and those of planned windows, are: an IANA name,
    `Europe/Berlin`."""
    guard_sweep_interval: int = 60
    """Seconds between two expiry sweeps by beat, 5 to 3600."""
    guard_morning_check: str = "08:00"
    """When the morning health check is due: a local time, `08:00`; `mon 08:00` for one day of the week,
    `mon#1 08:00` for the first (#1 to #4, #last) of a month; `off` for never. So are the five below."""
    guard_evening_review: str = "18:00"
    """When the evening review is due."""
    guard_weekly_review: str = "mon 09:00"
    """When the weekly review is due."""
    guard_weekly_optimization: str = "sun 02:00"
    """When the weekly optimization is due, which is a window of its own."""
    guard_security_audit: str = "mon#1 10:00"
    """When the monthly security audit is due."""
    guard_performance_review: str = "mon#2 10:00"
    """When the monthly performance review is due."""
    guard_history_days: int = 365
    """Days for which windows, alerts, results of routines and planned windows are kept after their end, 1 to
    3650."""
    guard_journal_days: int = 0
    """Days for which the journal is kept, 30 or more; 0: for good."""
    guard_report_days: int = 1095
    """Days for which reports are kept, with what people have noted on them, 1 to 3650. They outlive what they
    were made of."""
    guard_backup_folders: str = ""
    """Folders whose newest file the evening review looks at, absolute, comma separated."""
    guard_evidence_logs: str = ""
    """Log files and folders of them that `maintenance evidence` copies, absolute, comma separated."""
    guard_evidence_log_mb: int = 64
    """MiB of each, from its end. 1 to 65536."""
    guard_tls_host: str = ""
    """Host, or host:port, whose certificate the monthly security audit looks at; empty: none."""
    guard_check_packages: bool = False
    """Whether that audit asks pip for newer releases of what is installed. It goes to the network."""
    guard_notice_times: str = "72h,24h,1h"
    """How long before a planned window it is announced, comma separated, each up to 7 days; empty: never."""
    guard_look_ahead: int = 0
    """Seconds before a planned window from which jobs that would cross its start wait, 0 to a day."""

    guard_alert_thresholds: str = ""
    """Limits of alert rules that are not to be the guides': ``cpu=90,memory=95``, comma separated;
    `maintenance alerts rules` lists names, units and what is in force."""

    guard_second_approver: str = ""
    """What over HTTP takes a second person, comma separated: `emergency` (to start and to end one), `discard`
    (of parked jobs); empty: nothing. The command line asks nobody."""
    guard_trusted_proxies: str = ""
    """Proxies in front of the web side, addresses or networks, comma separated: they are believed for whom
    they forward. Empty: none."""
    guard_event_listeners: int = 8
    """How many listeners to the server-sent events one process serves at once, 0 to 1000. Each keeps a thread
    of the server: give that more threads than this."""

    guard_log_format: LogFormat = LogFormat.TEXT
    """What the guard's own loggers write: text, or json (one object a line; needs the extra `logs`)."""

    def __post_init__(self) -> None:
        from guard.settings.judge import judge

        vars(self).update(judge(type(self), vars(self)))

    @classmethod
    def unjudged(cls, values: Mapping[str, Any]) -> Self:
        """Settings of values that are known to be right, and defaults for the others."""
        made = object.__new__(cls)
        vars(made).update({field.name: field.default for field in fields(cls)} | dict(values))
        return made

    def sessions_policy(self, mode: str) -> SessionPolicy:
        """What a window of this mode does with the sessions of non-admins, unless it says so itself."""
        if mode == Mode.EMERGENCY:
            return SessionPolicy.INVALIDATE if self.emergency_mode_session_cleanup else SessionPolicy.KEEP
        return self.guard_sessions_normal if mode == Mode.NORMAL else SessionPolicy.KEEP

    @property
    def lease(self) -> LeaseTimes:
        """The three times of the lease."""
        return LeaseTimes(
            lease=self.guard_lease_seconds, renew=self.guard_renew_seconds, timeout=self.guard_timeout_seconds
        )

    @property
    def pace(self) -> Pace:
        """How fast parked jobs go back."""
        from guard.core.pace import Pace

        return Pace(rate=self.guard_release_rate, ramp=self.guard_release_ramp)

    @property
    def secret(self) -> bytes | None:
        """The signing key as bytes."""
        return self.guard_secret_key.reveal().encode() if self.guard_secret_key else None

    @property
    def former_secrets(self) -> tuple[bytes, ...]:
        """`guard_former_secret_keys` as bytes, the newest first."""
        from guard.settings.keys import key_list

        return tuple(one.encode() for one in key_list(self.guard_former_secret_keys))

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """`guard_encryption_keys`, the newest first."""
        from guard.settings.keys import key_list

        return key_list(self.guard_encryption_keys)

    @property
    def release_order(self) -> tuple[str, ...]:
        """`guard_release_order` as names, in this order."""
        return tuple(
            dict.fromkeys(name.strip() for name in self.guard_release_order.split(",") if name.strip())
        )

    @property
    def release_limit(self) -> ErrorLimit:
        """`guard_release_error_limit` as the release takes it."""
        from guard.core.pace import ErrorLimit

        return ErrorLimit(share=self.guard_release_error_limit)

    @property
    def notice_times(self) -> tuple[int, ...]:
        """`guard_notice_times` in seconds, the longest first. Raises InvalidRequest with every problem."""
        from guard.core.durations import parse_durations

        return parse_durations(self.guard_notice_times)

    @property
    def second_approver(self) -> frozenset[Deed]:
        """`guard_second_approver` as deeds. Raises InvalidRequest with every problem."""
        from guard.core.admission import deeds_of

        return deeds_of(self.guard_second_approver)

    @property
    def hold_queues(self) -> frozenset[str]:
        """`guard_hold_queues` as names."""
        return _names(self.guard_hold_queues)

    @property
    def mixed_queues(self) -> frozenset[str]:
        """`guard_mixed_queues` as names."""
        return _names(self.guard_mixed_queues)

    @property
    def app_database_url(self) -> str:
        """Where the application's own tables are."""
        return self.guard_app_database_url or self.database_url

    @property
    def has_foreign_database(self) -> bool:
        """Whether the application's own tables are in another database than the guard's."""
        return self.app_database_url != self.database_url

    @property
    def optimize_tables(self) -> tuple[str, ...]:
        """`guard_optimize_tables` as names, each once."""
        from guard.core.cleanup import table_names

        return table_names(self.guard_optimize_tables)

    @property
    def cleanup_folders(self) -> tuple[FolderRule, ...]:
        """`guard_cleanup_folders` as rules."""
        from guard.core.cleanup import folder_rules

        return folder_rules(self.guard_cleanup_folders)

    @property
    def cleanup_keys(self) -> tuple[KeyRule, ...]:
        """`guard_cleanup_keys` as rules."""
        from guard.core.cleanup import key_rules

        return key_rules(self.guard_cleanup_keys, namespace=self.guard_namespace)

    def optimization_problems(self) -> list[str]:
        """What is wrong with the settings of the weekly optimization, beyond their types and ranges."""
        problems: list[str] = []
        for name in ("optimize_tables", "cleanup_folders", "cleanup_keys"):
            try:
                getattr(self, name)
            except InvalidRequest as error:
                problems += [f"GUARD_{name.upper()}: {problem}" for problem in error.problems]
        if self.guard_optimize_drain_within >= self.guard_optimize_duration:
            problems.append(
                f"GUARD_OPTIMIZE_DRAIN_WITHIN of {self.guard_optimize_drain_within} s leaves no time in "
                f"GUARD_OPTIMIZE_DURATION of {self.guard_optimize_duration} s"
            )
        return problems

    @property
    def alert_limits(self) -> Mapping[str, float]:
        """The limits of the alert rules in force. Raises InvalidRequest with every problem."""
        from guard.core.alert_rules import limits_of

        return limits_of(self.guard_alert_thresholds)

    @property
    def trusted_proxies(self) -> tuple[str, ...]:
        """`guard_trusted_proxies` as addresses and networks."""
        return tuple(one.strip() for one in self.guard_trusted_proxies.split(",") if one.strip())

    @property
    def backup_folders(self) -> tuple[str, ...]:
        """`guard_backup_folders` as paths, in this order."""
        return tuple(
            dict.fromkeys(path.strip() for path in self.guard_backup_folders.split(",") if path.strip())
        )

    @property
    def evidence_logs(self) -> tuple[str, ...]:
        """`guard_evidence_logs` as paths, in this order."""
        return tuple(
            dict.fromkeys(path.strip() for path in self.guard_evidence_logs.split(",") if path.strip())
        )

    def control_plane_url(self, broker_url: str | None) -> str:
        """Where the control plane is, given the app's broker."""
        if self.redis_url:
            return self.redis_url
        if broker_url and broker_url.startswith(("redis://", "rediss://", "redis+socket://", "unix://")):
            return MaskedUrl(broker_url)
        return "redis://localhost:6379/0"


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
