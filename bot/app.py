"""The composition root: the one place where the parts are made and put together."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import structlog

from adapters.terminal_view import Screen
from bot import origins
from bot.ask import Desk
from bot.brief import Briefs
from bot.byhand import ByHand
from bot.clock import VARIABLE, SystemClock, clock
from bot.commands.core import Core, Manners
from bot.commands.handler import Conversation
from bot.config import Config
from bot.digest import Desk as Composing
from bot.domain import Decision, Finding, Paper, Topic, UserId, platform_of
from bot.dropped import DropDesk
from bot.embedding import Embedding
from bot.encoders import encoder
from bot.errors import PaperboyError
from bot.judging import JudgedMatcher
from bot.library import Library
from bot.limits import elapsed
from bot.llm.embedded import EmbeddedAnswerer, EmbeddedSummarizer, is_off_topic, retrieve
from bot.llm.extract_brief import EmbeddedBriefer
from bot.models import EMBEDDED, ServedModel, configured, untranslated
from bot.notes import FeedWatch, NoteCourier
from bot.platforms import Platform, Surroundings, platforms
from bot.ports import Matcher, Papers, Source
from bot.reading import Reader
from bot.release import release
from bot.revisit import Revisit
from bot.rounds import Chore, Rounds
from bot.search import Finder
from bot.sections import subscribe
from bot.texts import FetchedTexts
from bot.views import digests as digest_views
from bot.views import notes as note_views
from bot.watch import VersionWatch
from bot.web import Web
from bot.worker import Parts, Worker

if TYPE_CHECKING:
    from storage.stores import Stores


__all__ = ["App", "Screen", "assembled", "examined"]

_log = structlog.get_logger("paperboy")
FRESH = timedelta(minutes=10)
"""How old a fetch may be before a digest fetches again."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything that a verb of the command line needs."""

    config: Config
    clock: SystemClock
    stores: Stores
    web: Web
    library: Library
    finder: Finder
    embedding: Embedding
    matcher: Matcher
    reader: Reader
    worker: Worker
    rounds: Rounds
    conversation: Conversation
    platforms: Mapping[str, Platform]
    sources: Sequence[Source]
    model: ServedModel | None

    @property
    def papers(self) -> Papers:
        """The library's papers."""
        return self.stores.papers


@asynccontextmanager
async def assembled(
    config: Config,
    *,
    environ: Mapping[str, str] = os.environ,
    screen: Screen | None = None,
    person: str = "you",
    service: bool = False,
    connect: bool = True,
) -> AsyncIterator[App]:
    """Put the program together and take it apart in the end.

    ``service``: this process serves the schedule, and so holds a SQLite database for itself.
    ``connect``: the platforms are needed, so their tokens must be there. Raises ConfigError, StorageError.
    """
    from storage.stores import opened

    async with AsyncExitStack() as stack:
        time = clock(environ)
        now = time.now if time.ahead else None
        if time.ahead:
            _log.warning("REHEARSAL: the clock was set", by=VARIABLE, now=time.now().isoformat())
        stores = await stack.enter_async_context(opened(config.storage.url, now=now, service=service))
        share = stores.runs.reserve if stores.runs.shared else None
        web = await stack.enter_async_context(origins.web(config, time, environ, share=share))
        await subscribe(config, stores)
        around = Surroundings(config, environ, stores, web, time, screen, person, connect)
        app = _composed(around, web)
        stack.push_async_callback(app.embedding.close)
        if app.model:
            stack.push_async_callback(app.model.close)
        for platform in app.platforms.values():
            if platform.close:
                stack.push_async_callback(platform.close)
        yield app


class _LateMatcher:
    """The matcher that the library teaches, loaded when it is first asked: numpy is no part of a start."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._matcher: Matcher | None = None

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        """A decision a paper, in their order."""
        if self._matcher is None:
            from bot.match import LibraryMatcher

            self._matcher = LibraryMatcher(self._papers)
        return await self._matcher.decide(topic, papers)


def _composed(around: Surroundings, web: Web) -> App:
    config, stores, time = around.config, around.stores, around.clock
    sources = origins.sources(config, web, stores, time)
    library = _library(around, sources)
    matcher = _LateMatcher(stores.papers)
    embedder = encoder(config, around.environ, ledger=stores.ledger, clock=time)
    finder = Finder(stores.papers, matcher, vectors=stores.vectors, embedder=embedder)
    embedding = Embedding(
        papers=stores.papers, vectors=stores.vectors, embedder=embedder, runs=stores.runs, clock=time
    )
    model = configured(config.llm, around.environ, ledger=stores.ledger, clock=time, off_topic=is_off_topic)
    reader = _reader(around, web, model)
    made = platforms(around)
    judged = JudgedMatcher(matcher, model.judge, stores.decisions) if model else matcher
    worker = _worker(around, library, judged, reader, made)
    stores.channels.tell(worker.changed)
    core = Core(
        manners=_manners(config),
        clock=time,
        library=library,
        papers=stores.papers,
        channels=stores.channels,
        threads=stores.threads,
        decisions=stores.decisions,
        feeds=stores.feeds,
        marks=stores.marks,
        finder=finder,
        reader=reader,
        desk=_desk(reader, model),
        briefs=_briefs(finder, model),
        sources=sources.added,
        files=_files(around, library, reader),
        digests=ByHand(worker=worker, runs=stores.runs, outbox=stores.outbox, channels=stores.channels),
        posters={name: platform.poster for name, platform in made.items()},
        health=lambda: _health(model, embedding),
    )
    return App(
        config=config,
        clock=time,
        stores=stores,
        web=web,
        library=library,
        finder=finder,
        embedding=embedding,
        matcher=matcher,
        reader=reader,
        worker=worker,
        rounds=_rounds(around, made, sources),
        conversation=Conversation(core),
        platforms=made,
        sources=sources.fetched,
        model=model,
    )


def _library(around: Surroundings, sources: origins.Sources) -> Library:
    return Library(
        papers=around.stores.papers,
        feeds=around.stores.feeds,
        sources=sources.fetched,
        links=sources.links,
        searches=sources.searched,
        added=sources.added.sources,
        clock=around.clock,
    )


def _desk(reader: Reader, model: ServedModel | None) -> Desk:
    """Who answers questions about papers."""
    answerer = model.answerer if model else None
    return Desk(reader=reader, retrieve=retrieve, embedded=EmbeddedAnswerer(), model=answerer)


def _briefs(finder: Finder, model: ServedModel | None) -> Briefs:
    return Briefs(
        find=lambda topic, since: _belonging(finder, topic, since),
        embedded=EmbeddedBriefer(),
        model=model.briefer if model else None,
    )


def _files(around: Surroundings, library: Library, reader: Reader) -> DropDesk:
    stores = around.stores
    return DropDesk(
        drops=stores.drops,
        papers=stores.papers,
        readings=stores.readings,
        library=library,
        reader=reader,
        clock=around.clock,
    )


async def _belonging(finder: Finder, topic: Topic, since: date | None) -> Sequence[tuple[Paper, Decision]]:
    return (await finder.topic(topic, since=since)).matched


async def _health(model: ServedModel | None, embedding: Embedding) -> Sequence[Finding]:
    return [*(await model.report() if model else [EMBEDDED]), *await embedding.report()]


def _reader(around: Surroundings, web: Web, model: ServedModel | None) -> Reader:
    arxiv = around.config.sources.arxiv
    texts = FetchedTexts(
        web, around.stores.readings, around.clock, html_url=arxiv.html_url, pdf_url=arxiv.pdf_url
    )
    return Reader(
        texts=texts,
        readings=around.stores.readings,
        embedded=EmbeddedSummarizer(),
        model=model.summarizer if model else None,
        clock=around.clock,
        # Twice the model's own bound: while one half waits for it, the other fetches and reads texts.
        concurrency=2 * around.config.llm.concurrency,
    )


def _worker(
    around: Surroundings,
    library: Library,
    matcher: Matcher,
    reader: Reader,
    made: Mapping[str, Platform],
) -> Worker:
    stores = around.stores
    parts = Parts(
        desk=Composing(
            papers=stores.papers,
            channels=stores.channels,
            decisions=stores.decisions,
            feeds=stores.feeds,
            matcher=matcher,
        ),
        runs=stores.runs,
        outbox=stores.outbox,
        posters={name: platform.poster for name, platform in made.items()},
        read=lambda paper, language: reader.read(paper, language=language),
        fetch=lambda: library.fetch_unless_fresh(FRESH),
        views=digest_views,
        clock=around.clock,
    )
    return Worker(parts)


_DIRECT = ("slack", "discord")
"""Platforms where a person can be written to directly."""


def _rounds(around: Surroundings, made: Mapping[str, Platform], sources: origins.Sources) -> Rounds:
    """A second look at papers and the version watch once a day, the sources' health and the notes every few
    minutes."""
    stores, time = around.stores, around.clock
    direct = [name for name in made if name in _DIRECT]
    versions = VersionWatch(
        changes=stores.changes,
        papers=stores.papers,
        channels=stores.channels,
        notes=stores.notes,
        view=note_views.versions,
        direct=direct,
        clock=time,
    )
    feeds = FeedWatch(
        feeds=stores.feeds,
        notes=stores.notes,
        admins=[UserId(name) for name in around.config.bot.admins],
        direct=direct,
        broken=note_views.broken,
        healed=note_views.healed,
        clock=time,
    )
    courier = NoteCourier(
        notes=stores.notes,
        channels=stores.channels,
        posters={name: platform.poster for name, platform in made.items()},
        clock=time,
        ticks=elapsed,
    )
    again = Revisit(
        changes=stores.changes,
        papers=stores.papers,
        lookups=sources.lookups,
        journals=sources.journals,
        clock=time,
    )
    chores = [
        Chore("second look", again.look, timedelta(days=1)),
        Chore("version watch", versions.look, timedelta(days=1)),
        Chore("feed health", feeds.look, timedelta(minutes=5)),
        Chore("notes", courier.deliver, timedelta(minutes=5)),
    ]
    return Rounds(chores, runs=stores.runs, clock=time)


def _manners(config: Config) -> Manners:
    return Manners(
        name=config.bot.name,
        command=config.bot.command,
        changes=config.bot.changes,
        admins=frozenset(UserId(name) for name in config.bot.admins),
        timezone=config.bot.timezone,
        version=release(),
    )


# --- the outside world ----------------------------------------------------------------------------


async def examined(app: App) -> list[Finding]:
    """What the doctor finds out in the world: each source, the model, each platform."""
    findings = [await _source_finding(app, source) for source in await app.library.every()]
    findings.append(await app.model.check() if app.model else EMBEDDED)
    kept = await app.stores.channels.all()
    channels = [channel.id for channel in kept]
    if not app.model:
        findings += untranslated(kept)
    for name, platform in app.platforms.items():
        mine = [channel for channel in channels if platform_of(channel) == name]
        findings += await platform.listener.check(mine)
    strangers = [c for c in channels if platform_of(c) not in app.platforms]
    findings += [
        Finding(f"channel {c}", False, f"{platform_of(c)} is off; add a [{platform_of(c)}] section.")
        for c in strangers
    ]
    return findings


async def _source_finding(app: App, source: Source) -> Finding:
    """Ask a source without keeping anything; a quiet day is fine."""
    try:
        harvest = await source.fetch({})
    except PaperboyError as error:
        return Finding(source.name, False, str(error))
    words = f"{harvest.state}, {len(harvest.sightings)} entries. {harvest.detail}".strip()
    return Finding(source.name, harvest.state != "failed", words)
