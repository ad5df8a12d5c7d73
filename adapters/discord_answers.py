"""Answering one request: a sign of life, a growing draft, the reply, and never nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, MutableMapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.discord_forms import LONGEST, NOTHING, Opening, form_in, parts
from adapters.discord_views import Page, pages, rest_in_file
from adapters.discord_ways import AGAIN, Way
from bot import doc as d
from bot.domain import Reply
from bot.errors import DeliveryError, NotSent, PaperboyError, RateLimited
from bot.ports import Clock

log = structlog.get_logger(__name__)

WORKING = "Working on it…"
LEFT = "Nothing new here after 15 minutes? Then I was restarted in between: please ask again."
GROWING = "Still writing. " + LEFT
DONE = "Done."
CUT = "Discord did not take the whole answer. Please ask again."
STOPPED = "I was stopped before I could finish. Please ask again in a minute."
EDIT_EVERY = timedelta(seconds=1.5)
PATIENCE = 60.0
"""The longest wait, in seconds, that Discord may ask for in the middle of an answer."""


class _Show(Protocol):
    """A way to show a page; the id of its message."""

    def __call__(self, page: Page, *, private: bool) -> Awaitable[str]: ...


class Answer:
    """The responder (bot.ports.Responder) of one request.

    ``private`` is the guess, from the command table, where the sign of life is shown before the reply is
    known; a reply that says otherwise takes the sign's place in the right one. ``asked`` says which form was
    asked for or answered; ``entered`` keeps what was typed into forms, by command, so that one can come back
    after a mistake; ``most`` is the number of messages that can be sent.
    """

    def __init__(
        self,
        way: Way,
        clock: Clock,
        *,
        command: str = "/paper",
        private: bool = False,
        asked: Opening = NOTHING,
        most: int = 100,
        entered: MutableMapping[str, dict[str, str]] | None = None,
    ) -> None:
        self._way, self._clock, self._command = way, clock, command
        self._private, self._asked, self._most = private, asked, most
        self._entered = {} if entered is None else entered
        self._shown: str | None = None
        self._drawn: datetime | None = None
        self._form = ""
        self._one = asyncio.Lock()
        self.begun = False
        """Whether the person has seen anything."""
        self.done = False

    async def working(self, note: str) -> None:
        """Show the note; what it says stands there also if the program dies now, so it says what to do."""
        doc = (d.paragraph(note or WORKING), d.paragraph(LEFT, small=True))
        async with self._one:
            if not self.done:
                await self._quietly(pages(doc)[0])

    async def draft(self, doc: d.Doc) -> None:
        """Show the answer so far, at most every one and a half seconds, as much of it as a message holds, and
        what to do if it stops growing."""
        async with self._one:
            now = self._clock.now()
            soon = self._drawn is not None and now - self._drawn < EDIT_EVERY
            if self.done or soon or not (drawn := _growing(_without_buttons(doc), self._command)):
                return
            self._drawn = now
            await self._quietly(drawn[0])

    async def _quietly(self, page: Page) -> None:
        """A sign of life that does not come through is no reason to give up the answer."""
        self.begun = True
        try:
            await self._put(page, private=self._private)
        except PaperboyError as error:
            log.warning("a sign of life was not shown", error=error)

    async def _put(self, page: Page, *, private: bool) -> str:
        if self._shown is None:
            self._shown = await self._way.show(page, private=private)
        else:
            self._shown = await self._way.change(self._shown, page, private=private)
        return self._shown

    async def send(self, reply: Reply) -> str | None:
        """Show the reply; the id of its first message, None where only the asker sees it. What does not get
        through is told here: the core could do no better, and has nothing to add."""
        async with self._one:
            self.done = self.begun = True
            if await self._opened(reply.doc):
                return None
            doc = self._with_retry(reply)
            split = pages(doc, command=self._command) or pages((d.paragraph(DONE),))
            split = rest_in_file(doc, split, self._most, command=self._command)
            try:
                first = await self._send(split, reply.private)
            except DeliveryError as error:
                await self._cut(self._put, reply.private, error)
                return None
            return None if reply.private else first

    async def _opened(self, doc: d.Doc) -> bool:
        """Whether the reply was a form that now stands open: alone in it, or asked for by its button. A form
        that Discord does not take is shown as a message."""
        form = form_in(doc)
        part = self._asked.part
        if form is None or (part is None and (len(doc) > 1 or parts(form) > 1)):
            return False
        entered = self._entered.get(form.command, {}) if self._asked.again else {}
        try:
            return await self._way.open(form, min(part or 0, parts(form) - 1), entered)
        except DeliveryError as error:
            log.warning("a form could not be opened", error=error)
            return False

    async def _send(self, split: list[Page], private: bool) -> str:
        if self._shown is not None and private != self._private:
            await self._take_back(self._shown)
        self._private = private
        first = await self._firmly(self._put, split[0], private)
        try:
            for page in split[1:]:
                await self._firmly(self._way.show, page, private)
        except DeliveryError as error:
            await self._cut(self._way.show, private, error)
        return first

    async def _firmly(self, show: _Show, page: Page, private: bool) -> str:
        """Show a page; once more where nothing of it was recorded."""
        try:
            return await show(page, private=private)
        except RateLimited as error:
            if error.retry_after > PATIENCE:
                raise
            await self._clock.sleep(error.retry_after)
        except NotSent:
            await self._clock.sleep(AGAIN)
        return await show(page, private=private)

    async def _cut(self, show: _Show, private: bool, error: DeliveryError) -> None:
        """Say that something is missing, to the person alone where the place is shut; what stands stays."""
        log.warning("an answer did not reach Discord", error=error)
        page = pages((d.paragraph(CUT),))[0]
        for way, alone in ((show, private), (self._way.show, True)):
            try:
                await way(page, private=alone)
                return
            except PaperboyError as again:
                log.warning("nobody was told that an answer is missing", error=again)

    async def _take_back(self, id: str) -> None:
        self._shown = None
        try:
            await self._way.drop(id)
        except DeliveryError as error:
            log.warning("a sign of life was not taken back", error=error)

    def submitted(self, command: str, values: dict[str, str]) -> None:
        """This answers a form: keep what was entered until it was right."""
        self._form = command
        self._entered[command] = {**self._entered.get(command, {}), **values}

    def _with_retry(self, reply: Reply) -> d.Doc:
        """A mistake in a form gets a button that brings the same part back as it was filled in."""
        if not reply.error:
            self._entered.pop(self._form, None)
        elif 0 < len(self._form) <= LONGEST:
            again = Opening(self._form, self._asked.part or 0, again=True)
            return (*reply.doc, d.Buttons((d.Button("Try again", again.id, "primary"),)))
        return reply.doc

    async def stopped(self) -> None:
        """The program ends before the answer: say so in a sentence."""
        async with self._one:
            if self.done:
                return
            self.done = True
            try:
                await self._put(pages((d.paragraph(STOPPED),))[0], private=self._private)
            except PaperboyError as error:
                log.warning("nobody could be told that the answer was cut off", error=error)


def _growing(doc: d.Doc, command: str) -> list[Page]:
    """The beginning of an answer; the note stands below it, or above where below it would not be seen."""
    if not pages(doc, command=command):
        return []
    note = d.paragraph(GROWING, small=True)
    drawn = pages((*doc, note), command=command)
    return drawn if len(drawn) == 1 else pages((note, *doc), command=command)


def _without_buttons(doc: d.Doc) -> d.Doc:
    return tuple(block for block in doc if not isinstance(block, d.Buttons | d.Form))
