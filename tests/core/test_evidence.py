"""The evidence lock: what gets through, and what must not."""

import pytest

from bot.domain import Claim, Evidence, PaperId, Part, Passage
from bot.evidence import (
    Lock,
    check,
    clip,
    fold,
    numbers,
    numbers_hold,
    plausible,
    polarity_holds,
    present,
)
from bot.fulltext.sections import Role, role

PAPER = PaperId("arxiv:2509.00001")


def passage(text: str, section: str = "4 Experiments", page: int | None = 5, number: int = 0) -> Passage:
    return Passage(PAPER, number, text, section, page)


def claim(text: str, quote: str, part: Part = Part.RESULTS) -> Claim:
    return Claim(part, text, Evidence(PAPER, quote, "wrong section", 99))


BODY = passage("Our method improves the ﬁnal F1 by 2.5% on 1,000 images, but it is not faster (p < 0.05).")


@pytest.mark.parametrize(
    "quote",
    [
        "improves the ﬁnal F1 by 2.5% on 1,000 images",
        "improves the final F1 by 2.5% on 1,000 images",
        "Improves the  final F1\nby 2.5 % on 1,000 images",
        "“improves the final F1 by 2.5% on 1,000 images”",
    ],
)
def test_quote_is_found_by_letters_and_digits_and_given_in_the_papers_words(quote: str) -> None:
    found = Lock([BODY]).find(quote)
    assert found == Evidence(
        PAPER, "improves the ﬁnal F1 by 2.5% on 1,000 images", "4 Experiments", 5
    )  # fmt: skip


@pytest.mark.parametrize(
    "quote",
    [
        "Our method does not improve the final F1 by 2.5% on 1,000 images",
        "improves the final F1 by 3.5% on 1,000 images",
        "improves the final F1 on 1,000 images",
        "proves the final F1 by 2.5% on 1,000 images",
        "improves the final F1 by 2.5% on 1,000 image",
        "improves the final F1 by 2",
        "F1",
        "",
    ],
)
def test_quote_that_does_not_stand_there_is_not_found(quote: str) -> None:
    assert Lock([BODY]).find(quote) is None


def test_the_papers_own_comparison_sign_is_printed_not_the_models() -> None:
    found = Lock([BODY]).find("but it is not faster (p > 0.05)")
    assert found is not None
    assert found.quote == "but it is not faster (p < 0.05)."


def test_a_near_passage_is_looked_at_first() -> None:
    twin = passage(BODY.text, "6 Conclusion", 9, number=1)
    found = Lock([BODY, twin]).find("improves the final F1 by 2.5%", near=twin)
    assert found is not None
    assert found.page == 9


def test_claims_take_the_place_that_was_found() -> None:
    checked = check([claim("Improves F1 by 2.5%", "improves the final F1 by 2.5%")], [BODY])
    assert checked.dropped == 0
    assert checked.claims[0].evidence.section == "4 Experiments"
    assert checked.claims[0].evidence.page == 5


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Improves F1 by 12.5%", "improves the final F1 by 2.5%"),
        ("Improves F1 by 2.5%", "our method improves the final F1"),
        ("Does not improve F1", "improves the final F1 by 2.5%"),
        ("Improves F1 greatly", "improves the final score greatly on all images"),
    ],
)
def test_claims_that_do_not_hold_are_dropped_and_counted(text: str, quote: str) -> None:
    checked = check([claim(text, quote)], [BODY])
    assert checked.claims == ()
    assert checked.dropped == 1
    assert checked.share_dropped == 1.0


def test_claims_from_an_unlikely_section_are_dropped() -> None:
    future = passage("Future work will include a study of longer videos and larger models.", "6 Future work")
    assert not check([claim("Longer videos", future.text, Part.ABLATIONS)], [future]).claims
    assert check([claim("Longer videos", future.text, Part.FUTURE_WORK)], [future]).claims


def test_absent_claims_vanish_without_being_counted_as_lies() -> None:
    checked = check([claim("N/A: N/A", "N/A"), claim("Not reported", "")], [BODY])
    assert checked.claims == ()
    assert checked.dropped == 0


@pytest.mark.parametrize(
    "text",
    ["N/A", "n/a: n/a", "NA", "None", "-", "—", "unknown", "Not reported.",
     "not explicitly mentioned in the paper",
     "no information available", "", None, "…", "None reported", "not applicable"],
)  # fmt: skip
def test_ways_of_saying_nothing_are_absent(text: str | None) -> None:
    assert present(text) == ""


@pytest.mark.parametrize(
    "text",
    ["Nausea was reported", "No improvement without pre-training", "NA-ResNet, a new network", "Sodium (Na)"],
)
def test_real_claims_are_present(text: str) -> None:
    assert present(text) == text


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("Das Modell erreicht 28,4 BLEU.", True),
        ("Le modèle atteint 28,4 BLEU avec 1.200 phrases.", True),
        ("Das Modell erreicht 28,5 BLEU.", False),
        ("Das Modell erreicht 284 BLEU.", False),
        ("The model reaches 28,4 BLEU.", False),
    ],
)
def test_other_languages_write_the_point_of_a_number_as_a_comma(said: str, holds: bool) -> None:
    assert numbers_hold(said, "Our model achieves 28.4 BLEU on 1,200 sentences.") is holds


@pytest.mark.parametrize(
    "said",
    [
        "Das Modell erreicht den Stand der Technik nicht.",
        "Le modèle n'atteint pas les meilleurs résultats.",
        "El modelo no alcanza los mejores resultados.",
        "Het model is niet beter en haalt het niet.",
        "该模型没有达到最好的结果。",
    ],
)
def test_a_denial_in_another_language_needs_one_in_the_quote(said: str) -> None:
    assert not polarity_holds(said, "Our model achieves the best results.")
    assert polarity_holds(said, "Our model does not achieve the best results.")


def test_words_that_deny_in_other_languages_only_mean_nothing_in_english() -> None:
    assert polarity_holds("The pas de deux of Ni and Mai atoms.", "Ni and Mai atoms dance a pas de deux.")


def test_numbers_are_compared_by_value_and_scale() -> None:
    assert numbers("1,000 images, 0.50 and -3.2; 65M weights, 5 %") == {
        ("1000", ""), ("0.5", ""), ("-3.2", ""), ("65", "m"), ("5", "%"),
    }  # fmt: skip
    assert numbers_hold("65 million weights", "a model of 65M weights")
    assert numbers_hold("3 datasets", "on three datasets")
    assert not numbers_hold("65B weights", "a model of 65M weights")
    assert not numbers_hold("5% better", "5 points better")
    assert not numbers_hold("seven datasets", "on three datasets")
    assert numbers_hold("BERT2 and F1 score", "a score")


def test_a_claim_may_not_deny_what_the_quote_affirms() -> None:
    assert polarity_holds("It is slow", "It is not fast")
    assert not polarity_holds("It doesn't converge", "It converges on all tasks")


def test_claims_that_say_the_same_are_folded_and_at_most_six_stay() -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
    many = [claim(f"We study {word} networks of {word} kind in {word}", "q") for word in words]
    again = claim("We study the alpha networks of an alpha kind", "q")
    kept = fold([many[0], again, *many[1:]])
    assert len(kept) == 6
    assert again not in kept


def test_clipping_prefers_the_end_of_a_clause() -> None:
    text = "The first clause is here and long enough, the second one does not fit any more"
    assert clip(text, 60) == "The first clause is here and long enough…"
    assert clip(text, 100) == text
    assert len(clip("x" * 500, 60)) == 60


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("1 Introduction", Role.INTRODUCTION),
        ("2. RELATED WORK", Role.RELATED),
        ("4 Experiments › 4.3 Ablation Study", Role.ABLATION),
        ("A Limitations", Role.APPENDIX),
        ("Limitations", Role.LIMITATIONS),
        ("5 Conclusion and Future Work", Role.FUTURE),
        ("3 TreeFormer", Role.OTHER),
        ("Acknowledgements", Role.BACK),
        ("Abstract", Role.ABSTRACT),
    ],
)
def test_headings_have_roles(heading: str, expected: Role) -> None:
    assert role(heading) is expected


def test_an_unnamed_section_is_never_held_against_a_claim() -> None:
    assert plausible(Part.ABLATIONS, "")
    assert not plausible(Part.RESULTS, "Acknowledgements")
