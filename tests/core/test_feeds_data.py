"""Every real body that was recorded parses, or is refused with a reason; counts per file."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import date
from html import escape
from pathlib import Path

import pytest

from bot import identity
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


CROSSREF: dict[str, int | str] = {
    "200_test_author_matching_0": 1,
    "200_test_bulk_doi_search_13": "The answer is no JSON; it begins with “@article{M_Bran_2024, title=",
    "200_test_bulk_title_search_3": 1,
    "200_test_content_negotiation_style_3": "The answer is no JSON; it begins with “[1]H. S. Frank",
    "200_test_cursor_max_0": 20,
    "200_test_cursor_max_1": 20,
    "200_test_cursor_max_4": 20,
    "200_test_equations_pymupdf__0": 1,
    "200_test_funders_query_0": 0,
    "200_test_licenses_query_1": 0,
    "200_test_minimal_fields_filtering_2": 1,
    "200_test_no_ua_string_0": 1,
    "200_test_pdf_reader_match_doc_details_1": 1,
    "200_test_prefixes_0": "Crossref's answer holds no works.",
    "200_test_prefixes_mixed_ids_works_warn_0": 4,
    "200_test_random_dois_0": 10,
    "200_test_tricky_journal_quality_results_10.1038-s41598-018-27044-6-1__0": 1,
    "200_test_works_mixed_ids_warn_2": 1,
    "200_test_works_with_select_param_0": 20,
    "200_test_workscontainer_with_cursor_0": 4,
    "301_test_": "The answer is no JSON; it begins with “<html> <head><title>301 Moved",
    "302_test_": "The answer is no JSON; it begins with “<html><head><title>Handle Redirect",
    "400_test_content": "The answer is no JSON; it begins with “<!DOCTYPE html>",
    "400_test_funders": "Crossref's answer has no message.",
}
OPENALEX: dict[str, int | str] = {
    "200_test_does_openalex_work": "OpenAlex's answer holds no works.",
    "200_test_doi_search_paper": 1,
    "200_test_title_search_paper": 1,
    "200_test_title_search_paper_attributes2__3": 2,
    "404_test_": "The answer is no JSON; it begins with “<!doctype html>",
    "prereview_": 1,
}
SEMANTIC_SCHOLAR: dict[str, int | str] = {
    "": "OpenAlex's answer holds no works.",
    "200_test_get_authors_not_found_warning_0": "OpenAlex's answer is no object.",
}


@pytest.mark.parametrize(
    ("folder", "files", "expected"),
    [
        ("crossref", 30, CROSSREF),
        ("openalex", 17, OPENALEX),
        ("semantic_scholar", 30, SEMANTIC_SCHOLAR),
    ],
)
def test_look_ups(data: Path, folder: str, files: int, expected: dict[str, int | str]) -> None:
    """A success of either register gives its works; everything else a sentence."""
    parse = lookup.parse_crossref if folder == "crossref" else lookup.parse_openalex
    paths = bodies(data / "responses" / folder, ".json", ".html", ".txt", ".xml")
    assert len(paths) == files
    check(expected, {path.name: outcome(lambda body: len(parse(body)), path) for path in paths})


def test_a_packed_table_is_refused_and_its_papers_are_recognised(data: Path) -> None:
    """A table of the entries of bioRxiv's and medRxiv's feeds, for a spreadsheet: no body of a source."""
    (packed,) = (data / "responses" / "biorxiv_rss").glob("*.csv.gz")
    table = gzip.decompress(packed.read_bytes())
    for body, it in ((packed.read_bytes(), "is binary"), (table, "begins with “source,subject,title,url")):
        for parse in (lambda b: biorxiv.parse(b), lambda b: feeds.parse(b, "s"), arxiv_feed.parse):
            with pytest.raises(SourceError, match=f"is no .*; it {it}"):
                parse(body)
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    ids = [identity.from_link(row["url"]) for row in rows]
    assert len(rows) == 60
    assert all(str(name).startswith("doi:10.1101/2024.") for name in ids)
    items = "".join(
        f"<item><title>{escape(row['title'])}</title><link>{escape(row['url'])}</link>"
        f"<description>{escape(row['abstract'])}</description></item>"
        for row in rows
    )
    issue = feeds.parse(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), "s")
    assert {paper.id for paper in issue.papers} == set(ids)


FOLDERS = {
    "arxiv_api": (".xml", ".html"),
    "arxiv_oai": (".xml",),
    "arxiv_rss": (".xml", ".json"),
    "biorxiv_api": (".json", ".jsonl"),
    "biorxiv_rss": (".xml", ".gz"),
    "crossref": (".json", ".html", ".txt"),
    "hf_daily_papers": (".json",),
    "journal_rss": (),
    "openalex": (".json", ".html"),
    "semantic_scholar": (".json",),
}
"""What the tests above read: journal feeds whatever they are called."""


def test_no_body_is_left_out(data: Path) -> None:
    for path in (data / "responses").rglob("*"):
        if path.is_file() and not path.name.endswith(".meta.json"):
            kinds = FOLDERS[path.parent.name]
            assert not kinds or path.suffix in kinds, path


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
