"""The gist is a sentence of the abstract, shortened only where that changes nothing."""

import pytest

from bot.llm.extract_evidence import rank
from bot.llm.extract_gist import LONGEST, candidates, gist

ABSTRACT = (
    "Reading takes time, and there are many papers. However, little is known about how groups choose. "
    "In this paper, we propose Paperpicker, a method that picks papers for a group (PP), which runs on a "
    "laptop. The details are given in the supplement. Experiments show that it is fast."
)


def test_the_gist_says_what_the_paper_proposes() -> None:
    said = gist("Paperpicker: picking papers for groups", ABSTRACT)
    assert said.startswith("We propose Paperpicker, a method that picks papers for a group")


def test_no_abstract_has_no_gist() -> None:
    assert gist("A title", "") == ""
    assert gist("A title", "   ") == ""
    assert gist("", "One sentence alone is its own gist.") == "One sentence alone is its own gist."


def test_a_gist_is_never_too_long() -> None:
    endless = "We propose " + "a very long thing and " * 60 + "nothing else."
    said = gist("Long", endless)
    assert len(said) <= LONGEST
    assert said.endswith("…")


@pytest.mark.parametrize(
    ("sentence", "shortened"),
    [
        ("In this paper, we study the growth of trees in cities.", "We study the growth of trees in cities."),
        (
            "To tame the noise of sensors, we propose a filter for cheap cameras.",
            "We propose a filter for cheap cameras.",
        ),
        (
            "We propose a filter (KF) for the noise of cheap cameras.",
            "We propose a filter for the noise of cheap cameras.",
        ),
        (
            "We propose a filter for noisy cameras, which runs on a phone.",
            "We propose a filter for noisy cameras.",
        ),
    ],
)
def test_lead_ins_brackets_and_last_clauses_may_go(sentence: str, shortened: str) -> None:
    assert shortened in {candidate.text for candidate in candidates([sentence])}


@pytest.mark.parametrize(
    "sentence",
    [
        "Under strong convexity, we prove that the method converges at a linear rate.",
        "If the data are clean, we show that the filter does not help at all.",
        "We show that the filter helps but only when the data are noisy.",
        "The filter helps unless the light is very dim.",
        "Without labels, we find no gain over the baseline.",
    ],
)
def test_conditions_and_reservations_stay(sentence: str) -> None:
    assert [candidate.text for candidate in candidates([sentence])] == [sentence]


def test_every_candidate_is_what_deletion_leaves() -> None:
    whole = ABSTRACT.split()
    for candidate in candidates([ABSTRACT]):
        rest = iter(word.strip(".,").lower() for word in whole)
        assert all(word.strip(".,").lower() in rest for word in candidate.text.split())


def test_the_sentence_that_bears_on_a_claim_comes_first() -> None:
    sentences = [
        "Reading habits are not well understood.",
        "We aimed to determine whether short papers are read more often.",
        "We asked 40 groups over a year.",
        "We found that short papers were read twice as often as long ones.",
        "Funding came from the university.",
    ]
    scores = rank("Short papers are read more often than long papers", sentences)
    assert scores.argmax() == 3
    assert rank("anything", []).shape == (0,)
