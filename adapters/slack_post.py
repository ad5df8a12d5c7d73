"""Posting to Slack exactly once: paced, keyed in the message's metadata, looked up after a lost answer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_blocks import Message, render
from adapters.slack_names import channel_id, native
from adapters.slack_people import People
from adapters.slack_text import Json
from adapters.slack_unfurl import preview
from adapters.slack_web import CAP, PATIENCE, AppGone, BlocksRefused, Clients, Pacer, ask, on_time
from bot.doc import Doc
from bot.domain import ChannelId, Post, UserId, workspace_in
from bot.errors import ChannelGone, RateLimited, Rejected, Uncertain
from bot.ports import Clock

log = structlog.get_logger(__name__)

EVENT = "paperboy_post"
"""The metadata's event type."""
SKEW = timedelta(minutes=5)
"""How far this machine's clock may be ahead of Slack's when a lost message is looked for."""
PAGE = 200
TRIES, LONGEST_WAIT = 4, 30.0
CLOSED = "Slack opens no direct message with you for me; ask a workspace admin to let this app write to you."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes: the channel's own id, perhaps a thread, and the workspace."""

    channel: str
    thread: str | None = None
    workspace: str = ""


class Sender:
    """Sends documents, one or more messages each, and knows those whose first part already stands."""

    def __init__(self, clients: Clients, clock: Clock, *, command: str = "/paper", cap: float = CAP) -> None:
        self.clients = clients
        self.clock = clock
        self.command = command
        self.pacer = Pacer(clock, cap=cap)
        self.people = People(clients, clock)
        self.lost: Callable[[str], None] = _nothing
        """Called with the workspace that a post found the app removed from."""
        self._stands: dict[str, str] = {}
        self._homes: dict[tuple[str, str], str] = {}

    async def send(self, place: Place, doc: Doc, *, key: str, alt: str = "") -> str:
        """Post the document; the rest of a long one follows in the thread. The first message's id.

        Raises DeliveryError. After an Uncertain or a RateLimited in the middle, sending again under the
        same key goes on where it stopped.
        """
        doc = await self.people.named(place.workspace, doc)
        try:
            return await self.send_messages(place, render(doc, alt=alt, command=self.command), key=key)
        except BlocksRefused as error:
            log.warning("sent in a plainer form", error=error)
            return await self.send_messages(place, plainer(doc, alt=alt, command=self.command), key=key)

    async def send_messages(self, place: Place, messages: Sequence[Message], *, key: str) -> str:
        """Post messages, the later ones below the first. The first one's id; raises like :meth:`send`."""
        first = ""
        for number, message in enumerate(messages):
            part = f"{key}#{number}" if number else key
            ts = self._stands.get(part)
            if ts is None:
                thread = place.thread or (first or None)
                ts = await self._post(Place(place.channel, thread, place.workspace), message, part)
                if len(messages) > 1:
                    self._stands[part] = ts
            first = first or ts
        for number in range(len(messages)):
            self._stands.pop(f"{key}#{number}" if number else key, None)
        return first

    async def _post(self, place: Place, message: Message, key: str) -> str:
        client = await self.clients.client(place.workspace)
        lane = str(id(client))  # one a token: the only workspace is also called by its team's id
        await self.pacer.turn(lane, place.channel, patience=PATIENCE)
        try:
            answer = await ask(lambda: self._call(client, place, message, key))
        except RateLimited as error:
            self.pacer.hold(place.channel, error.retry_after)
            raise
        except AppGone:
            self.lost(place.workspace)
            raise
        return str(answer["ts"])

    async def _call(self, client: AsyncWebClient, place: Place, message: Message, key: str) -> Any:
        async with on_time(client) as punctual:
            return await punctual.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread,
                text=message.text,
                blocks=message.blocks or None,
                unfurl_links=False,
                unfurl_media=False,
                metadata={"event_type": EVENT, "event_payload": {"key": key}},
            )

    async def home(self, workspace: str, user: str) -> str:
        """The channel of direct messages with a person, asked for once. Raises DeliveryError."""
        if (workspace, user) not in self._homes:
            client = await self.clients.client(workspace)
            try:
                opened = await ask(lambda: client.conversations_open(users=user))
            except Rejected as error:
                raise ChannelGone(CLOSED) from error
            self._homes[workspace, user] = str(opened["channel"]["id"])
        return self._homes[workspace, user]

    async def deliver(self, place: Place, doc: Doc, *, key: str, alt: str = "") -> str:
        """Like :meth:`send` for somebody who waits: short waits are waited for, a lost answer is looked
        up once and the message sent again if it does not stand there."""
        return await self._surely(place, lambda: self.send(place, doc, key=key, alt=alt), key)

    async def deliver_messages(self, place: Place, messages: Sequence[Message], *, key: str) -> str:
        """The same for messages."""
        return await self._surely(place, lambda: self.send_messages(place, messages, key=key), key)

    async def _surely(self, place: Place, send: Callable[[], Awaitable[str]], key: str) -> str:
        began = self.clock.now()
        try:
            return await self.patiently(send)
        except Uncertain:
            await self.clock.sleep(2.0)
            self.remember(await self.look(place, {key}, began))
            return await self.patiently(send)

    async def patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call for somebody who waits, again after each short wait that Slack asks for."""
        for _ in range(TRIES):
            try:
                return await call()
            except RateLimited as error:
                await self.clock.sleep(min(error.retry_after, LONGEST_WAIT))
        return await call()

    async def look(self, place: Place, keys: set[str], since: datetime) -> dict[str, str]:
        """Ids by key of those messages that stand in the channel (or thread) since then."""
        client = await self.clients.client(place.workspace)
        oldest = f"{self._oldest(since):.6f}"
        found: dict[str, str] = {}
        async for message in self._history(client, place, oldest):
            key = _key(message)
            if key.partition("#")[0] in keys:
                found[key] = str(message["ts"])
            if place.thread is None and keys <= found.keys():
                break  # in a thread, the other messages of a long post come later
        return found

    def _oldest(self, since: datetime) -> float:
        """Where in Slack's time to begin: a rehearsal's clock may be ahead of the one Slack has."""
        age = self.clock.now() - since
        return min(since.timestamp(), time.time() - age.total_seconds()) - SKEW.total_seconds()

    async def _history(self, client: AsyncWebClient, place: Place, oldest: str) -> AsyncIterator[Json]:
        cursor = ""
        while True:
            answer = await self._page(client, place, oldest, cursor)
            for message in answer.get("messages", ()):
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    async def _page(self, client: AsyncWebClient, place: Place, oldest: str, cursor: str) -> Any:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        more |= {"oldest": oldest, "inclusive": True, "limit": PAGE, "include_all_metadata": True}
        if place.thread:
            thread = place.thread
            return await ask(lambda: client.conversations_replies(channel=place.channel, ts=thread, **more))
        return await ask(lambda: client.conversations_history(channel=place.channel, **more))

    def remember(self, found: Mapping[str, str]) -> None:
        """Messages that a look-up found, so that sending a long document again skips them."""
        self._stands.update(found)


def plainer(doc: Doc, *, alt: str, command: str) -> list[Message]:
    """The document in blocks that Slack has always taken, images as links."""
    messages = render(doc, alt=alt, command=command, pictures=False)
    return [Message(preview(message.blocks), message.text) for message in messages]


def _key(message: Mapping[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT:
        return ""
    return str((metadata.get("event_payload") or {}).get("key", ""))


def _nothing(workspace: str) -> None:
    """Nobody wants to know."""


class SlackPoster:
    """Posts digests to Slack (:class:`bot.ports.Poster`)."""

    platform = "slack"

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def post(self, post: Post) -> str:
        """Post it with its key in the metadata; previews are off."""
        return await self._sender.send(_place(post), post.doc, key=post.key, alt=post.alt)

    async def home(self, person: UserId, *, workspace: str = "") -> ChannelId:
        """The person's direct messages with the bot."""
        team = workspace_in(person) or workspace
        found = await self._sender.home(team, native(person))
        return channel_id(found, team if self._sender.clients.many else "")

    async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
        """Look through the channel's history, or the parent's replies, for the keys.

        A long post of which only some messages stand is not reported: posting it again adds the rest.
        """
        if not posts:
            return {}
        place, keys = _place(posts[0]), {post.key for post in posts}
        stands = await self._sender.look(place, keys, since)
        whole: dict[str, str] = {}
        for post in posts:
            doc = await self._sender.people.named(post.workspace, post.doc)
            parts = len(render(doc, alt=post.alt, command=self._sender.command))
            if post.key not in stands:
                continue
            if parts > 1 and place.thread is None:
                below = Place(place.channel, stands[post.key], place.workspace)
                stands |= await self._sender.look(below, {post.key}, since)
            if all(f"{post.key}#{number}" in stands for number in range(1, parts)):
                whole[post.key] = stands[post.key]
            else:
                self._sender.remember({k: v for k, v in stands.items() if k.partition("#")[0] == post.key})
        return whole


def _place(post: Post) -> Place:
    return Place(native(post.channel), post.parent, workspace_in(post.channel) or post.workspace)
