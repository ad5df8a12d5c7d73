"""What is fuzzed: every parser of foreign bytes, and seeds made from our own fixtures."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from bot import identity
from bot.errors import SourceError
from bot.sources import arxiv_api, arxiv_feed, biorxiv, feeds, huggingface, links, lookup
from bot.tex import readable
from tests.fakes.feed import Feed


def tex(body: bytes) -> None:
    readable(body.decode("utf-8", "surrogateescape"))


def names(body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    identity.mentioned(text)
    identity.links(text)
    identity.parse(text)


def lookups(body: bytes) -> None:
    for parse in (lookup.parse_crossref, lookup.parse_openalex, lookup.preprint_of):
        with suppress(SourceError):
            parse(body)


TARGETS: dict[str, Callable[[bytes], object]] = {
    "tex": tex,
    "identity": names,
    "arxiv_feed": arxiv_feed.parse,
    "arxiv_api": arxiv_api.parse,
    "biorxiv": biorxiv.parse,
    "huggingface": lambda body: huggingface.parse(body, date(2025, 1, 1)),
    "feeds": lambda body: feeds.parse(body, "s"),
    "lookup": lookups,
    "links": lambda body: links.parse(body, "https://example.org/1"),
}


def seeds() -> list[bytes]:
    feed = Feed()
    feed.paper(
        "A $\\frac{a}{b}$ title with ``quotes''", "Costs $5 and $x_{i}^2$.", authors=["A B (X)", "C Jr."]
    )
    feed.paper("Old", id="hep-th/9901001", kind="replace", version=3)
    known = list(feed.known.values())
    record = {
        "doi": "10.1101/2025.01.01.123456",
        "title": "T",
        "authors": "A, B.",
        "version": "1",
        "date": "2025-01-01",
    }
    item = [{"paper": {"id": "2508.00001", "title": "T", "authors": [{"name": "A"}], "upvotes": 1}}]
    work = {"message": {"items": [{"DOI": "10.1000/x", "title": ["T"], "issued": {"date-parts": [[2025]]}}]}}
    alex = {"results": [{"doi": "https://doi.org/10.1/x", "title": "T", "authorships": []}]}
    return [
        feed.atom(),
        feed.rss(),
        feed.api(known),
        json.dumps({"messages": [{"status": "ok"}], "collection": [record]}).encode(),
        *(json.dumps(one).encode() for one in (item, work, alex)),
        b'<html><head><meta name="citation_title" content="T"><meta name="citation_doi" content="10.1/x">',
        rb"$\alpha_{i}^{2}$ \textbf{x} \'e {\bf y} \frac12 \href{u}{t} `` '' $5 ~ --",
        b"see https://arxiv.org/abs/2508.00001v2 (doi:10.1000/x) or hep-th/9901001",
    ]
