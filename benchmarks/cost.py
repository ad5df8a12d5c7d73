"""What does a model cost? ``python -m benchmarks.cost [DATA]``

On the real papers of ``DATA/fulltext``, against a scripted server on loopback that answers honestly and
counts tokens (four characters each):

- a summary against chunk-then-merge: every 2,000 tokens of the paper summarized, then the parts merged by
  the model (reach .7 of its tokens, and one call);
- a question against the whole paper with every question (reach .25);
- a digest of 20 channels that share 50 papers (reach 50 summaries, not 250);
- the time of 50 summaries side by side against the ideal, the model's time by its bound (reach 1.15).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.data import data_root
from benchmarks.texts import full_texts
from bot.domain import FullText, Paper, PaperId, Question, Summary
from bot.llm import prompts
from bot.llm.budget import Budget
from bot.llm.chat import OpenAIAnswerer, OpenAISummarizer
from bot.llm.embedded import EmbeddedSummarizer
from bot.llm.excerpt import chunks
from bot.llm.extract_answer import retrieve
from bot.llm.openai import ChatModel, Task, conversation
from bot.llm.schema import AnswerOut, SummaryOut
from bot.llm.server import Server
from bot.reading import Reader
from storage.engine import connect
from storage.readings import Readings
from tests.fakes import reader
from tests.fakes.clock import SetClock
from tests.fakes.llm import Asked, LlmServer, MemoryLedger

CHUNK = 2_000
QUESTIONS = (
    "Which datasets are used for the evaluation?",
    "What are the limitations of the work?",
    "What is the main result and how large is the improvement?",
    "How is the method trained and on what hardware?",
)
PAPERS, CHANNELS, EACH = 50, 20, 12
CONCURRENCY, MODEL_SECONDS = 4, 3.0


class Bench:
    """A model, the scripted server behind it, and what was spent."""

    def __init__(self, llm: LlmServer, *, concurrency: int = CONCURRENCY) -> None:
        self.ledger = MemoryLedger()
        self.clock = SetClock()
        budget = Budget(self.ledger, clock=self.clock)
        self.server = Server(
            base_url=llm.url, model="scripted", clock=self.clock, budget=budget, concurrency=concurrency
        )
        self.model = ChatModel(self.server)

    def spent(self) -> tuple[int, int]:
        """Calls and tokens since the last time."""
        calls = self.ledger.calls
        self.ledger.rows.clear()
        return len(calls), sum(call.tokens_in + call.tokens_out for call in calls)


def answers(asked: Asked) -> object:
    """An honest model, also for merging."""
    found = reader.blocks(asked)
    if "partials" in found:
        claims = [claim for part in json.loads(found["partials"]) for claim in part["claims"]]
        gist = json.loads(found["partials"])[0]
        return {"gist": gist["gist"], "gist_quote": gist["gist_quote"], "claims": claims[: reader.MOST]}
    return reader.anything(asked)


async def chunk_then_merge(bench: Bench, paper: Paper, text: FullText) -> None:
    """The baseline: the same prompt for each chunk, and once more for all that was said."""
    system = prompts.summary_system("en", short=False)
    said = []
    for chunk in chunks(text.passages, CHUNK):
        task = Task("summary", conversation(system, prompts.summary_user(paper, chunk)), 4_000)
        said.append((await bench.model.ask(task, SummaryOut)).model_dump())
    merge = f"{prompts.block('partials', json.dumps(said))}\nMerge these summaries of parts of one paper."
    await bench.model.ask(Task("summary", conversation(system, merge), 4_000), SummaryOut)


async def summaries(bench: Bench, papers: Sequence[tuple[Paper, FullText]]) -> None:
    """Tokens of a summary, ours and chunk by chunk."""
    summarizer = OpenAISummarizer(bench.model, clock=bench.clock)
    ours = theirs = (0, 0)
    for paper, text in papers:
        await summarizer.summarize(paper, text)
        ours = _plus(ours, bench.spent())
        await chunk_then_merge(bench, paper, text)
        theirs = _plus(theirs, bench.spent())
    ratio = ours[1] / theirs[1]
    print(f"summaries of {len(papers)} papers: {ours[0]} calls, {ours[1]:,} tokens; ", end="")
    print(f"chunk-then-merge {theirs[0]} calls, {theirs[1]:,} tokens; ratio {ratio:.2f}")


async def questions(bench: Bench, papers: Sequence[tuple[Paper, FullText]]) -> None:
    """Tokens of a question, ours and with the whole paper."""
    answerer = OpenAIAnswerer(bench.model)
    ours = theirs = (0, 0)
    first: list[float] = []
    for paper, text in papers:
        for asked in QUESTIONS:
            words = _Stopwatch(first)
            found = Question(asked, (paper,), tuple(retrieve(asked, text.passages, limit=8)))
            await answerer.answer(found, words=words)
            ours = _plus(ours, bench.spent())
            whole = prompts.answer_user(replace(found, passages=text.passages), text.passages)
            talk = conversation(prompts.answer_system("en"), whole)
            await bench.model.ask(Task("answer", talk, 1_000), AnswerOut)
            theirs = _plus(theirs, bench.spent())
    ratio = ours[1] / theirs[1]
    print(f"{ours[0]} calls for {len(papers) * len(QUESTIONS)} questions: {ours[1]:,} tokens; ", end="")
    print(f"whole paper {theirs[1]:,} tokens; ratio {ratio:.2f}")
    print(f"first words after {1000 * max(first):.0f} ms at most, the scripted model's own time included")


class _Stopwatch:
    """Notes when the first words of an answer come, in seconds since it was made."""

    def __init__(self, times: list[float]) -> None:
        self._times: list[float] | None = times
        self._began = time.perf_counter()

    async def __call__(self, text: str) -> None:
        if self._times is not None:
            self._times.append(time.perf_counter() - self._began)
            self._times = None


def _plus(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


class Given:
    """Texts that are at hand."""

    def __init__(self, papers: Sequence[tuple[Paper, FullText]]) -> None:
        self._texts = {paper.id: text for paper, text in papers}

    async def full_text(self, paper: Paper) -> FullText:
        return self._texts[paper.id]


def fifty(papers: Sequence[tuple[Paper, FullText]]) -> list[tuple[Paper, FullText]]:
    """Fifty papers of the real ones, with ids of their own."""
    found = []
    for number in range(PAPERS):
        paper, text = papers[number % len(papers)]
        name = PaperId(f"arxiv:2608.{number:05}")
        passages = tuple(replace(passage, paper_id=name) for passage in text.passages)
        found.append((replace(paper, id=name), replace(text, paper_id=name, passages=passages)))
    return found


async def digest(bench: Bench, papers: Sequence[tuple[Paper, FullText]]) -> None:
    """Twenty channels, twelve papers each, of the same fifty: how many calls, and how long.

    The reader takes twice as many papers at once as the model's server does, so that the model never waits
    for a paper to be cut, checked or kept.
    """
    database = await connect("sqlite:///:memory:")
    try:
        read = Reader(
            texts=Given(papers),
            readings=Readings(database),
            embedded=EmbeddedSummarizer(),
            model=OpenAISummarizer(bench.model, clock=bench.clock),
            clock=bench.clock,
            concurrency=2 * CONCURRENCY,
        )
        shown = [[papers[(c * 7 + n) % len(papers)][0] for n in range(EACH)] for c in range(CHANNELS)]
        began = time.perf_counter()
        found: list[list[Summary]] = await asyncio.gather(*(read.read_all(some) for some in shown))
        took = time.perf_counter() - began
    finally:
        await database.close()
    papers_read = len({summary.paper_id for some in found for summary in some})
    by_model = len({s.paper_id for some in found for s in some if s.model == "scripted"})
    calls, _ = bench.spent()
    ideal = MODEL_SECONDS * calls / CONCURRENCY
    print(
        f"{CHANNELS} channels x {EACH} papers: {papers_read} papers, {by_model} summaries by the model, ",
        end="",
    )
    print(f"{calls} calls; {took:.1f} s, ideal {ideal:.1f} s, ratio {took / ideal:.2f}")


async def measure(papers: Sequence[tuple[Paper, FullText]]) -> None:
    """Print the figures."""
    async with LlmServer() as llm:
        bench = Bench(llm.reads(answers))
        await summaries(bench, papers)
        await questions(bench, papers)
        await bench.model.close()
    async with LlmServer(takes=MODEL_SECONDS) as llm:
        bench = Bench(llm.reads(answers))
        await digest(bench, fifty(papers))
        await bench.model.close()


def main() -> None:
    """Measure on the real papers."""
    asyncio.run(measure(full_texts(data_root(sys.argv[1:]) / "fulltext")))


if __name__ == "__main__":
    main()
