"""Reading a paper: made once, kept by what was read, and never stopped by a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bot.domain import FullText, Paper, PaperId, Passage, Summary
from bot.errors import BudgetSpent, ModelDown, ModelError, ModelLied, ModelThrottled
from bot.llm.embedded import EmbeddedSummarizer
from bot.reading import Reader
from storage.engine import connect
from storage.readings import Readings
from tests.fakes.clock import SetClock

PAPER = Paper(PaperId("arxiv:2508.00001"), "A title", "We propose a method. It works well on all data.")
ABSTRACT = FullText(
    PAPER.id, 1, (Passage(PAPER.id, 0, PAPER.abstract, "Abstract", kind="abstract"),), "abstract"
)


class Shelf:
    """A text that may change."""

    def __init__(self) -> None:
        self.text = ABSTRACT

    async def full_text(self, paper: Paper) -> FullText:
        return self.text


class Model:
    name = "model"
    prompt_version = "p1"

    def __init__(self, error: ModelError | None = None) -> None:
        self.error = error
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def summarize(self, paper: Paper, text: FullText, *, language: str = "en") -> Summary:
        self.calls += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return Summary(paper.id, "Gist.", (), "model", text.basis, language, prompt_version="p1")


Make = Callable[..., Reader]


@pytest.fixture
async def reading() -> AsyncIterator[Make]:
    database = await connect("sqlite:///:memory:")

    def make(model: Model | None, shelf: Shelf | None = None) -> Reader:
        return Reader(
            texts=shelf or Shelf(),
            readings=Readings(database),
            embedded=EmbeddedSummarizer(),
            model=model,
            clock=SetClock(),
        )

    yield make
    await database.close()


async def test_a_paper_is_paid_for_once(reading: Make) -> None:
    model = Model()
    reader = reading(model)
    first = await reader.read(PAPER)
    assert (await reader.read(PAPER)).gist == first.gist == "Gist."
    assert model.calls == 1
    assert (await reader.read(PAPER, fresh=True)).gist == "Gist."
    assert model.calls == 2


async def test_another_language_is_another_summary(reading: Make) -> None:
    model = Model()
    reader = reading(model)
    await reader.read(PAPER)
    await reader.read(PAPER, language="de")
    assert model.calls == 2


async def test_a_summary_of_the_abstract_does_not_outlive_the_full_text(reading: Make) -> None:
    model, shelf = Model(), Shelf()
    reader = reading(model, shelf)
    assert (await reader.read(PAPER)).basis == "abstract"
    more = Passage(PAPER.id, 1, "The method has four steps.", "Method")
    shelf.text = replace(ABSTRACT, passages=(*ABSTRACT.passages, more), basis="full text")
    assert (await reader.read(PAPER)).basis == "full text"
    assert model.calls == 2


async def test_two_who_ask_at_once_share_one_making(reading: Make) -> None:
    model = Model()
    model.gate.clear()
    reader = reading(model)
    both = asyncio.gather(reader.read(PAPER), reader.read(PAPER))
    await asyncio.sleep(0)
    model.gate.set()
    one, two = await both
    assert one == two
    assert model.calls == 1


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (ModelLied("x"), "did not answer as it should"),
        (ModelDown("x"), "cannot be reached just now"),
        (ModelThrottled("x"), "has too much to do just now"),
        (BudgetSpent("x"), "budget for today is spent"),
    ],
)
async def test_a_model_that_fails_is_replaced_and_that_is_said(
    error: ModelError, note: str, reading: Make
) -> None:
    model = Model(error)
    reader = reading(model)
    summary = await reader.read(PAPER)
    assert summary.model == "embedded"
    assert note in summary.note
    model.error = None
    assert (await reader.read(PAPER)).model == "model"


async def test_several_papers_come_in_their_order(reading: Make) -> None:
    reader = reading(None)
    other = replace(PAPER, id=PaperId("arxiv:2508.00002"))
    assert [s.paper_id for s in await reader.read_all([other, PAPER])] == [other.id, PAPER.id]
