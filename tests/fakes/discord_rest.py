"""Discord's REST v10 on loopback: the routes that a bot for channels, threads and interactions uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.fakes.discord_call import Call, body_of
from tests.fakes.discord_faults import Faults, Rates, limited, refusal, reply
from tests.fakes.discord_forms import check_commands
from tests.fakes.discord_gateway import Gateway, is_dm
from tests.fakes.discord_interactions import Interactions
from tests.fakes.discord_rules import V2, Json, Refused, check_message, invalid, text
from tests.fakes.discord_world import ANNOUNCEMENT, FORUM, THREADS, Channel, World, wire

NONCE_WINDOW = 180.0
ARCHIVE = {60, 1440, 4320, 10080}
MAJOR = ("channel", "guild", "token")


Handler = Callable[[Call], Awaitable[Any]]


class Rest:
    """The application behind the API's URL, and a log of what was asked of it."""

    def __init__(self, world: World, gateway: Gateway, token: str) -> None:
        self.world, self.gateway, self.token = world, gateway, token
        self.interactions = Interactions(world)
        self.faults, self.rates = Faults(), Rates()
        self.commands: list[Json] = []
        self.syncs = 0
        self.nonces: dict[tuple[int, str], tuple[float, int]] = {}
        self.calls: list[str] = []
        self.invalid_requests = 0
        self.typing: list[int] = []
        self.crossposted: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/users/@me", self.me),
            ("GET", "/oauth2/applications/@me", self.application),
            ("GET", "/applications/@me", self.application),
            ("GET", "/gateway/bot", self.gateway_bot),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/users/@me/guilds", self.my_guilds),
            ("GET", "/applications/{app}/commands", self.get_commands),
            ("PUT", "/applications/{app}/commands", self.put_commands),
            ("GET", "/guilds/{guild}", self.get_guild),
            ("GET", "/guilds/{guild}/channels", self.guild_channels),
            ("GET", "/guilds/{guild}/threads/active", self.active_threads),
            ("GET", "/guilds/{guild}/members/{user}", self.get_member),
            ("GET", "/channels/{channel}", self.get_channel),
            ("PATCH", "/channels/{channel}", self.edit_channel),
            ("POST", "/channels/{channel}/typing", self.type),
            ("GET", "/channels/{channel}/messages", self.history),
            ("POST", "/channels/{channel}/messages", self.create_message),
            ("GET", "/channels/{channel}/messages/{message}", self.get_message),
            ("PATCH", "/channels/{channel}/messages/{message}", self.edit_message),
            ("DELETE", "/channels/{channel}/messages/{message}", self.delete_message),
            ("POST", "/channels/{channel}/messages/{message}/crosspost", self.crosspost),
            ("POST", "/channels/{channel}/messages/{message}/threads", self.thread_from_message),
            ("POST", "/channels/{channel}/threads", self.start_thread),
            ("GET", "/channels/{channel}/threads/archived/public", self.archived_threads),
            ("PUT", "/channels/{channel}/thread-members/@me", self.join_thread),
            ("POST", "/interactions/{id}/{token}/callback", self.callback),
            ("POST", "/webhooks/{app}/{token}", self.follow_up),
            ("GET", "/webhooks/{app}/{token}/messages/{message}", self.get_answer),
            ("PATCH", "/webhooks/{app}/{token}/messages/{message}", self.edit_answer),
            ("DELETE", "/webhooks/{app}/{token}/messages/{message}", self.delete_answer),
        ]
        return [web.route(method, f"/api/v10{path}", self._serve(handler)) for method, path, handler in table]

    def _serve(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        name = getattr(handler, "__name__", "")

        async def serve(request: web.Request) -> web.StreamResponse:
            call = Call(dict(request.match_info), dict(request.query), await body_of(request))
            self.calls.append(name)
            answer = await self._answer(request, name, lambda: handler(call), call)
            self.invalid_requests += answer.status in (401, 403, 429)
            async with self.gateway.changed:
                self.gateway.changed.notify_all()
            return answer

        return serve

    async def _answer(
        self, request: web.Request, name: str, act: Callable[[], Awaitable[Any]], call: Call
    ) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bot {self.token}" and name not in TOKENLESS:
            return refusal(Refused(401, 0, "401: Unauthorized"))
        headers: dict[str, str] = {}
        wait = 0.0
        if name not in UNLIMITED:
            major = next((call.path[key] for key in MAJOR if key in call.path), "")
            headers, wait = self.rates.take(f"{name}:{major}")
        if wait:
            return limited(wait, headers=headers)
        try:
            fault = self.faults.next(name)
            if fault:
                return await self.faults.apply(fault, act, request)
            return reply(await act(), headers=headers)
        except Refused as error:
            return refusal(error)

    # Who and where

    async def me(self, call: Call) -> Json:
        return {**self.world.bot, "verified": True, "mfa_enabled": True, "email": None, "locale": "en-US"}

    async def application(self, call: Call) -> Json:
        flags = 1 << 19 if self.gateway.allowed_intents & (1 << 15) else 0
        basics: Json = {"description": "", "summary": "", "verify_key": "00", "icon": None, "rpc_origins": []}
        switches = {"bot_public": True, "bot_require_code_grant": False, "flags": flags, "hook": True}
        owner = self.world.user("owner")
        return {
            "id": str(self.world.app),
            "name": "Paperboy",
            "owner": owner,
            "team": None,
            **basics,
            **switches,
        }

    async def gateway_bot(self, call: Call) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        return {"url": self.gateway.url, "shards": self.gateway.shards, "session_start_limit": limit}

    async def open_dm(self, call: Call) -> Json:
        for user in self.world.users.values():
            if user["id"] == str(call.body["recipient_id"]):
                return self.world.dm(user).json()
        raise Refused(400, 50033, "Invalid Recipient(s)")

    async def my_guilds(self, call: Call) -> list[Json]:
        return [
            {**one, "icon": None, "owner": False, "permissions": "0"} for one in self.world.guilds.values()
        ]

    async def get_commands(self, call: Call) -> list[Json]:
        return self.commands

    async def put_commands(self, call: Call) -> list[Json]:
        check_commands(call.body)
        self.syncs += 1
        version = {"application_id": str(self.world.app), "version": "1"}
        self.commands = [{**one, "id": str(self.world.snowflake()), **version} for one in call.body]
        return self.commands

    def _guild(self, call: Call) -> int:
        id = int(call.path["guild"])
        if id not in self.world.guilds:
            raise Refused(404, 10004, "Unknown Guild")
        return id

    async def get_guild(self, call: Call) -> Json:
        return self.gateway.guild(self._guild(call))

    async def guild_channels(self, call: Call) -> list[Json]:
        guild = self._guild(call)
        return [
            one.json() for one in self.world.channels.values() if one.guild == guild and not one.is_thread
        ]

    async def active_threads(self, call: Call) -> Json:
        guild = self._guild(call)
        mine = [one for one in self.world.channels.values() if one.guild == guild]
        return {"threads": [one.json() for one in mine if one.is_thread and not one.archived], "members": []}

    async def get_member(self, call: Call) -> Json:
        guild, id = self.gateway.guild(self._guild(call)), call.path["user"]
        me: Json = guild["members"][0]
        if id == self.world.bot["id"]:
            return me
        for user in self.world.users.values():
            if user["id"] == id:
                managing = [self.world.manager_role] if id in self.world.managers else []
                return me | {"user": user, "roles": managing}
        raise Refused(404, 10007, "Unknown Member")

    async def get_channel(self, call: Call) -> Json:
        channel = self._channel(call)
        self.world.require(channel)
        return channel.json()

    async def edit_channel(self, call: Call) -> Json:
        channel = self._channel(call)
        if not channel.is_thread:
            self.world.require(channel, "manage_channels")
        channel.archived = call.body.get("archived", channel.archived)
        channel.name = call.body.get("name", channel.name)
        return channel.json()

    async def type(self, call: Call) -> None:
        self.typing.append(int(call.path["channel"]))

    # Messages

    def _channel(self, call: Call) -> Channel:
        return self.world.channel(call.path["channel"])

    async def history(self, call: Call) -> list[Json]:
        channel = self._channel(call)
        self.world.require(channel, "read_message_history")
        before, after = int(call.query.get("before", 1 << 63)), int(call.query.get("after", 0))
        ids = [id for id in sorted(channel.messages) if after < id < before]
        limit = int(call.query.get("limit", 50))
        if not 1 <= limit <= 100:
            raise invalid("limit", "int value should be between 1 and 100.")
        chosen = ids[:limit] if "after" in call.query else ids[-limit:]
        return [self._stored(channel.messages[id]) for id in reversed(chosen)]

    def _stored(self, message: Json) -> Json:
        """As history shows it: the nonce is not kept with the message (discord.py issue 2451)."""
        return {key: value for key, value in wire(message).items() if key != "nonce"}

    async def create_message(self, call: Call) -> Json:
        channel, body = self._channel(call), call.body
        if channel.kind == FORUM:
            raise Refused(400, 50008, "Cannot send messages in a non-text channel")
        speaking = "send_messages_in_threads" if channel.is_thread else "send_messages"
        self.world.require(channel, speaking)
        if channel.archived and channel.locked:
            raise Refused(400, 50083, "Thread is archived")
        check_message(body, files=bool(body.get("attachments")))
        self._check_reference(channel, body)
        seen = self._already(channel, body)
        if seen is not None:
            return seen
        channel.archived = False
        message = self.world.add_message(channel, self.world.bot, body)
        if body.get("nonce") is not None:
            message["nonce"] = body["nonce"]
            self.nonces[channel.id, str(body["nonce"])] = (self.world.now, int(message["id"]))
        await self.gateway.message(
            "MESSAGE_CREATE", message | self._place(channel), dm=is_dm(self.world, message)
        )
        return wire(message)

    def _place(self, channel: Channel) -> Json:
        return {"guild_id": str(channel.guild)} if channel.guild else {}

    def _check_reference(self, channel: Channel, body: Json) -> None:
        reference = body.get("message_reference")
        if not reference:
            return
        self.world.require(channel, "read_message_history")
        known = int(reference["message_id"]) in channel.messages
        if not known and reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "Unknown message")
        if not known:
            body.pop("message_reference")

    def _already(self, channel: Channel, body: Json) -> Json | None:
        """Within a few minutes `enforce_nonce` answers with the message that stands already."""
        if body.get("nonce") is None or not body.get("enforce_nonce"):
            return None
        at, id = self.nonces.get((channel.id, str(body["nonce"])), (0.0, 0))
        if self.world.now - at > NONCE_WINDOW or not id:
            return None
        return wire(self.world.message(channel, id))

    async def get_message(self, call: Call) -> Json:
        channel = self._channel(call)
        self.world.require(channel, "read_message_history")
        return self._stored(self.world.message(channel, call.path["message"]))

    async def edit_message(self, call: Call) -> Json:
        channel = self._channel(call)
        self.world.require(channel)
        message = self.world.message(channel, call.path["message"])
        if message["author"]["id"] != self.world.bot["id"]:
            raise Refused(403, 50005, "Cannot edit a message authored by another user")
        if message["flags"] & V2 and call.body.get("flags") is not None and not call.body["flags"] & V2:
            raise invalid("flags", "The IS_COMPONENTS_V2 flag cannot be removed.")
        check_message(call.body, editing=message)
        return wire(self.world.edit_message(message, call.body))

    async def delete_message(self, call: Call) -> None:
        channel = self._channel(call)
        del channel.messages[int(self.world.message(channel, call.path["message"])["id"])]

    async def crosspost(self, call: Call) -> Json:
        channel = self._channel(call)
        if channel.kind != ANNOUNCEMENT:
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        self.world.require(channel, "send_messages")
        message = self.world.message(channel, call.path["message"])
        if message["id"] in self.crossposted:
            raise Refused(400, 40033, "This message has already been crossposted")
        self.crossposted.add(message["id"])
        message["flags"] |= 1
        return wire(message)

    # Threads

    def _check_thread(self, body: Json) -> None:
        text(body.get("name"), "name", least=1, most=100)
        if body.get("auto_archive_duration", 1440) not in ARCHIVE:
            raise invalid("auto_archive_duration", "Value must be one of (60, 1440, 4320, 10080).")

    async def thread_from_message(self, call: Call) -> Json:
        channel = self._channel(call)
        self.world.require(channel, "create_public_threads", "read_message_history")
        message = self.world.message(channel, call.path["message"])
        self._check_thread(call.body)
        if int(message["id"]) in self.world.channels:
            raise Refused(400, 160004, "A thread has already been created for this message")
        if channel.kind in THREADS:
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        owner = int(self.world.bot["id"])
        thread = self.world.add_thread(channel, call.body["name"], id=int(message["id"]), owner=owner)
        thread.auto_archive = call.body.get("auto_archive_duration", 1440)
        message["thread"] = thread.json()
        message["flags"] |= 1 << 5
        await self.gateway.dispatch("THREAD_CREATE", {**thread.json(), "newly_created": True})
        return thread.json()

    async def start_thread(self, call: Call) -> Json:
        channel, body = self._channel(call), call.body
        self._check_thread(body)
        if channel.kind != FORUM:
            self.world.require(channel, "create_public_threads")
            return self.world.add_thread(channel, body["name"], owner=int(self.world.bot["id"])).json()
        self.world.require(channel, "send_messages")
        first = body.get("message") or {}
        if "nonce" in first or "enforce_nonce" in first:
            raise invalid("message.nonce", "Forum posts know no nonce.")
        check_message(first)
        tags = [str(one) for one in body.get("applied_tags") or []]
        if channel.needs_tag and not tags:
            raise Refused(400, 40067, "A tag is required to create a forum post in this channel")
        if any(tag["moderated"] and tag["id"] in tags for tag in channel.tags):
            self.world.require(channel, "manage_threads")
        if len(tags) > 5 or not set(tags) <= {tag["id"] for tag in channel.tags}:
            raise invalid("applied_tags", "Up to 5 tags of this channel.")
        thread = self.world.add_thread(channel, body["name"], owner=int(self.world.bot["id"]))
        thread.applied = tags
        message = self.world.add_message(thread, self.world.bot, first, id=thread.id)
        await self.gateway.dispatch("THREAD_CREATE", {**thread.json(), "newly_created": True})
        await self.gateway.message("MESSAGE_CREATE", message | self._place(thread), dm=False)
        return {**thread.json(), "message": wire(message)}

    async def archived_threads(self, call: Call) -> Json:
        channel = self._channel(call)
        self.world.require(channel, "read_message_history")
        mine = [one for one in self.world.channels.values() if one.parent == channel.id and one.archived]
        return {"threads": [one.json() for one in mine], "members": [], "has_more": False}

    async def join_thread(self, call: Call) -> None:
        self._channel(call)

    # Interactions

    async def callback(self, call: Call) -> Json | None:
        told = await self.interactions.callback(call.path["id"], call.path["token"], call.body)
        if call.query.get("with_response") not in ("1", "true"):
            return None
        resource = told["resource"]
        if "message" in resource:
            resource["message"] = wire(resource["message"])
        return told

    async def follow_up(self, call: Call) -> Json:
        return wire(await self.interactions.follow_up(call.path["token"], call.body))

    async def get_answer(self, call: Call) -> Json:
        return wire(self.interactions.find(call.path["token"], call.path["message"])[1])

    async def edit_answer(self, call: Call) -> Json:
        return wire(await self.interactions.edit(call.path["token"], call.path["message"], call.body))

    async def delete_answer(self, call: Call) -> None:
        await self.interactions.delete(call.path["token"], call.path["message"])


TOKENLESS = {"callback", "follow_up", "get_answer", "edit_answer", "delete_answer"}
UNLIMITED = {"callback", "me", "application", "gateway_bot", "get_commands", "put_commands"}
