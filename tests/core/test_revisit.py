"""A second look at papers that people met: what became of them where no feed tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest

from bot.domain import Paper, PaperId, Sighting, UserId
from bot.revisit import Revisit
from bot.sources.arxiv import Arxiv
from bot.sources.lookup import Lookups
from bot.web import Web
from storage.engine import Database
from tests.core.test_lookup import TITLE, one, work
from tests.core.test_watch import Reading
from tests.fakes.feed import Feed
from tests.fakes.newsroom import MORNING, ROOM
from tests.fakes.web import Answer, Asked, Site, broken

BIRDS = Paper(
    PaperId("arxiv:2508.00001"),
    TITLE,
    "We study birds.",
    ("Ada Lovelace",),
    ("q-bio.PE",),
    published=date(2025, 8, 1),
    source="arxiv",
    url="https://arxiv.org/abs/2508.00001",
)
ARTICLE = replace(
    BIRDS, id=PaperId("doi:10.1038/x1"), doi="10.1038/x1", source="crossref", title="Other birds"
)


class Again(Reading):
    """A newsroom that looks again, at an arXiv and a Crossref on loopback."""

    async def saved(self, *papers: Paper) -> None:
        await self.papers.add([Sighting(paper, "known") for paper in papers], now=MORNING)
        for paper in papers:
            await self.channels.keep(UserId("fake:ada"), ROOM, paper.id, MORNING)

    def look(self, web: Web, site: Site) -> Revisit:
        registers = Lookups(web, crossref_url=site.url, openalex_url=f"{site.url}/alex")
        arxiv = Arxiv(
            web, self.clock, categories=["cs.CV"], feed_url=site.url, api_url=f"{site.url}/api/query"
        )
        return Revisit(
            changes=self.changes,
            papers=self.papers,
            lookups=[arxiv, registers],
            journals=registers.journal_version,
            clock=self.clock,
        )

    async def month(self, again: Revisit) -> int:
        """Looks on 28 days running; how many papers were found in all."""
        found = 0
        for _ in range(28):
            self.clock.forward(days=1)
            found += await again.look()
        return found


@pytest.fixture
async def room(database: Database) -> Again:
    made = Again(database)
    made.prepare()
    return made


@pytest.fixture
async def web(site: Site, room: Again) -> AsyncIterator[Web]:
    async with Web(room.clock, trusted=[site.url], usual_pace=0.0) as web:
        yield web


def arxiv_has(site: Site, *, version: int = 1, abstract: str = "We study birds.") -> None:
    feed = Feed()
    feed.paper(TITLE, abstract, id="2508.00001", authors=["Ada Lovelace"], version=version)
    site.on("/api/query", Answer(feed.api(list(feed.known.values())), kind="application/atom+xml"))


def nothing(site: Site) -> None:
    """Neither register knows anything."""
    site.on("/api/query", Answer(Feed().api([]), kind="application/atom+xml"))
    site.on("/works", Answer(b'{"message": {"items": []}}'))
    site.on("/works/*", Answer(b"none", 404))
    site.on("/alex/*", Answer(b"none", 404))


async def test_a_new_version_that_no_feed_told_is_noticed(room: Again, web: Web, site: Site) -> None:
    await room.saved(BIRDS)
    nothing(site)
    arxiv_has(site, version=2, abstract="We study bees.")
    assert await room.month(room.look(web, site)) == 4
    (change,) = await room.changes.since(MORNING)
    assert (change.kind, change.before) == ("replaced", 1)
    assert "Version 2" in (await room.told())[0][1]


async def test_a_preprint_that_was_published_is_noticed(room: Again, web: Web, site: Site) -> None:
    await room.saved(BIRDS)
    nothing(site)
    site.on("/works", Answer(one({"items": [work()]}).body))
    await room.month(room.look(web, site))
    kept = await room.papers.get(BIRDS.id)
    assert kept is not None
    assert (kept.id, kept.journal, kept.doi, kept.abstract) == (
        BIRDS.id, "Journal of Birds", "10.1038/x1", BIRDS.abstract,
    )  # fmt: skip
    assert "It appeared in Journal of Birds" in (await room.told())[0][1]


async def test_retractions_are_noticed(room: Again, web: Web, site: Site) -> None:
    published = replace(BIRDS, doi="10.1038/x9", journal="Journal of Birds")
    await room.saved(published, ARTICLE)
    nothing(site)
    retracted = {"updated-by": [{"type": "retraction", "DOI": "10.1038/r1"}]}
    site.on("/works/10.1038%2Fx1", one(work(title=["Other birds"], **retracted)))
    site.on("/works/10.1038%2Fx9", one(work(DOI="10.1038/x9", **retracted)))
    await room.month(room.look(web, site))
    assert {
        change.paper_id for change in await room.changes.since(MORNING) if change.kind == "retracted"
    } == {
        BIRDS.id,
        ARTICLE.id,
    }


async def test_each_is_asked_about_once_a_week_and_journals_once_in_four(
    room: Again, web: Web, site: Site
) -> None:
    await room.saved(BIRDS)
    nothing(site)
    await room.month(room.look(web, site))
    paths = [asked.path for asked in site.asked]
    assert paths.count("/api/query") == 4
    assert paths.count("/works") == 1


async def test_papers_that_nobody_met_are_not_asked_about(room: Again, web: Web, site: Site) -> None:
    await room.papers.add([Sighting(BIRDS, "known")], now=MORNING)
    await room.month(room.look(web, site))
    assert site.asked == []


async def test_a_source_that_is_away_stops_nobody(room: Again, web: Web, site: Site) -> None:
    await room.saved(BIRDS, ARTICLE)
    nothing(site)
    site.on("/api/query", broken())
    site.on("/works/10.1038%2Fx1", one(work(title=["Other birds"])))
    assert await room.month(room.look(web, site)) == 4


async def test_many_are_asked_about_together_over_a_week(room: Again, web: Web, site: Site) -> None:
    many = [replace(BIRDS, id=PaperId(f"arxiv:2508.{n:05}"), title=f"{TITLE} {n}") for n in range(1, 301)]
    await room.saved(*many)
    nothing(site)
    asked: list[int] = []

    def count(request: Asked) -> Answer:
        asked.append(len(request.query["id_list"].split(",")))
        return Answer(Feed().api([]), kind="application/atom+xml")

    site.on("/api/query", count)
    again = room.look(web, site)
    for _ in range(7):
        room.clock.forward(days=1)
        await again.look()
    assert sum(asked) == 300
    assert len(asked) == 7
