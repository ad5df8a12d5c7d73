"""What is fuzzed: every parser of foreign bytes, and seeds made from our own fixtures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from bot import identity
from bot.domain import PaperId
from bot.errors import ConfigError, SourceError
from bot.fulltext import pdf_pages
from bot.fulltext.head import Head
from bot.fulltext.html import read_html
from bot.fulltext.jats import read_jats
from bot.fulltext.lines import Line
from bot.jsonl import batches
from bot.proxies import Proxies
from bot.sources import arxiv_api, arxiv_feed, biorxiv, feeds, huggingface, links, lookup
from bot.tex import readable
from tests.fakes.feed import Feed
from tests.fakes.pdf import Text, pdf


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


PAPER = PaperId("arxiv:2508.00001")


def head(body: bytes) -> None:
    """A first page as the child that opens PDFs may describe it."""
    rows = body.decode("utf-8", "replace").split("\n")
    lines = tuple(
        Line(1, row, 0.0, 9.0, 800.0 - 10 * at, float(len(row) % 20)) for at, row in enumerate(rows)
    )
    page = Head(rows[0], rows[-1], "\n".join(rows), lines)
    page.bears(page.title())
    page.named()


def proxy(body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    with suppress(ConfigError):
        Proxies.of({"ALL_PROXY": text, "NO_PROXY": text}).for_("https", "papers.example", 443)
    Proxies(https="http://proxy:1", without=tuple(text.split(","))).for_("https", "10.0.0.1", 443)


def lines(body: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(body)
        file.flush()
        for _ in batches(Path(file.name), 100):
            pass


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
    "html": lambda body: read_html(body, paper_id=PAPER, version=1),
    "jats": lambda body: read_jats(body, paper_id=PAPER, version=1),
    "pdf": lambda body: pdf_pages.answer(body, 20),
    "head": head,
    "import": lines,
    "proxies": proxy,
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
        b"<html><body><article><h1 class='ltx_title'>T</h1><section class='ltx_section'><h2>1 In</h2>"
        b"<p class='ltx_p'>Words <math alttext='x'><mi>x</mi></math>.</p></section></article></body></html>",
        b"<article><front><article-meta><abstract><p>A.</p></abstract></article-meta></front><body><sec>"
        b"<title>In</title><p>Words <xref>1</xref>.</p></sec></body></article>",
        pdf([[Text("Short Papers Win", 200, 740, 18, bold=True), Text("Abstract", 72, 690, 12, bold=True)]]),
        b'{"id": "2508.00001", "title": "T", "abstract": "A", "authors": ["A B"], "categories": "cs.CV"}\n',
        b"http://proxy.example:3128,.example.org,10.0.0.0/8,[fd00::1]:80,*",
        b"see https://arxiv.org/abs/2508.00001v2 (doi:10.1000/x) or hep-th/9901001",
    ]
