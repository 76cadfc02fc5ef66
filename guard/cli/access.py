"""`maintenance access`: tokens, second factors and approvals for the web side."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, moment, print_json
from guard.cli.where import find_guard
from guard.core.access import Right
from guard.core.credentials import LONGEST_TOKEN_SECONDS
from guard.core.durations import parse_duration

if TYPE_CHECKING:
    from guard.core.credentials import TokenView
    from guard.core.one_time_codes import Enrolment

__all__ = ["access"]

_CODES = (Exit.DONE, Exit.INVALID, Exit.NOT_NOW, Exit.AWAY)


@click.group(
    "access",
    epilog=epilog(
        "access token make alice --right emergency --for 90d\naccess enrol alice\n"
        "access confirm alice 123456\n"
        "access token list --json",
        *_CODES,
    ),
)
def access() -> None:
    """Who may use the web side and Flower's emergency buttons: tokens, second factors, approvals.

    Whoever has a shell needs none of these: the other commands ask nobody. It needs the extra `access`, which
    `web` and `flower` contain.
    """


@click.group(
    "token",
    epilog=epilog(
        "access token make alice --right operate --right emergency --for 90d\naccess token list --json\n"
        "access token revoke 3f9a1c0b7d2e4f58",
        *_CODES,
    ),
)
def token() -> None:
    """Make, list and revoke access tokens."""


@command("make", example="access token make alice --right emergency --for 90d", exits=(Exit.AWAY,))
@click.argument("owner")
@click.option(
    "--right",
    "rights",
    multiple=True,
    required=True,
    metavar="RIGHT",
    help=f"What it allows: {', '.join(Right)}. Repeat it for more; admin includes all.",
)
@click.option("--for", "period", required=True, metavar="TIME", help="How long it counts: 90d; at most 366d.")
@click.option("--label", default="", metavar="TEXT", help="What it is for.")
@by_option
@json_option
def make(
    ctx: click.Context,
    *,
    owner: str,
    rights: tuple[str, ...],
    period: str,
    label: str,
    by: str,
    as_json: bool,
) -> None:
    """Make a token for OWNER, whom the journal names for what is done with it.

    It is printed once and kept nowhere: only a digest of it is. Send it as `Authorization: Bearer TOKEN`, or
    sign in with it on the admin page.
    """
    seconds = parse_duration(period, longest=LONGEST_TOKEN_SECONDS)
    made = find_guard(ctx).access.make_token(owner, rights=rights, seconds=seconds, by=by, label=label)
    if as_json:
        print_json({"token": made.text, **made.view.to_dict()})
        return
    click.echo(made.text)
    if sys.stderr.isatty():
        click.echo(
            f"  id {made.view.token_id}, until {moment(made.view.expires_at)}; it is shown only now", err=True
        )


@command("list", example="access token list --json", exits=(Exit.AWAY,))
@json_option
def list_tokens(ctx: click.Context, *, as_json: bool) -> None:
    """List all tokens, the newest first, those that are over too. Never their secrets."""
    found = find_guard(ctx).access.tokens()
    if as_json:
        print_json([view.to_dict() for view in found])
        return
    screen, now = Screen(ctx), time.time()
    screen.head(f"Tokens: {sum(view.counts(now) for view in found)} count, {len(found)} were made")
    if found:
        titles = ("id", "owner", "rights", "until", "last used", "state", "label")
        screen.table(titles, [_token_row(view, now) for view in found])
    screen.show()


@command("revoke", example="access token revoke 3f9a1c0b7d2e4f58", exits=(Exit.AWAY,))
@click.argument("token_id", metavar="ID")
@by_option
@json_option
def revoke(ctx: click.Context, *, token_id: str, by: str, as_json: bool) -> None:
    """End the token with this ID now, and every sign-in on the admin page that was made with it."""
    view = find_guard(ctx).access.revoke_token(token_id, by=by)
    if as_json:
        print_json(view.to_dict())
        return
    screen = Screen(ctx)
    screen.head(f"Token {view.token_id} of {view.owner} counts no longer", "good")
    screen.show()


@command("enrol", example="access enrol alice", exits=(Exit.AWAY,))
@click.argument("owner")
@by_option
@json_option
def enrol(ctx: click.Context, *, owner: str, by: str, as_json: bool) -> None:
    """Set up a second factor for OWNER: an authenticator (TOTP), and one-time codes for when it is lost.

    Both are shown only now. On a terminal there is a QR code to scan. It counts after `access confirm`. Each
    use of a one-time code raises a critical alert.

    It needs GUARD_SECRET_KEY, with which what is kept is encrypted: under another key it must be set up anew.
    """
    made = find_guard(ctx).access.enrol(owner, by=by)
    if as_json:
        codes = list(made.break_glass)
        print_json({"owner": made.owner, "uri": made.uri, "seed": made.seed, "break_glass": codes})
        return
    screen = Screen(ctx)
    screen.head(f"Second factor of {made.owner}, shown only now")
    screen.row("address", made.uri)
    screen.row("to be typed", made.seed)
    screen.row("break-glass", "one-time codes: print them, and keep them apart")
    screen.more(made.break_glass)
    screen.show()
    if sys.stdout.isatty():
        _show_qr(made)
    click.echo(f"Then: celery -A yourapp maintenance access confirm {made.owner} CODE", err=True)


@command("confirm", example="access confirm alice 123456", exits=(Exit.NOT_NOW, Exit.AWAY))
@click.argument("owner")
@click.argument("code", required=False)
@by_option
@json_option
def confirm(ctx: click.Context, *, owner: str, code: str | None, by: str, as_json: bool) -> None:
    """Let the second factor of OWNER count, with the CODE that the authenticator shows now.

    Without CODE it is asked for. Exit code 3: it does not count.
    """
    shown = code if code is not None else click.prompt("Code", err=True)
    find_guard(ctx).access.confirm(owner, shown, by=by)
    if as_json:
        print_json({"owner": owner, "confirmed": True})
        return
    screen = Screen(ctx)
    screen.head(f"The second factor of {owner} counts from now on", "good")
    screen.show()


@command("forget", example="access forget alice", exits=(Exit.AWAY,))
@click.argument("owner")
@by_option
@json_option
def forget(ctx: click.Context, *, owner: str, by: str, as_json: bool) -> None:
    """Drop the second factor and the one-time codes of OWNER: until there is a new one, no step-up."""
    find_guard(ctx).access.forget(owner, by=by)
    if as_json:
        print_json({"owner": owner, "forgotten": True})
        return
    screen = Screen(ctx)
    screen.head(f"{owner} has no second factor any more", "warn")
    screen.show()


@command("approvals", example="access approvals --json", exits=(Exit.AWAY,))
@json_option
def approvals(ctx: click.Context, *, as_json: bool) -> None:
    """List what was asked of a second person in the last week, the newest first (GUARD_SECOND_APPROVER)."""
    found, now = find_guard(ctx).access.approvals(), time.time()
    told = [view.to_dict(now) for view in found]
    if as_json:
        print_json(told)
        return
    screen = Screen(ctx)
    screen.head(f"Approvals: {sum(view['stage'] == 'waiting' for view in told)} wait, {len(told)} in all")
    if told:
        titles = ("id", "deed", "asked by", "asked at", "stage", "by", "digest")
        screen.table(titles, [_approval_row(view) for view in told])
    screen.show()


for _command in (make, list_tokens, revoke):
    token.add_command(_command)
for _member in (token, enrol, confirm, forget, approvals):
    access.add_command(_member)


def _token_row(view: TokenView, now: float) -> tuple[str, ...]:
    state = f"revoked by {view.revoked_by}" if view.revoked_at else "counts" if view.counts(now) else "over"
    used = moment(view.used_at) if view.used_at is not None else "never"
    rights = ", ".join(sorted(view.rights))
    return (view.token_id, view.owner, rights, moment(view.expires_at), used, state, view.label)


def _approval_row(view: dict[str, Any]) -> tuple[str, ...]:
    by = view["approved_by"] or view["refused_by"]
    names = (view["approval_id"], view["deed"], view["asked_by"])
    return (*names, moment(view["asked_at"]), view["stage"], by, view["digest"][:12])


def _show_qr(made: Enrolment) -> None:
    import segno

    segno.make_qr(made.uri).terminal(compact=True)
