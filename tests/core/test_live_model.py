"""The protocol against a real server: ``PAPERBOY_LIVE_MODEL="http://127.0.0.1:8080/v1 some-model"``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.domain import Outcome, Question
from bot.errors import ModelLied
from bot.llm.budget import Budget
from bot.llm.chat import OpenAIAnswerer, OpenAISummarizer
from bot.llm.openai import ChatModel, Task, conversation
from bot.llm.schema import QuoteOut
from bot.llm.server import Server
from tests.fakes.clock import SetClock
from tests.fakes.llm import MemoryLedger
from tests.fakes.papers import PAPER, abstract_only

pytestmark = pytest.mark.live_model


CLOCK = SetClock(datetime.now(UTC))


@pytest.fixture
async def model() -> AsyncIterator[ChatModel]:
    named = os.environ.get("PAPERBOY_LIVE_MODEL", "").split()
    if len(named) != 2:
        pytest.skip('PAPERBOY_LIVE_MODEL names no "address model"')
    budget = Budget(MemoryLedger(), clock=CLOCK)
    found = ChatModel(Server(base_url=named[0], model=named[1], clock=CLOCK, budget=budget, timeout=600.0))
    yield found
    await found.close()


async def test_it_answers(model: ChatModel) -> None:
    finding = await model.check()
    assert finding.ok, finding.detail


async def test_it_returns_json_of_a_shape(model: ChatModel) -> None:
    task = Task("check", conversation("You return JSON.", 'Return {"passage": 1, "quote": "bees"}.'), 100)
    try:
        found = await model.ask(task, QuoteOut)
    except ModelLied:
        return
    assert isinstance(found, QuoteOut)


async def test_a_summary_holds_or_is_refused(model: ChatModel) -> None:
    try:
        summary = await OpenAISummarizer(model, clock=CLOCK, context_tokens=2_000).summarize(
            PAPER, abstract_only()
        )
    except ModelLied:
        return
    assert summary.claims


async def test_an_answer_is_streamed_and_quotes_or_is_refused(model: ChatModel) -> None:
    async def words(text: str) -> None:
        assert text

    asked = Question("How long does it run?", (PAPER,), abstract_only().passages)
    try:
        found = await OpenAIAnswerer(model).answer(asked, words=words)
    except ModelLied:
        return
    assert found.outcome in Outcome
    assert bool(found.evidence) == bool(found.text)
