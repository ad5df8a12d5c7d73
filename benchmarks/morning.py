"""A full morning of fetching, against loopback: ``python -m benchmarks.morning``.

arXiv (five categories in one request, 1,000 papers), bioRxiv and medRxiv (300 in pages of 30), Hugging Face
(three days) and 20 journals' feeds, each host with its own name and pace; then the same again an hour later.
Printed: requests, seconds of politeness (waited on a set clock, so they take no time here), CPU of the
reading side without the server's, and what was sent twice.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.parse import story
from bot.domain import Harvest
from bot.ports import Source
from bot.sources.arxiv import Arxiv
from bot.sources.biorxiv import Biorxiv
from bot.sources.feeds import Feed
from bot.sources.huggingface import HuggingFace
from bot.web import Web
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Asked, Site

CATEGORIES = ("cs.CV", "cs.CL", "cs.LG", "cs.AI", "stat.ML")
FEEDS = 20
TEXT = "We study birds that fly in winter over the northern sea and sing. " * 15


def tagged(body: bytes, tag: str) -> Any:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == tag:
            return Answer(status=304)
        return Answer(body, headers={"ETag": tag})

    return answer


def preprints(asked: Asked) -> Answer:
    cursor = int(asked.path.rpartition("/")[2])
    records = [
        {
            "doi": f"10.64898/2025.08.19.{number:06}",
            "title": f"Birds {number}",
            "abstract": TEXT,
            "authors": "A, B.",
        }
        for number in range(cursor, min(cursor + 30, 300))
    ]
    body = {"messages": [{"status": "ok", "total": "300"}], "collection": records}
    return Answer(json.dumps(body).encode())


def featured(asked: Asked) -> Answer:
    papers = [
        {"paper": {"id": f"2508.{number:05}", "title": "Birds", "upvotes": 3}} for number in range(1, 31)
    ]
    return Answer(json.dumps(papers).encode())


def journal(number: int) -> bytes:
    items = "".join(
        f"<item><title>Birds {number}.{place}</title><link>https://doi.org/10.1000/{number}.{place}</link>"
        f"<description>{TEXT}</description><pubDate>2025-08-20</pubDate></item>"
        for place in range(40)
    )
    return f"<rss version='2.0'><channel><title>J{number}</title>{items}</channel></rss>".encode()


def fill(site: Site) -> None:
    site.on("/atom/*", tagged(story(1000).atom(), '"a"'))
    site.on("/details/*", preprints).on("/api/daily_papers", featured)
    for number in range(FEEDS):
        site.on(f"/feed/{number}", tagged(journal(number), f'"{number}"'))


def sources(web: Web, clock: SetClock, port: int) -> list[Source]:
    def at(host: str) -> str:
        return f"http://{host}.example:{port}"

    every: list[Source] = [
        Arxiv(
            web,
            clock,
            categories=CATEGORIES,
            feed_url=at("rss") + "/atom",
            api_url=at("export") + "/api/query",
        ),
        Biorxiv(web, clock, api_url=at("biorxiv"), servers=["biorxiv", "medrxiv"]),
        HuggingFace(web, clock, api_url=at("huggingface") + "/api"),
    ]
    return every + [Feed(web, clock, name=f"J{n}", url=at(f"j{n}") + f"/feed/{n}") for n in range(FEEDS)]


async def names(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def morning(site: Site) -> None:
    clock = SetClock()
    hosts = ["rss", "export", "biorxiv", "huggingface", *(f"j{number}" for number in range(FEEDS))]
    trusted = [f"http://{host}.example:{site.port}" for host in hosts]
    pace = {"rss.example": 3.0, "export.example": 3.0}
    memories: dict[str, Mapping[str, str]] = {}
    async with Web(clock, trusted=trusted, pace=pace, usual_pace=1.0, resolver=names) as web:
        every = sources(web, clock, site.port)
        for title in ("first morning", "an hour later"):
            site.asked.clear()
            clock.slept.clear()
            start = time.process_time() - site.cpu_seconds()
            harvests: list[Harvest] = [await source.fetch(memories.get(source.name, {})) for source in every]
            seconds = time.process_time() - site.cpu_seconds() - start
            memories = {harvest.source: harvest.memory for harvest in harvests}
            tell(title, site, clock, harvests, seconds)
            clock.forward(hours=1)


def tell(title: str, site: Site, clock: SetClock, harvests: Sequence[Harvest], seconds: float) -> None:
    twice = sum(count - 1 for count in Counter((a.path, str(a.query)) for a in site.asked).values())
    seen = sum(len(harvest.sightings) for harvest in harvests)
    states = dict(Counter(harvest.state for harvest in harvests))
    print(f"{title}: {len(site.asked)} requests, {twice} of them twice, {seen} papers, {states}")
    print(f"  {sum(clock.slept):.0f} s of politeness, {seconds:.2f} CPU s")


def main() -> None:
    with Site() as site:
        fill(site)
        asyncio.run(morning(site))


if __name__ == "__main__":
    main()
