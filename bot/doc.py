"""What a reply is: a small document of blocks that every platform can show in its own way.

A renderer is one ``match`` over :data:`Block` that ends in ``assert_never``, so that a block it lacks
fails the type check. Limits of a platform live in its renderer; nothing here belongs to one platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text of one look. ``text`` is plain text: a renderer escapes it, nothing in it is markup.

    ``person`` is the id ("slack:U123") of somebody whom the words name: their platform shows their own name
    instead, and pings nobody; elsewhere, and where it knows no name, the words stand.
    """

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str | None = None
    person: str | None = None


Text: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title line; ``level`` 1 opens a post, 2 a part of it."""

    text: Text
    level: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``small`` is for footers and side remarks."""

    text: Text
    small: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; ``numbered`` counts from 1."""

    items: tuple[Text, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values side by side, such as "Authors" and the list of them."""

    items: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a paper as they stand there, with the place ("Section 3, page 5") they come from."""

    text: Text
    source: Text = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """An image by address, with the words for those who cannot see it."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between parts."""


@dataclass(frozen=True, slots=True)
class Button:
    """A command that need not be typed: pressing sends the same request as typing ``command``.

    ``command`` has no leading command name ("show arxiv:2509.10432") and at most 100 characters
    (Discord's ``custom_id``). ``danger`` marks what cannot be taken back.
    """

    label: str
    command: str
    style: Literal["plain", "primary", "danger"] = "plain"

    def __post_init__(self) -> None:
        if not 0 < len(self.command) <= 100:
            raise ValueError(f"a button's command has 1 to 100 characters, not {len(self.command)}")


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of buttons. ``verdict``: two of them, a yes and a no on what stands above; a platform that has an
    element of its own for that shows it."""

    items: tuple[Button, ...]
    verdict: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a :class:`Select`."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Input:
    """A text field of a form; ``lines`` > 1 makes it a box."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    lines: int = 1
    required: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """A choice of a form: one, with ``many`` one or more. ``value`` holds what is chosen now."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    value: tuple[str, ...] = ()
    hint: str = ""
    many: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Questions with a button that sends them: a modal where the platform has one.

    Submitting sends a request whose text is ``command`` and whose ``values`` are the answers by name
    (a multiple choice joined by ","). Where no form can be shown, ``typed`` says how to do it by command.
    """

    title: str
    command: str
    fields: tuple[Input | Select, ...]
    submit: str = "Save"
    typed: str = ""


def left_out(field: Input, form: Form) -> str:
    """Why a form lacks a field that a platform has no room for: sent back cut, it would lose the rest."""
    typed = f" To change it: {form.typed}." if form.typed else ""
    return f"“{field.label}” has grown too long for this form and stays as it is.{typed}"


@dataclass(frozen=True, slots=True)
class File:
    """A text file to take away, such as a BibTeX list; ``name`` ends in its kind ("saved.bib")."""

    name: str
    content: str


Block: TypeAlias = Heading | Paragraph | Bullets | Fields | Quote | Picture | Divider | Buttons | Form | File
Doc: TypeAlias = tuple[Block, ...]

Inline: TypeAlias = "str | Span | Sequence[str | Span]"


def text(*parts: Inline) -> Text:
    """Spans from strings, spans and sequences of them; empty strings vanish."""
    return tuple(_spans(parts))


def _spans(parts: Iterable[Inline]) -> Iterator[Span]:
    for part in parts:
        if isinstance(part, Span):
            yield part
        elif isinstance(part, str):
            if part:
                yield Span(part)
        else:
            yield from _spans(part)


def bold(words: str) -> Span:
    """Words that stand out."""
    return Span(words, bold=True)


def italic(words: str) -> Span:
    """Words in italics."""
    return Span(words, italic=True)


def code(words: str) -> Span:
    """Words to be typed as they stand, such as a command."""
    return Span(words, code=True)


def link(words: str, url: str) -> Span:
    """Words that lead to ``url``."""
    return Span(words, link=url)


def person(user_id: str) -> Span:
    """Somebody's name, as their platform knows it; their id there where it does not."""
    return Span(user_id.partition(":")[2] or user_id, person=user_id)


def paragraph(*parts: Inline, small: bool = False) -> Paragraph:
    """A paragraph from strings and spans."""
    return Paragraph(text(*parts), small=small)


def heading(*parts: Inline, level: Literal[1, 2] = 1) -> Heading:
    """A heading from strings and spans."""
    return Heading(text(*parts), level)


def bullets(items: Iterable[Inline], *, numbered: bool = False) -> Bullets:
    """A list with one entry for each of ``items``."""
    return Bullets(tuple(text(item) for item in items), numbered)


def plain(spans: Iterable[Span]) -> str:
    """The words of ``spans`` alone."""
    return "".join(span.text for span in spans)
