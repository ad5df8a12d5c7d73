"""Documents as HTML fragments, for the archive and mail; all text escaped, only http(s) links kept."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import assert_never
from urllib.parse import urlsplit

from bot import doc as d
from bot.render import plain


def render(doc: d.Doc, *, command: str = "/paper") -> str:
    """The document as HTML."""
    return "\n".join(_block(block, command) for block in doc)


def spans(parts: Iterable[d.Span]) -> str:
    """Spans as HTML."""
    return "".join(_span(part) for part in parts)


def _span(part: d.Span) -> str:
    words = escape(part.text)
    for wanted, tag in ((part.code, "code"), (part.italic, "em"), (part.bold, "strong")):
        if wanted:
            words = f"<{tag}>{words}</{tag}>"
    if part.link and urlsplit(part.link).scheme in ("http", "https"):
        words = f'<a href="{escape(part.link)}" rel="noopener">{words}</a>'
    return words


def _block(block: d.Block, command: str) -> str:
    match block:
        case d.Heading(text, level):
            return f"<h{level + 1}>{spans(text)}</h{level + 1}>"
        case d.Paragraph(text, small):
            return f"<p><small>{spans(text)}</small></p>" if small else f"<p>{spans(text)}</p>"
        case d.Bullets(items, numbered):
            tag = "ol" if numbered else "ul"
            return f"<{tag}>{''.join(f'<li>{spans(item)}</li>' for item in items)}</{tag}>"
        case d.Fields(items):
            rows = "".join(f"<dt>{escape(name)}</dt><dd>{spans(value)}</dd>" for name, value in items)
            return f"<dl>{rows}</dl>"
        case d.Quote(text, source):
            foot = f"<footer>{spans(source)}</footer>" if source else ""
            return f"<blockquote>{spans(text)}{foot}</blockquote>"
        case d.Picture(url, alt):
            return f'<img src="{escape(url)}" alt="{escape(alt)}">'
        case d.Divider():
            return "<hr>"
        case d.Buttons(items):
            keys = " ".join(f"<kbd>{escape(f'{command} {item.command}')}</kbd>" for item in items)
            return f"<p>{keys}</p>"
        case d.Form():
            return f"<pre>{escape(plain.render((block,), command=command))}</pre>"
        case d.File(name, content):
            return f"<p>{escape(name)}:</p><pre>{escape(content)}</pre>"
        case _:
            assert_never(block)
