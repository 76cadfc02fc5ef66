"""`maintenance check`: is the configuration valid, and is everything reachable?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from guard.cli.exits import Exit
from guard.cli.findings import Finding, Verdict
from guard.cli.options import command, json_option
from guard.cli.probes import probe_all
from guard.cli.render import Screen, print_json
from guard.cli.where import app_is_given, installed_guard
from guard.errors import ConfigurationInvalid

if TYPE_CHECKING:
    import click

    from guard.settings import Settings

__all__ = ["check"]

_TONES = {Verdict.PASS: "good", Verdict.FAIL: "bad", Verdict.UNKNOWN: "warn"}


@command("check", example="check\ncheck --json", exits=(Exit.NOT_NOW, Exit.UNCONFIRMED, Exit.AWAY))
@json_option
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Check the configuration, reach for every server.

    Every line says pass, fail or unknown. Nothing is changed. Without -A the settings of the environment
    are checked, which names every problem when an app cannot even be loaded.

    Exit code 2: the configuration is wrong, or the app has no guard. 3: the guard is switched off, or
    this machine is closed locally. 5: something is away. 4: something could not be told.
    """
    findings = _findings(ctx)
    code = max((finding.exit for finding in findings), key=_SEVERITY.index)
    if as_json:
        print_json({"ok": code is Exit.DONE, "checks": [finding.to_dict() for finding in findings]})
    else:
        _screen(ctx, findings).show()
    ctx.exit(code)


_SEVERITY = [Exit.DONE, Exit.UNCONFIRMED, Exit.NOT_NOW, Exit.AWAY, Exit.INVALID]


def _findings(ctx: click.Context) -> list[Finding]:
    from guard.settings import load_settings

    guard = installed_guard(ctx)
    try:
        settings = guard.settings if guard is not None else load_settings()
    except ConfigurationInvalid as error:
        return [Finding("configuration", Verdict.FAIL, problem, Exit.INVALID) for problem in error.problems]
    findings = [Finding("configuration", Verdict.PASS, f"every setting is valid{_from_files()}")]
    findings.append(_guard_finding(ctx, settings, installed=guard is not None))
    return findings + probe_all(settings, ctx.obj.app if app_is_given(ctx) else None)


def _from_files() -> str:
    from guard.settings.read import SECRETS
    from guard.settings.secret_files import given_as_files

    names = given_as_files(SECRETS, os.environ)
    return f"; from files: {', '.join(names)}" if names else ""


def _guard_finding(ctx: click.Context, settings: Settings, *, installed: bool) -> Finding:
    if not app_is_given(ctx):
        return Finding("guard", Verdict.UNKNOWN, "no app is named: celery -A yourapp maintenance check")
    if not installed:
        return Finding("guard", Verdict.FAIL, "the app has none: call guard.install(app)", Exit.INVALID)
    if not settings.maintenance_mode_enabled:
        return Finding("guard", Verdict.FAIL, "switched off by MAINTENANCE_MODE_ENABLED=false", Exit.NOT_NOW)
    return Finding("guard", Verdict.PASS, f"installed on app {ctx.obj.app.main!r}")


def _screen(ctx: click.Context, findings: list[Finding]) -> Screen:
    screen = Screen(ctx)
    bad = sum(finding.verdict is Verdict.FAIL for finding in findings)
    unsure = sum(finding.verdict is Verdict.UNKNOWN for finding in findings)
    summary = f"{len(findings)} checks: {bad} failed, {unsure} unknown"
    screen.head(summary, "bad" if bad else "warn" if unsure else "good")
    for finding in findings:
        screen.row(f"{finding.verdict.value:<8}", f"{finding.name}: {finding.note}", _TONES[finding.verdict])
    return screen
