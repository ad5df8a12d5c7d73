"""Crossref and OpenAlex: DOIs, titles, journal versions, retractions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Paper, PaperId
from bot.errors import SourceError, Unreachable
from bot.sources import lookup
from bot.sources.lookup import Lookups
from bot.web import Web
from tests.core.test_biorxiv import json_values
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Asked, Site, broken

TITLE = "Flight of the northern bird in winter"


def work(**changed: Any) -> dict[str, Any]:
    return {
        "DOI": "10.1038/X1",
        "title": [TITLE],
        "author": [{"given": "Ada", "family": "Lovelace"}, {"name": "Bird Consortium"}],
        "abstract": "<jats:title>Abstract</jats:title><jats:p>We study <jats:it>birds</jats:it>.</jats:p>",
        "container-title": ["Journal of Birds"],
        "published-online": {"date-parts": [[2025, 8]]},
        "type": "journal-article",
        **changed,
    }


def alex(**changed: Any) -> dict[str, Any]:
    return {
        "id": "https://openalex.org/W1",
        "doi": "https://doi.org/10.1038/x1",
        "title": TITLE,
        "publication_date": "2025-08-20",
        "authorships": [{"author": {"display_name": "Ada Lovelace"}, "raw_author_name": "A. Lovelace"}],
        "primary_location": {
            "landing_page_url": "https://doi.org/10.1038/x1",
            "source": {"display_name": "Journal of Birds", "type": "journal"},
        },
        "abstract_inverted_index": {"We": [0], "birds.": [2], "study": [1]},
        "is_retracted": False,
        **changed,
    }


def one(record: Any) -> Answer:
    return Answer(json.dumps({"status": "ok", "message": record}).encode())


def several(*records: Any) -> Answer:
    return one({"items": list(records)})


@pytest.fixture
async def lookups(site: Site) -> AsyncIterator[Lookups]:
    async with Web(SetClock(), trusted=[site.url], usual_pace=0) as web:
        yield Lookups(web, crossref_url=f"{site.url}/cr", openalex_url=f"{site.url}/oa", contact="lab@x.org")


async def test_a_doi_is_looked_up(lookups: Lookups, site: Site) -> None:
    site.on("/cr/works/*", one(work()))
    (paper,) = await lookups.find([PaperId("doi:10.1038/x1"), PaperId("arxiv:2508.00001")])
    assert (paper.id, paper.title, paper.doi) == ("doi:10.1038/x1", TITLE, "10.1038/x1")
    assert paper.abstract == "We study birds."
    assert paper.authors == ("Ada Lovelace", "Bird Consortium")
    assert (paper.journal, paper.published) == ("Journal of Birds", date(2025, 8, 1))
    assert site.asked[0].path == "/cr/works/10.1038%2Fx1"
    assert site.asked[0].query == {"mailto": "lab@x.org"}
    assert len(site.asked) == 1


async def test_what_crossref_lacks_comes_from_openalex(lookups: Lookups, site: Site) -> None:
    site.on("/cr/works/*", one(work(abstract=None, author=[]))).on(
        "/oa/works/*", Answer(json.dumps(alex()).encode())
    )
    (paper,) = await lookups.find([PaperId("doi:10.1038/x1")])
    assert paper.abstract == "We study birds."
    assert paper.authors == ("Ada Lovelace",)
    site.on("/cr/works/*", Answer(b"Resource not found.", 404))
    (paper,) = await lookups.find([PaperId("doi:10.1038/x1")])
    assert paper.source == "openalex"
    assert paper.journal == "Journal of Birds"
    site.on("/oa/works/*", Answer(b"<!doctype html><title>404</title>", 404))
    assert await lookups.find([PaperId("doi:10.1038/x1")]) == []


async def test_openalex_down_costs_only_the_abstract(lookups: Lookups, site: Site) -> None:
    site.on("/cr/works/*", one(work(abstract=None))).on("/oa/works/*", broken())
    (paper,) = await lookups.find([PaperId("doi:10.1038/x1")])
    assert paper.abstract == ""
    site.on("/cr/works/*", Answer(status=404))
    with pytest.raises(Unreachable):
        await lookups.find([PaperId("doi:10.1038/x1")])


async def test_a_title_is_looked_up_exactly(lookups: Lookups, site: Site) -> None:
    site.on("/cr/works", several(work(title=["Flight of another bird altogether"]), work()))
    paper = await lookups.by_title("flight of the Northern bird, in winter")
    assert paper is not None
    assert paper.id == "doi:10.1038/x1"
    assert await lookups.by_title("Something that nobody wrote about") is None


async def test_the_journal_version_of_a_preprint(lookups: Lookups, site: Site) -> None:
    preprint = Paper(PaperId("arxiv:2508.00001"), TITLE, authors=("Ada Lovelace",))
    by_other = work(DOI="10.1000/other", author=[{"given": "E", "family": "Else"}])
    itself = work(DOI="10.21203/rs.1", type="posted-content")
    site.on("/cr/works", several(by_other, itself, work()))
    found = await lookups.journal_version(preprint)
    assert found is not None
    assert found.id == "doi:10.1038/x1"
    assert (
        await lookups.journal_version(Paper(PaperId("arxiv:2508.00002"), "Editorial", authors=("A",))) is None
    )


async def test_crossref_s_own_word_counts_first(lookups: Lookups, site: Site) -> None:
    preprint = work(
        DOI="10.1101/2025.01.01.123456", relation={"is-preprint-of": [{"id-type": "doi", "id": "10.1038/X1"}]}
    )

    def answer(asked: Asked) -> Answer:
        return one(preprint if "1101" in asked.path else work(title=["Another title"]))

    site.on("/cr/works/*", answer)
    found = await lookups.journal_version(Paper(PaperId("doi:10.1101/2025.01.01.123456"), TITLE))
    assert found is not None
    assert found.title == "Another title"


async def test_openalex_is_searched(lookups: Lookups, site: Site) -> None:
    arxiv = alex(doi="https://doi.org/10.48550/arxiv.2201.06719")
    site.on("/oa/works", Answer(json.dumps({"results": [alex(), arxiv, alex(title=None)]}).encode()))
    papers = await lookups.search("birds", limit=5, since=date(2025, 1, 1))
    assert [paper.id for paper in papers] == ["doi:10.1038/x1", "arxiv:2201.06719"]
    assert papers[1].journal == ""
    assert site.asked[0].query["filter"] == "from_publication_date:2025-01-01"


@pytest.mark.parametrize(
    ("notices", "retracted"),
    [
        ([{"type": "retraction"}], True),
        ([{"type": "correction"}], False),
        ([], False),
        (None, False),
        ("x", False),
    ],
)
def test_retractions_are_known(notices: Any, retracted: bool) -> None:
    (paper,) = lookup.parse_crossref(one(work(**{"updated-by": notices})).body)
    assert paper.retracted is retracted


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"error":"Title match not found"}', b"<html>", b'{"message":[]}']
)
def test_another_answer_is_refused(body: bytes) -> None:
    for parse in (lookup.parse_crossref, lookup.parse_openalex):
        with pytest.raises(SourceError):
            parse(body)


@given(st.dictionaries(st.sampled_from([*work(), "relation", "updated-by", "issued"]), json_values))
def test_any_work_of_crossref_is_survived(changed: dict[str, Any]) -> None:
    body = one(work(**changed)).body
    with suppress(SourceError):
        lookup.parse_crossref(body)
        lookup.preprint_of(body)


@given(st.dictionaries(st.sampled_from(sorted(alex())), json_values))
def test_any_work_of_openalex_is_survived(changed: dict[str, Any]) -> None:
    with suppress(SourceError):
        lookup.parse_openalex(json.dumps(alex(**changed)).encode())
