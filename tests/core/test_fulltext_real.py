"""The real full texts: what a reader of them must find, and that nothing is printed that is not there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.domain import FullText, Outcome, Paper, PaperId, Question
from bot.errors import TextUnavailable
from bot.evidence import Lock, present
from bot.fulltext.html import read_html
from bot.fulltext.jats import read_jats
from bot.fulltext.pdf import read_pdf
from bot.llm.embedded import EmbeddedAnswerer, EmbeddedSummarizer
from bot.llm.extract_answer import retrieve

pytestmark = pytest.mark.data


async def read(file: Path) -> FullText:
    content, paper = await asyncio.to_thread(file.read_bytes), PaperId(file.name)
    if file.suffix == ".pdf":
        return await read_pdf(content, paper_id=paper, version=1)
    return (read_html if file.suffix == ".html" else read_jats)(content, paper_id=paper, version=1)


@pytest.mark.parametrize(
    ("name", "sections", "words"),
    [
        (
            "pdf/multi-column.pdf",
            (
                "Abstract",
                "1 Introduction",
                "5 Experiments: Passage Retrieval › 5.2 Ablation Study on Model Training",
            ),
            ("Open-domain question answering relies on efficient passage retrieval", "outperform BM25"),
        ),
        (
            "pdf/2302.07302v1.pdf",
            ("ABSTRACT", "2 RELATED WORK › 2.1 Scientific Paper Reading Interfaces", "8 CONCLUSION"),
            ("This paper introduces CiteSee, a paper reading tool",),
        ),
        ("latexml_html/1706.03762.html", ("Abstract", "5 Training › 5.3 Optimizer"), ("8 NVIDIA P100 GPUs",)),
        ("jats/pone.0234687.nxml", ("Abstract", "Materials and methods › System boundary"), ("carbon",)),
    ],
)
async def test_sections_and_words_are_found(
    data: Path, name: str, sections: tuple[str, ...], words: tuple[str, ...]
) -> None:
    text = await read(data / "fulltext" / name)
    assert set(sections) <= {passage.section for passage in text.passages}
    whole = "\n".join(passage.text for passage in text.passages)
    assert all(word in whole for word in words)
    assert not re.search(r"^References$|^arXiv:\d{4}\.\d{5}v\d|^\d{1,3}$", whole, re.MULTILINE)
    assert "\ufffe" not in whole


async def test_a_locked_file_is_told(data: Path) -> None:
    with pytest.raises(TextUnavailable, match="encrypted"):
        await read(data / "fulltext/pdf_odd/2206.01062_pg3.pdf")


@pytest.mark.parametrize(
    "name",
    ["pdf/pasa.pdf", "pdf/test-arxivMetadata.pdf", "latexml_html/2310.06825.html", "jats/elife-56337.nxml"],
)
async def test_nothing_is_printed_that_is_not_in_the_paper(data: Path, name: str) -> None:
    text = await read(data / "fulltext" / name)
    paper = Paper(PaperId(name), "")
    lock = Lock(text.passages)
    summary = await EmbeddedSummarizer().summarize(paper, text)
    assert len({claim.part for claim in summary.claims}) >= 5
    assert all(present(claim.text) for claim in summary.claims)
    shown = [claim.evidence for claim in summary.claims]
    for words in ("What dataset did they use?", "What are the limitations?", "What is this paper about?"):
        found = retrieve(words, text.passages, limit=8)
        answer = await EmbeddedAnswerer().answer(Question(words, (paper,), tuple(found)))
        shown += [*answer.evidence, *answer.nearest]
    assert all(lock.find(evidence.quote) for evidence in shown)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Which optimizer did they use?", "Adam optimizer"),
        ("What GPUs were used?", "8 NVIDIA P100 GPUs"),
        ("Is the code available?", "tensorflow/tensor2tensor"),
        ("what dataset did they use?", "WMT 2014"),
        ("how many heads are used?", "h = 8 parallel attention layers, or heads"),
    ],
)
async def test_questions_about_a_well_known_paper(data: Path, question: str, words: str) -> None:
    text = await read(data / "fulltext/latexml_html/1706.03762.html")
    found = retrieve(question, text.passages, limit=8)
    paper = Paper(PaperId("arxiv:1706.03762"), "Attention Is All You Need")
    answer = await EmbeddedAnswerer().answer(Question(question, (paper,), tuple(found)))
    assert answer.outcome in (Outcome.ANSWERED, Outcome.UNSURE)
    assert words in " ".join(evidence.quote for evidence in answer.evidence)
