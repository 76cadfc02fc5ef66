"""Which metrics and labels a PromQL expression names."""

from __future__ import annotations

import re

__all__ = ["labels_used", "names_in"]

_NAME = re.compile(r"\bguard_[a-z0-9_]+\b")
_MATCHED = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
_GROUPED = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")
_STRING = re.compile(r'"[^"]*"')


def names_in(expression: str) -> set[str]:
    """The guard's metrics in it."""
    return set(_NAME.findall(_STRING.sub('""', expression)))


def labels_used(expression: str) -> set[str]:
    """Labels that it selects or groups by."""
    grouped = {name.strip() for names in _GROUPED.findall(expression) for name in names.split(",")}
    return set(_MATCHED.findall(expression)) | (grouped - {""})
