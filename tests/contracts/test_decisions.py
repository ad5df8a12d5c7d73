"""Decisions, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain import Decision, PaperId
from storage.decisions import Decisions
from storage.engine import Database

NOW = datetime(2026, 4, 15, tzinfo=UTC)
ONE = PaperId("arxiv:2604.00001")
SPLATS = Decision(ONE, "splatting", 0.91, 0.55, True, "phrase in the title", "phrase-1")


async def test_a_later_decision_replaces_the_earlier(database: Database) -> None:
    decisions = Decisions(database)
    agents = replace(SPLATS, topic="agents", score=0.1, matched=False, why="none of its words")
    await decisions.save([SPLATS, agents], now=NOW)
    later = replace(SPLATS, score=0.8, method="taught-2")
    await decisions.save([SPLATS, later], now=NOW)
    assert await decisions.of(ONE) == [agents, later]
    assert await decisions.of(PaperId("arxiv:1")) == []
    await decisions.save([], now=NOW)


async def test_thousands_are_kept_at_once(database: Database) -> None:
    decisions = Decisions(database)
    many = [replace(SPLATS, paper_id=PaperId(f"arxiv:2604.{n:05}")) for n in range(2100)]
    await decisions.save(many, now=NOW)
    assert await decisions.of(many[-1].paper_id) == [many[-1]]
