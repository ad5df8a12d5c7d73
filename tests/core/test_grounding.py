"""Lies of every known kind do not get past the evidence lock, and the truth does."""

from __future__ import annotations

import pytest

from benchmarks.grounding import measure
from benchmarks.liars import FALSE, TRUE, Scene
from bot.domain import Evidence, PaperId
from bot.llm.lies import contradicts, links_away, unrelated
from bot.llm.truth import carried
from tests.fakes.papers import PAPER, full_text


def test_on_our_own_paper_no_lie_passes_and_no_truth_is_lost() -> None:
    elsewhere = [
        "The tides of the moon were measured at forty harbours over a period of nine years.",
        "Salt marshes keep a record of storms that nobody wrote down at the time they happened.",
    ]
    for tally in measure([(PAPER, full_text())], foreign=elsewhere):
        assert {name for name in FALSE if tally.shown[name]} == set()
        assert tally.wrong_places == 0
        assert tally.lost() == 0
        assert tally.told["verbatim"] >= 12
        assert len(tally.told) >= 14


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("It does not tell species apart.", "HiveNet cannot tell species apart."),
        ("It needs no labels.", "It is trained without labels."),
        ("Rain defeats it.", "Heavy rain defeats it, and it was not tested elsewhere."),
        ("The error decreases.", "The error falls."),
        ("Counting improves as the error decreases.", "As the error decreases counting improves."),
    ],
)
def test_other_words_for_the_same_are_no_contradiction(text: str, quote: str) -> None:
    assert not contradicts(text, quote)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Rain does not defeat it.", "Heavy rain defeats it, and it was not tested elsewhere."),
        ("It was tested outside Europe.", "It was not tested outside Europe."),
        ("Adding two does help.", "Adding two does not help."),
        ("The error increases.", "The error decreases."),
        ("HiveNet is worse than BuzzCount.", "HiveNet is better than BuzzCount."),
    ],
)
def test_a_statement_turned_round_is_a_contradiction(text: str, quote: str) -> None:
    assert contradicts(text, quote)


def test_of_an_answer_the_true_sentences_stay() -> None:
    quote = "HiveNet reaches an error of 4.8 bees per minute against 9.6 for BuzzCount."
    evidence = [Evidence(PaperId("x"), quote)]
    said = "No, its error is 4.8 bees per minute. BuzzCount has 3.1. Its error is not against BuzzCount."
    assert carried(said, evidence, full_text().passages) == "No, its error is 4.8 bees per minute."


def test_every_way_of_lying_can_be_told_on_some_sentence() -> None:
    scene = Scene(
        "We do not claim that 42 networks are better than a human who listens, and this is quite obvious.",
        ["The recorder runs on a battery for a month before anybody has to come back to the meadow."],
        ["A sentence of another paper that speaks of entirely unrelated matters."],
    )
    told = {name: way(scene) for name, way in {**TRUE, **FALSE}.items()}
    assert [name for name, what in told.items() if what is None] == ["shortened"]


def test_a_sentence_that_its_quote_has_nothing_to_do_with_is_left_out() -> None:
    quote = "HiveNet reaches an error of 4.8 bees per minute against 9.6 for BuzzCount."
    evidence = [Evidence(PaperId("x"), quote)]
    said = "It errs by 4.8 bees per minute. The authors admit fraud. Das ist ein Fehler von 4,8 Bienen."
    kept = "It errs by 4.8 bees per minute. Das ist ein Fehler von 4,8 Bienen."
    assert carried(said, evidence, full_text().passages) == kept


@pytest.mark.parametrize(
    ("text", "far"),
    [
        ("The authors admit fraud.", True),
        ("The moon was measured at forty harbours for nine years with a gauge.", True),
        ("The errors of counting are halved.", False),
        ("That is so.", False),
        ("Tidvattnet mättes i fyrtio hamnar under nio år med en mätare.", False),
    ],
)
def test_what_is_far_from_its_quote(text: str, far: bool) -> None:
    assert unrelated(text, "HiveNet halves the error of the count of bees in a meadow.") is far


@pytest.mark.parametrize(
    ("text", "away"),
    [
        ("See https://evil.example/x for more.", True),
        ("See [the code](//evil.example).", True),
        ("See www.evil.example.", True),
        ("Code is at https://github.com/a/b.", False),
        ("Code is at https://github.com/a/b/", False),
    ],
)
def test_a_link_must_stand_in_the_quote(text: str, away: bool) -> None:
    assert links_away(text, "Code is at https://github.com/a/b for all.") is away
