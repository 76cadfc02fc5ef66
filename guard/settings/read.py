"""Read the settings, and report every problem at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from guard.core.suggest import did_you_mean
from guard.errors import ConfigurationInvalid
from guard.settings.masking import mask_url
from guard.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

__all__ = ["load_settings"]

_OURS = ("MAINTENANCE_", "EMERGENCY_MODE_", "TEST_MODE_", "GUARD_")
_NEARLY = 0.85
_ALLOWED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a process.

    Args:
        environ: the environment; the process's own when None.

    Raises:
        ConfigurationInvalid: with every problem: name, value (secrets masked), what is allowed, and
            the nearest name for a variable that looks like ours and is not. Nothing was started.
    """
    variables = dict(os.environ if environ is None else environ)
    values = {
        name.lower(): value for name, value in variables.items() if name.lower() in Settings.model_fields
    }
    problems = _misspelt(variables)
    settings, wrong = _try(values, only_given=environ is not None)
    problems += wrong
    if problems:
        raise ConfigurationInvalid(*problems)
    assert settings is not None  # noqa: S101 - no problems means settings
    return settings


class _Given(Settings):
    """Settings from given values alone, without the environment."""

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


def _try(values: dict[str, str], *, only_given: bool) -> tuple[Settings | None, list[str]]:
    try:
        return (_Given(**values) if only_given else _from_environment()), []  # type: ignore[arg-type]
    except ValidationError as error:
        wrong: list[dict[str, Any]] = [dict(problem) for problem in error.errors(include_url=False)]
    problems = [_sentence(problem, values) for problem in wrong if problem["loc"]]
    problems += [text for problem in wrong if not problem["loc"] for text in problem["ctx"]["error"].args]
    fields = {str(problem["loc"][0]) for problem in wrong if problem["loc"]}
    if fields:
        # How the settings relate is only checked once each is right by itself: check the others too.
        _, more = _try({name: value for name, value in values.items() if name not in fields}, only_given=True)
        problems += more
    return None, problems


def _from_environment() -> Settings:
    # Docker and Kubernetes mount secrets as files named for the variable.
    folder = Path("/run/secrets")
    return Settings(_secrets_dir=folder) if folder.is_dir() else Settings()  # type: ignore[call-arg]


def _misspelt(variables: Mapping[str, str]) -> list[str]:
    # Only what is nearly a setting is a mistake: Kubernetes, for one, gives every pod variables such
    # as GUARD_SERVICE_HOST when a service is called "guard".
    known = {name.upper() for name in Settings.model_fields}
    suspects = sorted(name for name in variables if name.startswith(_OURS) and name not in known)
    hints = {name: did_you_mean(name, known, nearness=_NEARLY) for name in suspects}
    return [f"{name} is not a setting{hint}" for name, hint in hints.items() if hint]


def _sentence(problem: dict[str, Any], values: Mapping[str, str]) -> str:
    field = str(problem["loc"][0])
    shown = _shown(field, values.get(field, ""))
    return f"{field.upper()} is {shown}: {_allowed(problem)}"


def _shown(field: str, value: str) -> str:
    if "secret" in field:
        return "'***'"
    return repr(mask_url(value)[:80])


def _allowed(problem: dict[str, Any]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _ALLOWED:
        return f"use {_ALLOWED[kind]}"
    if kind in {"enum", "literal_error"}:
        return f"use {context['expected']}"
    return str(problem["msg"]).replace("Input should", "it must").replace("Value error, ", "")
