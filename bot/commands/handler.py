"""The core as platforms see it: every request is answered, every fault becomes a sentence."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from bot.commands import channels, files, me, papers, people, sources, status, threads
from bot.commands.call import Call, parse
from bot.commands.core import Core
from bot.commands.table import INFOS, LISTED, OWN, TABLE
from bot.doc import Choice, paragraph
from bot.domain import (
    PLATFORM_SAYS,
    Channel,
    ChannelId,
    CommandInfo,
    Reply,
    Request,
    Thread,
    is_private,
    native_id,
    platform_of,
)
from bot.dropped import is_pdf
from bot.errors import PaperboyError, Refused, SourceError, StorageError, UsageError
from bot.identity import question_about
from bot.ports import Responder
from bot.render.clean import visible
from bot.schedule_words import zones_like
from bot.views.answers import which
from bot.views.status import trouble

Run = Callable[[Core, Call, Responder], Awaitable[None]]

RUNS: Mapping[str, Run] = {
    "help": status.help_,
    "topic": papers.topic,
    "search": papers.search,
    "show": papers.show,
    "ask": papers.ask,
    "similar": papers.similar,
    "compare": papers.compare,
    "brief": papers.brief,
    "follow": channels.follow,
    "unfollow": channels.unfollow,
    "topics": channels.topics,
    "schedule": channels.schedule,
    "digest": channels.digest,
    "backtest": channels.backtest,
    "why": papers.why,
    "trending": papers.trending,
    "trends": papers.trends,
    "more": people.more,
    "less": people.less,
    "rate": people.rate,
    "save": people.save,
    "saved": people.saved,
    "export": people.export,
    "me": me.me,
    "settings": channels.settings,
    "status": status.status,
    "source": sources.source,
    "forget": people.forget,
}

NO_PAPER = (
    "There is no paper in this message. Choose a message with a link to one or a PDF, or name it: "
    "{command} ask 2308.04079 which datasets do they use?"
)

GLADLY = "Gladly. Ask on, or say help for what I can do."

_log = structlog.get_logger("paperboy")


class Conversation:
    """Answers requests from any platform."""

    commands: Sequence[CommandInfo] = INFOS

    def __init__(self, core: Core) -> None:
        self._core = core

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answer the request; a redelivered message is answered once, unless it comes ``late`` and its first
        handling did not come to an end. Never raises for its content."""
        core = self._core
        request = await self._placed(_seen(request))
        known = request.message if not _opens_form(request) else ""
        new = not known or await core.threads.first_time(request.channel, known, now=core.now())
        if not new and not (request.late and await self._first_end(request)):
            return
        await self._respond(request, responder)
        if known and request.kind == "reply":
            try:
                await self._first_end(request)
            except StorageError as error:
                _log.warning("not noted that a message was answered", error=error)

    async def _placed(self, request: Request) -> Request:
        """The request, where it belongs: in a thread that has a digest of its own, to the thread."""
        if request.within is None or not await self._core.channels.get(request.within):
            return request
        inside = request.thread if request.thread != native_id(request.within) else None
        return replace(request, channel=request.within, thread=inside)

    async def _first_end(self, request: Request) -> bool:
        """Note that a message was answered, or is for the second and last time; False if that stood there."""
        core = self._core
        return await core.threads.first_time(request.channel, f"{request.message} done", now=core.now())

    async def _respond(self, request: Request, responder: Responder) -> None:
        try:
            await self._answer(request, responder)
        except channels.FieldError as error:
            await responder.send(Reply(trouble(str(error)), private=True, error=True, field=error.field))
        except Refused as error:  # nothing that was entered is at fault: there is nothing to try again
            await responder.send(Reply(trouble(str(error), error.people), private=True))
        except UsageError as error:
            await responder.send(Reply(trouble(str(error)), private=True, error=True))
        except SourceError as error:
            _log.warning("source failed", channel=request.channel, error=error)
            await responder.send(Reply(trouble(str(error)), private=True, error=True))
        except PaperboyError as error:
            await responder.send(Reply(trouble(str(error)), private=True, error=True))
        except Exception as error:
            _log.error("a request failed", channel=request.channel, kind=request.kind, exc_info=error)
            sorry = "Something went wrong on my side; it is in the log. Please try again."
            await responder.send(Reply((paragraph(sorry),), private=True, error=True))

    async def _answer(self, request: Request, responder: Responder) -> None:
        if request.kind == "reply":
            await self._reply(request, responder)
        elif request.kind == "link":
            await self._link(request, responder)
        elif request.kind == "home":
            await status.home(self._core, request, responder)
        elif request.kind == "about":
            await self._about(request, responder)
        else:
            await self._command(request, responder)

    async def _command(self, request: Request, responder: Responder) -> None:
        call = parse(request, TABLE, command=self._core.manners.command)
        if call.info.admin == "channel" and (call.reserved or request.away):
            channels.permit(self._core, request)
        elif call.info.admin == "bot" and call.reserved:
            sources.permit(self._core, request)
        await RUNS[call.info.name](self._core, call, responder)

    async def _reply(self, request: Request, responder: Responder) -> None:
        core = self._core
        thread = await self._thread(request)
        words = request.text.strip()
        if thread and thread.kind == "guest" and not (request.mentioned or request.direct):
            return
        spoken = thread is not None and _is_spoken(words)
        if (request.mentioned or request.direct) and not spoken and _is_command(words, core.manners.command):
            await self._command(replace(request, kind="command"), responder)
        elif request.files and (thread or request.mentioned or request.direct):
            await files.dropped(core, request, thread if request.thread else None, responder)
        elif words and threads.courtesy(words):
            if request.mentioned or request.direct:
                await responder.send(Reply((paragraph(GLADLY),)))
        elif thread and not (request.direct and self._means_another(words, request, thread)):
            await threads.follow_up(core, request, thread, responder)
        elif request.mentioned or request.direct:
            await self._spoken_to(request, responder)

    def _means_another(self, words: str, request: Request, thread: Thread) -> bool:
        """Whether somebody who talks to the bot alone wants another paper than the thread's: an id with
        hardly a word, or outside of threads any other paper's."""
        named = self._core.library.named(words)
        if named is None:
            return False
        return len(words.split()) <= 3 or (request.thread is None and named not in thread.papers)

    async def _thread(self, request: Request) -> Thread | None:
        """The thread a reply stands in; in a conversation with the bot alone, the latest one."""
        threads_ = self._core.threads
        found = await threads_.get(request.channel, request.thread) if request.thread else None
        if found is None and request.within:
            found = await threads_.get(request.channel, native_id(request.within))
        return await threads_.latest(request.channel) if found is None and request.direct else found

    async def _spoken_to(self, request: Request, responder: Responder) -> None:
        """Words to the bot outside of its threads: a question on a paper, a paper they name, a search."""
        core = self._core
        words = " ".join(request.text.split())
        if not words:
            await self._command(replace(request, kind="command", text="help"), responder)
            return
        named = core.library.named(words)
        asked = question_about(named, words) if named else ""
        text = f"ask {named} {asked}" if asked else f"show {named}" if named else f"search {words}"
        await self._command(replace(request, kind="command", text=text[:2000]), responder)

    async def _link(self, request: Request, responder: Responder) -> None:
        """A pasted link: a compact card where it is a paper, silence where it is none."""
        if self._core.library.named(request.text):
            await self._command(replace(request, kind="command", text=f"show {request.text} gist"), responder)

    async def _about(self, request: Request, responder: Responder) -> None:
        """A message that somebody points at: the question form for its paper, or for that of its thread. A
        PDF in it is read first; what is asked then stands below its card."""
        named = self._core.library.all_named(request.text)
        papers_ = await self._core.papers.many(named) if len(named) > 1 else []
        thread = None if named or not request.thread else await self._thread(request)
        if not named and _to_read(request, thread):
            await files.dropped(self._core, replace(request, text=""), thread, responder)
            return
        if thread:
            papers_ = await self._core.papers.many(thread.papers)
        if len(papers_) > 1:
            await responder.send(Reply(which(papers_), private=True))
        elif papers_ or named:
            text = f"ask {papers_[0].id if papers_ else named[0]}"
            await self._command(replace(request, kind="command", text=text), responder)
        else:
            raise UsageError(NO_PAPER.format(command=self._core.manners.command))

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[Choice]:
        """At most 25 completions, from what is at hand."""
        core = self._core
        request = await self._placed(request)
        if option == "command":
            return [Choice(i.name, i.name) for i in LISTED if typed.lower() in i.name][:25]
        if option == "zone":
            return [Choice(name, name) for name in zones_like(typed)][:25]
        if option == "topic":
            return _topics(await core.channels.get(request.channel), typed)
        if option == "words" and request.text.startswith("me"):
            return await self._own_words(request, typed)
        return await self._papers(request, typed)

    async def _own_words(self, request: Request, typed: str) -> Sequence[Choice]:
        """What can stand behind ``me`` and the word that was chosen for it."""
        what = request.text.split()[1:2]
        if what == ["why"]:
            return await self._papers(request, typed)
        if what == ["digest"]:
            forms = (form for option in TABLE["digest"].options for form in option.choices)
            return [Choice(form, form) for form in forms if typed.lower() in form]
        return _topics(await self._core.channels.own(request.user), typed)

    async def _papers(self, request: Request, typed: str) -> Sequence[Choice]:
        """Papers by what is typed so far; before that the thread's, then those on the person's list."""
        core = self._core
        words = " ".join(typed.split())
        if not words:
            thread = await core.threads.get(request.channel, request.thread) if request.thread else None
            ids = [*(thread.papers if thread else ()), *await core.channels.kept(request.user)]
            found = await core.papers.many(ids[:25])
        elif named := core.library.named(words):
            found = await core.papers.many([named]) or await core.papers.begun(words, limit=25)
        else:
            found = await core.papers.begun(words, limit=25) or [
                item.paper for item in await core.papers.search(words, limit=10)
            ]
        return [
            Choice(f"{paper.id.removeprefix('arxiv:')} {paper.title}"[:100], paper.id)
            for paper in found
            if len(paper.id) <= 100
        ]

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        """Pause the channel's subscription with the platform's reason."""
        found = await self._core.channels.get(channel)
        if found and not found.paused:
            await self._core.channels.save(replace(found, paused=f"{PLATFORM_SAYS}{reason}"))

    async def channel_back(self, channel: ChannelId) -> None:
        """Resume a subscription that the platform, not a person, had stopped."""
        found = await self._core.channels.get(channel)
        if found and found.paused.startswith(PLATFORM_SAYS):
            await self._core.channels.save(replace(found, paused=""))

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        """Pause every subscription there; what is paused already stays as it is."""
        for channel in await self._channels_in(platform, workspace):
            if not channel.paused:
                await self._core.channels.save(replace(channel, paused=f"{PLATFORM_SAYS}{reason}"))

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        """Resume the subscriptions that were paused for this reason."""
        for channel in await self._channels_in(platform, workspace):
            if channel.paused == f"{PLATFORM_SAYS}{reason}":
                await self._core.channels.save(replace(channel, paused=""))

    async def _channels_in(self, platform: str, workspace: str) -> list[Channel]:
        known = [c for c in await self._core.channels.all() if platform_of(c.id) == platform]
        return [channel for channel in known if not workspace or channel.workspace == workspace]


def _topics(channel: Channel | None, typed: str) -> list[Choice]:
    names = [str(topic) for topic in channel.topics] if channel else []
    fitting = [name for name in names if typed.casefold() in name.casefold() and len(name) <= 100]
    return [Choice(name, name) for name in fitting][:25]


def _seen(request: Request) -> Request:
    """The request without characters that nobody sees: what is typed is repeated in answers."""
    values = {name: visible(value) for name, value in request.values.items()}
    return replace(request, text=visible(request.text), values=values)


def _opens_form(request: Request) -> bool:
    """Whether it asks for nothing but a form: platforms give a second or two for that, a full disk queue may
    take longer, and a form shown twice does no harm."""
    name, _, rest = " ".join(request.text.lower().split()).partition(" ")
    bare = {"ask": len(rest.split()) == 1, "me": rest in ("schedule", "settings"), "schedule": not rest}
    asks = request.kind == "command" and not request.values and bare.get(name, name == "settings")
    return asks or (request.kind == "about" and not request.files)


def _to_read(request: Request, thread: Thread | None) -> bool:
    """Whether a PDF is still to be read: not where its thread is about nothing but that file."""
    papers_ = thread.papers if thread else ()
    read = len(papers_) == 1 and is_private(papers_[0])
    return not read and any(is_pdf(file) for file in request.files)


_SPOKEN = re.compile(
    r"^(?:why (?:not|is|are|do|does|did|was|were|would|should|can|could|it|this|that|the|they|these|we|you)|"
    r"compare (?:it|this|that|them|these|those|both|the)|show (?:me|us))\b",
    re.IGNORECASE,
)


def _is_spoken(words: str) -> bool:
    """Whether a line in a thread that begins with a command's name is a sentence: "why not recurrence?"."""
    return bool(_SPOKEN.search(words))


def _is_command(words: str, command: str) -> bool:
    first, _, rest = words.lower().partition(" ")
    if first == command:
        return True
    if first == "me":  # which sentences begin with too
        return not rest or rest.split()[0] in OWN
    return first in RUNS and (bool(rest) or first in ("help", "status", "topics", "saved"))
