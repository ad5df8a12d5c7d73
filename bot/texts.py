"""Full texts: asked for when somebody needs them, HTML first, then PDF, and kept for each version."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.domain import FullText, Paper, PaperId, is_private
from bot.errors import NotFound, SourceError, TextUnavailable
from bot.fulltext.html import read_html
from bot.fulltext.jats import read_jats
from bot.fulltext.passages import EXTRACTOR, abstract_only, with_abstract
from bot.fulltext.pdf import read_pdf
from bot.ports import Clock, Readings
from bot.web import Bounds, Web

_BOUNDS = Bounds(size=40_000_000, seconds=60.0, tries=2, patience=60.0)
AGAIN = timedelta(hours=6)
"""How long a text that could not be had is not asked for again."""

AWAY = timedelta(minutes=2)
"""How long nothing is asked for after a host did not answer, so that a digest is not held up."""
_AWAY = "The full text could not be fetched; the abstract is used."
_log = structlog.get_logger("paperboy")
Fetch = Callable[[Paper], Awaitable[FullText]]


class FetchedTexts:
    """Texts from arXiv, bioRxiv and medRxiv; of other papers the abstract."""

    def __init__(
        self, web: Web, readings: Readings, clock: Clock, *, html_url: str, pdf_url: str, enabled: bool = True
    ) -> None:
        self._web = web
        self._readings = readings
        self._clock = clock
        self._html = html_url.rstrip("/")
        self._pdf = pdf_url.rstrip("/")
        self._enabled = enabled
        self._turns: dict[PaperId, asyncio.Lock] = {}
        self._away_until: dict[str, float] = {}
        self._failed: dict[PaperId, tuple[float, str]] = {}

    async def full_text(self, paper: Paper) -> FullText:
        """The kept text, else the fetched one, else the abstract with the reason."""
        turn = self._turns.setdefault(paper.id, asyncio.Lock())
        async with turn:
            kept = await self._readings.text(paper.id, paper.version)
            if kept is not None and (kept.extractor == EXTRACTOR or is_private(paper.id)):
                return kept
            if is_private(paper.id):
                return abstract_only(paper, "The file's text is kept no longer; drop it here again.")
            text = await self._fetched(paper)
        if not turn.locked():
            self._turns.pop(paper.id, None)
        return text

    async def _fetched(self, paper: Paper) -> FullText:
        now = self._clock.now().timestamp()
        failed_at, reason = self._failed.get(paper.id, (0.0, ""))
        if now - failed_at < AGAIN.total_seconds():
            return abstract_only(paper, reason)
        reasons: list[str] = []
        server = _server(paper)
        if now < self._away_until.get(server, 0.0):
            return abstract_only(paper, _AWAY)
        for fetch in self._ways(paper):
            try:
                text = with_abstract(paper, await fetch(paper))
            except NotFound:
                continue
            except TextUnavailable as error:
                reasons.append(str(error))
                continue
            except SourceError as error:
                _log.info("full text not fetched", paper=paper.id, error=error)
                self._away_until[server] = now + AWAY.total_seconds()
                return abstract_only(paper, _AWAY)
            await self._readings.keep_text(text, now=self._clock.now())
            return text
        reason = reasons[-1] if reasons else ""
        self._remember(paper.id, now, reason)
        return abstract_only(paper, reason)

    def _remember(self, paper_id: PaperId, now: float, reason: str) -> None:
        if len(self._failed) > 2_000:
            self._failed.clear()
        self._failed[paper_id] = (now, reason)

    def _ways(self, paper: Paper) -> list[Fetch]:
        if not self._enabled:
            return []
        server = _server(paper)
        if server == "arxiv":
            return [self._from_html, self._from_pdf]
        return [self._from_jats] if server else []

    async def _from_html(self, paper: Paper) -> FullText:
        page = await self._web.get(f"{self._html}/{_versioned(paper)}", accept="text/html", bounds=_BOUNDS)
        return await asyncio.to_thread(read_html, page.body, paper_id=paper.id, version=paper.version)

    async def _from_pdf(self, paper: Paper) -> FullText:
        page = await self._web.get(
            f"{self._pdf}/{_versioned(paper)}", accept="application/pdf", bounds=_BOUNDS
        )
        return await read_pdf(page.body, paper_id=paper.id, version=paper.version)

    async def _from_jats(self, paper: Paper) -> FullText:
        bare = paper.id.removeprefix("doi:")
        url = f"https://www.{_server(paper)}.org/content/{bare}v{paper.version}.source.xml"
        page = await self._web.get(url, accept="application/xml", bounds=_BOUNDS)
        return await asyncio.to_thread(read_jats, page.body, paper_id=paper.id, version=paper.version)


def _server(paper: Paper) -> str:
    """Whose text it is; empty where there is none to be had. A preprint may have come by any feed or
    register."""
    if paper.id.startswith("arxiv:"):
        return "arxiv"
    if paper.source in ("biorxiv", "medrxiv"):
        return paper.source
    if re.match(r"doi:10\.(?:1101|64898)/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,}$", paper.id):
        return "medrxiv" if "medrxiv" in paper.url.lower() + paper.journal.lower() else "biorxiv"
    return ""


def _versioned(paper: Paper) -> str:
    return f"{paper.id.removeprefix('arxiv:')}v{paper.version}"
