"""A literature brief: chosen papers, quoted or written, no sentence without its papers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from bot.brief import PAPERS, Briefs, choose
from bot.domain import Brief, Decision, Paper, PaperId, Passage, Statement, Topic
from bot.errors import ModelLied, UsageError
from bot.evidence import Lock
from bot.llm.briefer import OpenAIBriefer
from bot.llm.budget import Budget
from bot.llm.extract_brief import EmbeddedBriefer
from bot.llm.openai import ChatModel
from bot.llm.server import Server
from tests.fakes.clock import SetClock
from tests.fakes.llm import LlmServer, MemoryLedger

BEES, BATS = Topic.parse("wild bees"), Topic.parse("bats")


def paper(number: int, title: str, abstract: str, **rest: object) -> Paper:
    return replace(Paper(PaperId(f"arxiv:2508.{number:05}"), title, abstract), **rest)  # type: ignore[arg-type]


HIVE = paper(
    1,
    "Counting bees by ear",
    "Bees matter. We present HiveNet, which counts wild bees from passive acoustic monitoring with an error "
    "of 4.8 per minute. It remains unclear how rain changes this.",
)
FOOD = paper(2, "Bees and food", "We show that wild bees prefer clover. Meadows were mown twice.")
CAVE = paper(
    3,
    "Bats in caves",
    "Bats are shy. We propose a passive acoustic monitoring station for caves that runs 90 days. In future "
    "work we will look at swarms.",
)
GROUPS = ((BEES, (HIVE, FOOD)), (BATS, (CAVE,)))


def everything(brief: Brief) -> list[Statement]:
    return [*(s for part in brief.sections for s in part.statements), *brief.shared, *brief.open_questions]


def quoted_truly(brief: Brief) -> bool:
    passages = [Passage(p.id, n, p.abstract) for n, p in enumerate((HIVE, FOOD, CAVE))]
    lock = Lock(passages)
    return all(s.evidence and all(lock.find(e.quote) for e in s.evidence) for s in everything(brief))


# --- embedded ---------------------------------------------------------------------------------------


async def test_the_embedded_brief_quotes_what_is_new_shared_and_open() -> None:
    brief = await EmbeddedBriefer().brief(GROUPS)
    assert [section.topic for section in brief.sections] == ["wild bees", "bats"]
    assert "HiveNet" in brief.sections[0].statements[0].text
    assert "acoustic" in brief.shared[0].text
    assert set(brief.shared[0].papers) == {HIVE.id, CAVE.id}
    assert [s.papers for s in brief.open_questions] == [(HIVE.id,), (CAVE.id,)]
    assert quoted_truly(brief)


async def test_what_one_paper_says_alone_is_not_shared() -> None:
    brief = await EmbeddedBriefer().brief(((BEES, (HIVE,)), (BATS, ())))
    assert not brief.shared
    assert brief.sections[1].statements == ()


async def test_an_address_is_not_shared_and_a_question_is_no_news() -> None:
    linked = " The code is at this https URL and it adaptively fuses all the sounds it hears."
    hive = replace(HIVE, abstract=HIVE.abstract.replace("passive acoustic monitoring", "sound") + linked)
    cave = paper(3, "Bats in caves", "Do we show how many bats a cave needs? Bats are shy." + linked)
    brief = await EmbeddedBriefer().brief(((BEES, (hive,)), (BATS, (cave,))))
    assert not any("URL" in said.text or "adaptively" in said.text for said in brief.shared)
    assert not any(said.text.endswith("?") for section in brief.sections for said in section.statements)


async def test_the_topic_itself_is_no_news_among_its_papers() -> None:
    brief = await EmbeddedBriefer().brief(((BEES, (HIVE, FOOD)),))
    assert not any("wild bees" in s.text for s in brief.shared)


# --- by a model -------------------------------------------------------------------------------------


@pytest.fixture
async def llm() -> AsyncIterator[LlmServer]:
    async with LlmServer() as server:
        yield server


@pytest.fixture
async def briefer(llm: LlmServer) -> AsyncIterator[OpenAIBriefer]:
    clock = SetClock()
    server = Server(base_url=llm.url, model="m", clock=clock, budget=Budget(MemoryLedger(), clock=clock))
    yield OpenAIBriefer(ChatModel(server))
    await server.close()


def quote(number: int, words: str) -> dict[str, object]:
    return {"passage": number, "quote": words}


COUNTS = {
    "text": "HiveNet counts bees by sound.",
    "quotes": [quote(1, "counts wild bees from passive acoustic")],
}
STATION = {"text": "A station runs 90 days.", "quotes": [quote(3, "station for caves that runs 90 days")]}
CLOVER = {"text": "Bees prefer clover.", "quotes": [quote(2, "wild bees prefer clover")]}
BOTH = {
    "text": "Both listen passively.",
    "quotes": [
        quote(1, "from passive acoustic monitoring"),
        quote(3, "a passive acoustic monitoring station"),
    ],
}
WRITTEN = {
    "sections": [{"topic": 1, "sentences": [COUNTS, CLOVER]}, {"topic": 2, "sentences": [STATION]}],
    "shared": [BOTH],
    "open_questions": [{"text": "Rain is unclear.", "quotes": [quote(1, "It remains unclear how rain")]}],
}


async def test_a_written_brief_keeps_what_its_quotes_carry(briefer: OpenAIBriefer, llm: LlmServer) -> None:
    llm.writes(WRITTEN)
    brief = await briefer.brief(GROUPS)
    assert len(everything(brief)) == 5
    assert quoted_truly(brief)
    assert brief.sections[0].papers == (HIVE.id, FOOD.id)


@pytest.mark.parametrize(
    "lie",
    [
        {"text": "Bees prefer roses.", "quotes": [quote(2, "wild bees prefer roses over clover")]},
        {"text": "A station runs 91 days.", "quotes": [quote(3, "station for caves that runs 90 days")]},
        {"text": "Bees do not prefer clover.", "quotes": [quote(2, "wild bees prefer clover")]},
        {"text": "Bees are nice.", "quotes": []},
        {"text": "n/a", "quotes": [quote(2, "wild bees prefer clover")]},
    ],
)
async def test_sentences_without_support_are_dropped(
    briefer: OpenAIBriefer, llm: LlmServer, lie: dict[str, object]
) -> None:
    sections = [{"topic": 1, "sentences": [COUNTS, CLOVER, lie]}, {"topic": 2, "sentences": [STATION]}]
    llm.writes({**WRITTEN, "sections": sections})
    brief = await briefer.brief(GROUPS)
    assert len(everything(brief)) == 5
    assert lie["text"] not in [s.text for s in everything(brief)]


@pytest.mark.parametrize(
    "quotes",
    [
        [quote(1, "from passive acoustic monitoring")],
        [quote(1, "counts wild bees"), quote(2, "wild bees prefer")],
    ],
)
async def test_what_they_share_needs_papers_of_two_topics(
    briefer: OpenAIBriefer, llm: LlmServer, quotes: Sequence[object]
) -> None:
    llm.writes({**WRITTEN, "shared": [{"text": "Both do it.", "quotes": quotes}]})
    assert not (await briefer.brief(GROUPS)).shared


async def test_a_lying_brief_is_sent_back_once_and_then_refused(
    briefer: OpenAIBriefer, llm: LlmServer
) -> None:
    lies = {"sections": [{"topic": 1, "sentences": [{"text": "All is well.", "quotes": []}]}]}
    llm.writes(lies, WRITTEN)
    assert everything(await briefer.brief(GROUPS))
    assert "All is well." in llm.asked[1].last
    llm.writes(lies, lies)
    with pytest.raises(ModelLied):
        await briefer.brief(GROUPS)


async def test_nothing_to_read_costs_nothing(briefer: OpenAIBriefer, llm: LlmServer) -> None:
    brief = await briefer.brief(((BEES, ()), (BATS, ())))
    assert [section.statements for section in brief.sections] == [(), ()]
    assert not llm.asked


# --- the whole --------------------------------------------------------------------------------------


def row(found: Paper, score: float) -> tuple[Paper, Decision]:
    return found, Decision(found.id, "t", score, 0.5, True, "")


async def find(topic: Topic, since: date | None) -> list[tuple[Paper, Decision]]:
    return [row(found, 0.9) for name, papers in GROUPS if name == topic for found in papers]


async def test_a_failing_model_gives_way_to_the_papers_own_words(
    briefer: OpenAIBriefer, llm: LlmServer
) -> None:
    llm.fails(500, times=9)
    briefs = Briefs(find=find, embedded=EmbeddedBriefer(), model=briefer)
    brief, read = await briefs.write([BEES, BATS])
    assert brief.model == "embedded"
    assert "the papers' own words" in brief.note
    assert set(read) == {HIVE.id, FOOD.id, CAVE.id}


async def test_too_many_topics_are_refused() -> None:
    briefs = Briefs(find=find, embedded=EmbeddedBriefer())
    for topics in ([], [BEES] * 6):
        with pytest.raises(UsageError, match="1 to 5 topics"):
            await briefs.write(topics)


def test_the_best_then_the_newest_papers_are_read() -> None:
    old = replace(HIVE, announced=date(2026, 1, 1))
    new = replace(FOOD, announced=date(2026, 5, 1))
    assert choose([row(old, 0.91), row(new, 0.88)]) == [new, old]
    assert choose([row(old, 0.99), row(new, 0.71)]) == [old, new]


def test_bare_withdrawn_and_repeated_papers_are_not_read() -> None:
    twin = replace(HIVE, id=PaperId("doi:10.1/x"), title="Counting Bees by Ear")
    rows = [row(HIVE, 0.9), row(twin, 0.8), row(replace(CAVE, withdrawn=True), 1.0)]
    rows.append(row(replace(FOOD, abstract=""), 1.0))
    assert choose(rows) == [HIVE]
    assert len(choose([row(paper(n, f"Title {n} {n * 7}", "Words."), 0.5) for n in range(10, 40)])) == PAPERS
