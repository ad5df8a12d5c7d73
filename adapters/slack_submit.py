"""The answer to a sent form: an error keeps it open, anything else closes it and is shown."""

from __future__ import annotations

import asyncio
from typing import Any

from adapters.slack_blocks import headline
from adapters.slack_forms import errors
from adapters.slack_reply import SlackResponder
from bot.doc import Doc
from bot.domain import Reply


class FormResponder:
    """Gives the form its verdict with the first reply; later and good replies go the usual way."""

    def __init__(
        self, inner: SlackResponder, view: dict[str, Any], verdict: asyncio.Future[dict[str, Any]]
    ) -> None:
        self._inner = inner
        self._view = view
        self._verdict = verdict

    async def working(self, note: str) -> None:
        """Close the form: it would stay for as long as the work takes."""
        self._decide({})
        await self._inner.working(note)

    async def draft(self, doc: Doc) -> None:
        """Close the form and show the growing answer."""
        self._decide({})
        await self._inner.draft(doc)

    async def send(self, reply: Reply) -> str | None:
        """Show an error at its field while the form is open, else the reply where it was asked for."""
        if reply.error and not self._verdict.done():
            sentence = reply.alt or headline(await self._inner.named(reply.doc))
            self._decide(errors(self._view, reply.field, sentence))
            return None
        self._decide({})
        return await self._inner.send(reply)

    def _decide(self, answer: dict[str, Any]) -> None:
        if not self._verdict.done():
            self._verdict.set_result(answer)
