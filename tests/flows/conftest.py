"""A lab with a terminal: its configuration, its arXiv on loopback, its days; the real command line."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.cli import run
from tests.fakes.discord import Channel, Discord
from tests.fakes.feed import Feed
from tests.fakes.web import Answer, Site


@dataclass
class Said:
    """What a verb printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Lab:
    folder: Path
    site: Site
    feed: Feed
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    channels: dict[str, list[str]] = field(default_factory=lambda: {"terminal:main": ["gaussian splatting"]})
    extra: str = ""
    settings: str = ""
    categories: tuple[str, ...] = ("cs.CV", "cs.CL")

    @property
    def database(self) -> Path:
        return self.folder / "lab.db"

    def write(self) -> Path:
        sections = "".join(
            f'[[channels]]\nchannel = "{name}"\ntopics = {json.dumps(topics)}\n'
            f'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n{self.settings}\n'
            for name, topics in self.channels.items()
        )
        file = self.folder / "paperboy.toml"
        file.write_text(
            f'[storage]\nurl = "sqlite:///{self.database}"\n'
            f"[sources.arxiv]\ncategories = {json.dumps(self.categories)}\nmin_interval = 0.0\n"
            f'feed_url = "{self.site.url}/atom"\napi_url = "{self.site.url}/api/query"\n'
            f'html_url = "{self.site.url}/html"\npdf_url = "{self.site.url}/pdf"\n'
            f"[sources.lookup]\nenabled = false\n{self.extra}\n{sections}"
        )
        return file

    def at(self, moment: str) -> Lab:
        self.monkeypatch.setenv("PAPERBOY_NOW", moment)
        return self

    def run(self, verb: str, *arguments: str, typed: str = "") -> Said:
        self.capsys.readouterr()
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run([verb, "--config", str(self.write()), *arguments])
        printed = self.capsys.readouterr()
        return Said(code, printed.out, printed.err)

    def chat(self, *lines: str) -> str:
        said = self.run("chat", typed="\n".join(lines) + "\n")
        assert said.code == 0, said.err
        return said.out


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with Discord(token="MTIzNDU2Nzg5MA.x.y") as made:
        yield made


@pytest.fixture
def papers(lab: Lab, discord: Discord) -> Channel:
    """A channel on Discord that follows a topic."""
    channel = discord.channel("papers")
    lab.channels = {f"discord:{channel.id}": ["gaussian splatting"]}
    lab.extra = f'[discord]\napi_url = "{discord.api_url}"'
    lab.monkeypatch.setenv("DISCORD_TOKEN", discord.token)
    return channel


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with Site() as site:
        feed = Feed()
        feed.serve(site)
        site.on("/html/*", Answer(b"none", 404))
        site.on("/pdf/*", Answer(b"none", 404))
        yield Lab(tmp_path, site, feed, capsys, monkeypatch).at("2025-08-20T09:00:00+00:00")
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()
