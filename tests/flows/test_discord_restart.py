"""The real program on Discord is killed in the middle of things: the next start takes up what stood open."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.cli import run
from tests.fakes.discord import Discord

NOWHERE = "http://127.0.0.1:9"
PAPER = {
    "id": "arxiv:2508.00001",
    "title": "Pruned Gaussian splatting",
    "abstract": "We prune splats of indoor scenes. Mirrors remain hard for our method.",
    "authors": ["Ada"],
    "categories": ["cs.CV"],
    "published": "2025-08-19",
    "url": "https://arxiv.org/abs/2508.00001",
}


def written(folder: Path, server: Discord) -> Path:
    file = folder / "paperboy.toml"
    file.write_text(
        f'[storage]\nurl = "sqlite:///{folder}/lab.db"\n[server]\nenabled = false\n'
        f"[sources.arxiv]\nenabled = false\n[sources.lookup]\nenabled = false\n"
        f'[discord]\napi_url = "{server.api_url}"\n'
    )
    return file


@asynccontextmanager
async def running(config: Path, server: Discord, end: signal.Signals) -> AsyncIterator[None]:
    line = (sys.executable, "-m", "bot", "run", "--config", str(config))
    environ = {**os.environ, "DISCORD_TOKEN": server.token}
    process = await asyncio.create_subprocess_exec(*line, env=environ, stderr=asyncio.subprocess.DEVNULL)
    try:
        await server.connected(seconds=30)
        yield
    finally:
        process.send_signal(end)
        code = await asyncio.wait_for(process.wait(), 20)
    assert code == (0 if end is signal.SIGTERM else -end)
    await server.happens(lambda: not server.gateway.live)


async def test_killed_between_a_card_a_form_and_an_answer_and_while_somebody_waits(tmp_path: Path) -> None:
    """Buttons and forms of the process that died go on; where nothing came, a sentence says what to do."""
    async with Discord(now=time.time()) as server:
        papers = server.channel("papers")
        config, library = written(tmp_path, server), tmp_path / "library.jsonl"
        library.write_text(json.dumps(PAPER) + "\n")
        assert await asyncio.to_thread(run, ["import", "--config", str(config), str(library)]) == 0
        async with running(config, server, signal.SIGKILL):
            card = await server.types("/paper show 2508.00001", channel=papers)
            await card.until(contains="Pruned Gaussian splatting", seconds=10)
            form = await server.presses(card, "Ask")
            assert form.modal
            busy = sqlite3.connect(tmp_path / "lab.db", isolation_level=None)
            busy.execute("BEGIN IMMEDIATE")
            command = await server.types("/paper topics", channel=papers)
            await server.says("topics", channel=papers, mention=True)
            await server.happens(lambda: len(server.posts(papers)) == 2)
        busy.close()
        stood = len(server.posts(papers))
        await server.says("what does 2508.00001 prune?", channel=papers, mention=True)
        async with running(config, server, signal.SIGTERM):
            for said in (command.texts[0], server.posts(papers)[stood - 1].text):
                assert said.endswith("please ask again.")
            await server.happens(
                lambda: any("prune splats" in one.text for one in server.posts(papers)[stood:]), seconds=20
            )
            assert len(server.posts(papers)) == stood + 1
            answer = await server.submits(form, {"Your question": "What do they prune?"})
            await answer.until(contains="prune splats", seconds=10)
            saved = await server.presses(card, "Save", wait=False)
            await saved.until(contains="Saved", seconds=10)
            assert saved.seen_by_asker_only
            again = await server.types("/paper topics", channel=papers, wait=False)
            await again.until(contains="follows nothing yet", seconds=10)
        assert server.rest.syncs == 1
