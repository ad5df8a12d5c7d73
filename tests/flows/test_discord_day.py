"""A lab's day on Discord: the real command line, the real core, the real client, everything on loopback."""

from __future__ import annotations

import asyncio

from tests.core.test_files import moss
from tests.fakes.discord import Channel, Discord
from tests.fakes.discord_lab import serving
from tests.flows.conftest import Lab

ABSTRACT = (
    "Gaussian splatting draws scenes in real time. We propose a pruning rule that halves the memory of "
    "a scene. On nine rooms it loses 0.08 dB. Mirrors remain hard for our method."
)


async def test_a_day_on_discord(lab: Lab, discord: Discord, papers: Channel) -> None:
    number = lab.feed.paper("Pruned *Gaussian splatting* for @everyone", ABSTRACT)
    lab.feed.paper("A speech recogniser for wind")
    rehearsed = await asyncio.to_thread(lab.run, "digest", "--dry-run")
    assert number in rehearsed.out
    assert discord.posts(papers) == []
    delivered = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["state"] for row in delivered.rows] == ["delivered"]
    again = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["posts"] for row in again.rows] == [0]
    (parent,) = discord.posts(papers)
    assert "1 of 2 new papers" in parent.text
    assert "Pruned \\*Gaussian splatting\\* for \\@everyone" in parent.text
    assert parent.pings == []
    thread = discord.thread(parent)
    (card,) = discord.posts(thread)
    assert f"https://arxiv.org/abs/{number}" in card.text

    async with serving(lab.write(), discord):
        private = await discord.types("/paper help", channel=papers)
        assert private.seen_by_asker_only
        found = await discord.types("/paper search pruning splatting", channel=papers)
        assert number in found.texts[0]
        assert not found.seen_by_asker_only

        saved = await discord.presses(card, "Save")
        assert saved.seen_by_asker_only
        for typed in ("", " prun", " pruned gaussian splatti", f" {number[:7]}"):
            offered = await discord.completes(f"/paper show{typed}", "id", channel=papers)
            assert any(one.startswith(number) for one in offered), typed

        asked = await discord.presses(card, "Ask")
        answered = await discord.submits(asked, {"Your question": "How much memory does pruning save?"})
        await answered.until(contains="halves the memory")
        await discord.says("How much quality does it lose?", channel=thread)
        await discord.happens(lambda: any("0.08 dB" in post.text for post in discord.posts(thread)))
        told = next(post for post in discord.posts(thread) if "0.08 dB" in post.text)
        assert (await discord.chooses_from_menu("Ask about this paper", told)).modal

        refused = await discord.types("/paper schedule", channel=papers)
        assert refused.modal is None
        assert "Manage Channels" in refused.texts[0]
        refused = await discord.types("/paper unfollow gaussian splatting", channel=papers)
        assert refused.seen_by_asker_only
        assert "Manage Channels" in refused.texts[0]
        discord.manager("eve")
        allowed = await discord.types("/paper unfollow gaussian splatting", channel=papers, user="eve")
        await allowed.until(contains="no longer follows")
        empty = await discord.types("/paper status", channel=papers)
        assert "follows nothing, so no digest comes." in empty.texts[0]
        assert "Manage Channels" not in allowed.texts[0]
        wrong = await discord.types("/paper schedule at:25:99", channel=papers, user="eve")
        assert "25:99" in wrong.texts[0]
        assert wrong.seen_by_asker_only
        await discord.says("frobnicate the papers", channel=papers, mention=True)
        await discord.happens(lambda: len(discord.posts(papers)) > 2)


async def test_a_channel_that_is_gone_is_paused_and_comes_back(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    await discord.denies(papers, "send_messages")
    failed = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["posts"] for row in failed.rows] == [0]
    again = await asyncio.to_thread(lab.run, "digest")
    assert f"every channel is paused (discord:{papers.id}: the platform says: " in again.err
    async with serving(lab.write(), discord) as (_, heard):
        status = await discord.types("/paper status", channel=papers)
        assert "Send Messages" in status.texts[0]
        assert "follows 1 topic." in status.texts[0]
        assert ".." not in status.texts[0]
        await discord.allows(papers, "send_messages")
        await heard.until(lambda told: told[-1:] == [""], papers.id)
        status = await discord.types("/paper status", channel=papers)
        assert "The digest comes every day at 09:00" in status.texts[0]
    lab.at("2025-08-20T09:05:00+00:00")
    delivered = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["state"] for row in delivered.rows] == ["delivered"]


async def test_the_doctor_and_the_invite(lab: Lab, discord: Discord, papers: Channel) -> None:
    examined = await asyncio.to_thread(lab.run, "check", "--json")
    mine = {row["name"]: row["ok"] for row in examined.rows if row["name"].startswith("discord")}
    assert mine == {"discord token": True, "discord messages": True, f"discord channel {papers.id}": True}
    invited = await asyncio.to_thread(lab.run, "init", "--discord")
    assert invited.out.startswith("https://discord.com/oauth2/authorize?client_id=1234567890&")
    lab.monkeypatch.delenv("DISCORD_TOKEN")
    assert (await asyncio.to_thread(lab.run, "init", "--discord")).code == 2


async def test_a_pdf_dropped_into_a_digest_s_thread_or_a_direct_message_is_read(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    await asyncio.to_thread(lab.run, "digest")
    thread = discord.thread(discord.posts(papers)[0])
    home = discord.dm("ada")
    question = "How many grams of moss does the north side carry?"

    def said(place: Channel, words: str) -> bool:
        return any(words in post.text for post in discord.posts(place))

    async with serving(lab.write(), discord):
        await discord.says("", channel=thread, files=[("moss.pdf", moss(), "application/pdf")])
        await discord.happens(lambda: said(thread, "Counting moss on roofs"), seconds=30)
        await discord.says(question, channel=thread)
        await discord.happens(lambda: said(thread, "312 grams"), seconds=30)
        await discord.says("#1: how much quality does it lose?", channel=thread)
        await discord.happens(lambda: said(thread, "0.08 dB"), seconds=30)
        mine = ("mine.pdf", moss("Counting my own moss on roofs"), "application/pdf")
        await discord.says(question, channel=home, files=[mine])
        await discord.happens(lambda: said(home, "312 grams"), seconds=30)
        assert said(home, "Counting my own moss on roofs")
        await discord.says("", channel=home, files=[("plot.png", b"PNG", "image/png")])
        await discord.happens(lambda: said(home, "no PDF; of files I read PDFs only"), seconds=30)
