"""`maintenance web`: the admin page, the API and the status page, served alone."""

from __future__ import annotations

import sys

import click

from guard.cli.exits import Exit
from guard.cli.failures import CommandError
from guard.cli.options import command, json_option
from guard.cli.render import print_json
from guard.cli.where import find_guard, load_task_modules

__all__ = ["web"]


@command(
    "web",
    example="web\nweb --port 9000\nweb --host 0.0.0.0 --behind-tls --trusted-proxy 10.0.0.5",
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free."
)
@click.option(
    "--behind-tls", is_flag=True, help="A proxy in front ends TLS. Needed where others can reach ADDRESS."
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Address or network of that proxy, whose X-Forwarded-For counts; may be repeated.  "
    "[default: GUARD_TRUSTED_PROXIES]",
)
@json_option
def web(
    ctx: click.Context,
    *,
    host: str,
    port: int,
    behind_tls: bool,
    trusted_proxies: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve the admin page, the HTTP API and the status page, by itself.

    People sign in with access tokens, see `maintenance access`. It speaks plain HTTP: on an address that
    others can reach, a proxy in front must end TLS, and --behind-tls says that it does. SIGTERM and Ctrl-C
    end it after the requests that are under way. It needs the extra `web`.
    """
    guard = find_guard(ctx)
    load_task_modules(ctx)
    try:
        from guard.web.serving import serve
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] == "guard":
            raise
        message = f"the web side is not installed ({error.name} is missing): install the extra `web`"
        raise CommandError("NoWeb", message, Exit.INVALID) from error

    def ready(address: str) -> None:
        if as_json:
            print_json({"address": address.split(" ", maxsplit=1)[0], "behind_tls": behind_tls}, compact=True)
        else:
            click.echo(f"Serving {address}; Ctrl-C ends it")
        sys.stdout.flush()

    serve(
        guard,
        host=host,
        port=port,
        behind_tls=behind_tls,
        trusted_proxies=trusted_proxies or None,
        ready=ready,
    )
    guard.close()
