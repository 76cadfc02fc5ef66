"""`maintenance close-local`: close this machine by a file, when no store can be reached."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import tempfile
import time
from pathlib import Path

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.cli.options import command, json_option
from guard.cli.render import print_json, safe
from guard.cli.where import find_settings, operator

__all__ = ["close_local"]


@command("close-local", example="close-local\nclose-local --open", exits=(Exit.NOT_NOW,))
@click.option("--open", "reopen", is_flag=True, help="Remove the file again.")
@json_option
def close_local(ctx: click.Context, *, reopen: bool, as_json: bool) -> None:
    """Close this machine without any network.

    Makes a file. While it is there, no guarded job starts in any process of this user on this machine;
    they notice it within about 0.3 seconds. No store and no broker is asked, and other machines are not
    touched. It can only close: removing it does not end a window.

    Workers that run as another user look for another file, unless GUARD_LOCAL_CLOSE_FILE names one: run
    this as their user. Without -A the settings are those of the environment.
    """
    from guard.bootstrap import local_close_file

    path = local_close_file(find_settings(ctx))
    try:
        changed = _remove(path) if reopen else _make(path)
    except OSError as error:
        verb = "removed" if reopen else "made"
        reason = error.strerror or type(error).__name__
        message = (
            f"{path} cannot be {verb} ({reason}): run this as the workers' user, "
            "or set GUARD_LOCAL_CLOSE_FILE to a file of theirs"
        )
        raise CommandError("FileError", message, Exit.NOT_NOW) from error
    user = _user()
    if as_json:
        print_json({"file": str(path), "closed": not reopen, "changed": changed, "user": user})
        return
    click.echo(safe(_sentence(path, user, reopen=reopen, changed=changed)))


def _make(path: Path) -> bool:
    """The file appears whole, at once, readable by its owner only. False when it was there already."""
    note = {"by": operator(), "at": round(time.time(), 3), "pid": os.getpid()}
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(json.dumps(note) + "\n")
        try:
            os.link(draft, path)  # unlike a rename this never replaces what somebody else put there
        except FileExistsError:
            path.stat()  # a link that leads nowhere closes nothing: raises
            return False
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return True


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _sentence(path: Path, user: str, *, reopen: bool, changed: bool) -> str:
    if reopen and changed:
        return (
            f"Removed {path}: workers of user {user} on this machine follow the stores again "
            "within about 0.3 s; an open window still holds"
        )
    if reopen:
        return f"Nothing to do: {path} is not there, this machine is not closed locally for user {user}"
    if changed:
        return (
            f"Made {path}: workers of user {user} on this machine close within about 0.3 s; --open removes it"
        )
    return f"Already closed: {path} is there; workers of user {user} on this machine are closed"
