"""What gets past the evidence lock? ``python -m benchmarks.grounding [DATA]``

A scripted model reports on the real papers of ``DATA/fulltext``: truly, in five ways, and falsely, in
thirteen (``benchmarks.liars``). Counts, for summaries and for answers, what of the lies would be shown and
what of the truth is lost. A wrong page is tried with every answer: what is printed must be where the quote
stands. Reach: 0 lies through, 0 wrong places, at most 2 % of the truth lost. One more way is measured beyond
that: a statement of another paper with a true quote of this one, which words alone cannot always tell.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.data import data_root
from benchmarks.liars import BEYOND, FALSE, TRUE, Scene, Told, Way
from benchmarks.texts import full_texts
from bot.domain import FullText, Paper, Part, Passage
from bot.evidence import Lock, plausible
from bot.llm.schema import ClaimOut, QuoteOut, SummaryOut
from bot.llm.truth import Truth, carried, quotes_found
from bot.text import sentences

SENTENCES = 40
"""Sentences of a paper that are reported on."""


@dataclass
class Tally:
    """How many were told and how many would be shown, by way."""

    told: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    wrong_places: int = 0

    def lost(self) -> float:
        """Share of the truth that is dropped."""
        told = sum(self.told[way] for way in TRUE)
        return 1 - sum(self.shown[way] for way in TRUE) / max(1, told)

    def through(self) -> int:
        """Lies that would be shown."""
        return sum(self.shown[way] for way in FALSE)


def scenes(text: FullText, foreign: Sequence[str], seed: int = 0) -> Iterator[tuple[Passage, Scene]]:
    """Sentences of a paper to report on, each with its passage."""
    dice = random.Random(seed)
    rows = [
        (passage, sentence)
        for passage in text.passages
        if passage.kind in ("abstract", "body")
        for sentence in sentences(passage.text)
        if 60 <= len(sentence) <= 240 and sentence[0].isupper() and sentence.endswith(".")
    ]
    others = [sentence for _, sentence in rows]
    for passage, sentence in dice.sample(rows, min(SENTENCES, len(rows))):
        rest = [other for other in others if other != sentence]
        if rest and foreign:
            yield passage, Scene(sentence, rest, foreign, dice)


def summarized(told: Told, passage: Passage, truth: Truth) -> bool:
    """Whether a summary with this claim alone would show it."""
    part = next(part for part in Part if plausible(part, passage.section) or part == Part.FUTURE_WORK)
    claim = ClaimOut(part=part.value, text=told.text, quote=told.quote)
    return bool(truth.summary(SummaryOut(gist="", claims=[claim])).claims)


def answered(told: Told, passages: Sequence[Passage], dice: random.Random) -> tuple[bool, bool]:
    """Whether an answer of this sentence would be shown, and whether its place would then be wrong; the
    model names any passage but the right one."""
    lock = Lock(passages)
    quote = QuoteOut(passage=dice.randint(-1, len(passages) + 1), quote=told.quote)
    evidence = quotes_found([quote], passages, lock)
    shown = bool(carried(told.text, evidence, passages))
    here = [p for p in passages if evidence and evidence[0].quote.strip("…") in " ".join(p.text.split())]
    places = {(p.section, p.page) for p in here}
    return shown, bool(evidence) and (evidence[0].section, evidence[0].page) not in places


def measure(papers: Iterable[tuple[Paper, FullText]], *, foreign: Sequence[str] = ()) -> tuple[Tally, Tally]:
    """Tallies of summaries and answers over all papers; ``foreign`` sentences are in none of them."""
    read = list(papers)
    in_summary, in_answer = Tally(), Tally()
    for number, (paper, text) in enumerate(read):
        others = [*foreign, *(s for other, read_of in read if other.id != paper.id for s in _some(read_of))]
        truth = Truth(paper, text.passages)
        for passage, scene in scenes(text, others, seed=number):
            around = _around(text.passages, passage)
            for name, way in {**TRUE, **FALSE}.items():
                _tell(name, way, scene, passage, truth, around, in_summary, in_answer)
            apart = replace(scene, dice=random.Random(scene.sentence))
            for name, way in BEYOND.items():
                _tell(name, way, apart, passage, truth, around, in_summary, in_answer)
    return in_summary, in_answer


def _tell(
    name: str,
    way: Way,
    scene: Scene,
    passage: Passage,
    truth: Truth,
    around: Sequence[Passage],
    in_summary: Tally,
    in_answer: Tally,
) -> None:
    if told := way(scene):
        in_summary.told[name] += 1
        in_summary.shown[name] += summarized(told, passage, truth)
    seen = [s for p in around for s in sentences(p.text) if len(s) >= 40 and s != scene.sentence]
    if seen and (told := way(replace(scene, others=seen))):
        shown, wrong = answered(told, around, scene.dice)
        in_answer.told[name] += 1
        in_answer.shown[name] += shown
        in_answer.wrong_places += wrong


def _some(text: FullText) -> list[str]:
    found = [s for passage in text.passages[:12] for s in sentences(passage.text) if 60 <= len(s) <= 240]
    return found[:10]


def _around(passages: Sequence[Passage], passage: Passage) -> list[Passage]:
    """Eight passages as a question would bring them, the one among them."""
    at = passages.index(passage)
    first = max(0, min(at - 4, len(passages) - 8))
    return list(passages[first : first + 8])


def _kind(name: str) -> str:
    return "true" if name in TRUE else "beyond" if name in BEYOND else "false"


def main() -> None:
    """Print the tallies."""
    papers = full_texts(data_root(sys.argv[1:]) / "fulltext")
    tallies = measure(papers)
    print(f"{len(papers)} papers")
    print(f"{'':16}{'summaries':>20}{'answers':>20}   shown of told")
    for name in (*TRUE, *FALSE, *BEYOND):
        row = "".join(f"{t.shown[name]:>13} of {t.told[name]:>4}" for t in tallies)
        print(f"{name:16}{row}   {_kind(name)}")
    for title, tally in zip(("summaries", "answers"), tallies, strict=True):
        lost, wrong = f"{100 * tally.lost():.1f} % of the truth lost", tally.wrong_places
        print(f"{title}: {tally.through()} lies through, {lost}, {wrong} wrong places")


if __name__ == "__main__":
    main()
