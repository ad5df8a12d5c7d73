"""Papers that came as files."""

from __future__ import annotations

from bot.doc import Doc, paragraph
from bot.domain import FullText, Summary
from bot.dropped import Brought
from bot.views import papers as views


def card(one: Brought, summary: Summary, text: FullText) -> Doc:
    """The card of what a file turned out to be, and what became of the file."""
    return (
        *views.card(one.paper, summary),
        *views.hidden_warning(text),
        paragraph(_became(one, text), small=True),
    )


def _became(one: Brought, text: FullText) -> str:
    if one.known:
        return f"{one.name} is this paper; I read it from its own place, and keep nothing of the file."
    pages = f" ({text.pages} pages)" if text.pages and text.pages > 1 else ""
    return f"Read from {one.name}{pages}. Its text is kept for this channel alone, for half a year."
