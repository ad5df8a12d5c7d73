"""Deciding papers: from standing and taught model to a probability and a reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.domain import PHRASE_ONLY, Decision, Paper, Topic
from bot.match.standing import Page, Phrase, Standing, phrases, standings, title_coverage
from bot.match.teaching import POSITIVES_MAX, POSITIVES_WANTED, Taught
from bot.match.terms import Index, Lexicon, Weighing, count_terms, encode
from bot.ranking import Floats, Ints, sigmoid
from bot.text import stems, words

THRESHOLD = 0.38
"""The probability from which a paper is shown, the same for every topic."""
TAUGHT, PHRASE = "taught/1", "phrase/1"
_WORTH_A_REASON = 0.08
_REASONS_MAX = 3

# A logistic regression over graded (paper, topic) pairs of 44 topics and four days, libraries of 25,000,
# 60,000 and 173,547 papers together; `python -m benchmarks.calibrate` fits them (docs/relevance.md).
_BIAS = 1.959
_SEEING = 1.511
_BLIND = 0.757
_CEILING = -0.587
_WEAK = -0.413
_EXAMPLES = -0.964
_TITLE = 3.311

# How often a paper belonged where only the phrase was known, from the same graded pairs.
_BY_STANDING = {
    Standing.TITLE: 0.98,
    Standing.TITLE_WORDS: 0.75,
    Standing.REPEATED: 0.95,
    Standing.MENTIONED: 0.75,
    Standing.SCATTERED: 0.25,
    Standing.ABSENT: 0.01,
}

_WHERE = {
    Standing.TITLE: "phrase in the title",
    Standing.TITLE_WORDS: "all its words in the title",
    Standing.REPEATED: "phrase several times in the abstract",
    Standing.MENTIONED: "phrase once in the abstract",
    Standing.SCATTERED: "all its words, but apart",
    Standing.ABSENT: "",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """Papers to decide, read once for all topics."""

    papers: tuple[Paper, ...]
    page: Page
    index: Index
    weighing: Weighing
    lexicon: Lexicon

    @classmethod
    def read(cls, papers: Sequence[Paper], lexicon: Lexicon, weighing: Weighing) -> Sheet:
        """Cut and count their words."""
        texts = encode(papers, lexicon)
        index = Index.build(count_terms(texts, lexicon), weighing)
        return cls(tuple(papers), Page.lay(texts), index, weighing, lexicon)


def decide(topic: Topic, taught: Taught | None, sheet: Sheet) -> list[Decision]:
    """One decision a paper, in their order; without ``taught`` the phrase alone decides."""
    wanted = list(taught.wanted) if taught else phrases(topic, sheet.lexicon)
    if not wanted:
        return [_unsayable(topic, paper) for paper in sheet.papers]
    place = standings(sheet.page, wanted)
    score = _taught_scores(wanted, taught, sheet) if taught else phrase_scores(place)
    ruled_out = _ruled_out(topic, sheet)
    reasons = _Reasons(taught, sheet, place, score)
    return [
        _decision(topic, paper, 0.0, False, f"ruled out by “{ruled_out[row]}”", taught)
        if row in ruled_out
        else _decision(
            topic, paper, score[row], score[row] >= THRESHOLD, reasons.of(row), taught
        )
        for row, paper in enumerate(sheet.papers)
    ]  # fmt: skip


def features(wanted: Sequence[Phrase], taught: Taught, sheet: Sheet) -> Floats:
    """What the probability is made of, a column each: the score of the model, of the blind model, what
    unrelated papers reach, whether examples had to be weak, how many there were, the title's coverage."""
    matrix = sheet.index.over(taught.vocabulary)
    rarity = [sheet.weighing.rarities(np.array(phrase.content)) for phrase in wanted]
    count = np.ones(len(sheet.papers))
    return np.column_stack([
        matrix.dot(taught.weights) + taught.bias,
        matrix.dot(taught.blind_weights) + taught.blind_bias,
        count * taught.ceiling,
        count * (taught.weakest < Standing.REPEATED),
        count * math.log(min(max(taught.examples, POSITIVES_WANTED), POSITIVES_MAX)),
        title_coverage(sheet.page, wanted, rarity),
    ])  # fmt: skip


def _taught_scores(wanted: Sequence[Phrase], taught: Taught, sheet: Sheet) -> Floats:
    coefficients = np.array([_SEEING, _BLIND, _CEILING, _WEAK, _EXAMPLES, _TITLE])
    return sigmoid(features(wanted, taught, sheet) @ coefficients + _BIAS)


def phrase_scores(place: Ints) -> Floats:
    """Scores where nothing was taught: what each standing is worth."""
    table = np.array([_BY_STANDING[standing] for standing in Standing])
    return np.asarray(table[place], dtype=np.float64)


def _ruled_out(topic: Topic, sheet: Sheet) -> dict[int, str]:
    """The papers that have an excluded word, by row, with that word."""
    found: dict[int, str] = {}
    for word in topic.excluded:
        stem_numbers = tuple(sheet.lexicon.numbers(word[:200]).tolist())
        for row in np.flatnonzero(sheet.page.anywhere(stem_numbers)).tolist():
            found.setdefault(row, word)
    return found


def _decision(
    topic: Topic, paper: Paper, score: float, matched: bool, why: str, taught: Taught | None
) -> Decision:
    method = TAUGHT if taught else PHRASE
    return Decision(paper.id, str(topic), round(float(score), 4), THRESHOLD, bool(matched), why, method)


def _unsayable(topic: Topic, paper: Paper) -> Decision:
    return _decision(topic, paper, 0.0, False, "the topic has no word to look for", None)


@dataclass(frozen=True, slots=True)
class _Reasons:
    """Says in words why each paper got its score."""

    taught: Taught | None
    sheet: Sheet
    place: Ints
    score: Floats

    def of(self, row: int) -> str:
        score, standing = self.score[row], Standing(int(self.place[row]))
        where = _WHERE[standing]
        if self.taught is None:
            return _without_teaching(where)
        if score < _WORTH_A_REASON:
            return f"{where}, in passing" if where else "unlike the papers on this topic"
        typical = self._typical(row) if score >= THRESHOLD or not where else []
        like = f"like {self.taught.examples} papers on this topic: {', '.join(typical)}" if typical else ""
        if score >= THRESHOLD:
            return "; ".join(part for part in (where, like) if part) or "its words are typical of the topic"
        return f"{where or like or 'a few typical words'}: not enough"

    def _typical(self, row: int) -> list[str]:
        """The paper's own words that speak most for the topic, the topic's words aside."""
        assert self.taught is not None
        entries = np.flatnonzero(self.sheet.index.texts == row)
        owner = np.searchsorted(self.sheet.index.ends, entries, side="right")
        worth = dict(zip(self.taught.vocabulary.tolist(), self.taught.blind_weights.tolist(), strict=True))
        terms = self.sheet.index.terms[owner].tolist()
        values = self.sheet.index.values[entries].tolist()
        gains = sorted(((worth.get(t, 0.0) * v, t) for t, v in zip(terms, values, strict=True)), reverse=True)
        return _spelled([term for gain, term in gains[:8] if gain > 0.05], self.sheet, self.sheet.papers[row])


def _without_teaching(where: str) -> str:
    return f"{where or 'the phrase does not stand in it'} ({PHRASE_ONLY})"


def _spelled(terms: Sequence[int], sheet: Sheet, paper: Paper) -> list[str]:
    """The terms as the paper writes them; of overlapping ones the first."""
    spelling = _spellings(paper)
    shown: list[str] = []
    used: set[str] = set()
    for term in terms:
        parts = sheet.lexicon.spell(term).split()
        if used.isdisjoint(parts) and len(shown) < _REASONS_MAX:
            shown.append(" ".join(spelling.get(part, part) for part in parts))
            used.update(parts)
    return shown


def _spellings(paper: Paper) -> dict[str, str]:
    """The word of the paper that comes first for each stem in it."""
    text = f"{paper.title} {paper.abstract}"
    return dict(zip(reversed(stems(text)), reversed(words(text)), strict=True))
