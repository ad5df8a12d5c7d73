"""Mistakes in the configuration, told in sentences."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from pydantic import BaseModel


def sentence(root: type[BaseModel], item: Mapping[str, Any]) -> str:
    """One mistake, as pydantic tells it, in a sentence that begins with the key's path."""
    path = _path(item["loc"])
    match item["type"]:
        case "extra_forbidden":
            return f"{path}: there is no such key{_nearest(root, item['loc'])}."
        case "missing":
            return f"{path}: this key is needed."
        case "literal_error":
            return f"{path}: {_shown(item['input'])} is not allowed; use {item['ctx']['expected']}."
        case "value_error":
            return f"{path}: {item['ctx']['error']}."
        case _:
            return f"{path}: {_plain(item)} (found {_shown(item['input'])})."


_KINDS = {
    "string_type": "this must be text in quotes",
    "int_type": "this must be a whole number",
    "float_type": "this must be a number",
    "bool_type": "this must be true or false",
    "list_type": "this must be a list in square brackets",
    "model_type": "this must be a section",
    "model_attributes_type": "this must be a section",
    "string_pattern_mismatch": 'this must be a language code, such as "en"',
}


def _plain(item: Mapping[str, Any]) -> str:
    kind = item["type"]
    if kind in _KINDS:
        return _KINDS[kind]
    bounds = item.get("ctx", {})
    for name, words in (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than")):
        if name in bounds:
            return f"this must be {words} {bounds[name]}"
    if bounds.get("min_length") == 1:
        return "this must not be empty"
    if "min_length" in bounds:
        return f"this needs at least {bounds['min_length']}"
    if "max_length" in bounds:
        return f"this may have at most {bounds['max_length']} characters"
    return str(item["msg"])


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    text = str(value) if isinstance(value, date | time) else text
    return text if len(text) <= 60 else text[:57] + "…"


def _path(location: tuple[str | int, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path


def _nearest(root: type[BaseModel], location: tuple[str | int, ...]) -> str:
    model: Any = root
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        annotation = model.model_fields[step].annotation
        model = next((part for part in _models(annotation)), None)
        if model is None:
            return ""
    names = [field.alias or name for name, field in model.model_fields.items()]
    close = difflib.get_close_matches(str(location[-1]), names, 1)
    return f'; perhaps you meant "{close[0]}"' if close else f"; there are: {', '.join(names)}"


def _models(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]
