"""HTTP mode: Slack calls the program; every call is signed, fresh, not a replay, and can be read."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from adapters.slack_events import Recent
from adapters.slack_install import Installed
from bot.errors import PlatformError

PATH = "/slack/events"
LARGEST = 2**20


class Door:
    """The addresses that Slack calls: events, commands and forms all under one, and the installation."""

    app_token = ""

    def __init__(
        self, signing_secret: str, *, listen: tuple[str, int] | None = None, install: Installed | None = None
    ) -> None:
        self.signing_secret = signing_secret
        self._listen = listen
        self._install = install
        self._verifier = SignatureVerifier(signing_secret)
        self._seen = Recent(20_000)
        self._app: AsyncApp | None = None
        self.address = ("", 0)
        self.connected = asyncio.Event()

    def mount(self, application: web.Application) -> None:
        """Add the routes to a web server that somebody else runs."""
        application.router.add_post(PATH, self._events)
        if self._install is not None:
            application.router.add_get("/slack/install", self._install.begin)
            application.router.add_get("/slack/oauth_redirect", self._install.finish)

    async def serve(self, app: AsyncApp) -> None:
        """Answer until cancelled, on a server of its own where ``listen`` was given."""
        self._app = app
        runner: web.AppRunner | None = None
        try:
            if self._listen:
                runner = await self._start(*self._listen)
            self.connected.set()
            await asyncio.Event().wait()
        finally:
            self._app = None
            self.connected.clear()
            if runner:
                await runner.cleanup()

    async def _start(self, host: str, port: int) -> web.AppRunner:
        application = web.Application(client_max_size=LARGEST)
        self.mount(application)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=5.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            reason = error.strerror or error
            raise PlatformError(
                f"Slack's HTTP mode cannot listen on {host}:{port} ({reason}); change [server] listen."
            ) from error
        self.address = str(runner.addresses[0][0]), int(runner.addresses[0][1])
        return runner

    async def _events(self, request: web.Request) -> web.Response:
        try:
            body = (await request.read()).decode("utf-8", "replace")
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=400, text="too large")
        if refusal := self._refusal(request, body):
            return refusal
        if self._app is None:
            return web.Response(status=503, text="starting or stopping")
        headers: dict[str, str | Sequence[str]] = {k: [v] for k, v in request.headers.items()}
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, headers=headers))
        return web.Response(
            status=answer.status, body=answer.body, headers={k: v[0] for k, v in answer.headers.items()}
        )

    def _refusal(self, request: web.Request, body: str) -> web.Response | None:
        """401 for what Slack did not sign just now, or signed for an earlier call; 400 for garbage."""
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not re.fullmatch(r"[0-9]{1,12}", stamp) or not self._verifier.is_valid(body, stamp, signature):
            return web.Response(status=401, text="invalid request")
        if not self._seen.first(signature):
            return web.Response(status=401, text="replayed request")
        if not _readable(request.content_type, body):
            return web.Response(status=400, text="unreadable request")
        return None


def _readable(kind: str, body: str) -> bool:
    """Whether the body is what Slack sends: a JSON object, a command's form, or a form with a payload."""
    try:
        if kind == "application/json":
            return isinstance(json.loads(body), dict)
        form = parse_qs(body, strict_parsing=True)
        if "payload" in form:
            return isinstance(json.loads(form["payload"][0]), dict)
    except ValueError:
        return False
    return "command" in form or "ssl_check" in form
