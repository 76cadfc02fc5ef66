"""What a window is narrowed to, as options and as words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from guard.core.scope import Scope
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.registry import OperationRegistry

__all__ = ["scope_of", "scope_options", "scope_said"]


def scope_options(function: Callable[..., None]) -> Callable[..., None]:
    """Decorator: the options that narrow a window. They arrive as `scope_of` takes them."""
    for option in (
        click.option(
            "--tenant",
            "tenants",
            multiple=True,
            metavar="NAME",
            help="Only jobs of this tenant, which is read where --tenant-key says. May be repeated.",
        ),
        click.option(
            "--tenant-key",
            default=None,
            metavar="WHERE",
            help="Where a job's tenant is read: header:NAME or argument:NAME.",
        ),
        click.option(
            "--only-queue",
            "queues",
            multiple=True,
            metavar="NAME",
            help="Only jobs of this queue. May be repeated.",
        ),
        click.option(
            "--only-operation",
            "operations",
            multiple=True,
            metavar="NAME",
            help="Only jobs of this operation. May be repeated.",
        ),
    ):
        function = option(function)
    return function


def scope_of(
    registry: OperationRegistry,
    problems: list[str],
    *,
    operations: tuple[str, ...],
    queues: tuple[str, ...],
    tenant_key: str | None,
    tenants: tuple[str, ...],
) -> dict[str, Any] | None:
    """The scope as the API takes it; None when none was given. Problems are added, not raised: an operation
    that does not exist too, since a window about nothing closes nothing."""
    if not (operations or queues or tenant_key or tenants):
        return None
    scope = {
        "operations": operations,
        "queues": queues,
        "tenant_key": tenant_key or "",
        "tenants": tenants,
    }
    problems += registry.unknown_among(operations)
    try:
        Scope.check(**scope)
    except InvalidRequest as error:
        problems += error.problems
    return scope


def scope_said(scope: Mapping[str, Any] | None) -> str:
    """The scope in words; empty when the window is about everything that its mode blocks."""
    if not scope:
        return ""
    parts = [
        f"{noun}{'s' if len(scope[part]) > 1 else ''} {', '.join(scope[part])}"
        for part, noun in (("operations", "operation"), ("queues", "queue"), ("tenants", "tenant"))
        if scope[part]
    ]
    if scope["tenants"]:
        parts[-1] += f" by {scope['tenant_key']}"
    if scope["crossing"] is not None:
        parts.append("jobs that would still run at the planned start")
    return "; ".join(parts)
