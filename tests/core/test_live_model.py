"""The protocol against a real server: ``PAPERBOY_LIVE_MODEL="http://127.0.0.1:8080/v1 some-model"``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.domain import Outcome, Question
from bot.errors import ModelLied
from bot.llm.openai import Task, conversation
from bot.llm.schema import QuoteOut
from bot.llm.served import Served, serve
from tests.fakes.clock import SetClock
from tests.fakes.llm import MemoryLedger
from tests.fakes.papers import PAPER, abstract_only

pytestmark = pytest.mark.live_model


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    named = os.environ.get("PAPERBOY_LIVE_MODEL", "").split()
    if len(named) != 2:
        pytest.skip('PAPERBOY_LIVE_MODEL names no "address model"')
    found = serve(
        base_url=named[0],
        model=named[1],
        clock=SetClock(datetime.now(UTC)),
        ledger=MemoryLedger(),
        context_tokens=2_000,
        timeout=600.0,
    )
    yield found
    await found.close()


async def test_it_answers(served: Served) -> None:
    finding = await served.model.check()
    assert finding.ok, finding.detail


async def test_it_returns_json_of_a_shape(served: Served) -> None:
    task = Task("check", conversation("You return JSON.", 'Return {"passage": 1, "quote": "bees"}.'), 100)
    try:
        found = await served.model.ask(task, QuoteOut)
    except ModelLied:
        return
    assert isinstance(found, QuoteOut)


async def test_a_summary_holds_or_is_refused(served: Served) -> None:
    try:
        summary = await served.summarizer.summarize(PAPER, abstract_only())
    except ModelLied:
        return
    assert summary.claims


async def test_an_answer_is_streamed_and_quotes_or_is_refused(served: Served) -> None:
    async def words(text: str) -> None:
        assert text

    passages = abstract_only().passages
    try:
        found = await served.answerer.answer(
            Question("How long does it run?", (PAPER,), passages), words=words
        )
    except ModelLied:
        return
    assert found.outcome in Outcome
    assert bool(found.evidence) == bool(found.text)
