"""The daily decision on a small library of our own making, through the real storage."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import Decision, Paper, PaperId, Sighting, Topic
from bot.errors import UsageError
from bot.match import THRESHOLD, LibraryMatcher, require_words
from storage.engine import connect
from storage.papers import Papers

NOW = datetime(2026, 5, 20, 8, tzinfo=UTC)
TODAY = NOW.date()

THEMES = {
    "gaussian splatting": "splats radiance field novel view synthesis rendering scene camera densification",
    "dark matter": "halo galaxy lensing cosmology axion detector annihilation subhalo density profile",
    "machine translation": "bilingual parallel corpus source target sentence fluency adequacy language pair",
    "federated learning": "clients server aggregation privacy heterogeneous devices rounds communication",
}
FILLER = str.split(
    "we present method results show experiments propose study improve performance approach data model "
    "evaluate compare baseline analysis large framework training task problem demonstrate effective"
)


OTHER = str.split(
    "enzyme polymer turbulence auction syntax glacier robot gripper phonon catalyst vaccine ledger "
    "hash compiler kernel fairness poll tutor melody seismic crop drone battery solder antenna"
)


def paper(number: int, title: str, abstract: str, day: date = TODAY) -> Paper:
    return Paper(PaperId(f"arxiv:2605.{number:05}"), title, abstract, announced=day, source="arxiv")


def written(chance: random.Random, phrase: str, *, named: bool) -> tuple[str, str]:
    """A title and abstract in the words of a theme, with or without its name."""
    own = THEMES[phrase].split()
    body = chance.choices(own, k=14) + chance.choices(FILLER, k=30)
    chance.shuffle(body)
    title = f"{chance.choice(FILLER)} {phrase if named else chance.choice(own)} {chance.choice(own)}"
    return title, " ".join(body) + (f" {phrase} {phrase}" if named else "")


def made_library() -> list[Paper]:
    chance = random.Random(3)
    made = []
    for number in range(900):
        if number % 3:
            title, abstract = (
                " ".join(chance.choices(OTHER, k=4)),
                " ".join(chance.choices(OTHER + FILLER, k=40)),
            )
        else:
            phrase = list(THEMES)[number % len(THEMES)]
            title, abstract = written(chance, phrase, named=chance.random() < 0.8)
        made.append(paper(number, title, abstract, TODAY - timedelta(days=1 + number % 40)))
    return made


def made_day() -> list[Paper]:
    chance = random.Random(5)
    return [
        paper(9000 + number, *written(chance, list(THEMES)[number % len(THEMES)], named=number % 3 == 0))
        for number in range(40)
    ]


@pytest.fixture
async def papers() -> AsyncIterator[Papers]:
    database = await connect("sqlite:///:memory:")
    yield Papers(database)
    await database.close()


@pytest.fixture
async def library(papers: Papers) -> Papers:
    await papers.add([Sighting(one) for one in made_library()], now=NOW)
    return papers


async def decided(papers: Papers, topic: str, among: Sequence[Paper]) -> list[Decision]:
    return await LibraryMatcher(papers).decide(Topic.parse(topic), among)


async def one(papers: Papers, topic: str, title: str, abstract: str = "") -> Decision:
    (decision,) = await decided(papers, topic, [paper(1, title, abstract)])
    return decision


@pytest.mark.parametrize(
    ("topic", "title", "abstract", "matched"),
    [
        ("gaussian splatting", "3D Gaussian Splatting for everyone", "", True),
        ("graph neural networks", "A Graph Neural Network", "", True),
        ("retrieval-augmented generation", "On Retrieval Augmented Generation", "", True),
        ("LLM agents", "Planning", "We study an LLM agent that plans.", True),
        ("dark matter", "Black holes", "They are dark. Matter falls in.", True),
        ("dark matter", "Matter in the dark", "", True),
        ("gaussian splatting", "Gaussian mixtures", "A splatting of paint.", False),
        ("gaussian splatting", "Cooking rice", "Boil it.", False),
        ("图神经网络", "一种图神经网络方法", "", True),
        ("图神经网络", "一种方法", "", False),
        ("avatar | talking head", "Talking heads from one photo", "", True),
    ],
)
async def test_with_an_empty_library_the_phrase_decides_and_says_so(
    papers: Papers, topic: str, title: str, abstract: str, matched: bool
) -> None:
    decision = await one(papers, topic, title, abstract)
    assert decision.matched is matched
    assert "too few papers" in decision.why
    assert decision.method.startswith("phrase/")
    assert decision.threshold == THRESHOLD


async def test_the_library_teaches_what_a_topic_looks_like_without_its_name(library: Papers) -> None:
    day = made_day()
    for phrase in THEMES:
        decisions = await decided(library, phrase, day)
        about = {found.id for number, found in enumerate(day) if list(THEMES)[number % len(THEMES)] == phrase}
        matched = {decision.paper_id for decision in decisions if decision.matched}
        assert matched <= about
        assert len(matched) >= 0.6 * len(about)
        ranked = sorted(decisions, key=lambda decision: -decision.score)
        assert {decision.paper_id for decision in ranked[: len(about)]} == about
        assert all(decision.method.startswith("taught/") for decision in decisions)


async def test_a_taught_decision_shows_the_papers_own_words(library: Papers) -> None:
    day = made_day()
    decisions = await decided(library, "gaussian splatting", day)
    unnamed = next(
        d for d, found in zip(decisions, day, strict=True) if d.matched and "splatting" not in found.abstract
    )
    shown = unnamed.why.partition(": ")[2].split(", ")
    text = next(found for found in day if found.id == unnamed.paper_id)
    assert shown
    assert all(word in f"{text.title} {text.abstract}" for words in shown for word in words.split())
    assert next(d for d in decisions if d.score < 0.05).why == "unlike the papers on this topic"


async def test_what_was_announced_on_the_day_does_not_teach_it(library: Papers) -> None:
    day = made_day()
    before = await decided(library, "dark matter", day)
    await library.add([Sighting(found, "new") for found in day], now=NOW)
    after = await decided(library, "dark matter", day)
    assert [d.matched for d in after] == [d.matched for d in before]


async def test_the_same_library_gives_the_same_decisions(library: Papers) -> None:
    day = made_day()
    matcher = LibraryMatcher(library)
    first = await matcher.decide(Topic.parse("federated learning"), day)
    await matcher.decide(Topic.parse("dark matter"), day[:7])
    assert await matcher.decide(Topic.parse("federated learning"), day) == first
    assert await decided(library, "federated learning", day) == first


@pytest.mark.parametrize("word", ["survey", "Surveys", "novel view", "splats"])
async def test_an_excluded_word_rules_a_paper_out(library: Papers, word: str) -> None:
    decision = await one(
        library,
        f"gaussian splatting not: {word}",
        "Gaussian splatting: a survey",
        "Splats, novel-view synthesis",
    )
    assert not decision.matched
    assert decision.score == 0.0
    assert word in decision.why


async def test_an_excluded_word_lets_the_others_pass(library: Papers) -> None:
    day = made_day()
    free = await decided(library, "gaussian splatting", day)
    bound = await decided(library, "gaussian splatting not: survey", day)
    assert [d.score for d in bound] == [d.score for d in free]


@pytest.mark.parametrize(
    "topic",
    [
        "", "of the with", "😀 !!", "not: survey", "a" * 10_000, "word " * 2000, '"', "AND OR NOT NEAR(",
        "x*", "title: abstract", "$\\alpha$", "\x00 null", "图神经网络", "| | |", "''; DROP TABLE paper;--",
    ],
)  # fmt: skip
async def test_an_odd_topic_decides_and_raises_nothing(library: Papers, topic: str) -> None:
    day = made_day()
    decisions = await decided(library, topic, day)
    assert [d.paper_id for d in decisions] == [found.id for found in day]
    assert all(0.0 <= d.score <= 1.0 and d.why for d in decisions)
    assert not any(d.matched for d in decisions)


async def test_an_odd_paper_is_decided_like_any_other(library: Papers) -> None:
    odd = [
        paper(1, "", ""),
        paper(2, "😀", "\x00"),
        paper(3, "dark " * 30_000, ""),
        paper(4, "the of", "and"),
    ]
    assert len(await decided(library, "dark matter", odd)) == 4


async def test_no_papers_no_decisions(papers: Papers) -> None:
    assert await decided(papers, "dark matter", []) == []


@pytest.mark.parametrize("topic", ["", "of the", "😀", "not: survey", "x" * 300])
def test_a_topic_nobody_could_follow_is_refused_in_words(topic: str) -> None:
    with pytest.raises(UsageError, match="topic"):
        require_words(Topic.parse(topic))


def test_a_real_topic_is_not_refused() -> None:
    require_words(Topic.parse("gaussian splatting | 3DGS not: survey"))
    require_words(Topic.parse("图神经网络"))
