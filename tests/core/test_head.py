"""What first pages say of their papers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain import PaperId
from bot.fulltext.head import Head
from bot.fulltext.lines import Line
from bot.fulltext.pdf import read_document

TITLE = "Counting moss on roofs"
REAL = {
    "1001._0908.0054.pdf": ("Ultra light bosonic dark matter and CMB", ["arxiv:0908.0054"]),
    "1903.10676.pdf": ("", []),  # a single page of tables
    "2020.acl-main.447.pdf": ("S2ORC: The Semantic Scholar Open Research Corpus", []),
    "2023.eacl-main.121.pdf": (
        "LONGEVAL: Guidelines for Human Evaluation of Faithfulness in Long-form Summarization",
        [],
    ),
    "2206.10883v3.pdf": (
        "Multi-LexSum: Real-World Summaries of Civil Rights Lawsuits at Multiple Granularities",
        ["arxiv:2206.10883"],
    ),
    "2302.07302v1.pdf": (
        "CiteSee: Augmenting Citations in Scientific Papers with Persistent and Personalized Historical "
        "Context",
        ["doi:10.1145/3544548.3580847", "arxiv:2302.07302"],
    ),
    "multi-column.pdf": (
        "Dense Passage Retrieval for Open-Domain Question Answering",
        ["arxiv:2004.04906"],
    ),
    "paper.pdf": ("A Perspective on Explanations of Molecular Prediction Models", []),
    "pasa.pdf": ("PaSa: An LLM Agent for Comprehensive Academic Paper Search", ["arxiv:2501.10120"]),
    "test-arxivMetadata.pdf": (
        "A Multi-Year Grey Literature Review on AI-assisted Test Automation",
        ["arxiv:2408.06224"],
    ),
}


@pytest.mark.data
@pytest.mark.parametrize("name", REAL)
async def test_real_first_pages(data: Path, name: str) -> None:
    body = (data / "fulltext" / "pdf" / name).read_bytes()
    head = (await read_document(body, paper_id=PaperId("file:x"), version=1)).head
    title, ids = REAL[name]
    assert head.title() == title
    assert list(head.named())[: len(ids)] == ids
    assert not title or head.bears(title)


def page(*rows: tuple[str, float], stated: str = "", text: str = "") -> Head:
    """A page of rows with their letters' sizes, from the top down."""
    lines = [Line(1, words, 72.0, 500.0, 760.0 - 20 * at, size) for at, (words, size) in enumerate(rows)]
    body = [Line(1, "Words of the running text.", 72.0, 500.0, 500.0 - 12 * at, 10.0) for at in range(20)]
    return Head(stated, "", text, (*lines, *body))


def test_the_largest_words_at_the_top_are_the_title() -> None:
    head = page(("Journal of Moss", 20), ("Counting moss", 18), ("on roofs", 18), ("Ada Lovelace", 12))
    assert head.title() == TITLE


def test_what_the_file_states_counts_if_it_stands_there() -> None:
    rows = (("COUNTING MOSS ON ROOFS", 18.0), ("Ada Lovelace", 12.0))
    assert page(*rows, stated=TITLE).title() == TITLE
    assert page(*rows, stated="Microsoft Word - moss_final.docx").title() == "COUNTING MOSS ON ROOFS"
    assert page(*rows, stated="Another paper of ours").title() == "COUNTING MOSS ON ROOFS"


def test_a_page_of_one_size_has_no_title() -> None:
    assert page(("Counting moss on roofs", 10)).title() == ""
    assert Head().title() == ""


def test_a_title_must_stand_at_the_head_of_the_page() -> None:
    head = page((TITLE, 18))
    assert head.bears("Counting Moss on Roofs")
    assert head.bears("Counting moss on $n$ roofs")
    assert not head.bears("Pruned splatting for phones")
    assert not head.bears("Moss")
    far = Head(lines=tuple(Line(1, "Words of the text." * 9, 0, 9, 700 - at, 10) for at in range(20)))
    assert not Head(lines=(*far.lines, Line(1, TITLE, 0, 9, 100, 10))).bears(TITLE)


def test_few_ids_are_named() -> None:
    text = " ".join(f"arXiv:2508.{number:05}" for number in range(1, 30))
    assert len(page(text=text).named()) == 5


@pytest.mark.parametrize(
    "words",
    [
        "order to compute the score on a single machine with forty cores",
        "We count moss on forty roofs and find it",
        "Moss covers roofs in every town. It is green.",
        "The north side carries three times the moss of the south.",
        "Moss covers roofs in every town, and the",
        "In this paper we count moss",
        "Table 1: Moss on roofs by year",
        "3.2 Counting moss",
        "[1] A. Lovelace, Counting moss",
    ],
)
def test_words_of_the_text_in_large_letters_are_no_title(words: str) -> None:
    assert page((words, 18.0)).title() == ""


@pytest.mark.parametrize(
    "title",
    [
        "Is moss green?",
        "Table tennis on roofs",
        "t-SNE for moss",
        "mRNA in moss",
        "3D Gaussian Splatting",
        "word2vec on roofs",
        "Moss vs. Lichen",
        "Attention Is All You Need",
        "Where are we now? On moss",
    ],
)
def test_odd_titles_stay(title: str) -> None:
    assert page((title, 18.0)).title() == title
