"""What a model must return, and how it is read from what it does return."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from bot.domain import Part

VERSION = "2"
"""Part of the key under which results are kept: raise it with any change of the models below."""

Shape = TypeVar("Shape", bound=BaseModel)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_TRIES = 40
_LONGEST = 400_000


def _line(value: object) -> object:
    return "" if value is None else value


def _entries(value: object) -> object:
    """A list without what is no object: one odd entry must not cost the whole answer."""
    if value is None:
        return []
    known = (dict, BaseModel)
    return [entry for entry in value if isinstance(entry, known)] if isinstance(value, list) else value


_MARKS = re.compile(
    r"\*\*|(?<!\w)__|__(?!\w)|`+|^\s*(?:#{1,6}|[-*•])\s+|"
    r"</?(?:a|b|br|code|div|em|h[1-6]|i|img|li|ol|p|pre|script|span|strong|sub|sup|u|ul)\b[^<>]*>",
    re.MULTILINE | re.IGNORECASE,
)


def prose(value: object) -> object:
    """A sentence without the marks of Markdown and HTML, in which some models write: they would be shown."""
    return _MARKS.sub("", value) if isinstance(value, str) else _line(value)


Line = Annotated[str, BeforeValidator(_line)]
Prose = Annotated[str, BeforeValidator(prose)]
PartName = Annotated[Line, WithJsonSchema({"type": "string", "enum": [part.value for part in Part]})]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ClaimOut(_Model):
    """A statement on a paper with the words of the paper that carry it."""

    part: PartName = ""
    text: Prose = ""
    quote: Line = ""


class SummaryOut(_Model):
    """A structured summary."""

    gist: Prose
    gist_quote: Line = ""
    claims: Annotated[list[ClaimOut], BeforeValidator(_entries)]


class QuoteOut(_Model):
    """Words of the passage with this number."""

    passage: int = 0
    quote: Line = ""


class AnswerOut(_Model):
    """An answer; the quotes come before it, so that they are checked by the time its first word comes."""

    outcome: Literal["ANSWERED", "NOT_IN_PAPER", "UNSURE"]
    quotes: Annotated[list[QuoteOut], BeforeValidator(_entries)]
    answer: Prose = ""


class VerdictOut(_Model):
    """Whether the paper with this number belongs to the topic."""

    paper: int
    reason: Line = ""
    relevant: bool
    confidence: float = Field(0.5)


class JudgementOut(_Model):
    """A verdict a paper."""

    verdicts: Annotated[list[VerdictOut], BeforeValidator(_entries)]


class SentenceOut(_Model):
    """A sentence and quotes of the papers that carry it."""

    quotes: Annotated[list[QuoteOut], BeforeValidator(_entries)] = Field(default_factory=list)
    text: Prose = ""


class SectionOut(_Model):
    """What is new in the topic with this number."""

    topic: int
    sentences: Annotated[list[SentenceOut], BeforeValidator(_entries)]


class BriefOut(_Model):
    """A literature brief over several topics."""

    sections: Annotated[list[SectionOut], BeforeValidator(_entries)]
    shared: Annotated[list[SentenceOut], BeforeValidator(_entries)] = Field(default_factory=list)
    open_questions: Annotated[list[SentenceOut], BeforeValidator(_entries)] = Field(default_factory=list)


class Misfit(ValueError):
    """An answer that does not fit; the text says how, for the model to mend it."""


def json_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """The schema in the form that strict servers take: every property required, no others allowed."""
    schema = shape.model_json_schema()
    _tighten(schema)
    return schema


def _tighten(node: object) -> None:
    if isinstance(node, list):
        for entry in node:
            _tighten(entry)
    elif isinstance(node, dict):
        if node.get("type") == "object":
            node["required"] = list(node.get("properties", {}))
            node["additionalProperties"] = False
        for name in ("title", "default", "description"):
            if not isinstance(node.get(name), dict):
                node.pop(name, None)
        for entry in node.values():
            _tighten(entry)


def parse(text: str, shape: type[Shape]) -> Shape:
    """The first JSON object of ``text`` that fits ``shape``. Raises Misfit.

    Fences, talk around it and the thoughts of reasoning models are passed over.
    """
    fault = "There is no JSON object in it."
    for found in _objects(_THOUGHT.sub("", text[:_LONGEST])):
        try:
            return shape.model_validate(found)
        except ValidationError as error:
            fault = _fault(error)
    raise Misfit(fault)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    at, tries = text.find("{"), 0
    while at >= 0 and tries < _TRIES:
        tries += 1
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        yield found
        at = text.find("{", end)


def _fault(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(map(str, item['loc'])) or 'the object'}: {item['msg']}" for item in error.errors()[:6]
    ]
    return "; ".join(lines)


_ANSWER = re.compile(r'"answer"\s*:\s*"')
_OUTCOME = re.compile(r'"outcome"\s*:\s*"(\w+)"')
_QUOTES = re.compile(r'"quotes"\s*:\s*(?=\[)')
_DECODER = json.JSONDecoder(strict=False)


def answer_so_far(text: str) -> str:
    """The part of the ``answer`` of an unfinished AnswerOut that is already there, unescaped."""
    match = _ANSWER.search(text)
    if not match:
        return ""
    try:
        words: str = json.loads(f'"{text[match.end() : _string_end(text, match.end())]}"', strict=False)
    except ValueError:
        return ""
    return re.sub("[\ud800-\udfff]$", "", words)


def outcome_so_far(text: str) -> str:
    """The ``outcome`` of an unfinished AnswerOut, empty before it is there."""
    match = _OUTCOME.search(text)
    return match.group(1) if match else ""


def quotes_so_far(text: str) -> list[QuoteOut] | None:
    """The ``quotes`` of an unfinished AnswerOut once they are complete, None before."""
    match = _QUOTES.search(text)
    if not match:
        return None
    try:
        entries, _ = _DECODER.raw_decode(text, match.end())
        return [QuoteOut.model_validate(entry) for entry in entries if isinstance(entry, dict)]
    except ValueError:
        return None


def _string_end(text: str, start: int) -> int:
    """Where the string that began before ``start`` ends, or its last whole character so far."""
    at = start
    while at < len(text) and text[at] != '"':
        step = 1 if text[at] != "\\" else 6 if text[at + 1 : at + 2] == "u" else 2
        if at + step > len(text):
            break
        at += step
    return at
