"""Documents as JSON values and back, for what must outlive the process (the outbox).

A block or span is an object whose ``is`` names its class and that holds the fields differing from their
defaults; a tuple is a list. ``VERSION`` goes up when a stored document could no longer be read.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeAlias, cast

from bot import doc as d
from bot.doc import Doc

VERSION = 1

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        d.Span,
        d.Heading,
        d.Paragraph,
        d.Bullets,
        d.Fields,
        d.Quote,
        d.Picture,
        d.Divider,
        d.File,
        d.Button,
        d.Buttons,
        d.Choice,
        d.Input,
        d.Select,
        d.Form,
    )
}


def encode(doc: Doc) -> list[Json]:
    """The document as a JSON value of the present version."""
    return [_encode(block) for block in doc]


def decode(value: object, version: int = VERSION) -> Doc:
    """The document in ``value``. Raises ValueError where it is none or from a newer program."""
    if version > VERSION:
        raise ValueError(f"a document of version {version}; this program reads up to {VERSION}")
    if not isinstance(value, list):
        raise ValueError("a document is a list of blocks")
    return cast("Doc", _decode(value))


def _encode(value: Any) -> Json:
    if is_dataclass(value):
        told = {
            f.name: _encode(given) for f in fields(value) if (given := getattr(value, f.name)) != _default(f)
        }
        return {"is": type(value).__name__, **told}
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return cast("Json", value)


def _default(field: Field[Any]) -> Any:
    return field.default if field.default is not MISSING else MISSING


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item) for item in value)
    if isinstance(value, dict):
        return _build(dict(value))
    return value


def _build(told: dict[str, Any]) -> Any:
    name = told.pop("is", "")
    if name not in _CLASSES:
        raise ValueError(f'no part of a document is called "{name}"')
    try:
        return _CLASSES[name](**{key: _decode(given) for key, given in told.items()})
    except TypeError as error:
        raise ValueError(f"a {name} that cannot be read: {error}") from None
