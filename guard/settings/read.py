"""Read the settings, and report every problem at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from guard.core.suggest import did_you_mean
from guard.errors import ConfigurationInvalid
from guard.settings.masking import mask_url
from guard.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["load_settings"]

_OURS = ("MAINTENANCE_", "EMERGENCY_MODE_", "TEST_MODE_", "GUARD_")
_NOT_SETTINGS = frozenset({"GUARD_REQUIRE_SERVERS"})
"""Variables of this project's own tooling."""
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
    values = {name.lower(): value for name, value in variables.items() if name.lower() in Settings.model_fields}
    problems = _misspelt(variables)
    try:
        settings = Settings.model_validate(values) if environ is None else _without_environment(values)
    except ValidationError as error:
        problems += [_sentence(dict(problem), values) for problem in error.errors(include_url=False)]
        raise ConfigurationInvalid(*problems) from None
    if problems:
        raise ConfigurationInvalid(*problems)
    return settings


def _without_environment(values: Mapping[str, str]) -> Settings:
    return Settings.model_validate(values)


def _misspelt(variables: Mapping[str, str]) -> list[str]:
    known = {name.upper() for name in Settings.model_fields}
    return [
        f"{name} is not a setting{did_you_mean(name, known)}"
        for name in sorted(variables)
        if name.startswith(_OURS) and name not in known | _NOT_SETTINGS
    ]


def _sentence(problem: dict[str, Any], values: Mapping[str, str]) -> str:
    if not problem["loc"]:
        return str(problem["msg"]).removeprefix("Value error, ")
    field = str(problem["loc"][0])
    shown = _shown(field, values.get(field, ""))
    return f"{field.upper()} is {shown}: {_allowed(problem)}"


def _shown(field: str, value: str) -> str:
    if "secret" in field:
        return "'***'"
    return repr(mask_url(value) if "url" in field else value[:80])


def _allowed(problem: dict[str, Any]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _ALLOWED:
        return f"use {_ALLOWED[kind]}"
    if kind in {"enum", "literal_error"}:
        return f"use {context['expected']}"
    return str(problem["msg"]).replace("Input should", "it must").replace("Value error, ", "")
