"""The fake Discord refuses what Discord refuses, and the real discord.py client is at home in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
import yarl

from tests.fakes.discord import Discord
from tests.fakes.discord_forms import check_commands, check_modal
from tests.fakes.discord_rules import V2, Json, Refused, check_message


def layout(*components: Json) -> Json:
    return {"flags": V2, "components": list(components)}


def said(content: str, **more: Any) -> Json:
    return {"type": 10, "content": content, **more}


def button(custom_id: str, label: str = "Go") -> Json:
    return {"type": 2, "style": 2, "label": label, "custom_id": custom_id}


@pytest.mark.parametrize(
    "message",
    [
        {"content": "x" * 2001},
        {"content": ""},
        {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]},
        {"content": "x", "nonce": "n" * 26},
        {"content": "x", "components": [said("V2 without the flag")]},
        {**layout(said("x")), "content": "beside"},
        layout(),
        layout(said("x" * 2001), said("x" * 2000)),
        layout(*(said("x") for _ in range(41))),
        layout({"type": 17, "components": [said("x") for _ in range(40)]}),
        layout(said("x", id=5), said("y", id=5)),
        layout(said(" ")),
        layout({"type": 1, "components": [button("a"), button("a")]}),
        layout({"type": 1, "components": [button("a" * 101)]}),
        layout({"type": 1, "components": [button(str(n)) for n in range(6)]}),
        layout({"type": 1, "components": [button("a", "x" * 81)]}),
        layout({"type": 9, "components": [said("no accessory")]}),
        layout(button("a")),
        layout({"type": 12, "items": [{"media": {"url": "no url"}}]}),
        layout({"type": 17, "components": [{"type": 17, "components": [said("x")]}]}),
    ],
)
def test_a_message_that_discord_refuses_is_refused(message: Json) -> None:
    with pytest.raises(Refused):
        check_message(message)


def test_a_full_message_passes() -> None:
    check_message(layout(said("x" * 4000, id=5), {"type": 1, "components": [button("a"), button("b")]}))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x" * 46},
        {"components": []},
        {"components": [{"type": 1, "components": []}]},
        {
            "components": [
                {"type": 18, "label": "x" * 46, "component": {"type": 4, "custom_id": "a", "style": 1}}
            ]
        },
        {"components": [{"type": 18, "label": "x", "component": {"type": 4, "custom_id": "a"}}]},
        {
            "components": [
                {"type": 18, "label": "x", "component": {"type": 3, "custom_id": "a", "options": []}}
            ]
        },
    ],
)
def test_a_modal_that_discord_refuses_is_refused(change: Json) -> None:
    inner = {"type": 4, "custom_id": "a", "style": 1}
    good = {"title": "t", "custom_id": "m", "components": [{"type": 18, "label": "l", "component": inner}]}
    check_modal(good)
    with pytest.raises(Refused):
        check_modal({**good, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Paper"},
        {"description": ""},
        {"options": [{"type": 3, "name": "a", "description": "d"} for _ in range(2)]},
        {"options": [{"type": 3, "name": f"a{n}", "description": "d"} for n in range(26)]},
        {"options": [{"type": 3, "name": f"a{n}", "description": "d", "required": n == 1} for n in range(2)]},
    ],
)
def test_a_command_that_discord_refuses_is_refused(change: Json) -> None:
    good = {"name": "paper", "description": "d"}
    check_commands([good])
    with pytest.raises(Refused):
        check_commands([{**good, **change}])


def make_client(server: Discord) -> discord.AutoShardedClient:
    discord.http.Route.BASE = server.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    intents = discord.Intents.default()
    intents.message_content = True
    return discord.AutoShardedClient(intents=intents, allowed_mentions=discord.AllowedMentions.none())


@asynccontextmanager
async def client(server: Discord) -> AsyncIterator[discord.AutoShardedClient]:
    made = make_client(server)
    task = asyncio.create_task(made.start(server.token))
    try:
        await server.connected()
        yield made
    finally:
        await made.close()
        await asyncio.gather(task, return_exceptions=True)


def text_channel(found: object) -> discord.TextChannel:
    assert isinstance(found, discord.TextChannel)
    return found


def view(text: str, id: int | None = None) -> discord.ui.LayoutView:
    made = discord.ui.LayoutView()
    made.add_item(discord.ui.TextDisplay(text, id=id))
    return made


async def test_a_nonce_holds_for_minutes_and_is_not_kept_in_history() -> None:
    async with Discord() as server:
        papers = server.channel("papers")
        async with client(server) as bot:
            channel = bot.get_partial_messageable(papers.id)
            first = await channel.send(view=view("one", 77), nonce="k")
            again = await channel.send(view=view("one", 77), nonce="k")
            assert first.id == again.id
            server.passes(200)
            later = await channel.send(view=view("one", 77), nonce="k")
            assert later.id != first.id
            history = [one async for one in channel.history(limit=5)]
            assert [one.nonce for one in history] == [None, None]
            assert [getattr(one.components[0], "id", 0) for one in history] == [77, 77]


async def test_one_thread_a_message_and_forum_posts_want_their_tag() -> None:
    async with Discord() as server:
        papers, forum = server.channel("papers"), server.forum("forum", tags=("vision",), needs_tag=True)
        async with client(server) as bot:
            message = await text_channel(await bot.fetch_channel(papers.id)).send(view=view("one"))
            thread = await message.create_thread(name="papers")
            assert thread.id == message.id
            with pytest.raises(discord.HTTPException) as twice:
                await message.create_thread(name="papers")
            assert twice.value.code == 160004
            place = await bot.fetch_channel(forum.id)
            assert isinstance(place, discord.ForumChannel)
            with pytest.raises(discord.HTTPException) as untagged:
                await place.create_thread(name="a paper", view=view("text"))
            assert untagged.value.code == 40067
            await place.create_thread(
                name="a paper", view=view("text"), applied_tags=place.available_tags[:1]
            )
            assert server.posts(forum)[0].tags == ("vision",)


async def test_a_lost_reply_recorded_and_a_late_request_lands_later() -> None:
    async with Discord() as server:
        papers = server.channel("papers")
        async with client(server) as bot:
            channel = bot.get_partial_messageable(papers.id)
            for kind in ("lost", "late"):
                server.fails("create_message", kind)
                with pytest.raises((aiohttp.ClientError, OSError)):
                    await channel.send(kind)
            assert [post.text for post in server.posts(papers)] == ["lost"]
            await server.lands()
            assert [post.text for post in server.posts(papers)] == ["lost", "late"]


async def test_an_error_may_have_recorded_and_discord_py_repeats_it() -> None:
    async with Discord() as server:
        papers, forum = server.channel("papers"), server.forum("forum")
        async with client(server) as bot:
            server.fails("create_message", "recorded", status=500)
            await bot.get_partial_messageable(papers.id).send("once, by the nonce that discord.py makes")
            assert len(server.posts(papers)) == 1
            server.fails("start_thread", "recorded", status=500)
            place = await bot.fetch_channel(forum.id)
            assert isinstance(place, discord.ForumChannel)
            await place.create_thread(name="twice, since forum posts know none", view=view("text"))
            assert len(server.posts(forum)) == 2


async def test_buckets_are_told_and_kept() -> None:
    async with Discord() as server:
        papers = server.channel("papers")
        async with client(server) as bot:
            channel = bot.get_partial_messageable(papers.id)
            for n in range(12):
                await channel.send(f"{n}")
            assert server.rest.rates.overruns == 0
            server.fails("create_message", "limited")
            await channel.send("after a 429")
            assert len(server.posts(papers)) == 13


async def test_interactions_expire_and_are_answered_once() -> None:
    async with Discord() as server:
        papers = server.channel("papers")
        async with client(server) as bot:
            tree: discord.app_commands.CommandTree[Any] = discord.app_commands.CommandTree(bot)
            seen: list[discord.Interaction] = []

            @tree.command(name="late", description="answers when told")
            async def late(interaction: discord.Interaction) -> None:
                seen.append(interaction)
                await interaction.response.defer()

            await tree.sync()
            asked = await server.types("/late", channel=papers, wait=False)
            await server.happens(lambda: asked.response == 5)
            await seen[0].edit_original_response(view=view("in time"))
            assert asked.texts == ["in time"]
            server.passes(15 * 60 + 1)
            with pytest.raises(discord.HTTPException) as gone:
                await seen[0].followup.send("too late")
            assert gone.value.code == 50027


async def test_the_message_content_intent_can_be_refused() -> None:
    async with Discord(content=False) as server:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with make_client(server) as bot:
                await bot.start(server.token)


async def test_a_cut_socket_is_resumed_and_misses_nothing() -> None:
    async with Discord() as server:
        papers = server.channel("papers")
        async with client(server) as bot:
            heard: asyncio.Queue[str] = asyncio.Queue()

            @bot.event
            async def on_message(message: discord.Message) -> None:
                heard.put_nowait(message.content)

            await server.gateway.cut()
            await server.says("while away", channel=papers)
            assert await asyncio.wait_for(heard.get(), 5) == "while away"
            assert server.gateway.resumes == 1
