"""Words, stems and sentences of scientific English, with the odd ones that papers hold."""

import gzip
import itertools
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.text import content_stems, sentence_spans, sentences, stems, words

DATA = Path(os.environ.get("PAPERBOY_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3D Gaussian Splatting (3DGS)", ["3d", "gaussian", "splatting", "3dgs"]),
        ("vision-language/action", ["vision", "language", "action"]),
        ("Schrödinger's naïve façade", ["schrodinger", "naive", "facade"]),
        ("TGF-β and IL-10", ["tgf", "β", "and", "il", "10"]),
        ("snake_case", ["snake", "case"]),
        ("图神经网络 GNN", ["图", "神", "经", "网", "络", "gnn"]),
        ("Straße Łódź", ["strasse", "lodz"]),
        ("ﬁne ﬂow", ["fine", "flow"]),
        ("😀 !?", []),
        ("", []),
    ],
)
def test_words_are_lower_case_and_without_accents(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_stems_bring_the_forms_of_a_word_together() -> None:
    assert stems("retrieval-augmented generation") == stems("Retrieval Augmented Generations")
    assert stems("LLMs") == stems("llm")


def test_content_stems_leave_out_the_words_that_carry_no_topic() -> None:
    assert content_stems("a method for the discovery of materials") == stems("method discovery materials")
    assert content_stems("of the with") == []


def test_stemming_is_safe_from_many_threads() -> None:
    text = "recommender systems for federated generation " * 50
    with ThreadPoolExecutor(4) as pool:
        assert len({tuple(result) for result in pool.map(stems, [text] * 40)}) == 1


@pytest.mark.parametrize(
    "expected",
    [
        ["We study X, e.g. Y, in detail.", "It works."],
        ["Smith et al. show this (cf. Fig. 3).", "We disagree."],
        ["It costs 3.5 ms.", "We gain 2.0 %."],
        ["J. R. Smith proved it.", "We extend it!"],
        ["Does it hold?", "Yes."],
        ['He called it "a proof."', "It was none."],
        ["Signals rise at 5 K.", "They fall at 9 K."],
        ["Tissue needs vitamin D.", "Mice lack it."],
        ["It binds DNA.", "mRNA levels rise.", "p53 does not."],
        ["We use an approach, i.e. splatting.", "α-SMA is high."],
        ["我们提出一种方法。", "它很好！", "真的?"],
        ["Code is at https://example.org/a.b.c.", "Enjoy."],
    ],
)
def test_sentences_end_where_they_end(expected: list[str]) -> None:
    joiner = "" if not expected[0].isascii() and expected[0][0] > "\u3000" else " "
    assert sentences(joiner.join(expected)) == expected


def test_a_blank_line_ends_a_sentence_and_a_line_break_does_not() -> None:
    assert sentences("A title\n\nThe text goes\non here.") == ["A title", "The text goes on here."]


def test_spans_lose_no_character_but_white_space() -> None:
    text = "  One e.g. two.  Three?\n\n\nFour (et al. five)! six. Seven"
    spans = sentence_spans(text)
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))


@pytest.mark.parametrize("text", ["", " \n\n ", "." * 5000, "A. " * 3000, "?" * 5, "a\x00b. C"])
def test_odd_texts_give_sentences_and_no_error(text: str) -> None:
    assert all(piece.strip() for piece in sentences(text))


@pytest.mark.data
def test_sentences_agree_with_those_of_real_abstracts() -> None:
    source = DATA / "bench" / "scitldr" / "dev.jsonl.gz"
    if not source.exists():
        pytest.skip("the real data is not beside the project")
    right = wrong = missed = 0
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for line in lines:
            gold = [" ".join(s.split()) for s in json.loads(line)["source"] if s.strip()]
            ends, got = _ends(gold), {end for _, end in sentence_spans(" ".join(gold))}
            right, wrong, missed = right + len(ends & got), wrong + len(got - ends), missed + len(ends - got)
    assert right / (right + wrong) > 0.98
    assert right / (right + missed) > 0.92


def _ends(gold: list[str]) -> set[int]:
    ends, at = set(), 0
    for sentence in gold:
        at += len(sentence)
        ends.add(at)
        at += 1
    return ends
