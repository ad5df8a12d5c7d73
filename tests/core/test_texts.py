"""Where full texts are asked for, and what one host's faults mean for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain import Paper, PaperId
from bot.texts import FetchedTexts
from bot.web import Web
from storage.engine import connect
from storage.readings import Readings
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Site

ARXIV = Paper(PaperId("arxiv:2508.00001"), "T", "An abstract.", source="arxiv")
PREPRINT = Paper(PaperId("doi:10.1101/2024.01.02.573888"), "T", "An abstract.", source="crossref")


@pytest.mark.parametrize(
    ("paper", "host"),
    [
        (PREPRINT, "www.biorxiv.org"),
        (replace(PREPRINT, source="medrxiv"), "www.medrxiv.org"),
        (replace(PREPRINT, source="feed", url="http://medrxiv.org/cgi/content/short/x"), "www.medrxiv.org"),
        (replace(PREPRINT, id=PaperId("doi:10.1101/318568"), source="Birds"), "www.biorxiv.org"),
        (replace(PREPRINT, id=PaperId("doi:10.1101/gr.1.1"), source="Genome Research"), ""),
        (replace(PREPRINT, id=PaperId("doi:10.1038/x1")), ""),
    ],
)
async def test_a_preprint_is_read_from_its_server_whoever_brought_it(paper: Paper, host: str) -> None:
    asked: list[str] = []

    async def nobody(name: str, port: int) -> Sequence[str]:
        asked.append(name)
        return []

    clock, database = SetClock(), await connect("sqlite:///:memory:")
    async with Web(clock, resolver=nobody) as web:
        texts = FetchedTexts(web, Readings(database), clock, html_url="http://h", pdf_url="http://p")
        assert (await texts.full_text(paper)).basis == "abstract"
    await database.close()
    assert set(asked) == ({host} if host else set())


async def test_one_server_that_is_away_does_not_keep_the_others_from_being_asked(site: Site) -> None:
    async def nobody(name: str, port: int) -> Sequence[str]:
        return [name] if name[0].isdigit() else []

    site.on("/*", Answer(b"none", 404))
    clock, database = SetClock(), await connect("sqlite:///:memory:")
    async with Web(clock, trusted=[site.url], resolver=nobody) as web:
        texts = FetchedTexts(web, Readings(database), clock, html_url=site.url, pdf_url=f"{site.url}/pdf")
        assert "could not be fetched" in (await texts.full_text(PREPRINT)).note
        await texts.full_text(ARXIV)
    await database.close()
    assert [one.path for one in site.asked] == ["/2508.00001v1", "/pdf/2508.00001v1"]
