"""The doctor's findings as people read them: by family, what is wrong first and with its remedy below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.cli.render import Screen, counted, short_time
from guard.core.diagnosis import Family, Status

if TYPE_CHECKING:
    import click

    from guard.core.diagnosis import Diagnosis, Finding

__all__ = ["doctor_screen"]

_TONES = {Status.OK: "good", Status.WARNING: "warn", Status.PROBLEM: "bad", Status.UNKNOWN: "warn"}


def doctor_screen(ctx: click.Context, diagnosis: Diagnosis, *, show_all: bool) -> Screen:
    """The screen. Checks that are well are counted, unless all are wanted."""
    screen = Screen(ctx)
    screen.head(_summary(diagnosis), _TONES[diagnosis.health])
    first = next(iter(diagnosis.with_status(Status.PROBLEM)), None)
    if first is not None and first.remedy:
        screen.row("begin with", f"{first.check}: {first.remedy}", "bad")
    for family in Family:
        found = [one for one in diagnosis.findings if one.family is family]
        if found:
            _family(screen, family, found, show_all=show_all)
    return screen


def _summary(diagnosis: Diagnosis) -> str:
    count = {status: len(diagnosis.with_status(status)) for status in Status}
    parts = [counted(len(diagnosis.findings), "check")]
    if count[Status.PROBLEM]:
        parts.append(counted(count[Status.PROBLEM], "problem"))
    if count[Status.WARNING]:
        parts.append(counted(count[Status.WARNING], "warning"))
    if count[Status.UNKNOWN]:
        parts.append(f"{count[Status.UNKNOWN]} unknown")
    if diagnosis.health is Status.OK:
        parts.append("all is well")
    return f"{', '.join(parts)} ({short_time(diagnosis.seconds)})"


def _family(screen: Screen, family: Family, found: list[Finding], *, show_all: bool) -> None:
    well = [one for one in found if one.status is Status.OK]
    screen.line()
    if len(well) == len(found) and not show_all:
        screen.line(f"{family.heading}: {counted(len(well), 'check')}, all well", "good")
        return
    screen.line(family.heading, "head")
    waiting: dict[str, list[str]] = {}
    for one in found:
        if one.because:
            waiting.setdefault(one.because, []).append(one.check)
        elif one.status is not Status.OK or show_all:
            _finding(screen, one)
    for cause, names in waiting.items():
        screen.row("not looked at", f"because of “{cause}”: {', '.join(names)}", "warn")
    if well and not show_all:
        screen.row("ok", ", ".join(one.check for one in well), "good")


def _finding(screen: Screen, one: Finding) -> None:
    screen.row(one.status.value, f"{one.check}: {one.seen}", _TONES[one.status])
    if one.why:
        screen.row("", one.why)
    if one.status is not Status.OK:
        screen.row("", f"guide: {one.symptom}", "quiet")
    if one.remedy:
        screen.row("  → remedy", one.remedy, "head")
