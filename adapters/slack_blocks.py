"""Documents as Block Kit messages; pure.

Slack's limits live here: at most 50 blocks a message and about 11,000 characters over all blocks
(``msg_blocks_too_long``), so a message is closed at 45 blocks or 9,000 characters and the rest goes on in
the next one. Text is rich text (see :mod:`adapters.slack_text`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from adapters.slack_text import Json, address, cut, escape, inline, small
from bot import doc as d
from bot.doc import Block, Doc, Span, Text, plain
from bot.render import plain as plain_text
from bot.render.clean import visible

BLOCKS, CHARACTERS = 45, 9_000
PIECE = 2_900
"""Characters of one text block; a longer paragraph goes on in the next block."""
HEADER, LABEL, ALT, LINE = 150, 75, 2_000, 300
ROW, SMALL = 25, 2_000
ROWS = ("actions", "context_actions")
"""Blocks that belong to the one before them."""
BUTTON = "paperboy"
"""What the action id of each of our buttons begins with."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its blocks and the line for notifications."""

    blocks: list[Json]
    text: str


def render(doc: Doc, *, alt: str = "", command: str = "/paper", pictures: bool = True) -> list[Message]:
    """The document as one message, or as several where it is long; at least one.

    ``pictures=False`` shows images as links, for when Slack cannot fetch one and refuses the whole message.
    """
    line = notice(alt or headline(doc)) or "…"
    groups = _pack(unit for block in doc for unit in _units(block, command, pictures))
    return [Message(blocks, line) for blocks in groups] or [Message([], line)]


def blocks(doc: Doc, *, command: str = "/paper", most: int = 100) -> list[Json]:
    """The document's blocks for a modal or App Home, at most ``most``; forms are left out."""
    shown = (block for block in doc if not isinstance(block, d.Form))
    return [ordinary(unit) for block in shown for unit in _units(block, command, True)][:most]


def headline(doc: Doc) -> str:
    """The first words of the document, without the addresses behind them."""
    for block in doc:
        match block:
            case d.Heading(text) | d.Paragraph(text) | d.Quote(text):
                words = plain(text)
            case d.Bullets(items):
                words = plain(items[0]) if items else ""
            case d.Form(title) | d.File(title):
                words = title
            case _:
                words = plain_text.line((block,), LINE)
        if visible(words).strip():
            return words
    return ""


def notice(words: str) -> str:
    """The plain line beside the blocks, escaped, for notifications and screen readers."""
    words = " ".join(words.split())
    return escape(words if len(words) <= LINE else words[: LINE - 1].rstrip() + "…")


def _pack(units: Iterator[Json]) -> list[list[Json]]:
    """Fill messages in order; a row of buttons stays with the block before it."""
    groups: list[list[Json]] = [[]]
    room = CHARACTERS
    for unit in units:
        size = length(unit)
        if groups[-1] and (size > room or len(groups[-1]) >= BLOCKS):
            moved = [groups[-1].pop()] if unit["type"] in ROWS and len(groups[-1]) > 1 else []
            groups.append(moved)
            room = CHARACTERS - sum(length(item) for item in moved)
        groups[-1].append(unit)
        room -= size
    return [group for group in groups if group]


def length(node: object) -> int:
    """The characters of all texts in a block."""
    if isinstance(node, list):
        return sum(length(item) for item in node)
    if not isinstance(node, dict):
        return 0
    own = len(node["text"]) if isinstance(node.get("text"), str) else 0
    return own + sum(length(value) for value in node.values())


def _units(block: Block, command: str, pictures: bool) -> Iterator[Json]:
    match block:
        case d.Heading(text, level):
            yield from _heading(text, level)
        case d.Paragraph(text, is_small):
            yield from _paragraph(text, is_small)
        case d.Bullets(items, numbered):
            yield from _bullets(items, numbered)
        case d.Fields(items):
            yield from _fields(items)
        case d.Quote(text, source):
            yield from _quote(text, source)
        case d.Picture(url, alt):
            yield from _picture(url, alt, pictures)
        case d.Divider():
            yield {"type": "divider"}
        case d.Buttons((good, bad), verdict=True):
            yield _verdict(good, bad)
        case d.Buttons(items):
            yield from _buttons(items)
        case d.File(name, content):
            yield from _file(name, content)
        case d.Form():
            yield from _paragraph(d.text(plain_text.render((block,), command=command)), False)
        case _:
            assert_never(block)


def _rich(kind: str, elements: list[Json], **more: object) -> Json:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": elements, **more}]}


def _section(text: Text, *, strong: bool = False) -> Iterator[Json]:
    for piece in cut(text, PIECE):
        if elements := inline(piece, strong=strong):
            yield _rich("rich_text_section", elements)


def _heading(text: Text, level: int) -> Iterator[Json]:
    words = visible(plain(text)).strip()
    linked = any(address(span.link) for span in text)
    if level == 1 and not linked and 0 < len(words) <= HEADER:
        yield {"type": "header", "text": {"type": "plain_text", "text": words, "emoji": False}}
    else:
        yield from _section(text, strong=True)


def _paragraph(text: Text, is_small: bool) -> Iterator[Json]:
    elements = small(text) if is_small else []
    if elements and len(elements[0]["text"]) <= SMALL:
        yield {"type": "context", "elements": elements}
    else:
        yield from _section(text)


def _bullets(items: tuple[Text, ...], numbered: bool) -> Iterator[Json]:
    style = "ordered" if numbered else "bullet"
    held: list[Json] = []
    room, first = PIECE, 0
    for number, item in enumerate(items):
        for piece in cut(item, PIECE):
            elements = inline(piece) or [{"type": "text", "text": "–"}]
            size = length(elements)
            if held and size > room:
                yield _list(held, style, first)
                held, room, first = [], PIECE, number
            held.append({"type": "rich_text_section", "elements": elements})
            room -= size
    if held:
        yield _list(held, style, first)


def _list(items: list[Json], style: str, offset: int) -> Json:
    more = {"offset": offset} if style == "ordered" and offset else {}
    return _rich("rich_text_list", items, style=style, **more)


def _fields(items: tuple[tuple[str, Text], ...]) -> Iterator[Json]:
    lines: list[Span] = []
    for name, value in items:
        lines += [Span("\n")] if lines else []
        lines += [Span(f"{name}: ", bold=True), *value]
    yield from _section(tuple(lines))


def _quote(text: Text, source: Text) -> Iterator[Json]:
    pieces = cut(text, PIECE)
    for piece in pieces:
        tail = [Span("\n— "), *source] if source and piece is pieces[-1] else []
        if elements := inline([*piece, *tail]):
            yield _rich("rich_text_quote", elements)


def _picture(url: str, alt: str, shown: bool) -> Iterator[Json]:
    place = address(url)
    words = visible(alt).strip() or "Picture"
    if shown and place and place.startswith("http"):
        yield {"type": "image", "image_url": place, "alt_text": words[:ALT]}
    else:
        yield from _section((Span(words, link=place),))


def _file(name: str, content: str) -> Iterator[Json]:
    """The file's text, for when it cannot be uploaded."""
    yield from _section((Span(name, bold=True),))
    for piece in cut((Span(content.rstrip()),), PIECE):
        yield _rich("rich_text_preformatted", inline(piece) or [{"type": "text", "text": "(empty)"}])


def _buttons(items: tuple[d.Button, ...]) -> Iterator[Json]:
    for start in range(0, len(items), ROW):
        row = items[start : start + ROW]
        yield {"type": "actions", "elements": [button(item, start + i) for i, item in enumerate(row)]}


def button(item: d.Button, number: int) -> Json:
    """One button; its value is the command, so that it works as long as the message stands."""
    label = visible(item.label).strip() or item.command
    shown = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
    body: Json = {
        "type": "button",
        "action_id": f"{BUTTON}.{number}",
        "text": {"type": "plain_text", "text": shown, "emoji": False},
        "value": item.command,
    }
    if item.style != "plain":
        body["style"] = item.style
    if item.style == "danger":
        body["confirm"] = _confirm(shown)
    return body


def _verdict(good: d.Button, bad: d.Button) -> Json:
    """Slack's own thumbs; they show their words to screen readers and on hovering."""
    sides = {"positive_button": good, "negative_button": bad}
    thumbs: Json = {"type": "feedback_buttons", "action_id": f"{BUTTON}.verdict"}
    for side, item in sides.items():
        shown = button(item, 0)
        thumbs[side] = {"text": shown["text"], "value": shown["value"]}
    return {"type": "context_actions", "elements": [thumbs]}


def ordinary(block: Json) -> Json:
    """The block with buttons instead of thumbs, for places that take none: modals, App Home, previews."""
    if block["type"] != "context_actions":
        return block
    (thumbs,) = block["elements"]
    sides = (thumbs["positive_button"], thumbs["negative_button"])
    row = [{"type": "button", "action_id": f"{BUTTON}.{n}", **side} for n, side in enumerate(sides)]
    return {"type": "actions", "elements": row}


def _confirm(label: str) -> Json:
    words = {
        "title": "Are you sure?",
        "text": f"“{label}” cannot be taken back.",
        "confirm": "Yes",
        "deny": "No",
    }
    return {name: {"type": "plain_text", "text": text} for name, text in words.items()}
