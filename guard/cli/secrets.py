"""`maintenance secrets`: what is kept encrypted in the database, and the keys that it is sealed with."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from guard.cli.exits import Exit, epilog
from guard.cli.options import by_option, command, json_option
from guard.cli.render import Screen, counted, moment, print_json
from guard.cli.where import find_guard
from guard.core.secret_names import LONGEST_SECRET, SECRETS, check_secret

__all__ = ["secrets"]

_CODES = (Exit.DONE, Exit.INVALID, Exit.UNCONFIRMED, Exit.AWAY)


@click.group(
    "secrets",
    epilog=epilog("secrets set guard_smtp_url < url.txt\nsecrets list\nsecrets rotate", *_CODES),
)
def secrets() -> None:
    """Secrets that are kept encrypted in the database, for where the environment has none.

    They are sealed with the first key of GUARD_ENCRYPTION_KEYS, or one that is derived from GUARD_SECRET_KEY.
    See docs/secrets.md.
    """


@command("set", example="secrets set guard_smtp_url < url.txt", exits=(Exit.AWAY,))
@click.argument("name")
@by_option
@json_option
def set_secret(ctx: click.Context, *, name: str, by: str, as_json: bool) -> None:
    """Keep the secret NAME: read from standard input, or asked for on a terminal.

    NAME is maintenance_webhook_url, guard_webhook_secrets or guard_smtp_url (with user and password): the
    setting for which it stands in wherever the environment has none. The text is judged as that setting is.
    It is never an argument: those are seen by everybody on the machine. Running processes take it within
    half a minute.
    """
    guard = find_guard(ctx)
    check_secret(name)
    if sys.stdin.isatty():
        text = click.prompt(f"{name} ({SECRETS[name]})", hide_input=True, confirmation_prompt=True, err=True)
    else:
        text = sys.stdin.read(LONGEST_SECRET + 2).rstrip("\r\n")
    guard.secrets.set(name, text, by=by)
    _done(ctx, f"The secret {name} is kept", {"name": name, "kept": True}, as_json=as_json)


@command("list", example="secrets list --json", exits=(Exit.AWAY,))
@json_option
def list_secrets(ctx: click.Context, *, as_json: bool) -> None:
    """List which secrets are kept, since when and by whom. Never what they are."""
    found = find_guard(ctx).secrets.list()
    if as_json:
        print_json([asdict(one) for one in found])
        return
    screen = Screen(ctx)
    screen.head(f"{counted(len(found), 'secret')} kept; there may be: {', '.join(SECRETS)}")
    if found:
        rows: list[tuple[str, ...]] = [
            (one.name, moment(one.changed_at), one.changed_by, _opens(opens=one.opens)) for one in found
        ]
        screen.table(("name", "since", "by", "opens"), rows)
    screen.show()


def _opens(*, opens: bool) -> str:
    return "yes" if opens else "no: its key is not here"


@command("remove", example="secrets remove guard_smtp_url", exits=(Exit.AWAY,))
@click.argument("name")
@by_option
@json_option
def remove(ctx: click.Context, *, name: str, by: str, as_json: bool) -> None:
    """Drop the secret NAME."""
    find_guard(ctx).secrets.remove(name, by=by)
    _done(ctx, f"The secret {name} is gone", {"name": name, "kept": False}, as_json=as_json)


@command("rotate", example="secrets rotate", exits=(Exit.UNCONFIRMED, Exit.AWAY))
@by_option
@json_option
def rotate(ctx: click.Context, *, by: str, as_json: bool) -> None:
    """Seal everything that is kept encrypted with the newest key: these secrets, and seeds of authenticators.

    First put the new key before the old ones in GUARD_ENCRYPTION_KEYS of every process. When this says that
    nothing is left, the old keys may go. It may be interrupted and run again. Exit code 4: some of it is
    opened by no key that is here.
    """
    done = find_guard(ctx).secrets.rotate(by=by)
    if as_json:
        print_json(asdict(done))
    else:
        screen = Screen(ctx)
        screen.head(f"{done.renewed} sealed anew, {done.newest} had the newest key", "good")
        for name in done.unreadable:
            screen.note(f"{name}: no key here opens it; keep the old keys, or set it anew")
        screen.show()
    if done.unreadable:
        ctx.exit(Exit.UNCONFIRMED)


@command("new-key", example="secrets new-key")
@json_option
def new_key(ctx: click.Context, *, as_json: bool) -> None:  # noqa: ARG001 - as all commands
    """Print a new key for GUARD_ENCRYPTION_KEYS. It is kept nowhere."""
    import secrets as chance
    from base64 import urlsafe_b64encode

    key = urlsafe_b64encode(chance.token_bytes(32)).decode()
    if as_json:
        print_json({"key": key})
    else:
        click.echo(key)


def _done(ctx: click.Context, text: str, told: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    screen = Screen(ctx)
    screen.head(text, "good")
    screen.show()


for _one in (set_secret, list_secrets, remove, rotate, new_key):
    secrets.add_command(_one)
