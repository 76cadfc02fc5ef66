"""Chains, groups and chords: refused as a whole, or run as a whole."""

from typing import Any

from celery import chain, chord, shared_task


@shared_task
def cut(sheet: int) -> int:
    return sheet


@shared_task
def stack(sheets: list[int]) -> int:
    return len(sheets)


# region: finish
@shared_task(continuation="finish")
def wrap(count: int) -> str:
    return f"{count} sheets, wrapped"


# endregion


# region: workflow
def leaflet(sheets: int) -> Any:
    return chain(chord([cut.s(sheet) for sheet in range(sheets)], stack.s()), wrap.s()).apply_async()


# endregion
