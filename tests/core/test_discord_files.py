"""Files dropped on Discord: fetched from its CDN alone, without the token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from adapters.discord import Discord
from adapters.discord_files import Files
from bot.domain import Request
from bot.errors import Forbidden, NotFound, Unreadable
from bot.platforms import download_with
from bot.web import Web
from tests.contracts.discord import ServerClock
from tests.contracts.platforms import Core
from tests.fakes.discord import Discord as Server

PDF = b"%PDF-1.4 a paper"
PAPER = ("paper.pdf", PDF, "application/pdf")


@asynccontextmanager
async def listening(server: Server, core: Core) -> AsyncIterator[None]:
    clock = ServerClock(server)
    async with Web(clock, trusted=[server.api_url], usual_pace=0.0) as web:
        files = Files(download_with(web), server.api_url)
        bot = Discord(
            server.token,
            clock=clock,
            api_url=server.api_url,
            gateway_url=server.gateway_url,
            files=files,
        )
        task = asyncio.create_task(bot.run(core))
        try:
            await server.connected()
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await bot.close()


async def dropped(server: Server, core: Core, *, text: str = "", direct: bool = False) -> Request:
    channel = server.dm("ada") if direct else server.channel("papers")
    await server.says(text, channel=channel, mention=not direct, files=[PAPER])
    await core.until(lambda: core.heard)
    return core.heard[-1]


async def test_a_file_alone_is_no_call_for_help() -> None:
    core = Core()
    async with Server() as server, listening(server, core):
        request = await dropped(server, core, direct=True)
        assert (request.kind, request.text, request.direct) == ("reply", "", True)
        (file,) = request.files
        assert (file.name, file.media, file.size) == ("paper.pdf", "application/pdf", len(PDF))
        assert server.files.fetched == []
        assert await file.fetch(1_000) == PDF
        assert server.files.fetched == ["paper.pdf"]


async def test_a_file_beside_a_question() -> None:
    core = Core()
    async with Server() as server, listening(server, core):
        request = await dropped(server, core, text="what is new in it?")
        assert (request.kind, request.text) == ("reply", "what is new in it?")
        assert [file.name for file in request.files] == ["paper.pdf"]


async def test_large_old_and_deleted_files_are_told() -> None:
    core = Core()
    async with Server() as server, listening(server, core):
        (file,) = (await dropped(server, core, text="read")).files
        with pytest.raises(Unreadable, match="sent more than"):
            await file.fetch(4)
        server.files.drop()
        with pytest.raises(NotFound, match=r"Discord has paper\.pdf no more"):
            await file.fetch(1_000)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.discordapp.com.evil.example/a.pdf",
        "http://cdn.discordapp.com/a.pdf",
        "https://evil.example/",
    ],
)
async def test_only_discord_s_own_addresses_are_asked(url: str) -> None:
    core = Core()
    async with Server() as server, listening(server, core):
        server.files.base = url
        (file,) = (await dropped(server, core, text="read")).files
        with pytest.raises(Forbidden, match="does not lie on Discord itself"):
            await file.fetch(1_000)


async def test_the_files_of_a_message_chosen_from_the_menu_are_handed_over() -> None:
    core = Core()
    async with Server() as server, listening(server, core):
        post = await server.says("our draft", channel=server.channel("papers"), files=[PAPER])
        await server.chooses_from_menu("Ask about this paper", post)
        (file,) = core.heard[0].files
        assert (core.heard[0].kind, file.name, file.media) == ("about", "paper.pdf", "application/pdf")
        assert await file.fetch(1_000) == PDF
