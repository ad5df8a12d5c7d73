"""Sentences of a paper that read well by themselves, and where the authors turn to their own work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain import Passage
from bot.fulltext.sections import Role, role
from bot.text import sentences


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that can stand alone, where it stands, and how early in its passage and paper."""

    text: str
    passage: Passage
    place: int
    """Which sentence of its passage it is, from 0."""
    depth: float
    """How far into the paper it stands, 0 to 1."""
    own: bool | None = None
    """In an abstract or introduction: whether the authors speak of their own work by then. None where they
    never do, and elsewhere."""


def readable(passages: Sequence[Passage]) -> Iterator[Sentence]:
    """The sentences that can stand alone, in reading order; no captions, tables or back matter."""
    last = max(1, len(passages) - 1)
    turned = _turns(passages)
    for number, passage in enumerate(passages):
        if passage.kind in ("abstract", "body") and role(passage.section) is not Role.BACK:
            own = turned.get(number)
            for place, sentence in enumerate(sentences(passage.text)):
                if stands_alone(sentence):
                    yield Sentence(
                        sentence, passage, place, number / last, (number, place) >= own if own else None
                    )


_TURN = re.compile(
    r"\b(?:we|our)\b|\b(?:this|the present) (?:paper|work|study|article|survey|review|report|thesis)\b|"
    r"^here[, ]",
    re.IGNORECASE,
)
_PLAIN_TURN = re.compile(
    r"\b(?:in this|this) (?:paper|work|study|article)\b|\bwe (?:\w+ly )?(?:propose|present|introduce|"
    r"develop|describe)\b|"
    r"\bour (?:main |key )?contributions?\b",
    re.IGNORECASE,
)


def _turns(passages: Sequence[Passage]) -> dict[int, tuple[int, int]]:
    """For each passage of the abstract and of the introduction, the passage and the sentence in which the
    authors first speak of their own work; an introduction's "we" may be everybody."""
    turns: dict[int, tuple[int, int]] = {}
    for sign, of_part in (
        (_TURN, [n for n, p in enumerate(passages) if p.kind == "abstract"]),
        (_PLAIN_TURN, [n for n, p in enumerate(passages) if _introduces(p)]),
    ):
        told = (
            (n, place)
            for n in of_part
            for place, s in enumerate(sentences(passages[n].text))
            if sign.search(s)
        )
        if first := next(told, None):
            turns.update(dict.fromkeys(of_part, first))
    return turns


def _introduces(passage: Passage) -> bool:
    return passage.kind == "body" and bool(passage.section) and role(passage.section) is Role.INTRODUCTION


_LEANS = re.compile(
    r"^(?:(?:however|but|and|or|so|thus|therefore|hence|moreover|furthermore|also|then|instead|otherwise|"
    r"similarly|likewise|consequently|accordingly|besides|still|yet|nevertheless|conversely|for example|"
    r"for instance|in contrast|on the other hand|in addition|as a result|in turn|this is because),?\s+)?"
    r"(?:(?:this|these|those|that|such|it|they|he|she|its|their|both|the (?:former|latter|above|same|other|"
    r"second|"
    r"third)|another|here|there|one|some|others|all|most|each)\b(?!\s+(?:paper|work|study|article|thesis|"
    r"survey|"
    r"report)))|"
    r"^(?:in|of|for|on) (?:the (?:former|latter|above|same|other|first|second)|such|both|either|each of)\b|"
    r"^(?:the (?:first|last|rest)|(?:instead|and|but|or),? (?:in|of|for)) (?:is|are|was|were|one|the|two)\b|"
    r"^(?:fig(?:ure)?|table|algorithm|section|appendix|equation)\b\.? ?[A-Z]?\d|"
    r"^for (?:more |further |additional )?(?:details|information),|^see |"
    r"^in this (?:sub)?section\b|^on the (?:one|other) (?:hand|side)\b",
    re.IGNORECASE,
)
CITATION = re.compile(
    r"(?<!\s)(?<!\bby)(?<!\bin)(?<!\bof)(?<!\bto)(?<!\bfrom)(?<!\bwith)(?<!\band)(?<!following)(?<!\bsee)(?<!\bas)"
    r"\s?(?:\((?:see |e\.g\.,? |cf\. )?[A-Z][^()]{0,200}?\b(?:19|20)\d{2}[a-z]?\)|"
    r"\[\d{1,3}(?:(?:, ?|[–-])\d{1,3}){0,20}\]|\((?:[A-Za-z][\w:./+-]{2,80}, ;? ?)+\))"
)
"""Citations in brackets, as people and as LaTeXML write them; not where a word before needs them."""
_EMPTY_BRACKET = re.compile(r"\s?\((?:e\.g\.|i\.e\.|see|cf\.)?[\s,;]{0,9}\)")


def stands_alone(sentence: str) -> bool:
    """Whether a sentence reads well by itself: whole, in words, not leaning on the one before."""
    if not 40 <= len(sentence) <= 420 or not sentence[0].isupper() or sentence[-1] not in ".!?”\"')":
        return False
    words = sentence.split()
    plain = sum(word.strip(".,;:()[]'\"“”").replace("-", "").isalpha() for word in words)
    if len(words) < 7 or plain < 0.7 * len(words) or sentence.count("(") != sentence.count(")"):
        return False
    single = sum(len(word) == 1 and word.lower() != "a" and word != "I" for word in words)
    return single <= 3 and not _LEANS.match(sentence) and "?" not in sentence


def bare(sentence: str) -> str:
    """The sentence without citations in brackets."""
    return _EMPTY_BRACKET.sub("", CITATION.sub("", sentence))


_GOODS = (
    r"(?:code ?bases?|codes?|data|datasets?|corpus|models?|weights|checkpoints|scripts|software|toolkit|"
    r"library|package|benchmark|pipeline|implementation|resources|demos?|"
    r"supplement\w*|project(?: (?:page|website))?)"
)
_RELEASED = re.compile(
    rf"\b{_GOODS}\b.{{0,120}}\bhttps?://\S|\bhttps?://(?:www\.)?(?:github|gitlab|huggingface|zenodo)\.\S|"
    rf"\bgithub\.com/|"
    rf"^(?:all |the |our |its |this |source |full |complete )*{_GOODS}\b.{{0,60}}?\b(?:is|are|be|been) "
    rf"(?:\w+ ){{0,2}}?(?:available|released|accessible|public|open[- ]sourced?|included|hosted)\b|"
    rf"\bwe (?:also |will |publicly |have |openly )*(?:release|open[- ]source|publish|share|provide|make)d?\b"
    rf".{{0,60}}?\b{_GOODS}\b(?:.{{0,60}}\b(?:public|available|open|license|community|research|url)|[^,]{{0,20}}$)",
    re.IGNORECASE,
)
_TOLD = frozenset({Role.ABSTRACT, Role.INTRODUCTION, Role.CONCLUSION, Role.BACK})


def released(passages: Sequence[Passage]) -> Iterator[Sentence]:
    """Sentences that tell what was released: mostly too short, or too much of an address, to stand alone."""
    for passage in passages:
        told = passage.kind == "abstract" or (passage.kind == "body" and role(passage.section) in _TOLD)
        if told:
            for place, sentence in enumerate(sentences(passage.text)):
                if len(sentence) <= 420 and sentence[0].isupper() and _RELEASED.search(sentence):
                    yield Sentence(sentence, passage, place, 0.0)
