"""Digests on Discord: a post and its thread, a post a paper in forums, and finding what stands already.

A message carries its key twice: as ``nonce`` with ``enforce_nonce``, so that sending again within a few
minutes posts nothing new, and in the id of its first component, which history keeps (docs/decisions/0060).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from adapters.discord_recent import Recent
from adapters.discord_rest import Refusal, Rest
from adapters.discord_tags import TAGLESS, tagless, tags
from adapters.discord_text import Json, shorten
from adapters.discord_views import TEXT, V2, Page, mark, pages
from bot.doc import plain
from bot.domain import ChannelId, Post, UserId, native_id
from bot.errors import ChannelGone, DeliveryError, NotSent, Rejected, Uncertain
from bot.ports import Clock

log = structlog.get_logger(__name__)

TEXT_CHANNEL, ANNOUNCEMENT, FORUM, MEDIA = 0, 5, 15, 16
VOICES, THREADS = (2, 13), (10, 11, 12)
WITH_THREADS = {TEXT_CHANNEL, ANNOUNCEMENT}
"""Kinds of channels where a message can have a thread; elsewhere replies refer to it."""

NO_PINGS: Json = {"parse": []}
TRIES = 3
SKEW = timedelta(minutes=5)
EPOCH_MS = 1_420_070_400_000
ARCHIVE_MINUTES = 10_080
ALREADY_A_THREAD, ALREADY_PUBLISHED = 160004, 40033
UNKNOWN_MESSAGE, THREAD_LOCKED = 10008, 50083
UNKNOWN_CHANNEL, UNKNOWN_GUILD, MISSING_ACCESS, MISSING_PERMISSIONS = 10003, 10004, 50001, 50013
CANNOT_WRITE_TO_USER, NO_COMMON_SERVER = 50007, 50278
_PLAIN = re.compile(r"\\(?=[^\w\s])|(?<!\\)[*`]")

OVERVIEW = "forum"
"""The remote id of a digest's parent in a forum, where each paper is a post and the parent is left out."""

_CLOSED = (
    "Discord does not let me write to you: allow direct messages in the privacy settings of a server that "
    "I am in, and try again."
)
LOCKED = "The thread was locked; the digest goes on when it is unlocked."
GONE = {
    UNKNOWN_CHANNEL: "The channel was deleted.",
    UNKNOWN_GUILD: "The bot was removed from the server.",
    MISSING_ACCESS: "The bot cannot see the channel; give it View Channel there.",
    MISSING_PERMISSIONS: "The bot may not post in the channel; give it Send Messages, Create Public "
    "Threads and Send Messages in Threads there.",
    CANNOT_WRITE_TO_USER: _CLOSED,
    NO_COMMON_SERVER: _CLOSED,
}


class Posts:
    """A poster (bot.ports.Poster) for Discord."""

    platform = "discord"

    def __init__(self, rest: Rest, clock: Clock, *, command: str = "/paper", publish: bool = False) -> None:
        self._rest, self._clock, self._command, self._publish = rest, clock, command, publish
        self._places: Recent[str, Json] = Recent()
        self._homes: Recent[str, Json] = Recent()
        self._names: Recent[str, str] = Recent()
        """What the threads of parents posted lately are to be called."""

    async def post(self, post: Post) -> str:
        """Post it; the id is that of the first message (of the thread, in forums)."""
        channel = native_id(post.channel)
        try:
            place = await (self._home(channel) if post.direct else self._place(channel))
            if place["type"] in (FORUM, MEDIA):
                if under := _forum_thread(post):
                    return await self._message(await self._place(under), replace(post, parent=None))
                return await self._forum_post(place, post)
            return await self._message(place, post)
        except Refusal as error:
            raise await self._verdict(channel, post.parent, error) from error

    async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
        """Ids by key of those that stand, with all their parts, in the channel's history since then."""
        if not posts:
            return {}
        channel = native_id(posts[0].channel)
        try:
            place = await self._place(channel)
            if (under := _forum_thread(posts[0])) and place["type"] in (FORUM, MEDIA):
                place = await self._place(under)
                posts = [replace(post, parent=None) for post in posts]
                standing = await self._marks(self._history(under, since))
            elif place["type"] in (FORUM, MEDIA):
                standing = await self._marks(self._forum_history(place, since))
            else:
                where = posts[0].parent if posts[0].parent and place["type"] in WITH_THREADS else channel
                standing = await self._marks(self._history(where, since))
        except Refusal as error:
            if error.code == UNKNOWN_CHANNEL and posts[0].parent:
                return {}
            raise await self._verdict(channel, posts[0].parent, error) from error
        found = dict(self._found(place, posts, standing))
        await self._publish_found(place, posts, standing)
        return found

    async def home(self, person: UserId) -> ChannelId:
        """The channel of direct messages with a person."""
        try:
            return channel_id(str((await self._home(native_id(person)))["id"]))
        except Refusal as error:
            raise await self._verdict("", None, error) from error

    def _found(
        self, place: Json, posts: Iterable[Post], standing: Mapping[int, str]
    ) -> Iterable[tuple[str, str]]:
        for post in posts:
            keys = [key for key, _ in self._parts(post)]
            if place["type"] in (FORUM, MEDIA) and _left_out(post):
                yield post.key, OVERVIEW
            elif keys and all(mark(key) in standing for key in keys):
                yield post.key, standing[mark(post.key)]

    async def _publish_found(self, place: Json, posts: Sequence[Post], standing: Mapping[int, str]) -> None:
        """Hand on what was posted by a process that died before it did so."""
        if self._publish and place["type"] == ANNOUNCEMENT and not posts[0].parent:
            keys = [key for post in posts for key, _ in self._parts(post)]
            await self._publish_all(place["id"], [standing[mark(k)] for k in keys if mark(k) in standing])

    # --- where --------------------------------------------------------------------------------------

    async def _place(self, channel: str) -> Json:
        """The channel as Discord describes it, asked for once."""
        if channel not in self._places:
            self._places[channel] = await self._rest.get("/channels/{channel_id}", channel_id=channel)
        return self._places[channel]

    async def _home(self, user: str) -> Json:
        """The channel of direct messages with a person."""
        if user not in self._homes:
            self._homes[user] = await self._rest.call("POST", "/users/@me/channels", {"recipient_id": user})
        return self._homes[user]

    async def _verdict(self, channel: str, parent: str | None, error: Refusal) -> DeliveryError:
        """Whether a refusal is about the message or about the whole channel."""
        kind = self._places.get(channel, {}).get("type")
        for stale in (channel, parent or ""):
            self._places.pop(stale, None)
        if error.code == UNKNOWN_CHANNEL:
            try:
                await self._rest.get("/channels/{channel_id}", channel_id=channel)
            except Refusal as gone:
                return ChannelGone(GONE.get(gone.code, GONE[UNKNOWN_CHANNEL]))
            return Rejected("The digest's thread was deleted.")
        if error.code == THREAD_LOCKED and kind in THREADS:
            return ChannelGone(LOCKED)
        if error.code == THREAD_LOCKED:
            return Rejected("The digest's thread was locked.")
        if error.code in GONE:
            return ChannelGone(GONE[error.code])
        return error

    # --- text and announcement channels, direct messages --------------------------------------------

    async def _message(self, place: Json, post: Post) -> str:
        target, reference = await self._target(place, post)
        parts = self._parts(post)
        ids: list[str] = []
        standing: Mapping[int, str] = {}
        if len(parts) > 1:
            standing = await self._marks(self._history(target, self._clock.now() - timedelta(days=1)))
        for key, page in parts:
            id = standing.get(mark(key)) or await self._send(target, page, key, reference)
            ids.append(id)
        if post.replies:
            self._names[ids[0]] = post.title or plain_title(post)
        if self._publish and place["type"] == ANNOUNCEMENT and not post.parent:
            await self._publish_all(target, ids)
        return ids[0]

    def _parts(self, post: Post) -> list[tuple[str, Page]]:
        """The messages of a post, each with its key and marked with it."""
        split = pages(post.doc, command=self._command)
        keys = [post.key, *(f"{post.key}:{number}" for number in range(1, len(split)))]
        return [(key, page.marked(key)) for key, page in zip(keys, split, strict=False)]

    async def _target(self, place: Json, post: Post) -> tuple[str, Json | None]:
        """The channel to write to, and the message to refer to where there can be no thread."""
        if not post.parent:
            return place["id"], None
        if place["type"] not in WITH_THREADS:
            return place["id"], {"message_id": post.parent, "fail_if_not_exists": False}
        return await self._thread(place["id"], post), None

    async def _thread(self, channel: str, post: Post) -> str:
        """The thread of the parent: its id is the parent's, made when the first reply comes."""
        parent = post.parent or ""
        if parent in self._places:
            return parent
        try:
            await self._open_thread(channel, parent)
        except Refusal as error:
            if error.code == UNKNOWN_MESSAGE:  # a thread outlives the message it was made from
                await self._rest.get("/channels/{channel_id}", channel_id=parent)
            elif error.code != ALREADY_A_THREAD:
                raise
        self._places[parent] = {"id": parent}
        return parent

    async def _open_thread(self, channel: str, parent: str) -> None:
        """Make the thread; asked again where the answer was lost, since a message has but one."""
        name = self._names.pop(parent, "") or await self._first_line(channel, parent)
        body = {"name": shorten(name, 100), "auto_archive_duration": ARCHIVE_MINUTES}
        path = "/channels/{channel_id}/messages/{message_id}/threads"
        for _ in range(TRIES):
            try:
                await self._rest.call("POST", path, body, channel_id=channel, message_id=parent)
                return
            except Uncertain:
                await self._clock.sleep(1)
        raise NotSent("Discord does not answer; I try again.")

    async def _first_line(self, channel: str, parent: str) -> str:
        """What the parent begins with."""
        path = "/channels/{channel_id}/messages/{message_id}"
        message = await self._rest.get(path, channel_id=channel, message_id=parent)
        for one in message.get("components", []):
            if one["type"] == TEXT:
                return _PLAIN.sub("", one["content"].split("\n")[0].lstrip("#-> ")).strip() or "Papers"
        return "Papers"

    async def _send(self, target: str, page: Page, key: str, reference: Json | None) -> str:
        """One message; sent again with the same nonce where the answer was lost: that cannot double it."""
        body = {**message(page), "nonce": nonce(key), "enforce_nonce": True}
        if reference:
            body["message_reference"] = reference
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                path = "/channels/{channel_id}/messages"
                sent = await self._rest.call("POST", path, body, files=page.files, channel_id=target)
                return str(sent["id"])
            except Uncertain:
                if last:
                    raise
                await self._clock.sleep(1)
        raise AssertionError("the last try returns or raises")

    async def _publish_all(self, channel: str, ids: Iterable[str]) -> None:
        """Hand an announcement on to the servers that follow it; what fails there does not undo the post."""
        path = "/channels/{channel_id}/messages/{message_id}/crosspost"
        for id in ids:
            try:
                await self._rest.call("POST", path, channel_id=channel, message_id=id)
            except Refusal as error:
                if error.code != ALREADY_PUBLISHED:
                    log.warning("an announcement could not be published", error=error)
            except DeliveryError as error:
                log.warning("an announcement could not be published", error=error)

    # --- forums -------------------------------------------------------------------------------------

    async def _forum_post(self, place: Json, post: Post) -> str:
        """A post of its own for each paper, tagged by topic; what one message cannot hold follows in it."""
        if _left_out(post):
            return OVERVIEW
        (key, first), *rest = self._parts(post)
        name = shorten(post.title or plain_title(post) or "Papers", 100)
        body: Json = {"name": name, "message": message(first), "applied_tags": tags(place, post.tags)}
        body["auto_archive_duration"] = ARCHIVE_MINUTES
        standing: Mapping[int, str] = {}
        if rest:
            standing = await self._marks(self._forum_history(place, self._clock.now() - timedelta(days=1)))
        thread = standing.get(mark(key)) or ""
        if not thread:
            thread = await self._begin(place, body, first, post.tags)
        for key, page in rest:
            if mark(key) not in standing:
                await self._send(thread, page, key, None)
        return thread

    async def _begin(self, place: Json, body: Json, first: Page, topics: Sequence[str]) -> str:
        """A new post of a forum, the tags of which may have changed since they were asked for."""
        path = "/channels/{channel_id}/threads"
        try:
            made = await self._rest.call("POST", path, body, files=first.files, channel_id=place["id"])
        except Refusal as error:
            if error.code in GONE:
                raise
            self._places.pop(place["id"], None)
            fresh = await self._place(place["id"])
            if tagless(fresh):
                raise ChannelGone(TAGLESS) from error
            again = {**body, "applied_tags": tags(fresh, topics)}
            if again == body:
                raise
            made = await self._rest.call("POST", path, again, files=first.files, channel_id=place["id"])
        return str(made["id"])

    async def _forum_history(self, place: Json, since: datetime) -> AsyncIterator[Json]:
        """What the forum's posts since then begin with, and what follows in them."""
        floor = snowflake(since - SKEW)
        active = await self._rest.get("/guilds/{guild_id}/threads/active", guild_id=place["guild_id"])
        path = "/channels/{channel_id}/threads/archived/public"
        archived = await self._rest.get(path, {"limit": 100}, channel_id=place["id"])
        for thread in (*active["threads"], *archived["threads"]):
            if thread["parent_id"] == place["id"] and int(thread["id"]) >= floor:
                async for one in self._history(thread["id"], since):
                    yield one

    # --- history ------------------------------------------------------------------------------------

    async def _history(self, channel: str, since: datetime) -> AsyncIterator[Json]:
        """The channel's messages since then, oldest first."""
        after = snowflake(since - SKEW)
        while True:
            query = {"limit": 100, "after": after}
            batch = await self._rest.get("/channels/{channel_id}/messages", query, channel_id=channel)
            for one in sorted(batch, key=lambda one: int(one["id"])):
                yield one
            if len(batch) < 100:
                return
            after = max(int(one["id"]) for one in batch)

    async def _marks(self, messages: AsyncIterator[Json]) -> dict[int, str]:
        """Message id by component id, for our own messages."""
        me = self._rest.me["id"]
        return {found: str(one["id"]) async for one in messages if (found := mark_in(one, me))}


def mark_in(message: Json, me: str) -> int:
    """What a message of ours is marked with; 0 for any other."""
    mine = message["author"]["id"] == me and message.get("components")
    return int(message["components"][0]["id"]) if mine else 0


def message(page: Page) -> Json:
    """The JSON of a message that pings nobody and shows no previews."""
    return {"flags": V2, "components": list(page.components), "allowed_mentions": NO_PINGS}


def nonce(key: str) -> str:
    """At most 25 characters for a key of any length."""
    return key if 0 < len(key) <= 25 else hashlib.sha256(key.encode()).hexdigest()[:24]


def snowflake(when: datetime) -> int:
    """The least id that something made at this time can have."""
    return max(0, int(when.timestamp() * 1000) - EPOCH_MS) << 22


def plain_title(post: Post) -> str:
    """The words of the first block that has some."""
    for block in post.doc:
        words: Any = getattr(block, "text", None)
        if isinstance(words, tuple) and plain(words).strip():
            return plain(words)
    return ""


def _forum_thread(post: Post) -> str:
    """The forum's post that a note belongs to: that of the paper, else the one it answers in."""
    return post.card or ("" if post.parent in (None, OVERVIEW) else post.parent or "")


def _left_out(post: Post) -> bool:
    """Whether it is a parent whose papers follow."""
    return post.parent is None and post.replies > 0


def channel_id(native: str) -> ChannelId:
    """A channel of Discord as the core names it."""
    return ChannelId(f"discord:{native}")
