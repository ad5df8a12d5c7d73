"""A model in all its tasks, made from the arguments of the configuration."""

from __future__ import annotations

from bot.domain import Topic
from bot.llm.budget import UNKNOWN
from bot.llm.served import serve, serve_vectors
from tests.fakes import reader
from tests.fakes.clock import SetClock
from tests.fakes.llm import LlmServer, MemoryLedger
from tests.fakes.papers import PAPER, full_text


async def test_all_tasks_share_one_server_and_one_ledger() -> None:
    ledger = MemoryLedger()
    async with LlmServer() as llm:
        llm.reads(reader.summary)
        served = serve(base_url=llm.url, model="m", clock=SetClock(), ledger=ledger, daily_budget_usd=5.0)
        await served.summarizer.summarize(PAPER, full_text())
        llm.writes({"verdicts": []})
        await served.judge.judge(Topic.parse("bees"), [PAPER])
        assert "2 calls of the model" in await served.report()
        await served.close()
    assert [call.purpose for call in ledger.calls] == ["summary", "judge"]
    assert served.model.server.budget.price == UNKNOWN


async def test_vectors_are_written_down_but_never_held_up() -> None:
    ledger = MemoryLedger()
    async with LlmServer() as llm:
        vectors = serve_vectors(base_url=llm.url, model="v", clock=SetClock(), ledger=ledger)
        assert (await vectors.embed(["bees"])).shape == (1, 32)
        await vectors.close()
    assert [call.purpose for call in ledger.calls] == ["embed"]
