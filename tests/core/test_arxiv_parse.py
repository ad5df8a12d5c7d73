"""arXiv's formats: every oddity seen in real bodies, each in a small one of our own."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PaperboyError, SourceError
from bot.sources import arxiv_api, arxiv_feed, people
from bot.sources.arxiv_feed import is_withdrawn
from tests.fakes.feed import Feed

FEED = (
    "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom' "
    "xmlns:dc='http://purl.org/dc/elements/1.1/'>{}</feed>"
)
ENTRY = (
    "<entry><id>oai:arXiv.org:2508.00001v1</id><title>A title</title>"
    "<summary>arXiv:2508.00001v1 Announce Type: new \nAbstract: Words.</summary>"
    "<arxiv:announce_type>new</arxiv:announce_type><published>2025-08-20T00:00:00-04:00</published></entry>"
)


def feed_of(*entries: str) -> bytes:
    return FEED.format("".join(entries)).encode()


def story() -> Feed:
    feed = Feed()
    feed.paper(
        "Gaussian splatting in $O(n\\log n)$", "We use $\\alpha$.", authors=["Am\\'elie B (X, Y)", "C D Jr."]
    )
    feed.paper("Cross", categories=["cs.CL", "cs.CV"], kind="cross")
    feed.paper("Old", id="hep-th/9901001", kind="replace", version=4, doi="10.1000/ABC")
    feed.paper("Old too", id="2412.00001", kind="replace-cross", version=2)
    return feed


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_atom_and_rss_say_the_same(form: str) -> None:
    feed = story()
    batch = arxiv_feed.parse(feed.atom() if form == "atom" else feed.rss())
    assert [sighting.kind for sighting in batch.sightings] == ["new", "cross", "replace", "replace-cross"]
    first, cross, replaced, _ = (sighting.paper for sighting in batch.sightings)
    assert first.title == "Gaussian splatting in O(n log n)"
    assert first.abstract == "We use α."
    assert first.authors == ("Amélie B", "C D Jr.")
    assert cross.categories == ("cs.CL", "cs.CV")
    assert (replaced.id, replaced.version) == ("arxiv:hep-th/9901001", 4)
    assert batch.day == date(2025, 8, 20)
    assert not batch.cut
    assert batch.quiet_days == (frozenset() if form == "atom" else {"sat", "sun"})


def test_a_broken_entry_is_named_and_the_rest_kept() -> None:
    body = feed_of(
        ENTRY,
        ENTRY.replace("2508.00001", "nonsense"),
        ENTRY.replace("2508.00001", "2508.00002").replace("<title>A title</title>", "<title> </title>"),
        ENTRY.replace("2508.00001", "2508.00003")
        .replace(">new<", ">party<")
        .replace("Type: new", "Type: party"),
        ENTRY.replace("2508.00001", "2508.00004"),
    )
    batch = arxiv_feed.parse(body)
    assert [sighting.paper.id for sighting in batch.sightings] == ["arxiv:2508.00001", "arxiv:2508.00004"]
    assert [unusable.reason.split(".")[0] for unusable in batch.unusable] == [
        "It has no arXiv id",
        "It has no title",
        "Its announce type is none of new, cross, replace, replace-cross",
    ]
    assert batch.unusable[1].where == "oai:arXiv.org:2508.00002v1"


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        ("<title>A & B &nbsp; &eacute; title</title>", "A & B é title"),
        ("<title>A \x0b\x01title</title>", "A title"),
        ("<title>A\n  long\n  title</title>", "A long title"),
        ("<title>A <i>nested</i> title</title>", "A nested title"),
        ("<title><![CDATA[A < title]]></title>", "A < title"),
        ("<title>A &amp;lt; title</title>", "A &lt; title"),
    ],
)
def test_small_faults_are_mended(broken: str, kept: str) -> None:
    batch = arxiv_feed.parse(feed_of(ENTRY.replace("<title>A title</title>", broken)))
    assert [sighting.paper.title for sighting in batch.sightings] == [kept]
    assert not batch.cut


def test_an_entry_of_broken_xml_costs_only_itself() -> None:
    bad = ENTRY.replace("2508.00001", "2508.00009").replace("</title>", "</titel>")
    batch = arxiv_feed.parse(feed_of(ENTRY, bad, ENTRY.replace("2508.00001", "2508.00002")))
    assert len(batch.sightings) == 2
    assert re.fullmatch(r"It is broken XML \(.*\)\.", batch.unusable[0].reason)
    assert not batch.cut


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    batch = arxiv_feed.parse(feed_of(ENTRY).replace(b"A title", b"A t\xe9tle"))
    assert batch.sightings[0].paper.title == "A t�tle"


def test_a_cut_at_any_place_never_makes_up_a_paper() -> None:
    feed = story()
    body = feed.atom()
    for length in range(len(body)):
        try:
            batch = arxiv_feed.parse(body[:length])
        except PaperboyError:
            continue
        whole = body[:length].count(b"</entry>")
        assert len(batch.sightings) == whole
        assert batch.cut


def test_the_same_paper_twice_is_one_sighting() -> None:
    later = ENTRY.replace("01v1", "01v2").replace(">new<", ">replace<")
    batch = arxiv_feed.parse(feed_of(ENTRY, later))
    assert [(one.paper.version, one.kind) for one in batch.sightings] == [(2, "new")]


def test_thousands_of_authors_and_none() -> None:
    feed = Feed()
    feed.paper("Higgs", authors=[f"Author {number}" for number in range(3303)])
    feed.paper("Anonymous", authors=[])
    batch = arxiv_feed.parse(feed.atom())
    assert [len(sighting.paper.authors) for sighting in batch.sightings] == [3303, 0]


@pytest.mark.parametrize(
    "names",
    [
        "<author><name>A B</name></author><author><name>C D</name></author>",
        "<dc:creator>A B, C D</dc:creator>",
        "<dc:creator>A B</dc:creator><dc:creator>C D</dc:creator>",
    ],
)
def test_authors_may_stand_otherwise(names: str) -> None:
    batch = arxiv_feed.parse(feed_of(ENTRY.replace("</entry>", f"{names}</entry>")))
    assert batch.sightings[0].paper.authors == ("A B", "C D")


def test_an_entity_bomb_stays_small() -> None:
    bomb = "<!DOCTYPE lolz [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>"
    with pytest.raises(SourceError, match="document type"):
        arxiv_feed.parse(bomb.encode() + feed_of(ENTRY))
    with pytest.raises(SourceError, match="document type"):
        arxiv_feed.parse(b"<!--" + b" " * 3000 + b"-->" + bomb.encode() + feed_of(ENTRY))


@pytest.mark.parametrize(
    ("names", "authors"),
    [
        ("A B, C D", ("A B", "C D")),
        ("A B (Univ. of X, Dept. (Y)), C D (Z)", ("A B", "C D")),
        ("A B (1), C D (1 and 2) ((1) X, (2) Y)", ("A B", "C D")),
        ("Joseph J. LaViola Jr., Sammy Davis, Jr., X", ("Joseph J. LaViola Jr.", "Sammy Davis, Jr.", "X")),
        ("A B and C D", ("A B", "C D")),
        ("LIGO Scientific Collaboration: A B", ("LIGO Scientific Collaboration: A B",)),
        ("ATLAS Collaboration", ("ATLAS Collaboration",)),
        ("", ()),
        (" , ;", ()),
    ],
)
def test_a_list_of_names_is_parted(names: str, authors: tuple[str, ...]) -> None:
    assert people.split(names) == authors


@pytest.mark.parametrize("newest", [True, False])
def test_both_serializations_of_the_api(newest: bool) -> None:
    feed = story()
    feed.newest_form = newest
    answer = arxiv_api.parse(feed.api(list(feed.known.values()), total=99))
    assert answer.total == 99
    assert [paper.version for paper in answer.papers] == [1, 1, 4, 2]
    assert answer.papers[0].title == "Gaussian splatting in O(n log n)"
    assert answer.papers[1].categories == ("cs.CL", "cs.CV")
    assert answer.papers[0].published == date(2025, 8, 19)
    assert answer.papers[2].doi == ("10.1000/abc" if newest else "")


def test_classes_of_other_schemes_are_no_categories() -> None:
    assert arxiv_feed.categories(["cs.CV", "68T07; 53C", "I.2.6", "astro-ph.EP", "hep-th", "cs.CV", ""]) == (
        "cs.CV",
        "astro-ph.EP",
        "hep-th",
    )


@pytest.mark.parametrize(
    ("comment", "abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error", "", True),
        ("arXiv admin note: Withdrawn by arXiv administrators due to concerns", "", True),
        ("Withdrawn", "", True),
        ("Data contains errors and needs to be withdrawn", "", True),
        ("", "This paper has been withdrawn.", True),
        ("This paper was withdrawn from the IJCAI 2025 proceedings", "", False),
        ("", "Utilizing papers withdrawn from arXiv, we validated our methods.", False),
        ("12 pages", "We study " + "retracted articles. " * 50, False),
    ],
)
def test_withdrawn_papers_are_known(comment: str, abstract: str, withdrawn: bool) -> None:
    assert is_withdrawn(comment, abstract) is withdrawn


def mutated() -> st.SearchStrategy[bytes]:
    """A good feed with a piece cut out, doubled, or overwritten."""
    body = story().atom()
    place = st.integers(0, len(body))
    return st.builds(
        lambda first, second, filling: body[: min(first, second)] + filling + body[max(first, second) :],
        place,
        place,
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from([b"<entry>", b"</entry>", b"</feed>", b"&x;", b"<![CDATA["]),
        ),
    )


@given(st.one_of(st.binary(max_size=300), mutated()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    for parse in (arxiv_feed.parse, arxiv_api.parse):
        with suppress(SourceError):
            parse(body)
