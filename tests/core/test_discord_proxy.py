"""Discord where the only way out is a proxy: requests, the gateway and answers go through it. Real client."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from adapters.discord import Discord
from bot.domain import ChannelId
from tests.contracts.discord import ServerClock
from tests.contracts.platforms import Core
from tests.fakes.discord import Discord as Server
from tests.fakes.proxy import Proxy


def outside(url: str) -> str:
    """The same server under a name that only the proxy knows: what reaches it went through there."""
    return url.replace("127.0.0.1", "discord.example")


async def test_requests_gateway_and_answers_go_through_the_proxy() -> None:
    core = Core()
    async with Server() as server, Proxy(password="ada:secret") as proxy:
        papers = server.channel("papers")
        bot = Discord(
            server.token,
            clock=ServerClock(server),
            api_url=outside(server.api_url),
            gateway_url=outside(server.gateway_url),
            proxy=proxy.url.replace("//", "//ada:secret@"),
        )
        task = asyncio.create_task(bot.run(core))
        try:
            await server.connected()
            await server.types("/paper topics", channel=papers)
            await core.until(lambda: core.heard)
            found = await bot.check([ChannelId(f"discord:{papers.id}")])
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await bot.close()
    assert all(finding.ok for finding in found)
    assert core.heard[0].text == "topics"
    assert proxy.asked[0] == f"GET {outside(server.api_url)}/users/@me HTTP/1.1"
