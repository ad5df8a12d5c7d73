"""Every real body that was recorded parses, or is refused with a reason; counts per file."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from html import escape
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.sources import arxiv_api, arxiv_feed, biorxiv, feeds, huggingface, lookup

pytestmark = pytest.mark.data

ARXIV_API: dict[str, int | str] = {
    "200_id_0000.0000": 0,
    "200_id_0808.05394_1707": 1,
    "200_id_0808.05394_s0": 0,
    "200_id_1605.08386": 1,
    "200_id_1707.08567": 1,
    "200_id_2104.12255v1": 1,
    "200_id_astro-ph_0601001": 1,
    "200_id_quant-ph_0201082v1": 1,
    "200_q_testing_s0_m100": 100,
    "200_q_testing_s0_m10_": 10,
    "200_q_testing_s0_m15": 15,
    "200_q_testing_s10_m10": 10,
    "200_q_testing_s20_m10": 10,
    "200_q_testing_s30_m10": 10,
    "200_q_testing_s40_m10": 10,
    "200_q_testing_s50_m10": 10,
    "200_q_testing_s5_m10": 10,
    "200_q_testing_s5_m15": 15,
    "200_q_testing_s9_m15": 15,
    "400_id_abc": "arXiv refuses the request: incorrect id format for abc.",
    "captcha_arxiv": "The answer is a web page (“arXiv.org - Automated Access Detected”), not a feed.",
    "old_format_2025-10": 2,
}
JOURNALS: dict[str, int | str] = {
    "academic.oup.com": 13,
    "api.flickr.com": 11,
    "biotaxa.org": 6,
    "cambridge.org": 15,
    "contributions-to-entomology.org": 9,
    "et-online.nu": 10,
    "flickr.com": 20,
    "ingentaconnect.com": 11,
    "journals.flvc.org": 6,
    "journals.rbge.org.uk": 25,
    "jstage.jst.go.jp": 0,
    "mapress.com": 10,
    "marinespecies.org": 50,
    "microbiologyresearch.org": 23,
    "mycokeys.pensoft.net": 98,
    "nature_current": 73,
    "onlinelibrary.wiley.com": 52,
    "phytokeys.pensoft.net": 100,
    "pubmed.ncbi.nlm.nih.gov": 15,
    "riviste.unimi.it": 11,
    "scholar.google.com": 10,
    "schweizerbart.de": 10,
    "sciencedirect.com": 48,
    "t.cnki.net": 20,
    "tandfonline.com": 86,
    "threatenedtaxa.org": 27,
    "tlhlxojs02-prd": 6,
    "unknown_html": "The address leads to a web page, not to a feed; look for the page's RSS link.",
    "unknown_other": "The answer is no RSS or Atom feed; it begins with",
    "xbkcflxb": 10,
    "zoobank.org": 168,
    "zookeys": 100,
    "200_test_read_": 30,
}


def bodies(folder: Path, *kinds: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in kinds and ".meta" not in path.name)


def outcome(parse: Callable[[bytes], int], path: Path) -> int | str:
    try:
        return parse(path.read_bytes())
    except SourceError as error:
        return str(error)


def check(expected: dict[str, int | str], outcomes: dict[str, int | str]) -> None:
    """Every file is foreseen; a refusal begins with the words foreseen."""
    for name, found in outcomes.items():
        key = max((key for key in expected if name.startswith(key)), key=len)
        wanted = expected[key]
        assert str(found).startswith(wanted) if isinstance(wanted, str) else found == wanted, (name, found)


def test_arxiv_api(data: Path) -> None:
    paths = bodies(data / "responses" / "arxiv_api", ".xml", ".html")
    assert len(paths) == len(ARXIV_API)
    check(
        ARXIV_API,
        {path.name: outcome(lambda body: len(arxiv_api.parse(body).papers), path) for path in paths},
    )


def test_arxiv_api_says_how_many_there_are(data: Path) -> None:
    (path,) = (data / "responses" / "arxiv_api").glob("200_q_testing_s0_m100_*.xml")
    answer = arxiv_api.parse(path.read_bytes())
    assert (answer.total, answer.unusable, answer.cut) == (214_881, (), False)
    assert all(paper.authors and paper.abstract and paper.categories for paper in answer.papers)


@pytest.mark.parametrize(("file", "kept", "cut"), [("v1", 86, True), ("v2", 4, True), ("v3", 7, False)])
def test_arxiv_feed(data: Path, file: str, kept: int, cut: bool) -> None:
    (path,) = (data / "responses" / "arxiv_rss").glob(f"*_{file}_*.xml")
    batch = arxiv_feed.parse(path.read_bytes())
    assert (len(batch.sightings), batch.cut, batch.day) == (kept, cut, date(2025, 8, 20))
    assert not any("Announce Type" in one.paper.abstract for one in batch.sightings)


def test_arxiv_oai_is_no_answer_of_the_api(data: Path) -> None:
    paths = bodies(data / "responses" / "arxiv_oai", ".xml")
    assert len(paths) == 27
    for path in paths:
        assert "no RSS or Atom feed" in str(outcome(lambda body: len(feeds.parse(body, "s").papers), path))


def test_preprint_servers(data: Path) -> None:
    for path in bodies(data / "responses" / "biorxiv_api", ".json"):
        assert outcome(lambda body: len(biorxiv.parse(body).sightings), path) == 1
    (lines,) = bodies(data / "responses" / "biorxiv_api", ".jsonl")
    assert "no JSON" in str(outcome(lambda body: len(biorxiv.parse(body).sightings), lines))


def test_journals(data: Path) -> None:
    for folder in ("journal_rss", "biorxiv_rss"):
        paths = [
            path
            for path in (data / "responses" / folder).iterdir()
            if not path.name.endswith((".json", ".gz"))
        ]
        outcomes = {
            path.name: outcome(lambda body: len(feeds.parse(body, "s").papers), path) for path in paths
        }
        check(JOURNALS, outcomes)


def test_huggingface(data: Path) -> None:
    expected: dict[str, int | str] = {
        "2024-05-27": 13,
        "2024-12-16": "None of the 16 records can be read; the first: It is no object.",
        "2025-01-21": 1,
        "2025-07-09": 20,
        "2025-09-30": 50,
        "2026-01-29": 12,
        "2026-08-20": 15,
        "2026-08-21": 17,
    }
    paths = bodies(data / "responses" / "hf_daily_papers", ".json")
    parse = huggingface.parse
    found = {
        path.name: outcome(lambda body: len(parse(body, date(2025, 1, 1)).sightings), path) for path in paths
    }
    check(expected, found)


@pytest.mark.parametrize("folder", ["crossref", "openalex", "semantic_scholar"])
def test_look_ups(data: Path, folder: str) -> None:
    """A success of either register gives its works; everything else a sentence."""
    parse = lookup.parse_crossref if folder == "crossref" else lookup.parse_openalex
    read = refused = 0
    for path in bodies(data / "responses" / folder, ".json", ".html", ".txt", ".xml"):
        found = outcome(lambda body: len(parse(body)), path)
        if isinstance(found, str):
            assert found.endswith("."), path.name
            refused += 1
        else:
            assert path.name.startswith(("200_", "prereview_")), path.name
            read += found > 0
    assert (folder, read, refused) in [("crossref", 15, 13), ("openalex", 13, 4), ("semantic_scholar", 0, 30)]


def test_the_dump_of_a_whole_day(data: Path) -> None:
    """605 entries that feedparser had read, put back into a feed."""
    (path,) = (data / "responses" / "arxiv_rss").glob("*.json")
    entries = next(iter(json.loads(path.read_text()).values()))["entries"]
    batch = arxiv_feed.parse(as_feed(entries))
    kinds = [one.kind for one in batch.sightings]
    counts = [kinds.count(kind) for kind in ("new", "cross", "replace", "replace-cross")]
    assert counts == [288, 85, 187, 45]
    assert batch.unusable == ()
    assert all(one.paper.authors and one.paper.abstract for one in batch.sightings)
    assert not any("\\" in name for one in batch.sightings for name in one.paper.authors)


def as_feed(entries: list[dict[str, str]]) -> bytes:
    told = "".join(
        f"<item><title>{escape(entry['title'])}</title><link>{entry['link']}</link><guid>{entry['id']}</guid>"
        f"<description>{escape(entry['summary'])}</description><pubDate>{entry['published']}</pubDate>"
        f"<dc:creator>{escape(entry['author'])}</dc:creator></item>"
        for entry in entries
    )
    head = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
    return f"{head}{told}</channel></rss>".encode()
