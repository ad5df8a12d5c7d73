"""Feeds from chat, and one paper that every source brings, through the real command line."""

from __future__ import annotations

import json

from tests.fakes.web import Answer, Asked, Site
from tests.flows.conftest import Lab

TITLE = "Pruned Gaussian splatting for phones with a lot of memory"


def rss(title: str, *items: str) -> Answer:
    entries = "".join(f"<item>{item}</item>" for item in items)
    body = (
        '<?xml version="1.0"?><rss version="2.0" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{title}</title>{entries}</channel></rss>'
    )
    return Answer(body.encode(), kind="application/rss+xml")


def item(number: int, title: str, day: str = "20 Aug 2025") -> str:
    return (
        f"<title>{title}</title><link>https://journal.org/{number}</link>"
        f"<prism:doi>10.5555/j.{number}</prism:doi><dc:creator>Ada Lovelace</dc:creator>"
        f"<dc:creator>Charles Babbage</dc:creator><pubDate>{day} 00:00:00 GMT</pubDate>"
    )


def test_a_feed_is_tried_added_fetched_and_removed(lab: Lab) -> None:
    birds = [item(number, f"Gaussian splatting of bird number {number}") for number in range(1, 6)]
    lab.site.on("/birds", rss("Journal of Birds", *birds, "<link>https://journal.org/9</link>"))
    said = lab.chat(f"/paper source add {lab.site.url}/birds", "/paper source list")
    assert "Added Journal of Birds" in said
    assert "5 papers" in said
    assert [f"bird number {number}" in said for number in range(1, 6)] == [True] * 3 + [False] * 2
    assert "It has no title." in said
    assert "not fetched yet" in said
    assert "20 Aug 2025" in said
    rows = {row["source"]: row for row in lab.run("fetch", "--json").rows}
    assert rows["Journal of Birds"]["new"] == 5
    assert "bird number 4" in lab.run("digest").out
    assert "Journal of Birds" in lab.run("check").out
    assert "is there already" in lab.chat(f"/paper source add {lab.site.url}/birds")
    assert "“Journal of Birds” is not read any more" in lab.chat("/paper source remove journal of birds")
    assert {row["source"] for row in lab.run("fetch", "--json").rows} == {"arxiv"}
    said = lab.chat("/paper source list", "/paper status", "/paper source remove journal of birds")
    assert said.count("Journal of Birds") == 0
    assert "There is no source called" in said


def test_what_is_no_feed_is_not_added(lab: Lab) -> None:
    lab.site.on("/page", Answer(b"<!DOCTYPE html><html></html>", kind="text/html"))
    lab.site.on("/birds", rss("Birds", item(1, "A bird")))
    with Site() as private:  # on loopback, and not in the configuration
        private.on("/feed", rss("Secrets", item(1, "A secret")))
        said = lab.chat(
            f"/paper source add {lab.site.url}/page",
            "/paper source add file:///etc/passwd",
            "/paper source add",
            f"/paper source add {private.url}/feed",
            "/paper source remove arxiv",
            "/paper source add " + lab.site.url + "/birds arXiv",
            "/paper source colour",
            "/paper source list",
        )
        assert private.asked == []
    assert "a web page, not to a feed" in said
    assert "That is no address of a feed" in said
    assert "The feed's address is missing" in said
    assert "private network" in said
    assert "stands in the configuration file" in said
    assert "a source called “arXiv” already" in " ".join(said.split())
    assert "“colour” is not one of add, remove and list" in said
    assert "added here" not in said


def test_a_paper_that_every_source_brings_is_shown_once_with_all_of_it(lab: Lab) -> None:
    """New in cs.CV, cross-listed, featured a week later, at last in a journal."""
    days: dict[str, list[dict[str, object]]] = {}

    def daily(asked: Asked) -> Answer:
        return Answer(json.dumps(days.get(asked.query["date"], [])).encode(), kind="application/json")

    lab.site.on("/hf/daily_papers", daily)
    lab.site.on("/journal", rss("Journal of Pictures"))
    lab.extra = (
        f'[sources.huggingface]\napi_url = "{lab.site.url}/hf"\nmin_interval = 0.0\n'
        f'[[sources.feeds]]\nname = "Pictures"\nurl = "{lab.site.url}/journal"\n'
    )
    number = lab.feed.paper(TITLE, categories=["cs.CV"])
    first = lab.run("digest", "--json").rows
    assert first[0]["papers"] == [f"arxiv:{number}"]

    lab.feed.next_day()
    lab.feed.paper(TITLE, id=number, categories=["cs.CL", "cs.CV"], kind="cross")
    lab.at("2025-08-21T09:00:00+00:00")
    assert lab.run("digest", "--json").rows[0]["papers"] == []

    lab.feed.next_day(6)
    authors = [{"name": "Ada Lovelace"}, {"name": "Charles Babbage"}]
    paper = {"id": number, "title": TITLE, "summary": "x", "authors": authors, "upvotes": 41}
    days["2025-08-27"] = [{"paper": {**paper, "githubRepo": "https://github.com/a/b"}, "numComments": 2}]
    lab.at("2025-08-27T09:00:00+00:00")
    assert lab.run("digest", "--json").rows[0]["papers"] == []

    lab.feed.next_day()
    lab.site.on("/journal", rss("Journal of Pictures", item(7, TITLE, "28 Aug 2025")))
    lab.at("2025-08-28T09:00:00+00:00")
    assert lab.run("digest", "--json").rows[0]["papers"] == []

    card = " ".join(lab.chat("/paper show doi:10.5555/j.7", f"/paper show {number}").split())
    assert card.count("published in Journal of Pictures") == 2
    assert "Hugging Face Daily Papers 27 Aug 2025, 41 upvotes" in card
    assert "https://doi.org/10.5555/j.7" in card
    assert "https://github.com/a/b" in card
    assert "cs.CV, cs.CL" in card
    found = lab.run("search", TITLE, "--json").rows
    assert [row["id"] for row in found] == [f"arxiv:{number}"]


def test_a_whole_title_is_asked_for_where_the_library_lacks_it(lab: Lab) -> None:
    lab.feed.paper("Pruned Gaussian splatting for old phones", "We prune.", id="2506.00007")
    lab.feed.announced.clear()
    said = lab.chat("/paper show pruned gaussian splatting for old phones", "/paper show gaussian splatting")
    assert "https://arxiv.org/abs/2506.00007" in said
    assert "“gaussian splatting” is no arXiv id, DOI, link or whole title" in " ".join(said.split())
    assert [asked.path for asked in lab.site.asked].count("/api/query") == 1


def test_a_feed_that_changes_its_ids_brings_no_news_again(lab: Lab) -> None:
    def served(guid: str, link: str) -> Answer:
        return rss(
            "Birds",
            f"<title>Flight of the northern bird in winter</title><guid>{guid}</guid><link>{link}</link>"
            "<dc:creator>Ada Lovelace</dc:creator><pubDate>20 Aug 2025 00:00:00 GMT</pubDate>",
        )

    lab.extra = f'[[sources.feeds]]\nname = "Birds"\nurl = "{lab.site.url}/birds"\n'
    counts = []
    for guid, link in (
        ("1", "https://birds.org/a/1?utm_source=rss"),
        ("urn:x-1", "https://www.birds.org/a/1?utm_source=feed&amp;utm_medium=x"),
        ("tag:birds.org,2025:1", "https://birds.org/articles/the-flight"),
    ):
        lab.site.on("/birds", served(guid, link))
        (row,) = (row for row in lab.run("fetch", "--json").rows if row["source"] == "Birds")
        counts.append((row["seen"], row["new"]))
    assert counts == [(1, 1), (1, 0), (1, 0)]
