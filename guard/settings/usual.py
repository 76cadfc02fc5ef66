"""The settings of nearly every process, taken without pydantic.

The patterns below are narrower than what is allowed. Whatever does not fit one of them, right or wrong,
is left to `guard.settings.judge`; so there is one judge, and a worker that needs none does not load it.
`tests/settings/test_usual.py` compares the two on any environment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest
from guard.settings.automation import AUTOMATION, automation_problems
from guard.settings.log_format import LogFormat, log_format_problems
from guard.settings.masking import MaskedUrl, Secret
from guard.settings.model import Settings
from guard.settings.notifications import NOTIFICATIONS, notification_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

__all__ = ["usual_settings"]

_SWITCH = re.compile(r"true|false")
_SECONDS = re.compile(r"[1-9][0-9]{0,4}")
_SHORT = re.compile(r"[1-9][0-9]?")
_FRACTION = re.compile(r"[0-9]{1,2}(\.[0-9]{1,6})?")
_SHARE = re.compile(r"0(\.[0-9]{1,6})?|1")
_DAYS = re.compile(r"[1-9][0-9]{0,2}")
_ZONE = re.compile(r"[A-Z][A-Za-z0-9/_+-]{1,63}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_PREFIX = re.compile(r"(?!celery|unacked)[a-z]{3,20}(:[a-z]{1,20}){0,3}:")
_BATCH = re.compile(r"[1-9][0-9]{1,2}")
_LIMITS = re.compile(r"[a-z]+(-[a-z]+)?=[0-9]{1,3}(,[a-z]+(-[a-z]+)?=[0-9]{1,3})*")
_TEXT = re.compile(r"[ -~]*")


def _switch(text: str) -> bool:
    return text == "true"


_OPTIMIZATION: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "guard_optimize_tables": (_TEXT, str),
    "guard_optimize_fragmentation": (_SHARE, float),
    "guard_optimize_least_mb": (_SECONDS, int),
    "guard_optimize_lock_wait": (_SHORT, int),
    "guard_optimize_drain_within": (re.compile(r"[1-9][0-9]{0,3}"), int),
    "guard_optimize_duration": (re.compile(r"[1-9][0-9]{2,3}"), int),
    "guard_cleanup_folders": (_TEXT, str),
    "guard_cleanup_keys": (_TEXT, str),
}
_USUAL: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "maintenance_mode_enabled": (_SWITCH, _switch),
    "maintenance_default_timeout": (_SECONDS, int),
    "maintenance_cleanup_interval": (_SECONDS, int),
    "emergency_mode_job_grace_period": (_SHORT, int),
    "emergency_mode_session_cleanup": (_SWITCH, _switch),
    "guard_session_prefix": (_PREFIX, str),
    "guard_session_redis_url": (_TEXT, MaskedUrl),
    "guard_app_database_url": (_TEXT, MaskedUrl),
    "guard_session_lifetime": (_SECONDS, int),
    "guard_session_batch": (_BATCH, int),
    "test_mode_simulation": (_SWITCH, _switch),
    "maintenance_notifications_enabled": (_SWITCH, _switch),
    "maintenance_email_alerts": (_SWITCH, _switch),
    "guard_smtp_url": (_TEXT, MaskedUrl),
    "guard_webhook_secrets": (re.compile(r"[ -~]+"), Secret),
    "guard_mail_from": (_TEXT, str),
    "guard_mail_users": (_TEXT, str),
    "guard_mail_operators": (_TEXT, str),
    "guard_mail_emergency_team": (_TEXT, str),
    "database_url": (_TEXT, MaskedUrl),
    "redis_url": (_TEXT, MaskedUrl),
    "celery_broker_url": (_TEXT, MaskedUrl),
    "celery_result_backend": (_TEXT, MaskedUrl),
    "guard_secret_key": (re.compile(r"[ -~]{16,}"), Secret),
    "guard_former_secret_keys": (re.compile(r"[!-+\--~]{16,}(,[!-+\--~]{16,})*"), Secret),
    "guard_encryption_keys": (re.compile(r"[A-Za-z0-9_-]{43}=(,[A-Za-z0-9_-]{43}=)*"), Secret),
    "guard_namespace": (_NAME, str),
    "guard_parked_queue": (_NAME, str),
    "guard_release_rate": (_FRACTION, float),
    "guard_release_ramp": (_FRACTION, float),
    "guard_release_order": (_TEXT, str),
    "guard_release_error_limit": (_SHARE, float),
    "guard_events": (_SWITCH, _switch),
    "guard_ledger": (_SWITCH, _switch),
    "guard_lease_seconds": (_FRACTION, float),
    "guard_renew_seconds": (_FRACTION, float),
    "guard_timeout_seconds": (_FRACTION, float),
    "guard_local_close_file": (_TEXT, str),
    "guard_alive_folder": (_TEXT, str),
    "guard_hold_queues": (_TEXT, str),
    "guard_mixed_queues": (_TEXT, str),
    **_OPTIMIZATION,
    "guard_time_zone": (_ZONE, str),
    "guard_sweep_interval": (_SHORT, int),
    "guard_morning_check": (_TEXT, str),
    "guard_evening_review": (_TEXT, str),
    "guard_weekly_review": (_TEXT, str),
    "guard_weekly_optimization": (_TEXT, str),
    "guard_security_audit": (_TEXT, str),
    "guard_performance_review": (_TEXT, str),
    "guard_history_days": (_DAYS, int),
    "guard_report_days": (_DAYS, int),
    "guard_backup_folders": (_TEXT, str),
    "guard_check_packages": (_SWITCH, _switch),
    "guard_alert_thresholds": (_LIMITS, str),
    "guard_notice_times": (re.compile(r"[1-9][0-9]?h(,[1-9][0-9]?h){0,5}"), str),
    "guard_second_approver": (re.compile(r"|(emergency|discard)(,(emergency|discard)){0,3}"), str),
    "guard_look_ahead": (re.compile(r"0|[1-9][0-9]{0,3}"), int),
    "guard_event_listeners": (_SHORT, int),
    "guard_log_format": (re.compile(r"text|json"), LogFormat),
}


def usual_settings(values: Mapping[str, str]) -> Settings | None:
    """The settings for these texts, or None when one of them must be judged."""
    taken: dict[str, Any] = {}
    for name, text in values.items():
        pattern, convert = _USUAL.get(name, (None, str))
        if pattern is None or not pattern.fullmatch(text):
            return None
        taken[name] = convert(text)
    settings = Settings.unjudged(taken)
    try:
        settings.lease  # noqa: B018 - its constructor checks how the three times relate
        if settings.guard_alert_thresholds:
            settings.alert_limits  # noqa: B018 - reading it checks it
        if settings.guard_time_zone != "UTC":
            from guard.core.zones import zone_of

            zone_of(settings.guard_time_zone)
    except InvalidRequest:
        return None
    return None if _have_problems(settings, taken.keys()) else settings


def _have_problems(settings: Settings, given: AbstractSet[str]) -> bool:
    """Whether settings that are each as they should be do not go together."""
    return bool(
        (given & _OPTIMIZATION.keys() and settings.optimization_problems())
        or settings.hold_queues & settings.mixed_queues
        or not settings.guard_sweep_interval >= 5
        or (given & AUTOMATION and automation_problems(settings))
        or log_format_problems(settings.guard_log_format)
        or (given & NOTIFICATIONS and notification_problems(settings))
    )
