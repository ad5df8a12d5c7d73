"""A Discord on loopback that the real discord.py client talks to, driven like a story.

    async with Discord() as discord:
        papers = discord.channel("papers")
        ...                                     # start the bot with discord.api_url and discord.gateway_url
        reply = await discord.types("/paper help", channel=papers, user="ada")
        assert "topic" in reply.texts[0]

Time inside it (the 3 second and 15 minute windows, the nonce window) stands still until `passes` moves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.fakes.discord_files import Files
from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Unanswered,
)
from tests.fakes.discord_rest import Rest
from tests.fakes.discord_rules import Json
from tests.fakes.discord_stories import NotOffered, Post, command_data, component_data, modal_data
from tests.fakes.discord_world import ANNOUNCEMENT, BITS, DM, FORUM, Channel, World, wire

__all__ = ["Channel", "Discord", "Interaction", "NotOffered", "Post", "Unanswered"]


class Discord:
    """The server, its state, and what people do in it."""

    def __init__(
        self,
        *,
        now: float = 1_776_240_000.0,
        token: str = "test-token",
        content: bool = True,
        shards: int = 1,
    ) -> None:
        self.world = World(now)
        self.token = token
        self.gateway = Gateway(self.world, token)
        self.gateway.shards = shards
        if not content:
            self.gateway.allowed_intents &= ~(1 << 15)
        self.rest = Rest(self.world, self.gateway, token)
        self.guild = self.world.add_guild("Lab")
        self.files = Files(self.world)
        self._runner: web.AppRunner | None = None
        self.api_url = ""

    async def __aenter__(self) -> Discord:
        app = web.Application()
        app.add_routes(self.rest.routes())
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/attachments/{channel}/{id}/{name}", self.files.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}/api/v10"
        self.files.base = f"http://{host}:{port}"
        self.gateway.url = f"ws://{host}:{port}/gateway/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.gateway.cut(1001)
        if self._runner:
            await self._runner.cleanup()

    @property
    def gateway_url(self) -> str:
        return self.gateway.url

    # The server

    def channel(self, name: str, *, guild: int | None = None) -> Channel:
        return self.world.add_channel(name, guild=guild or self.guild)

    def announcements(self, name: str) -> Channel:
        return self.world.add_channel(name, kind=ANNOUNCEMENT, guild=self.guild)

    def forum(self, name: str, *, tags: tuple[str, ...] = (), needs_tag: bool = False) -> Channel:
        made = self.world.add_channel(name, kind=FORUM, guild=self.guild)
        made.tags = [{"id": str(self.world.snowflake()), "name": tag, "moderated": False} for tag in tags]
        for tag in made.tags:
            tag |= {"emoji_id": None, "emoji_name": None}
        made.needs_tag = needs_tag
        return made

    def manager(self, name: str) -> str:
        """A user with Manage Channels."""
        self.world.user(name, manager=True)
        return name

    def passes(self, seconds: float) -> None:
        self.world.now += seconds

    async def connected(self, *, shards: int = 1, seconds: float = 5.0) -> None:
        """Until the bot's gateway sessions are up."""
        await self.happens(lambda: len(self.gateway.live) >= shards, seconds=seconds)

    async def happens(self, what: Callable[[], bool], *, seconds: float = 5.0) -> None:
        """Until something is so, seen from the server."""
        async with asyncio.timeout(seconds), self.gateway.changed:
            await self.gateway.changed.wait_for(what)

    # What people do

    async def types(
        self, text: str, *, channel: Channel, user: str = "ada", wait: bool = True, **more: Any
    ) -> Interaction:
        """A slash command; returns when the bot has said something."""
        made = self._begin(COMMAND, user, channel, **more)
        await self._send(made, command_data(text, self.rest.commands))
        return await made.until() if wait else made

    async def completes(self, text: str, option: str, *, channel: Channel, user: str = "ada") -> list[str]:
        """The names that autocomplete offers for an option of a command that is being typed."""
        made = self._begin(AUTOCOMPLETE, user, channel)
        await self._send(made, command_data(text, self.rest.commands, focus=option))
        await made.until()
        return [choice["name"] for choice in made.choices or []]

    async def presses(
        self, post: Post | Interaction, name: str, *, user: str = "ada", wait: bool = True
    ) -> Interaction:
        return await self.chooses(post, name, [], user=user, wait=wait)

    async def chooses(
        self, post: Post | Interaction, name: str, values: list[str], *, user: str = "ada", wait: bool = True
    ) -> Interaction:
        """A press of a button, or a choice in a select, on a message."""
        seen = self.answer(post) if isinstance(post, Interaction) else post
        data = component_data(seen.control(name), values)
        made = self._begin(COMPONENT, user, self.world.channel(seen.channel), source=seen.json)
        await self._send(made, data, message=wire(seen.json))
        return await made.until() if wait else made

    async def submits(
        self, asked: Interaction, answers: dict[str, Any], *, user: str = "ada", wait: bool = True
    ) -> Interaction:
        """The modal that `asked` brought, filled in."""
        if asked.modal is None:
            raise NotOffered("there is no modal")
        made = self._begin(MODAL_SUBMIT, user, asked.channel, source=asked.source)
        extra = {"message": wire(asked.source)} if asked.source else {}
        await self._send(made, modal_data(asked.modal, answers), **extra)
        return await made.until() if wait else made

    async def chooses_from_menu(
        self, name: str, post: Post, *, user: str = "ada", wait: bool = True
    ) -> Interaction:
        """A context menu command on a message."""
        known = [one for one in self.rest.commands if one["name"] == name and one.get("type") == 3]
        if not known:
            raise NotOffered(f"no context menu {name!r}")
        made = self._begin(COMMAND, user, self.world.channel(post.channel))
        resolved = {"messages": {str(post.id): wire(post.json)}}
        await self._send(
            made,
            {"id": known[0]["id"], "name": name, "type": 3, "target_id": str(post.id), "resolved": resolved},
        )
        return await made.until() if wait else made

    async def says(
        self,
        text: str,
        *,
        channel: Channel,
        user: str = "ada",
        mention: bool = False,
        role: bool = False,
        reply_to: Post | None = None,
        ping: bool = True,
        files: Sequence[tuple[str, bytes, str]] = (),
    ) -> Post:
        """A message by a person; `mention` puts the bot's in front, `role` that of its role, a reply pings
        unless told not to; files are name, bytes and media type."""
        author = self.world.user(user)
        bot = self.world.bot
        payload: Json = {"content": f"<@{bot['id']}> {text}" if mention else text}
        if role:
            payload |= {
                "content": f"<@&{self.world.own_role}> {text}",
                "mention_roles": [self.world.own_role],
            }
        pinged = mention or (reply_to is not None and ping and reply_to.json["author"]["id"] == bot["id"])
        payload["mentions"] = [bot] if pinged else []
        payload["attachments"] = [self.files.add(*file, channel=channel.id) for file in files]
        if reply_to is not None:
            payload["message_reference"] = {"message_id": str(reply_to.id)}
        if channel.archived:
            channel.archived = False
            await self.gateway.dispatch("THREAD_UPDATE", channel.json())
        message = self.world.add_message(channel, author, payload)
        event = message | (
            {"guild_id": str(channel.guild), "member": self._member(author)} if channel.guild else {}
        )
        await self.gateway.message("MESSAGE_CREATE", event, dm=channel.kind == DM)
        return Post(message)

    def dm(self, user: str = "ada") -> Channel:
        return self.world.dm(self.world.user(user))

    def _begin(self, kind: int, user: str, channel: Channel, **more: Any) -> Interaction:
        return self.rest.interactions.begin(kind, self.world.user(user), channel, **more)

    def _member(self, user: Json, channel: Channel | None = None) -> Json:
        member: Json = {
            "roles": [self.world.manager_role] if user["id"] in self.world.managers else [],
            "joined_at": self.world.stamp(),
            "deaf": False,
            "mute": False,
            "flags": 0,
        }
        if channel is not None:
            member |= {"permissions": str(self.world.permissions(channel, user)), "user": user}
        return member

    async def _send(self, made: Interaction, data: Json, **extra: Any) -> None:
        channel, user = made.channel, made.user
        event: Json = {
            "id": str(made.id),
            "application_id": str(self.world.app),
            "type": made.kind,
            "token": made.token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": channel.json(),
            "locale": "en-US",
            "app_permissions": str(self.world.permissions(channel)),
            "attachment_size_limit": 10_485_760,
            "entitlements": [],
            **extra,
        }
        if channel.guild:
            place = {"id": str(channel.guild), "locale": "en-US", "features": []}
            event |= {"guild_id": str(channel.guild), "guild": place, "guild_locale": "en-US", "context": 0}
            event |= {"member": self._member(user, channel)}
            owners = {"1": user["id"]} if made.user_installed else {"0": str(channel.guild)}
            event["authorizing_integration_owners"] = owners
        else:
            event |= {"user": user, "context": 1 if channel.kind == DM else 2}
            event["authorizing_integration_owners"] = {"1": user["id"]}
        await self.gateway.dispatch("INTERACTION_CREATE", event)

    # What stands there

    def posts(self, channel: Channel) -> list[Post]:
        """The bot's lasting messages in a channel or thread, oldest first; of a forum, each opening post."""
        if channel.kind == FORUM:
            threads = [one for one in self.world.channels.values() if one.parent == channel.id]
            names = {tag["id"]: tag["name"] for tag in channel.tags}
            return [
                Post(one.messages[one.id], tuple(names[tag] for tag in one.applied if tag in names))
                for one in sorted(threads, key=lambda one: one.id)
                if one.id in one.messages
            ]
        mine = [one for _, one in sorted(channel.messages.items())]
        mine = [one for one in mine if one["author"] is self.world.bot and not one.get("_thinking")]
        return [post for post in map(Post, mine) if not post.ephemeral]

    def whispers(self, channel: Channel, user: str = "ada") -> list[Post]:
        """What one user alone sees in a channel."""
        asker = self.world.user(user)["id"]
        mine = [one for _, one in sorted(channel.messages.items()) if one.get("_asker") == asker]
        return [post for post in map(Post, mine) if post.ephemeral]

    def thread(self, post: Post) -> Channel:
        """The thread made from a post (or of which it is the first message)."""
        try:
            return self.world.channels[post.id]
        except KeyError:
            raise AssertionError("the post has no thread") from None

    def answer(self, asked: Interaction) -> Post:
        if asked.reply is None:
            raise AssertionError("nothing was answered")
        return Post(asked.reply)

    # The life of a server

    async def denies(self, channel: Channel, *permissions: str) -> None:
        for name in permissions:
            channel.denied |= BITS[name]
        await self.gateway.dispatch("CHANNEL_UPDATE", channel.json())

    async def allows(self, channel: Channel, *permissions: str) -> None:
        for name in permissions:
            channel.denied &= ~BITS[name]
        await self.gateway.dispatch("CHANNEL_UPDATE", channel.json())

    async def deletes(self, channel: Channel) -> None:
        gone = self.world.channels.pop(channel.id)
        name = "THREAD_DELETE" if gone.is_thread else "CHANNEL_DELETE"
        await self.gateway.dispatch(name, gone.json())

    async def archives(self, thread: Channel, *, locked: bool = False) -> None:
        thread.archived, thread.locked = True, locked
        await self.gateway.dispatch("THREAD_UPDATE", thread.json())

    async def kicks(self, guild: int | None = None) -> None:
        id = guild or self.guild
        self.world.guilds.pop(id)
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(id)})

    async def returns(self, guild: int | None = None) -> None:
        """The bot is invited again to a server that it was taken out of."""
        id = guild or self.guild
        self.world.guilds[id] = {"id": str(id), "name": "Lab", "owner_id": str(self.world.snowflake())}
        await self.gateway.dispatch("GUILD_CREATE", self.gateway.guild(id))

    async def invites(self, name: str) -> int:
        id = self.world.add_guild(name)
        await self.gateway.dispatch("GUILD_CREATE", self.gateway.guild(id))
        return id

    # Trouble

    def fails(self, route: str, kind: str, **more: Any) -> None:
        """Plan a misfortune for the routes that match: see `Fault.kind`."""
        self.rest.faults.add(route, kind, **more)

    async def lands(self) -> None:
        await self.rest.faults.land()
