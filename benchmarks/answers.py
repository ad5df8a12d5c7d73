"""Answer, near places, or refusal? ``python -m benchmarks.answers [SCIFACT]``

Every claim of SciFact is asked as a question ("Is it true that …?") of an abstract that bears on it, of a
random other one, and of the one most alike among the rest. Counted are the outcomes, and how often a
sentence that is evidence stands among those shown. `NEAR` of the embedded answerer was set on the half of the
abstracts called "calibration"; the other half is what is judged.

Then questions for a quantity ("how large is the dataset?") are asked of the abstracts of a real day; counted
is how often a sentence called an answer has no amount.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.data import Case, data_root, evidence_cases
from benchmarks.evidence import alikeness
from bot.domain import Answer, Outcome, Paper, PaperId, Passage, Question
from bot.llm import amounts
from bot.llm.extract_answer import answer
from bot.text import stems

PAPER = Paper(PaperId("arxiv:2501.00001"), "")
QUANTITIES = (
    "How many images does the dataset have?",
    "How large is the training corpus?",
    "What accuracy does the method reach?",
    "How fast is the model?",
    "What percentage of people agreed?",
    "How much data is needed?",
    "What is the error rate?",
    "How long does training take?",
    "How many parameters does the model have?",
    "How many languages are covered?",
)


def main() -> None:
    """Print the figures of both halves."""
    cases = evidence_cases(data_root() / "bench/scifact")
    documents = sorted({case.document for case in cases})
    texts = {case.document: case.sentences for case in cases}
    words = {document: frozenset(stems(" ".join(text))) for document, text in texts.items()}
    generator = np.random.default_rng(0)

    def other(case: Case) -> str:
        rest = [document for document in documents if document != case.document]
        return rest[generator.integers(len(rest))]

    def alike(case: Case) -> str:
        rest = (document for document in documents if document != case.document)
        return max(rest, key=lambda document: alikeness(words[case.document], words[document]))

    half = {document: number % 2 for number, document in enumerate(documents)}
    for number, name in enumerate(("calibration", "judged")):
        chosen = [case for case in cases if half[case.document] == number]
        print(f"{name}: {len(chosen)} questions")
        report("its own abstract", chosen, texts, lambda case: case.document)
        report("a random other", chosen, texts, other)
        report("the most alike", chosen, texts, alike)
    quantities()


def quantities() -> None:
    """What becomes of questions for a quantity, and how often an answer has none."""
    rows = (data_root() / "bench/days/papers-2026-04-15.jsonl").read_text("utf-8").splitlines()
    abstracts = [row["abstract"] for row in map(json.loads, rows)]
    found: Counter[Outcome] = Counter()
    empty: Counter[Outcome] = Counter()
    for text in abstracts:
        passage = Passage(PAPER.id, 0, text, "Abstract", kind="abstract")
        for words in QUANTITIES:
            said = answer(Question(words, (PAPER,), (passage,)))
            found[said.outcome] += 1
            empty[said.outcome] += any(
                not amounts.told(one.quote, amounts.sought(words)) for one in said.evidence
            )
    counts = ", ".join(
        f"{outcome.value} {count}" + f" ({empty[outcome]} without an amount)" * (empty[outcome] > 0)
        for outcome, count in found.most_common()
    )
    print(f"{len(QUANTITIES)} questions for a quantity of {len(abstracts)} abstracts: {counts}")


def report(
    name: str, cases: Sequence[Case], texts: dict[str, tuple[str, ...]], of: Callable[[Case], str]
) -> None:
    """The share of each outcome, and of those with a sentence that is evidence."""
    found: Counter[Outcome] = Counter()
    right: Counter[Outcome] = Counter()
    for case in cases:
        document = of(case)
        said = ask(case.claim, texts[document])
        found[said.outcome] += 1
        right[said.outcome] += document == case.document and holds(said, case)
    shares = (
        f"{outcome.value} {100 * count / len(cases):.1f}"
        + (f" ({right[outcome]} right)" * (right[outcome] > 0))
        for outcome, count in found.most_common()
    )
    print(f"  {name:17} {', '.join(shares)}")


def ask(claim: str, abstract: Sequence[str]) -> Answer:
    """The claim as a question to one abstract."""
    passage = Passage(PAPER.id, 0, " ".join(abstract), "Abstract", kind="abstract")
    question = f"Is it true that {claim[0].lower()}{claim[1:].rstrip('.')}?"
    return answer(Question(question, (PAPER,), (passage,)))


def holds(said: Answer, case: Case) -> bool:
    """Whether a shown quote begins as an evidence sentence does."""
    shown = [evidence.quote[:60] for evidence in (*said.evidence, *said.nearest)]
    return any(quote in case.sentences[number] for quote in shown for number in case.evidence)


if __name__ == "__main__":
    main()
