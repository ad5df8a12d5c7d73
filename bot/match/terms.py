"""Papers as the matcher sees them: stems as numbers, and the one- and two-word terms they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.domain import Paper
from bot.ranking import Floats, Ints, Sparse
from bot.text import STOP_WORDS, stem_words, stems, words

Stems = NDArray[np.int32]

_PAIR = 1 << 32
_STOP_STEMS = frozenset(stems(" ".join(sorted(STOP_WORDS))))


@dataclass(slots=True)
class Lexicon:
    """A number for every stem met so far. Numbers mean nothing outside the lexicon that gave them."""

    _words: dict[str, int] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _stems: list[str] = field(default_factory=list)
    _stops: list[bool] = field(default_factory=list)

    def numbers(self, text: str) -> Stems:
        """The stems of a text in order; new ones are learned."""
        found, known = words(text), self._words
        fresh = [word for word in dict.fromkeys(found) if word not in known]
        for word, stem in zip(fresh, stem_words(fresh), strict=True):
            known[word] = self._number(stem)
        return np.array([known[word] for word in found], dtype=np.int32)

    def spell(self, term: int) -> str:
        """A term of :func:`terms` in letters, one or two stems."""
        first, second = divmod(term, _PAIR)
        return f"{self._stems[first - 1]} {self._stems[second]}" if first else self._stems[second]

    def stops(self) -> NDArray[np.bool_]:
        """For every number, whether it is the stem of a stop word."""
        return np.array(self._stops, dtype=np.bool_)

    def is_stop(self, number: int) -> bool:
        """Whether a number is the stem of a stop word."""
        return self._stops[number]

    def _number(self, stem: str) -> int:
        number = self._numbers.get(stem)
        if number is None:
            number = self._numbers[stem] = len(self._stems)
            self._stems.append(stem)
            self._stops.append(stem in _STOP_STEMS)
        return number


@dataclass(frozen=True, slots=True)
class Text:
    """A paper's title and abstract as stems."""

    title: Stems
    abstract: Stems

    @property
    def all(self) -> frozenset[int]:
        """Every stem of both, once."""
        return frozenset(self.title.tolist()) | frozenset(self.abstract.tolist())


def encode(papers: Sequence[Paper], lexicon: Lexicon) -> list[Text]:
    """The texts of papers, in their order."""
    return [Text(lexicon.numbers(paper.title), lexicon.numbers(paper.abstract)) for paper in papers]


@dataclass(frozen=True, slots=True)
class Terms:
    """How often each term stands in each of some texts: triples sorted by text."""

    texts: Ints
    terms: Ints
    counts: Floats
    size: int


def count_terms(texts: Sequence[Text], lexicon: Lexicon) -> Terms:
    """Single stems and pairs of neighbours in title and abstract, stop words left out.

    A pair of the stems a and b is the number (a + 1) * 2**32 + b, a single stem its own number.
    """
    stops = lexicon.stops()
    found = [np.unique(_terms(text, stops), return_counts=True) for text in texts]
    sizes = [len(terms) for terms, _ in found]
    if not found:
        return Terms(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), 0)
    return Terms(
        np.repeat(np.arange(len(texts), dtype=np.int64), sizes),
        np.concatenate([terms for terms, _ in found]),
        np.concatenate([counts for _, counts in found]).astype(np.float64),
        len(texts),
    )


def contains_any(terms: Ints, stem_numbers: frozenset[int]) -> NDArray[np.bool_]:
    """For every term, whether one of the stems is it or is part of it."""
    wanted = np.array(sorted(stem_numbers), dtype=np.int64)
    first, second = np.divmod(terms, _PAIR)
    return np.asarray(np.isin(second, wanted) | np.isin(first - 1, wanted), dtype=np.bool_)


def _terms(text: Text, stops: NDArray[np.bool_]) -> Ints:
    parts = []
    for field_ in (text.title, text.abstract):
        numbers = field_.astype(np.int64)
        kept = ~stops[numbers] if len(numbers) else np.zeros(0, np.bool_)
        parts.append(numbers[kept])
        parts.append(((numbers[:-1] + 1) * _PAIR + numbers[1:])[kept[:-1] & kept[1:]])
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Weighing:
    """How rare terms are, learned from a random sample of the library."""

    terms: Ints
    """The terms that stand in at least two texts of the sample, sorted."""
    rarity: Floats
    """log((n + 1) / (df + 1)) + 1 of each term of ``terms``."""
    unseen: float
    """The rarity of all other terms."""

    @classmethod
    def learn(cls, sample: Terms) -> Weighing:
        """Count in how many texts of the sample each term stands."""
        terms, frequency = np.unique(sample.terms, return_counts=True)
        known = frequency > 1
        rarity = np.log((sample.size + 1) / (frequency[known] + 1.0)) + 1.0
        return cls(terms[known], rarity, float(np.log(sample.size + 1) + 1.0))

    def rarities(self, terms: Ints) -> Floats:
        """The rarity of each term."""
        place, known = find_sorted(self.terms, terms)
        result = np.full(len(terms), self.unseen)
        result[known] = self.rarity[place[known]]
        return result

    def weigh(self, counted: Terms) -> Floats:
        """TF-IDF of each entry: (1 + log count) * rarity, over the length that the known terms of its text
        have together."""
        values = (1.0 + np.log(counted.counts)) * self.rarities(counted.terms)
        _, known = find_sorted(self.terms, counted.terms)
        squares = np.bincount(counted.texts[known], weights=values[known] ** 2, minlength=counted.size)
        return np.asarray(values / np.sqrt(np.maximum(squares, 1.0))[counted.texts], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Index:
    """The weighed terms of some texts, by term, so that the columns of a vocabulary are at hand."""

    terms: Ints
    """Sorted, each once."""
    ends: Ints
    """Where the entries of each term end in ``texts`` and ``values``."""
    texts: Ints
    values: Floats
    size: int

    @classmethod
    def build(cls, counted: Terms, weighing: Weighing) -> Index:
        """Weigh all terms and sort them."""
        order = np.argsort(counted.terms, kind="stable")
        terms, counts = np.unique(counted.terms, return_counts=True)
        values = weighing.weigh(counted)[order]
        return cls(terms, np.cumsum(counts), counted.texts[order], values, counted.size)

    @property
    def frequency(self) -> Ints:
        """In how many of the texts each term stands."""
        return np.diff(self.ends, prepend=0)

    def over(self, vocabulary: Ints) -> Sparse:
        """One row a text, one column a term of the sorted ``vocabulary``."""
        place, known = find_sorted(self.terms, vocabulary)
        counts = (
            np.where(known, self.frequency[place], 0) if len(self.terms) else np.zeros(len(place), np.int64)
        )
        begins = self.ends[place] - counts if len(self.terms) else counts
        entries = np.repeat(begins - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        columns = np.repeat(np.arange(len(vocabulary)), counts)
        return Sparse(self.texts[entries], columns, self.values[entries], (self.size, len(vocabulary)))

    def frequencies(self, vocabulary: Ints) -> Ints:
        """In how many of the texts each term of ``vocabulary`` stands."""
        place, known = find_sorted(self.terms, vocabulary)
        return (
            np.where(known, self.frequency[place], 0) if len(self.terms) else np.zeros(len(place), np.int64)
        )


def find_sorted(among: Ints, wanted: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """For each wanted term a place in the sorted ``among``, and whether it stands there."""
    if not len(among):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    place = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return place, among[place] == wanted
