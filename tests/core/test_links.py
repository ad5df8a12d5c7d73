"""Any link becomes a paper, or a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Paper, PaperId
from bot.errors import Forbidden, NotFound, Throttled, Unreachable
from bot.sources import links
from bot.sources.links import Links
from bot.web import Web
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Site, broken

PAGE = """<!doctype html><html><head><meta charset="utf-8">
<META content="Flight of the H&lt;sub&gt;2&lt;/sub&gt;O bird" NAME="citation_title">
<meta name="citation_author" content="Lovelace, Ada"><meta name="citation_author" content="Charles Babbage">
<meta name="citation_publication_date" content="2025/08/20">
<meta name="citation_journal_title" content="Birds">
{more}<meta name="description"
 content="We study birds for a very long time, in winter and in summer, day and night, without a rest.">
</head><body></body></html>"""


class Known:
    """Looks ids up in a dictionary; ``fault`` is raised instead where there is one."""

    def __init__(self, *papers: Paper) -> None:
        self.papers = {paper.id: paper for paper in papers}
        self.fault: Exception | None = None

    async def find(self, ids: Sequence[PaperId]) -> Sequence[Paper]:
        if self.fault is not None:
            raise self.fault
        return [self.papers[paper_id] for paper_id in ids if paper_id in self.papers]

    async def search(self, words: str, *, limit: int, since: date | None = None) -> Sequence[Paper]:
        return ()


@pytest.fixture
def known() -> Known:
    return Known(
        Paper(PaperId("arxiv:2508.00001"), "From arXiv"),
        Paper(PaperId("doi:10.1038/x1"), "From Crossref", journal="Birds"),
    )


@pytest.fixture
async def reader(site: Site, known: Known) -> AsyncIterator[Links]:
    async with Web(SetClock(), trusted=[site.url], usual_pace=0) as web:
        yield Links(web, [known])


@pytest.mark.parametrize(
    "written",
    [
        "2508.00001",
        "arXiv:2508.00001v2",
        "<https://arxiv.org/abs/2508.00001>",
        "https://huggingface.co/papers/2508.00001",
        "https://www.alphaxiv.org/abs/2508.00001",
        "10.48550/arXiv.2508.00001",
    ],
)
async def test_an_id_in_the_link_needs_no_page(reader: Links, site: Site, written: str) -> None:
    assert (await reader.paper(written)).title == "From arXiv"
    assert site.asked == []


async def test_a_page_says_what_it_shows(reader: Links, site: Site) -> None:
    site.on("/forum", Answer(PAGE.format(more="").encode(), kind="text/html"))
    paper = await reader.paper(f"{site.url}/forum?id=1&utm_source=x")
    assert paper.title == "Flight of the H₂O bird"
    assert paper.authors == ("Ada Lovelace", "Charles Babbage")
    assert paper.published == date(2025, 8, 20)
    assert paper.abstract.startswith("We study birds")
    assert (paper.journal, paper.doi) == ("Birds", "")
    assert paper.id == f"url:127.0.0.1:{site.port}/forum?id=1"
    assert paper.url.endswith("/forum?id=1&utm_source=x")


async def test_a_page_with_a_doi_is_that_paper(reader: Links, site: Site, known: Known) -> None:
    more = '<meta name="citation_doi" content="doi:10.1038/X1">'
    site.on("/a", Answer(PAGE.format(more=more).encode()))
    paper = await reader.paper(f"{site.url}/a")
    assert (paper.id, paper.title) == ("doi:10.1038/x1", "From Crossref")
    assert paper.authors == ("Ada Lovelace", "Charles Babbage")
    known.fault = Unreachable("Crossref is down.")
    assert (await reader.paper(f"{site.url}/a")).title == "Flight of the H₂O bird"


async def test_a_link_with_a_doi_that_nobody_knows_is_read_as_a_page(reader: Links, site: Site) -> None:
    site.on("/doi/*", Answer(PAGE.format(more="").encode()))
    paper = await reader.paper(f"{site.url}/doi/10.5555/unknown")
    assert (paper.id, paper.title) == ("doi:10.5555/unknown", "Flight of the H₂O bird")


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("https://openreview.net/pdf?id=aB-c_1", "https://openreview.net/forum?id=aB-c_1"),
        ("https://openreview.net/attachment?name=pdf&id=aB1", "https://openreview.net/forum?id=aB1"),
        ("https://aclanthology.org/2020.acl-main.447.pdf", "https://aclanthology.org/2020.acl-main.447/"),
        ("https://aclanthology.org/P19-1001v2.pdf", "https://aclanthology.org/P19-1001/"),
        (
            "https://proceedings.mlr.press/v139/radford21a/radford21a.pdf",
            "https://proceedings.mlr.press/v139/radford21a.html",
        ),
        (
            "https://openaccess.thecvf.com/content/CVPR2024/papers/Kerbl_A_CVPR_2024_paper.pdf",
            "https://openaccess.thecvf.com/content/CVPR2024/html/Kerbl_A_CVPR_2024_paper.html",
        ),
        ("https://example.org/paper.pdf", "https://example.org/paper.pdf"),
        ("https://openreview.net/forum?id=x", "https://openreview.net/forum?id=x"),
    ],
)
def test_a_pdf_is_looked_up_on_the_page_that_describes_it(link: str, page: str) -> None:
    assert links.described(link) == page


async def test_a_title_is_asked_for_in_turn(site: Site) -> None:
    paper = Paper(PaperId("arxiv:2508.00001"), "A title of four words")

    async def nobody(title: str) -> Paper | None:
        return None

    async def away(title: str) -> Paper | None:
        raise Unreachable("It is away.")

    async def found(title: str) -> Paper | None:
        return paper

    async with Web(SetClock()) as web:
        assert await Links(web, [], [away, nobody, found]).titled(paper.title) is paper
        assert await Links(web, [], [away, nobody]).titled(paper.title) is None
        with pytest.raises(Unreachable):
            await Links(web, [], [away]).titled(paper.title)
        assert await Links(web, []).titled(paper.title) is None


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(b"<html><title>Shop</title></html>"), NotFound, "does not say which paper"),
        (Answer(b"%PDF-1.7", kind="application/pdf"), NotFound, "drop the file itself"),
        (Answer(status=404), NotFound, "no such page"),
        (broken(), Unreachable, "fault of its own"),
    ],
)
async def test_what_is_no_paper_is_a_sentence(
    reader: Links, site: Site, answer: Answer, error: type[Exception], words: str
) -> None:
    site.on("/a", answer)
    with pytest.raises(error, match=words):
        await reader.paper(f"{site.url}/a")


async def test_no_page_is_asked_for_where_looking_up_is_off(site: Site, known: Known) -> None:
    site.on("/*", Answer(PAGE.encode(), kind="text/html"))
    async with Web(SetClock(), trusted=[site.url], usual_pace=0) as web:
        reader = Links(web, [known], pages=False)
        with pytest.raises(NotFound, match="switched off"):
            await reader.paper(f"{site.url}/a")
        assert (await reader.paper("https://arxiv.org/abs/2508.00001")).title == "From arXiv"
    assert not site.asked


@pytest.mark.parametrize("written", ["gaussian splatting", "", "2508.99999", "10.9999/none"])
async def test_what_names_no_paper_is_a_sentence(reader: Links, written: str) -> None:
    with pytest.raises(NotFound):
        await reader.paper(written)


async def test_a_busy_archive_is_told_as_such(reader: Links, known: Known) -> None:
    known.fault = Throttled("arXiv asks for fewer requests; try later.")
    with pytest.raises(Throttled):
        await reader.paper("2508.00001")


async def test_a_link_into_the_own_network_is_refused(reader: Links) -> None:
    for link in ("http://127.0.0.1:9/x", "http://[::1]/10.1038/x", "http://169.254.169.254/"):
        with pytest.raises(Forbidden):
            await reader.paper(link)


@pytest.mark.parametrize(
    ("tags", "authors"),
    [
        ('<meta name="citation_authors" content="Lovelace, A.; Babbage, C.">', ("A. Lovelace", "C. Babbage")),
        ('<meta name="dc.creator" content="A B, C D, E F">', ("A B", "C D", "E F")),
        ("", ()),
    ],
)
def test_authors_stand_in_many_ways(tags: str, authors: tuple[str, ...]) -> None:
    page = (
        '<meta property="citation_title" content="T"><meta name="citation_arxiv_id" content="2508.00002">'
        + tags
    )
    paper = links.parse(page.encode(), "https://x.org/")
    assert paper is not None
    assert paper.authors == authors
    assert paper.id == "arxiv:2508.00002"


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=60).map(lambda text: f'<meta name="citation_title" content="{text}">'.encode()),
    )
)
def test_any_page_is_survived(body: bytes) -> None:
    links.parse(body, "https://x.org/1")
