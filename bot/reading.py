"""Reading a paper: its text and its summary, each made once and kept; a broken model never stops a digest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot import crash
from bot.domain import FullText, Paper, PaperId, Summary
from bot.errors import ModelError
from bot.llm.excerpt import fingerprint
from bot.ports import Clock, Readings, Summarizer, Texts


class Reader:
    """Reads papers with the configured model, and with the embedded one where that fails or is not there."""

    def __init__(
        self,
        *,
        texts: Texts,
        readings: Readings,
        embedded: Summarizer,
        model: Summarizer | None,
        clock: Clock,
        concurrency: int = 4,
    ) -> None:
        self._texts = texts
        self._readings = readings
        self._embedded = embedded
        self._model = model
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._under_way: dict[tuple[PaperId, str], asyncio.Task[Summary]] = {}

    def translates(self) -> bool:
        """Whether summaries can come in another language than the papers'; the embedded model quotes only."""
        return self._model is not None

    async def text(self, paper: Paper) -> FullText:
        """The paper's text, fetched once for each version."""
        return await self._texts.full_text(paper)

    async def read(self, paper: Paper, *, language: str = "en", fresh: bool = False) -> Summary:
        """The paper's summary; two who ask at once share one making. Never raises for paper or model."""
        key = (paper.id, language)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._read(paper, language, fresh))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def read_all(self, papers: Sequence[Paper], *, language: str = "en") -> list[Summary]:
        """Summaries in the order of ``papers``, made side by side up to the bound."""
        return list(await asyncio.gather(*(self.read(paper, language=language) for paper in papers)))

    async def _read(self, paper: Paper, language: str, fresh: bool) -> Summary:
        async with self._slots:
            text = await self.text(paper)
            read = fingerprint(text)
            if not fresh and (kept := await self._kept(paper, read, language)):
                return kept
            summary = await self._make(paper, text, language)
        summary = replace(summary, prompt_version=f"{summary.prompt_version}.{read}")
        crash.here("before-keep")
        await self._readings.keep_summary(summary, now=self._clock.now())
        crash.here("after-keep")
        return summary

    async def _kept(self, paper: Paper, read: str, language: str) -> Summary | None:
        """What was made before of the same text, by the same maker and prompts: nothing is paid for twice,
        and a summary of the abstract does not outlive the arrival of the full text."""
        maker = self._model or self._embedded
        return await self._readings.summary(
            paper.id,
            prompt_version=f"{maker.prompt_version}.{read}",
            model=maker.name,
            language=language,
        )

    async def _make(self, paper: Paper, text: FullText, language: str) -> Summary:
        note = ""
        if self._model is not None:
            try:
                summary = await self._model.summarize(paper, text, language=language)
                return self._dated(summary)
            except ModelError as error:
                note = f"{error.excuse}, so these are sentences of the paper."
        summary = await self._embedded.summarize(paper, text, language=language)
        return self._dated(replace(summary, note=" ".join(part for part in (note, summary.note) if part)))

    def _dated(self, summary: Summary) -> Summary:
        return replace(summary, made_at=summary.made_at or self._clock.now())
