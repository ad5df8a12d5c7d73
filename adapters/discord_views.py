"""Documents as Discord's components (Components V2), in as many messages as their limits ask for; pure.

Why components and not embeds: docs/decisions/0060. The limits are those of
https://docs.discord.com/developers/components/reference: 40 components and 4000 characters a message, 5
buttons a row, 80 characters a label, 100 a custom id.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from adapters.discord_forms import contents, openers
from adapters.discord_text import Json, address, cut, escape, inline, one_line, shorten
from bot import doc as d
from bot.render import markdown

ROW, BUTTON, TEXT, GALLERY, FILE, SEPARATOR = 1, 2, 10, 12, 13, 14
V2 = 1 << 15
EPHEMERAL = 1 << 6
CHARACTERS = 3_900
COMPONENTS = 38
LINE = 1_500
"""Longest piece that is not broken between two messages, in characters of Markdown."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_STYLES = {"primary": 1, "plain": 2, "danger": 4}


@dataclass(frozen=True, slots=True)
class Page:
    """One message: its components, and the files that they show."""

    components: tuple[Json, ...]
    files: tuple[tuple[str, str], ...] = ()

    def marked(self, key: str) -> Page:
        """The page with ``key`` in its first component's id, where history keeps it."""
        first, *rest = self.components
        return replace(self, components=({**first, "id": mark(key)}, *rest))


def mark(key: str) -> int:
    """The component id (31 bits, the highest set, so that Discord's own small ids never meet it) of a key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) >> 2 | 1 << 30


@dataclass(frozen=True, slots=True)
class _Line:
    """A piece of Markdown that stays together; ``loose`` asks for an empty line before it."""

    text: str
    loose: bool = False


_Piece = _Line | Json | tuple[str, str]


def pages(doc: d.Doc, *, command: str = "/paper") -> list[Page]:
    """The document as messages, in order; none for an empty document."""
    out: list[Page] = []
    page = _Filling()
    for piece in _pieces(doc, command):
        if not page.takes(piece):
            out.append(page.page())
            page = _Filling()
            page.takes(piece)
    return [*out, page.page()] if page.parts else out


class _Filling:
    """A message while it is being filled."""

    def __init__(self) -> None:
        self.parts: list[Json] = []
        self.files: list[tuple[str, str]] = []
        self.characters = 0
        self.count = 0
        self.commands: set[str] = set()

    def takes(self, piece: _Piece) -> bool:
        """Add the piece; False if there is no room for it."""
        if isinstance(piece, _Line):
            return self._text(piece)
        if isinstance(piece, tuple):
            return self._file(piece)
        return self._component(piece)

    def _text(self, line: _Line) -> bool:
        after = bool(self.parts) and self.parts[-1]["type"] == TEXT
        gap = ("\n\n" if line.loose else "\n") if after else ""
        if self.characters + len(gap) + len(line.text) > CHARACTERS or self.count + (not after) > COMPONENTS:
            return False
        self.characters += len(gap) + len(line.text)
        if after:
            self.parts[-1] = {**self.parts[-1], "content": self.parts[-1]["content"] + gap + line.text}
        else:
            self.count += 1
            self.parts.append({"type": TEXT, "content": line.text})
        return True

    def _file(self, piece: tuple[str, str]) -> bool:
        name, _ = piece
        if self.count + 1 > COMPONENTS or len(self.files) == 10:
            return False
        self.count += 1
        self.files.append(piece)
        self.parts.append({"type": FILE, "file": {"url": f"attachment://{name}"}})
        return True

    def _component(self, piece: Json) -> bool:
        piece = self._without_repeated(piece)
        children = piece.get("components", [])
        if piece["type"] == ROW and not children:
            return True
        if self.count + 1 + len(children) > COMPONENTS:
            return False
        self.count += 1 + len(children)
        self.parts.append(piece)
        return True

    def _without_repeated(self, piece: Json) -> Json:
        """A row without buttons whose command the message has already: a custom id must be unique in it."""
        if piece["type"] != ROW:
            return piece
        fresh = []
        for child in piece["components"]:
            if child["custom_id"] not in self.commands:
                self.commands.add(child["custom_id"])
                fresh.append(child)
        return {**piece, "components": fresh}

    def page(self) -> Page:
        return Page(tuple(self.parts), tuple(self.files))


def _pieces(doc: d.Doc, command: str) -> Iterator[_Piece]:
    for block in doc:
        yield from _block(block, command)


def _block(block: d.Block, command: str) -> Iterable[_Piece]:
    match block:
        case d.Heading(text, level):
            return _lines(text, prefix="## " if level == 1 else "### ", flat=True, loose=level == 2)
        case d.Paragraph(text, small):
            return _lines(text, prefix="-# " if small else "", loose=not small)
        case d.Bullets(items, numbered):
            return _bullets(items, numbered)
        case d.Fields(items):
            return [line for name, value in items for line in _field(name, value)]
        case d.Quote(text, source):
            return [*_lines(text, prefix="> ", loose=True), *_lines(source, prefix="-# ")]
        case d.Picture(url, alt):
            return [_picture(url, alt)]
        case d.Divider():
            return [{"type": SEPARATOR}]
        case d.Buttons(items):
            return [row(items[at : at + 5]) for at in range(0, len(items), 5)]
        case d.Form():
            return _form(block, command)
        case d.File(name, content):
            return [(_UNSAFE.sub("_", name) or "file.txt", content)]
        case _:
            assert_never(block)


def _lines(text: d.Text, *, prefix: str, flat: bool = False, loose: bool = False) -> Iterator[_Line]:
    """Running text in pieces, the prefix before every line of it."""
    if not d.plain(text).strip():
        return
    for number, part in enumerate(cut(text, LINE - len(prefix))):
        words = one_line(part) if flat else inline(part)
        if prefix and not flat:
            words = words.replace("\n", f"\n{prefix}")
        yield _Line(prefix + words, loose and number == 0)


def _bullets(items: Sequence[d.Text], numbered: bool) -> Iterator[_Line]:
    for number, item in enumerate(items, 1):
        for at, part in enumerate(cut(item, LINE)):
            start = (f"{number}. " if numbered else "- ") if at == 0 else "  "
            yield _Line(start + one_line(part))


def _field(name: str, value: d.Text) -> Iterator[_Line]:
    for at, part in enumerate(cut(value, LINE)):
        yield _Line((f"**{escape(name)}:** " if at == 0 else "") + one_line(part))


def _picture(url: str, alt: str) -> _Piece:
    if address(url) is None:
        return _Line(escape(alt) or "(picture)")
    item: Json = {"media": {"url": address(url)}}
    return {"type": GALLERY, "items": [item | ({"description": shorten(alt, 1024)} if alt.strip() else {})]}


def row(items: Iterable[d.Button]) -> Json:
    """Up to five buttons side by side; what a press sends is the button's command."""
    return {"type": ROW, "components": [_button(item) for item in items]}


def _button(item: d.Button) -> Json:
    label = shorten(item.label, 80) or "…"
    return {"type": BUTTON, "style": _STYLES[item.style], "label": label, "custom_id": item.command}


def _form(form: d.Form, command: str) -> Iterator[_Piece]:
    """A form inside a message: buttons that open it, and the way to type it instead."""
    yield _Line(f"**{escape(form.title)}**", loose=True)
    buttons = openers(form)
    yield from (row(buttons[at : at + 5]) for at in range(0, len(buttons), 5))
    yield from (_Line(f"-# {escape(line)}") for line in contents(form))
    if form.typed:
        yield _Line(f"-# By command: {escape(form.typed)}")


def rest_in_file(doc: d.Doc, split: Sequence[Page], most: int, *, command: str = "/paper") -> list[Page]:
    """At most ``most`` messages; where there are more, the last says so and holds all of it as a file."""
    if len(split) <= most:
        return list(split)
    name = "answer.md"
    told: Json = {"type": TEXT, "content": "The whole answer is in the file."}
    shown: Json = {"type": FILE, "file": {"url": f"attachment://{name}"}}
    return [*split[: most - 1], Page((told, shown), ((name, markdown.render(doc, command=command)),))]
