"""Many workspaces: installing by OAuth, tokens encrypted at rest, removal."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_manifest import SCOPES
from adapters.slack_web import AppGone, Identity, ask, identify, web_client
from bot.errors import ChannelGone, ConfigError, DeliveryError, NotSent
from bot.ports import Clock, Marks

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

log = structlog.get_logger(__name__)

AUTHORIZE = "https://slack.com/oauth/v2/authorize"
KEPT, STATE = "slack.workspace.", "slack.state."
STATE_SECONDS = 600.0
COOKIE = "paperboy-install"
NAMELESS = (
    "Many workspaces can install this app, so a channel needs its workspace in its name: write "
    "slack:T0123/C0456 in the configuration file, or follow a topic by command in the channel."
)
HOW = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


def cipher(keys: str) -> MultiFernet:
    """Encrypts with the first of ``keys`` (commas between), decrypts with any of them. Raises ConfigError."""
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError:
        raise ConfigError(
            "slack: installing in many workspaces needs the package cryptography; "
            "install paperboy-bot[workspaces]."
        ) from None
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
    except ValueError:
        raise ConfigError(
            f"slack.encryption_key_env: the variable holds no key; make one with {HOW} and keep it safe."
        ) from None


class Installed:
    """The workspaces that installed the app (:class:`adapters.slack_web.Clients`), by team id."""

    many = True

    def __init__(
        self,
        marks: Marks,
        clock: Clock,
        *,
        keys: str,
        client_id: str,
        client_secret: str,
        api_url: str,
        proxy: str = "",
    ) -> None:
        self.proxy = proxy
        self._marks = marks
        self._clock = clock
        self._cipher = cipher(keys)
        self._client_id = client_id
        self._client_secret = client_secret
        self._api_url = api_url
        self._known: dict[str, Identity] = {}
        self._clients: dict[str, AsyncWebClient] = {}
        self.installed: Callable[[str], None] = _nothing
        """Called with each workspace that has just installed the app."""

    async def client(self, workspace: str) -> AsyncWebClient:
        """The client with the workspace's token. Raises ChannelGone where the app is not installed."""
        if workspace not in self._clients:
            identity = await self.identity(workspace)
            self._clients[workspace] = self._client(identity.token)
        return self._clients[workspace]

    def _client(self, token: str | None) -> AsyncWebClient:
        return web_client(token, self._api_url, self.proxy)

    async def identity(self, workspace: str) -> Identity:
        """What was kept at installation. Raises ChannelGone where there is nothing, or no key opens it."""
        if not workspace:
            raise NotSent(NAMELESS)
        if workspace not in self._known:
            kept = await self._marks.get(KEPT + workspace)
            if kept is None:
                raise AppGone()
            self._known[workspace] = self._open(kept)
        return self._known[workspace]

    async def workspaces(self) -> list[str]:
        """Team ids of every installation."""
        kept = await self._marks.beginning(KEPT)
        return sorted(key.removeprefix(KEPT) for key in kept)

    async def add(self, code: str, redirect: str = "") -> Identity:
        """Trade the code of an installation for the token and keep it. Raises DeliveryError."""
        bare = self._client(None)
        form = {"client_id": self._client_id, "client_secret": self._client_secret, "code": code}
        form |= {"redirect_uri": redirect} if redirect else {}
        answer = await ask(lambda: bare.api_call("oauth.v2.access", data=form))
        identity = await identify(self._client(str(answer["access_token"])), self._clock)
        await self._marks.put(KEPT + identity.team, self._seal(identity))
        self._known[identity.team] = identity
        self._clients.pop(identity.team, None)
        log.info("the app was installed", workspace=identity.team)
        self.installed(identity.team)
        return identity

    async def remove(self, workspace: str) -> None:
        """Forget a workspace and its token."""
        await self._marks.take(KEPT + workspace)
        self._known.pop(workspace, None)
        self._clients.pop(workspace, None)

    def _seal(self, identity: Identity) -> str:
        told: dict[str, Any] = asdict(identity) | {"scopes": sorted(identity.scopes)}
        return self._cipher.encrypt(json.dumps(told).encode()).decode()

    def _open(self, kept: str) -> Identity:
        from cryptography.fernet import InvalidToken

        try:
            told = json.loads(self._cipher.decrypt(kept.encode()))
        except InvalidToken:
            raise ChannelGone(
                "This workspace's token was encrypted with another key; add the old key behind the new one "
                "or install the app again."
            ) from None
        return Identity(**told | {"scopes": frozenset(told["scopes"])})

    # ---- the two pages --------------------------------------------------------------------------

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Send the person to Slack, remembering in a cookie that it was this browser."""
        state = secrets.token_urlsafe(24)
        await self._marks.put(STATE + state, str(self._now()))
        scopes = ",".join(sorted(SCOPES))
        query = urlencode({"client_id": self._client_id, "scope": scopes, "state": state})
        answer = web.Response(status=302, headers={"Location": f"{AUTHORIZE}?{query}"})
        answer.set_cookie(
            COOKIE, state, max_age=int(STATE_SECONDS), httponly=True, samesite="Lax", secure=True
        )
        return answer

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """Keep the installation that Slack sends back, if this browser began it within ten minutes."""
        state, code = request.query.get("state", ""), request.query.get("code", "")
        if request.query.get("error"):
            return _page("The installation was cancelled.", 400)
        if not state or not secrets.compare_digest(state, request.cookies.get(COOKIE, "")):
            return _page("This installation was not begun in this browser. Please begin again.", 400)
        begun = await self._marks.take(STATE + state)
        if begun is None or self._now() - float(begun) > STATE_SECONDS:
            return _page("This installation was begun too long ago. Please begin again.", 400)
        try:
            identity = await self.add(code)
        except DeliveryError as error:
            log.warning("an installation failed", error=error)
            return _page("Slack did not confirm the installation. Please begin again.", 502)
        return _page(f"Installed in {identity.team_name or identity.team}. You can close this page.", 200)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _nothing(workspace: str) -> None:
    """Nobody wants to know."""


def _page(sentence: str, status: int) -> web.Response:
    body = f"<!doctype html><title>Paperboy</title><p>{escape(sentence)}</p>"
    return web.Response(text=body, content_type="text/html", status=status)
