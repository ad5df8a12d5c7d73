"""Discord's REST interface through discord.py's HTTP client: its rate-limit buckets, our errors.

One door for everything that is sent, so that each request is known to have been recorded, not sent, or
uncertain (design/durability.md). discord.py repeats a request up to five times on 5xx, also one that may have
been recorded; here a POST is never repeated behind our back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from adapters.discord_text import Json
from bot.deadline import timely
from bot.errors import DeliveryError, NotSent, PlatformError, RateLimited, Rejected, Uncertain, veiled

API_URL = "https://discord.com/api/v10"
LONGEST_WAIT = 30.0
"""Seconds: a request that takes longer is given up, a rate limit that asks for more is told upward."""

A_SECOND = 48
"""Requests a second over all; Discord allows a bot 50, answers to interactions not counted."""

MADE_UP = 0.03
"""Seconds of delay that are made up for: with them still fewer than 50 requests leave in any second."""

BANNED_FOR = 600.0
"""Seconds to stay quiet after a 429 that Discord's edge sent (10,000 invalid requests in 10 minutes)."""

LOGIN_REFUSED = (
    "Discord does not accept the bot's token: copy it again from the Bot page of discord.com/developers."
)


class Refusal(Rejected):
    """Discord's no (4xx) to a request, with its code: nothing was recorded, and it would be refused again."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(f"Discord refuses this ({code or status}: {words}).")
        veiled(self, f"Discord refuses this ({code or status}).")  # its words repeat what was refused
        self.status, self.code = status, code


class _MayStand(Exception):
    """A POST was answered with 5xx: it may have been recorded."""


@dataclass
class _Attempt:
    """What is known of the request that is under way in this task."""

    method: str
    left: bool = False
    """Whether it is on its way or beyond (a 429 takes it back)."""


_ATTEMPT: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)


def point(api_url: str, gateway_url: str) -> None:
    """Send discord.py to these addresses: both are class attributes of it, so one Discord a process."""
    Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


class Rest:
    """Requests to Discord as the bot, through an HTTP ``proxy`` where there is one; opens itself at the first
    request."""

    def __init__(self, token: str, *, api_url: str = API_URL, proxy: str = "") -> None:
        self._token, self._api_url, self._proxy = token, api_url, proxy or None
        self._http: HTTPClient | None = None
        self._opening = asyncio.Lock()
        self._next = 0.0
        self._gate = asyncio.Lock()
        self.me: Json = {}

    async def open(self) -> None:
        """Log in. Raises PlatformError when the token does not serve, NotSent when nobody answers."""
        async with self._opening:
            if self._http is not None:
                return
            point(self._api_url, "")
            http = HTTPClient(
                asyncio.get_running_loop(),
                aiohttp.TCPConnector(limit=0, socket_factory=timely),
                proxy=self._proxy,
                http_trace=_trace(),
                max_ratelimit_timeout=LONGEST_WAIT,
            )
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    self.me = dict(await http.static_login(self._token.strip()))
            except BaseException as error:
                await http.close()
                if isinstance(error, discord.LoginFailure):
                    raise PlatformError(LOGIN_REFUSED) from error
                raise _ours(error, _Attempt("GET")) from error
            self._http = http

    async def close(self) -> None:
        """Let go of the connections; a later request opens them again."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def get(self, path: str, query: Mapping[str, Any] | None = None, **parameters: Any) -> Any:
        """The JSON at ``path`` ("/channels/{channel_id}")."""
        return await self.call("GET", path, query=query, **parameters)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        files: Sequence[tuple[str, str]] = (),
        named: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Any:
        """The answer's JSON. Raises Refusal (4xx), RateLimited and NotSent (nothing was recorded), Uncertain
        (it may have been), PlatformError (the token)."""
        await self.open()
        assert self._http is not None
        if not path.startswith(("/interactions", "/webhooks")):
            await self._turn()
        attempt = _Attempt(method)
        parameters |= named or {}
        mine = _ATTEMPT.set(attempt)
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                return await self._http.request(
                    Route(method, path, **parameters), **_content(body, query, files)
                )
        except Exception as error:
            raise _ours(error, attempt) from error
        finally:
            _ATTEMPT.reset(mine)

    async def _turn(self) -> None:
        """Wait until one more request keeps within Discord's limit over all. The pace is kept by when
        requests left, not by when they were to leave: a stall is followed by no burst."""
        clock = asyncio.get_running_loop().time
        async with self._gate:
            if (wait := self._next - clock()) > 0:
                await asyncio.sleep(wait)
            self._next = max(self._next, clock() - MADE_UP) + 1 / A_SECOND


def _content(body: Any, query: Mapping[str, Any] | None, files: Sequence[tuple[str, str]]) -> dict[str, Any]:
    content: dict[str, Any] = {"params": query} if query else {}
    if not files:
        return content | ({} if body is None else {"json": body})
    shown = [{"id": number, "filename": name} for number, (name, _) in enumerate(files)]
    told = {**body, "attachments": shown}
    if "data" in body:  # the first response to an interaction holds its message within
        told = {**body, "data": {**body["data"], "attachments": shown}}
    parts: list[Json] = [{"name": "payload_json", "value": json.dumps(told)}]
    for number, (name, words) in enumerate(files):
        kind = {"content_type": "application/octet-stream", "filename": name}
        parts.append({"name": f"files[{number}]", "value": words.encode(), **kind})
    return content | {"form": parts}


def _trace() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_leaves)
    trace.on_request_end.append(_returns)
    return trace


async def _leaves(session: object, context: object, params: aiohttp.TraceRequestStartParams) -> None:
    if attempt := _ATTEMPT.get():
        attempt.left = True


async def _returns(session: object, context: object, params: aiohttp.TraceRequestEndParams) -> None:
    """Stop discord.py from repeating a POST that a broken answer may hide."""
    attempt = _ATTEMPT.get()
    if attempt is None:
        return
    if params.response.status == 429:
        attempt.left = False
    elif params.response.status >= 500 and attempt.method == "POST":
        params.response.close()
        raise _MayStand(f"Discord answered {params.response.status}")


def _ours(error: BaseException, attempt: _Attempt) -> BaseException:
    """The error in our tree, by whether the request can have been recorded."""
    match error:
        case discord.RateLimited():
            return RateLimited("Discord asks for patience.", retry_after=error.retry_after)
        case discord.HTTPException(status=429):
            return _patience(error)
        case discord.HTTPException(status=401) if not error.code:  # with a code it is an interaction's token
            return PlatformError(LOGIN_REFUSED)
        case discord.HTTPException() if error.status < 500:
            return Refusal(error.status, error.code, _words(error))
        case aiohttp.ClientConnectorError():
            return NotSent("Discord cannot be reached; I try again.")
        case discord.HTTPException() | _MayStand() | aiohttp.ClientError() | TimeoutError() | OSError():
            return _lost(attempt)
    return error


def _patience(error: discord.HTTPException) -> RateLimited:
    """A 429 that stayed after five tries, or one of Discord's edge, which signs no ``Via``."""
    if not error.response.headers.get("Via"):
        return RateLimited("Discord has shut this address out for a while.", retry_after=BANNED_FOR)
    wait = float(error.response.headers.get("Retry-After") or 1.0)
    return RateLimited("Discord asks for patience.", retry_after=max(1.0, wait))


def _words(error: discord.HTTPException) -> str:
    return " ".join(error.text.split())[:300] or "no reason given"


def _lost(attempt: _Attempt) -> DeliveryError:
    if attempt.left and attempt.method == "POST":
        return Uncertain("Discord's answer was lost; I look whether it stands before I send it again.")
    return NotSent("Discord did not answer; I try again.")
