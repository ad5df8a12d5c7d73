"""Who may change a channel on Discord, forms while everything is busy, and the life of a server."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain import ChannelId
from tests.fakes.discord import Channel, Discord
from tests.fakes.discord_lab import serving
from tests.fakes.discord_rules import Json
from tests.fakes.discord_world import VOICE
from tests.flows.conftest import Lab

BOSS = 77


def modal_values(modal: Json) -> dict[str, str]:
    return {row["label"]: row["component"].get("value", "") for row in modal["components"]}


async def test_settings_are_read_by_all_and_changed_by_who_manages(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    lab.extra += f'\n[bot]\nadmins = ["discord:{BOSS}"]'
    discord.manager("eve")
    async with serving(lab.write(), discord):
        read = await discord.types("/paper settings", channel=papers)
        assert read.seen_by_asker_only
        assert "gaussian splatting" in read.texts[0]
        assert f"Manage Channels permission or one of Paperboy's admins (<@{BOSS}>)" in read.texts[0]
        assert discord.answer(read).buttons == []
        assert discord.answer(read).pings == []
        opened = await discord.types("/paper schedule", channel=papers, user="eve")
        discord.world.managers.clear()
        refused = await discord.submits(opened, {"Time": "07:30"}, user="eve")
        assert "Manage Channels" in refused.texts[0]
        assert discord.answer(refused).buttons == []
        discord.manager("eve")
        wrong = await discord.submits(opened, {"Time": "25:99"}, user="eve")
        assert discord.answer(wrong).buttons == ["Try again"]
        again = await discord.presses(wrong, "Try again", user="eve")
        done = await discord.submits(again, {"Time": "07:30"}, user="eve")
        assert "at 07:30" in done.texts[0]


async def test_a_mistake_brings_back_the_part_it_is_in_and_nothing_later(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    """A form opened anew holds what is set now, not what somebody typed into it before."""
    discord.manager("eve")
    second = "What this channel gets (2 of 2)"
    async with serving(lab.write(), discord):
        settings = await discord.types("/paper settings", channel=papers, user="eve")
        assert "2 of 2: Papers a day at most · Language of summaries" in settings.texts[0]
        opened = await discord.presses(settings, second, user="eve")
        wrong = await discord.submits(opened, {"Papers a day at most": "0"}, user="eve")
        again = await discord.presses(wrong, "Try again", user="eve")
        assert again.modal
        assert again.modal["title"] == second
        assert modal_values(again.modal)["Papers a day at most"] == "0"
        fresh = await discord.presses(settings, second, user="eve")
        assert fresh.modal
        assert modal_values(fresh.modal)["Papers a day at most"] == "5"
        kept = await discord.submits(again, {"Papers a day at most": "3"}, user="eve")
        assert "3 papers a day" in kept.texts[0]


async def test_anyone_may_change_a_channel_where_the_file_says_so(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    lab.extra += '\n[bot]\nchanges = "anyone"'
    async with serving(lab.write(), discord):
        done = await discord.types("/paper unfollow gaussian splatting", channel=papers)
        await done.until(contains="no longer follows")
        opened = await discord.types("/paper schedule", channel=papers)
        kept = await discord.submits(opened, {"Time": "07:30"})
        assert "at 07:30" in kept.texts[0]
        away = await discord.types("/paper follow speech", channel=papers, user_installed=True)
        assert "Invite me here" in away.texts[0]
        for line in ("settings", "schedule", "digest now", "digest preview"):
            away = await discord.types(f"/paper {line}", channel=papers, user_installed=True)
            assert "Invite me here" in away.texts[0], line


async def test_forms_open_at_once_whoever_writes_or_does_not_answer(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    """Neither a long transaction nor a paper that nobody has at hand keeps a modal waiting."""
    discord.manager("eve")
    async with serving(lab.write(), discord) as (app, _), app.stores.database.writing():
        asked = lab.site.asked.copy()
        for line in ("ask 2508.09999", "schedule"):
            opened = await discord.types(f"/paper {line}", channel=papers, user="eve")
            assert opened.modal, line
        settings = await discord.types("/paper settings", channel=papers, user="eve")
        assert discord.answer(settings).buttons == [
            "What this channel gets (1 of 2)",
            "What this channel gets (2 of 2)",
        ]
        part = await discord.presses(settings, "What this channel gets (2 of 2)", user="eve")
        assert part.modal
        assert lab.site.asked == asked


async def test_what_waits_for_the_database_says_so_within_a_moment(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    async with serving(lab.write(), discord, ack_after=0.05) as (app, _):
        async with app.stores.database.writing():
            waiting = await discord.types("/paper topics", channel=papers)
            assert "Working on it" in waiting.texts[0]
        await waiting.until(contains="This channel follows")


@pytest.mark.parametrize("lost", ["send_messages", "view_channel", "deleted", "kicked"])
async def test_a_channel_that_is_lost_is_paused_with_a_reason_and_comes_back(
    lab: Lab, discord: Discord, papers: Channel, lost: str
) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones", "Gaussian splatting, pruned.")
    kept = dict(discord.world.channels)
    async with serving(lab.write(), discord) as (app, heard):
        await heard.until(lambda told: told == [""], papers.id)
        match lost:
            case "deleted":
                await discord.deletes(papers)
            case "kicked":
                await discord.kicks()
            case name:
                await discord.denies(papers, name)
        await heard.until(lambda told: bool(told[-1]), papers.id)
        (channel,) = await app.stores.channels.all()
        assert channel.paused.startswith("the platform says: ")
        if lost == "send_messages":
            status = await discord.types("/paper status", channel=papers)
            assert channel.paused.rstrip(".") in status.texts[0].replace("\\", "")
    assert "every channel is paused" in (await asyncio.to_thread(lab.run, "digest")).err
    async with serving(lab.write(), discord) as (app, heard):
        discord.world.channels |= kept
        if lost == "kicked":
            await discord.returns()
        elif lost == "deleted":
            await discord.gateway.dispatch("CHANNEL_CREATE", papers.json())
        else:
            await discord.allows(papers, lost)
        await heard.until(lambda told: told[-1:] == [""], papers.id)
        assert [one.paused for one in await app.stores.channels.all()] == [""]
        status = await discord.types("/paper status", channel=papers)
        assert "The digest comes every day at 09:00" in status.texts[0]
        assert "next in a moment: the one due at 2025-08-20 09:00 UTC" in status.texts[0]
    delivered = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["state"] for row in delivered.rows] == ["delivered"]


async def at_home(discord: Discord, place: Channel, number: str) -> None:
    """Commands, replies and completions there are about the digest that it has."""
    status = await discord.types("/paper status", channel=place)
    assert "follows 1 topic." in status.texts[0]
    why = await discord.types(f"/paper why {number}", channel=place)
    assert "It was in the digest of 20 Aug 2025" in why.texts[0]
    count = len(discord.posts(place))
    card = next(post for post in discord.posts(place) if number in post.text and post.buttons)
    await discord.says("How much memory does it halve?", channel=place, reply_to=card)
    await discord.happens(lambda: len(discord.posts(place)) > count)
    await discord.happens(lambda: "We halve the memory" in discord.posts(place)[-1].text)
    assert "Found for" not in discord.posts(place)[-1].text
    offered = await discord.completes("/paper unfollow gau", "topic", channel=place)
    assert offered == ["gaussian splatting"]


async def test_a_thread_or_a_voice_channel_with_a_digest_of_its_own(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    """Commands and replies in it are about its own digest; it is paused and comes back as channels do."""
    club = discord.world.add_thread(papers, "journal club", owner=5)
    voice = discord.channel("lounge")
    voice.kind = VOICE
    lab.channels = {f"discord:{one.id}": ["gaussian splatting"] for one in (club, voice)}
    number = lab.feed.paper("Pruned Gaussian splatting", "We halve the memory of Gaussian splatting.")
    lab.feed.paper("Gaussian splatting on mirrors", "Gaussian splatting shows mirrors easily.")
    for name in ("create_public_threads", "send_messages_in_threads"):
        await discord.denies(voice, name)
    await asyncio.to_thread(lab.run, "digest")
    examined = await asyncio.to_thread(lab.run, "check", "--json")
    assert all(row["ok"] for row in examined.rows if row["name"].startswith("discord"))
    async with serving(lab.write(), discord) as (app, heard):
        for place in (club, voice):
            await heard.until(lambda told: told == [""], place.id)
            await at_home(discord, place, number)
        elsewhere = await discord.types("/paper topics", channel=papers)
        assert "follows nothing yet" in elsewhere.texts[0]
        await discord.archives(club, locked=True)
        await discord.denies(voice, "send_messages")
        for place in (club, voice):
            await heard.until(lambda told: len(told) == 2 and bool(told[1]), place.id)
        paused = {one.id: one.paused for one in await app.stores.channels.all()}
        assert "The thread was locked" in paused[ChannelId(f"discord:{club.id}")]
        assert "Send Messages." in paused[ChannelId(f"discord:{voice.id}")]
        club.archived = club.locked = False
        await discord.gateway.dispatch("THREAD_UPDATE", club.json())
        await discord.allows(voice, "send_messages")
        for place in (club, voice):
            await heard.until(lambda told: told[-1:] == [""], place.id)
        assert [one.paused for one in await app.stores.channels.all()] == ["", ""]
        await discord.deletes(club)
        await heard.until(lambda told: told[-1:] == ["The channel was deleted."], club.id)


async def test_a_locked_thread_with_a_digest_of_its_own_is_paused_by_its_digest(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    club = discord.world.add_thread(papers, "journal club", owner=5)
    club.archived = club.locked = True
    lab.channels = {f"discord:{club.id}": ["gaussian splatting"]}
    lab.feed.paper("Pruned Gaussian splatting", "We halve the memory of Gaussian splatting.")
    await asyncio.to_thread(lab.run, "digest")
    assert "The thread was locked" in (await asyncio.to_thread(lab.run, "digest")).err


async def test_nothing_is_posted_in_a_server_that_it_joins(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    async with serving(lab.write(), discord) as (_, heard):
        guild = discord.world.add_guild("New")
        fresh = discord.channel("general", guild=guild)
        await discord.gateway.dispatch("GUILD_CREATE", discord.gateway.guild(guild))
        await heard.until(lambda told: told == [""], fresh.id)
        topics = await discord.types("/paper topics", channel=fresh)
        assert "follows nothing yet" in topics.texts[0]
        assert all(not discord.posts(one) for one in (papers, fresh))
        assert "create_message" not in discord.rest.calls


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("locked", "3 posts were refused: The digest's thread was locked."),
        ("deleted", "a post was refused: The digest's thread was deleted."),
    ],
)
async def test_a_thread_that_is_lost_under_a_digest_is_told_and_the_next_digest_comes(
    lab: Lab, discord: Discord, papers: Channel, lost: str, said: str
) -> None:
    for place in ("phones", "glasses", "watches"):
        lab.feed.paper(f"Gaussian splatting for {place}", "Gaussian splatting, pruned.")

    def strike() -> None:
        (thread,) = [one for one in discord.world.channels.values() if one.is_thread]
        if lost == "locked":
            thread.archived = thread.locked = True
        else:
            del discord.world.channels[thread.id]

    discord.fails("create_message", "struck after", skip=1, strike=strike)
    first = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["state"] for row in first.rows] == ["delivered"]
    async with serving(lab.write(), discord):
        status = await discord.types("/paper status", channel=papers)
    assert said in status.texts[0]
    assert status.texts[0].count("refused") == 1
    assert "posts got through" in status.texts[0]
    lab.at("2025-08-21T09:00:00+00:00")
    lab.feed.paper("Gaussian splatting again", "Gaussian splatting, pruned.")
    second = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [(row["state"], row["posts"]) for row in second.rows] == [("delivered", 2)]
