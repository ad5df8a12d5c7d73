"""What a start loads: nothing that is not needed to be ready."""

from __future__ import annotations

import subprocess
import sys

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
