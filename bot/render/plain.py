"""Documents as plain text: for pipes, logs, notifications and tests. Nothing is lost but looks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import assert_never

from bot import doc as d
from bot.doc import Block, Button, Doc, Form, Input, Select, Span, plain

WIDTH = 100


def render(doc: Doc, *, command: str = "/paper", width: int = WIDTH) -> str:
    """The document in lines of at most ``width`` characters (links and commands are never broken)."""
    return "\n\n".join(part for block in doc if (part := _block(block, command, width)))


def line(doc: Doc, limit: int = 150) -> str:
    """The first words of the document on one line, for notifications."""
    for block in doc:
        shown = spans(block.text) if isinstance(block, d.Heading) else _block(block, "/paper", 10_000)
        words = " ".join(shown.split())
        if words:
            return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
    return ""


def spans(parts: Iterable[Span]) -> str:
    """The words of ``parts``, addresses written out behind the words that lead to them."""
    return "".join(_span(part) for part in parts)


def _span(part: Span) -> str:
    if part.link and part.link != part.text:
        return f"{part.text} <{part.link}>"
    return part.text


def _block(block: Block, command: str, width: int) -> str:
    match block:
        case d.Heading(text, level):
            words = spans(text)
            return words if level == 2 else f"{words}\n{'=' * min(len(words), width)}"
        case d.Paragraph(text):
            return _wrap(spans(text), width)
        case d.Bullets(items, numbered):
            return "\n".join(
                _wrap(spans(item), width, f"{number}. " if numbered else "- ")
                for number, item in enumerate(items, 1)
            )
        case d.Fields(items):
            return "\n".join(_wrap(spans(value), width, f"{name}: ") for name, value in items)
        case d.Quote(text, source):
            quoted = _wrap(f"“{plain(text)}”", width, "  | ", "  | ")
            return f"{quoted}\n  | {spans(source)}" if source else quoted
        case d.Picture(url, alt):
            return f"[{alt}] {url}"
        case d.Divider():
            return "-" * min(40, width)
        case d.Buttons(items):
            return _row([_button(item, command) for item in items], width)
        case d.Form():
            return _form(block, command)
        case d.File(name, content):
            return f"{name}:\n{content.rstrip()}"
        case _:
            assert_never(block)


def _button(button: Button, command: str) -> str:
    return f"[{button.label}] {command} {button.command}"


def _row(items: list[str], width: int) -> str:
    """Buttons side by side, none of them broken over two lines."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 3 <= width:
            lines[-1] += f"   {item}"
        else:
            lines.append(f"  {item}")
    return "\n".join(lines)


def _form(form: Form, command: str) -> str:
    filled = [field for field in form.fields if field.value]
    lines = [form.title, *(_field(field) for field in (form.fields if filled else ()))]
    if form.typed:
        lines.append(f"{'To change it' if filled else 'Type'}: {form.typed.replace('/paper', command)}")
    return "\n".join(lines)


def _field(field: Input | Select) -> str:
    match field:
        case Input():
            value = ", ".join(field.value.splitlines()) or "none"
        case Select():
            labels = [choice.label for choice in field.choices if choice.value in field.value]
            value = ", ".join(labels) or "none"
        case _:
            assert_never(field)
    return f"  {field.label}: {value}"


def _wrap(words: str, width: int, first: str = "", rest: str | None = None) -> str:
    return textwrap.fill(
        words,
        width,
        initial_indent=first,
        subsequent_indent=" " * min(len(first), 4) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
