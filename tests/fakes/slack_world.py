"""The workspace behind the fake: people, channels, messages, views, rate limits and planned mishaps."""

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fakes.slack_files import File
from tests.fakes.slack_limits import Json, all_texts

TEAM = "T0PAPER"
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
APP_ID = "A0PAPER"
EPOCH = 1_760_000_000.0
SCOPES = frozenset(
    (
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "links:read",
        "links:write",
        "metadata.message:read",
        "reactions:write",
        "team:read",
        "users:read",
    )
)
STREAM_SECONDS = 300  # Slack ends a stream about five minutes after it began, even an active one


class Refused(Exception):
    """The Web API's `ok: false`, with whatever Slack adds to the error's name."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


class Clock:
    """Time that only tests move; `sleep` moves it too, so that nothing really waits."""

    def __init__(self, start: float = EPOCH) -> None:
        self.value = start

    def __call__(self) -> float:
        return self.value

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.value, UTC)

    def advance(self, seconds: float) -> None:
        self.value += seconds

    async def sleep(self, seconds: float) -> None:
        """Let everybody else run, then be later."""
        await asyncio.sleep(0)
        self.value += max(0.0, seconds)
        await asyncio.sleep(0)


@dataclass
class User:
    id: str
    name: str
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    tz: str = "Europe/Berlin"

    def wire(self) -> Json:
        return {
            "id": self.id,
            "team_id": TEAM,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": False,
            "is_admin": self.is_admin,
            "is_owner": self.is_owner,
            "is_bot": self.is_bot,
            "tz": self.tz,
            "locale": "en-GB",
            "profile": {"display_name": self.name, "real_name": self.name.title()},
        }


@dataclass
class Message:
    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    bot: bool = False
    subtype: str | None = None
    ephemeral_to: str | None = None
    streaming: bool = False
    streamed_at: float = 0.0
    edits: int = 0
    raw: Json = field(default_factory=dict)
    reactions: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    shared: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Everything a person can read in it, in order, one piece a line."""
        pieces = list(all_texts(self.blocks)) if self.blocks else [self.text]
        return "\n".join(pieces)

    def wire(self, *, metadata: bool = False) -> Json:
        body: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text, "team": TEAM}
        body |= {"blocks": self.blocks} if self.blocks else {}
        body |= {"files": self.shared} if self.shared else {}
        body |= {"attachments": self.attachments} if self.attachments else {}
        body |= {"thread_ts": self.thread_ts} if self.thread_ts else {}
        body |= {"bot_id": BOT_ID, "app_id": APP_ID} if self.bot else {}
        body |= {"subtype": self.subtype} if self.subtype else {}
        body |= {"metadata": self.metadata} if metadata and self.metadata else {}
        body |= {"edited": {"user": self.user, "ts": self.ts}} if self.edits else {}
        return body


@dataclass
class Channel:
    id: str
    name: str
    members: set[str]
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    user: str = ""

    def wire(self) -> Json:
        kind = {"is_channel": not (self.is_im or self.is_private), "is_group": self.is_private}
        body: Json = {"id": self.id, "is_im": self.is_im, "is_archived": self.is_archived, **kind}
        body |= {"user": self.user} if self.is_im else {"name": self.name, "is_private": self.is_private}
        return body | {"is_member": BOT_USER in self.members}


@dataclass
class Fault:
    """One planned mishap of one method: see `FakeSlack.mishap`."""

    kind: str
    error: str = ""
    status: int = 500
    retry_after: int = 1


@dataclass(frozen=True)
class Call:
    """One request the Web API got and what came of it."""

    method: str
    args: Json
    at: float
    outcome: str


class Buckets:
    """Token buckets, one a key; a refusal tells the whole seconds to wait."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.levels: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, key: tuple[str, str], rate: float, burst: float) -> int:
        """0 when there was a token, else the seconds Slack would put into Retry-After."""
        now = self.clock()
        level, since = self.levels.get(key, (burst, now))
        level = min(burst, level + (now - since) * rate)
        if level < 1 - 1e-9:
            self.levels[key] = (level, now)
            return max(1, int(-(-(1 - level) // rate)))
        self.levels[key] = (level - 1, now)
        return 0


# Calls a minute, https://docs.slack.dev/apis/web-api/rate-limits: tiers 1 to 4 say "1+, 20+, 50+, 100+".
TIERS = {
    "assistant.threads.setStatus": 600,
    "apps.connections.open": 1 * 20,  # tier 1 allows bursts; a test of many reconnects must not trip over it
    "auth.test": 600,
    "chat.appendStream": 100,
    "chat.delete": 50,
    "chat.getPermalink": 600,
    "chat.postEphemeral": 100,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.unfurl": 50,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.join": 50,
    "conversations.list": 20,
    "conversations.members": 100,
    "conversations.open": 50,
    "conversations.replies": 50,
    "files.completeUploadExternal": 100,
    "files.getUploadURLExternal": 100,
    "files.info": 100,
    "reactions.add": 50,
    "reactions.remove": 20,
    "team.info": 50,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
    "views.update": 100,
}
POSTS_PER_MINUTE, BURST = 300, 30  # "several hundred messages per minute" over the workspace


class World:
    """Everything Slack remembers about one workspace and one installed app."""

    def __init__(self, clock: Callable[[], float], *, limits: bool = True) -> None:
        self.clock = clock
        self.limits = limits
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.by_ts: dict[tuple[str, str], Message] = {}
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.unfurled: list[Json] = []
        self.uploads: dict[str, Json] = {}
        self.uploads_at = ""
        self.files: dict[str, File] = {}
        self.triggers: dict[str, float] = {}
        self.statuses: list[Json] = []
        self.calls: list[Call] = []
        self.tokens_used: list[tuple[str, str]] = []
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.late: list[Callable[[], object]] = []
        self.buckets = Buckets(clock)
        self.counter = itertools.count(1)
        self.scopes = set(SCOPES)
        self.pinged: list[str] = []
        self.misread: list[str] = []
        self.add_user("U0BOT", "paperboy", is_bot=True)
        self.add_user("U0ANA", "ana")
        self.add_user("U0BEN", "ben")
        self.add_user("U0ADMIN", "ada", is_admin=True)
        self.add_channel("C0PAPERS", "papers")

    def add_user(self, id: str, name: str, **more: Any) -> User:
        self.users[id] = User(id, name, **more)
        return self.users[id]

    def add_channel(self, id: str, name: str, *, member: bool = True, **more: Any) -> Channel:
        members = set(self.users) if member else set(self.users) - {BOT_USER}
        self.channels[id] = Channel(id, name, members, **more)
        return self.channels[id]

    def im(self, user: str) -> Channel:
        """The direct-message channel with a person, opened at first use."""
        id = f"D{user[1:]}"
        if id not in self.channels:
            self.channels[id] = Channel(id, "", {user, BOT_USER}, is_im=True, user=user)
        return self.channels[id]

    def ts(self) -> str:
        return f"{int(self.clock())}.{next(self.counter):06d}"

    def id(self, prefix: str) -> str:
        return f"{prefix}{next(self.counter):08d}"

    def trigger(self) -> str:
        name = self.id("trigger.")
        self.triggers[name] = self.clock()
        return name

    def add(self, message: Message) -> Message:
        self.messages.append(message)
        self.by_ts[message.channel, message.ts] = message
        return message

    def find(self, channel: str, ts: str) -> Message:
        message = self.by_ts.get((channel, ts))
        if message is None or message.subtype == "deleted":
            raise Refused("message_not_found")
        return message

    def open_channel(self, id: str, *, to_post: bool = False) -> Channel:
        """The channel, or what Slack answers about one that cannot be used; a person's id means their DM."""
        if id in self.users and to_post:
            return self.im(id)
        channel = self.channels.get(id)
        hidden = channel is not None and channel.is_private and BOT_USER not in channel.members
        if channel is None or hidden:
            raise Refused("channel_not_found")
        if to_post and channel.is_archived:
            raise Refused("is_archived")
        if to_post and BOT_USER not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def limit(self, method: str, args: Json) -> int:
        """Seconds to wait before this call would be taken; 0 when it is taken now."""
        if not self.limits:
            return 0
        if method == "chat.postMessage":
            own = self.buckets.take((method, str(args.get("channel"))), 1.0, 4)
            return own or self.buckets.take((method, "*"), POSTS_PER_MINUTE / 60, BURST)
        rate = TIERS[method]
        key = str(args.get("user_id")) if method == "views.publish" else "*"
        return self.buckets.take((method, key), rate / 60, rate)
