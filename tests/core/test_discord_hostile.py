"""Hostile words through all that Discord shows: what is read is what was said, and nobody is pinged."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence

import pytest

from adapters.discord import Discord
from adapters.discord_forms import modal
from bot import doc as d
from bot.commands.call import unknown
from bot.commands.table import INFOS, TABLE
from bot.domain import Channel as Followed
from bot.domain import ChannelId, CommandInfo, Post, Reply, Request, Topic
from bot.ports import Responder
from bot.render.clean import visible
from bot.views.channels import settings_form
from bot.views.status import trouble
from tests.contracts.discord import ServerClock, resolved
from tests.fakes.discord import Channel
from tests.fakes.discord import Discord as Server
from tests.fakes.discord_forms import check_modal

HOSTILE = [
    "@everyone and @here, look",
    "<@&123> <@456> <@!456> <#789> </paper:1> <t:1:R> <:x:1> <id:home>",
    "[Free money](https://evil.example) and [x](<https://evil.example>)",
    "||the butler|| did ~~not~~ *do* __it__ `today`",
    "```\nrm -rf /\n``` and ``two``",
    "# Heading\n> quote\n>>> all\n- list\n1. one\n-# small",
    "<!channel> <!here> & <https://evil.example|text> &amp;",
    "steam://run discord://x mailto:a@b.c https://evil.example/x",
    "a\u202ecod.exe\u2066b\u200b\u200dc\u0000d\ufeff",
    "العنوان (عربي) * [نص]",
    "w" * 300,
    "\\*escaped\\* \\\\ \\[x\\]",
]


class Core:
    """A core that says back what it was asked, in every kind of block."""

    commands: Sequence[CommandInfo] = INFOS

    def __init__(self, words: str) -> None:
        self.words = words

    async def handle(self, request: Request, responder: Responder) -> None:
        doc: d.Doc = (
            d.heading(self.words),
            d.paragraph(d.bold(self.words), " ", d.link(self.words, "https://arxiv.org/abs/2308.04079")),
            d.bullets([self.words]),
            d.Fields(((self.words, d.text(self.words)),)),
            d.Quote(d.text(self.words), d.text(self.words)),
            d.Buttons((d.Button(self.words, "show 2308.04079"),)),
        )
        if request.text.startswith("topic"):
            await responder.draft((d.paragraph(self.words),))
            await responder.send(Reply(doc))
        elif request.text.startswith("schedule"):
            await responder.send(Reply((form(self.words),), private=True))
        else:
            sentence = f"“{self.words}” is nothing.\n{unknown(self.words, TABLE, '/paper')}"
            await responder.send(Reply(trouble(sentence), private=True, error=True))

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[d.Choice]:
        return [d.Choice(f"2308.04079 {self.words}"[:100], "arxiv:2308.04079")]

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        return None

    async def channel_back(self, channel: ChannelId) -> None:
        return None

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        return None

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        return None


def form(words: str) -> d.Form:
    fields = (
        d.Input("question", words, words, words, lines=3),
        d.Select("pick", words, (d.Choice(words, words[:100]),)),
    )
    return d.Form(words, "schedule", fields, typed=words)


def bare(words: str) -> str:
    """The letters and signs without what is invisible or space."""
    return "".join(one for one in visible(words) if not one.isspace())


def read(markdown: str) -> str:
    """What a reader sees of it."""
    return bare(resolved(markdown))


def harmless(label: str) -> bool:
    """Whether a label that Discord shows as it stands keeps to one line and one direction."""
    return not any(
        unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp") for one in label.replace("\u200d", "")
    )


@pytest.mark.parametrize("words", HOSTILE)
async def test_through_digests_answers_labels_and_errors(words: str) -> None:
    async with Server() as server:
        papers, forum = server.channel("papers"), server.forum("forum", tags=("vision",))
        bot = Discord(
            server.token, clock=ServerClock(server), api_url=server.api_url, gateway_url=server.gateway_url
        )
        bot.ack_after = 20.0
        for place in (papers, forum):
            await digest(bot, place, words)
        task = asyncio.create_task(bot.run(Core(words)))
        await server.connected()
        answer = await server.types("/paper topic x", channel=papers)
        await answer.until(contains="\n- ")
        error = await server.types("/paper search x", channel=papers)
        opened = await server.types("/paper schedule", channel=papers)
        offered = await server.completes("/paper show 23", "id", channel=papers)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bot.close()
        thread = server.thread(server.posts(papers)[0])
        said = bare(words)
        shown = [
            *server.posts(papers)[:1],
            *server.posts(thread),
            *server.posts(forum),
            server.answer(answer),
        ]
        for post in (*shown, server.answer(error)):
            assert post.pings == []
            assert said[:60] in read(post.text)
        names = [thread.name, *(server.thread(post).name for post in server.posts(forum)), *offered]
        assert opened.modal is not None
        names += [opened.modal["title"], *(row["label"] for row in opened.modal["components"])]
        assert all(harmless(name) and name for name in names)


async def digest(bot: Discord, place: Channel, words: str) -> None:
    channel = ChannelId(f"discord:{place.id}")
    doc = (d.heading(words), d.paragraph(d.link(words, "https://arxiv.org/abs/2308.04079")))
    parent = await bot.post(Post(channel, doc, "k0", title=words, replies=1))
    await bot.post(Post(channel, doc, "k1", parent=parent, title=words, tags=(words, "vision")))


@pytest.mark.parametrize("words", HOSTILE)
def test_through_the_forms_of_a_channel(words: str) -> None:
    topics = tuple(Topic((part,)) for part in words.split("\n") if part.strip())
    channel = Followed(ChannelId("discord:1"), topics, (words,))
    for part in range(2):
        check_modal(modal(settings_form(channel), part))
