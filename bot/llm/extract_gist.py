"""The gist of a paper: the sentence of its abstract that says it best, shortened only by deletion.

A ridge regression over where a sentence stands, how central it is, what it shares with the title, and its
words, fitted on the training part of SciTLDR (Cachola et al. 2020, <https://arxiv.org/abs/2004.15011>) to
the ROUGE of each candidate. A candidate is a sentence or the sentence less a lead-in ("In this paper,"), a
bracket, a last clause or its frame ("We show that", `extract_cuts`); nothing is reworded, and a condition
("under …", "if …", "but …") is never cut.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from bot.llm.extract_cuts import breaks_off, without_frame
from bot.llm.extract_weights import Floats, Linear, linear, place, rarity
from bot.text import stems

LONGEST = 280
"""Characters of a gist, at most."""

# --- candidates -----------------------------------------------------------------------------------

_LEAD = re.compile(
    r"^(?:(?:furthermore|moreover|finally|specifically|however|in particular|additionally|in addition|thus|"
    r"therefore|hence|also|here|consequently|in (?:this|the (?:present|current)) (?:preliminary )?"
    r"(?:paper|work|article|study|thesis|report|survey)|to (?:this|that) end|to do so|for this purpose|"
    r"in this context|more (?:concretely|specifically|precisely)|concretely|in this way|as a result|first|"
    r"second|firstly|secondly|in summary|overall|in short|to the best of our knowledge|"
    r"to (?:address|overcome|solve|tackle|mitigate|remedy) (?:this|these|the above)[^,]{0,60}|"
    r"(?:motivated|inspired) by (?:this|these)[^,]{0,40}|"
    r"in (?:light|view) of (?:this|these)[^,]{0,40}),?\s+)+",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    r"^(?:to|in order to|based on|motivated by|inspired by|building (?:up)?on|drawing on|towards?|driven by|"
    r"as a step|leveraging|in contrast(?: to)?|unlike|since|because|due to)\b[^.;:]{3,200}?,\s+"
    r"(?P<rest>(?:we|this (?:paper|work|article|study)|our)\b.+)$",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"\s*\([^()]*\)")
_TAIL = re.compile(
    r",\s+(?=(?P<word>which|where|whose|thus|thereby|hence|resulting|leading|achieving|outperforming|allowing|"
    r"enabling|making|yielding|providing|demonstrating|showing|improving|reducing|including|such as|e\.g\.|"
    r"i\.e\.|namely|and|so that|as well as|particularly|especially|inspired|based|using|by|with)\b)|"
    r"\s+(?=(?P<verb>and) (?:we )?(?:also |further |empirically |theoretically )?(?:show|demonstrate|prove|"
    r"evaluate|verify|find|validate|provide|discuss|illustrate|report|apply|compare)s?\b)|"
    r"(?<=\w)(?P<mark>;|:| – | - | — |--)\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of the abstract, by number, or what deletion leaves of it."""

    text: str
    sentence: int
    cuts: tuple[str, ...] = ()


def candidates(abstract: Sequence[str]) -> list[Candidate]:
    """All candidates, those of one sentence together and its fullest form first."""
    found = []
    for number, sentence in enumerate(abstract):
        forms = _forms(" ".join(sentence.split()))
        found += [Candidate(text, number, cuts) for text, cuts in forms.items()]
    return found


def _forms(sentence: str) -> dict[str, tuple[str, ...]]:
    """Shortened forms with the names of what was cut; the first one is the sentence less its lead-in."""
    bare = _LEAD.sub("", sentence)
    bare = _capital(bare) if len(bare.split()) >= 5 else sentence
    forms: list[tuple[str, tuple[str, ...]]] = [(bare, ())]
    if match := _PURPOSE.match(bare):
        forms.append((_capital(match["rest"]), ("purpose",)))
    forms += [(_BRACKET.sub("", text), (*cuts, "bracket")) for text, cuts in forms if _BRACKET.search(text)]
    forms += [(short, (*cuts, "tail", word)) for text, cuts in forms for short, word in _tails(text)]
    forms += [(short, (*cuts, name)) for text, cuts in forms for short, name in without_frame(text)]
    unique: dict[str, tuple[str, ...]] = {}
    for text, cuts in forms:
        unique.setdefault(text, cuts)
    return unique


_SUBORDINATE = re.compile(
    r"^(?:despite|while|although|though|when|whenever|since|because|given|as|by|with|in|to|for|at|from|based|"
    r"using|unlike|instead|rather|after|before|motivated|inspired|due|once|whereas)\b",
    re.IGNORECASE,
)
"""Beginnings after which the main clause is still to come."""


_GOES_ON = re.compile(
    r",\s+(?:\w+ly\s+)?(?:is|are|was|were|can|could|may|might|will|would|must|should|do|does|did|has|have|had|"
    r"remains?|requires?|fails?|suffers?|plays?|provides?|allows?|leads?|we)\b",
    re.IGNORECASE,
)
"""What shows that a clause between commas was not the last: its sentence goes on."""
_LISTED = re.compile(r",\s+(?:[^\s,]+\s+){0,3}[^\s,]+$")
"""The end of a text that breaks off within a list."""


def _tails(text: str) -> list[tuple[str, str]]:
    shortened = []
    main = text.find(",") + 1 if _SUBORDINATE.match(text) else 0
    for match in _TAIL.finditer(text, main):
        word = (match["word"] or match["verb"] or match["mark"]).strip().lower()
        short = text[: match.start()].rstrip(" ,;:")
        if breaks_off(short, word, beside=match["verb"] is not None):
            continue
        listed = word in ("and", "as well as") and _LISTED.search(short)
        if listed or _GOES_ON.search(text, match.end()) or len(short[main:].split()) < 4:
            continue
        if len(short.split()) >= 6 and short.count("(") == short.count(")"):
            shortened.append((short + ".", word))
    return shortened


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- features -------------------------------------------------------------------------------------

EMPTY = frozenset(
    stems(
        "a an the of and or to in for on with by from at as is are was were be been being this that these "
        "those it its we our us their they which can may not than more such also have has had do does "
        "however while both into over between using used use based show propose present paper work"
    )
)
_ACRONYM = re.compile(r"\b[A-Z][A-Za-z]*[A-Z]\w*")
_RELATIVE = slice(11, 45)
"""The features that are also given relative to the other sentences of the abstract."""


def score(title: str, abstract: Sequence[str], model: Linear | None = None) -> list[tuple[float, Candidate]]:
    """Every candidate with its score, in order; the scores are comparable within one abstract only."""
    found = candidates(abstract)
    if not found:
        return []
    rows, words = features(title, found)
    scores = (model or linear("gist"))(rows, words)
    return list(zip(scores.tolist(), found, strict=True))


def features(title: str, found: Sequence[Candidate]) -> tuple[Floats, list[npt.NDArray[np.int64]]]:
    """Shape (len(found), features), and for every candidate its words' places in the table."""
    abstract = _Abstract(title, found)
    rows = np.array([abstract.row(candidate) for candidate in found], dtype=np.float64)
    fullest = np.array([abstract.is_fullest(candidate) for candidate in found])
    mean, spread = rows[fullest].mean(0), rows[fullest].std(0)
    relative = np.clip((rows - mean) / np.maximum(spread, 0.02), -4, 4)[:, _RELATIVE]
    words = [
        np.fromiter({place(word) for word in abstract.words(candidate)}, dtype=np.int64)
        for candidate in found
    ]
    return np.hstack([rows, relative]), words


class _Abstract:
    """What the candidates of one abstract are compared with."""

    def __init__(self, title: str, found: Sequence[Candidate]) -> None:
        self._stems = {id(candidate): stems(candidate.text) for candidate in found}
        fullest: dict[int, Candidate] = {}
        for candidate in found:
            fullest.setdefault(candidate.sentence, candidate)
        self._fullest = fullest
        self._sentences = [self._stems[id(candidate)] for candidate in fullest.values()]
        self._order = {number: at for at, number in enumerate(fullest)}
        self._title = stems(title)
        self._title_words = set(self._title) - EMPTY
        self._acronyms = set(_ACRONYM.findall(title))
        self._shared = Counter(word for words in self._sentences for word in set(words))
        self._pairs = Counter(pair for words in self._sentences for pair in set(pairwise(words)))
        self._vectors = [_vector(words) for words in self._sentences]
        self._title_vector = _vector(self._title)
        self._middle = _unit(sum((Counter(vector) for vector in self._vectors), Counter()))
        self._first_we = next((at for at, words in enumerate(self._sentences) if "we" in words), -1)

    def is_fullest(self, candidate: Candidate) -> bool:
        """Whether nothing but a lead-in was cut."""
        return self._fullest[candidate.sentence] is candidate

    def row(self, candidate: Candidate) -> list[float]:
        """The features of a candidate that are not words."""
        at = self._order[candidate.sentence]
        return [
            *self._position(at),
            *self._length(candidate),
            *self._likeness(candidate, at),
            *self._looks(candidate),
            *self._cut(candidate, at),
        ]

    def _position(self, at: int) -> list[float]:
        last = len(self._sentences) - 1
        return [
            at / max(1, last), at == 0, at == 1, at == 2, at == 3, at == last, at == last - 1, last + 1,
            1 / (at + 1), at == self._first_we, at < self._first_we,
        ]  # fmt: skip

    def _length(self, candidate: Candidate) -> list[float]:
        count = len(self._stems[id(candidate)])
        return [
            count, log(count + 1), max(0, count - 15), max(0, count - 22), max(0, count - 30),
            max(0, count - 40), max(0, 12 - count), max(0, 8 - count),
        ]  # fmt: skip

    def _likeness(self, candidate: Candidate, at: int) -> list[float]:
        """To the title, to the abstract's middle, to the other sentences."""
        own = self._stems[id(candidate)]
        carrying, pairs, vector = set(own) - EMPTY, set(pairwise(own)), _vector(own)
        in_title = len(carrying & self._title_words)
        title_pairs = set(pairwise(self._title))
        others = [_dot(vector, other) for number, other in enumerate(self._vectors) if number != at] or [0.0]
        mine = set(self._sentences[at])
        elsewhere = [self._shared[word] - (word in mine) for word in carrying]
        words = max(1, len(carrying))
        return [
            in_title / max(1, len(self._title_words)), in_title / words, self._overlap(own),
            len(pairs & title_pairs) / max(1, len(title_pairs)), _dot(vector, self._title_vector),
            _dot(vector, self._middle), max(others), sum(others) / len(others),
            sum(elsewhere) / words, sum(n > 0 for n in elsewhere) / words, sum(n > 0 for n in elsewhere),
            sum(self._pairs[pair] > 1 for pair in pairs) / max(1, len(pairs)),
            sum(word in EMPTY for word in own) / max(1, len(own)), sum(map(rarity, carrying)) / words,
        ]  # fmt: skip

    def _overlap(self, own: Sequence[str]) -> float:
        """F1 of the carrying words with the title's."""
        mine = Counter(word for word in own if word not in EMPTY)
        title = Counter(word for word in self._title if word not in EMPTY)
        return 2 * (mine & title).total() / max(1, mine.total() + title.total())

    def _looks(self, candidate: Candidate) -> list[float]:
        text = candidate.text
        later = text.split()[1:]
        return [
            sum(map(str.isdigit, text)) / max(1, len(text)), "(" in text, ":" in text, ";" in text,
            text.count(","), '"' in text or "“" in text, "?" in text, "$" in text, "%" in text,
            "http" in text,
            sum(word != word.lower() for word in later) / max(1, len(later)),
            len(set(_ACRONYM.findall(text)) & self._acronyms),
        ]  # fmt: skip

    def _cut(self, candidate: Candidate, at: int) -> list[float]:
        """What the deletion took away."""
        own, whole = self._stems[id(candidate)], self._sentences[at]
        gone = set(whole) - set(own)
        return [
            "purpose" in candidate.cuts, "bracket" in candidate.cuts, "tail" in candidate.cuts,
            len(own) / max(1, len(whole)), len(whole) - len(own), len(gone - EMPTY),
            len(gone & self._title_words) / max(1, len(self._title_words)),
        ]  # fmt: skip

    def words(self, candidate: Candidate) -> set[str]:
        """The features that are words: stems, pairs, triples, the beginning, the end, the neighbours'."""
        own, at = self._stems[id(candidate)], self._order[candidate.sentence]
        found = {f"u:{word}" for word in own} | {f"b:{a} {b}" for a, b in pairwise(own)}
        found |= {f"t:{' '.join(three)}" for three in zip(own, own[1:], own[2:], strict=False)}
        found |= {f"s{n}:{' '.join(own[:n])}" for n in (1, 2, 3)} | {f"e:{' '.join(own[-1:])}"}
        found |= {f"c:{cut}" for cut in candidate.cuts[-1:]}
        for name, near in (("p", at - 1), ("n", at + 1)):
            if 0 <= near < len(self._sentences):
                found |= {f"{name}{n}:{' '.join(self._sentences[near][:n])}" for n in (1, 2)}
        return found


def _vector(words: Sequence[str]) -> dict[str, float]:
    counts = Counter(word for word in words if word not in EMPTY)
    return _unit({word: (1 + log(count)) * rarity(word) for word, count in counts.items()})


def _unit(vector: dict[str, float] | Counter[str]) -> dict[str, float]:
    length = sqrt(sum(value * value for value in vector.values())) or 1.0
    return {word: value / length for word, value in vector.items()}


def _dot(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(value * other.get(word, 0.0) for word, value in one.items())
