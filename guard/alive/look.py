"""What a health check looks at: marks in a folder, or one address of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.alive.mark import problem_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["problems_of_marks", "problems_of_url"]

_PATIENCE_SECONDS = 3.0


def problems_of_marks(folder: Path, names: Sequence[str]) -> list[str]:
    """What is wrong with these processes, a sentence each; none: they live.

    Args:
        names: nodes (``jobs@worker-1``) or what is before their @; empty: every mark that is there, and one
            at least.
    """
    marks = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not names:
        judged = [(path.name, problem_of(path)) for path in marks]
        return _sentences(judged) if judged else [f"nobody has left a mark in {folder}"]
    problems: list[str] = []
    for name in names:
        found = [path for path in marks if name in {path.name, path.name.partition("@")[0]}]
        problems += _sentences([(path.name, problem_of(path)) for path in found])
        problems += [] if found else [f"{name}: has left no mark in {folder}"]
    return problems


def problems_of_url(url: str) -> list[str]:
    """What is wrong with what serves a page; none: it answers. A refusal (4xx) is an answer, and so is a page
    that says that it is closed (503)."""
    import http.client  # after the marks: most checks need none of it
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return [f"{url}: give an address such as http://127.0.0.1:8080/maintenance"]
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", parts.path or "/", headers={"Connection": "close"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return [f"{url}: {type(error).__name__} {error}".rstrip()]
    finally:
        connection.close()
    return [f"{url}: answers {status}"] if status >= 500 and status != 503 else []


def _sentences(judged: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{name}: {problem}" for name, problem in judged if problem]
