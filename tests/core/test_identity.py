"""Which paper is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import identity
from bot.domain import PaperId

NAMED = {
    "2509.10432": "arxiv:2509.10432",
    "arXiv:2509.10432v2": "arxiv:2509.10432",
    "oai:arXiv.org:2508.13426v1": "arxiv:2508.13426",
    "0808.0539": "arxiv:0808.0539",
    "hep-th/9901001v3": "arxiv:hep-th/9901001",
    "math.GT/0309136": "arxiv:math/0309136",
    "10.48550/arXiv.2509.10432": "arxiv:2509.10432",
    "https://doi.org/10.48550/ARXIV.2509.10432": "arxiv:2509.10432",
    "doi:10.1038/NATURE12373.": "doi:10.1038/nature12373",
    "10.1101/2024.01.02.573888v2": "doi:10.1101/2024.01.02.573888",
    "10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O": (
        "doi:10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o"
    ),
    "https://arxiv.org/pdf/2509.10432v2.pdf": "arxiv:2509.10432",
    "http://export.arxiv.org/abs/cond-mat/0207270": "arxiv:cond-mat/0207270",
    "https://arxiv.org/html/2509.10432v1#S3": "arxiv:2509.10432",
    "https://www.alphaxiv.org/overview/2509.10432v1": "arxiv:2509.10432",
    "https://huggingface.co/papers/2509.10432": "arxiv:2509.10432",
    "https://www.biorxiv.org/content/10.1101/2024.01.02.5738v2.full.pdf+html": "doi:10.1101/2024.01.02.5738",
    "https://www.medrxiv.org/content/10.64898/2026.01.02.573888v1": "doi:10.64898/2026.01.02.573888",
    "http://biorxiv.org/cgi/content/short/2024.09.24.614782v1?rss=1": "doi:10.1101/2024.09.24.614782",
    "https://www.biorxiv.org/cgi/content/abstract/318568v3": "doi:10.1101/318568",
    "https://hf.co/papers/2509.10432": "arxiv:2509.10432",
    "https://www.biorxiv.org/content/biorxiv/early/2018/10/11/365890.full.pdf": "doi:10.1101/365890",
    "https://www.medrxiv.org/content/medrxiv/early/2024/01/02/2024.01.02.24300001.full.pdf": (
        "doi:10.1101/2024.01.02.24300001"
    ),
    "https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0012345": (
        "doi:10.1371/journal.pone.0012345"
    ),
    "https://www.nature.com/articles/s41586-024-07487-w.pdf": "doi:10.1038/s41586-024-07487-w",
    "https://dl.acm.org/doi/pdf/10.1145/3292500.3330701": "doi:10.1145/3292500.3330701",
    "https://dx.doi.org/10.1145%2F3292500.3330701": "doi:10.1145/3292500.3330701",
}
UNNAMED = [
    "",
    "gaussian splatting",
    "0000.0000",
    "0808.05394",
    "2513.00001",
    "https://arxiv.org/list/cs.CV/new",
    "https://openreview.net/forum?id=abc",
    "http://medrxiv.org/cgi/content/short/2026.03.01.26345678v1?rss=1",
    "https://[::1",
    "https://example.org/login?next=https://doi.org/10.1145/3292500.3330701",
    "https://huggingface.co/datasets/2509.10432",
]


@pytest.mark.parametrize(("written", "paper_id"), NAMED.items())
def test_is_known_by_what_people_write(written: str, paper_id: str) -> None:
    assert identity.parse(written) == paper_id


@pytest.mark.parametrize("written", UNNAMED)
def test_nothing_is_made_up(written: str) -> None:
    assert identity.parse(written) is None


def test_versions_are_told_apart() -> None:
    assert identity.arxiv_version("2509.10432v12") == ("2509.10432", 12)
    assert identity.arxiv_version("hep-th/9901001") == ("hep-th/9901001", None)


def test_a_message_names_papers_once_and_in_order() -> None:
    message = "see (https://doi.org/10.1234/x.y), arXiv:2509.10432v1, 2509.10432 and <https://arxiv.org/abs/2509.1|x>"
    assert identity.mentioned(message) == ("doi:10.1234/x.y", "arxiv:2509.10432")
    assert identity.links("<https://a.org/x|label> and (https://b.org/y).") == (
        "https://a.org/x",
        "https://b.org/y",
    )


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("does https://arxiv.org/abs/2509.10432v2 beat NeRF?", "does this paper beat NeRF?"),
        ("what data do they use in 2509.10432?", "what data do they use in this paper?"),
        ("what data? https://arxiv.org/abs/2509.10432", "what data?"),
        ("(arXiv:2509.10432): what is the loss", "what is the loss"),
        ("wie groß ist das Modell in 2509.10432？", "wie groß ist das Modell in this paper？"),
        ("how does 2509.10432 differ from 2003.08934?", "how does this paper differ from 2003.08934?"),
        ("2509.10432?", ""),
        ("look at https://arxiv.org/abs/2509.10432 !", ""),
        ("see https://example.org/?page=1 and 2509.10432", ""),
    ],
)
def test_a_message_asks_about_the_paper_it_names(said: str, asked: str) -> None:
    assert identity.question_about(PaperId("arxiv:2509.10432"), said) == asked


def test_an_address_is_the_identity_of_last_resort() -> None:
    first = identity.by_address("https://www.X.org:443/a/?utm_source=1&b=2&a=1#z")
    assert first == "url:x.org/a?a=1&b=2"
    assert first == identity.by_address("http://x.org/a?a=1&b=2")
    assert identity.by_address("https://x.org:00:00Z/ a") == "url:x.org:00:00Z/a"
    assert identity.by_address("https://[x") == "url:[x"


@pytest.mark.parametrize(
    ("paper_id", "page"),
    [
        ("arxiv:hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
        ("doi:10.1234/x", "https://doi.org/10.1234/x"),
        ("url:x.org/a", "https://x.org/a"),
    ],
)
def test_every_paper_has_a_page(paper_id: str, page: str) -> None:
    assert identity.address(PaperId(paper_id)) == page


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        ("Attention is all you need!", ["Ashish Vaswani", "Noam Shazeer"]),
        ("Attention Is All You Need.", ["Vaswani, A."]),
        ("Attention is all  you need", ["Vaswani, Jr., Ashish"]),
        ("Attention is all you need", ["A. van der Vaswani"]),
    ],
)
def test_a_preprint_and_its_journal_version_have_one_key(title: str, authors: list[str]) -> None:
    assert identity.title_key(title, authors) == "attentionisallyouneed|vaswani"


def test_a_title_that_tells_too_little_has_no_key() -> None:
    assert identity.title_key("Editorial", ["A. Smith"]) == ""
    assert identity.title_key("A long enough title without any author", []) == ""
    assert identity.title_key("Ångström-scale Bießmann imaging", ["Łukasz Øst"]).endswith("|ost")


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    for paper_id in identity.mentioned(text):
        assert identity.parse(identity.address(paper_id)) == paper_id
    identity.links(text)
    identity.parse("https://arxiv.org/abs/" + text)
    identity.title_key(text, [text])
