"""The wire of the fake Slack: Web API, Socket Mode or signed HTTP, response URLs and uploads, mishaps."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tests.fakes import slack_files
from tests.fakes import slack_streams as _streams  # noqa: F401  registers its methods
from tests.fakes.slack_limits import Json
from tests.fakes.slack_tokens import Tokens
from tests.fakes.slack_web import METHODS, check_content, flag
from tests.fakes.slack_world import (
    BOT_USER,
    TEAM,
    Call,
    Clock,
    Fault,
    Message,
    Refused,
    World,
)

RESPONSE_USES, RESPONSE_SECONDS = 5, 1800


@dataclass
class Envelope:
    """One thing Slack delivers; `ack` is what the app answered, None until it does."""

    id: str
    kind: str
    payload: Json
    ack: Json | None = None
    attempts: int = 0
    status: int = 0
    acked_after: float | None = None
    sent_at: float = 0.0


@dataclass
class ResponseUrl:
    channel: str
    user: str
    born: float
    original: Message | None
    thread_ts: str | None
    uses: int = 0


class Server:
    """One Slack workspace with our app installed, listening on loopback while entered."""

    def __init__(self, *, clock: Clock | None = None, limits: bool = True) -> None:
        self.clock = clock or Clock()
        self.world = World(self.clock, limits=limits)
        self.tokens = Tokens()
        self.tokens.teams[self.tokens.bot] = TEAM
        self.envelopes: list[Envelope] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.tickets: dict[str, bool] = {}
        self.urls: dict[str, ResponseUrl] = {}
        self.http_url = ""
        self.dead_tickets = 0
        self.now_offset = 0.0
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.base = ""

    @property
    def api_url(self) -> str:
        return f"{self.base}/api/"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link/{ticket}", self._link)
        app.router.add_post("/response/{id}", self._respond)
        app.router.add_post("/upload/{id}", self._upload)
        slack_files.serve(app, self.world, self.tokens)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base = f"http://{host}:{port}"
        self.world.uploads_at = f"{self.base}/upload/"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self.sockets:
            await socket.close()
        if self._session is not None:
            await self._session.close()
        assert self._runner is not None
        await self._runner.cleanup()

    # ---- waiting -------------------------------------------------------------------------------

    def notify(self) -> None:
        """Something changed: whoever waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, holds: Callable[[], Any], *, seconds: float = 15.0) -> Any:
        """Wait until `holds()` is true and return it; looks again whenever anything happens here."""
        async with asyncio.timeout(seconds):
            while not (value := holds()):
                await self._changed.wait()
        return value

    # ---- mishaps -------------------------------------------------------------------------------

    def mishap(self, method: str, kind: str, *, times: int = 1, **more: Any) -> None:
        """Plan what goes wrong at the next calls of a method.

        `refuse` (with error=), `broken` (HTTP status=, nothing done), `recorded` (done, then HTTP status=),
        `lost` (done, then the connection is cut), `late` (cut; done when `land()` is called),
        `limited` (429 with retry_after=), `garbage` (200 that is no JSON), `held` (answered when `land()` is
        called).
        """
        for _ in range(times):
            self.world.faults[method].append(Fault(kind, **more))

    def land(self) -> None:
        """Requests that were still travelling arrive now."""
        late, self.world.late = self.world.late, []
        for arrive in late:
            arrive()
        self.notify()

    # ---- Web API -------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        args = await self._arguments(request)
        if name not in METHODS and name not in {"apps.connections.open", "oauth.v2.access", "auth.revoke"}:
            return self._done(name, args, {"ok": False, "error": "unknown_method"})
        fault = self.world.faults[name].popleft() if self.world.faults[name] else None
        wait = self.world.limit(name, args) if name in METHODS else 0
        if fault and fault.kind == "limited":
            wait = fault.retry_after
        if wait:
            self._note(name, args, "ratelimited")
            body = {"ok": False, "error": "ratelimited"}
            return web.json_response(body, status=429, headers={"Retry-After": str(wait)})
        if fault and fault.kind != "limited":
            return await self._misbehave(request, name, args, fault)
        return self._done(name, args, self._call(request, name, args))

    async def _arguments(self, request: web.Request) -> Json:
        args: Json = dict(request.query)
        if request.content_type == "application/json":
            args |= await request.json()
        else:
            args |= dict(await request.post())
        return args

    def _call(self, request: web.Request, name: str, args: Json) -> Json:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token", "")
        self.world.tokens_used.append((name, token))
        return self.call(name, args, token)

    def call(self, name: str, args: Json, token: str) -> Json:
        """What the API answers to this call: checks of token and scope, then the method."""
        try:
            if name == "apps.connections.open":
                return {"ok": True, "url": self._ticket(token)}
            if name == "oauth.v2.access":
                return {"ok": True, **self.tokens.install(args, self.world.scopes)}
            self.tokens.authorize(name, token, self.world.scopes)
            if name == "auth.revoke":
                self.tokens.revoked.add(token)
                return {"ok": True, "revoked": True}
            answer = {"ok": True, **METHODS[name][0](self.world, args)}
            if name == "auth.test":
                answer |= {"team_id": self.tokens.teams[token]}
            return answer
        except Refused as refusal:
            return {"ok": False, "error": refusal.error, **refusal.extra}
        except KeyError as missing:
            return {
                "ok": False,
                "error": "invalid_arguments",
                "response_metadata": {"messages": [str(missing)]},
            }

    def _ticket(self, token: str) -> str:
        if token != self.tokens.app or token in self.tokens.revoked:
            raise Refused("invalid_auth")
        ticket = self.world.id("ticket")
        self.tickets[ticket] = self.dead_tickets == 0
        self.dead_tickets = max(0, self.dead_tickets - 1)
        return f"{self.base.replace('http', 'ws')}/link/{ticket}"

    def _note(self, name: str, args: Json, outcome: str) -> None:
        self.world.calls.append(Call(name, args, self.clock(), outcome))
        self.notify()

    def _done(self, name: str, args: Json, answer: Json) -> web.Response:
        self._note(name, args, "ok" if answer["ok"] else str(answer["error"]))
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.world.scopes))}
        headers["Date"] = self.http_date()
        return web.json_response(answer, headers=headers)

    async def _misbehave(
        self, request: web.Request, name: str, args: Json, fault: Fault
    ) -> web.StreamResponse:
        if fault.kind == "held":
            landed: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
            self.world.late.append(lambda: landed.set_result(args))
            return self._done(name, await landed, self._call(request, name, args))
        if fault.kind == "refuse":
            return self._done(name, args, {"ok": False, "error": fault.error})
        if fault.kind in {"recorded", "lost"}:
            self._call(request, name, args)
        if fault.kind == "late":
            self.world.late.append(lambda: self._call(request, name, args))
        self._note(name, args, fault.kind)
        if fault.kind in {"lost", "late"}:
            assert request.transport is not None
            request.transport.abort()
        if fault.kind == "garbage":
            return web.Response(text="<html>upstream connect error</html>", content_type="text/html")
        return web.Response(status=fault.status, text="error")

    # ---- Socket Mode and HTTP delivery ---------------------------------------------------------

    async def _link(self, request: web.Request) -> web.StreamResponse:
        if not self.tickets.get(request.match_info["ticket"]):
            return web.Response(status=404, text="ticket is dead")
        self.tickets[request.match_info["ticket"]] = False
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": len(self.sockets)})
        self.notify()
        for envelope in [e for e in self.envelopes if e.ack is None]:
            await self._send(envelope, reason="timeout")
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._acked(json.loads(message.data))
        if socket in self.sockets:
            self.sockets.remove(socket)
        self.notify()
        return socket

    def _acked(self, answer: Json) -> None:
        for envelope in self.envelopes:
            if envelope.id == answer.get("envelope_id"):
                envelope.ack = answer.get("payload") or {}
                envelope.acked_after = asyncio.get_running_loop().time() - envelope.sent_at
                self._inline(envelope)
        self.notify()

    def _inline(self, envelope: Envelope) -> None:
        """An acknowledgement may carry the reply itself, for a slash command."""
        body = envelope.ack or {}
        if envelope.kind == "slash_commands" and (body.get("text") or body.get("blocks")):
            url = str(envelope.payload["response_url"]).rsplit("/", 1)[1]
            self._place(self.urls[url], body)

    async def deliver(self, kind: str, payload: Json) -> Envelope:
        """Hand one envelope to the app, over HTTP if `http_url` is set, and wait for its acknowledgement."""
        envelope = Envelope(self.world.id("env"), kind, payload)
        self.envelopes.append(envelope)
        await self._send(envelope)
        await self.until(lambda: envelope.ack is not None or not (self.sockets or self.http_url))
        return envelope

    async def _send(self, envelope: Envelope, *, reason: str = "") -> None:
        envelope.attempts += 1
        envelope.sent_at = asyncio.get_running_loop().time()
        if self.http_url:
            await self._post(envelope)
        elif self.sockets:
            body: Json = {"type": envelope.kind, "envelope_id": envelope.id, "payload": envelope.payload}
            body |= {"accepts_response_payload": envelope.kind == "slash_commands"}
            body |= {"retry_attempt": envelope.attempts - 1, "retry_reason": reason} if reason else {}
            await self.sockets[-1].send_json(body)

    async def redeliver(self, envelope: Envelope) -> None:
        """Slack was not sure that this arrived: it comes again, acknowledged or not."""
        envelope.ack = None
        await self._send(envelope, reason="timeout")
        await self.until(lambda: envelope.ack is not None)

    async def disconnect(self, reason: str = "refresh_requested", *, abrupt: bool = False) -> None:
        """End the app's connection politely (Slack does it every few hours) or abruptly."""
        for socket in list(self.sockets):
            if not abrupt:
                await socket.send_json({"type": "disconnect", "reason": reason})
            await socket.close()
            if socket in self.sockets:
                self.sockets.remove(socket)

    async def connected(self, *, seconds: float = 10.0) -> None:
        """Wait until the app has a connection."""
        await self.until(lambda: self.sockets, seconds=seconds)

    def sign(self, body: bytes, *, stamp: float | None = None, secret: str | None = None) -> dict[str, str]:
        """The headers with which Slack signs a request in HTTP mode."""
        at = str(int(stamp if stamp is not None else self.wall()))
        key = (secret or self.tokens.signing_secret).encode()
        digest = hmac.new(key, b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}

    async def _post(self, envelope: Envelope) -> None:
        if envelope.kind == "events_api":
            body, kind = json.dumps(envelope.payload).encode(), "application/json"
        else:
            form = {"payload": json.dumps(envelope.payload)}
            fields = envelope.payload if envelope.kind == "slash_commands" else form
            body, kind = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        self._session = self._session or aiohttp.ClientSession()
        headers = self.sign(body) | {"Content-Type": kind}
        async with self._session.post(self.http_url, data=body, headers=headers) as response:
            text = await response.text()
            envelope.status = response.status
        envelope.acked_after = asyncio.get_running_loop().time() - envelope.sent_at
        envelope.ack = (
            (json.loads(text) if text.startswith("{") else {"text": text} if text else {})
            if envelope.status == 200
            else {}
        )
        self._inline(envelope)
        self.notify()

    # ---- response_url and uploads --------------------------------------------------------------

    def response_url(
        self, channel: str, user: str, *, original: Message | None = None, thread: str | None = None
    ) -> str:
        """A fresh URL: five uses within half an hour."""
        id = self.world.id("r")
        self.urls[id] = ResponseUrl(channel, user, self.clock(), original, thread)
        return f"{self.base}/response/{id}"

    async def _respond(self, request: web.Request) -> web.Response:
        url = self.urls.get(request.match_info["id"])
        body: Json = json.loads(await request.text())
        fault = self.world.faults["response_url"].popleft() if self.world.faults["response_url"] else None
        if fault is not None:
            self._note("response_url", body, fault.kind)
            return web.Response(status=fault.status, text=fault.error or "error")
        if url is None or self.clock() - url.born > RESPONSE_SECONDS:
            return self._refuse_response(body, "expired_url")
        if url.uses >= RESPONSE_USES:
            return self._refuse_response(body, "used_url")
        try:
            self._place(url, body)
        except Refused as refusal:
            return self._refuse_response(body, refusal.error)
        url.uses += 1
        self._note("response_url", body, "ok")
        return web.Response(text="ok")

    def _refuse_response(self, body: Json, error: str) -> web.Response:
        self._note("response_url", body, error)
        return web.json_response({"ok": False, "error": error}, status=404)

    def _place(self, url: ResponseUrl, body: Json) -> None:
        """Show what came by a response URL: a new message or a changed original."""
        if flag(body.get("delete_original")):
            if url.original is not None:
                url.original.subtype = "deleted"
            return
        text, blocks = check_content(self.world, body)
        if flag(body.get("replace_original")) and url.original is not None:
            url.original.text, url.original.blocks = text, blocks
            url.original.edits += 1
            return
        thread = body.get("thread_ts")
        message = Message(url.channel, self.world.ts(), BOT_USER, text, blocks, thread, bot=True, raw=body)
        if body.get("response_type", "ephemeral") == "ephemeral":
            message.ephemeral_to = url.user
            self.world.messages.append(message)
        else:
            self.world.add(message)
        if url.original is None:
            url.original = message

    async def _upload(self, request: web.Request) -> web.Response:
        known = self.world.uploads.get(request.match_info["id"])
        if known is None:
            return web.Response(status=404)
        known["content"] = await request.read()
        return web.Response(text=f"OK - {len(known['content'])}")

    def wall(self) -> float:
        """Wall time as Slack sees it, for signatures; the skew is the test's."""
        return time.time() + self.now_offset

    def http_date(self) -> str:
        return formatdate(self.clock() + self.now_offset, usegmt=True)
