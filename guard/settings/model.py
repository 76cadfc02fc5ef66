"""The settings, each with its meaning, unit, default and relation to others.

Field names are the environment's names in lower case. Nothing is read at import; see `load_settings`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from guard.core.lease import LeaseTimes
from guard.core.release import ExpiryPolicy, Pace
from guard.errors import InvalidRequest
from guard.settings.masking import MaskedUrl

__all__ = ["Settings", "WhenClosed"]

Url = Annotated[str, AfterValidator(MaskedUrl)]
_SHORTEST_SECRET = 16


class WhenClosed(StrEnum):
    """What a publisher gets for new guarded work while closed."""

    REFUSE = "refuse"
    HOLD = "hold"


class Settings(BaseSettings):
    """All settings of the guard. Frozen: made once, passed to what needs it."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=False, hide_input_in_errors=True
    )

    maintenance_mode_enabled: bool = True
    """The whole feature. false: the guard does nothing at all, and says so when a worker starts."""
    maintenance_default_timeout: Annotated[int, Field(ge=1, le=7 * 24 * 3600)] = 7200
    """Planned length of a window for which nobody gave one, in seconds."""
    maintenance_cleanup_interval: Annotated[int, Field(ge=1)] = 300
    """Seconds between two cleanups of expired sessions by beat."""
    emergency_mode_job_grace_period: Annotated[int, Field(ge=0, le=300)] = 30
    """Seconds between asking a running job to stop and ending it, in an emergency. 0: at once."""
    emergency_mode_session_cleanup: bool = True
    """Whether an emergency ends all sessions of non-admins."""
    test_mode_simulation: bool = True
    """Whether test mode records what a window would have done."""
    test_mode_logging_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "DEBUG"
    """Level at which test mode logs what it would have blocked."""
    maintenance_notifications_enabled: bool = True
    """Whether anybody is told that a window begins or ends."""
    maintenance_email_alerts: bool = True
    """Whether alerts go out by mail. Needs notifications."""
    maintenance_webhook_url: Url = ""
    """Where alerts are posted; empty: nowhere. https only."""

    database_url: Url = "sqlite:///guard.db"
    """The durable store, as an SQLAlchemy URL. SQLite is made and migrated by itself; others by
    `maintenance migrate`."""
    redis_url: Url = ""
    """The control plane. Empty: the broker's, when that is Redis, else redis://localhost:6379/0."""
    celery_broker_url: Url = ""
    """The broker, for `tasks`. An app that configures its own broker keeps that one."""
    celery_result_backend: Url = ""
    """The result backend, for `tasks`."""
    guard_secret_key: SecretStr | None = None
    """Key that guard records are signed with, 16 characters or more; the same for every process. Without
    it, whoever can write to Redis can open the gate, and the status says so."""

    guard_namespace: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")] = "guard"
    """Prefix of all keys in Redis. Two apps that share a Redis need two."""
    guard_parked_queue: Annotated[str, Field(min_length=1, max_length=200)] = "guard.parked"
    """The durable queue of parked jobs."""
    guard_when_closed: WhenClosed = WhenClosed.REFUSE
    """What a publisher gets while closed, unless the call or the task says otherwise."""
    guard_expired_jobs: ExpiryPolicy = ExpiryPolicy.REPORT
    """What becomes of the `expires` of a job that was parked: report or extend."""
    guard_release_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Parked jobs given back per second; 0: as fast as the broker takes them."""
    guard_release_ramp: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """Seconds in which the release grows from a tenth of its rate to all of it."""
    guard_lease_seconds: float = 5.0
    """How long a process may believe the state that it read. 1 to 15; four renewals must fit."""
    guard_renew_seconds: float = 1.0
    """Seconds between two renewals, moved at random by 20 %."""
    guard_timeout_seconds: float = 0.5
    """How long one renewal may take; less than the time between two."""
    guard_local_close_file: str = ""
    """A file whose presence closes this machine without any network. Empty: a file in the temporary
    folder, named for namespace and user; see `maintenance close-local`."""
    guard_hold_queues: str = ""
    """Queues that carry only guarded work whatever the routes say, comma separated."""
    guard_mixed_queues: str = ""
    """Queues that also carry other work, comma separated: never cordoned, guarded jobs are parked."""

    @model_validator(mode="after")
    def _check_together(self) -> Settings:
        problems: list[str] = []
        try:
            self.lease  # noqa: B018 - its constructor checks how the three times relate
        except InvalidRequest as error:
            problems += error.problems
        if (
            self.guard_secret_key is not None
            and len(self.guard_secret_key.get_secret_value()) < _SHORTEST_SECRET
        ):
            problems.append(f"GUARD_SECRET_KEY is too short: use {_SHORTEST_SECRET} characters or more")
        if self.maintenance_webhook_url and not self.maintenance_webhook_url.startswith("https://"):
            problems.append("MAINTENANCE_WEBHOOK_URL must begin with https://")
        both = self.hold_queues & self.mixed_queues
        if both:
            problems.append(f"GUARD_HOLD_QUEUES and GUARD_MIXED_QUEUES both name {', '.join(sorted(both))}")
        if problems:
            raise ValueError(*problems)
        return self

    @property
    def lease(self) -> LeaseTimes:
        """The three times of the lease."""
        return LeaseTimes(
            lease=self.guard_lease_seconds, renew=self.guard_renew_seconds, timeout=self.guard_timeout_seconds
        )

    @property
    def pace(self) -> Pace:
        """How fast parked jobs go back."""
        return Pace(rate=self.guard_release_rate, ramp=self.guard_release_ramp)

    @property
    def secret(self) -> bytes | None:
        """The signing key as bytes."""
        return self.guard_secret_key.get_secret_value().encode() if self.guard_secret_key else None

    @property
    def hold_queues(self) -> frozenset[str]:
        """`guard_hold_queues` as names."""
        return _names(self.guard_hold_queues)

    @property
    def mixed_queues(self) -> frozenset[str]:
        """`guard_mixed_queues` as names."""
        return _names(self.guard_mixed_queues)

    def control_plane_url(self, broker_url: str | None) -> str:
        """Where the control plane is, given the app's broker."""
        if self.redis_url:
            return self.redis_url
        if broker_url and broker_url.startswith(("redis://", "rediss://", "redis+socket://", "unix://")):
            return MaskedUrl(broker_url)
        return "redis://localhost:6379/0"


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
