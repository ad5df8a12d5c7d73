"""Short names of a phrase, learned from the library's own brackets: "3D Gaussian Splatting (3DGS)"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from bot.domain import Paper
from bot.text import stem_words, words

_BRACKET = re.compile(r"\(([A-Za-z0-9][A-Za-z0-9-]{1,9})\)")
_BEFORE = 120
"""Characters before a bracket in which the long form is looked for."""
_DEFINITIONS = 10
"""Papers that must define the same short name."""
_SHARE = 0.3
"""And which part of all definitions of the phrase they must be."""
_KINDS = frozenset(stem_words(["models", "networks", "methods", "systems", "algorithms"]))
"""Last words that the short name may leave out: "vision-language-action (VLA) models"."""


def short_name(phrase: str, papers: Iterable[Paper]) -> str:
    """The name that most papers give the phrase in brackets right behind it; empty where there is none."""
    wanted = _long_form(phrase)
    if len(wanted) < 2:
        return ""
    found: Counter[str] = Counter()
    for paper in papers:
        found.update(_defined(wanted, f"{paper.title}. {paper.abstract}"))
    ((name, count),) = found.most_common(1) or [("", 0)]
    return name if count >= max(_DEFINITIONS, _SHARE * found.total()) else ""


def _long_form(phrase: str) -> list[str]:
    wanted = stem_words(words(phrase))
    return wanted[:-1] if len(wanted) > 2 and wanted[-1] in _KINDS else wanted


def stands_for(name: str, phrase: str, papers: Sequence[Paper]) -> bool:
    """Whether at least half of ``papers``, which have the name, have the long form too."""
    wanted = _long_form(phrase)
    long = " ".join(wanted)
    both = sum(long in " ".join(stem_words(words(f"{paper.title} {paper.abstract}"))) for paper in papers)
    return len(papers) > 0 and 2 * both >= len(papers)


def _defined(wanted: Sequence[str], text: str) -> set[str]:
    """The short names of one text, each once."""
    names = set()
    for bracket in _BRACKET.finditer(text):
        name = bracket[1].removesuffix("s")
        if sum(letter.isupper() for letter in name) < 2:
            continue
        before = words(text[max(0, bracket.start() - _BEFORE) : bracket.start()])
        if _ends_with(before, wanted) and _abbreviates(name, before, wanted):
            names.add(name)
    return names


def _ends_with(before: list[str], wanted: Sequence[str]) -> bool:
    stemmed = stem_words(before[-len(wanted) - 1 :])
    return stemmed[-len(wanted) :] == list(wanted) or (
        stemmed[-1:] != [] and stemmed[-1] in _KINDS and stemmed[:-1][-len(wanted) :] == list(wanted)
    )


def _abbreviates(name: str, before: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the name's letters stand in this order in the long form, from the beginning of one of its first
    words: "3DGS" for "3D Gaussian splatting", asked for "gaussian splatting"."""
    letters = [letter for letter in name.lower() if letter.isalnum()]
    for extra in range(4):
        taken = before[-len(wanted) - extra :]
        if taken and taken[0][0] == letters[0] and _in_order(letters, "".join(taken)):
            return True
    return False


def _in_order(letters: Sequence[str], text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
