"""The model as the configuration names it: made or not, its doctor's line, its money, its key."""

from __future__ import annotations

import pytest

from bot.config import LlmSection
from bot.domain import ModelCall, Outcome, Paper, PaperId, Passage, Question, Topic
from bot.errors import BudgetSpent
from bot.models import ServedModel, configured
from tests.fakes.clock import SetClock
from tests.fakes.llm import LlmServer, MemoryLedger

PAPER = Paper(PaperId("arxiv:2508.00001"), "A title", "We propose a filter. It adds 3 ms.")
PASSAGE = Passage(PAPER.id, 0, "We propose a filter for wind. It adds 3 ms to a second of speech.")


def made(section: LlmSection, ledger: MemoryLedger) -> ServedModel | None:
    """What the section gives, with a key in the environment."""
    return configured(
        section,
        {"LAB_KEY": "sk-lab"},
        ledger=ledger,
        clock=SetClock(),
        off_topic=lambda question: question.text.startswith("Who won"),
    )


def served(
    llm: LlmServer, ledger: MemoryLedger, model: str = "gpt-4o-mini", budget: float = 0.0
) -> ServedModel:
    """The model of a section that names the server on loopback."""
    section = LlmSection(
        provider="openai", base_url=llm.url, model=model, api_key_env="LAB_KEY", daily_budget_usd=budget
    )
    found = made(section, ledger)
    assert found is not None
    return found


def test_the_embedded_model_needs_none() -> None:
    assert made(LlmSection(), MemoryLedger()) is None


async def test_the_doctor_hears_the_server_and_status_names_model_and_money() -> None:
    async with LlmServer() as llm:
        model = served(llm, MemoryLedger(), budget=2.0)
        await model.warm()
        llm.writes({"ok": True})
        found = await model.check()
        (told,) = await model.report()
        await model.close()
    assert (found.ok, found.name) == (True, "model gpt-4o-mini")
    assert llm.asked[0].authorization == "Bearer sk-lab"
    assert told.detail.startswith("gpt-4o-mini. Today 1 call of the model")
    assert "of $2.00." in told.detail


async def test_a_server_that_refuses_the_key_is_told_with_what_to_do() -> None:
    async with LlmServer() as llm:
        model = served(llm, MemoryLedger())
        llm.fails(401, message="bad key")
        found = await model.check()
        await model.close()
    assert not found.ok
    assert "key" in found.detail


async def test_every_task_spends_from_one_purse() -> None:
    async with LlmServer() as llm:
        ledger = MemoryLedger()
        model = served(llm, ledger, budget=2.0)
        now = SetClock().now()
        await ledger.reserve(ModelCall("gpt-4o-mini", "summary", usd=2.0), now=now, day_limit=2.0)
        with pytest.raises(BudgetSpent):
            await model.answerer.answer(Question("Which filter?", (PAPER,), (PASSAGE,)))
        with pytest.raises(BudgetSpent):
            await model.judge.judge(Topic(("filters",)), [PAPER])
        with pytest.raises(BudgetSpent):
            await model.briefer.brief([(Topic(("filters",)), [PAPER])])
        await model.close()
    assert llm.asked == []


async def test_a_budget_for_a_model_without_a_known_price_still_bounds_it() -> None:
    async with LlmServer() as llm:
        ledger = MemoryLedger()
        model = served(llm, ledger, model="house-made", budget=2.0)
        llm.writes({"ok": True})
        assert (await model.check()).ok
        await model.close()
    assert ledger.calls[0].usd > 0


async def test_what_is_off_topic_is_not_sent_to_the_model() -> None:
    async with LlmServer() as llm:
        model = served(llm, MemoryLedger())
        answer = await model.answerer.answer(Question("Who won the cup?", (PAPER,), (PASSAGE,)))
        await model.close()
    assert answer.outcome is Outcome.OFF_TOPIC
    assert llm.asked == []
