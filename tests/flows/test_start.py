"""What a start loads: nothing that is not needed to be ready."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = "import sys, bot.app, bot.cli.service, storage.stores; print(*sys.modules)"


def test_what_is_used_later_is_loaded_later() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    ).stdout
    heavy = {
        "httpx",
        "aiohttp",
        "openai",
        "slack_bolt",
        "discord",
        "alembic",
        "numpy",
        "sqlalchemy.dialects.postgresql",
    }
    assert not heavy & set(loaded.split())


async def test_a_service_that_is_ended_while_it_starts_ends_well(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as database:
        port = database.sockets[0].getsockname()[1]
        file = tmp_path / "paperboy.toml"
        file.write_text(f'[storage]\nurl = "postgresql://paperboy@127.0.0.1:{port}/paperboy"\n')
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", str(file), stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            await asked.wait()
            process.send_signal(signal.SIGTERM)
            _, told = await process.communicate()
    assert (process.returncode, told) == (0, b"")
