"""Short names learned from brackets, and what they do for a topic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import Paper, PaperId, Sighting, Topic
from bot.match import LibraryMatcher
from bot.match.acronyms import short_name, stands_for
from storage.engine import connect
from storage.papers import Papers
from tests.core.test_match import NOW, OTHER, made_library


def paper(number: int, title: str, abstract: str = "", day: date = date(2026, 5, 1)) -> Paper:
    return Paper(PaperId(f"arxiv:2604.{number:05}"), title, abstract, announced=day)


def papers(text: str, count: int = 12) -> list[Paper]:
    return [paper(number, "Scenes", text) for number in range(count)]


@pytest.mark.parametrize(
    ("phrase", "text", "name"),
    [
        ("gaussian splatting", "We extend 3D Gaussian Splatting (3DGS) to rain.", "3DGS"),
        ("retrieval-augmented generation", "Retrieval augmented generation (RAG) helps.", "RAG"),
        ("vision-language-action models", "Vision-Language-Action (VLA) models act.", "VLA"),
        ("vision-language-action models", "Vision-language-action models (VLAs) act.", "VLA"),
        ("neural radiance fields", "neural radiance field (NeRF)", "NeRF"),
        ("gaussian splatting", "Gaussian splatting (Kerbl et al.) and Gaussian splatting (see below)", ""),
        ("gaussian splatting", "Gaussian splatting (SOTA) is fast.", ""),
        ("gaussian splatting", "Splatting Gaussian (SG) blobs.", ""),
        ("splatting", "Gaussian splatting (GS)", ""),
        ("", "anything (AT)", ""),
        ("gaussian splatting", "(GS)", ""),
    ],
)
def test_what_stands_in_brackets_behind_the_phrase(phrase: str, text: str, name: str) -> None:
    assert short_name(phrase, papers(text)) == name


def test_few_definitions_teach_nothing() -> None:
    assert short_name("gaussian splatting", papers("Gaussian splatting (GS)", 9)) == ""
    mixed = [paper(n, "Gaussian splatting " + f"(G{'ABCDEFGHIJKLMNO'[n % 15]}S)") for n in range(60)]
    assert short_name("gaussian splatting", mixed) == ""


def test_a_name_that_mostly_means_something_else_is_not_taken() -> None:
    own, others = papers("Gaussian splatting (GS)"), papers("The GS of Geneva")
    assert stands_for("GS", "gaussian splatting", own + others)
    assert not stands_for("GS", "gaussian splatting", own + others + others)
    assert not stands_for("GS", "gaussian splatting", [])


@pytest.fixture
async def library() -> AsyncIterator[Papers]:
    """A library whose papers on splatting say 3DGS, some with its definition."""
    database = await connect("sqlite:///:memory:")
    store = Papers(database)
    day = NOW.date() - timedelta(days=30)
    known = [
        paper(n, f"3D Gaussian splatting (3DGS) for {OTHER[n]}", "Splats and 3DGS. 3DGS.", day)
        for n in range(len(OTHER))
    ]
    await store.add([Sighting(item, "known") for item in (*made_library(), *known)], now=datetime.now(UTC))
    yield store
    await database.close()


async def test_a_paper_with_the_short_name_alone_belongs(library: Papers) -> None:
    today = [
        paper(90001, "Faster 3DGS for enzymes", "Splats and 3DGS. 3DGS.", NOW.date()),
        paper(90002, "Faster glaciers for enzymes", "A study of catalyst and polymer.", NOW.date()),
    ]
    one, other = await LibraryMatcher(library).decide(Topic.parse("gaussian splatting"), today)
    assert one.matched
    assert "phrase in the title" in one.why
    assert not other.matched
