"""What becomes of papers that hide an order to the machine that reads them, from the page to the card."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain import FullText, Paper, PaperId, Question
from bot.fulltext.html import read_html
from bot.fulltext.pdf import read_pdf
from bot.llm.budget import Budget, Price
from bot.llm.chat import OpenAIAnswerer, OpenAISummarizer
from bot.llm.embedded import EmbeddedSummarizer
from bot.llm.openai import ChatModel
from bot.llm.server import Server
from bot.views.papers import hidden_warning
from tests.fakes import reader
from tests.fakes.clock import SetClock
from tests.fakes.llm import LlmServer, MemoryLedger
from tests.fakes.orders import ABSTRACT, ALL, ORDER, TAGGED, TINY, WHITE, WIDTHLESS, Hiding

PAPER = Paper(PaperId("arxiv:2509.00009"), "Bees by Sound", ABSTRACT)
UNSEEN = [(hiding, form) for hiding in (WHITE, TINY) for form in ("html", "pdf")] + [(TAGGED, "html")]
EVERY = [(hiding, form) for hiding in ALL for form in ("html", "pdf") if form == "html" or hiding.mark]


async def read(hiding: Hiding, form: str) -> FullText:
    if form == "pdf":
        return await read_pdf(hiding.pdf(), paper_id=PAPER.id, version=1)
    return read_html(hiding.html(), paper_id=PAPER.id, version=1)


def name(value: object) -> str:
    return value.name if isinstance(value, Hiding) else str(value)


@pytest.fixture
async def llm() -> AsyncIterator[LlmServer]:
    async with LlmServer() as server:
        yield server


@pytest.fixture
async def model(llm: LlmServer) -> AsyncIterator[ChatModel]:
    clock = SetClock()
    budget = Budget(MemoryLedger(), clock=clock, price=Price(1.0, 1.0))
    made = ChatModel(Server(base_url=llm.url, model="m", clock=clock, budget=budget))
    yield made
    await made.close()


@pytest.mark.parametrize(("hiding", "form"), EVERY, ids=name)
async def test_readers_of_the_card_are_told_of_the_order(hiding: Hiding, form: str) -> None:
    text = await read(hiding, form)
    assert text.hidden == (ORDER,)
    assert not any("\u200b" in passage.text for passage in text.passages)
    (warning,) = hidden_warning(text)
    assert ORDER in str(warning)
    assert "cannot see" in str(warning)


@pytest.mark.parametrize(("hiding", "form"), UNSEEN, ids=name)
async def test_an_unseen_order_reaches_neither_summary_nor_model(
    hiding: Hiding, form: str, llm: LlmServer, model: ChatModel
) -> None:
    text = await read(hiding, form)
    made = await EmbeddedSummarizer().summarize(PAPER, text)
    assert "PRAISE" not in str(made)
    llm.reads(lambda asked: reader.answer(asked) if "DATA question" in asked.user else reader.summary(asked))
    await OpenAISummarizer(model, clock=SetClock()).summarize(PAPER, text)
    await OpenAIAnswerer(model).answer(Question("How many meadows and bees?", (PAPER,), text.passages))
    assert len(llm.asked) >= 2
    assert all("PRAISE" not in asked.user + asked.system for asked in llm.asked)


async def test_words_in_pieces_are_read_whole_and_only_between_marks(
    llm: LlmServer, model: ChatModel
) -> None:
    text = await read(WIDTHLESS, "html")
    llm.reads(reader.summary)
    await OpenAISummarizer(model, clock=SetClock()).summarize(PAPER, text)
    assert ORDER in reader.blocks(llm.asked[0])["paper"]
    assert ORDER not in llm.asked[0].system
