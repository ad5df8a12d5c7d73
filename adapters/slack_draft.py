"""An answer while it grows: streamed where Slack streams, else a message that is edited."""

from __future__ import annotations

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_blocks import Message, render
from adapters.slack_post import Place, Sender, plainer
from adapters.slack_text import Json, escape, escape_markdown
from adapters.slack_web import BlocksRefused, ask
from bot import doc as d
from bot.doc import Doc
from bot.errors import DeliveryError, RateLimited, Rejected
from bot.render import plain

log = structlog.get_logger(__name__)

STREAM_EVERY, EDIT_EVERY = 1.0, 1.5
"""Seconds between pieces: appendStream allows 100 a minute over the workspace, chat.update 50."""
STREAM_SECONDS = 240.0
"""Slack ends a stream five minutes after it began, so it is left a minute earlier and edited on."""
STREAM_CHARACTERS = 11_000


class Draft:
    """One growing message. Streams need a thread; without one, or where Slack has none, it is edited."""

    def __init__(self, sender: Sender, place: Place, user: str) -> None:
        self._sender = sender
        self._place = place
        self._user = user
        self._ts: str | None = None
        self._streaming = False
        self._can_stream = place.thread is not None
        self._can_edit = True
        self._streamed = ""
        self._began = 0.0
        self._next = 0.0

    async def note(self, words: str) -> None:
        """Show what is being done: as the thread's status, else as a message that the answer replaces."""
        try:
            if self._ts is None and self._place.thread and await self._status(words):
                return
            await self._show(Message([], escape(words)))
        except DeliveryError as error:
            log.info("a note could not be shown", error=error)

    async def grow(self, doc: Doc) -> None:
        """Show the answer so far, unless the last piece was a moment ago."""
        now = self._now()
        if now < self._next or not self._can_edit:
            return
        try:
            if self._ts is None and self._can_stream:
                await self._start(doc)
            elif self._streaming:
                await self._append(doc)
            else:
                self._next = now + EDIT_EVERY
                await self._show(render(doc)[0])
        except RateLimited as error:
            self._next = now + error.retry_after

    async def finish(self, doc: Doc, alt: str = "") -> str | None:
        """Put the whole answer in place of the growing one; its id, None where there is none to replace.

        What one message cannot hold follows in the thread.
        """
        if self._ts is None:
            return None
        ts = self._ts
        await self._stop()
        messages = render(doc, alt=alt, command=self._sender.command)
        try:
            try:
                await self._sender.patiently(lambda: self._edit(ts, messages[0]))
            except BlocksRefused as error:
                log.warning("shown in a plainer form", error=error)
                messages = plainer(doc, alt=alt, command=self._sender.command)
                await self._sender.patiently(lambda: self._edit(ts, messages[0]))
        except Rejected as error:
            log.info("the growing answer is gone, the whole one is posted", error=error)
            self._ts = None
            return None
        if messages[1:]:
            below = Place(self._place.channel, self._place.thread or ts, self._place.workspace)
            await self._sender.deliver_messages(below, messages[1:], key=f"rest.{ts}")
        self._ts = None
        return ts

    async def drop(self) -> None:
        """Take the growing message away: the answer turned out to be the asker's alone."""
        if self._ts is None:
            return
        client, ts, self._ts = await self._client(), self._ts, None
        self._streaming = False
        await ask(lambda: client.chat_delete(channel=self._place.channel, ts=ts))

    # ---- one message, edited --------------------------------------------------------------------

    async def _show(self, message: Message) -> None:
        if self._ts is not None:
            await self._edit(self._ts, message)
            return
        try:
            self._ts = await self._sender.send_messages(self._place, [message], key=f"note.{self._now()}")
        except DeliveryError:
            self._can_edit = False
            raise

    async def _edit(self, ts: str, message: Message) -> None:
        client, channel = await self._client(), self._place.channel
        blocks: list[Json] = message.blocks
        await ask(lambda: client.chat_update(channel=channel, ts=ts, text=message.text, blocks=blocks))

    # ---- streams --------------------------------------------------------------------------------

    async def _status(self, words: str) -> bool:
        """Show the note below the thread; Slack takes it away when something is posted there."""
        client, place = await self._client(), self._place
        try:
            await ask(
                lambda: client.assistant_threads_setStatus(
                    channel_id=place.channel, thread_ts=place.thread or "", status=words
                )
            )
        except DeliveryError as error:
            log.debug("Slack shows no status here", error=error)
            return False
        return True

    async def _start(self, doc: Doc) -> None:
        client, place, words = await self._client(), self._place, _words(doc)
        try:
            answer = await ask(
                lambda: client.chat_startStream(
                    channel=place.channel,
                    thread_ts=place.thread or "",
                    recipient_team_id=place.workspace or None,
                    recipient_user_id=self._user,
                    markdown_text=words[:STREAM_CHARACTERS],
                )
            )
        except Rejected as error:
            log.info("Slack does not stream here; the answer is edited instead", error=error)
            self._can_stream = False
            return await self._show(render(doc)[0])
        self._ts, self._streaming = str(answer["ts"]), True
        self._streamed, self._began = words[:STREAM_CHARACTERS], self._now()
        self._next = self._began + STREAM_EVERY
        return None

    async def _append(self, doc: Doc) -> None:
        words = _words(doc)
        self._next = self._now() + STREAM_EVERY
        old = self._now() - self._began > STREAM_SECONDS
        if old or len(words) > STREAM_CHARACTERS or not words.startswith(self._streamed):
            await self._stop()
            return await self._show(render(doc)[0])
        added = words[len(self._streamed) :]
        if added:
            client, channel, ts = await self._client(), self._place.channel, self._ts or ""
            try:
                await ask(lambda: client.chat_appendStream(channel=channel, ts=ts, markdown_text=added))
            except Rejected:  # the stream has ended, or takes no more; the message can be edited
                await self._stop()
                return await self._show(render(doc)[0])
            self._streamed = words
        return None

    async def _stop(self) -> None:
        """End the stream, so that the message can be edited."""
        if not self._streaming:
            return
        self._streaming = False
        client, channel, ts = await self._client(), self._place.channel, self._ts or ""
        try:
            await self._sender.patiently(lambda: ask(lambda: client.chat_stopStream(channel=channel, ts=ts)))
        except DeliveryError as error:
            log.info("the stream had ended already", error=error)

    async def _client(self) -> AsyncWebClient:
        return await self._sender.clients.client(self._place.workspace)

    def _now(self) -> float:
        return self._sender.clock.now().timestamp()


def _words(doc: Doc) -> str:
    """The words so far, for Slack's streamed Markdown."""
    return escape_markdown(plain.render(tuple(b for b in doc if not isinstance(b, d.Buttons)), width=10_000))
