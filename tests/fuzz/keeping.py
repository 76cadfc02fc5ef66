"""Inputs that once broke a promise, as files: one each, read again by every later run.

A file is JSON: the case, and what was said when it was found. Bytes are written as ``{"bytes": base64}``.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FOUND", "keep", "kept", "plain", "whole"]

FOUND = Path(__file__).with_name("found")
_MARK = "bytes"


def plain(value: Any) -> Any:
    """A case as JSON can say it."""
    if isinstance(value, bytes):
        return {_MARK: b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def whole(value: Any) -> Any:
    """The case of what `plain` gave."""
    if isinstance(value, dict):
        if set(value) == {_MARK} and isinstance(value[_MARK], str):
            return b64decode(value[_MARK])
        return {key: whole(inner) for key, inner in value.items()}
    return [whole(inner) for inner in value] if isinstance(value, list) else value


def keep(target: str, case: Any, said: str) -> Path:
    """Write a finding, and give its file."""
    text = json.dumps({"case": plain(case), "said": said}, indent=1)
    folder = FOUND / target
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sha256(text.encode()).hexdigest()[:12]}.json"
    path.write_text(text + "\n", "utf-8")
    return path


def kept(target: str) -> Iterator[tuple[str, Any]]:
    """Name and case of each finding of a target."""
    for path in sorted((FOUND / target).glob("*.json")):
        yield path.stem, whole(json.loads(path.read_text("utf-8"))["case"])
