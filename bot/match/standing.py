"""How a topic's phrases stand in papers: in the title, in the abstract, in pieces, not at all."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.domain import Topic
from bot.match.terms import Lexicon, Stems, Text
from bot.ranking import Floats, Ints

Flags = NDArray[np.bool_]

_WORDS_MAX = 24
"""Words of a phrase that count; nobody's topic is longer, and a hostile one must cost nothing."""
_PHRASES_MAX = 12


class Standing(enum.IntEnum):
    """The best place a topic has in a paper; more is better."""

    ABSENT = 0
    SCATTERED = 1
    """All its words, somewhere in title or abstract."""
    MENTIONED = 2
    """The phrase once in the abstract."""
    REPEATED = 3
    """The phrase more than once in the abstract."""
    TITLE_WORDS = 4
    """All its words in the title."""
    TITLE = 5
    """The phrase in the title."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as stems; ``content`` are those that carry meaning, each once, in order."""

    stems: tuple[int, ...]
    content: tuple[int, ...]


def phrases(topic: Topic, lexicon: Lexicon) -> list[Phrase]:
    """The phrases of a topic that have a word besides stop words, each once."""
    found = {}
    for words in topic.phrases[:_PHRASES_MAX]:
        stems = tuple(lexicon.numbers(words[:400]).tolist())[:_WORDS_MAX]
        content = tuple(dict.fromkeys(number for number in stems if not lexicon.is_stop(number)))
        if content:
            found[stems] = Phrase(stems, content)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Lines:
    """Many short sequences of stems laid end to end, so that all are searched at once."""

    stems: Stems
    starts: Ints
    count: int

    @classmethod
    def lay(cls, sequences: Sequence[Stems]) -> Lines:
        """Lay them in order, with a gap after each that no phrase can bridge."""
        gap = np.array([-1], dtype=np.int32)
        sizes = [len(sequence) + 1 for sequence in sequences]
        parts = [part for sequence in sequences for part in (sequence, gap)]
        stems = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if sizes else np.zeros(0)
        return cls(stems, starts.astype(np.int64), len(sequences))

    def occurrences(self, phrase: Sequence[int]) -> Ints:
        """How often the stems stand side by side in each sequence."""
        room = len(self.stems) - len(phrase) + 1
        if room <= 0 or not phrase:
            return np.zeros(self.count, dtype=np.int64)
        here = self.stems[:room] == phrase[0]
        for offset, stem in enumerate(phrase[1:], start=1):
            here &= self.stems[offset : room + offset] == stem
        owner = np.searchsorted(self.starts, np.flatnonzero(here), side="right") - 1
        return np.bincount(owner, minlength=self.count)


@dataclass(frozen=True, slots=True)
class Page:
    """Titles and abstracts of some papers, laid out for searching."""

    titles: Lines
    abstracts: Lines

    @classmethod
    def lay(cls, texts: Sequence[Text]) -> Page:
        """Lay out the papers in order."""
        return cls(Lines.lay([text.title for text in texts]), Lines.lay([text.abstract for text in texts]))

    @property
    def count(self) -> int:
        """How many papers."""
        return self.titles.count

    def anywhere(self, phrase: Sequence[int]) -> Flags:
        """Which papers have the stems side by side in title or abstract."""
        return (self.titles.occurrences(phrase) > 0) | (self.abstracts.occurrences(phrase) > 0)


def standings(page: Page, wanted: Sequence[Phrase]) -> Ints:
    """The best :class:`Standing` of any of the phrases in each paper."""
    best = np.zeros(page.count, dtype=np.int64)
    for phrase in wanted:
        best = np.maximum(best, _standing(page, phrase))
    return best


def title_coverage(page: Page, wanted: Sequence[Phrase], rarity: Sequence[Floats]) -> Floats:
    """The share of a phrase's words, weighed by their rarity, that stand in each title; the best phrase's.

    ``rarity`` holds one array a phrase, one number a content word.
    """
    best = np.zeros(page.count)
    for phrase, weights in zip(wanted, rarity, strict=True):
        hits = np.array([page.titles.occurrences((word,)) > 0 for word in phrase.content])
        best = np.maximum(best, weights @ hits / weights.sum())
    return best


def _standing(page: Page, phrase: Phrase) -> Ints:
    titled, repeated = page.titles.occurrences(phrase.stems), page.abstracts.occurrences(phrase.stems)
    in_title = np.ones(page.count, dtype=np.bool_)
    somewhere = np.ones(page.count, dtype=np.bool_)
    for word in phrase.content:
        has = page.titles.occurrences((word,)) > 0
        in_title &= has
        somewhere &= has | (page.abstracts.occurrences((word,)) > 0)
    conditions = [titled > 0, in_title, repeated > 1, repeated > 0, somewhere]
    places = [
        Standing.TITLE, Standing.TITLE_WORDS, Standing.REPEATED, Standing.MENTIONED, Standing.SCATTERED
    ]  # fmt: skip
    return np.select(conditions, [int(place) for place in places], default=int(Standing.ABSENT))
