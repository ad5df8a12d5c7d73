"""What the core relies on wherever one paper can be asked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from bot.domain import PaperId
from bot.errors import SourceError
from bot.ports import Lookup
from bot.sources.arxiv import Arxiv
from bot.sources.biorxiv import Biorxiv
from bot.sources.lookup import Lookups
from bot.web import Web
from tests.fakes.clock import SetClock
from tests.fakes.feed import Feed as Story
from tests.fakes.web import Answer, Site, broken


@dataclass
class World:
    """A look-up, its site, and the id of the one paper that it knows."""

    lookup: Lookup
    site: Site
    paper: PaperId
    down: Callable[[], object]


def arxiv(web: Web, site: Site) -> World:
    story = Story()
    known = story.paper("The paper", id="2508.00001")
    story.serve(site)
    lookup = Arxiv(
        web, SetClock(), categories=["cs.CV"], feed_url=f"{site.url}/atom", api_url=f"{site.url}/api/query"
    )
    return World(lookup, site, PaperId(f"arxiv:{known}"), lambda: site.on("/api/query", broken()))


def biorxiv(web: Web, site: Site) -> World:
    record = {"doi": "10.1101/2025.08.19.123456", "title": "The paper", "version": "1"}
    good = json.dumps({"messages": [{"status": "ok", "total": "1"}], "collection": [record]})
    nothing = json.dumps({"messages": [{"status": "no posts found"}], "collection": []})
    site.on("/details/*", Answer(nothing.encode()))
    site.on("/details/biorxiv/10.1101/2025.08.19.123456*", Answer(good.encode()))
    lookup = Biorxiv(web, SetClock(), api_url=site.url, servers=["biorxiv"])

    def down() -> None:
        site.on("/details/biorxiv/10.1101/2025.08.19.123456*", broken())

    return World(lookup, site, PaperId("doi:10.1101/2025.08.19.123456"), down)


def registers(web: Web, site: Site) -> World:
    work = {"message": {"DOI": "10.1101/2025.08.19.123456", "title": ["The paper"], "abstract": "Words."}}
    site.on("/cr/works/10.1101%2F2025.08.19.123456", Answer(json.dumps(work).encode()))
    site.on("/oa/works", Answer(b'{"results": []}'))
    lookup = Lookups(web, crossref_url=f"{site.url}/cr", openalex_url=f"{site.url}/oa")

    def down() -> None:
        site.on("/cr/works/10.1101%2F2025.08.19.123456", broken()).on("/oa/*", broken())

    return World(lookup, site, PaperId("doi:10.1101/2025.08.19.123456"), down)


@pytest.fixture(params=[arxiv, biorxiv, registers], ids=lambda make: make.__name__)
async def world(request: pytest.FixtureRequest, site: Site) -> AsyncIterator[World]:
    async with Web(SetClock(), trusted=[site.url], usual_pace=0) as web:
        made: World = request.param(web, site)
        yield made


async def test_finds_the_paper_it_knows_among_others(world: World) -> None:
    others = [PaperId("arxiv:2401.99999"), PaperId("doi:10.5555/none"), PaperId("url:example.org/x")]
    found = await world.lookup.find([*others, world.paper])
    assert [(paper.id, paper.title) for paper in found] == [(world.paper, "The paper")]


async def test_asks_nobody_about_nothing(world: World) -> None:
    assert list(await world.lookup.find([])) == []
    assert world.site.asked == []


async def test_search_gives_papers_or_nothing(world: World) -> None:
    assert len(await world.lookup.search("the paper", limit=3)) <= 3


async def test_a_fault_is_ours(world: World) -> None:
    world.down()
    with pytest.raises(SourceError, match=r"\.$"):
        await world.lookup.find([world.paper])
