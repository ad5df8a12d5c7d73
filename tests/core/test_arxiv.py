"""arXiv as a source: what a fetch brings, in good days and bad ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime

import pytest

from bot.domain import Harvest, PaperId
from bot.errors import SourceError, Throttled, Unreachable, Unreadable
from bot.sources.arxiv import Arxiv
from bot.sources.arxiv_health import announced_on, announcement_day
from bot.web import Web
from tests.fakes.clock import SetClock
from tests.fakes.feed import Feed, captcha, error_entry
from tests.fakes.web import Answer, Asked, Site, broken, throttled

CATEGORIES = ["cs.CV", "cs.CL"]


@pytest.fixture
def feed(site: Site) -> Feed:
    feed = Feed()
    feed.serve(site)
    return feed


@pytest.fixture
async def arxiv(site: Site, clock: SetClock) -> AsyncIterator[Arxiv]:
    async with Web(clock, trusted=[site.url], usual_pace=0) as web:
        yield Arxiv(
            web, clock, categories=CATEGORIES, feed_url=f"{site.url}/atom", api_url=f"{site.url}/api/query"
        )


def kinds(harvest: Harvest) -> dict[str, str]:
    return {sighting.paper.id: sighting.kind for sighting in harvest.sightings}


async def test_a_day_of_announcements(arxiv: Arxiv, feed: Feed, site: Site) -> None:
    new = feed.paper(
        "Gaussian splatting at night", authors=["Ada Lovelace", "Frank Hau{\\ss}er (TU Berlin, DE)"]
    )
    cross = feed.paper("Language in pictures", categories=["cs.CL", "cs.CV"], kind="cross")
    harvest = await arxiv.fetch({})
    assert site.asked[0].path == "/atom/cs.CV+cs.CL"
    assert kinds(harvest) == {f"arxiv:{new}": "new", f"arxiv:{cross}": "cross"}
    assert harvest.state == "ok"
    assert harvest.parts == {"cs.CV": "ok", "cs.CL": "ok"}
    paper = harvest.sightings[0].paper
    assert paper.authors == ("Ada Lovelace", "Frank Haußer")
    assert paper.abstract == "We study gaussian splatting at night."
    assert paper.url == f"https://arxiv.org/abs/{new}"
    assert paper.announced == paper.published == date(2025, 8, 20)


async def test_a_replacement_is_told_as_one(arxiv: Arxiv, feed: Feed, clock: SetClock) -> None:
    paper = feed.paper("A paper")
    first = await arxiv.fetch({})
    feed.next_day()
    clock.forward(days=1)
    feed.replaced(paper, "A better paper")
    second = await arxiv.fetch(first.memory)
    assert kinds(second) == {f"arxiv:{paper}": "replace"}
    assert second.sightings[0].paper.version == 2
    assert second.state == "ok"


async def test_an_empty_feed_at_the_weekend_is_quiet(arxiv: Arxiv, feed: Feed, clock: SetClock) -> None:
    feed.paper("A paper")
    friday = await arxiv.fetch({})
    clock.forward(days=3)
    feed.next_day(3)
    saturday = await arxiv.fetch(friday.memory)
    assert (saturday.state, saturday.detail) == ("quiet", "arXiv announces nothing at the weekend.")
    assert set(saturday.parts.values()) == {"quiet"}


async def test_friday_s_batch_is_quiet_on_sunday_and_stale_on_monday(
    arxiv: Arxiv, feed: Feed, clock: SetClock
) -> None:
    clock.forward(days=2)
    feed.next_day(2)
    vision = feed.paper("A paper")
    feed.paper("Words", categories=["cs.CL"])
    memory: Mapping[str, str] = (await arxiv.fetch({})).memory
    clock.forward(days=2)
    sunday = await arxiv.fetch(memory)
    assert sunday.state == "quiet"
    clock.forward(days=1)
    feed.next_day(3)
    words = feed.paper("Fresh words", categories=["cs.CL"])
    late = feed.paper("Fresh vision")
    feed.hide(late)
    feed.announced.append(feed.known[vision])
    monday = await arxiv.fetch(sunday.memory)
    assert monday.parts == {"cs.CV": "stale", "cs.CL": "ok"}
    assert monday.state == "stale"
    assert monday.detail == (
        "cs.CV shows nothing newer than the announcement of 2025-08-22. "
        "1 paper that the feed does not show came from arXiv's API."
    )
    assert kinds(monday) == {f"arxiv:{id}": "new" for id in (vision, words, late)}


async def test_a_category_of_which_the_api_knows_nothing_newer_is_quiet(
    arxiv: Arxiv, feed: Feed, clock: SetClock
) -> None:
    feed.paper("A paper")
    first = await arxiv.fetch({})
    clock.forward(days=1)
    second = await arxiv.fetch(first.memory)
    assert (second.state, second.detail, second.parts["cs.CV"]) == ("quiet", "", "quiet")


async def test_a_busy_category_that_stands_still_is_stale_whatever_the_api_says(
    arxiv: Arxiv, feed: Feed, clock: SetClock
) -> None:
    for number in range(6):
        feed.paper(f"Paper {number}")
    first = await arxiv.fetch({})
    clock.forward(days=1)
    second = await arxiv.fetch(first.memory)
    assert second.parts["cs.CV"] == "stale"
    assert second.state == "stale"
    assert "cs.CV shows nothing newer" in second.detail


async def test_days_that_were_missed_are_filled_from_the_api(
    arxiv: Arxiv, feed: Feed, site: Site, clock: SetClock
) -> None:
    feed.paper("Wednesday")
    first = await arxiv.fetch({})
    ids = []
    for _ in range(3):
        feed.next_day(1)
        clock.forward(days=1)
        ids.append(feed.paper(f"{feed.day:%A}"))
    site.asked.clear()
    saturday = await arxiv.fetch(first.memory)
    assert [asked.path for asked in site.asked] == ["/atom/cs.CV+cs.CL", "/api/query"]
    assert kinds(saturday) == {f"arxiv:{id}": "new" for id in ids}
    days = {one.paper.title: one.paper.announced for one in saturday.sightings}
    assert days == {"Thursday": date(2025, 8, 21), "Friday": date(2025, 8, 22), "Saturday": date(2025, 8, 23)}
    site.asked.clear()
    await arxiv.fetch(saturday.memory)
    assert [asked.path for asked in site.asked] == ["/atom/cs.CV+cs.CL"]


async def test_days_that_cannot_be_filled_are_asked_for_again(
    arxiv: Arxiv, feed: Feed, site: Site, clock: SetClock
) -> None:
    feed.paper("Wednesday")
    memory = (await arxiv.fetch({})).memory
    feed.next_day()
    missed = feed.paper("Thursday")
    feed.next_day()
    shown = feed.paper("Friday")
    clock.forward(days=2)
    site.on("/api/query", broken())
    friday = await arxiv.fetch(memory)
    assert friday.state == "stale"
    assert friday.detail.startswith("What the feed does not show could not be asked for: ")
    assert kinds(friday) == {f"arxiv:{shown}": "new"}
    feed.serve(site)
    again = await arxiv.fetch(friday.memory)
    assert kinds(again) == {f"arxiv:{missed}": "new", f"arxiv:{shown}": "new"}
    assert (again.state, again.detail) == (
        "ok",
        "1 paper that the feed does not show came from arXiv's API.",
    )


async def test_filling_that_broke_off_goes_on_where_it_stopped(
    arxiv: Arxiv, feed: Feed, site: Site, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sources.arxiv._A_PAGE", 3)
    feed.paper("Wednesday")
    memory = (await arxiv.fetch({})).memory
    feed.next_day()
    missed = [feed.paper(f"Thursday {number}") for number in range(4)]
    feed.next_day()
    shown = feed.paper("Friday")
    clock.forward(days=2)
    starts: list[str] = []

    def breaks_at_the_second_page(asked: Asked) -> Answer:
        starts.append(asked.query["start"])
        return feed.query(asked) if asked.query["start"] == "0" else broken()

    site.on("/api/query", breaks_at_the_second_page)
    friday = await arxiv.fetch(memory)
    assert friday.state == "stale"
    assert "beyond 2 papers" in friday.detail
    first = set(kinds(friday)) - {f"arxiv:{shown}"}
    assert len(first) == 2
    feed.serve(site)
    site.asked.clear()
    again = await arxiv.fetch(friday.memory)
    asked = [one.query["start"] for one in site.asked if one.path == "/api/query"]
    assert asked[0] == "3"
    assert first | set(kinds(again)) >= {f"arxiv:{id}" for id in missed}
    assert again.state == "ok"
    assert "gap" not in again.memory


async def test_a_paper_is_found_by_its_title(arxiv: Arxiv, feed: Feed) -> None:
    id = feed.paper("Flight of the bird: a study")
    found = await arxiv.titled("flight of the bird – A STUDY")
    assert found is not None
    assert found.id == f"arxiv:{id}"
    assert await arxiv.titled("Flight of the bird") is None
    assert await arxiv.titled("…") is None


async def test_an_absence_of_months_is_filled_two_weeks_back(
    arxiv: Arxiv, feed: Feed, site: Site, clock: SetClock
) -> None:
    feed.paper("A paper")
    memory = (await arxiv.fetch({})).memory
    clock.forward(days=91)
    feed.next_day(91)
    feed.paper("Back")
    await arxiv.fetch(memory)
    (asked,) = (asked for asked in site.asked if asked.path == "/api/query")
    assert "submittedDate:[202510300000 TO 202511182359]" in asked.query["search_query"]


async def test_the_same_batch_twice_in_a_day_is_no_fault(
    arxiv: Arxiv, feed: Feed, site: Site, clock: SetClock
) -> None:
    feed.paper("A paper")
    first = await arxiv.fetch({})
    clock.forward(hours=3)
    again = await arxiv.fetch(first.memory)
    assert again.state == "ok"
    clock.forward(days=1)
    site.on("/api/query", broken())
    assert (await arxiv.fetch(again.memory)).state == "stale"


async def test_an_unchanged_feed_is_judged_without_being_sent(
    arxiv: Arxiv, feed: Feed, site: Site, clock: SetClock
) -> None:
    feed.paper("A paper")
    whole = Answer(feed.atom(), headers={"ETag": '"1"'})
    site.on("/atom/*", lambda asked: Answer(status=304) if "if-none-match" in asked.headers else whole)
    first = await arxiv.fetch({})
    again = await arxiv.fetch(first.memory)
    assert (again.state, again.sightings) == ("ok", ())
    clock.forward(days=1)
    site.on("/api/query", broken())
    stale = await arxiv.fetch(again.memory)
    assert (stale.state, stale.parts["cs.CV"]) == ("stale", "stale")
    assert (await arxiv.fetch({**stale.memory, "url": "another"})).sightings


async def test_a_busy_category_without_papers_is_missed(
    arxiv: Arxiv, feed: Feed, site: Site, clock: SetClock
) -> None:
    for number in range(6):
        feed.paper(f"Vision {number}")
    feed.paper("Words", categories=["cs.CL"])
    first = await arxiv.fetch({})
    feed.next_day()
    clock.forward(days=1)
    feed.paper("More words", categories=["cs.CL"])
    site.on("/api/query", broken())
    second = await arxiv.fetch(first.memory)
    assert second.parts == {"cs.CV": "stale", "cs.CL": "ok"}


async def test_a_holiday_is_quiet(arxiv: Arxiv, feed: Feed, clock: SetClock) -> None:
    for number in range(6):
        feed.paper(f"Vision {number}")
    first = await arxiv.fetch({})
    feed.next_day()
    clock.forward(days=1)
    holiday = await arxiv.fetch(first.memory)
    assert (holiday.state, holiday.detail) == ("quiet", "arXiv announced nothing today.")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (throttled(), "fewer requests"),
        (Answer(b"Rate exceeded."), "Rate exceeded"),
        (broken(), "fault of its own"),
        (captcha(), "arXiv's feed: the answer is a web page (“Automated Access Detected”)"),
        (Answer(b""), "empty"),
        (Answer(b"hello"), "hello"),
        (Answer(b"not here", 404), "no such page"),
        (Answer(error_entry("too many categories").body), "arXiv reports an error: too many categories."),
        (error_entry("too many categories"), "arXiv refuses the request: too many categories."),
        (Answer(b"<html>", 400), "arXiv refuses the request (400); check the categories."),
        (Answer(b"<rss><channel><item><title>x</title></item></channel></rss>"), "none of 1 entries"),
        (Answer(b"<feed xmlns='http://www.w3.org/2005/At"), "cut off"),
        (Answer(b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><feed>&a;</feed>"), "document type"),
    ],
)
async def test_a_broken_feed_is_told_and_nothing_forgotten(
    arxiv: Arxiv, site: Site, answer: Answer, words: str
) -> None:
    site.on("/atom/*", answer)
    harvest = await arxiv.fetch({"url": "u", "batch/cs.CV": "2025-08-19 1 x"})
    assert harvest.state == "failed"
    assert words in harvest.detail
    assert harvest.parts == {"cs.CV": "failed", "cs.CL": "failed"}
    assert harvest.memory == {"url": "u", "batch/cs.CV": "2025-08-19 1 x"}


async def test_whole_entries_before_a_cut_are_kept(arxiv: Arxiv, feed: Feed, site: Site) -> None:
    for number in range(3):
        feed.paper(f"Vision {number}")
    body = feed.atom()
    site.on("/atom/*", Answer(body[: body.rindex(b"<summary>") + 20]))
    harvest = await arxiv.fetch({})
    assert [sighting.paper.title for sighting in harvest.sightings] == ["Vision 0", "Vision 1"]
    assert harvest.state == "failed"
    assert harvest.detail == "arXiv's feed was cut off after 2 whole entries; these were kept."
    assert harvest.unusable[0].reason == "It is cut off."


async def test_papers_are_looked_up_by_id(arxiv: Arxiv, feed: Feed) -> None:
    for newest in (True, False):
        feed.newest_form = newest
        id = feed.paper("A paper", comment="Withdrawn by the authors", categories=["cs.CV", "math.GT"])
        papers = await arxiv.find([PaperId(f"arxiv:{id}"), PaperId("arxiv:0000.0001"), PaperId("doi:10.1/x")])
        assert [paper.title for paper in papers] == ["A paper"]
        assert papers[0].withdrawn
        assert papers[0].categories == ("cs.CV", "math.GT")
        assert papers[0].authors == ("Ada Lovelace", "Charles Babbage")
    assert await arxiv.find([PaperId("doi:10.1/x")]) == []


async def test_many_ids_take_few_requests(arxiv: Arxiv, feed: Feed, site: Site) -> None:
    ids = [PaperId(f"arxiv:{feed.paper(f'Paper {number}')}") for number in range(150)]
    assert len(await arxiv.find(ids)) == 150
    assert len(site.asked) == 2


async def test_the_archive_is_searched_for_words(arxiv: Arxiv, feed: Feed, site: Site) -> None:
    feed.paper("Old gaussian splatting")
    feed.next_day()
    feed.paper("New gaussian splatting")
    feed.paper("Something else")
    papers = await arxiv.search('the "gaussian splatting" of)(', limit=5)
    assert [paper.title for paper in papers] == ["New gaussian splatting", "Old gaussian splatting"]
    assert site.asked[0].query["search_query"] == 'all:"gaussian splatting"'
    recent = await arxiv.search("gaussian splatting", limit=5, since=date(2025, 8, 20))
    assert [paper.title for paper in recent] == ["New gaussian splatting"]
    assert await arxiv.search("the of ()", limit=5) == ()


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (error_entry("incorrect id format for abc"), SourceError, "incorrect id format for abc"),
        (captcha(), Unreadable, "web page"),
        (Answer(b"Rate exceeded."), Throttled, "Rate exceeded"),
        (Answer(b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>x"), Unreachable, "cut off"),
    ],
)
async def test_a_failed_look_up_is_a_sentence(
    arxiv: Arxiv, site: Site, answer: Answer, error: type[Exception], words: str
) -> None:
    site.on("/api/query", answer)
    with pytest.raises(error, match=words):
        await arxiv.find([PaperId("arxiv:2508.00001")])


async def test_missed_days_are_filled_page_by_page(arxiv: Arxiv, feed: Feed) -> None:
    for number in range(5):
        feed.paper(f"Vision {number}", categories=["cs.CV", "stat.ML"] if number else ["math.GT"])
    pages = [page async for page in arxiv.backfill(date(2025, 8, 19), date(2025, 8, 22), page=3)]
    assert [len(page.sightings) for page in pages] == [3, 1]
    assert pages[0].memory == {"next": "3", "total": "4"}
    assert pages[0].sightings[0].kind == "new"
    assert pages[0].sightings[0].paper.announced == date(2025, 8, 20)
    rest = [page async for page in arxiv.backfill(date(2025, 8, 19), date(2025, 8, 22), start=3, page=3)]
    assert [page.sightings for page in rest] == [pages[1].sightings]


async def test_an_empty_page_in_the_middle_is_a_fault(arxiv: Arxiv, feed: Feed, site: Site) -> None:
    site.on("/api/query", Answer(feed.api([], total=10)))
    with pytest.raises(Unreachable, match="empty page"):
        _ = [page async for page in arxiv.backfill(date(2025, 8, 20), date(2025, 8, 22))]


@pytest.mark.parametrize(
    ("now", "day", "resting"),
    [
        ("2025-08-20T12:00+00:00", "2025-08-20", False),
        ("2025-08-20T05:00+00:00", "2025-08-19", False),  # an hour after midnight in New York
        ("2025-08-23T12:00+00:00", "2025-08-22", True),
        ("2025-08-24T23:00+00:00", "2025-08-22", True),
        ("2025-08-25T07:00+00:00", "2025-08-25", False),
    ],
)
def test_the_feed_that_is_due(now: str, day: str, resting: bool) -> None:
    assert announcement_day(datetime.fromisoformat(now)) == (date.fromisoformat(day), resting)


@pytest.mark.parametrize(
    ("submitted", "day"),
    [
        ("2025-08-18T17:00", "2025-08-19"),  # Monday 13:00 in New York: Tuesday's feed
        ("2025-08-18T19:00", "2025-08-20"),  # Monday 15:00: Wednesday's
        ("2025-08-21T19:00", "2025-08-25"),  # Thursday 15:00: announced on Sunday, Monday's feed
        ("2025-08-22T19:00", "2025-08-26"),  # Friday 15:00: Tuesday's feed
        ("2025-08-23T12:00", "2025-08-26"),
    ],
)
def test_the_feed_that_a_submission_makes(submitted: str, day: str) -> None:
    assert announced_on(datetime.fromisoformat(submitted).replace(tzinfo=UTC)) == date.fromisoformat(day)
