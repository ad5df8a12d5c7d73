"""Hugging Face Daily Papers: the featured day, upvotes, code; fields that come and go."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SourceError, Unreadable
from bot.sources import huggingface
from bot.sources.huggingface import HuggingFace
from bot.web import Web
from tests.core.test_biorxiv import json_values
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Asked, Site, broken

DAY = date(2025, 8, 20)


def item(id: str = "2508.00001", **changed: Any) -> dict[str, Any]:
    """A record of 2026, with fields that nobody reads."""
    return {
        "paper": {
            "id": id,
            "title": "A featured\n  paper",
            "summary": "We study $\\alpha$.",
            "authors": [{"name": "Ada Lovelace", "hidden": False}, {"name": "Nobody", "hidden": True}],
            "publishedAt": "2025-08-18T17:34:15.000Z",
            "upvotes": 32,
            "githubRepo": "https://github.com/a/b",
            "ai_keywords": ["x"],
            **changed,
        },
        "publishedAt": "2025-08-19T20:00:00.000Z",
        "title": "A featured paper",
        "numComments": 3,
        "isAuthorParticipating": True,
    }


@pytest.fixture
async def source(site: Site, clock: SetClock) -> AsyncIterator[HuggingFace]:
    async with Web(clock, trusted=[site.url], usual_pace=0) as web:
        yield HuggingFace(web, clock, api_url=f"{site.url}/api")


def by_day(days: dict[str, list[Any]]) -> Any:
    return lambda asked: Answer(json.dumps(days.get(asked.query["date"], [])).encode())


async def test_a_featured_paper_is_the_arxiv_paper_with_a_badge(source: HuggingFace, site: Site) -> None:
    site.on(
        "/api/daily_papers", by_day({"2025-08-20": [item()], "2025-08-19": [item("2508.00002", upvotes="7")]})
    )
    harvest = await source.fetch({})
    assert [asked.query["date"] for asked in site.asked] == ["2025-08-18", "2025-08-19", "2025-08-20"]
    assert harvest.state == "ok"
    yesterday, today = harvest.sightings
    assert {one.kind for one in harvest.sightings} == {"featured"}
    assert yesterday.paper.upvotes == 7
    paper = today.paper
    assert (paper.id, paper.title, paper.abstract) == ("arxiv:2508.00001", "A featured paper", "We study α.")
    assert (paper.featured, paper.upvotes, paper.comments) == (DAY, 32, 3)
    assert paper.published == date(2025, 8, 18)
    assert paper.authors == ("Ada Lovelace",)
    assert paper.code == "https://github.com/a/b"


async def test_days_that_were_missed_are_asked_for(source: HuggingFace, site: Site, clock: SetClock) -> None:
    site.on("/api/daily_papers", by_day({}))
    first = await source.fetch({})
    assert (first.state, first.detail) == ("quiet", "No papers are featured today, so far.")
    clock.forward(days=5)
    site.asked.clear()
    await source.fetch(first.memory)
    assert len(site.asked) == 6
    clock.forward(days=100)
    site.asked.clear()
    await source.fetch(first.memory)
    assert len(site.asked) == 15


async def test_a_day_that_the_server_does_not_know_is_empty(source: HuggingFace, site: Site) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.query["date"] == "2025-08-20":
            return Answer(b'{"error":"Date must be in the past"}', 400)
        return Answer(json.dumps([item()]).encode())

    site.on("/api/daily_papers", answer)
    assert (await source.fetch({})).state == "quiet"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (broken(), "fault of its own"),
        (Answer(b'{"error":"Too many"}'), "Too many"),
        (Answer(b""), "empty"),
        (Answer(b"[\"{'paper': 1}\"]"), "None of the 1 records"),
    ],
)
async def test_a_failure_is_told(source: HuggingFace, site: Site, answer: Answer, words: str) -> None:
    site.on("/api/daily_papers", answer)
    harvest = await source.fetch({"until": "2025-08-19"})
    assert (harvest.state, dict(harvest.memory)) == ("failed", {"until": "2025-08-19"})
    assert harvest.detail.startswith("Hugging Face: ")
    assert words in harvest.detail


def test_records_of_former_years_lack_fields() -> None:
    bare = {"paper": {"id": "2405.15738", "authors": [{"user": {}, "name": "A B"}]}, "title": "Old"}
    day = huggingface.parse(json.dumps([bare]).encode(), DAY)
    paper = day.sightings[0].paper
    assert (paper.title, paper.upvotes, paper.comments, paper.code) == ("Old", None, None, "")


def test_a_record_s_own_day_counts_first() -> None:
    day = huggingface.parse(json.dumps([item(submittedOnDailyAt="2025-08-18T00:41:00.000Z")]).encode(), DAY)
    assert day.sightings[0].paper.featured == date(2025, 8, 18)


def test_a_broken_record_is_told_and_the_rest_kept() -> None:
    raw = [item(), item("nonsense"), {"paper": {"id": "2508.00009"}}, 5, {"paper": None}]
    day = huggingface.parse(json.dumps(raw).encode(), DAY)
    assert len(day.sightings) == 1
    assert [unusable.reason for unusable in day.unusable] == [
        "It is no object.",
        "Its paper is no object.",
        "It has no arXiv id.",
        "It has no title.",
    ]


@given(st.dictionaries(st.sampled_from(sorted(item()["paper"])), json_values))
def test_any_record_is_read_or_refused(changed: dict[str, Any]) -> None:
    raw = [item(), {**item(), "paper": {**item()["paper"], **changed}}]
    assert huggingface.parse(json.dumps(raw).encode(), DAY).sightings


@given(st.binary(max_size=100))
def test_any_body_is_read_or_refused(raw: bytes) -> None:
    with suppress(SourceError):
        huggingface.parse(raw, DAY)


def test_an_answer_of_another_kind_is_refused() -> None:
    with pytest.raises(Unreadable, match="no list of papers"):
        huggingface.parse(b"{}", DAY)
