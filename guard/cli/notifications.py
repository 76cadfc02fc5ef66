"""`maintenance notifications`: what was told to whom, what waits, a test message, another try."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from guard.cli.exits import Exit, epilog
from guard.cli.failures import CommandError
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, moment, print_json
from guard.cli.where import find_guard
from guard.core.durations import humanize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.api.notifications import NotificationsStanding
    from guard.core.deliveries import Delivery
    from guard.notify.sender import SentReport

__all__ = ["notifications"]

_LATE_SECONDS = 300.0
_TEST_SECONDS = 30.0
_TONES = {"sent": "good", "waiting": "warn", "given up": "bad"}


@click.group(
    "notifications",
    invoke_without_command=True,
    epilog=epilog(
        "notifications\nnotifications send-test --to operators\nnotifications retry --all",
        *(Exit.DONE, Exit.INVALID, Exit.UNCONFIRMED, Exit.AWAY, Exit.NOT_FOUND),
    ),
)
@json_option
@click.pass_context
def notifications(ctx: click.Context, *, as_json: bool) -> None:
    """Show what was told to whom and what waits, send a test message, or have something tried again.

    Mails go out by GUARD_SMTP_URL to GUARD_MAIL_USERS, GUARD_MAIL_OPERATORS and GUARD_MAIL_EMERGENCY_TEAM,
    JSON to MAINTENANCE_WEBHOOK_URL. `notifications` alone is `notifications list`.
    """
    names = ("list", "send-test", "retry", "send")
    ctx.default_map = {name: {"as_json": as_json} for name in names}
    if ctx.invoked_subcommand is None:
        _list(ctx, limit=20, stage=None, as_json=as_json)


@command("list", example="notifications list --stage waiting", exits=(Exit.AWAY,))
@click.option(
    "-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most."
)
@click.option("--stage", default=None, metavar="STAGE", help="Only these: waiting, sent or 'given up'.")
@json_option
def list_notifications(ctx: click.Context, *, limit: int, stage: str | None, as_json: bool) -> None:
    """List what is set up, what waits, and the last deliveries, newest first."""
    _list(ctx, limit=limit, stage=stage, as_json=as_json)


@command(
    "send-test",
    example="notifications send-test\nnotifications send-test --to users --to 'emergency team'",
    exits=(Exit.UNCONFIRMED, Exit.AWAY),
)
@click.option(
    "--to",
    "audiences",
    multiple=True,
    metavar="WHOM",
    help="users, operators or 'emergency team'; may be given several times.  [default: operators]",
)
@by_option
@json_option
def send_test(ctx: click.Context, *, audiences: tuple[str, ...], by: str, as_json: bool) -> None:
    """Send a test message, marked as one, and say whether the servers took it.

    Exit code 4: not all of it was taken; what waits is tried again.
    """
    guard = find_guard(ctx)
    made = guard.notifications.send_test(by=by, to=audiences)
    guard.notifications.follow()
    guard.notifications.wait(_TEST_SECONDS)
    ids = {one.delivery_id for one in made}
    seen = [one for one in guard.notifications.recent(1000) if one.delivery_id in ids]
    if as_json:
        print_json({"deliveries": [one.to_dict() for one in seen]})
    else:
        screen = Screen(ctx)
        taken = sum(one.stage.value == "sent" for one in seen)
        screen.head(f"Test message: {taken} of {counted(len(seen), 'receiver')} took it")
        _table(screen, seen)
        screen.show()
    ctx.exit(Exit.DONE if all(one.stage.value == "sent" for one in seen) else Exit.UNCONFIRMED)


@command("retry", example="notifications retry --all", exits=(Exit.NOT_FOUND, Exit.AWAY))
@click.argument("delivery_id", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="All that wait for their turn or were given up.")
@by_option
@json_option
def retry(ctx: click.Context, *, delivery_id: str | None, everything: bool, by: str, as_json: bool) -> None:
    """Try a delivery at once that waits for its turn or was given up; or all of them.

    What was sent is not sent again.
    """
    if (delivery_id is None) != everything:
        raise CommandError("InvalidRequest", "say either the ID of a delivery, or --all", Exit.INVALID)
    guard = find_guard(ctx)
    count = guard.notifications.retry(delivery_id, by=by)
    if not count and delivery_id is not None:
        raise CommandError("NotFound", "no delivery of this id waits or was given up", Exit.NOT_FOUND)
    report = guard.notifications.step()
    if as_json:
        print_json({"retried": count, "report": report.to_dict() if report is not None else None})
    else:
        screen = Screen(ctx)
        screen.head(f"{counted(count, 'delivery', 'deliveries')} to be tried at once")
        _report(screen, report)
        screen.show()


@command("send", example="notifications send", exits=(Exit.UNCONFIRMED, Exit.AWAY))
@json_option
def send(ctx: click.Context, *, as_json: bool) -> None:
    """Send what is due, here and now. Beat does so every ten seconds; without beat, this is for cron.

    Exit code 4: something could not be sent.
    """
    report = find_guard(ctx).notifications.step()
    if as_json:
        print_json({"report": report.to_dict() if report is not None else None})
    else:
        screen = Screen(ctx)
        _report(screen, report)
        screen.show()
    ctx.exit(Exit.UNCONFIRMED if report is not None and report.problems else Exit.DONE)


for _command in (list_notifications, send_test, retry, send):
    notifications.add_command(_command)


def _list(ctx: click.Context, *, limit: int, stage: str | None, as_json: bool) -> None:
    guard = find_guard(ctx)
    standing = guard.notifications.standing()
    found = guard.notifications.recent(limit, stage=stage)
    if as_json:
        print_json({**standing.to_dict(), "deliveries": [one.to_dict() for one in found]})
        return
    screen = Screen(ctx)
    _standing(screen, standing)
    if found:
        screen.line()
        _table(screen, found)
    screen.show()


def _standing(screen: Screen, standing: NotificationsStanding) -> None:
    off = "Notifications are OFF (MAINTENANCE_NOTIFICATIONS_ENABLED)"
    screen.head("Notifications" if standing.enabled else off)
    named = standing.mail_by or "no server is named (GUARD_SMTP_URL)"
    screen.row("mail by", named, "" if standing.mail_server else "warn")
    for audience, count in standing.addresses.items():
        many = counted(count, "address", "addresses") if count else "nobody"
        screen.row(audience.removeprefix("emergency "), many)
    by_mail = "by mail too" if standing.alerts_by_mail else "not by mail (MAINTENANCE_EMAIL_ALERTS)"
    screen.row("alerts", by_mail)
    screen.row("webhook", standing.webhook or "none")
    if standing.webhook and not standing.signed:
        screen.note("the webhook is not signed: set GUARD_WEBHOOK_SECRETS")
    counts = standing.counts
    screen.row("deliveries", ", ".join(f"{counts[name]} {name}" for name in ("waiting", "sent", "given up")))
    if standing.oldest_waiting is not None:
        waits = time.time() - standing.oldest_waiting
        if waits > _LATE_SECONDS:
            why = "is beat running, do the servers answer?"
            screen.note(f"the oldest has waited for {humanize(waits)}: {why}", "bad")


def _table(screen: Screen, found: Sequence[Delivery]) -> None:
    titles = ("made", "what", "by", "to", "stage", "tries", "problem", "id")
    screen.table(
        titles,
        [
            (
                moment(one.made_at),
                one.event,
                one.channel.value,
                one.receiver or "-",
                one.stage.value,
                str(one.attempts),
                one.problem or "",
                one.delivery_id,
            )
            for one in found
        ],
    )


def _report(screen: Screen, report: SentReport | None) -> None:
    if report is None:
        screen.line("  another process is sending")
        return
    screen.row("sent", str(report.sent), "good" if report.sent else "")
    screen.row("failed", str(report.failed), "warn" if report.failed else "")
    screen.row("given up", str(report.given_up), "bad" if report.given_up else "")
    for problem in report.problems:
        screen.note(problem)
