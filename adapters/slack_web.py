"""Calls to Slack's Web API: the client, its faults as ours, and the pace that its rate limits ask for."""

from __future__ import annotations

import asyncio
import copy
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.deadline import timely
from bot.errors import ChannelGone, DeliveryError, NotSent, RateLimited, Rejected, Uncertain, veiled
from bot.ports import Clock

TIMEOUT = 30
"""Seconds for one request; the look-up after a lost answer waits twice as long (docs: durability)."""
PATIENCE = 5.0
"""Seconds a post may wait for its turn here before it goes back to the outbox, which bounds a request at
30 s and takes a longer silence for a lost answer."""
CAP = 5.0
"""Posts a second over a workspace, digests and answers together: Slack promises "several hundred messages
per minute" (https://docs.slack.dev/apis/web-api/rate-limits), and digests alone keep to four."""

_GONE = {
    "channel_not_found": "The channel does not exist any more, or the bot was removed from it.",
    "not_in_channel": "The bot is not in the channel; invite it there with /invite.",
    "is_archived": "The channel is archived.",
    "channel_is_archived": "The channel is archived.",
    "cannot_reply_to_message": "Nobody can reply to that message.",
    "restricted_action": "The workspace's settings do not let the bot post in this channel.",
    "restricted_action_read_only_channel": "The channel is read-only for the bot.",
    "restricted_action_non_threadable_channel": "The channel allows no threads.",
}
_TOKEN = frozenset(("invalid_auth", "not_authed", "token_expired", "no_permission"))
_REVOKED = frozenset(("token_revoked", "account_inactive", "team_access_not_granted"))
REMOVED = "The app was removed from this workspace, or its token was revoked; install it again."
_UNSURE = frozenset(("internal_error", "fatal_error", "service_unavailable", "request_timeout"))


class TokenRefused(NotSent):
    """Slack does not take the token; nothing was posted, and nothing will be before it is replaced."""


class AppGone(ChannelGone):
    """Slack says that the app is in the workspace no more: nothing will be posted before it is installed
    again."""

    def __init__(self) -> None:
        super().__init__(REMOVED)


class BlocksRefused(Rejected):
    """Slack does not take the blocks: an image that it cannot fetch, or a kind that it does not know here."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in a workspace, what it may do there, and Slack's time less ours in seconds."""

    team: str
    user: str
    bot: str
    token: str
    scopes: frozenset[str] = frozenset()
    skew: float | None = None
    team_name: str = ""


class Clients(Protocol):
    """Where the client of a workspace comes from. ``many``: names of channels and people hold theirs;
    ``proxy``: the address of the HTTP proxy on the way to Slack, empty for none."""

    many: bool
    proxy: str

    async def client(self, workspace: str) -> AsyncWebClient:
        """The client with the workspace's token. Raises ChannelGone where the app is not installed."""
        ...

    async def identity(self, workspace: str) -> Identity:
        """Who the bot is there. Raises DeliveryError, among them TokenRefused and ChannelGone."""
        ...

    async def workspaces(self) -> list[str]:
        """The workspaces it is installed in; "" stands for the only one."""
        ...


def web_client(token: str | None, api_url: str, proxy: str) -> AsyncWebClient:
    """A client that never repeats a request by itself: a repeated post whose answer was lost is a double."""
    client = AsyncWebClient(token=token, base_url=api_url, timeout=TIMEOUT, retry_handlers=[])
    client.proxy = proxy or None  # by itself it takes the environment's, whatever NO_PROXY says
    return client


@asynccontextmanager
async def on_time(client: AsyncWebClient) -> AsyncIterator[AsyncWebClient]:
    """The client on a connection of its own, which writes nothing after the sender's deadline."""
    connector = aiohttp.TCPConnector(socket_factory=timely)
    patience = aiohttp.ClientTimeout(total=client.timeout)
    async with aiohttp.ClientSession(connector=connector, timeout=patience) as session:
        punctual = copy.copy(client)
        punctual.session = session
        yield punctual


class OneWorkspace:
    """The client of the one workspace whose token was configured."""

    many = False

    def __init__(self, token: str, api_url: str, clock: Clock, *, proxy: str = "") -> None:
        self.proxy = proxy
        self._client = web_client(token, api_url, proxy)
        self._clock = clock
        self._identity: Identity | None = None

    async def client(self, workspace: str) -> AsyncWebClient:
        """The same client for every workspace."""
        return self._client

    async def identity(self, workspace: str) -> Identity:
        """Who the token makes the bot, asked once."""
        if self._identity is None:
            self._identity = await identify(self._client, self._clock)
        return self._identity

    async def workspaces(self) -> list[str]:
        """The only one."""
        return [""]


async def identify(client: AsyncWebClient, clock: Clock) -> Identity:
    """Ask Slack who the client's token makes it. Raises DeliveryError, TokenRefused among them."""
    answer = await ask(client.auth_test)
    headers = answer.headers
    scopes = str(headers.get("X-OAuth-Scopes") or headers.get("x-oauth-scopes") or "")
    return Identity(
        team=str(answer["team_id"]),
        user=str(answer["user_id"]),
        bot=str(answer.get("bot_id", "")),
        token=str(client.token),
        scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
        skew=_skew(str(headers.get("Date") or ""), clock),
        team_name=str(answer.get("team", "")),
    )


def _skew(date: str, clock: Clock) -> float | None:
    try:
        return (parsedate_to_datetime(date) - clock.now()).total_seconds()
    except (TypeError, ValueError):
        return None


def error_name(error: SlackApiError) -> str:
    """Slack's name for what went wrong, such as ``channel_not_found``; empty where it gave none."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def _status(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0) or 0)


def _headers(error: SlackApiError) -> Any:
    return getattr(error.response, "headers", None) or {}


def delivery_error(error: SlackApiError) -> DeliveryError:
    """What a refused call means for the message it carried."""
    name, status = error_name(error), _status(error)
    if status == 429 or name in ("ratelimited", "rate_limited"):
        wait = float(_headers(error).get("Retry-After", 1) or 1)
        return RateLimited(f"Slack asks for {wait:.0f} seconds of patience.", retry_after=wait)
    if name in _GONE:
        return ChannelGone(_GONE[name])
    if name in _REVOKED:
        return AppGone()
    if name in _TOKEN:
        return TokenRefused(token_sentence(name))
    if name == "missing_scope":
        return NotSent(scope_sentence(str(error.response.get("needed", ""))))
    if status >= 500 or name in _UNSURE or not name:
        return Uncertain(f"Slack did not say whether it took the message ({name or f'HTTP {status}'}).")
    kind = BlocksRefused if name in ("invalid_blocks", "invalid_blocks_format") else Rejected
    return veiled(
        kind(f"Slack refuses the message: {name}{_details(error)}."), f"Slack refuses the message: {name}."
    )


def _details(error: SlackApiError) -> str:
    data = error.response.data if isinstance(error.response.data, dict) else {}
    messages = (data.get("response_metadata") or {}).get("messages") or ()
    return f" ({'; '.join(map(str, messages[:3]))})" if messages else ""


def token_sentence(name: str) -> str:
    """What to do about a bot token that Slack refuses."""
    return (
        f"Slack refuses the bot token ({name}); copy the Bot User OAuth Token (xoxb-…) again from "
        "api.slack.com/apps, OAuth & Permissions."
    )


def scope_sentence(scope: str) -> str:
    """What to do about a scope that the app lacks."""
    return (
        f"The Slack app lacks the scope {scope or '(unknown)'}; add it under OAuth & Permissions and "
        "reinstall the app."
    )


async def ask(call: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
    """Make one call. Raises DeliveryError: nothing was posted unless it is Uncertain."""
    try:
        return await call()
    except SlackApiError as error:
        raise delivery_error(error) from error
    except aiohttp.ClientConnectorError as error:
        raise NotSent(f"Slack cannot be reached ({error.strerror or error}).") from error
    except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
        raise Uncertain(f"Slack's answer was lost ({type(error).__name__}).") from error
    except AttributeError as error:  # slack_sdk 3.47 takes a text/plain 200 for a dictionary
        raise Uncertain("Slack's answer could not be read.") from error


class Pacer:
    """Keeps posts under one a second and channel, and under the workspace's cap, in the order asked.

    ``cap`` is posts a second over a workspace, ``interval`` the seconds between two in one channel.
    """

    def __init__(self, clock: Clock, *, cap: float = CAP, interval: float = 1.0) -> None:
        self._clock = clock
        self._step, self._interval = 1.0 / cap, interval
        self._channels: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[str, float] = {}

    async def turn(self, workspace: str, channel: str, *, patience: float | None = None) -> None:
        """Wait for this channel's turn. Raises RateLimited where it would take longer than ``patience``."""
        lock = self._channels[channel]
        async with lock:
            await self._wait(channel, 0.0, patience)
            await self._wait(f"workspace {workspace}", self._step, patience)
            self._next[channel] = self._now() + self._interval
        if len(self._next) > 10_000:
            self._forget()

    def hold(self, channel: str, seconds: float) -> None:
        """Slack asked for patience: nothing goes to the channel before that."""
        self._next[channel] = max(self._next.get(channel, 0.0), self._now() + seconds)

    async def _wait(self, key: str, step: float, patience: float | None) -> None:
        now = self._now()
        at = max(now, self._next.get(key, now))
        if patience is not None and at - now > patience:
            raise RateLimited("Many posts are waiting for their turn.", retry_after=at - now)
        self._next[key] = at + step
        if at > now:
            await self._clock.sleep(at - now)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _forget(self) -> None:
        now = self._now()
        self._next = {key: at for key, at in self._next.items() if at > now}
        for key in [key for key, lock in self._channels.items() if not lock.locked()]:
            del self._channels[key]
