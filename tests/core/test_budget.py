"""Prices, tokens and what is left of the day's money."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain import ChannelId, ModelCall
from bot.llm.budget import FREE, UNKNOWN, Budget, Price, price_of, tokens
from tests.fakes.clock import SetClock
from tests.fakes.llm import MemoryLedger

HERE = ChannelId("slack:C1")


def test_cached_tokens_have_their_own_price() -> None:
    assert Price(2.0, 8.0, 0.5).of(1_000_000, 500_000, 400_000) == pytest.approx(1.2 + 0.2 + 4.0)
    assert Price(2.0, 8.0).of(1_000_000, 0, 400_000) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-4o", 2.5),
        ("gpt-4o-2024-08-06", 2.5),
        ("gpt-4o-mini-2024-07-18", 0.15),
        ("gpt-4.1-nano", 0.1),
        ("text-embedding-3-large", 0.13),
    ],
)
def test_known_models_have_the_price_of_the_list(model: str, price: float) -> None:
    assert price_of(model).input == price


def test_the_configured_price_overrules_the_list() -> None:
    assert price_of("gpt-4o", input_usd=1.0, output_usd=2.0) == Price(1.0, 2.0)


def test_an_unknown_model_is_free_unless_money_is_limited() -> None:
    assert price_of("qwen3:8b") == FREE
    assert price_of("qwen3:8b", limited=True) == UNKNOWN


@pytest.mark.parametrize(
    ("text", "least", "most"), [("word " * 400, 400, 520), ("图神经网络" * 100, 300, 600)]
)
def test_tokens_are_about_right(text: str, least: int, most: int) -> None:
    assert least <= tokens(text) <= most
    assert tokens("") == 0


async def test_what_is_left_counts_day_and_channel() -> None:
    clock, ledger = SetClock(datetime(2026, 5, 20, 23, 59, tzinfo=UTC)), MemoryLedger()
    budget = Budget(ledger, clock=clock, day_usd=10.0, channel_usd=1.0)
    assert await budget.left() == 1.0
    await budget.reserve(ModelCall("m", "answer", None, HERE, usd=0.8))
    assert await budget.left() == pytest.approx(0.92)
    assert await budget.left(HERE) == pytest.approx(0.2)
    clock.forward(seconds=120)
    assert await budget.left(HERE) == 1.0


async def test_without_a_limit_all_is_left() -> None:
    budget = Budget(MemoryLedger(), clock=SetClock())
    await budget.reserve(ModelCall("m", "answer", usd=1e9))
    assert await budget.left(HERE) == 1.0


async def test_the_report_is_a_sentence() -> None:
    budget = Budget(MemoryLedger(), clock=SetClock(), day_usd=5.0)
    await budget.reserve(ModelCall("m", "answer", None, None, 12_000, 300, 0, 0.0125))
    assert await budget.report() == (
        "Today 1 call of the model, 12,000 tokens read, 300 written, $0.0125 of $5.00."
    )
