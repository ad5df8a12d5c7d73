"""What the core relies on in every source of papers, whatever it asks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from bot import identity
from bot.ports import Source
from bot.sources.arxiv import Arxiv
from bot.sources.biorxiv import Biorxiv
from bot.sources.feeds import Feed
from bot.sources.huggingface import HuggingFace
from bot.web import Web
from tests.fakes.clock import SetClock
from tests.fakes.feed import Feed as Story
from tests.fakes.web import Answer, Site, broken, redirect, throttled


@dataclass
class World:
    """A source, and the site it asks; ``path`` is where its papers are."""

    source: Source
    site: Site
    path: str
    good: Answer


def arxiv(form: str) -> Callable[[Web, SetClock, Site], World]:
    def make(web: Web, clock: SetClock, site: Site) -> World:
        story = Story()
        story.paper("A new paper")
        source = Arxiv(
            web, clock, categories=["cs.CV"], feed_url=f"{site.url}/{form}", api_url=f"{site.url}/api/query"
        )
        return World(source, site, f"/{form}/*", Answer(story.atom() if form == "atom" else story.rss()))

    return make


def biorxiv(web: Web, clock: SetClock, site: Site) -> World:
    record = {
        "doi": "10.64898/2025.08.19.123456",
        "title": "A new paper",
        "version": "1",
        "date": "2025-08-20",
    }
    good = json.dumps({"messages": [{"status": "ok", "total": "1"}], "collection": [record]})
    return World(
        Biorxiv(web, clock, api_url=site.url, servers=["biorxiv"]), site, "/details/*", Answer(good.encode())
    )


def huggingface(web: Web, clock: SetClock, site: Site) -> World:
    good = json.dumps([{"paper": {"id": "2508.00001", "title": "A new paper"}}])
    return World(HuggingFace(web, clock, api_url=site.url), site, "/daily_papers", Answer(good.encode()))


def journal(web: Web, clock: SetClock, site: Site) -> World:
    item = "<item><title>A new paper</title><link>https://x.org/1</link><pubDate>2025-08-20</pubDate></item>"
    good = Answer(f"<rss version='2.0'><channel><title>J</title>{item}</channel></rss>".encode())
    return World(Feed(web, clock, name="Journal", url=f"{site.url}/feed"), site, "/feed", good)


@pytest.fixture(
    params=[arxiv("atom"), arxiv("rss"), biorxiv, huggingface, journal], ids=lambda make: make.__qualname__
)
async def world(request: pytest.FixtureRequest, site: Site) -> AsyncIterator[World]:
    clock = SetClock()
    async with Web(clock, trusted=[site.url], usual_pace=0) as web:
        made: World = request.param(web, clock, site)
        yield made


async def test_brings_papers_that_can_be_kept(world: World) -> None:
    world.site.on(world.path, world.good)
    harvest = await world.source.fetch({})
    assert harvest.source == world.source.name
    assert (harvest.state, harvest.detail) == ("ok", "")
    (sighting,) = harvest.sightings
    assert sighting.paper.title == "A new paper"
    assert sighting.paper.url.startswith("https://")
    assert sighting.paper.source
    assert identity.address(sighting.paper.id).startswith("https://")
    assert sighting.kind in ("new", "featured")


async def test_its_memory_is_text_and_may_be_handed_back(world: World) -> None:
    world.site.on(world.path, world.good)
    first = await world.source.fetch({})
    assert all(isinstance(text, str) for pair in first.memory.items() for text in pair)
    assert (await world.source.fetch(first.memory)).state in ("ok", "quiet")


@pytest.mark.parametrize(
    "memory", [{"url": "x", "until": "x", "until/biorxiv": "x", "batch/cs.CV": "x"}, {"a": ""}]
)
async def test_a_foreign_memory_does_no_harm(world: World, memory: dict[str, str]) -> None:
    world.site.on(world.path, world.good)
    assert len((await world.source.fetch(memory)).sightings) == 1


@pytest.mark.parametrize(
    "answer",
    [
        throttled("600"),
        broken(),
        Answer(b""),
        Answer(b"<!DOCTYPE html><html><title>Captcha</title></html>", kind="text/html"),
        Answer(b"\xff\xfe\x00garbage"),
        Answer(b"x" * 100, cut=10),
        Answer(status=403),
        redirect("http://10.0.0.1/"),
        redirect("file:///etc/passwd"),
    ],
    ids=["429", "503", "empty", "web page", "garbage", "cut", "403", "private", "file"],
)
async def test_a_fault_is_told_never_raised_and_nothing_is_forgotten(world: World, answer: Answer) -> None:
    world.site.on(world.path, answer)
    memory = {"until": "2025-08-19", "kept": "yes"}
    harvest = await world.source.fetch(memory)
    assert harvest.state == "failed"
    assert harvest.detail.endswith((".", "”."))
    assert dict(harvest.memory) == memory
    assert harvest.sightings == ()
