"""Every process of this machine that we may see. No environments: they hold secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.command_lines import masked_arguments
from guard.evidence.parts import Missing, Part, json_lines_part
from guard.settings.masking import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = ["processes_part", "psutil"]

_FACTS = ("pid", "ppid", "username", "name", "status", "create_time", "num_threads", "exe", "cwd", "terminal")


def processes_part() -> Part:
    """One process per line; what we may not see of one is null."""
    return json_lines_part("processes", _processes)


def psutil() -> ModuleType:
    """The library. Raises `Missing` when it is not installed."""
    try:
        import psutil as found
    except ImportError as error:
        raise Missing("psutil is not installed (the extra `automation` has it)") from error
    return found


def _processes() -> Iterator[dict[str, Any]]:
    library = psutil()
    for process in library.process_iter():
        try:
            facts = process.as_dict([*_FACTS, "cmdline", "memory_info", "cpu_times"])
        except library.NoSuchProcess:
            continue
        yield {
            **{name: facts[name] for name in _FACTS},
            "command": [mask_url(one) for one in masked_arguments(facts["cmdline"] or [])],
            "rss": facts["memory_info"].rss if facts["memory_info"] else None,
            "cpu_seconds": sum(facts["cpu_times"][:2]) if facts["cpu_times"] else None,
        }
