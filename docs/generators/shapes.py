"""Shapes of JSON Schema as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generators.markdown import anchor, cell, code, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["shape", "short", "type_of"]

_LIMITS = (
    ("minimum", "{} or more"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "{} at most"),
    ("exclusiveMaximum", "less than {}"),
    ("minLength", "{} characters or more"),
    ("maxLength", "{} characters at most"),
    ("minItems", "{} or more"),
    ("maxItems", "{} at most"),
    ("pattern", "as `{}`"),
)


def shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """A section about a shape: what it is, and its fields."""
    yield f"### {name}"
    yield " ".join(schema.get("description", "").split())
    required = set(schema.get("required", ()))
    yield table(
        ("field", "type", "meaning"),
        (
            (code(field), type_of(about), _meaning(about, needed=field in required))
            for field, about in schema.get("properties", {}).items()
        ),
    )
    if schema.get("additionalProperties") not in {None, False} and not schema.get("properties"):
        yield f"An object of any names; values: {type_of(schema['additionalProperties'])}."
    elif schema.get("additionalProperties") is True:
        yield "There may be more fields."


def type_of(schema: Any) -> str:
    """The type of a field in words; shapes as links."""
    if schema is True or not schema:
        return "any"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    if "const" in schema:
        return code(str(schema["const"]).lower() if isinstance(schema["const"], bool) else schema["const"])
    if "enum" in schema:
        return ", ".join(code(str(one)) for one in schema["enum"])
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return " or ".join(type_of(one) for one in schema[choice])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {type_of(schema.get('items'))}"
    if kind == "object":
        return f"object of {type_of(schema.get('additionalProperties'))}"
    return str(kind)


def short(schema: Mapping[str, Any]) -> str:
    """Limits and default of a value."""
    found = [
        words.format(one[limit])
        for one in (schema, *schema.get("anyOf", ()))
        for limit, words in _LIMITS
        if limit in one
    ]
    found = ["not empty" if one == "1 characters or more" else one for one in found]
    if schema.get("default") not in (None, "", [], {}):
        found.append(f"default {code(_plain(schema['default']))}")
    return ", ".join(found)


def _meaning(schema: Mapping[str, Any], *, needed: bool) -> str:
    inner = next((one["description"] for one in schema.get("anyOf", ()) if "description" in one), "")
    parts = [schema.get("description", inner), short(schema), "" if needed else "may be left out"]
    return cell("; ".join(part for part in parts if part))


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
