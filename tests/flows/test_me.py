"""A person follows a topic of their own: their papers come by direct message, once, and nobody else sees
them. The same on the terminal, on Slack and on Discord, through the real command line."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator

import pytest

from tests.contracts.discord import words as on_discord
from tests.fakes.discord import Channel, Discord
from tests.fakes.discord_interactions import Interaction
from tests.fakes.discord_lab import serving
from tests.fakes.slack import CHANNEL, USER, FakeSlack
from tests.flows.conftest import Lab
from tests.flows.test_slack_day import Elsewhere, serve

ABSTRACT = (
    "Gaussian splatting draws scenes in real time. We propose a pruning rule that halves the memory of "
    "a scene. On nine rooms it loses 0.08 dB. Mirrors remain hard for our method."
)
TITLE = "Pruned Gaussian splatting for phones"
NEXT_MORNING = "2025-08-21T09:00:00+00:00"
COMMANDS = (
    "me",
    "me follow gaussian splatting",
    "me topics",
    "me schedule 08:30 daily",
    "me limit 3",
    "me digest pause",
    "me digest resume",
    "me folow x",
    "me stop",
)


def words(text: str) -> list[str]:
    """The words in order, without addresses and frames."""
    return re.findall(r"\w+", re.sub(r"https?://[^\s|>]+", " ", text))


def same(lab: Lab, shown: dict[str, str]) -> None:
    """What a platform showed stands, in this order, on the terminal too."""
    for command in COMMANDS:
        terminal = iter(words(lab.chat(f"/paper {command}")))
        assert [word for word in words(shown[command]) if word not in terminal] == [], command


@pytest.fixture
def lab(lab: Lab) -> Lab:
    lab.channels = {"terminal:main": ["speech recogniser"]}
    return lab


# --- the terminal ---------------------------------------------------------------------------------


def test_the_morning_brings_it_once_and_a_question_finds_it(lab: Lab) -> None:
    assert "You now follow “gaussian splatting”" in lab.chat("/paper me follow gaussian splatting anyway:yes")
    lab.feed.next_day()
    number = lab.feed.paper(TITLE, ABSTRACT)
    speech = lab.feed.paper("A speech recogniser for wind")
    lab.at(NEXT_MORNING)
    rows = {row["channel"]: row for row in lab.run("digest", "--json").rows}
    assert rows["terminal:you"]["papers"] == [f"arxiv:{number}"]
    assert rows["terminal:main"]["papers"] == [f"arxiv:{speech}"]
    assert [row["posts"] for row in lab.run("digest", "--json").rows] == [0, 0]
    assert "delivered before" in lab.chat("/paper me digest now")
    assert "follow nothing yet" in lab.run("chat", "--as", "bob", typed="/paper me\n").out


def test_a_line_after_the_own_digest_is_a_question_about_it(lab: Lab) -> None:
    lab.feed.paper(TITLE, ABSTRACT)
    lab.run("fetch")
    out = lab.chat(
        "/paper me follow gaussian splatting",
        "/paper me digest now",
        "what remains hard?",
        "/paper topics",
    )
    answer = " ".join(out.split("1 paper.")[1].replace("|", " ").split())
    assert "“Mirrors remain hard for our method.”" in answer
    assert "This channel follows 1. speech recogniser" in answer


# --- Slack ----------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    place = Elsewhere()
    monkeypatch.setenv("SLACK_BOT_TOKEN", place.slack.tokens.bot)
    monkeypatch.setenv("SLACK_APP_TOKEN", place.slack.tokens.app)
    lab.extra = f'[slack]\napi_url = "{place.slack.api_url}"\n[server]\nlisten = "127.0.0.1:0"\n'
    lab.channels = {f"slack:{CHANNEL}": ["speech recogniser"]}
    yield place
    place.close()


def test_on_slack_it_comes_by_direct_message(lab: Lab, elsewhere: Elsewhere) -> None:
    lab.feed.paper("A speech recogniser for wind")
    lab.run("fetch")

    async def follows(slack: FakeSlack) -> None:
        im = slack.world.im(USER).id
        await slack.types("/paper me follow gaussian splatting anyway:yes")
        await slack.until(lambda: any("You now follow" in said.words for said in slack.ephemerals()))
        assert ["Your own papers come here" in said.words for said in slack.posts(im)] == [True]
        await slack.types("/paper me settings")
        await slack.until(lambda: slack.world.views)
        await slack.submits(slack.modal(), {"Time": "09:00", "Papers a day at most": "2"})
        await slack.until(lambda: any("At most" in said.words for said in slack.ephemerals()))
        assert slack.posts() == []
        await slack.opens_home()
        await slack.until(lambda: "gaussian splatting" in json.dumps(slack.world.homes.get(USER)))

    serve(lab, elsewhere, follows)
    lab.feed.next_day()
    number = lab.feed.paper(TITLE, ABSTRACT)
    lab.feed.paper("A speech recogniser for rain")
    lab.at("2025-08-21T08:59:59+00:00")
    slack = elsewhere.slack
    im = slack.world.im(USER).id

    async def comes(slack: FakeSlack) -> None:
        """By the schedule of the service; read, asked about, kept, taken away, forgotten."""
        await slack.until(lambda: len(slack.posts(im)) == 2, seconds=20)
        parent = slack.posts(im)[1]
        await slack.until(lambda: slack.posts(im, thread=parent.ts))
        (card,) = slack.posts(im, thread=parent.ts)
        await slack.says("what remains hard?", channel=im, thread=parent.ts)
        await slack.until(lambda: any("Mirrors" in m.words for m in slack.posts(im, thread=parent.ts)[1:]))
        await slack.presses("Save", on=card)
        await slack.until(lambda: any("Saved" in m.words for m in slack.posts(im, thread=parent.ts)))

    serve(lab, elsewhere, comes, "run")
    parent = slack.posts(im)[1]
    assert "1 of 3 new papers" in parent.words
    assert number in slack.posts(im, thread=parent.ts)[0].words
    assert not any("splatting" in said.words for said in slack.posts())
    before = len(slack.world.messages)
    rows = {row["channel"]: row["posts"] for row in lab.run("digest", "--json").rows}
    assert rows == {f"slack:{CHANNEL}": 0, f"slack:{im}": 0}
    assert len(slack.world.messages) == before
    checked = {row["name"]: row for row in lab.run("check", "--json").rows}
    assert checked[f"slack:{im}"]["detail"] == "direct messages"

    async def leaves(slack: FakeSlack) -> None:
        await slack.types("/paper export bibtex")
        await slack.until(lambda: any("1 paper as bibtex" in said.words for said in slack.ephemerals()))
        await slack.types("/paper forget sure:yes")
        await slack.until(lambda: any("Done:" in said.words for said in slack.ephemerals()))
        await slack.types("/paper me topics")
        await slack.until(lambda: any("You follow nothing yet" in said.words for said in slack.ephemerals()))

    serve(lab, elsewhere, leaves)
    lab.at("2025-08-22T09:00:00+00:00")
    assert [row["channel"] for row in lab.run("digest", "--json").rows] == [f"slack:{CHANNEL}"]


def test_the_words_are_the_same_on_slack(lab: Lab, elsewhere: Elsewhere) -> None:
    lab.feed.paper(TITLE, ABSTRACT)
    lab.run("fetch")
    shown: dict[str, str] = {}

    async def story(slack: FakeSlack) -> None:
        for command in COMMANDS:
            old = [id(message) for message in slack.world.messages]

            def fresh(old: list[int] = old) -> list[str]:
                return [m.words for m in slack.ephemerals() if id(m) not in old and m.blocks]

            await slack.types(f"/paper {command}")
            shown[command] = (await slack.until(fresh))[0]

    serve(lab, elsewhere, story)
    same(lab, shown)
    assert elsewhere.slack.posts() == []


# --- Discord --------------------------------------------------------------------------------------


@pytest.fixture
def papers(lab: Lab, papers: Channel) -> Channel:
    lab.channels = {f"discord:{papers.id}": ["speech recogniser"]}
    return papers


async def test_on_discord_it_comes_by_direct_message(lab: Lab, discord: Discord, papers: Channel) -> None:
    async with serving(lab.write(), discord):
        asked = await discord.types(
            "/paper me what:follow words:gaussian splatting anyway:yes", channel=papers
        )
        await asked.until(contains="You now follow")
        assert asked.seen_by_asker_only
        opened = await discord.types("/paper me what:schedule", channel=papers)
        changed = await discord.submits(opened, {"Time": "08:30"})
        await changed.until(contains="08:30")
        assert changed.seen_by_asker_only
        assert discord.posts(papers) == []
    home = discord.dm("ada")
    (greeting,) = discord.posts(home)
    assert "Your own papers come here" in greeting.text
    lab.feed.next_day()
    number = lab.feed.paper(TITLE, ABSTRACT)
    lab.feed.paper("A speech recogniser for wind")
    lab.at(NEXT_MORNING)
    rows = {row["channel"]: row for row in (await asyncio.to_thread(lab.run, "digest", "--json")).rows}
    assert rows[f"discord:{home.id}"]["papers"] == [f"arxiv:{number}"]
    again = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["posts"] for row in again.rows] == [0, 0]
    _, parent, card = discord.posts(home)
    assert "1 of 2 new papers" in parent.text
    assert number in card.text
    assert not any("splatting" in post.text for post in discord.posts(papers))

    async with serving(lab.write(), discord):
        await discord.says("what remains hard?", channel=home, reply_to=card)
        await discord.happens(lambda: any("Mirrors remain hard" in post.text for post in discord.posts(home)))
        saved = await discord.presses(card, "Save")
        await saved.until(contains="Saved")
        exported = await discord.types("/paper export format:bibtex", channel=papers)
        await exported.until(contains="1 paper as bibtex")
        forgotten = await discord.types("/paper forget sure:yes", channel=papers)
        await forgotten.until(contains="Done:")
        nothing = await discord.types("/paper me", channel=papers)
        await nothing.until(contains="You follow nothing yet")
    lab.at("2025-08-22T09:00:00+00:00")
    last = await asyncio.to_thread(lab.run, "digest", "--json")
    assert [row["channel"] for row in last.rows] == [f"discord:{papers.id}"]


async def test_who_takes_no_direct_messages_is_told_in_one_sentence(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    discord.fails("create_message", "refused", status=403, code=50007)
    async with serving(lab.write(), discord) as (app, _):
        asked = await discord.types("/paper me what:follow words:gaussian splatting", channel=papers)
        await asked.until(contains="allow direct messages in the privacy settings")
        assert asked.seen_by_asker_only
        assert len(asked.texts) == 1
        assert [channel.id for channel in await app.stores.channels.all()] == [f"discord:{papers.id}"]


async def test_direct_messages_that_are_closed_later_pause_it_with_the_reason(
    lab: Lab, discord: Discord, papers: Channel
) -> None:
    lab.feed.paper(TITLE, ABSTRACT)
    await asyncio.to_thread(lab.run, "fetch")
    async with serving(lab.write(), discord):
        asked = await discord.types("/paper me what:follow words:gaussian splatting", channel=papers)
        await asked.until(contains="You now follow")
        discord.fails("create_message", "refused", status=403, code=50007)
        refused = await discord.types("/paper me what:digest words:now", channel=papers)
        await refused.until(contains="was not delivered")
        told = await discord.types("/paper me", channel=papers)
        await told.until(contains="off at present: the platform says: Discord does not let me write to you")
        resumed = await discord.types("/paper me what:digest words:resume", channel=papers)
        await resumed.until(contains="The digest comes Monday to Friday")
    lab.at("2025-08-20T09:05:00+00:00")
    rows = {row["channel"]: row for row in (await asyncio.to_thread(lab.run, "digest", "--json")).rows}
    assert rows[f"discord:{discord.dm('ada').id}"]["state"] == "delivered"
    assert len(discord.posts(discord.dm("ada"))) == 3


async def settled(discord: Discord, asked: Interaction) -> str:
    """What stands there when the sign of life has gone."""

    def words() -> str:
        return on_discord(discord.answer(asked))

    await discord.happens(lambda: "15 minutes" not in words())
    return words()


async def test_the_words_are_the_same_on_discord(lab: Lab, discord: Discord, papers: Channel) -> None:
    lab.feed.paper(TITLE, ABSTRACT)
    await asyncio.to_thread(lab.run, "fetch")
    shown: dict[str, str] = {}
    async with serving(lab.write(), discord):
        for command in COMMANDS:
            what, _, rest = command.removeprefix("me").strip().partition(" ")
            if what == "folow":
                continue  # Discord offers what there is
            options = (f" what:{what}" if what else "") + (f" words:{rest}" if rest else "")
            asked = await discord.types(f"/paper me{options}", channel=papers)
            shown[command] = await settled(discord, asked)
    shown["me folow x"] = ""
    await asyncio.to_thread(same, lab, shown)
    assert discord.posts(papers) == []
