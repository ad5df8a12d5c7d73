"""A server of the OpenAI API on loopback that says what a story tells it to, mishaps included.

::

    async with LlmServer() as llm:
        llm.writes({"outcome": "ANSWERED", …})     # the next answer, as JSON
        llm.fails(500).throttles(7).writes(…)      # then these, in order
        llm.reads(lambda request: …)               # or: an answer made from the request, for all others
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from aiohttp import web

from bot.domain import ChannelId, ModelCall, Spending
from bot.errors import BudgetSpent

Wire = Callable[["Asked", web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server got it."""

    body: Mapping[str, Any]
    authorization: str

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def user(self) -> str:
        """The first message of the user."""
        return next(str(m["content"]) for m in self.body["messages"] if m["role"] == "user")

    @property
    def last(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def form(self) -> str:
        """How the answer's form was asked for: json_schema, json_object or nothing."""
        return str(self.body.get("response_format", {}).get("type", ""))

    @property
    def streams(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def length(self) -> int:
        """Characters of all messages."""
        return sum(len(str(m["content"])) for m in self.body["messages"])


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)


@dataclass
class LlmServer:
    """The server; ``knows`` names the forms it takes, everything else is refused with a 400."""

    knows: tuple[str, ...] = ("json_schema", "json_object", "")
    refuses: dict[str, str] = field(default_factory=dict)
    """Parameters that are answered with a 400, and its words."""
    counts: bool = True
    """Whether it counts tokens."""
    context: int = 0
    """Tokens it takes in; 0 = any number."""
    takes: float = 0.0
    """Real seconds that the answers of a reader take: for benchmarks, not for tests."""
    most: int = 0
    """The most calls that were under way at once."""
    asked: list[Asked] = field(default_factory=list)
    embedded: list[list[str]] = field(default_factory=list)
    _script: deque[Wire] = field(default_factory=deque)
    _always: Wire | None = None
    _now: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None
    url: str = ""

    # --- stories ----------------------------------------------------------------------------------

    def writes(self, *answers: object, ended: str = "stop", refusal: str | None = None) -> LlmServer:
        """The next answers, text or what becomes JSON."""
        for answer in answers:
            text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
            self._script.append(self._answer(text, ended=ended, refusal=refusal))
        return self

    def reads(self, reader: Callable[[Asked], object]) -> LlmServer:
        """Answers everything for which nothing else is told from the request."""

        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            if self.takes:
                await asyncio.sleep(self.takes)
            found = reader(asked)
            text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
            return await self._answer(text)(asked, request)

        self._always = wire
        return self

    def fails(self, status: int = 500, times: int = 1, message: str = "boom") -> LlmServer:
        """The next ``times`` calls end in this status."""
        return self._refusals(times, status, message, {})

    def throttles(self, seconds: float | str | None, times: int = 1, code: str = "rate_limit") -> LlmServer:
        """The next calls are told to wait (429)."""
        headers = {} if seconds is None else {"Retry-After": str(seconds)}
        return self._refusals(times, 429, "Slow down", headers, code)

    def hangs(self, times: int = 1) -> LlmServer:
        """The next calls get no answer until they give up."""

        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            await asyncio.Event().wait()
            raise AssertionError

        self._script.extend([wire] * times)
        return self

    def drops(self, times: int = 1) -> LlmServer:
        """The next connections are closed without a word."""

        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.close()
            return web.Response()

        self._script.extend([wire] * times)
        return self

    def cuts(self, text: str) -> LlmServer:
        """The next stream breaks off after this text, with neither an end nor a reason."""

        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            response = await self._opened(request)
            await self._piece(response, {"content": text})
            assert request.transport is not None
            request.transport.close()
            return response

        self._script.append(wire)
        return self

    def sends(self, body: str, status: int = 200, content_type: str = "application/json") -> LlmServer:
        """The next answer's body, whatever it is."""

        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            return web.Response(text=body, status=status, content_type=content_type)

        self._script.append(wire)
        return self

    def waits(self, gate: asyncio.Event, answer: object) -> LlmServer:
        """The next answer comes when ``gate`` opens."""
        text = json.dumps(answer)

        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            await gate.wait()
            return await self._answer(text)(asked, request)

        self._script.append(wire)
        return self

    async def called(self, times: int) -> None:
        """Wait until it was called so often."""
        while len(self.asked) < times:
            self._came.clear()
            await self._came.wait()

    # --- the wire ---------------------------------------------------------------------------------

    async def __aenter__(self) -> LlmServer:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/embeddings", self._embeddings)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(await request.json(), request.headers.get("Authorization", ""))
        self.asked.append(asked)
        self._came.set()
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            if (refused := self._refused(asked)) is not None:
                return refused
            wire = self._script.popleft() if self._script else self._always
            assert wire is not None, "the story tells of no more answers"
            return await wire(asked, request)
        finally:
            self._now -= 1

    def _refused(self, asked: Asked) -> web.Response | None:
        if asked.form not in self.knows:
            return _error(400, f"'response_format' of type '{asked.form}' is not supported", "unsupported")
        for name, words in self.refuses.items():
            if name in asked.body:
                return _error(400, words, "unsupported_parameter")
        if self.context and sum(_tokens(m["content"]) for m in asked.body["messages"]) > self.context:
            return _error(400, f"This model's maximum context length is {self.context} tokens", "context")
        return None

    async def _embeddings(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.embedded.append(body["input"])
        if self._script:
            return await self._script.popleft()(Asked(body, ""), request)
        data = [
            {"object": "embedding", "index": index, "embedding": _bag(text)}
            for index, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": sum(map(_tokens, body["input"])), "total_tokens": 0}
        return web.json_response(
            {"object": "list", "data": data[::-1], "model": body["model"], "usage": usage}
        )

    def _refusals(
        self, times: int, status: int, message: str, headers: Mapping[str, str], code: str = "error"
    ) -> LlmServer:
        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            response = _error(status, message, code)
            response.headers.update(headers)
            return response

        self._script.extend([wire] * times)
        return self

    def _answer(self, text: str, *, ended: str = "stop", refusal: str | None = None) -> Wire:
        async def wire(asked: Asked, request: web.Request) -> web.StreamResponse:
            if asked.streams:
                return await self._stream(asked, request, text, ended, refusal)
            message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
            body: dict[str, Any] = {
                "id": "x",
                "object": "chat.completion",
                "created": 1,
                "model": asked.body["model"],
                "choices": [{"index": 0, "finish_reason": ended, "message": message}],
            }
            if self.counts:
                body["usage"] = self._usage(asked, text)
            return web.json_response(body)

        return wire

    def _usage(self, asked: Asked, text: str) -> dict[str, Any]:
        read = sum(_tokens(m["content"]) for m in asked.body["messages"])
        wrote = _tokens(text)
        details = {"cached_tokens": 0}
        return {
            "prompt_tokens": read,
            "completion_tokens": wrote,
            "total_tokens": read + wrote,
            "prompt_tokens_details": details,
        }

    async def _stream(
        self, asked: Asked, request: web.Request, text: str, ended: str, refusal: str | None
    ) -> web.StreamResponse:
        response = await self._opened(request)
        for start in range(0, 0 if refusal else len(text), 7):
            await self._piece(response, {"content": text[start : start + 7]})
        await self._piece(response, {"refusal": refusal} if refusal else {}, ended)
        if self.counts and asked.body.get("stream_options", {}).get("include_usage"):
            await _event(response, {**_CHUNK, "choices": [], "usage": self._usage(asked, text)})
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _opened(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        return response

    async def _piece(
        self, response: web.StreamResponse, delta: Mapping[str, object], ended: str | None = None
    ) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": ended}
        await _event(response, {**_CHUNK, "choices": [choice]})


_CHUNK = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}


async def _event(response: web.StreamResponse, body: object) -> None:
    await response.write(f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode())


def _error(status: int, message: str, code: str) -> web.Response:
    body = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    return web.json_response(body, status=status)


def _bag(text: str) -> list[float]:
    """A vector of 32 numbers from the letters' pairs: like texts are near, an empty text is zero."""
    counts = [0.0] * 32
    for pair in zip(text.lower(), text.lower()[1:], strict=False):
        counts[(ord(pair[0]) * 31 + ord(pair[1])) % 32] += 1.0
    return counts


class MemoryLedger:
    """The ledger in memory: the same promises as the stored one."""

    def __init__(self) -> None:
        self.rows: list[tuple[date, ModelCall, bool]] = []

    async def reserve(
        self, call: ModelCall, *, now: datetime, day_limit: float = 0.0, channel_limit: float = 0.0
    ) -> int:
        day = now.date()
        if day_limit and self._sum(day).usd + call.usd > day_limit:
            raise BudgetSpent("The day's money for the model is spent.")
        if channel_limit and call.channel and self._sum(day, call.channel).usd + call.usd > channel_limit:
            raise BudgetSpent("The channel's money for the model is spent for today.")
        self.rows.append((day, call, False))
        return len(self.rows) - 1

    async def settle(self, number: int, call: ModelCall) -> None:
        self.rows[number] = (self.rows[number][0], call, True)

    async def spent(self, day: date, *, channel: ChannelId | None = None) -> Spending:
        return self._sum(day, channel)

    def _sum(self, day: date, channel: ChannelId | None = None) -> Spending:
        calls = [c for when, c, _ in self.rows if when == day and (channel is None or c.channel == channel)]
        return Spending(
            len(calls),
            sum(c.tokens_in for c in calls),
            sum(c.tokens_out for c in calls),
            sum(c.tokens_cached for c in calls),
            sum(c.usd for c in calls),
        )

    @property
    def calls(self) -> list[ModelCall]:
        """Every call, settled or not."""
        return [call for _, call, _ in self.rows]

    @property
    def open(self) -> int:
        """Calls that were reserved and never settled."""
        return sum(not settled for _, _, settled in self.rows)
