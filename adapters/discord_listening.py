"""What happens on Discord, handed to the core; and every person gets an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any

import discord
import structlog

from adapters.discord_answers import Answer
from adapters.discord_commands import focused, verb_of
from adapters.discord_files import Files
from adapters.discord_forms import ASK, QUESTION, Opening
from adapters.discord_places import Change, Places
from adapters.discord_recent import Recent
from adapters.discord_requests import Talk, away, manages, of_interaction
from adapters.discord_rest import Rest
from adapters.discord_text import shorten
from adapters.discord_ways import InteractionWay, MessageWay
from bot import doc as d
from bot.domain import CommandInfo, Reply, Request, native_id
from bot.errors import PaperboyError
from bot.ports import Clock, Handler

log = structlog.get_logger(__name__)

ACK_AFTER = 0.4
"""Seconds of silence before a sign of life: with the way to Discord it is there within a second."""

SUGGEST_WITHIN = 2.0
"""Seconds for completions; Discord's window is 3."""

MOST_BY_USER = 6
"""Messages that can answer an interaction where only the person installed the bot: one and 5 follow-ups."""

NO_CONTENT = (
    "I cannot read messages here unless you mention me. Mention me in front of your question, or press Ask."
)

ROLE_NAMED = (
    "You mentioned my role, which does not let me read your message. Mention me, the bot, in front of your "
    "question, or press Ask."
)


class Listening:
    """One run of the listener: Discord's events on one side, the core's handler on the other.

    ``ack_after`` is how many seconds an answer may take before a sign of life is shown instead; Discord's
    window is 3 seconds. A form that takes longer comes behind a button, since a modal must be the first
    response.
    """

    def __init__(
        self,
        rest: Rest,
        handler: Handler,
        clock: Clock,
        *,
        command: str,
        application: str,
        ack_after: float = ACK_AFTER,
        files: Files | None = None,
    ) -> None:
        self._files = files
        self._rest, self._handler, self._clock, self._command = rest, handler, clock, command
        self._application = application
        self._ack_after = ack_after
        self._infos: Sequence[CommandInfo] = [one for one in handler.commands if isinstance(one, CommandInfo)]
        self._table = {info.name: info for info in self._infos}
        self._talk = Talk(rest, str(rest.me["id"]), command)
        self._places = Places()
        self._entered: Recent[str, dict[str, dict[str, str]]] = Recent()
        self._hinted: Recent[str, bool] = Recent()
        self._heard: Recent[int, bool] = Recent()
        self._under_way: set[asyncio.Task[None]] = set()
        self._in_order = asyncio.Lock()
        self.reads_content = True

    # --- work -----------------------------------------------------------------------------------------

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the gateway, and keep it in sight until it is done."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("an event of Discord was not handled", exc_info=error)

    async def drain(self) -> None:
        """Wait for what is under way; cancelled once more, tell the people who wait that it will not come."""
        tasks = set(self._under_way)
        me = asyncio.current_task()
        impatient = me is not None and me.cancelling() > 1
        try:
            if tasks and not impatient:
                await asyncio.wait(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- interactions ---------------------------------------------------------------------------------

    async def interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A command, a press, a form, or an option that is being typed."""
        if interaction.type is discord.InteractionType.autocomplete:
            await self._suggest(interaction)
        elif _pressed(interaction) == ASK:
            await self._way(interaction).open(QUESTION, 0, {})
        elif interaction.type is not discord.InteractionType.ping:
            request, asked = of_interaction(interaction, self._infos)
            if self._files and request.kind == "about":
                request = replace(request, files=self._files.beside(interaction))
            await self._interact(interaction, request, asked)

    async def _interact(
        self, interaction: discord.Interaction[Any], request: Request, asked: Opening
    ) -> None:
        info = self._table.get(verb_of(request.text))
        key = f"{request.user} {request.channel}"
        entered = self._entered.get(key, {})
        self._entered[key] = entered
        answer = Answer(
            self._way(interaction),
            self._clock,
            command=self._command,
            private=request.kind == "command" and (info is None or info.private),
            asked=asked,
            most=100 if interaction.is_guild_integration() else MOST_BY_USER,
            entered=entered,
        )
        if request.kind == "form":
            answer.submitted(request.text, dict(request.values))
        await self._answer(request, answer, must=True)

    def _way(self, interaction: discord.Interaction[Any]) -> InteractionWay:
        after = MessageWay(
            self._rest,
            channel=str(interaction.channel_id),
            user=str(interaction.user.id),
            direct=interaction.guild_id is None and not away(interaction),
        )
        return InteractionWay(
            self._rest,
            self._clock,
            app=self._application,
            id=str(interaction.id),
            token=interaction.token,
            after=after,
            modals=not _submitted(interaction),
        )

    async def _answer(self, request: Request, answer: Answer, *, must: bool) -> None:
        """Let the core answer; after a while show a sign of life; leave nobody waiting."""
        work = asyncio.create_task(self._handler.handle(request, answer))
        try:
            await asyncio.wait({work}, timeout=self._ack_after)
            if not work.done() and not answer.begun:
                await answer.working("")
            await work
            if must and not answer.done:
                await answer.send(Reply((), private=True))
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await answer.stopped()
            raise
        except PaperboyError as error:
            log.warning(
                "an answer did not reach Discord", kind=request.kind, channel=request.channel, error=error
            )

    async def _suggest(self, interaction: discord.Interaction[Any]) -> None:
        """Completions for an option; none rather than late ones."""
        data: dict[str, Any] = dict(interaction.data or {})
        request, _ = of_interaction(interaction, self._infos)
        option, words = focused(data)
        try:
            async with asyncio.timeout(SUGGEST_WITHIN):
                found = await self._handler.suggest(request, option, words)
        except (TimeoutError, PaperboyError) as error:
            log.warning("no suggestions", option=option, error=error)
            found = ()
        fitting = [one for one in found if 0 < len(one.value) <= 100]
        choices = [{"name": shorten(one.label, 100) or one.value, "value": one.value} for one in fitting[:25]]
        path = "/interactions/{interaction_id}/{webhook_token}/callback"
        named = {"interaction_id": str(interaction.id), "webhook_token": interaction.token}
        try:
            await self._rest.call("POST", path, {"type": 8, "data": {"choices": choices}}, named=named)
        except PaperboyError as error:
            log.info("suggestions came too late", error=error)

    # --- messages -------------------------------------------------------------------------------------

    async def message(self, message: discord.Message, *, late: bool = False) -> None:
        """A message, heard once; answered if it is meant for the bot. ``late``: found in the history."""
        if message.id in self._heard or (late and not (message.content or message.attachments)):
            return
        self._heard[message.id] = True
        request = await self._talk.request(message)
        if request is None:
            return
        if late:
            admin = request.direct or await manages(message)
            request = replace(request, late=request.kind == "reply", is_admin=admin)
        way = MessageWay(
            self._rest,
            channel=str(message.channel.id),
            user=native_id(request.user),
            replied=str(message.id),
            direct=request.direct,
        )
        answer = Answer(way, self._clock, command=self._command)
        if self._files:
            request = replace(request, files=self._files.of(message))
        heard = request.direct or self._talk.named(message)
        if not message.content and not message.attachments and not heard:
            await self._cannot_read(request, answer, message)
            return
        await self._answer(request, answer, must=False)

    async def _cannot_read(self, request: Request, answer: Answer, message: discord.Message) -> None:
        """Without the message-content intent: say how to be heard; once a thread where nobody was named."""
        thread = str(message.channel.id)
        if self.reads_content or (not request.mentioned and thread in self._hinted):
            return
        self._hinted[thread] = True
        buttons = d.Buttons((d.Button("Ask", ASK, "primary"),))
        await answer.send(Reply((d.paragraph(ROLE_NAMED if request.mentioned else NO_CONTENT), buttons)))

    # --- the life of a server -------------------------------------------------------------------------

    async def changes(self, found: Iterable[Change]) -> None:
        """Tell the core which channels can be posted to again, or no longer."""
        async with self._in_order:
            for channel, reason in found:
                if reason:
                    await self._handler.channel_gone(channel, reason)
                else:
                    await self._handler.channel_back(channel)

    @property
    def places(self) -> Places:
        """Which channels can be posted to."""
        return self._places


def _submitted(interaction: discord.Interaction[Any]) -> bool:
    return interaction.type is discord.InteractionType.modal_submit


def _pressed(interaction: discord.Interaction[Any]) -> str:
    data: dict[str, Any] = dict(interaction.data or {})
    return "" if _submitted(interaction) else str(data.get("custom_id", ""))
