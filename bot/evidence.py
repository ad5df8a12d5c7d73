"""The evidence lock: what is said about a paper is printed only with words that stand in it.

A quote is looked up exactly, or by its letters and digits alone after NFKC; never by likeness, since a
fuzzy score of 92 lets 98 of 100 quotes pass into which somebody wrote a "not". What is handed on is the
paper's own wording at the place found, not the wording that was looked up. Every number of a claim must
stand in its quote, and a claim may not deny what its quote affirms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain import Claim, Evidence, Part, Passage
from bot.fulltext.sections import Role, role
from bot.text import STOP_WORDS, stems, words
from bot.tongues import foreign

CLAIM = 240
"""Characters of a claim, at most."""
QUOTE = 300
"""Characters of a quote, at most."""
PER_PART = 6
"""Claims of one part, at most."""
SAME = 0.8
"""Share of the shorter claim's words from which two claims say the same."""
_SHORTEST = 12
"""Letters and digits below which a quote would be found anywhere."""

# --- quotes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Squashed:
    """A passage as letters and digits alone, and where each of them stands in its text."""

    letters: str
    places: tuple[int, ...]


def _squash(text: str) -> _Squashed:
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if char.isascii():
            if char.isalnum():
                letters.append(char.lower())
                places.append(place)
            continue
        for plain in unicodedata.normalize("NFKC", char).casefold():
            if plain.isalnum():
                letters.append(plain)
                places.append(place)
    return _Squashed("".join(letters), tuple(places))


class Lock:
    """The passages of a paper, ready to look quotes up in."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = tuple(passages)
        self._squashed: dict[int, _Squashed] = {}

    def find(self, quote: str, *, near: Passage | None = None) -> Evidence | None:
        """The paper's own words for ``quote`` with their place, or None where it does not stand in one
        passage. ``near`` is looked at first: it matters where the same words stand twice."""
        wanted = _squash(quote).letters
        if len(wanted) < _SHORTEST:
            return None
        order = ((near,) if near in self._passages else ()) + self._passages
        for passage in order:
            if passage and (span := self._span(passage, wanted)):
                return _evidence(passage, *span)
        return None

    def _span(self, passage: Passage, wanted: str) -> tuple[int, int] | None:
        squashed = self._squashed.get(id(passage))
        if squashed is None:
            squashed = self._squashed[id(passage)] = _squash(passage.text)
        at = squashed.letters.find(wanted)
        while at >= 0:
            start, end = squashed.places[at], squashed.places[at + len(wanted) - 1] + 1
            if _whole(passage.text, start, end):
                return start, end
            at = squashed.letters.find(wanted, at + 1)
        return None


def _whole(text: str, start: int, end: int) -> bool:
    """Whether words begin and end there: "effective" does not stand in "ineffective", nor 1.5 in 21.5."""
    before, after = text[:start], text[end:]
    if before and before[-1].isalnum():
        return False
    if after and after[0].isalnum():
        return False
    return not re.search(r"\d[.,]$", before[-2:] if text[start].isdigit() else "") and not re.match(
        r"[.,]\d", after if text[end - 1].isdigit() else ""
    )


_OPENERS = {")": "(", "]": "[", "”": "“", "’": "‘"}


def _evidence(passage: Passage, start: int, end: int) -> Evidence:
    """The place with the marks that belong to the words: a closing bracket, per cent sign or full stop."""
    text = passage.text
    while start and text[start - 1] in "([“‘\"'$-−+<>≤≥~≈":
        start -= 1
    while end < len(text) and (text[end] in ".%!?”’\"'" or text[end] in _OPENERS):
        opener = _OPENERS.get(text[end])
        if opener and text[start:end].count(opener) <= text[start:end].count(text[end]):
            break
        end += 1
    quote = clip(" ".join(text[start:end].split()), QUOTE)
    return Evidence(passage.paper_id, quote, passage.section, passage.page)


def clip(text: str, limit: int) -> str:
    """``text`` cut to ``limit`` characters at a clause or else a word, with an ellipsis where it was cut."""
    if len(text) <= limit:
        return text
    room = text[: limit - 1]
    for mark in (r"[;:.!?]\s", r",\s", r"\s"):
        cuts = [match.start() for match in re.finditer(mark, room)]
        if cuts and cuts[-1] > limit // 2:
            return room[: cuts[-1]].rstrip(" ,;:.-–—") + "…"
    return room.rstrip() + "…"


# --- numbers and negations ------------------------------------------------------------------------

_SPELLED = {
    word: str(value)
    for value, word in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 2
    )
}  # fmt: skip
_SCALES = {
    "k": "k", "thousand": "k", "m": "m", "million": "m", "b": "b", "bn": "b", "billion": "b", "t": "t",
    "trillion": "t", "%": "%", "percent": "%", "per cent": "%",
}  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>(?<![\w)\]])[-−])?(?P<value>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<scale>%|percent\b|per cent\b|thousand\b|million\b|billion\b|trillion\b)"
    r"|(?P<short>[kKmMbBtT]|bn)\b)?"
)
_WORD_NUMBER = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nothing|without|cannot|can't|fail(?:s|ed)?|unable|lacks?|hardly|"
    r"rarely|\w+n['’]t)\b",
    re.IGNORECASE,
)
_DENIED_ELSEWHERE = re.compile(
    r"\b(?:nicht|kein(?:e[nmrs]?)?|nie(?:mals)?|weder|ohne|niet|geen|nooit|zonder|pas|jamais|aucune?|sans|ni|"
    r"nunca|ning[uú]n[ao]?|sin|tampoco|n[aã]o|nenhuma?|sem|non|senza|nessun[ao]?|mai)\b|不|没有|無|ない|않|\bне\b|\bбез\b",
    re.IGNORECASE,
)
"""Denials of other languages in which a model may be asked to write."""


def numbers(text: str) -> frozenset[tuple[str, str]]:
    """The numbers of a text as (value, scale): ``("1.5", "m")`` for "1.5 million", ``("5", "%")``.

    Thousands lose their commas, trailing zeros go, a leading minus stays; "two" to "twelve" count.
    """
    plain = unicodedata.normalize("NFKC", text)
    found = {_number(match) for match in _NUMBER.finditer(plain)}
    found |= {(_SPELLED[match.group().lower()], "") for match in _WORD_NUMBER.finditer(plain)}
    return frozenset(found)


def _number(match: re.Match[str]) -> tuple[str, str]:
    value = match["value"].replace(",", "")
    if "." in value:
        value = value.rstrip("0").rstrip(".") or "0"
    value = "0" + value if value.startswith(".") else value
    scale = _SCALES.get((match["scale"] or match["short"] or "").lower(), "")
    return ("-" if match["sign"] else "") + value, scale


def numbers_hold(text: str, quote: str) -> bool:
    """Whether every number of ``text`` stands in ``quote``, with its scale where ``text`` gives one; in other
    languages than English "28,4" is 28.4."""
    return _hold(text, quote) or (foreign(text) and _hold(_POINT.sub(_swapped, text), quote))


_POINT = re.compile(r"(?<=\d)[.,](?=\d)")


def _swapped(mark: re.Match[str]) -> str:
    return "," if mark.group() == "." else "."


def _hold(text: str, quote: str) -> bool:
    there = numbers(quote)
    values = {value for value, _ in there}
    return all(
        (value, scale) in there if scale else value in values for value, scale in numbers(text)
    )  # fmt: skip


def polarity_holds(text: str, quote: str) -> bool:
    """Whether ``text`` denies only where ``quote`` denies too."""
    denied = _NEGATION.search(text) or (foreign(text) and _DENIED_ELSEWHERE.search(text))
    return bool(_NEGATION.search(quote)) or not denied


# --- absent values, likely places, duplicates -----------------------------------------------------

_ABSENT = re.compile(
    r"(?:n\.?\s?/?\s?a\.?|none|null|nil|unknown|unclear|unspecified|absent|nothing|no|[-–—?.…]+|tbd|"
    r"(?:none|not|no)\s+(?:\w+\s+){0,2}?(?:reported|mentioned|specified|stated|provided|given|available|"
    r"applicable|discussed|described|found|information|known|identified|explicitly)(?:\s.{0,60})?)",
    re.IGNORECASE,
)


def present(text: str | None) -> str:
    """The text in one line, or ``""`` where it is a way of saying that there is nothing."""
    line = " ".join((text or "").split())
    parts = re.split(r"\s*[:;,]\s*", line.strip(" .;:,()[]\"'"))
    return "" if all(not part or _ABSENT.fullmatch(part) for part in parts) else line


_FRONT = frozenset({Role.ABSTRACT, Role.INTRODUCTION})
_END = frozenset({Role.DISCUSSION, Role.CONCLUSION, Role.LIMITATIONS, Role.FUTURE})
_WORK = frozenset({Role.METHOD, Role.OTHER, Role.DATA, Role.EXPERIMENTS, Role.APPENDIX})
_TESTS = frozenset({Role.EXPERIMENTS, Role.RESULTS, Role.ABLATION, Role.DATA, Role.OTHER, Role.DISCUSSION})
_LIKELY: dict[Part, frozenset[Role]] = {
    Part.TASK: _FRONT | {Role.OTHER, Role.METHOD, Role.CONCLUSION},
    Part.MOTIVATION: _FRONT | {Role.RELATED, Role.OTHER},
    Part.GAPS: _FRONT | {Role.RELATED, Role.OTHER},
    Part.CORE_IDEA: _FRONT | {Role.METHOD, Role.OTHER, Role.CONCLUSION, Role.DISCUSSION},
    Part.PIPELINE: _FRONT | _WORK,
    Part.ARCHITECTURE: _FRONT | _WORK,
    Part.RESOURCES: _FRONT | _WORK | {Role.RESULTS, Role.BACK},
    Part.DATASETS: _FRONT | _WORK | _TESTS,
    Part.BASELINES: _FRONT | _WORK | _TESTS,
    Part.RESULTS: _FRONT | _TESTS | {Role.CONCLUSION, Role.METHOD},
    Part.ABLATIONS: (_TESTS | {Role.APPENDIX, Role.METHOD, Role.ABSTRACT}) - {Role.DATA},
    Part.LIMITATIONS: _FRONT | _END | _TESTS | {Role.APPENDIX},
    Part.STRENGTHS: _FRONT | _END | _TESTS | {Role.METHOD},
    Part.WEAKNESSES: _FRONT | _END | _TESTS | {Role.APPENDIX},
    Part.FUTURE_WORK: _END | {Role.ABSTRACT, Role.OTHER, Role.RESULTS},
}


def plausible(part: Part, section: str) -> bool:
    """Whether a claim of that part may come from that section; an unnamed section is never held against."""
    return not section or role(section) in _LIKELY[part]


def fold(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """The claims without repetitions, at most six a part, in their order.

    Two claims of one part say the same when `SAME` of the shorter one's stems stand in the other.
    """
    kept: list[Claim] = []
    for claim in claims:
        of_part = [other for other in kept if other.part == claim.part]
        if len(of_part) < PER_PART and not any(same(claim.text, other.text) for other in of_part):
            kept.append(claim)
    return tuple(kept)


def same(one: str, other: str) -> bool:
    """Whether two claims share `SAME` of the stems of the shorter."""
    first, second = _tokens(one), _tokens(other)
    return len(first & second) >= SAME * max(1, min(len(first), len(second)))


def _tokens(text: str) -> frozenset[str]:
    carrying = [word for word in words(text) if word not in STOP_WORDS]
    return frozenset(stems(" ".join(carrying or words(text))))


# --- claims ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of claims: those that hold, and how many were dropped for want of evidence.

    Repetitions are no fault and do not count among ``dropped``.
    """

    claims: tuple[Claim, ...]
    dropped: int

    @property
    def share_dropped(self) -> float:
        """Dropped claims as a share of all, 0 where there were none."""
        return self.dropped / max(1, self.dropped + len(self.claims))


def check(claims: Sequence[Claim], passages: Iterable[Passage]) -> Checked:
    """The claims whose quotes, numbers, denials and sections hold, quoting the paper's own words.

    Section and page are those of the place found, whatever the claim said.
    """
    lock = Lock(passages)
    held = [held for claim in claims if present(claim.text) and (held := verify(claim, lock))]
    absent = sum(not present(claim.text) for claim in claims)
    return Checked(fold(held), len(claims) - absent - len(held))


def verify(claim: Claim, lock: Lock) -> Claim | None:
    """The claim with its evidence as it stands in the paper, or None where it does not hold."""
    evidence = lock.find(claim.evidence.quote)
    if evidence is None or not plausible(claim.part, evidence.section):
        return None
    text = " ".join(claim.text.split())
    if not numbers_hold(text, evidence.quote) or not polarity_holds(text, evidence.quote):
        return None
    return replace(claim, text=clip(text, CLAIM), evidence=evidence)
