"""Documents on a screen: colours, links and wrapped text on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, assert_never

from bot import doc as d
from bot.render import plain
from bot.render.clean import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text


class Screen:
    """Where documents are shown; ``interactive`` is True on a terminal, where looks make sense."""

    def __init__(self, out: IO[str] | None = None, *, command: str = "/paper") -> None:
        self._out = out or sys.stdout
        self._command = command
        self.interactive = self._out.isatty() and sys.stdin.isatty()
        self._console = _console(self._out) if self._out.isatty() else None
        self._status = False

    def show(self, doc: d.Doc, *, title: str | None = None) -> None:
        """Write the document, under a line with ``title`` where one is given."""
        self.rest()
        if self._console is None:
            head = f"--- {title} ---\n" if title else ""
            self._out.write(visible(head + plain.render(doc, command=self._command)) + "\n\n")
        else:
            self._pretty(self._console, doc, title)
        self._out.flush()

    def _pretty(self, console: Console, doc: d.Doc, title: str | None) -> None:
        from rich.rule import Rule

        if title:
            console.print(Rule(title, style="dim"))
        for block in doc:
            console.print(_block(block, self._command))
        console.print()

    def working(self, note: str) -> None:
        """A line that the next reply overwrites; nothing in a pipe."""
        if self._console is not None:
            self.rest()
            self._out.write(f"\x1b[2m{visible(note)}\x1b[0m")
            self._out.flush()
            self._status = True

    def rest(self) -> None:
        """Take the working line away."""
        if self._status:
            self._out.write("\r\x1b[2K")
            self._status = False


def _console(out: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=out, highlight=False, soft_wrap=False)


def _block(block: d.Block, command: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    match block:
        case d.Heading(text, level):
            return Padding(
                _text(text, "bold cyan" if level == 1 else "bold"), (1 if level == 1 else 0, 0, 0, 0)
            )
        case d.Paragraph(text, small):
            return _text(text, "dim" if small else "")
        case d.Bullets(items, numbered):
            return _list(items, numbered)
        case d.Fields(items):
            return _fields(items)
        case d.Quote(text, source):
            return Padding(_text((*text, d.Span("\n"), *source) if source else text, "italic"), (0, 0, 0, 4))
        case d.Buttons(items):
            line = Text("  ")
            for item in items:
                line.append(f"[{item.label}] ", style="bold")
                line.append(f"{command} {item.command}   ", style="dim")
            return line
        case d.Divider():
            from rich.rule import Rule

            return Rule(style="dim")
        case d.Picture() | d.Form() | d.File():
            return Text(visible(plain.render((block,), command=command)))
        case _:
            assert_never(block)


def _text(spans: Iterable[d.Span], style: str = "") -> Text:
    from rich.text import Text

    line = Text(style=style)
    for span in spans:
        look = " ".join(
            name for name, on in (("bold", span.bold), ("italic", span.italic), ("cyan", span.code)) if on
        )
        if span.link:
            look += f" underline link {visible(span.link).replace(' ', '%20')}"
        line.append(visible(span.text), style=look.strip() or None)
    return line


def _list(items: tuple[d.Text, ...], numbered: bool) -> RenderableType:
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    for number, item in enumerate(items, 1):
        table.add_row(f"{number}." if numbered else "•", _text(item))
    return table


def _fields(items: tuple[tuple[str, d.Text], ...]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in items:
        table.add_row(Text(visible(name), style="bold"), _text(value))
    return table
