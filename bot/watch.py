"""Version watch: what changed between two versions of a paper, and who is told in which thread.

A note goes to the thread where a channel met the paper; changes that come within a week of a thread's last
note wait and are told together (docs/decisions/0044).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import TypeAlias

from bot.doc import Doc
from bot.domain import Change, Channel, ChannelId, Edition, Note, Paper, PaperId, Place
from bot.ports import Changes, Channels, Clock, Notes, Papers

APART = timedelta(days=7)
"""The least time between two notes in one thread."""
BACK = timedelta(days=30)
"""How far back changes are looked at; older ones are not told any more."""
_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:[.,]\d+)*\s?%?(?![\w])")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“\"(])")
_MOST_NUMBERS = 4
_MOST_WORDS = 1_500


@dataclass(frozen=True, slots=True)
class Difference:
    """What a later version says differently. ``title`` is the earlier one where it was another;
    ``numbers`` pairs those that took each other's place, with the words before them; ``gone`` and
    ``added`` are numbers without a partner; ``rewritten`` of ``sentences`` in the abstract are new."""

    title: str = ""
    numbers: tuple[tuple[str, str, str], ...] = ()
    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    rewritten: int = 0
    sentences: int = 0

    def __bool__(self) -> bool:
        return bool(self.title or self.numbers or self.gone or self.added or self.rewritten)


def difference(before: Edition, after: Edition) -> Difference:
    """What changed for a reader; case, spacing and punctuation do not count.

    >>> old = Edition(PaperId("arxiv:1"), 1, "A", "It reaches an accuracy of 84.2% there.")
    >>> new = Edition(PaperId("arxiv:1"), 2, "A", "It reaches an accuracy of 86.1% there.")
    >>> difference(old, new).numbers
    (('an accuracy of', '84.2%', '86.1%'),)
    """
    title = before.title if _letters(before.title) != _letters(after.title) else ""
    if not before.abstract or not after.abstract:
        return Difference(title)
    olds = {_letters(sentence) for sentence in _SENTENCE.split(before.abstract)}
    news = [_letters(sentence) for sentence in _SENTENCE.split(after.abstract)]
    rewritten = sum(sentence not in olds for sentence in news)
    if not rewritten and len(news) == len(olds):
        return Difference(title)
    pairs, gone, added = _numbers(before.abstract, after.abstract)
    return Difference(title, pairs, gone, added, rewritten or len(olds) - len(set(news)), len(news))


def _letters(words: str) -> str:
    """A text by what it says: letters, and numbers with their points and signs."""
    return " ".join(re.findall(r"[^\W\d_]+|[+-]?\d+(?:[.,]\d+)*%?", words.casefold()))


_Numbers: TypeAlias = tuple[tuple[tuple[str, str, str], ...], tuple[str, ...], tuple[str, ...]]


def _numbers(before: str, after: str) -> _Numbers:
    olds, news = before.split()[:_MOST_WORDS], after.split()[:_MOST_WORDS]
    pairs: list[tuple[str, str, str]] = []
    gone: list[str] = []
    added: list[str] = []
    for what, i, j, k, m in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        was, now = _found(olds[i:j]), _found(news[k:m])
        if len(was) == len(now):
            lead = " ".join(olds[max(0, i - 3) : i]) if j - i == 1 else ""
            pairs += [(lead, one, other) for one, other in zip(was, now, strict=True) if one != other]
        else:
            gone += was
            added += now
    gone_, added_ = Counter(gone), Counter(added)  # a sentence that was moved takes its numbers along
    return (
        tuple(pairs[:_MOST_NUMBERS]),
        tuple((gone_ - added_).elements())[:_MOST_NUMBERS],
        tuple((added_ - gone_).elements())[:_MOST_NUMBERS],
    )


def _found(words: Sequence[str]) -> list[str]:
    return [match.strip() for match in _NUMBER.findall(" ".join(words))]


@dataclass(frozen=True, slots=True)
class Told:
    """What a note says of one paper: what became of it, and what reads differently since the version that
    its readers saw."""

    paper: Paper
    withdrawn: bool = False
    retracted: bool = False
    published: bool = False
    difference: Difference = Difference()
    changes: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return self.withdrawn or self.retracted or self.published or bool(self.difference)


def told(paper: Paper, changes: Sequence[Change], editions: Sequence[Edition]) -> Told:
    """What ``changes`` come to by now: a withdrawal that was taken back is none."""
    kinds = {change.kind for change in changes}
    first = min((change.before for change in changes if change.kind == "replaced"), default=None)
    before = next((edition for edition in editions if edition.version == first), None)
    return Told(
        paper,
        withdrawn="withdrawn" in kinds and paper.withdrawn,
        retracted="retracted" in kinds and paper.retracted,
        published="published" in kinds and bool(paper.journal or paper.doi),
        difference=difference(before, editions[-1]) if before and not paper.withdrawn else Difference(),
        changes=tuple(change.number for change in changes),
    )


@dataclass(frozen=True, slots=True)
class Due:
    """Changes to tell in one thread, or to one person."""

    channel: ChannelId
    parent: str | None
    card: str
    direct: bool
    changes: tuple[Change, ...]


def due(
    changes: Sequence[Change],
    places: Iterable[Place],
    channels: Mapping[ChannelId, Channel],
    notes: Sequence[Note],
    now: datetime,
) -> list[Due]:
    """Who is to be told what: each change once a channel, in the thread where the paper was met last, and
    nowhere that had a note within a week."""
    known = {(note.channel, number) for note in notes for number in note.changes}
    recent = {(note.channel, note.parent) for note in notes if note.changes and now - note.made_at < APART}
    found: dict[tuple[ChannelId, str | None], list[tuple[Place, list[Change]]]] = {}
    for place, of_paper in _met(changes, places, channels):
        where = ChannelId(place.person) if place.person else place.channel
        fresh = [change for change in of_paper if (where, change.number) not in known]
        if fresh and (where, place.root) not in recent:
            found.setdefault((where, place.root), []).append((place, fresh))
    return [
        Due(
            channel,
            root,
            rows[0][0].card if len(rows) == 1 else "",
            rows[0][0].person is not None,
            tuple(sorted((c for _, some in rows for c in some), key=lambda change: change.number)),
        )
        for (channel, root), rows in found.items()
    ]


def _met(
    changes: Sequence[Change], places: Iterable[Place], channels: Mapping[ChannelId, Channel]
) -> list[tuple[Place, list[Change]]]:
    """For each paper and channel the place to tell it, with what happened since the channel first met it.

    Who saved a paper is told directly only where the channel has no thread about it.
    """
    by_paper: dict[PaperId, list[Change]] = {}
    for change in changes:
        by_paper.setdefault(change.paper_id, []).append(change)
    met: dict[tuple[PaperId, ChannelId], list[Place]] = {}
    unwilling = {channel.person for channel in channels.values() if channel.person and not channel.watch}
    for place in places:
        channel = channels.get(place.channel)
        if place.person in unwilling:
            continue
        if channel is None or (channel.watch and not channel.paused):
            met.setdefault((place.paper_id, place.channel), []).append(place)
    result = []
    for (paper_id, _), theirs in met.items():
        first = min(place.since for place in theirs)
        after = [change for change in by_paper.get(paper_id, ()) if change.at > first]
        threads = [place for place in theirs if place.person is None]
        chosen = [max(threads, key=lambda place: place.since)] if threads else _each_person(theirs)
        result += [(place, after) for place in chosen if after]
    return result


def _each_person(places: Iterable[Place]) -> list[Place]:
    return list({place.person: place for place in places}.values())


def key(*parts: object) -> str:
    """The same for the same note whoever makes it: 40 hexadecimal characters."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:40]


View: TypeAlias = Callable[[Sequence[Told]], Doc]


class VersionWatch:
    """Looks once a day what became of papers that people met, and writes the notes."""

    def __init__(
        self,
        *,
        changes: Changes,
        papers: Papers,
        channels: Channels,
        notes: Notes,
        view: View,
        direct: Sequence[str],
        clock: Clock,
    ) -> None:
        self._changes = changes
        self._papers = papers
        self._channels = channels
        self._notes = notes
        self._view = view
        self._direct = frozenset(direct)
        self._clock = clock

    async def look(self) -> int:
        """Put the notes that are due into their outbox; how many. Raises StorageError."""
        now = self._clock.now()
        changes = await self._changes.since(now - BACK)
        if not changes:
            return 0
        places = await self._changes.places({change.paper_id for change in changes})
        channels = {channel.id: channel for channel in await self._channels.all()}
        notes = await self._notes.since(now - BACK - APART)
        made = 0
        for one in due(changes, places, channels, notes, now):
            if not one.direct or one.channel.partition(":")[0] in self._direct:
                made += await self._write(one, now)
        return made

    async def _write(self, one: Due, now: datetime) -> bool:
        rows: list[Told] = []
        for paper in await self._papers.many(list(dict.fromkeys(c.paper_id for c in one.changes))):
            mine = [change for change in one.changes if change.paper_id == paper.id]
            if row := told(paper, mine, await self._papers.versions(paper.id)):
                rows.append(row)
        if not rows:
            return False
        numbers = tuple(change.number for change in one.changes)
        name = key("versions", one.channel, one.parent, *numbers)
        doc = self._view(rows)
        note = Note(name, one.channel, doc, now, one.parent, one.card, one.direct, changes=numbers)
        return await self._notes.add(note, apart=APART)
