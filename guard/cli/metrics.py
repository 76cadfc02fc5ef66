"""`maintenance metrics`: what Prometheus is told, printed once or served."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from guard.cli.exits import Exit
from guard.cli.options import command, json_option
from guard.cli.render import print_json
from guard.cli.where import find_guard, load_task_modules

__all__ = ["metrics"]


@command(
    "metrics",
    example="metrics\nmetrics --once\nmetrics --port 9540\n"
    "metrics --host 10.0.0.7 --behind-tls --token-file /etc/guard/metrics.token",
    exits=(Exit.AWAY,),
)
@click.option("--once", is_flag=True, help="Print them and end.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--port", default=9540, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free."
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="File with the bearer token that a scraper must send, 16 characters or more. "
    "Needed where others can reach ADDRESS.",
)
@click.option(
    "--behind-tls", is_flag=True, help="A proxy in front ends TLS. Needed where others can reach ADDRESS."
)
@json_option
def metrics(
    ctx: click.Context,
    *,
    once: bool,
    host: str,
    port: int,
    token_file: Path | None,
    behind_tls: bool,
    as_json: bool,
) -> None:
    """Tell Prometheus how the fleet is: an exporter of its own, or once on standard output.

    All figures are the fleet's, so one exporter is enough, wherever it runs; a second one says the same. It
    needs no store to find out who asks, so it answers when all of them are away. What is unknown has no
    sample. SIGTERM and Ctrl-C end it. With --once the exit code is 5 when a part did not answer; with --json
    that prints the figures as one object. It needs the extra `metrics`.
    """
    guard = find_guard(ctx)
    load_task_modules(ctx)  # they declare operations, and each of those is told apart
    if once:
        figures = guard.metrics.look()
        if as_json:
            from guard.api.exposing import as_dict

            print_json(as_dict(figures, declared=guard.metrics.declared))
        else:
            click.echo(guard.metrics.text(), nl=False)
        guard.close()
        ctx.exit(Exit.DONE if all(figures.up.values()) and figures.mode is not None else Exit.AWAY)
    from guard.cli.metrics_server import serve

    def ready(address: str) -> None:
        if as_json:
            print_json({"address": address, "token": token_file is not None}, compact=True)
        else:
            click.echo(f"Serving {address}; Ctrl-C ends it")
        sys.stdout.flush()

    try:
        serve(guard.metrics, host=host, port=port, token_file=token_file, behind_tls=behind_tls, ready=ready)
    finally:
        guard.close()
