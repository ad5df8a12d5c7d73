"""Mistyped words, set right by the words that the library's own titles use."""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

from bot.ports import Papers
from bot.text import words

_SHORTEST = 4
_RARE = 3
"""A word in fewer papers than this may be other people's slip."""
_FREQUENT = 30
"""In how many titles its neighbour must stand then, for each paper that has the rare word."""
_GROWN = 1.1


class Spelling:
    """Knows the words of all titles, read when they are first needed and again when the library has grown."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._known = Vocabulary(())
        self._read_at = -1
        self._reading = asyncio.Lock()

    async def corrected(self, query: str) -> str:
        """The query with each word that the library does not know (or hardly, where it knows one letter
        better) replaced by the nearest it knows; the same query where there is nothing to replace."""
        asked = [word for word in dict.fromkeys(words(query[:2000])) if _may_be_wrong(word)][:32]
        counts = await self._papers.occurrences(asked, most=_RARE)
        doubtful = {word: count for word, count in counts.items() if count < _RARE}
        if not doubtful:
            return query
        known = await self._vocabulary()
        better = {word: await asyncio.to_thread(known.nearest, word, doubtful[word]) for word in doubtful}
        return _replaced(query, {word: other for word, other in better.items() if other})

    async def _vocabulary(self) -> Vocabulary:
        async with self._reading:
            count = await self._papers.count()
            if not self._read_at <= count <= self._read_at * _GROWN:
                known = Vocabulary(())
                async for titles in self._papers.titles():
                    await asyncio.to_thread(known.learn, titles)
                self._known, self._read_at = known, count
        return self._known


class Vocabulary:
    """Words and in how many titles each stands."""

    def __init__(self, titles: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        self._by_length: dict[int, list[str]] = {}
        self._masks: dict[int, array[int]] = {}
        self.learn(titles)

    def learn(self, titles: Iterable[str]) -> None:
        """Take in more titles."""
        for word in (word for title in titles for word in set(words(title)) if _may_be_wrong(word)):
            if word not in self._counts:
                self._by_length.setdefault(len(word), []).append(word)
                self._masks.setdefault(len(word), array("Q")).append(_letters(word))
            self._counts[word] += 1

    def nearest(self, word: str, count: int = 0) -> str:
        """The word with the fewest slips from ``word``, the commonest of these; empty if there is none.

        One slip is forgiven in a word of 4 to 7 letters, two in a longer one; a word that ``count`` papers
        have must be one slip from a far commoner one.
        """
        most = 1 if count or len(word) < 8 else 2
        mask = _letters(word)
        found = [
            (slips(word, other, most), -self._counts[other], other)
            for length in range(len(word) - most, len(word) + most + 1)
            for other, letters in zip(
                self._by_length.get(length, ()), self._masks.get(length, ()), strict=True
            )
            if (mask ^ letters).bit_count() <= 2 * most and other != word
        ]
        near = [item for item in found if item[0] <= most and -item[1] >= max(1, count * _FREQUENT)]
        return min(near)[2] if near else ""


def slips(one: str, other: str, most: int) -> int:
    """How many letters were left out, put in, changed or swapped with their neighbour (optimal string
    alignment, Damerau 1964); above ``most`` only that it is more."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, counterpart in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != counterpart))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == counterpart:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _may_be_wrong(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isalpha()


def _letters(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) % 61)
    return mask


def _replaced(query: str, better: dict[str, str]) -> str:
    """The query with words exchanged where they stand, everything else untouched."""
    if not better:
        return query
    parts: Sequence[str] = query.split()
    return " ".join(_exchanged(part, better) for part in parts)


def _exchanged(part: str, better: dict[str, str]) -> str:
    found = words(part)
    if not any(word in better for word in found):
        return part
    return " ".join(better.get(word, word) for word in found)
