"""Which release of the guard and of its libraries is installed, and whether they go together."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires, version

from guard.version import __version__

__all__ = ["out_of_range", "release"]

_PACKAGE = "celery-maintenance-guard"


def release() -> str:
    """The guard's and Celery's, ``0.1.0 on Celery 5.7.0``. Celery's is the installed one: a process
    that lives on asks once, when it starts."""
    try:
        celery = version("celery")
    except PackageNotFoundError:
        celery = "unknown"
    return f"{__version__} on Celery {celery}"


def out_of_range() -> tuple[str, ...] | None:
    """Libraries outside of the range that this release supports, a sentence each. None: nobody can say, since
    the guard is not installed as a package."""
    from packaging.requirements import Requirement

    try:
        lines = requires(_PACKAGE) or []
    except PackageNotFoundError:
        return None
    found = []
    for line in lines:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(wanted.name)
        except PackageNotFoundError:
            found.append(f"{wanted.name} is not installed, and {wanted.specifier} is needed")
            continue
        if not wanted.specifier.contains(installed, prereleases=True):
            found.append(f"{wanted.name} {installed} is outside of {wanted.specifier}")
    return tuple(found)
