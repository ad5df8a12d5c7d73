"""Documents as Markdown (CommonMark), every character of the text escaped where it could be markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import assert_never

from bot import doc as d
from bot.render import plain

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+!|~&])")
_LIST_START = re.compile(r"^(\s*)(\d+)([.)])|^(\s*)([-+=])", re.MULTILINE)


def render(doc: d.Doc, *, command: str = "/paper") -> str:
    """The document as Markdown."""
    return "\n\n".join(part for block in doc if (part := _block(block, command)))


def escape(words: str) -> str:
    """``words`` so that Markdown shows them as they are."""
    return _LIST_START.sub(_still, _SPECIAL.sub(r"\\\1", words))


def _still(match: re.Match[str]) -> str:
    if match[2]:
        return f"{match[1]}{match[2]}\\{match[3]}"
    return f"{match[4]}\\{match[5]}"


def spans(parts: Iterable[d.Span]) -> str:
    """Spans as Markdown."""
    return "".join(_span(part) for part in parts)


def _span(part: d.Span) -> str:
    if part.code:
        fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", part.text)), default=0))
        pad = " " if part.text.startswith("`") or part.text.endswith("`") else ""
        words = f"{fence}{pad}{part.text}{pad}{fence}"
    else:
        words = escape(part.text)
    if part.italic and part.text.strip():
        words = f"*{words}*"
    if part.bold and part.text.strip():
        words = f"**{words}**"
    return f"[{words}](<{_address(part.link)}>)" if part.link else words


def _address(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E").replace("\n", "").replace(" ", "%20")


def _block(block: d.Block, command: str) -> str:
    match block:
        case d.Heading(text, level):
            return f"{'#' * (level + 1)} {spans(text)}"
        case d.Paragraph(text):
            return spans(text)
        case d.Bullets(items, numbered):
            return "\n".join(
                f"{f'{number}.' if numbered else '-'} {spans(item)}" for number, item in enumerate(items, 1)
            )
        case d.Fields(items):
            return "\n".join(f"- **{escape(name)}**: {spans(value)}" for name, value in items)
        case d.Quote(text, source):
            quoted = "> " + spans(text).replace("\n", "\n> ")
            return f"{quoted}\n>\n> {spans(source)}" if source else quoted
        case d.Picture(url, alt):
            return f"![{escape(alt)}](<{_address(url)}>)"
        case d.Divider():
            return "---"
        case d.Buttons(items):
            return " · ".join(f"{escape(item.label)}: `{command} {item.command}`" for item in items)
        case d.Form():
            return escape(plain.render((block,), command=command))
        case d.File(name, content):
            fence = "`" * (3 + content.count("```"))
            return f"{escape(name)}:\n\n{fence}\n{content.rstrip()}\n{fence}"
        case _:
            assert_never(block)
