"""`maintenance alerts`: what a person should know, who sees to it, and the rules that raise it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, moment, print_json
from guard.cli.where import find_guard
from guard.core.alerts import AlertState
from guard.core.durations import humanize

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.api.alerts import RuleView
    from guard.core.alerts import KeptAlert

__all__ = ["alerts"]

_TONES = {"critical": "bad", "warning": "warn", "info": ""}
_CODES = (Exit.DONE, Exit.INVALID, Exit.AWAY, Exit.NOT_FOUND)


@click.group(
    "alerts",
    invoke_without_command=True,
    epilog=epilog("alerts\nalerts list --all\nalerts acknowledge 17\nalerts rules", *_CODES),
)
@json_option
@click.pass_context
def alerts(ctx: click.Context, *, as_json: bool) -> None:
    """List what a person should know, say that somebody sees to it, or show the rules.

    Critical: look at once. Warning: within an hour. Info: within a day.
    """
    names = ("list", "acknowledge", "resolve", "rules")
    ctx.default_map = {name: {"as_json": as_json} for name in names}
    if ctx.invoked_subcommand is None:
        _list(ctx, 50, everything=False, as_json=as_json)


@command("list", example="alerts list\nalerts list --all --limit 200 --json", exits=(Exit.AWAY,))
@click.option("--all", "everything", is_flag=True, help="Those that are over, or were seen, too.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many at most."
)
@json_option
def list_alerts(ctx: click.Context, *, everything: bool, limit: int, as_json: bool) -> None:
    """List alerts, newest first: those that stand, and those that nobody has seen.

    `alerts` alone does the same. A critical alert that nobody acknowledges is told again every 15 minutes, a
    warning every 4 hours.
    """
    _list(ctx, limit, everything=everything, as_json=as_json)


@command("acknowledge", example="alerts acknowledge 17", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("alert_id", metavar="ID", type=click.IntRange(1))
@by_option
@json_option
def acknowledge(ctx: click.Context, *, alert_id: int, by: str, as_json: bool) -> None:
    """Say that you see to it: it is not told again. It ends by itself when it is over."""
    _said(ctx, find_guard(ctx).alerts.acknowledge(alert_id, by=by), as_json=as_json)


@command("resolve", example="alerts resolve 17", exits=(Exit.AWAY, Exit.NOT_FOUND))
@click.argument("alert_id", metavar="ID", type=click.IntRange(1))
@by_option
@json_option
def resolve(ctx: click.Context, *, alert_id: int, by: str, as_json: bool) -> None:
    """Say that it is over, where nothing can show that: a machine that is gone. While it still is so, it is
    raised anew."""
    _said(ctx, find_guard(ctx).alerts.resolve(alert_id, by=by), as_json=as_json)


@command("rules", example="alerts rules\nalerts rules --json")
@json_option
def rules(ctx: click.Context, *, as_json: bool) -> None:
    """Show the rules: limits in force, how long, how often they are looked at, and what was seen last.

    GUARD_ALERT_THRESHOLDS moves the limits: cpu=90,memory=95.
    """
    found = find_guard(ctx).alerts.rules()
    if as_json:
        print_json({"rules": [one.to_dict() for one in found]})
        return
    screen = Screen(ctx)
    screen.head(f"{len(found)} rules")
    titles = ("name", "severity", "above", "for", "every", "seen last")
    screen.table(titles, [_rule(one, time.time()) for one in found])
    if any(one.seen is None for one in found):
        screen.note("the control plane does not answer: nobody can say what was seen", "bad")
    screen.show()


for _command in (list_alerts, acknowledge, resolve, rules):
    alerts.add_command(_command)


def _list(ctx: click.Context, limit: int, *, everything: bool, as_json: bool) -> None:
    guard: Guard = find_guard(ctx)
    found = guard.alerts.list(limit, everything=everything)
    if as_json:
        print_json({"alerts": [one.to_dict() for one in found]})
        return
    screen = Screen(ctx)
    nothing = "there was no alert yet" if everything else "no alert wants attention"
    screen.head(counted(len(found), "alert") if found else nothing)
    for one in found:
        tone = "quiet" if one.state is AlertState.RESOLVED else _TONES[one.alert.severity.value]
        label = f"{one.alert_id:>6}  {one.alert.severity.value:<9}{_state(one):<13}"
        screen.row(label, one.alert.message, tone)
        screen.more([_when(one)])
    screen.show()


def _said(ctx: click.Context, kept: KeptAlert, *, as_json: bool) -> None:
    if as_json:
        print_json(kept.to_dict())
        return
    screen = Screen(ctx)
    screen.head(f"Alert {kept.alert_id} is {_state(kept)}: {kept.alert.message}")
    screen.more([_when(kept)])
    screen.show()


def _state(kept: KeptAlert) -> str:
    return "happened" if kept.state is AlertState.NOTED else kept.state.value


def _when(kept: KeptAlert) -> str:
    parts = [f"{kept.alert.kind}, {moment(kept.alert.at)}"]
    if kept.count > 1:
        parts.append(f"told {kept.count} times, last {moment(kept.last_told_at)}")
    if kept.acknowledged_by:
        saw = "saw to it" if kept.resolved_at is not None else "sees to it"
        parts.append(f"{kept.acknowledged_by} {saw}")
    if kept.resolved_at is not None:
        who = f" ({kept.resolved_by})" if kept.resolved_by else ""
        parts.append(f"over {moment(kept.resolved_at)}{who}")
    return "; ".join(parts)


def _rule(view: RuleView, now: float) -> tuple[str, ...]:
    rule = view.rule
    limit = "it is so" if rule.flag else f"{view.limit:g} {rule.unit}".rstrip()
    held = humanize(rule.hold) if rule.hold else "at once"
    return (rule.name, rule.severity.value, limit, held, humanize(rule.every), _seen(view, now))


def _seen(view: RuleView, now: float) -> str:
    if view.seen is None:
        return "unknown"
    if not view.seen:
        return "nothing to look at" if view.rule.vanishes else "not looked at yet"
    told = []
    for subject, one in sorted(view.seen.items()):
        value = f"{one.value:.3g}" if one.value is not None else one.why or "unknown"
        told.append(f"{subject + ' ' if subject else ''}{value}, {humanize(max(0.0, now - one.at))} ago")
    return "; ".join(told[:3]) + (f"; {len(told) - 3} more" if len(told) > 3 else "")
