"""What a true quote does not prevent: a statement that turns its quote round, or that was put together from
two places of a paper while quoting one, or that has nothing to do with it, or that links away from the paper.
English only, but for links; statements in other languages pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bot.domain import Passage
from bot.text import STOP_WORDS, content_stems, stems
from bot.tongues import english

_DENIAL = re.compile(
    r"\b(?:not|no|never|neither|none|without|cannot|fail(?:s|ed)? to|unable to|\w+n['’]t)\b", re.IGNORECASE
)
_REACH = 3
"""Words that carry meaning after a denial (or before it, at the end), which it is taken to deny."""
_RUN = 3
"""Such words in a row that a statement takes from elsewhere in the paper."""
_NEW = 2
"""Of those, how many the quote must lack."""
_TERM = 5
"""A run that stands so often in the paper is its vocabulary and taken from nowhere."""

_FEW, _MANY = 3, 5
"""Meaningful words of a statement that must share one with its quote, and that must share two."""
_BEGINNING = 5
"""Letters by which two words are taken for one, so that "translates" is "translation"."""
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>()\[\]]+|\]\([^()]*\)|\bmailto:\S+", re.IGNORECASE)

_OPPOSITES = tuple(
    (frozenset(stems(one)), frozenset(stems(other)))
    for one, other in (
        ("increase increases increased", "decrease decreases decreased reduce reduces reduced"),
        ("higher", "lower"),
        ("more", "less fewer"),
        ("better", "worse"),
        ("larger bigger", "smaller"),
        ("faster", "slower"),
        ("outperform outperforms", "underperform underperforms"),
        ("improve improves improved", "worsen worsens degrade degrades degraded harm harms"),
        ("positive positively", "negative negatively"),
        ("supervised", "unsupervised"),
        ("rise rises rose", "fall falls fell drop drops dropped"),
        ("best", "worst"),
        ("maximum", "minimum"),
        ("stronger", "weaker"),
        ("easier", "harder"),
    )
)


def contradicts(text: str, quote: str) -> bool:
    """Whether the statement denies what the quote affirms, affirms what it denies, or says the opposite."""
    return _denials_differ(text, quote) or _opposite(text, quote)


def _denials_differ(text: str, quote: str) -> bool:
    said, quoted = _denied(text), _denied(quote)
    if len(said) > len(quoted):
        return True
    for part in said:
        match = max(quoted, key=lambda other: len(part & other))
        if part and not part & match:
            return True
        quoted.remove(match)
    stated = frozenset(content_stems(text))
    return any(len(part) >= 2 and part <= stated for part in quoted)


def _denied(text: str) -> list[frozenset[str]]:
    """What each denial of a text is about: the next words that carry meaning; where there are fewer than
    two, the last before it as well."""
    found = []
    for match in _DENIAL.finditer(text):
        after = content_stems(text[match.end() :])[:_REACH]
        before = content_stems(text[: match.start()])[-2:] if len(after) < 2 else []
        found.append(frozenset(before + after))
    return found


def _opposite(text: str, quote: str) -> bool:
    said, quoted = Counter(stems(text)), Counter(stems(quote))
    return any(
        _count(said, a) > _count(quoted, a) and _count(said, b) < _count(quoted, b)
        for pair in _OPPOSITES
        for a, b in (pair, pair[::-1])
    )


def _count(counts: Counter[str], some: frozenset[str]) -> int:
    return sum(counts[stem] for stem in some)


def unrelated(text: str, quote: str) -> bool:
    """Whether an English statement shares so few words with its quote that the quote cannot carry it.

    Of the authors' own one-sentence summaries in SciTLDR one in a hundred is that far from the nearest
    sentence of its abstract; of summaries of other papers nine in ten are.
    """
    said = _beginnings(text)
    shared = len(said & _beginnings(quote))
    far = (len(said) >= _FEW and not shared) or (len(said) >= _MANY and shared < 2)
    return far and english(text)


def _beginnings(text: str) -> frozenset[str]:
    return frozenset(stem[:_BEGINNING] for stem in content_stems(text))


def links_away(text: str, quote: str) -> bool:
    """Whether the statement has an address that its quote lacks."""
    return any(found.group().rstrip(".,;:/?!\"'") not in quote for found in _LINK.finditer(text))


class Patchwork:
    """Knows a paper's runs of words, to tell whether a statement borrows one that its quote lacks."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        counts = Counter(run for passage in passages for run in _all_runs(passage.text))
        self._rare = frozenset(run for run, count in counts.items() if count < _TERM)

    def without(self, *allowed: str) -> Patchwork:
        """The same, where the words of ``allowed`` may be borrowed."""
        other = Patchwork(())
        other._rare = self._rare.difference(run for text in allowed for run in _all_runs(text))
        return other

    def found(self, text: str, quote: str) -> bool:
        """Whether three meaningful words in a row of ``text``, or four of any kind, stand once or twice
        elsewhere in the paper, and two or more meaningful ones of them not in ``quote``."""
        new = set(content_stems(text)) - set(stems(quote))
        return any(run in self._rare and len(new.intersection(run)) >= _NEW for run in _all_runs(text))


def _all_runs(text: str) -> Iterator[tuple[str, ...]]:
    yield from _runs(content_stems(text), _RUN)
    yield from (run for run in _runs(stems(text), _RUN + 1) if not STOP_WORDS.issuperset(run))


def _runs(row: Sequence[str], length: int) -> Iterable[tuple[str, ...]]:
    return zip(*(row[start:] for start in range(length)), strict=False)
