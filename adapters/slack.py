"""Slack: hears what people do, in Socket Mode or over signed HTTP, and hands it to the core.

The adapter knows nothing of papers. Every envelope is acknowledged at once and worked on in a task of its
own, so that three seconds are enough whatever the program is doing.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from adapters import slack_events as events
from adapters import slack_names as names
from adapters.slack_blocks import BUTTON
from adapters.slack_check import examine, lacking, missing_scopes
from adapters.slack_events import Person
from adapters.slack_files import Files
from adapters.slack_forms import FORM, Origin, home
from adapters.slack_http import Door
from adapters.slack_install import Installed
from adapters.slack_post import Place, Sender
from adapters.slack_removal import Removal
from adapters.slack_reply import Asker, HomeResponder, LinkResponder, SlackResponder
from adapters.slack_socket import Socket
from adapters.slack_submit import FormResponder
from adapters.slack_web import AppGone, Clients, Identity, TokenRefused, web_client
from bot.domain import ChannelId, Finding, Request
from bot.errors import DeliveryError, PlatformError
from bot.ports import Clock, Handler, Responder

log = structlog.get_logger(__name__)

Body = dict[str, Any]
Ack = Callable[..., Awaitable[Any]]

GONE = {
    "channel_archive": "the channel was archived",
    "channel_deleted": "the channel was deleted",
    "channel_left": "the bot was removed from the channel",
    "group_archive": "the channel was archived",
    "group_deleted": "the channel was deleted",
    "group_left": "the bot was removed from the channel",
}
BACK = frozenset(("channel_unarchive", "group_unarchive", "member_joined_channel"))
FORM_SECONDS = 2.5
"""How long a sent form waits for its verdict; Slack gives three."""
NAME_SECONDS = 0.5  # how long to wait for the name of who asks, where the answer is the same for everybody
BACKOFF = 60.0


class SlackListener:
    """Hears Slack (:class:`bot.ports.Listener`)."""

    platform = "slack"

    def __init__(
        self,
        sender: Sender,
        door: Socket | Door,
        *,
        api_url: str,
        unfurl: bool = True,
        same: Callable[[str], str] = str,
        files: Files | None = None,
    ) -> None:
        self._sender = sender
        self._files = files
        self._clients: Clients = sender.clients
        self._clock: Clock = sender.clock
        self._door = door
        self._api_url = api_url
        self._unfurl = unfurl
        self._people = sender.people
        self._recent = events.Recent()
        self._previews = events.Previews(lambda: self._clock.now().timestamp(), same)
        self._tasks: set[asyncio.Task[None]] = set()
        self._handler: Handler | None = None
        self._removal: Removal | None = None

    @property
    def door(self) -> Socket | Door:
        """How Slack reaches the program; in HTTP mode, ``door.mount(application)`` adds its routes."""
        return self._door

    @property
    def connected(self) -> asyncio.Event:
        """Set while Slack can reach the program."""
        return self._door.connected

    async def run(self, handler: Handler) -> None:
        """Connect and serve until cancelled, then finish what is under way. Raises PlatformError with one
        sentence where a token or a scope does not serve, or the app is removed from its one workspace."""
        self._handler = handler
        await self._introduce()
        self._removal = Removal(self._sender, handler, self._start)
        await self._removal.begin()
        bolt = logging.getLogger(f"{__name__}.bolt")
        bolt.setLevel(logging.ERROR)  # it warns of our own variables in the environment, which it reads too
        app = AsyncApp(
            client=web_client(None, self._api_url, self._clients.proxy),
            authorize=self._authorizing(),
            signing_secret=self._door.signing_secret,
            logger=bolt,
        )
        self._register(app)
        try:
            await self._removal.serve(self._door.serve(app))
        finally:
            await self._drain()

    async def check(self, channels: Sequence[ChannelId]) -> Sequence[Finding]:
        """Tokens, scopes, clock, and whether the bot is in each of ``channels``."""
        api, token, socket = self._api_url, self._door.app_token, isinstance(self._door, Socket)
        return await examine(
            self._clients, channels, self._clock, app_token=token, api_url=api, socket=socket
        )

    # ---- coming and going -----------------------------------------------------------------------

    async def _introduce(self) -> None:
        """Learn who the bot is; wait for a network that is away, not for a token that is wrong."""
        if isinstance(self._clients, Installed):
            return
        wait = 1.0
        while True:
            try:
                identity = await self._clients.identity("")
                break
            except TokenRefused as error:
                raise PlatformError(str(error)) from error
            except AppGone as error:
                raise PlatformError(f"Slack: {error}") from error
            except DeliveryError as error:
                log.warning("Slack cannot be reached; trying again", wait=wait, error=error)
            await self._clock.sleep(wait)
            wait = min(wait * 2, BACKOFF)
        if sentence := lacking(identity):
            raise PlatformError(sentence)
        if missing := missing_scopes(identity):
            log.warning("the Slack app lacks scopes; `paperboy check` says what each is for", scopes=missing)

    def _authorizing(self) -> Any:
        """A plain function: bolt would take a method's ``self`` for an argument to fill."""

        async def authorize(team_id: str | None) -> AuthorizeResult | None:
            try:
                identity = await self._clients.identity(team_id or "")
            except DeliveryError as error:
                log.warning("a request of a workspace is not answered", workspace=team_id, error=error)
                return None
            return AuthorizeResult(
                enterprise_id=None,
                team_id=team_id,
                bot_user_id=identity.user,
                bot_id=identity.bot,
                bot_token=identity.token,
            )

        return authorize

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a request of Slack was not answered", exc_info=error)

    async def _drain(self) -> None:
        """Wait for the requests under way; a second cancellation, also one that came before, ends them."""
        me = asyncio.current_task()
        while self._tasks and me is not None and me.cancelling() < 2:
            with suppress(asyncio.CancelledError):
                await asyncio.wait(set(self._tasks))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- what Slack sends -----------------------------------------------------------------------

    def _register(self, app: AsyncApp) -> None:
        anything = re.compile(".*")
        app.command(anything)(self._on_command)
        app.action(re.compile(rf"^{re.escape(BUTTON)}\."))(self._on_press)
        app.view(FORM)(self._on_form)
        app.shortcut(events.ASK)(self._on_shortcut)
        app.event("message")(self._on_message)
        app.event("app_mention")(self._on_message)
        app.event("app_home_opened")(self._on_home)
        app.event("link_shared")(self._on_link)
        for name in (*GONE, *BACK):
            app.event(name)(self._on_channel)
        for name in ("tokens_revoked", "app_uninstalled"):
            app.event(name)(self._on_removed)
        # last: what nobody listens to would not be acknowledged and come again
        for kind in (app.event, app.action, app.view, app.shortcut, app.options):
            kind(anything)(self._on_other)

    async def _on_other(self, ack: Ack) -> None:
        await ack()

    async def _on_command(self, ack: Ack, body: Body) -> None:
        await ack()
        if self._recent.first("command", body.get("trigger_id", "")):
            self._start(self._command(body))

    async def _command(self, body: Body) -> None:
        request = events.typed(body, Person())
        responder = self._responder(request, body, typed=True)
        person = await self._asker(request.workspace, body["user_id"], request.text, responder)
        await self._handle(events.typed(body, person), responder)

    async def _on_press(self, ack: Ack, body: Body) -> None:
        await ack()
        if self._recent.first("press", body.get("trigger_id", "")):
            self._start(self._press(body))

    async def _press(self, body: Body) -> None:
        user, team = body["user"]["id"], events.team_of(body)
        person = await self._asker(team, user, events.command_of(body))
        at_home = body.get("container", {}).get("type") == "view"
        request = events.pressed(body, person, await self._sender.home(team, user) if at_home else "")
        if request:
            await self._handle(request, self._responder(request, body))

    async def _on_shortcut(self, ack: Ack, body: Body) -> None:
        await ack()
        if body.get("message") and self._recent.first("shortcut", body.get("trigger_id", "")):
            self._start(self._shortcut(body))

    async def _shortcut(self, body: Body) -> None:
        team = events.team_of(body)
        identity = await self._clients.identity(team)
        request = events.shortcut(body, Person(), identity.user)
        if self._files:
            request = replace(request, files=await self._files.of(body["message"], team))
        await self._handle(request, self._responder(request, body))

    async def _on_form(self, ack: Ack, body: Body) -> None:
        """Wait for the verdict as long as Slack allows: an error keeps the form open."""
        if not self._recent.first("form", body.get("trigger_id", "")):
            await ack()
            return
        verdict: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        self._start(self._form(body, verdict))
        done, _ = await asyncio.wait({verdict}, timeout=FORM_SECONDS)
        if not done:
            verdict.cancel()
        await ack(**(verdict.result() if done else {}))

    async def _form(self, body: Body, verdict: asyncio.Future[Body]) -> None:
        try:
            origin = Origin.load(body["view"].get("private_metadata", ""))
            person = await self._asker(events.team_of(body), body["user"]["id"], origin.command)
            request, active = events.submitted(body, person), origin.active
            answer = FormResponder(self._responder(request, {}, active=active), body["view"], verdict)
            await self._handle(request, answer)
        finally:
            if not verdict.done():
                verdict.set_result({})

    async def _on_message(self, event: Body, body: Body) -> None:
        team = str(body.get("team_id", ""))
        identity = await self._clients.identity(team)
        if not events.is_for_us(event, identity.user):
            return
        if self._recent.first("message", team, event["channel"], event["ts"]):
            self._start(self._message(event, team, identity))

    async def _message(self, event: Body, team: str, identity: Identity) -> None:
        said = partial(events.spoken, event, bot=identity.user, team=team, command=self._sender.command)
        person = await self._asker(team, event["user"], said(person=Person()).text)
        request = said(person=person)
        if self._files:
            request = replace(request, files=await self._files.of(event, team))
        await self._handle(request, self._responder(request, {}))

    async def _on_home(self, event: Body, body: Body) -> None:
        if event.get("tab", "home") == "home":
            self._start(self._home(event, str(body.get("team_id", ""))))

    async def _home(self, event: Body, team: str) -> None:
        user = event["user"]
        person = await self._people.who(team, user)
        request = Request(
            channel=names.channel_id(event["channel"]),
            user=names.user_id(user),
            text="",
            kind="home",
            direct=True,
            user_name=person.name,
            is_admin=person.is_admin,
            locale=person.locale,
            workspace=team,
        )
        client = await self._clients.client(team)
        show = HomeResponder(client, user, lambda doc: home(doc, command=self._sender.command))
        await self._handle(request, show)

    async def _on_link(self, event: Body, body: Body) -> None:
        team = str(body.get("team_id", ""))
        if (
            not self._unfurl
            or not event.get("user")
            or not self._recent.first("link", team, event["channel"], event["message_ts"])
        ):
            return
        shown: Body = {}
        for url in self._previews.wanted(event, team):
            self._start(self._link(event, url, team, shown))

    async def _link(self, event: Body, url: str, team: str, shown: Body) -> None:
        request = Request(
            channel=names.channel_id(event["channel"]),
            user=names.user_id(event["user"]),
            text=url,
            kind="link",
            thread=event.get("thread_ts"),
            message=f"{event['message_ts']} {url}",
            workspace=team,
        )
        client = await self._clients.client(team)
        place = (event["channel"], event["message_ts"])
        await self._handle(request, LinkResponder(client, url, place, shown))

    async def _on_channel(self, event: Body, body: Body) -> None:
        told = event.get("channel")
        team = str(body.get("team_id", "")) if self._clients.many else ""
        channel = names.channel_id(told["id"] if isinstance(told, dict) else str(told), team)
        self._start(self._channel(channel, event, body))

    async def _channel(self, channel: ChannelId, event: Body, body: Body) -> None:
        assert self._handler is not None
        if event["type"] in GONE:
            await self._handler.channel_gone(channel, GONE[event["type"]])
            return
        identity = await self._clients.identity(str(body.get("team_id", "")))
        if event["type"] != "member_joined_channel" or event.get("user") == identity.user:
            await self._handler.channel_back(channel)

    async def _on_removed(self, event: Body, body: Body) -> None:
        assert self._removal is not None
        self._removal.hear(event, str(body.get("team_id", "")))

    # ---- handing over ---------------------------------------------------------------------------

    async def _asker(self, team: str, user: str, text: str, way: SlackResponder | None = None) -> Person:
        """Who asks; waited for long only where the answer, as theirs alone, depends on what they may do."""
        person = await self._people.soon(team, user, within=NAME_SECONDS)
        if person is None and self._is_private(text):
            if way:
                await way.working("One moment…")
            person = await self._people.who(team, user)
        return person or Person()

    async def _handle(self, request: Request, responder: Responder) -> None:
        assert self._handler is not None
        assert self._removal is not None
        try:
            await self._handler.handle(
                names.kept_apart(request) if self._clients.many else request, responder
            )
        except AppGone:
            self._removal.lose(request.workspace)

    def _responder(
        self, request: Request, body: Body, *, typed: bool = False, active: bool = True
    ) -> SlackResponder:
        place = Place(names.native(request.channel), request.thread, request.workspace)
        if place.thread is None and request.kind == "reply" and not request.direct:
            place = Place(place.channel, request.message, request.workspace)
        asker = Asker(
            place,
            names.native(request.user),
            key=f"{request.channel} {request.message}",
            response_url=str(body.get("response_url") or ""),
            trigger=str(body.get("trigger_id") or ""),
            typed=typed,
            foreign=request.foreign,
            active=active and request.thread is not None and events.below(body),
            discreet=request.kind in ("command", "form") and self._is_private(request.text),
        )
        return SlackResponder(self._sender, asker)

    def _is_private(self, text: str) -> bool:
        """Whether a command's answer is for the asker alone."""
        assert self._handler is not None
        verb = text.lower().lstrip("/ ").split(maxsplit=1)[:1]
        return any(info.private for info in self._handler.commands if [info.name] == verb)
