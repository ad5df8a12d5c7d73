"""The gist is a sentence of the abstract, shortened only where that changes nothing."""

import pytest

from bot.llm.extract_choice import can_follow, gist, joined
from bot.llm.extract_evidence import rank
from bot.llm.extract_gist import LONGEST, Candidate, candidates

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


@pytest.mark.parametrize(
    "sentence",
    [
        "We postulate that the objective of language models, such as GRUs, is wrong for our own task here.",
        "We trained networks with n input units, m output units, and k hidden units.",
        "Despite years of work on hives, and meadows, we know little of wild bees in cities.",
    ],
)
def test_a_sentence_is_not_cut_where_it_goes_on(sentence: str) -> None:
    assert [candidate.text for candidate in candidates([sentence])] == [sentence]


@pytest.mark.parametrize(
    ("sentence", "broken"),
    [
        (
            "We describe a set of garden tasks that isolate and evaluate the memory of bees.",
            "We describe a set of garden tasks that isolate.",
        ),
        (
            "We built a garden with many flowers to quickly find and compare the bees of a city.",
            "We built a garden with many flowers to quickly find.",
        ),
        (
            "The code and data of our bee garden are available at: the page of the city.",
            "The code and data of our bee garden are available at.",
        ),
        (
            "We study how bees tell the difference between the light of the sky, and the light of lamps.",
            "We study how bees tell the difference between the light of the sky.",
        ),
        (
            "We count bees with three parts: a camera on each hive, which runs all day, and a small network.",
            "We count bees with three parts: a camera on each hive.",
        ),
        (
            "We count bees with three parts: a camera on each hive, a small network, and a clock at night.",
            "We count bees with three parts: a camera on each hive, a small network.",
        ),
    ],
)
def test_a_cut_leaves_nothing_wanting(sentence: str, broken: str) -> None:
    assert broken not in {candidate.text for candidate in candidates([sentence])}


@pytest.mark.parametrize(
    ("sentence", "shortened"),
    [
        (
            "We describe a garden for the memory of bees and evaluate them in the city.",
            "We describe a garden for the memory of bees.",
        ),
        (
            "We study both the light of the sky and the light of lamps, and show that bees see them.",
            "We study both the light of the sky and the light of lamps.",
        ),
        (
            "We count bees with two parts: a camera on each hive and a small network, which run all day.",
            "We count bees with two parts: a camera on each hive and a small network.",
        ),
        (
            "We count bees with three parts: a camera, a small network, and a clock.",
            "We count bees with three parts.",
        ),
    ],
)
def test_a_cut_that_leaves_nothing_wanting_is_made(sentence: str, shortened: str) -> None:
    assert shortened in {candidate.text for candidate in candidates([sentence])}


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        (
            "We show that bees find the way home by the light of the sky.",
            "Bees find the way home by the light of the sky.",
        ),
        (
            "Extensive experiments demonstrate that our hive counts bees with fewer errors.",
            "Our hive counts bees with fewer errors.",
        ),
        (
            "In this paper, we propose a new way of counting bees in meadows.",
            "A new way of counting bees in meadows.",
        ),
        ("We introduce HiveNet, a network for counting bees in meadows.", None),
        ("We propose a way of counting bees and apply it to meadows in cities.", None),
        ("We show that it counts the bees of a meadow with fewer errors.", None),
        ("We show that the count helps only where bees are many.", None),
        ("We find that bees do not mind the noise of the city.", None),
        ("We hypothesize that bees find the way home by the light of the sky.", None),
        ("We propose a way of counting bees under strong winds.", None),
    ],
)
def test_a_statement_may_stand_without_its_frame(sentence: str, left: str | None) -> None:
    told = [found.text for found in candidates([sentence]) if found.cuts[-1:] in (("shown",), ("proposed",))]
    assert told == ([left] if left else [])


def test_two_sentences_stand_side_by_side_in_their_own_words() -> None:
    first = Candidate("We present the meadow network.", 0)
    assert joined(first, Candidate("The results show fewer errors.", 2)) == (
        "We present the meadow network; the results show fewer errors."
    )
    assert joined(first, Candidate("HiveNet halves the error.", 1)).endswith("; HiveNet halves the error.")
    assert joined(first, Candidate("Surprisingly, it helps.", 1)).endswith("; surprisingly, it helps.")
    assert joined(first, Candidate("Current networks miss bees.", 1)).endswith(
        "; current networks miss bees."
    )
    assert joined(first, Candidate("Italy has many bees.", 1)).endswith("; Italy has many bees.")


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        (Candidate("We present a network.", 0), Candidate("It counts bees.", 1), True),
        (Candidate("We present a network.", 0), Candidate("It counts bees.", 2), False),
        (Candidate("We present a network.", 0, ("tail", "which")), Candidate("It counts bees.", 1), False),
        (Candidate("We present a network.", 0), Candidate("We count bees.", 4), True),
        (Candidate("We present a network.", 2), Candidate("We count bees.", 1), False),
        (Candidate("This is due to wind.", 0), Candidate("We count bees.", 1), False),
        (Candidate("A network for bees.", 0, ("proposed",)), Candidate("We count bees.", 1), False),
        (Candidate("We count bees.", 0), Candidate("A network for bees.", 1, ("proposed",)), False),
        (Candidate("We present a network:", 0), Candidate("We count bees.", 1), False),
        (Candidate("We present a network.", 0), Candidate("We count " + "b" * LONGEST + ".", 1), False),
    ],
)
def test_what_may_follow_what(first: Candidate, second: Candidate, allowed: bool) -> None:
    assert can_follow(first, second) is allowed


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
