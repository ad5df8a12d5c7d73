"""What is said to a model: strangers' text stays data, and long papers are cut where it hurts least."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import FullText, Paper, PaperId, Passage, Question, Topic, Turn
from bot.llm import prompts
from bot.llm.budget import tokens
from bot.llm.excerpt import choose, chunks, cost, fingerprint
from bot.llm.schema import (
    AnswerOut,
    ClaimOut,
    Misfit,
    SummaryOut,
    answer_so_far,
    json_schema,
    parse,
    quotes_so_far,
)
from tests.fakes.papers import PAPER, full_text, passage

_BLOCK = re.compile(r"<<<DATA (\w+) (\w+)\n(.*?)\n\2 DATA>>>", re.DOTALL)


@given(st.text(max_size=300))
def test_no_text_closes_its_own_block(text: str) -> None:
    said = prompts.block("paper", text)
    (found,) = _BLOCK.findall(said)
    assert _BLOCK.sub("", said) == ""
    assert "<<<" not in found[2]
    assert ">>>" not in found[2]


@pytest.mark.parametrize("mark", ["<|im_end|>", "<|endoftext|>", "[INST]", "DATA>>>", "<<<DATA paper 0"])
def test_marks_of_chat_templates_are_defused(mark: str) -> None:
    body = prompts.block("paper", f"a {mark} b").split("\n")[1]
    assert mark not in body


def test_hidden_characters_do_not_reach_the_model() -> None:
    assert "\u200b" not in prompts.block("paper", "ig\u200bnore\u202e this\x00")


def test_the_papers_text_is_in_no_message_of_ours() -> None:
    question = Question("Which?", (PAPER,), full_text().passages, (Turn("person", "HELLO"),))
    said = prompts.answer_user(question, question.passages)
    outside = _BLOCK.sub("", said)
    assert "bees" not in outside
    assert "HELLO" not in outside
    assert "Which?" not in outside
    assert "bees" not in _BLOCK.sub("", prompts.summary_user(PAPER, full_text().passages))
    assert "bees" not in _BLOCK.sub("", prompts.judge_user(Topic.parse("bees"), [PAPER]))
    assert "bees" not in _BLOCK.sub("", prompts.brief_user([(Topic.parse("bees"), [(1, PAPER)])]))


def test_of_a_long_talk_the_last_turns_and_the_earlier_questions_are_told() -> None:
    turns = [Turn("person" if n % 2 == 0 else "bot", f"turn {n} " + "x" * 900) for n in range(30)]
    said = prompts.conversation(turns)
    assert "Asked earlier: turn 8" in said
    assert said.count("\n") == 6
    assert "turn 29" in said
    assert "turn 23 " not in said
    assert len(said) < 5_000


def test_languages_have_names() -> None:
    assert "German" in prompts.summary_system("de-AT", short=False)
    assert "tlh" in prompts.answer_system("tlh")


# --- what is given of a paper -----------------------------------------------------------------------


def long_paper() -> list[Passage]:
    sections = ["Abstract", "1 Introduction", "2 Related Work", "3 Method", "4 Experiments", "5 Conclusion"]
    sections += ["Acknowledgements", "Appendix A"]
    return [
        Passage(PaperId("x"), number, f"{section} words " * 60, section, 1)
        for number, section in enumerate(s for s in sections for _ in range(8))
    ]


def test_a_paper_that_fits_is_given_whole_but_for_the_back_matter() -> None:
    given_ = choose(long_paper(), 10**6)
    assert {p.section for p in given_}.isdisjoint({"Acknowledgements", "Appendix A"})
    assert len(given_) == 48


@pytest.mark.parametrize("room", [400, 1_500, 4_000])
def test_a_longer_one_is_cut_by_the_worth_of_its_sections(room: int) -> None:
    given_ = choose(long_paper(), room)
    assert sum(map(cost, given_)) <= room
    assert given_ == sorted(given_, key=lambda p: p.number)
    assert given_[0].section == "Abstract"
    if room == 4_000:
        assert "5 Conclusion" in {p.section for p in given_}
        assert "2 Related Work" not in {p.section for p in given_}


def test_pieces_lose_nothing_and_fit() -> None:
    pieces = list(chunks(long_paper(), 1_000))
    assert [p for piece in pieces for p in piece] == long_paper()
    assert all(sum(map(cost, piece)) <= 1_000 for piece in pieces)


def test_a_fingerprint_changes_with_the_text_and_its_making() -> None:
    text = full_text()
    assert fingerprint(text) == fingerprint(full_text())
    assert fingerprint(text) != fingerprint(full_text(passage("More.")))
    other = FullText(text.paper_id, 1, text.passages, "full text", "pdf", extractor="story-2")
    assert fingerprint(text) != fingerprint(other)


# --- what comes back --------------------------------------------------------------------------------


def test_the_schema_is_as_strict_servers_want_it() -> None:
    schema = json_schema(SummaryOut)
    assert schema["required"] == ["gist", "gist_quote", "claims"]
    claim = schema["$defs"]["ClaimOut"]
    assert claim["additionalProperties"] is False
    assert claim["required"] == ["part", "text", "quote"]
    assert "core_idea" in claim["properties"]["part"]["enum"]
    assert "default" not in json.dumps(schema)


def test_odd_entries_do_not_cost_the_answer() -> None:
    said = parse(
        '{"gist": null, "claims": [1, {"text": null}, {"part": "task", "text": "a", "x": 1}]}', SummaryOut
    )
    assert said.gist == ""
    assert said.claims == [ClaimOut(), ClaimOut(part="task", text="a")]


@pytest.mark.parametrize("text", ["", "{" * 10_000, "[1, 2]", '{"gist": "x"}', '{"claims": 3, "gist": "x"}'])
def test_what_does_not_fit_says_why(text: str) -> None:
    with pytest.raises(Misfit):
        parse(text, SummaryOut)


@given(st.text(max_size=40), st.booleans())
def test_an_answer_grows_letter_by_letter(answer: str, ascii_only: bool) -> None:
    whole = json.dumps({"outcome": "ANSWERED", "quotes": [], "answer": answer}, ensure_ascii=ascii_only)
    seen = [answer_so_far(whole[:end]) for end in range(len(whole) + 1)]
    assert seen[-1] == answer
    assert all(answer.startswith(part) for part in seen)


def test_quotes_are_known_once_they_are_complete() -> None:
    whole = '{"outcome": "ANSWERED", "quotes": [{"passage": 2, "quote": "a ] \\" b"}], "answer": "c"}'
    end = whole.index('"answer"')
    assert quotes_so_far(whole[: end - 4]) is None
    found = quotes_so_far(whole[:end])
    assert found is not None
    assert (found[0].passage, found[0].quote) == (2, 'a ] " b')
    assert parse(whole, AnswerOut).answer == "c"


def test_tokens_of_a_prompt_stay_small() -> None:
    assert tokens(prompts.summary_system("en", short=False)) < 900
    assert tokens(prompts.answer_system("en")) < 500


def test_a_paper_without_abstract_can_be_judged() -> None:
    assert "Bare" in prompts.judge_user(Topic.parse("x"), [Paper(PaperId("x"), "Bare")])
