"""What a file's first page says of the paper: its title, the ids that it names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median

from bot import identity
from bot.domain import PaperId
from bot.fulltext.lines import Line, stitch

_TOP_LETTERS = 1_200
"""Letters from the top of the page within which a paper's own title stands, behind a journal's banner."""
_MOST_NAMED = 5
_LONGEST = 300
_MOST_WORDS = 40
_HEIGHTS = (0.75, 0.45)
"""Above which share of the page the title is looked for, first here, then there."""
_NO_TITLE = re.compile(
    r"^(?:untitled|microsoft word|powerpoint|document\d*|paper|manuscript|main|title|draft|submission|"
    r"pii[:\s]|doi[:\s]|arxiv[:\s])|\.(?:docx?|tex|dvi|pdf|indd|qxd|rtf|odt)$",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"proceedings of|journal of|©|copyright|\bvol(?:ume)?\b|https?:|www\.|@|\bissn\b", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"(?i:figure|fig\.|table|algorithm|listing|appendix|chapter|section)\s+(?:\d|[A-Z]\b)"
    r"|\[\d|\d(?:\.\d+)*\.?\s+[\[A-Z]"
)
_SPOKEN = re.compile(
    r"(?:we|our|here,? we|(?:in )?this (?:paper|article|work|study|letter|chapter))\s", re.IGNORECASE
)
_UNFINISHED = re.compile(
    r"(?:[,;:]|\b(?:a|an|and|as|by|for|from|in|is|of|on|or|that|the|to|was|were|which|with))$"
)


@dataclass(frozen=True, slots=True)
class Head:
    """A first page: ``stated`` and ``subject`` are the file's own words on itself, ``text`` every character
    of the page, ``lines`` those that a reader sees."""

    stated: str = ""
    subject: str = ""
    text: str = ""
    lines: tuple[Line, ...] = ()

    def named(self) -> tuple[PaperId, ...]:
        """The papers whose DOI or arXiv id the page or the file names, a few, in order."""
        found = identity.mentioned(f"{self.subject} \n{self.text}")
        return found[:_MOST_NAMED]

    def bears(self, title: str) -> bool:
        """Whether ``title`` stands at the head of the page: an id alone may be one that the paper cites.

        Three fifths of its letters in one piece are enough, since formulas are spelt in many ways.
        """
        wanted = identity.letters(title)
        if len(wanted) < 8:
            return False
        page = identity.letters(" ".join(line.text for line in self.lines) or self.text)[:_TOP_LETTERS]
        match = SequenceMatcher(None, wanted, page, autojunk=False).find_longest_match()
        return match.size >= max(8, 0.6 * len(wanted))

    def title(self) -> str:
        """The paper's title as the file states it, if that stands on the page; else the largest words at the
        top of the page; empty where there are none."""
        stated = self.stated.strip()
        sound = len(stated.split()) > 1 and not _NO_TITLE.search(stated) and not _is_prose(stated)
        if sound and self.bears(stated):
            return stated[:_LONGEST]
        shown = _largest(self.lines)
        return "" if _NUMBERED.match(shown) or _is_prose(shown) else shown[:_LONGEST]


def _is_prose(words: str) -> bool:
    """Whether these are words of a running text: of a sentence, or of its middle."""
    first = words.partition(" ")[0]
    within = first.isalpha() and first.islower() and len(first) > 1
    sentence = (words.endswith(".") and len(words.split()) > 4) or re.search(r"[a-z]{3,}\. [A-Z]", words)
    return bool(within or sentence or _SPOKEN.match(words) or _UNFINISHED.search(words))


def _largest(lines: Sequence[Line]) -> str:
    """The first run of lines at the top in letters larger than the page's usual ones."""
    whole = stitch(lines)
    top = max((line.y for line in whole), default=0.0)
    usual = median(line.size for line in whole) if whole else 0.0
    for share in _HEIGHTS:
        large = [line for line in whole if line.y > share * top and _could_be_title(line, usual)]
        if large:
            return _run(large)
    return ""


def _run(lines: Sequence[Line]) -> str:
    size = max(line.size for line in lines)
    begin = next(number for number, line in enumerate(lines) if line.size > 0.9 * size)
    found = [lines[begin]]
    for line in lines[begin + 1 :]:
        if line.size < 0.9 * size or found[-1].y - line.y > 2.2 * size:
            break
        found.append(line)
    words = " ".join(line.text for line in found).split()
    return " ".join(words) if 1 < len(words) <= _MOST_WORDS else ""


def _could_be_title(line: Line, usual: float) -> bool:
    text = line.text
    letters = sum(char.isalpha() for char in text)
    mostly = letters >= 4 and letters > 0.6 * len(text.replace(" ", ""))
    return line.size > 1.08 * usual and mostly and not _BANNER.search(text)
