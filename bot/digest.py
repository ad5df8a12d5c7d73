"""A channel's digest: which of the new papers it gets, in which order, and the messages that bring them.

Composed once and frozen; nothing here posts, stores a run or reads the clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

import structlog

from bot.doc import Doc, link, paragraph
from bot.domain import (
    Channel,
    ChannelId,
    Decision,
    Digest,
    FeedHealth,
    Paper,
    PaperId,
    Parcel,
    Pick,
    Summary,
    Topic,
    Window,
)
from bot.errors import StorageError
from bot.ports import Channels, Matcher
from bot.render import plain

NEAREST = 3
"""How many papers below the line are kept for a day on which none fits."""

_log = structlog.get_logger(__name__)
_SOURCES = {"arxiv": "arXiv", "biorxiv": "bioRxiv", "medrxiv": "medRxiv", "huggingface": "Hugging Face"}


class Views(Protocol):
    """How a digest looks; the module ``bot.views.digests``."""

    def parent(
        self, digest: Digest, papers: Mapping[PaperId, Paper], summaries: Mapping[PaperId, Summary]
    ) -> Doc:
        """The post at top level."""
        ...

    def paper_post(self, paper: Paper, summary: Summary, pick: Pick) -> Doc:
        """A paper's post in the thread."""
        ...

    def quiet_day(self, digest: Digest, papers: Mapping[PaperId, Paper]) -> Doc:
        """The line for a day without a fitting paper."""
        ...


class News(Protocol):
    """What composing needs of the library; :class:`bot.ports.Papers` has it."""

    async def news(self, since: datetime, until: datetime) -> list[Paper]:
        """Papers that became news after ``since`` and not after ``until``."""
        ...

    async def news_begin(self) -> date | None:
        """The first day of which there is news."""
        ...

    async def many(self, ids: Sequence[PaperId]) -> list[Paper]:
        """The papers among ``ids`` that are there, in that order."""
        ...


class Record(Protocol):
    """Where decisions are kept; :class:`bot.ports.Decisions` has it."""

    async def save(self, decisions: Sequence[Decision], *, now: datetime) -> None:
        """Keep decisions."""
        ...


class Health(Protocol):
    """How the sources are doing; :class:`bot.ports.Feeds` has it."""

    async def health(self) -> list[FeedHealth]:
        """Every source and part, by name."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What composing needs of the world."""

    papers: News
    channels: Channels
    decisions: Record
    feeds: Health
    matcher: Matcher


async def compose(channel: Channel, day: date, window: Window, desk: Desk, *, keep: bool = True) -> Digest:
    """The channel's digest of ``day`` from the papers that became news in ``window``, were never shown
    there and are not withdrawn. Every decision is kept unless ``keep`` is False. Raises StorageError."""
    papers = await candidates(channel, window, desk)
    found = await decide(channel, papers, desk.matcher)
    if keep:
        await desk.decisions.save([d for _, made in found for d in made], now=window.until)
    fitting = best_by_paper(found)
    picks = pick(fitting, papers, channel.limit)
    notes = [*_more(len(fitting) - len(picks)), *feed_notes(await desk.feeds.health())]
    return Digest(channel.id, day, picks, len(papers), _nearest(found, fitting), tuple(notes))


async def candidates(channel: Channel, window: Window, desk: Desk) -> list[Paper]:
    """News of the window that the channel has not seen, without withdrawn and retracted papers."""
    news = await desk.papers.news(window.since, window.until)
    shown = await desk.channels.shown(channel.id, [paper.id for paper in news])
    return [p for p in news if p.id not in shown and not p.withdrawn and not p.retracted]


def wanted(channel: Channel) -> list[Topic]:
    """The channel's topics with the words that rule a paper out for all of them."""
    return [
        Topic(t.phrases, (*t.excluded, *(w for w in channel.not_ if w not in t.excluded)))
        for t in channel.topics
    ]


Made = list[tuple[Topic, list[Decision]]]


async def decide(channel: Channel, papers: Sequence[Paper], matcher: Matcher) -> Made:
    """For each topic of the channel a decision a paper; papers that the matcher cannot take are left out."""
    if not papers:
        return []
    return [(topic, await _decided(topic, papers, matcher)) for topic in wanted(channel)]


async def _decided(topic: Topic, papers: Sequence[Paper], matcher: Matcher) -> list[Decision]:
    """One odd paper must not cost the others their digest: where a batch fails, its halves are tried."""
    try:
        return list(await matcher.decide(topic, papers))
    except StorageError:
        raise
    except Exception as error:
        if len(papers) == 1:
            _log.error("paper left out", paper=papers[0].id, error=error)
            return []
        middle = len(papers) // 2
        return [
            *await _decided(topic, papers[:middle], matcher),
            *await _decided(topic, papers[middle:], matcher),
        ]


def best_by_paper(found: Made) -> dict[PaperId, tuple[Topic, Decision]]:
    """For each paper that belongs to a topic, the topic to which it belongs most."""
    best: dict[PaperId, tuple[Topic, Decision]] = {}
    for topic, decisions in found:
        for decision in decisions:
            held = best.get(decision.paper_id)
            if decision.matched and (held is None or decision.score > held[1].score):
                best[decision.paper_id] = (topic, decision)
    return best


def pick(
    fitting: Mapping[PaperId, tuple[Topic, Decision]], papers: Sequence[Paper], limit: int
) -> tuple[Pick, ...]:
    """At most ``limit`` papers, best first; every topic that has a fitting paper is represented, as far as
    the limit allows, before a topic gets a second one."""
    dates = {paper.id: paper.published or paper.announced or date.min for paper in papers}
    ranked = sorted(
        fitting.values(),
        key=lambda row: (-row[1].score, -dates[row[1].paper_id].toordinal(), row[1].paper_id),
    )
    firsts = {topic.key: decision.paper_id for topic, decision in reversed(ranked)}
    ahead = [row for row in ranked if row[1].paper_id in firsts.values()]
    behind = [row for row in ranked if row[1].paper_id not in firsts.values()]
    taken = {decision.paper_id for _, decision in [*ahead, *behind][:limit]}
    kept = [row for row in ranked if row[1].paper_id in taken]
    return tuple(
        Pick(decision.paper_id, rank, decision.score, topic.name, decision.why)
        for rank, (topic, decision) in enumerate(kept, 1)
    )


def _nearest(found: Made, fitting: Mapping[PaperId, object]) -> tuple[Decision, ...]:
    below: dict[PaperId, Decision] = {}
    for topic, decisions in found:
        for decision in decisions:
            held = below.get(decision.paper_id)
            if decision.paper_id in fitting or not decision.near:
                continue
            if held is None or _short_of(decision) < _short_of(held):
                below[decision.paper_id] = replace(decision, topic=topic.name)
    return tuple(sorted(below.values(), key=lambda d: (_short_of(d), d.paper_id))[:NEAREST])


def _short_of(decision: Decision) -> float:
    return decision.threshold - decision.score


def _more(count: int) -> Iterable[str]:
    if count > 0:
        more = "paper fits" if count == 1 else "papers fit"
        yield f"{count} more {more}; raise the limit to see more a day."


def feed_notes(health: Sequence[FeedHealth]) -> list[str]:
    """A sentence for each source that is broken or stands still, none for parts of a broken one."""
    broken = {row.source for row in health if row.state == "failed"}
    return [
        _feed_note(row)
        for row in health
        if row.state in ("failed", "stale") and row.source.partition("/")[0] not in broken - {row.source}
    ]


def _feed_note(row: FeedHealth) -> str:
    source, _, part = row.source.partition("/")
    name = f"{_SOURCES.get(source, source)} {part}".strip()
    since = f" since {row.failing_since:%A, %-d %B}" if row.failing_since else ""
    if row.state == "stale":
        return f"{name} has announced nothing new{since}."
    return f"{name} could not be read{since}; papers may be missing."


# --- the messages ---------------------------------------------------------------------------------


def parcels(
    digest: Digest,
    papers: Mapping[PaperId, Paper],
    summaries: Mapping[PaperId, Summary],
    views: Views,
) -> list[Parcel]:
    """The messages of a digest: one at top level and one a paper in its thread; of a quiet day one line.

    A pick whose paper or summary is gone is left out.
    """
    if not digest.picks:
        return [_parcel(digest, 0, views.quiet_day(digest, papers))]
    picks = [p for p in digest.picks if p.paper_id in papers and p.paper_id in summaries]
    parent = _parcel(digest, 0, views.parent(digest, papers, summaries))
    topics = tuple(dict.fromkeys(p.topic for p in picks if p.topic))
    replies = [
        replace(
            _parcel(digest, seq, _card(papers[p.paper_id], summaries[p.paper_id], p, views)),
            parent=0,
            title=papers[p.paper_id].title,
            tags=(p.topic,) if p.topic else (),
            papers=(p.paper_id,),
        )
        for seq, p in enumerate(picks, 1)
    ]
    return [replace(parent, papers=tuple(p.paper_id for p in picks), tags=topics), *replies]


def key(channel: ChannelId, day: date, seq: int) -> str:
    """What marks a message as the same one: 24 hex digits (Discord's nonce takes 25)."""
    return hashlib.sha256(f"{channel}|{day}|{seq}".encode()).hexdigest()[:24]


def _parcel(digest: Digest, seq: int, doc: Doc) -> Parcel:
    return Parcel(
        digest.channel,
        digest.day,
        seq,
        key(digest.channel, digest.day, seq),
        doc,
        title=f"Papers for {digest.day:%A, %-d %B %Y}",
        alt=plain.line(doc),
    )


def _card(paper: Paper, summary: Summary, pick: Pick, views: Views) -> Doc:
    try:
        return views.paper_post(paper, summary, pick)
    except Exception as error:
        _log.error("card without its summary", paper=paper.id, error=error)
        return (paragraph(link(paper.title, paper.url), f" ({paper.id}): {summary.gist}"),)
