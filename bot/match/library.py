"""The matcher that learns from the library: fetches examples, keeps what was taught while it holds."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from bot.domain import Decision, Found, Paper, PaperId, Topic
from bot.errors import UsageError
from bot.match.acronyms import short_name, stands_for
from bot.match.deciding import Sheet, decide
from bot.match.standing import Page, Phrase, Standing, phrases, standings
from bot.match.teaching import POSITIVES_WANTED, Background, Taught, teach
from bot.match.terms import Lexicon, Text, encode

_SAMPLE = 1500
_SAMPLES = 3
"""So many samples stand for what is not about a topic; drawn one by one to hold less at a time."""
_EXAMPLES = 350
"""Newest papers with a phrase that are looked at."""
_WIDER = 400
"""Papers with a long phrase's words apart, where few have them together."""
_BATCH = 20
"""From so many papers on, a call decides a day's batch: it is judged by what was known before."""
_STATES_KEPT = 2
_SHEETS_KEPT = 2
_TOPIC_MAX = 200
_PHRASES = 12
_CALLED = 100
"""Newest papers with a short name: they tell whether it means the phrase, and are examples if so."""


class Examples(Protocol):
    """What the matcher needs of the library; :class:`bot.ports.Papers` has it."""

    async def matching(self, phrase: str, *, limit: int, before: date | None = None) -> list[Paper]:
        """Papers with the stemmed words side by side in title or abstract, newest first."""
        ...

    async def search(self, query: str, *, limit: int) -> list[Found]:
        """Papers for plain words, best first."""
        ...

    async def sample(self, count: int, *, seed: int = 0) -> list[Paper]:
        """A repeatable random sample of the library."""
        ...

    async def count(self) -> int:
        """How many papers there are."""
        ...


@dataclass(slots=True)
class _State:
    """What was learned from one state of the library, by topic, and the papers read last."""

    lexicon: Lexicon
    background: Background
    before: date | None
    taught: dict[str, Taught | None] = field(default_factory=dict)
    sheets: OrderedDict[tuple[PaperId, ...], Sheet] = field(default_factory=OrderedDict)

    def sheet(self, papers: Sequence[Paper]) -> Sheet:
        """The papers, read; the last ones are kept for the next topic."""
        key = tuple(paper.id for paper in papers)
        found = self.sheets.pop(key, None)
        if found is None or found.papers != tuple(papers):
            found = Sheet.read(papers, self.lexicon, self.background.weighing)
        self.sheets[key] = found
        while len(self.sheets) > _SHEETS_KEPT:
            self.sheets.popitem(last=False)
        return found


class LibraryMatcher:
    """Implements :class:`bot.ports.Matcher`. The same library gives the same decisions."""

    def __init__(self, papers: Examples) -> None:
        self._papers = papers
        self._states: OrderedDict[tuple[int, date | None], _State] = OrderedDict()
        self._lock = asyncio.Lock()

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        """One decision a paper, in their order. Words are looked at in the first 200 characters of a
        phrase; a topic without words matches nothing and says so."""
        if not papers:
            return []
        taught, sheet = await self.study(topic, papers)
        return await asyncio.to_thread(decide, topic, taught, sheet)

    async def study(self, topic: Topic, papers: Sequence[Paper]) -> tuple[Taught | None, Sheet]:
        """What the library teaches about the topic (None: too little), and the papers, read."""
        async with self._lock:
            state = await self._state(_horizon(papers))
            taught = await self._taught(topic, state)
            return taught, await asyncio.to_thread(state.sheet, papers)

    async def _state(self, before: date | None) -> _State:
        key = (await self._papers.count(), before)
        if key not in self._states:
            self._states[key] = await self._learn(before)
        self._states.move_to_end(key)
        while len(self._states) > _STATES_KEPT:
            self._states.popitem(last=False)
        return self._states[key]

    async def _learn(self, before: date | None) -> _State:
        lexicon, texts = Lexicon(), dict[PaperId, Text]()
        for seed in range(_SAMPLES):
            sample = _earlier(await self._papers.sample(_SAMPLE, seed=seed), before)
            read = await asyncio.to_thread(encode, sample, lexicon)
            texts.update(zip((paper.id for paper in sample), read, strict=True))
        background = await asyncio.to_thread(Background.learn, list(texts.values()), lexicon)
        return _State(lexicon, background, before)

    async def _taught(self, topic: Topic, state: _State) -> Taught | None:
        key = topic.name.casefold()
        if key not in state.taught:
            wanted, candidates = await self._candidates(topic, state)
            state.taught[key] = await asyncio.to_thread(
                teach, wanted, candidates, state.background, state.lexicon
            )
        return state.taught[key]

    async def _candidates(self, topic: Topic, state: _State) -> tuple[list[Phrase], list[Text]]:
        """The topic's phrases with their short names, and papers with one of them, newest first; where few
        are strong examples some with its words apart."""
        found, wanted = _Candidates(state), phrases(topic, state.lexicon)
        asked = [phrase[:_TOPIC_MAX] for phrase in topic.phrases[:_PHRASES]] if wanted else []
        for phrase in asked:
            named = await self._papers.matching(phrase, limit=_EXAMPLES, before=state.before)
            await asyncio.to_thread(found.add, named)
            if name := await self._short_name(phrase, named, state, found):
                wanted += phrases(Topic((name,)), state.lexicon)
        if asked and found.strong(wanted) < POSITIVES_WANTED:
            for phrase in asked:
                wider = await self._papers.search(phrase, limit=_WIDER)
                await asyncio.to_thread(found.add, [hit.paper for hit in wider])
        return wanted, found.newest_first()

    async def _short_name(
        self, phrase: str, papers: Sequence[Paper], state: _State, found: _Candidates
    ) -> str:
        """What the papers call the phrase in short, if that means nothing else; its papers are added."""
        name = await asyncio.to_thread(short_name, phrase, papers)
        if not name:
            return ""
        called = await self._papers.matching(name, limit=_CALLED, before=state.before)
        if not await asyncio.to_thread(stands_for, name, phrase, called):
            return ""
        await asyncio.to_thread(found.add, called)
        return name


@dataclass(slots=True)
class _Candidates:
    """Papers that may be about a topic, each once, as text."""

    state: _State
    papers: dict[PaperId, Paper] = field(default_factory=dict)
    texts: dict[PaperId, Text] = field(default_factory=dict)

    def add(self, papers: Sequence[Paper]) -> None:
        fresh = [paper for paper in _earlier(papers, self.state.before) if paper.id not in self.papers]
        self.papers.update((paper.id, paper) for paper in fresh)
        texts = encode(fresh, self.state.lexicon)
        self.texts.update((paper.id, text) for paper, text in zip(fresh, texts, strict=True))

    def strong(self, wanted: Sequence[Phrase]) -> int:
        """How many are good examples."""
        place = standings(Page.lay(list(self.texts.values())), wanted)
        return int(((place == Standing.TITLE) | (place == Standing.REPEATED)).sum())

    def newest_first(self) -> list[Text]:
        """The texts by day, then id."""
        return [self.texts[paper.id] for paper in sorted(self.papers.values(), key=_age)]


def require_words(topic: Topic) -> None:
    """Raises UsageError where a topic has no word to look for, or a phrase nobody would write."""
    if not phrases(topic, Lexicon()):
        raise UsageError("A topic needs at least one telling word, such as “gaussian splatting”.")
    if any(len(phrase) > _TOPIC_MAX for phrase in topic.phrases):
        raise UsageError(f"A topic has at most {_TOPIC_MAX} characters; name it in a few words.")


def _horizon(papers: Sequence[Paper]) -> date | None:
    """The day before which the library teaches: the first day of a batch, save for a tenth of stragglers
    (an old paper that was cross-listed today); None for a few papers, or where days are unknown."""
    days = sorted(day for paper in papers if (day := _day(paper)))
    return days[len(days) // 10] if len(days) >= _BATCH else None


def _earlier(papers: Sequence[Paper], before: date | None) -> list[Paper]:
    if before is None:
        return list(papers)
    return [paper for paper in papers if (day := _day(paper)) and day < before]


def _day(paper: Paper) -> date | None:
    return paper.announced or paper.published


def _age(paper: Paper) -> tuple[int, str]:
    """Newest first; the id decides between papers of a day."""
    day = _day(paper)
    return (-day.toordinal() if day else 0, paper.id)
