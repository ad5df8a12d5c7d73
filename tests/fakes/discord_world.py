"""The state of a small Discord: users, a guild, channels, messages, permissions, and their JSON."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from tests.fakes.discord_rules import EPHEMERAL, V2, Json, Refused, walk

EPOCH = 1_420_070_400_000
TEXT_CHANNEL, DM, VOICE, GROUP, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = (
    0,
    1,
    2,
    3,
    5,
    10,
    11,
    12,
    15,
)
THREADS = {ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD}

BITS = {
    "manage_channels": 1 << 4,
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "manage_messages": 1 << 13,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "mention_everyone": 1 << 17,
    "use_application_commands": 1 << 31,
    "manage_threads": 1 << 34,
    "create_public_threads": 1 << 35,
    "send_messages_in_threads": 1 << 38,
}
EVERYONE = sum(BITS.values()) - BITS["manage_channels"] - BITS["manage_messages"] - BITS["manage_threads"]


@dataclass
class Channel:
    """A channel of a guild, a thread in one, or a conversation with one user."""

    id: int
    name: str
    kind: int = TEXT_CHANNEL
    guild: int | None = None
    parent: int | None = None
    owner: int | None = None
    denied: int = 0
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    tags: list[Json] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    needs_tag: bool = False
    recipient: Json | None = None
    messages: dict[int, Json] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        return self.kind in THREADS

    def json(self) -> Json:
        out: Json = {"id": str(self.id), "type": self.kind, "flags": 0}
        last = max(self.messages, default=None)
        out["last_message_id"] = str(last) if last else None
        if self.kind == DM:
            return {**out, "recipients": [self.recipient]}
        if self.kind == GROUP:
            return {**out, "recipients": [], "name": self.name, "owner_id": "1", "icon": None}
        out |= {
            "name": self.name,
            "guild_id": str(self.guild),
            "parent_id": str(self.parent) if self.parent else None,
        }
        if self.is_thread:
            return out | self._thread()
        overwrite = {"id": str(self.guild), "type": 0, "allow": "0", "deny": str(self.denied)}
        out |= {"position": 0, "topic": None, "nsfw": False, "rate_limit_per_user": 0}
        out |= {"permission_overwrites": [overwrite] if self.denied else []}
        if self.kind == VOICE:
            out |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
        if self.kind == FORUM:
            out |= {"available_tags": self.tags, "default_reaction_emoji": None, "default_sort_order": None}
            out |= {"default_forum_layout": 0, "flags": 1 << 4 if self.needs_tag else 0}
        return out

    def _thread(self) -> Json:
        meta = {
            "archived": self.archived,
            "locked": self.locked,
            "auto_archive_duration": self.auto_archive,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "create_timestamp": "2026-01-01T00:00:00+00:00",
        }
        return {
            "owner_id": str(self.owner),
            "thread_metadata": meta,
            "message_count": len(self.messages),
            "total_message_sent": len(self.messages),
            "member_count": 1,
            "rate_limit_per_user": 0,
            "applied_tags": self.applied,
        }


class World:
    """Everything that Discord would store; time is a number of seconds that tests move."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._count = 0
        self.app = self.snowflake()
        self.bot = self.make_user("Paperboy", bot=True, id=self.app)
        self.guilds: dict[int, Json] = {}
        self.channels: dict[int, Channel] = {}
        self.users: dict[str, Json] = {}
        self.managers: set[str] = set()
        self.everyone = EVERYONE
        self.manager_role = str(self.snowflake())
        self.own_role = str(self.snowflake())

    def snowflake(self) -> int:
        self._count += 1
        return ((int(self.now * 1000) - EPOCH) << 22) | (self._count & 0x3FFFFF)

    def stamp(self) -> str:
        return dt.datetime.fromtimestamp(self.now, dt.UTC).isoformat()

    def make_user(self, name: str, *, bot: bool = False, id: int | None = None) -> Json:
        return {
            "id": str(id or self.snowflake()),
            "username": name,
            "discriminator": "0",
            "global_name": name,
            "avatar": None,
            "bot": bot,
            "public_flags": 0,
            "flags": 0,
        }

    def user(self, name: str, *, manager: bool = False) -> Json:
        """The user of that name, made at the first mention of it."""
        if name not in self.users:
            self.users[name] = self.make_user(name)
        if manager:
            self.managers.add(self.users[name]["id"])
        return self.users[name]

    def add_guild(self, name: str) -> int:
        id = self.snowflake()
        self.guilds[id] = {"id": str(id), "name": name, "owner_id": str(self.snowflake())}
        return id

    def add_channel(
        self, name: str, *, kind: int = TEXT_CHANNEL, guild: int | None, parent: int | None = None
    ) -> Channel:
        id = self.snowflake()
        self.channels[id] = made = Channel(id, name, kind, guild, parent)
        return made

    def add_thread(self, parent: Channel, name: str, *, id: int | None = None, owner: int) -> Channel:
        kind = ANNOUNCEMENT_THREAD if parent.kind == ANNOUNCEMENT else PUBLIC_THREAD
        id = id or self.snowflake()
        self.channels[id] = made = Channel(id, name, kind, parent.guild, parent.id, owner)
        return made

    def dm(self, user: Json) -> Channel:
        for one in self.channels.values():
            if one.kind == DM and one.recipient == user:
                return one
        made = self.add_channel("", kind=DM, guild=None)
        made.recipient = user
        return made

    def channel(self, id: int | str) -> Channel:
        try:
            return self.channels[int(id)]
        except KeyError:
            raise Refused(404, 10003, "Unknown Channel") from None

    def message(self, channel: Channel, id: int | str) -> Json:
        try:
            return channel.messages[int(id)]
        except KeyError:
            raise Refused(404, 10008, "Unknown Message") from None

    # Permissions

    def permissions(self, channel: Channel, user: Json | None = None) -> int:
        """What the user (the bot when not named) may do in a channel, as Discord's bit field."""
        place = self.channels[channel.parent] if channel.is_thread and channel.parent else channel
        bits = self.everyone & ~place.denied
        if user and user["id"] in self.managers:
            bits |= BITS["manage_channels"]
        return bits

    def require(self, channel: Channel, *names: str) -> None:
        if channel.kind == DM:
            return
        if channel.guild not in self.guilds:
            raise Refused(403, 50001, "Missing Access")
        has = self.permissions(channel)
        if not has & BITS["view_channel"]:
            raise Refused(403, 50001, "Missing Access")
        if any(not has & BITS[name] for name in names):
            raise Refused(403, 50013, "Missing Permissions")

    # Messages

    def add_message(self, channel: Channel, author: Json, payload: Json, *, id: int | None = None) -> Json:
        id = id or self.snowflake()
        flags = int(payload.get("flags") or 0) & (V2 | EPHEMERAL | 1 << 2)
        message: Json = {
            "id": str(id),
            "type": 0,
            "channel_id": str(channel.id),
            "author": author,
            "content": (payload.get("content") or "").strip(),
            "timestamp": self.stamp(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": payload.get("mentions", []),
            "mention_roles": payload.get("mention_roles", []),
            "attachments": payload.get("attachments", []),
            "embeds": payload.get("embeds") or [],
            "components": number(payload.get("components") or []),
            "pinned": False,
            "flags": flags,
        }
        if author.get("bot"):
            message["_pings"] = pings(payload)
        reference = payload.get("message_reference")
        if reference:
            message["type"] = 19
            message["message_reference"] = {"channel_id": str(channel.id), **reference}
            message["referenced_message"] = channel.messages.get(int(reference["message_id"]))
        channel.messages[id] = message
        return message

    def edit_message(self, message: Json, payload: Json) -> Json:
        for key in ("content", "embeds", "attachments"):
            if key in payload:
                message[key] = payload[key] or ("" if key == "content" else [])
        if payload.get("components") is not None:
            message["components"] = number(payload["components"])
        message["flags"] |= int(payload.get("flags") or 0) & V2
        message["edited_timestamp"] = self.stamp()
        return message


def pings(payload: Json) -> list[str]:
    """Whom the message would ping, by the text of it and what its sender allowed: empty is what we want."""
    allowed = payload.get("allowed_mentions")
    parse = {"everyone", "users", "roles"} if allowed is None else set(allowed.get("parse") or [])
    words = " ".join(
        [
            payload.get("content") or "",
            *(str(c.get("content", "")) for c in walk(payload.get("components") or [])),
        ]
    )
    out = ["everyone"] if "everyone" in parse and ("@everyone" in words or "@here" in words) else []
    out += ["users"] if "users" in parse and "<@" in words else []
    return out + (["roles"] if "roles" in parse and "<@&" in words else [])


def number(components: list[Json]) -> list[Json]:
    """The components as Discord stores them: each with an id, those that were given kept."""
    taken = {one["id"] for one in walk(components) if one.get("id")}
    free = iter(n for n in range(1, 10_000) if n not in taken)

    def numbered(one: Json) -> Json:
        out = {**one, "id": one.get("id") or next(free)}
        for key in ("components",):
            if one.get(key):
                out[key] = [numbered(child) for child in one[key]]
        for key in ("accessory", "component"):
            if isinstance(one.get(key), dict):
                out[key] = numbered(one[key])
        return out

    return [numbered(one) for one in components]


def wire(message: Json) -> Json:
    """A message as the API shows it: what only the fake knows about it stays here."""
    out = {key: value for key, value in message.items() if not key.startswith("_")}
    if out.get("referenced_message"):
        out["referenced_message"] = wire(out["referenced_message"])
    return out
