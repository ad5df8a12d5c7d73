"""Finding papers: words, meaning, names, ids, titles, filters, slips of the pen, and odd questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.domain import Filters, Paper, PaperId, Sighting
from bot.embedding import Embedding
from bot.errors import ModelError
from bot.llm.embed import StaticEmbedder
from bot.match import LibraryMatcher
from bot.search import Finder, excerpt, fused
from bot.spelling import Vocabulary, slips
from storage.engine import Database, connect
from storage.papers import Papers
from storage.runs import Runs
from storage.vectors import VectorIndex
from tests.fakes.clock import SetClock

if TYPE_CHECKING:
    from bot.ports import Embedder, Vectors

NOW = datetime(2026, 4, 15, 6, 0, tzinfo=UTC)


def _paper(
    number: int,
    title: str,
    abstract: str,
    *authors: str,
    category: str = "cs.CV",
    day: int = 1,
    source: str = "arxiv",
) -> Paper:
    return Paper(
        PaperId(f"arxiv:2604.{number:05}"),
        title,
        abstract,
        authors,
        (category,),
        announced=date(2026, 4, day),
        source=source,
        url=f"https://arxiv.org/abs/2604.{number:05}",
    )


LIBRARY = (
    _paper(
        1,
        "Radiance Fields from Casual Photographs",
        "We rebuild rooms from photographs. A radiance field is fitted in minutes.",
        "Ada Müller",
        "Yann A. Ostrava",
        day=2,
    ),
    _paper(
        2,
        "Splatting for Surgical Scenes",
        "Tissue moves. Gaussian splats follow it, and radiance is learnt per splat.",
        "Bo Chen",
        "Ada Lin",
        day=9,
    ),
    _paper(
        3,
        "Counting Bees by Sound",
        "A microphone in the meadow counts bees.",
        "Chen Bo Wei",
        category="cs.SD",
    ),
    _paper(
        4,
        "Large Language Models as Judges",
        "Judges disagree with people on long answers.",
        "Dana Ruiz",
        category="cs.CL",
        day=12,
        source="biorxiv",
    ),
    _paper(5, "What Is It Like to Be", "On being.", "Tom Nagel", category="cs.CY"),
)


class NoEncoder:
    """An encoder whose server is down."""

    name = "down"
    size = 4

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise ModelError("The server does not answer.")

    async def close(self) -> None:
        """Nothing is open."""


class TwoMeanings:
    """Knows insects from everything else."""

    name = "two"
    size = 2

    async def embed(self, texts: Sequence[str]) -> Vectors:
        insects = [any(word in text.lower() for word in ("bee", "insect", "pollinator")) for text in texts]
        return np.array([[1, 0] if insect else [0, 1] for insect in insects], np.float32)

    async def close(self) -> None:
        """Nothing is open."""


class Resting(SetClock):
    """Tells when it is slept on, and does not wake up."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asleep.set()
        await asyncio.Event().wait()


@pytest.fixture(scope="module")
def encoder() -> StaticEmbedder:
    return StaticEmbedder()


@pytest.fixture
async def small() -> AsyncIterator[Database]:
    database = await connect("sqlite:///:memory:")
    await Papers(database).add([Sighting(paper) for paper in LIBRARY], now=NOW)
    yield database
    await database.close()


async def _finder(database: Database, embedder: Embedder) -> Finder:
    papers, vectors = Papers(database), VectorIndex(database)
    await _embedding(database, embedder).once()
    return Finder(papers, LibraryMatcher(papers), vectors=vectors, embedder=embedder)


def _embedding(database: Database, embedder: Embedder, clock: SetClock | None = None) -> Embedding:
    return Embedding(
        papers=Papers(database),
        vectors=VectorIndex(database),
        embedder=embedder,
        runs=Runs(database),
        clock=clock or SetClock(NOW),
    )


async def _found(finder: Finder, query: str, **filters: object) -> list[int]:
    narrowed = Filters(**filters) if filters else None  # type: ignore[arg-type]
    searched = await finder.search(query, limit=3, filters=narrowed)
    return [int(item.paper.id[-5:]) for item in searched.found]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("bees", 3),
        ("radiance field", 1),
        ("how do people and models disagree?", 4),
        ("Ada Müller", 1),
        ("ada muller", 1),
        ("Lin Ada", 2),
        ("2604.00002", 2),
        ("https://arxiv.org/pdf/2604.00004v2.pdf", 4),
        ("doi:10.48550/arXiv.2604.00003", 3),
        ("Splatting for Surgical Scenes", 2),
        ("  large language models as JUDGES ", 4),
        ("What Is It Like to Be", 5),
    ],
)
async def test_the_first_is_what_was_meant(
    small: Database, encoder: StaticEmbedder, query: str, first: int
) -> None:
    assert (await _found(await _finder(small, encoder), query))[0] == first


async def test_meaning_finds_what_has_none_of_the_words(small: Database) -> None:
    finder = await _finder(small, TwoMeanings())
    assert (await _found(finder, "insect pollinators"))[0] == 3
    assert await _found(Finder(Papers(small), LibraryMatcher(Papers(small))), "insect pollinators") == []


async def test_nothing_is_found_rather_than_anything(small: Database, encoder: StaticEmbedder) -> None:
    assert await _found(await _finder(small, encoder), "volcanic basalt geochemistry") == []


@pytest.mark.parametrize("query", ["2308.04079", "https://doi.org/10.1234/radiance-field"])
async def test_an_id_that_the_library_lacks_finds_nothing_near_it(small: Database, query: str) -> None:
    assert await _found(await _finder(small, TwoMeanings()), query) == []


async def test_words_alone_serve_when_the_encoder_is_down(small: Database) -> None:
    finder = await _finder(small, NoEncoder())
    assert (await _found(finder, "bees"))[0] == 3
    (finding,) = await _embedding(small, TwoMeanings()).report()
    assert "0 of 5 papers" in finding.detail
    broken = _embedding(small, NoEncoder())
    await broken.once()
    (finding,) = await broken.report()
    assert (finding.ok, finding.detail) == (
        False,
        "search goes by words alone: The server does not answer.",
    )


async def test_filters_hold_for_words_and_for_meaning(database: Database, encoder: StaticEmbedder) -> None:
    await Papers(database).add([Sighting(paper) for paper in LIBRARY], now=NOW)
    finder = await _finder(database, encoder)
    assert await _found(finder, "radiance", since=date(2026, 4, 5)) == [2]
    assert sorted(await _found(finder, "radiance", category="cs.cv")) == [1, 2]
    assert await _found(finder, "language models", category="cs") == [4]
    assert await _found(finder, "bees", category="CS.SD") == [3]
    assert await _found(finder, "bees", category="cs.S") == []
    assert await _found(finder, "answers", source="bioRxiv") == [4]
    assert await _found(finder, "radiance", author="Müller, Ada") == [1]
    assert await _found(finder, "radiance", author="Y Ostrava") == [1]
    assert await _found(finder, "radiance", author="Bo Lin") == []
    assert await _found(finder, "", author="Ada Lin") == [2]
    assert await _found(finder, "", since=date(2026, 4, 5)) == [4, 2]
    assert await _found(finder, "radiance", author="!!") == []


async def test_a_filter_does_not_starve_behind_many_better_papers(small: Database) -> None:
    crowd = [_paper(100 + n, "Bees, bees and bees", "Bees.", category="q-bio.PE") for n in range(400)]
    await Papers(small).add([Sighting(paper) for paper in crowd], now=NOW)
    finder = await _finder(small, TwoMeanings())
    assert await _found(finder, "bees", category="cs.SD") == [3]


async def test_a_slip_in_a_rare_word_is_forgiven_and_told(small: Database, encoder: StaticEmbedder) -> None:
    finder = await _finder(small, encoder)
    searched = await finder.search("radience fields", limit=2)
    assert searched.instead == "radiance fields"
    assert searched.found[0].paper.id == LIBRARY[0].id
    assert (await finder.search("radiance fields", limit=2)).instead == ""
    assert (await finder.search("zzzzqqqq radiance", limit=2)).instead == ""


async def test_snippets_show_why(small: Database, encoder: StaticEmbedder) -> None:
    finder = await _finder(small, encoder)
    searched = await finder.search("fitted radiance", limit=1)
    assert searched.found[0].snippet == "A radiance field is fitted in minutes."


def test_a_long_sentence_is_cut_around_the_words() -> None:
    sentence = "nothing " * 60 + "splatting here " + "nothing " * 60
    cut = excerpt("splat", sentence)
    assert "splatting here" in cut
    assert cut.startswith("…")
    assert cut.endswith("…")
    assert len(cut) <= 202
    assert excerpt("the of", "the of") == ""
    assert excerpt("absent", "Something else.") == ""


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "?!.,;:",
        "the of and",
        'title:"x" AND (NOT y) NEAR(z, 2) *',
        '"unclosed',
        "' OR 1=1 --",
        "a* ^b -c +d {title}: e",
        "🐝🚀",
        "大型语言模型",
        "\\frac{\\alpha}{\\beta} $x_i^2$",
        "\x00\ud800 bees",
        "bees " * 2000,
        "x" * 10_000,
        "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 5,
        "https://example.org/nothing",
        "9999.99999",
    ],
)
async def test_odd_questions_get_an_answer(database: Database, encoder: StaticEmbedder, query: str) -> None:
    await Papers(database).add([Sighting(paper) for paper in LIBRARY], now=NOW)
    finder = await _finder(database, encoder)
    for filters in (None, Filters(author=query), Filters(category=query, source=query)):
        searched = await finder.search(query, limit=3, filters=filters)
        assert len(searched.found) <= 3


async def test_similar_papers_are_like_it_and_not_itself(small: Database) -> None:
    finder = await _finder(small, TwoMeanings())
    hives = _paper(9, "Hives at Night", "Insect sleep.")
    await Papers(small).add([Sighting(hives)], now=NOW)
    await _embedding(small, TwoMeanings()).once()
    found = await finder.similar(LIBRARY[2], limit=2)
    assert found[0].paper.id == hives.id
    assert LIBRARY[2].id not in [item.paper.id for item in found]


async def test_embedding_goes_on_where_it_stopped_and_follows_the_encoder(small: Database) -> None:
    vectors = VectorIndex(small)
    told: list[int] = []
    assert await _embedding(small, TwoMeanings()).once(progress=told.append) == 5
    assert told == [5]
    assert await _embedding(small, TwoMeanings()).once() == 0
    assert await _embedding(small, StaticEmbedder()).once() == 5
    assert (await vectors.count("two"), await vectors.count(StaticEmbedder.name)) == (0, 5)
    (finding,) = await _embedding(small, StaticEmbedder()).report()
    assert finding.detail == "all papers can be found by meaning (wordllama-l2-256)"


async def test_a_paper_that_reads_differently_is_embedded_anew(small: Database) -> None:
    finder = await _finder(small, TwoMeanings())
    changed = replace(LIBRARY[0], version=2, abstract="Now about pollinators.")
    await Papers(small).add([Sighting(changed, "replace")], now=NOW)
    assert await _embedding(small, TwoMeanings()).once() == 1
    assert sorted(await _found(finder, "insect")) == [1, 3]


async def test_the_service_embeds_what_comes_later(small: Database) -> None:
    clock = Resting(NOW)
    running = asyncio.create_task(_embedding(small, TwoMeanings(), clock).run())
    await clock.asleep.wait()
    assert await VectorIndex(small).count("two") == len(LIBRARY)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_scores_are_shares_of_the_best() -> None:
    one, two = PaperId("a"), PaperId("b")
    assert fused({one: 10.0, two: 5.0}, {two: 0.5}, 0.4) == pytest.approx({one: 0.6, two: 0.7})
    assert fused({one: 2.0}, {}, 0.4) == {one: 1.0}
    assert fused({}, {}, 0.4) == {}
    assert fused({one: 0.0}, {one: -0.2}, 0.4) == {one: 0.0}


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("splat", "splat", 0),
        ("splat", "spalt", 1),
        ("splat", "plat", 1),
        ("splat", "splint", 2),
        ("ab", "xyz", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    assert slips(one, other, 3) == count


def test_the_commonest_of_the_nearest_is_meant() -> None:
    known = Vocabulary(["radiance fields", "radiance", "radiancy", "splatting"])
    assert known.nearest("radience") == "radiance"
    assert known.nearest("splating") == "splatting"
    assert known.nearest("quantum") == ""
    assert known.nearest("radience", 2) == ""
