"""Any feed: RSS 0.91 to 2.0, RDF and Atom as publishers write them, and what is no feed at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SourceError, Unreadable
from bot.sources import feeds
from bot.sources.feeds import Feed
from bot.web import Web
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Asked, Site, broken

NATURE = b"""<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel rdf:about="http://x.org/j.rss"><title>Journal of Birds</title></channel>
<item rdf:about="https://x.org/articles/s1"><title><![CDATA[Flight of the H<sub>2</sub>O bird]]></title>
<link>https://x.org/articles/s1</link>
<content:encoded><![CDATA[<p>Journal of Birds, Published online: 20 August 2025;
<a href="https://doi.org/10.1038/x1">doi:10.1038/x1</a></p>Birds fly &amp; sing.]]></content:encoded>
<dc:title><![CDATA[Flight]]></dc:title><dc:creator>Ada Lovelace</dc:creator>
<dc:creator>Babbage, Charles</dc:creator>
<dc:identifier>doi:10.1038/X1</dc:identifier><dc:date>2025-08-20</dc:date>
<prism:publicationName>Journal of Birds</prism:publicationName></item>
<item rdf:about="https://x.org/articles/s2"><title>Author Correction: Flight</title>
<link>https://x.org/articles/s2</link></item>
</rdf:RDF>"""

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:prism="http://x" ><channel><title>Some journal</title>
{items}</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>
<entry><id>tag:x.org,2025:1</id><title type="html">&lt;b&gt;Bold&lt;/b&gt; title</title>
<link href="https://x.org/post/1?utm_source=rss"/><updated>2025-08-20T10:00:00Z</updated>
<published>2025-08-18T10:00:00Z</published><author><name>A B</name><email>a@x.org</email></author>
<summary type="html">&lt;p&gt;Abstract: We blog.&lt;/p&gt;</summary></entry></feed>"""


def rss(*items: str) -> bytes:
    return RSS.format(items="".join(f"<item>{item}</item>" for item in items)).encode()


@pytest.fixture
async def source(site: Site, clock: SetClock) -> AsyncIterator[Feed]:
    async with Web(clock, trusted=[site.url], usual_pace=0) as web:
        yield Feed(web, clock, name="Birds", url=f"{site.url}/feed")


def test_a_journal_in_rdf() -> None:
    issue = feeds.parse(NATURE, "Nature")
    paper = issue.papers[0]
    assert paper.id == "doi:10.1038/x1"
    assert paper.title == "Flight of the H₂O bird"
    assert paper.abstract == "Birds fly & sing."
    assert paper.authors == ("Ada Lovelace", "Charles Babbage")
    assert (paper.published, paper.journal, paper.doi) == (
        date(2025, 8, 20),
        "Journal of Birds",
        "10.1038/x1",
    )
    assert paper.source == "Nature"
    assert [unusable.reason for unusable in issue.unusable] == ["It is a correction, not a paper."]


def test_a_blog_in_atom() -> None:
    paper = feeds.parse(ATOM.encode(), "Blog").papers[0]
    assert (paper.id, paper.title, paper.abstract) == ("url:x.org/post/1", "Bold title", "We blog.")
    assert (paper.published, paper.authors) == (date(2025, 8, 18), ("A B",))
    assert (paper.journal, paper.doi) == ("", "")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            "<title>T</title><link>https://www.sciencedirect.com/science/article/pii/S1?dgcid=rss_sd_all</link>"
            "<description>&lt;p&gt;Publication date: February 2022&lt;/p&gt;&lt;p&gt;&lt;b&gt;"
            "Source:&lt;/b&gt; Evolution, Volume 167&lt;/p&gt;"
            "&lt;p&gt;Author(s): A B, C D&lt;/p&gt;</description>",
            {"id": "url:sciencedirect.com/science/article/pii/S1", "authors": ("A B", "C D"), "abstract": ""},
        ),
        (
            "<title>T</title><link>https://zookeys.pensoft.net/article/1/</link><description>"
            "&lt;p&gt;ZooKeys 1: 2&lt;/p&gt;&lt;p&gt;DOI: 10.3897/zookeys.1072.71307&lt;/p&gt;"
            "&lt;p&gt;Authors: A B, C D&lt;/p&gt;&lt;p&gt;Abstract: A genus.&lt;/p&gt;</description>",
            {
                "id": "doi:10.3897/zookeys.1072.71307",
                "authors": ("A B", "C D"),
                "abstract": "A genus.",
            },
        ),
        (
            "<title>T</title><link>https://x.org/doi/full/10.1080/0165?af=R</link>"
            "<author>Brand S, Saeedi H, Brandt A.</author>",
            {"id": "doi:10.1080/0165", "authors": ("Brand S", "Saeedi H", "Brandt A.")},
        ),
        (
            "<title>T</title><link>https://x.org/1</link><pubDate>2021/10/16 9:23:28</pubDate>",
            {"published": date(2021, 10, 16)},
        ),
        (
            "<title>T</title><link>https://x.org/1</link><pubDate>Tue, 23 Nov 2021 00:30:00 +0200</pubDate>",
            {"published": date(2021, 11, 23)},
        ),
        ("<title>T</title><link>https://x.org/1</link><pubDate>next week</pubDate>", {"published": None}),
        *(
            (f"<title>T</title><link>https://x.org/1</link><pubDate>{words}</pubDate>", {"published": day})
            for words, day in (
                ("0000-00-00", None),
                ("99999-01-01", None),
                ("1634342400", None),
                ("Oct 16, 2021", date(2021, 10, 16)),
                ("October 2021", date(2021, 10, 1)),
            )
        ),
        ("<title>RETRACTED ARTICLE: T</title><link>https://x.org/1</link>", {"retracted": True}),
        (
            "<title>T</title><link>https://www.biorxiv.org/content/10.1101/2025.01.01.123456v2?rss=1</link>",
            {"id": "doi:10.1101/2025.01.01.123456", "doi": "", "journal": ""},
        ),
        ("<title>T</title><guid>https://arxiv.org/abs/2508.00001v2</guid>", {"id": "arxiv:2508.00001"}),
        (
            "<title>T</title><link>https://x.org/1</link><author>A B\n C D</author>",
            {"authors": ("A B", "C D")},
        ),
    ],
)
def test_what_publishers_do(item: str, expected: dict[str, object]) -> None:
    paper = feeds.parse(rss(item), "s").papers[0]
    assert {name: getattr(paper, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("<link>https://x.org/1</link>", "It has no title."),
        ("<title>T</title>", "It has neither a DOI nor an address."),
        ("<title>T</title><link>javascript:alert(1)</link>", "It has neither a DOI nor an address."),
        (
            "<title>T</title><description>doi: 10.1234/" + "x" * 9000 + "</description>",
            "Its DOI or address is longer than any real one.",
        ),
    ],
)
def test_what_is_no_paper_is_told(item: str, reason: str) -> None:
    issue = feeds.parse(rss(item, "<title>Good</title><link>https://x.org/2</link>"), "s")
    assert [unusable.reason for unusable in issue.unusable] == [reason]
    assert len(issue.papers) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" ", "empty"),
        (b"<!DOCTYPE html><html><body>Hi</body></html>", "web page"),
        (b"%PDF-1.4", "no RSS or Atom feed"),
        (b"<rss version='2.0'>" + b"<a>" * 100_000, "more markup"),
        (b"<OAI-PMH></OAI-PMH>", "no RSS or Atom feed"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><rss version='2.0'></rss>", "entities"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><rss version='2.0'></rss>".encode("utf-16"), "entities"),
        ("<?xml version='1.0' encoding='cp037'?><rss version='2.0'></rss>".encode("cp037"), "entities"),
        (b"<?xml version='1.0' encoding='utf-7'?>+ADw-!ENTITY+AD4-<rss version='2.0'></rss>", "entities"),
        (rss("<title>T</title><description>" + "&lt;!--" * 80_000 + "</description>"), "more markup"),
        (rss("<title>T</title><description>" + "&lt;&#33;-" * 80_000 + "</description>"), "more markup"),
    ],
)
def test_what_is_no_feed_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        feeds.parse(body, "s")


async def test_a_feed_that_is_added_brings_no_flood(source: Feed, site: Site, clock: SetClock) -> None:
    def item(number: int, day: str) -> str:
        return f"<title>T{number}</title><link>https://x.org/{number}</link><pubDate>{day}</pubDate>"

    old, fresh, undated = item(1, "2025-07-01"), item(2, "2025-08-19"), item(3, "")
    site.on("/feed", Answer(rss(old, fresh, undated)))
    first = await source.fetch({})
    assert [one.kind for one in first.sightings] == ["known", "new", "known"]
    later = item(4, "2025-08-10")
    site.on("/feed", Answer(rss(later, item(5, ""), item(6, "2019-01-01"))))
    second = await source.fetch(first.memory)
    assert [one.kind for one in second.sightings] == ["new", "new", "known"]
    assert second.state == "ok"


async def test_an_unchanged_feed_is_quiet_and_not_sent_again(source: Feed, site: Site) -> None:
    def answer(asked: Asked) -> Answer:
        unchanged = asked.headers.get("if-none-match") == '"7"'
        return Answer(status=304) if unchanged else Answer(NATURE, headers={"ETag": '"7"'})

    site.on("/feed", answer)
    first = await source.fetch({})
    second = await source.fetch(first.memory)
    assert (second.state, second.sightings, second.memory) == ("quiet", (), first.memory)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (broken(), "fault of its own"),
        (Answer(b"<html></html>"), "web page"),
        (Answer(b"x", 404), "no such page"),
        (Answer(NATURE[:1000]), "cut off"),
        (Answer(rss("<title>T</title>")), "no entry can be read"),
    ],
)
async def test_a_failing_feed_is_told(source: Feed, site: Site, answer: Answer, words: str) -> None:
    site.on("/feed", answer)
    harvest = await source.fetch({"url": "kept"})
    assert harvest.state == "failed"
    assert harvest.detail.startswith("Birds: ")
    assert words in harvest.detail
    assert harvest.memory == {"url": "kept"}


async def test_an_empty_feed_is_quiet(source: Feed, site: Site) -> None:
    site.on("/feed", Answer(rss()))
    assert (await source.fetch({})).state == "quiet"


def pieces() -> st.SearchStrategy[bytes]:
    place = st.integers(0, len(NATURE))
    return st.builds(
        lambda first, second, filling: NATURE[: min(first, second)] + filling + NATURE[max(first, second) :],
        place,
        place,
        st.one_of(
            st.binary(max_size=12), st.sampled_from([b"<item>", b"&nbsp;", b"]]>", b"<![CDATA[", b"</item>"])
        ),
    )


@given(st.one_of(st.binary(max_size=200), pieces()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with suppress(SourceError):
        feeds.parse(body, "s")
