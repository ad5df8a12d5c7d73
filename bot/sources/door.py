"""Foreign JSON at the door: what it must be, and one sentence for what it is not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.domain import Unusable
from bot.errors import Unreadable

_ABSENT = frozenset({"", "na", "n/a", "none", "null"})


class Foreign(BaseModel):
    """A record from elsewhere: fields that come and go are allowed, wrong types are not."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _words(value: Any) -> Any:
    """ "NA" and null are nothing; numbers are written out."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return "" if isinstance(value, str) and value.strip().lower() in _ABSENT else value


def _whole(value: Any) -> Any:
    """A count that may come as a number, as its digits, or not at all."""
    if isinstance(value, str) and value.strip().lstrip("-").isdigit() and len(value) < 12:
        return int(value)
    return None if isinstance(value, str | float) or value is None else value


Words = Annotated[str, BeforeValidator(_words)]
Whole = Annotated[int | None, BeforeValidator(_whole)]

Model = TypeVar("Model", bound=BaseModel)


def load(body: bytes) -> Any:
    """The JSON in ``body``. Raises Unreadable with what stands there instead."""
    if not body.strip():
        raise Unreadable("The answer is empty.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable(f"The answer is no JSON; it {beginning(body)}.") from None


def beginning(body: bytes) -> str:
    """What a foreign answer looks like, for a sentence that begins with "it"."""
    start = " ".join(body[:60].decode("utf-8", "replace").split())
    odd = sum(not char.isprintable() or char == "\ufffd" for char in start)
    return "is binary" if odd > len(start) / 8 else f"begins with “{start}”"


def read(model: type[Model], raw: Any) -> Model:
    """One record. Raises Unreadable with the first thing that is wrong with it."""
    try:
        return model.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        raise Unreadable(_first(error)) from None


def records(model: type[Model], raw: Iterable[Any]) -> tuple[list[Model], list[Unusable]]:
    """The good records of a list, and the others with their number and the reason.

    Raises Unreadable where there is not one good record among some.
    """
    good: list[Model] = []
    bad: list[Unusable] = []
    for number, item in enumerate(raw, 1):
        try:
            good.append(read(model, item))
        except Unreadable as error:
            bad.append(Unusable(f"record {number}", str(error)))
    if bad and not good:
        raise Unreadable(f"None of the {len(bad)} records can be read; the first: {bad[0].reason}")
    return good, bad


def _first(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    what = {"missing": "is missing", "string_type": "is no text", "model_type": "is no object"}
    said = what.get(first["type"], f"does not fit ({first['msg']})")
    return f"Its {place} {said}." if place else f"It {said}."
