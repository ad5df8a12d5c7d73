"""bioRxiv and medRxiv: pages, odd counts, empty bodies, both DOI prefixes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import PaperId
from bot.errors import SourceError, Unreadable
from bot.sources import biorxiv
from bot.sources.biorxiv import Biorxiv
from bot.web import Web
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Asked, Site, broken


def preprint(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "title": f"Preprint <i>number</i> {number}",
        "authors": "Loconsole, M.; Xue, C.; Consortium for Birds",
        "doi": f"10.64898/2025.08.19.{number:06d}",
        "date": "2025-08-19",
        "version": "1",
        "type": "new results",
        "category": "Neuroscience",
        "abstract": "We study birds &amp; H<sub>2</sub>O.",
        "published": "NA",
        "server": "bioRxiv",
        **changed,
    }


def body(records: list[Any], *, total: object = None, status: str = "ok") -> bytes:
    message = {
        "status": status,
        "count": len(records),
        "total": str(len(records)) if total is None else total,
    }
    return json.dumps({"messages": [message], "collection": records}).encode()


def paged(records: list[Any], size: int) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        cursor = int(asked.path.rpartition("/")[2])
        return Answer(body(records[cursor : cursor + size], total=str(len(records))))

    return answer


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.on("/details/medrxiv/*", Answer(body([], status="no posts found")))
        yield site


@pytest.fixture
async def web(site: Site, clock: SetClock) -> AsyncIterator[Web]:
    async with Web(clock, trusted=[site.url], usual_pace=0) as web:
        yield web


@pytest.fixture
def source(site: Site, web: Web, clock: SetClock) -> Biorxiv:
    return Biorxiv(web, clock, api_url=site.url, servers=["biorxiv", "medrxiv"])


async def test_every_page_is_asked_for_once(source: Biorxiv, site: Site) -> None:
    site.on("/details/biorxiv/*", paged([preprint(number) for number in range(65)], 30))
    harvest = await source.fetch({})
    assert len(harvest.sightings) == 65
    assert harvest.state == "ok"
    assert harvest.parts == {"biorxiv": "ok", "medrxiv": "quiet"}
    paths = [asked.path for asked in site.asked if "biorxiv" in asked.path]
    assert paths == [f"/details/biorxiv/2025-08-19/2025-08-20/{cursor}" for cursor in (0, 30, 60)]
    paper = harvest.sightings[0].paper
    assert paper.id == "doi:10.64898/2025.08.19.000000"
    assert paper.title == "Preprint number 0"
    assert paper.abstract == "We study birds & H₂O."
    assert paper.authors == ("M. Loconsole", "C. Xue", "Consortium for Birds")
    assert paper.categories == ("neuroscience",)
    assert (paper.published, paper.announced, paper.source) == (
        date(2025, 8, 19),
        date(2025, 8, 19),
        "biorxiv",
    )
    assert (
        biorxiv.jats(paper) == "https://www.biorxiv.org/content/early/2025/08/19/2025.08.19.000000.source.xml"
    )


async def test_the_next_fetch_begins_where_the_last_one_ended(
    source: Biorxiv, site: Site, clock: SetClock
) -> None:
    site.on("/details/biorxiv/*", paged([preprint(1)], 30))
    first = await source.fetch({})
    clock.forward(days=4)
    await source.fetch(first.memory)
    clock.forward(days=60)
    await source.fetch(first.memory)
    spans = [asked.path.split("/")[3:5] for asked in site.asked if "biorxiv" in asked.path]
    assert spans == [["2025-08-19", "2025-08-20"], ["2025-08-19", "2025-08-24"], ["2025-10-09", "2025-10-23"]]


async def test_versions_journals_and_withdrawals(source: Biorxiv, site: Site) -> None:
    records = [
        preprint(1, version="1"),
        preprint(1, version="3", title="Better"),
        preprint(2, published="10.1091/MBC.E25", doi="10.1101/2025.01.01.123456"),
        preprint(3, title="WITHDRAWN: a preprint", type="withdrawn"),
    ]
    site.on("/details/biorxiv/*", paged(records, 100))
    found = {one.paper.id[-6:]: one for one in (await source.fetch({})).sightings}
    assert (found["000001"].kind, found["000001"].paper.version) == ("replace", 3)
    assert found["123456"].paper.doi == "10.1091/mbc.e25"
    assert found["000003"].paper.withdrawn


async def test_only_the_categories_asked_for(site: Site, web: Web, clock: SetClock) -> None:
    site.on("/details/biorxiv/*", paged([preprint(1), preprint(2, category="Ecology")], 100))
    source = Biorxiv(web, clock, api_url=site.url, servers=["biorxiv"], categories=["Ecology"])
    assert [one.paper.id[-6:] for one in (await source.fetch({})).sightings] == ["000002"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(b""), "empty"),
        (Answer(b"<html>down</html>"), "no JSON"),
        (Answer(b"[]"), "no messages"),
        (Answer(b'{"messages":[{"status":"Error: rate"}],"collection":[]}'), "Error: rate"),
        (Answer(b'{"messages":[{"status":"ok"}],"collection":{}}'), "no list"),
        (Answer(body(["a", "b"])), "None of the 2 records"),
        (broken(), "fault of its own"),
    ],
)
async def test_a_failing_server_is_told_and_the_other_one_kept(
    source: Biorxiv, site: Site, answer: Answer, words: str
) -> None:
    site.on("/details/biorxiv/*", answer).on("/details/medrxiv/*", paged([preprint(5, server="medRxiv")], 30))
    harvest = await source.fetch({"until/biorxiv": "2025-08-18"})
    assert harvest.state == "failed"
    assert harvest.detail.startswith("bioRxiv: ")
    assert words in harvest.detail
    assert harvest.parts == {"biorxiv": "failed", "medrxiv": "ok"}
    assert harvest.memory == {"until/biorxiv": "2025-08-18", "until/medrxiv": "2025-08-20"}
    assert [one.paper.source for one in harvest.sightings] == ["medrxiv"]


async def test_a_broken_record_is_told_and_the_rest_kept(source: Biorxiv, site: Site) -> None:
    records = [
        preprint(1),
        {"title": "No DOI"},
        preprint(2, doi="x"),
        preprint(3, title=" "),
        preprint(4, title=[]),
    ]
    site.on("/details/biorxiv/*", paged(records, 100))
    harvest = await source.fetch({})
    assert len(harvest.sightings) == 1
    reasons = {unusable.reason for unusable in harvest.unusable}
    assert reasons == {"Its doi is missing.", "It has no DOI.", "It has no title.", "Its title is no text."}


async def test_a_server_that_ignores_the_cursor_is_left(source: Biorxiv, site: Site) -> None:
    site.on("/details/biorxiv/*", Answer(body([preprint(1)], total="1000000")))
    harvest = await source.fetch({})
    assert len(harvest.sightings) == 1
    assert len([asked for asked in site.asked if "biorxiv" in asked.path]) == 2


async def test_an_empty_body_is_asked_for_once_more(source: Biorxiv, site: Site) -> None:
    site.on("/details/biorxiv/*", Answer(b""), Answer(body([preprint(1)])))
    assert (await source.fetch({})).parts["biorxiv"] == "ok"


async def test_journal_versions_and_look_ups(source: Biorxiv, site: Site) -> None:
    record = {
        "preprint_doi": "10.1101/2025.09.17.676679",
        "published_doi": "10.1091/mbc.E25-09-0454",
        "published_journal": "Molecular Biology of the Cell",
        "preprint_platform": "bioRxiv",
        "preprint_title": "Yeast",
        "preprint_authors": "Zhao, Y.",
        "preprint_date": "2025-09-20",
    }
    site.on("/pubs/biorxiv/*", paged([record, {**record, "preprint_doi": "x"}], 100))
    site.on("/pubs/medrxiv/*", Answer(body([], status="no articles found")))
    pages = [page async for page in source.published(date(2025, 9, 1), date(2025, 9, 5))]
    paper = pages[0].sightings[0].paper
    assert (paper.journal, paper.doi) == ("Molecular Biology of the Cell", "10.1091/mbc.e25-09-0454")
    assert pages[0].sightings[0].kind == "known"
    site.on("/details/biorxiv/10.64898/*", Answer(body([preprint(7), preprint(7, version="2")])))
    found = await source.find([PaperId("doi:10.64898/2025.08.19.000007"), PaperId("doi:10.1000/x")])
    assert [paper.version for paper in found] == [2]
    assert await source.search("birds", limit=3) == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(preprint(1))), json_values))
def test_any_record_is_read_or_refused(changed: dict[str, Any]) -> None:
    with suppress(SourceError):
        biorxiv.parse(body([preprint(1, **changed), preprint(2)]))


@given(st.binary(max_size=100) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_or_refused(raw: bytes) -> None:
    with suppress(SourceError):
        biorxiv.parse(raw)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Unreadable):
        biorxiv.parse(b"[" * 100_000)
