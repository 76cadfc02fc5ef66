"""What a setting may be, and a sentence for each that may not: pydantic judges.

A worker with nothing unusual in its environment never loads this (`guard.settings.usual`): pydantic
costs 9 MB and 140 ms in each.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast, get_type_hints

from pydantic import AfterValidator, Field, SecretStr, ValidationError, create_model, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from guard.core.naming import some_of
from guard.core.session_names import name_problems, patterns_of
from guard.core.webhook_address import webhook_problems
from guard.errors import ConfigurationInvalid, InvalidRequest
from guard.settings.addresses import proxy_problems
from guard.settings.automation import automation_problems
from guard.settings.keys import key_problems
from guard.settings.log_format import log_format_problems
from guard.settings.masking import MaskedUrl, MaskedWebhook, Secret, Url, Webhook, mask_url
from guard.settings.notifications import notification_problems

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from pydantic_settings import PydanticBaseSettingsSource

    from guard.settings.model import Settings

__all__ = ["judge"]

SHORTEST_SECRET = 16
_DAY = 24 * 3600
_WEEK = 7 * _DAY
_YEAR = 366 * _DAY
_LONGEST_NAME = 80  # characters of a name that a problem repeats
_LIMITS: dict[str, Any] = {
    "maintenance_default_timeout": Field(ge=1, le=_WEEK),
    "maintenance_cleanup_interval": Field(ge=1),
    "emergency_mode_job_grace_period": Field(ge=0, le=300),
    "guard_namespace": Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$"),
    "guard_parked_queue": Field(min_length=1, max_length=200),
    "guard_session_lifetime": Field(ge=1, le=_YEAR),
    "guard_session_batch": Field(ge=10, le=5000),
    "guard_release_rate": Field(ge=0, allow_inf_nan=False),
    "guard_release_ramp": Field(ge=0, le=3600),
    "guard_release_error_limit": Field(ge=0, le=1),
    "guard_optimize_fragmentation": Field(ge=0, le=1),
    "guard_optimize_least_mb": Field(ge=0, le=2**20),
    "guard_optimize_lock_wait": Field(ge=1, le=300),
    "guard_optimize_drain_within": Field(ge=1, le=_DAY),
    "guard_optimize_duration": Field(ge=60, le=_DAY),
    "guard_sweep_interval": Field(ge=5, le=3600),
    "guard_history_days": Field(ge=1, le=3650),
    "guard_journal_days": Field(ge=0, le=36_500),
    "guard_report_days": Field(ge=1, le=3650),
    "guard_evidence_log_mb": Field(ge=1, le=65_536),
    "guard_tls_host": Field(
        pattern=r"^(|[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?)$"
    ),
    "guard_look_ahead": Field(ge=0, le=86_400),
    "guard_event_listeners": Field(ge=0, le=1000),
}
_TYPES: dict[Any, Any] = {
    Url: Annotated[str, AfterValidator(MaskedUrl)],
    Webhook: Annotated[str, AfterValidator(MaskedWebhook)],
    Secret | None: SecretStr | None,
}
_SECRET_FIELDS = frozenset({"guard_secret_key", "guard_former_secret_keys", "guard_encryption_keys"})
_LEASE = {
    "lease": "GUARD_LEASE_SECONDS",
    "renewal every": "GUARD_RENEW_SECONDS with GUARD_LEASE_SECONDS",
    "renewal timeout": "GUARD_TIMEOUT_SECONDS with GUARD_RENEW_SECONDS",
}
"""How the sentences of `guard.core.lease` begin."""
_ALLOWED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
}


class _Rules(BaseSettings):
    """How the settings relate. Sources are given values alone: the environment was read by then."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)
    settings: ClassVar[Any]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what was given."""
        return (init_settings,)

    @model_validator(mode="after")
    def _check_together(self) -> _Rules:
        settings: Settings = self.settings.unjudged(_plain(self))
        problems: list[str] = []
        try:
            settings.lease  # noqa: B018 - its constructor checks how the three times relate
        except InvalidRequest as error:
            problems += [f"{_of_lease(problem)}: {problem}" for problem in error.problems]
        try:
            settings.notice_times  # noqa: B018 - reading it checks it
        except InvalidRequest as error:
            problems += [f"GUARD_NOTICE_TIMES: {problem}" for problem in error.problems]
        try:
            settings.second_approver  # noqa: B018 - reading it checks it
        except InvalidRequest as error:
            problems += [f"GUARD_SECOND_APPROVER: {problem}" for problem in error.problems]
        try:
            settings.alert_limits  # noqa: B018 - reading it checks it
        except InvalidRequest as error:
            problems += [f"GUARD_ALERT_THRESHOLDS: {problem}" for problem in error.problems]
        if settings.secret is not None and len(settings.secret.decode()) < SHORTEST_SECRET:
            problems.append(f"GUARD_SECRET_KEY is too short: use {SHORTEST_SECRET} characters or more")
        problems += key_problems(settings.guard_encryption_keys, settings.guard_former_secret_keys)
        webhook = str(settings.maintenance_webhook_url)
        problems += (
            [f"MAINTENANCE_WEBHOOK_URL {problem}" for problem in webhook_problems(webhook)] if webhook else []
        )
        both = settings.hold_queues & settings.mixed_queues
        if both:
            named = some_of(map(_cut, sorted(both)), 5)
            problems.append(f"GUARD_HOLD_QUEUES and GUARD_MIXED_QUEUES both name {named}")
        problems += settings.optimization_problems()
        problems += proxy_problems(settings.trusted_proxies)
        problems += automation_problems(settings)
        problems += log_format_problems(settings.guard_log_format)
        problems += notification_problems(settings)
        problems += name_problems(
            settings.guard_session_prefix, patterns_of(settings.guard_session_token_patterns)
        )
        if problems:
            raise ValueError(*problems)
        return self


@cache
def _rules_for(settings: Hashable) -> type[_Rules]:
    fields: dict[str, Any] = {}
    for name, hint in get_type_hints(settings, include_extras=True).items():
        kind = _TYPES.get(hint, hint)
        fields[name] = (Annotated[kind, _LIMITS.get(name, Field())], getattr(settings, name))
    return create_model("Judged", __base__=_Rules, settings=(ClassVar[Any], settings), **fields)


def judge(settings: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """All settings for the given values, texts as in the environment or of the right type.

    Args:
        settings: the class, which has names, types and defaults.

    Raises:
        ConfigurationInvalid: with name, value (secrets masked) and what is allowed of every problem.
    """
    given = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
    no_text = [name for name, value in given.items() if isinstance(value, str) and not _is_text(value)]
    told = [f"{name.upper()} is not UTF-8 text: write it again" for name in no_text]
    rules = _rules_for(cast("Hashable", settings))
    judged, problems = _try(rules, {name: value for name, value in given.items() if name not in no_text})
    if judged is None or told:
        raise ConfigurationInvalid(*told, *problems)
    return _plain(judged)


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8. Python gives other bytes of the environment as half characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_lease(problem: str) -> str:
    """The setting that a sentence on the three times of the lease is about."""
    return next(name for begin, name in _LEASE.items() if problem.startswith(begin))


def _try(rules: type[_Rules], values: dict[str, Any]) -> tuple[_Rules | None, list[str]]:
    try:
        return rules(**values), []
    except ValidationError as error:
        wrong: list[dict[str, Any]] = [dict(problem) for problem in error.errors(include_url=False)]
    problems = [_sentence(problem, values) for problem in wrong if problem["loc"]]
    problems += [text for problem in wrong if not problem["loc"] for text in problem["ctx"]["error"].args]
    fields = {str(problem["loc"][0]) for problem in wrong if problem["loc"]}
    if fields:
        # How the settings relate is only checked once each is right by itself: check the others too.
        _, more = _try(rules, {name: value for name, value in values.items() if name not in fields})
        problems += more
    return None, problems


def _plain(judged: _Rules) -> dict[str, Any]:
    """Values as `Settings` has them: no pydantic in them."""
    return {
        name: Secret(value.get_secret_value()) if isinstance(value, SecretStr) else value
        for name, value in judged
    }


def _sentence(problem: dict[str, Any], values: Mapping[str, Any]) -> str:
    field = str(problem["loc"][0])
    return f"{field.upper()} is {_shown(field, values.get(field, ''))}: {_allowed(problem)}"


def _shown(field: str, value: object) -> str:
    if field in _SECRET_FIELDS:
        return "'***'"
    return repr(mask_url(value)[:80]) if isinstance(value, str) else repr(value)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _allowed(problem: dict[str, Any]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _ALLOWED:
        return f"use {_ALLOWED[kind]}"
    if kind in {"enum", "literal_error"}:
        return f"use {context['expected']}"
    return str(problem["msg"]).replace("Input should", "it must").replace("Value error, ", "")
