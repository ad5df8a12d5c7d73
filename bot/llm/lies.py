"""What a true quote does not prevent: a statement that turns its quote round, or that was put together from
two places of a paper while quoting one. English only; statements in other languages pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.domain import Passage
from bot.text import content_stems, stems

_DENIAL = re.compile(
    r"\b(?:not|no|never|neither|nor|none|without|cannot|fail(?:s|ed)? to|unable to|\w+n['’]t)\b",
    re.IGNORECASE,
)
_REACH = 3
"""Words that carry meaning after a denial, which it is taken to deny."""
_RUN = 4
"""Such words in a row that a statement takes from elsewhere in the paper."""
_NEW = 2
"""Of those, how many the quote must lack."""

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
    if any(part and not any(part & other for other in quoted) for part in said):
        return True
    stated = frozenset(content_stems(text))
    return any(
        len(part) >= 2 and part <= stated and not any(part & other for other in said) for part in quoted
    )


def _denied(text: str) -> list[frozenset[str]]:
    """What each denial of a text is about: the next words that carry meaning."""
    return [frozenset(content_stems(text[match.end() :])[:_REACH]) for match in _DENIAL.finditer(text)]


def _opposite(text: str, quote: str) -> bool:
    said, quoted = set(stems(text)), set(stems(quote))
    return any(
        said & a and not said & b and quoted & b and not quoted & a
        for pair in _OPPOSITES
        for a, b in (pair, pair[::-1])
    )


class Patchwork:
    """Knows a paper's runs of words, to tell whether a statement borrows one that its quote lacks."""

    def __init__(self, passages: Iterable[Passage], *, allowed: Sequence[str] = ()) -> None:
        self._runs = {run for passage in passages for run in _runs(content_stems(passage.text))}
        self._allowed = {run for text in allowed for run in _runs(content_stems(text))}

    def found(self, text: str, quote: str) -> bool:
        """Whether four meaningful words in a row of ``text`` stand elsewhere in the paper, and two or more
        of them not in ``quote``."""
        quoted = set(content_stems(quote))
        return any(
            run in self._runs and run not in self._allowed and sum(stem not in quoted for stem in run) >= _NEW
            for run in _runs(content_stems(text))
        )


def _runs(row: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(row[start:] for start in range(_RUN)), strict=False)
