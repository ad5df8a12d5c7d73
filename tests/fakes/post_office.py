"""A strict platform on loopback over plain HTTP, with a memory of its own that outlives the poster.

``mishap`` lets the next posts go wrong the ways a network can: ``lost`` (it stands there, but the answer is
lost), ``broken`` (it stands there, the answer is 500), ``late`` (the answer is lost, it lands with ``land``),
``down`` (503, it does not stand there), ``limited`` (429), ``silent`` (it stands there and nothing answers),
``hanging`` (nothing answers, it lands with ``land``).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import aiohttp
from aiohttp import web

from bot.deadline import timely
from bot.domain import ChannelId, Post, UserId
from bot.errors import ChannelGone, NotSent, RateLimited, Rejected, Uncertain
from bot.render import plain


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it stands on the platform."""

    remote: str
    key: str
    channel: str
    parent: str | None
    text: str


class PostOffice:
    """The server: ``async with PostOffice() as office``."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self._stands: set[tuple[str, str | None]] = set()
        self.model_calls: Counter[str] = Counter()
        self.silent = asyncio.Event()
        self._mishaps: list[tuple[str, float]] = []
        self._travelling: list[Mapping[str, Any]] = []
        self._hold = asyncio.Event()
        self.address = ""

    def mishap(self, kind: str, *, times: int = 1, seconds: float = 0.0) -> None:
        """Let the next posts go wrong; "" for one that goes well."""
        self._mishaps.extend([(kind, seconds)] * times)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/post", self._post)
        app.router.add_post("/find", self._find)
        app.router.add_post("/model", self._model)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hold.set()
        await self._runner.cleanup()

    def answer(self) -> None:
        """Let what is silent answer."""
        self._hold.set()

    def land(self) -> None:
        """What was travelling arrives."""
        travelling, self._travelling = self._travelling, []
        for asked in travelling:
            self._record(asked)

    def of(self, channel: str) -> list[Letter]:
        """What stands in a channel."""
        return [letter for letter in self.letters if letter.channel == channel]

    async def _post(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        kind, seconds = self._mishaps.pop(0) if self._mishaps else ("", 0.0)
        if kind in ("late", "hanging"):
            self._travelling.append(asked)
            if kind == "hanging":
                self.silent.set()
                await self._hold.wait()
            return self._cut(request)
        if kind == "limited":
            return web.Response(status=429, headers={"Retry-After": str(seconds)})
        if kind == "down":
            return web.Response(status=503)
        letter = self._record(asked)
        if letter is None:
            return web.Response(status=400, text="a reply to nothing, or nothing to say")
        if kind == "silent":
            self.silent.set()
            await self._hold.wait()
        if kind == "lost":
            return self._cut(request)
        return web.Response(status=500) if kind == "broken" else web.json_response({"id": letter.remote})

    def _record(self, asked: Mapping[str, Any]) -> Letter | None:
        parent = asked["parent"]
        if not asked["text"].strip() or (parent and (asked["channel"], parent) not in self._stands):
            return None
        remote = f"m{len(self.letters) + 1}"
        self._stands.add((asked["channel"], remote))
        letter = Letter(remote, asked["key"], asked["channel"], asked["parent"], asked["text"])
        self.letters.append(letter)
        return letter

    def _cut(self, request: web.Request) -> web.Response:
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _find(self, request: web.Request) -> web.Response:
        asked = await request.json()
        found = {letter.key: letter.remote for letter in self.letters if letter.key in asked["keys"]}
        return web.json_response(found)

    async def _model(self, request: web.Request) -> web.Response:
        self.model_calls[(await request.json())["paper"]] += 1
        return web.json_response({})


class PostOfficeClient:
    """The poster of the post office's platform, ``fake``."""

    platform = "fake"

    def __init__(self, address: str, *, timeout: float = 5.0) -> None:
        self._address = address
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session:
            await self._session.close()

    async def post(self, post: Post) -> str:
        letter = {
            "key": post.key,
            "channel": post.channel,
            "parent": post.parent,
            "text": plain.render(post.doc),
        }
        try:
            status, headers, body = await self._ask("post", letter)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Uncertain(f"the answer was lost: {error!r}") from error
        match status:
            case 200:
                return str(body["id"])
            case 429:
                raise RateLimited("slow down", retry_after=float(headers["Retry-After"]))
            case 503:
                raise NotSent("down")
            case 400:
                raise Rejected("refused")
            case 410:
                raise ChannelGone("gone")
        raise Uncertain(f"status {status}")

    async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
        try:
            _, _, body = await self._ask("find", {"keys": [post.key for post in posts]})
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(f"no history: {error!r}") from error
        return {str(key): str(remote) for key, remote in body.items()}

    async def home(self, person: UserId, *, workspace: str = "") -> ChannelId:
        return ChannelId(person)

    async def think(self, paper: str) -> None:
        """A call of a model that somebody counts."""
        await self._ask("model", {"paper": paper})

    async def _ask(self, path: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], Any]:
        if self._session is None:
            connector = aiohttp.TCPConnector(socket_factory=timely)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        async with self._session.post(f"{self._address}/{path}", json=body) as answer:
            ok = answer.status == 200
            return answer.status, dict(answer.headers), await answer.json() if ok else None
