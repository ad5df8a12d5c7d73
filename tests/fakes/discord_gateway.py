"""Discord's gateway on loopback: HELLO, IDENTIFY, READY, heartbeats, RESUME, INVALID_SESSION, close codes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.fakes.discord_rules import Json
from tests.fakes.discord_world import DM, World, wire

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1, 1 << 9, 1 << 12, 1 << 15
PRIVILEGED = (1 << 1) | (1 << 8) | MESSAGE_CONTENT


@dataclass
class Session:
    """One shard's session: what it was sent, so that a RESUME can repeat the rest."""

    id: str
    shard: int
    shards: int
    intents: int
    sent: list[Json] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None

    def hears(self, event: Json) -> bool:
        guild = event["d"].get("guild_id") or (
            event["d"].get("id") if event["t"].startswith("GUILD_") else None
        )
        return (int(guild) >> 22) % self.shards == self.shard if guild else self.shard == 0


class Gateway:
    """All sockets of the bot; `dispatch` reaches the session whose shard it concerns."""

    def __init__(self, world: World, token: str) -> None:
        self.world, self.token = world, token
        self.url = ""
        self.shards = 1
        self.heartbeat = 41.25
        self.refusing = False
        self.allowed_intents = (1 << 26) - 1
        self.sessions: dict[str, Session] = {}
        self.identifies: list[Json] = []
        self.resumes = 0
        self.heartbeats = 0
        self.changed = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.refusing:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(
            {"op": 10, "d": {"heartbeat_interval": int(self.heartbeat * 1000)}, "s": None, "t": None}
        )
        async for frame in socket:
            if frame.type != WSMsgType.TEXT:
                break
            await self._receive(socket, json.loads(frame.data))
        async with self.changed:
            self.changed.notify_all()
        return socket

    async def _receive(self, socket: web.WebSocketResponse, frame: Json) -> None:
        match frame["op"]:
            case 1:
                self.heartbeats += 1
                await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
            case 2:
                await self._identify(socket, frame["d"])
            case 6:
                await self._resume(socket, frame["d"])
            case 3 | 4 | 8:
                pass
            case _:
                await socket.close(code=4001, message=b"Unknown opcode")
        async with self.changed:
            self.changed.notify_all()

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        self.identifies.append(data)
        if data["token"] != self.token:
            await socket.close(code=4004, message=b"Authentication failed")
        elif data["intents"] & PRIVILEGED & ~self.allowed_intents:
            await socket.close(code=4014, message=b"Disallowed intent(s)")
        else:
            shard, shards = data.get("shard", [0, 1])
            session = Session(f"session{len(self.identifies)}", shard, shards, data["intents"], socket=socket)
            self.sessions[session.id] = session
            await self._greet(session)

    async def _greet(self, session: Session) -> None:
        mine = [id for id in self.world.guilds if (id >> 22) % session.shards == session.shard]
        ready = {
            "v": 10,
            "user": {**self.world.bot, "verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(id), "unavailable": True} for id in mine],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [session.shard, session.shards],
            "application": {"id": str(self.world.app), "flags": 0},
            "private_channels": [],
            "relationships": [],
        }
        await self._send(session, "READY", ready)
        for id in mine:
            await self._send(session, "GUILD_CREATE", self.guild(id))

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"] != self.token:
            await socket.send_json({"op": 9, "d": False, "s": None, "t": None})
            return
        self.resumes += 1
        session.socket = socket
        for event in session.sent:
            if event["s"] > (data["seq"] or 0):
                await socket.send_json(event)
        await self._send(session, "RESUMED", {"_trace": []})

    def guild(self, id: int) -> Json:
        """GUILD_CREATE as a bot without the members intent gets it."""
        world = self.world
        everyone = {
            "id": str(id),
            "name": "@everyone",
            "permissions": str(world.everyone),
            "position": 0,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        managers = {**everyone, "id": world.manager_role, "name": "managers", "permissions": str(1 << 4)}
        own = {**everyone, "id": world.own_role, "name": "Paperboy", "permissions": "0", "managed": True}
        own["tags"] = {"bot_id": world.bot["id"]}
        mine = [one for one in world.channels.values() if one.guild == id]
        me = {
            "user": world.bot,
            "roles": [world.own_role],
            "joined_at": world.stamp(),
            "deaf": False,
            "mute": False,
            "flags": 0,
        }
        empty: Json = {key: [] for key in ("emojis", "stickers", "features", "presences", "voice_states")}
        empty |= {key: [] for key in ("stage_instances", "guild_scheduled_events", "soundboard_sounds")}
        return empty | {
            **world.guilds[id],
            "icon": None,
            "splash": None,
            "region": "",
            "afk_channel_id": None,
            "afk_timeout": 60,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "nsfw_level": 0,
            "premium_progress_bar_enabled": False,
            "joined_at": world.stamp(),
            "large": False,
            "unavailable": False,
            "member_count": 2,
            "roles": [everyone, managers, own],
            "members": [me],
            "channels": [one.json() for one in mine if not one.is_thread],
            "threads": [one.json() for one in mine if one.is_thread and not one.archived],
        }

    # What happens

    async def dispatch(self, name: str, data: Json) -> None:
        """Send one event to the session it concerns; held back for a RESUME when its socket is gone."""
        for session in list(self.sessions.values()):
            if session.hears({"t": name, "d": data}):
                await self._send(session, name, data)

    async def message(self, name: str, message: Json, *, dm: bool) -> None:
        """A message event: by intents it may not come at all, or without its content."""
        for session in list(self.sessions.values()):
            if not session.intents & (DIRECT_MESSAGES if dm else GUILD_MESSAGES):
                continue
            if session.hears({"t": name, "d": message}):
                await self._send(session, name, self._seen(session, message, dm=dm))

    def _seen(self, session: Session, message: Json, *, dm: bool) -> Json:
        me = self.world.bot["id"]
        mentioned = any(user["id"] == me for user in message.get("mentions", []))
        if session.intents & MESSAGE_CONTENT or dm or mentioned or message["author"]["id"] == me:
            return wire(message)
        return {**wire(message), "content": "", "embeds": [], "components": [], "attachments": []}

    async def _send(self, session: Session, name: str, data: Json) -> None:
        event = {"op": 0, "t": name, "s": len(session.sent) + 1, "d": data}
        session.sent.append(event)
        if session.socket and not session.socket.closed:
            await session.socket.send_json(event)

    @property
    def live(self) -> list[Session]:
        return [one for one in self.sessions.values() if one.socket and not one.socket.closed]

    async def cut(self, code: int = 4000) -> None:
        """Close every socket; sessions stay and can be resumed."""
        for session in self.live:
            if session.socket:
                await session.socket.close(code=code)

    async def forget(self) -> None:
        """Forget every session: the next RESUME is answered with INVALID_SESSION."""
        live = self.live
        self.sessions.clear()
        for session in live:
            if session.socket:
                await session.socket.close(code=4000)

    async def send_op(self, op: int, data: object = None) -> None:
        for session in self.live:
            if session.socket:
                await session.socket.send_json({"op": op, "d": data, "s": None, "t": None})


def is_dm(world: World, message: Json) -> bool:
    return world.channel(message["channel_id"]).kind == DM
