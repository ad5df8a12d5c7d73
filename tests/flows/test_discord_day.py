"""A lab's day on Discord: the real command line, the real core, the real client, everything on loopback."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.app import App, assembled
from bot.config import load
from tests.fakes.discord import Channel, Discord
from tests.flows.conftest import Lab

ABSTRACT = (
    "Gaussian splatting draws scenes in real time. We propose a pruning rule that halves the memory of "
    "a scene. On nine rooms it loses 0.08 dB. Mirrors remain hard for our method."
)


@asynccontextmanager
async def serving(lab: Lab, server: Discord) -> AsyncIterator[App]:
    async with assembled(load(lab.write()), environ=os.environ) as app:
        listener = app.platforms["discord"].listener
        task = asyncio.create_task(listener.run(app.conversation))
        try:
            await server.connected()
            yield app
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def server() -> AsyncIterator[Discord]:
    async with Discord(token="MTIzNDU2Nzg5MA.x.y") as made:
        yield made


@pytest.fixture
def papers(lab: Lab, server: Discord) -> Channel:
    channel = server.channel("papers")
    lab.channels = {f"discord:{channel.id}": ["gaussian splatting"]}
    lab.extra = f'[discord]\napi_url = "{server.api_url}"'
    lab.monkeypatch.setenv("DISCORD_TOKEN", server.token)
    return channel


async def test_a_day_on_discord(lab: Lab, server: Discord, papers: Channel) -> None:
    number = lab.feed.paper("Pruned *Gaussian splatting* for @everyone", ABSTRACT)
    lab.feed.paper("A speech recogniser for wind")
    rehearsed = await asyncio.to_thread(lab.run, "digest", "--dry-run")
    assert number in rehearsed.out
    assert server.posts(papers) == []
    delivered = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["state"] for row in delivered.rows] == ["delivered"]
    again = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["posts"] for row in again.rows] == [0]
    (parent,) = server.posts(papers)
    assert "1 of 2 new papers" in parent.text
    assert "Pruned \\*Gaussian splatting\\* for \\@everyone" in parent.text
    assert parent.pings == []
    thread = server.thread(parent)
    (card,) = server.posts(thread)
    assert f"https://arxiv.org/abs/{number}" in card.text

    async with serving(lab, server):
        private = await server.types("/paper help", channel=papers)
        assert private.seen_by_asker_only
        found = await server.types("/paper search pruning splatting", channel=papers)
        assert number in found.texts[0]
        assert not found.seen_by_asker_only

        saved = await server.presses(card, "Save")
        assert saved.seen_by_asker_only
        assert (await server.completes("/paper show", "id", channel=papers))[0].startswith(number)

        asked = await server.presses(card, "Ask")
        answered = await server.submits(asked, {"Your question": "How much memory does pruning save?"})
        await answered.until(contains="halves the memory")
        await server.says("How much quality does it lose?", channel=thread)
        await server.happens(lambda: any("0.08 dB" in post.text for post in server.posts(thread)))

        refused = await server.types("/paper schedule", channel=papers)
        assert refused.modal is None
        assert "Manage Channels" in refused.texts[0]
        refused = await server.types("/paper unfollow gaussian splatting", channel=papers)
        assert refused.seen_by_asker_only
        assert "Manage Channels" in refused.texts[0]
        server.manager("eve")
        allowed = await server.types("/paper unfollow gaussian splatting", channel=papers, user="eve")
        await allowed.until(contains="no longer follows")
        empty = await server.types("/paper status", channel=papers)
        assert "follows nothing, so no digest comes." in empty.texts[0]
        assert "Manage Channels" not in allowed.texts[0]
        wrong = await server.types("/paper schedule at:25:99", channel=papers, user="eve")
        assert "25:99" in wrong.texts[0]
        assert wrong.seen_by_asker_only
        await server.says("frobnicate the papers", channel=papers, mention=True)
        await server.happens(lambda: len(server.posts(papers)) > 2)


async def test_a_channel_that_is_gone_is_paused_and_comes_back(
    lab: Lab, server: Discord, papers: Channel
) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    await server.denies(papers, "send_messages")
    failed = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["posts"] for row in failed.rows] == [0]
    again = await asyncio.to_thread(lab.run, "digest")
    assert f"every channel is paused (discord:{papers.id}: the platform says: " in again.err
    async with serving(lab, server) as app:
        status = await server.types("/paper status", channel=papers)
        assert "Send Messages" in status.texts[0]
        assert "follows 1 topic." in status.texts[0]
        assert ".." not in status.texts[0]
        await server.allows(papers, "send_messages")
        for _ in range(300):
            if not any(one.paused for one in await app.stores.channels.all()):
                break
            await asyncio.sleep(0.01)
    lab.at("2025-08-20T09:05:00+00:00")
    delivered = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["state"] for row in delivered.rows] == ["delivered"]


async def test_the_doctor_and_the_invite(lab: Lab, server: Discord, papers: Channel) -> None:
    examined = await asyncio.to_thread(lab.run, "check", "--json")
    mine = {row["name"]: row["ok"] for row in examined.rows if row["name"].startswith("discord")}
    assert mine == {"discord token": True, "discord messages": True, f"discord channel {papers.id}": True}
    invited = await asyncio.to_thread(lab.run, "init", "--discord")
    assert invited.out.startswith("https://discord.com/oauth2/authorize?client_id=1234567890&")
    lab.monkeypatch.delenv("DISCORD_TOKEN")
    assert (await asyncio.to_thread(lab.run, "init", "--discord")).code == 2
