"""``me``: a person's own papers, asked for anywhere, brought to their direct messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time

import pytest

from bot.app import App, assembled
from bot.config import parse
from bot.doc import Button, Buttons, Form
from bot.domain import Channel, ChannelId, Post, Request, RequestKind, Sighting, Topic, UserId
from bot.errors import ChannelGone, DeliveryError, Uncertain
from bot.views.digests import quiet_day
from tests.core.test_commands import NOW, SPEECH, SPLAT, Way
from tests.fakes.feed import Feed
from tests.fakes.newsroom import FakePlatform
from tests.fakes.web import Answer, Site

ROOM = ChannelId("terminal:main")
ADA, BOB = UserId("terminal:ada"), UserId("terminal:bob")
HOME = ChannelId("terminal:ada")
_PATHS = {"feed_url": "atom", "api_url": "api/query", "html_url": "html", "pdf_url": "pdf"}


class Desk:
    """The composed program, with a platform that keeps what is posted."""

    def __init__(self, app: App, platform: FakePlatform) -> None:
        self.app, self.platform = app, platform

    async def ask(
        self,
        text: str,
        *,
        user: UserId = ADA,
        channel: ChannelId = ROOM,
        kind: RequestKind = "command",
        values: dict[str, str] | None = None,
        direct: bool = False,
        thread: str | None = None,
    ) -> Way:
        way = Way()
        request = Request(
            channel, user, text, kind=kind, values=values or {}, direct=direct, thread=thread, is_admin=False
        )
        await self.app.conversation.handle(request, way)
        return way

    async def own(self, user: UserId = ADA) -> Channel | None:
        return await self.app.stores.channels.own(user)

    def posted(self) -> list[Post]:
        return [post for _, post in self.platform.posts]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    with Site() as site:
        Feed().serve(site)
        site.on("/html/*", Answer(b"none", 404))
        site.on("/pdf/*", Answer(b"none", 404))
        here = {name: f"{site.url}/{path}" for name, path in _PATHS.items()}
        config = parse(
            {
                "storage": {"url": "sqlite:///:memory:"},
                "sources": {"arxiv": {**here, "min_interval": 0.0}, "lookup": {"enabled": False}},
            }
        )
        async with assembled(config, environ={"PAPERBOY_NOW": NOW.isoformat()}, connect=False) as app:
            await app.papers.add([Sighting(SPLAT, "new"), Sighting(SPEECH, "new")], now=NOW)
            platform = FakePlatform()
            app.conversation._core.posters["terminal"] = platform  # type: ignore[index]
            yield Desk(app, platform)


def commands(way: Way) -> list[str]:
    """What the buttons of the last reply send."""
    rows = [block for block in way.last.doc if isinstance(block, Buttons)]
    return [button.command for row in rows for button in row.items]


async def test_me_alone_shows_what_comes_and_the_words_to_change_it(desk: Desk) -> None:
    page = await desk.ask("me")
    assert page.last.private
    assert "You follow nothing yet. Try /paper me follow gaussian splatting" in page.text
    assert "/paper me schedule 09:00 [zone] [days]" in page.text
    assert commands(page) == ["me settings"]
    assert desk.posted() == []
    await desk.ask("me follow gaussian splatting")
    page = await desk.ask("me")
    assert "You follow 1. gaussian splatting The digest comes Monday to Friday at 09:00 (UTC)." in page.text
    assert "Digest: next in a moment: the one due at 2025-08-20 09:00 UTC" in page.text
    assert commands(page) == ["me settings", "me digest preview"]


async def test_everybody_may_change_what_comes_to_themselves_and_nothing_else(desk: Desk) -> None:
    assert "can change what this channel gets" in (await desk.ask("follow speech recognition")).text
    followed = await desk.ask("me follow gaussian splatting | 3DGS not: survey")
    assert followed.last.private
    assert "You now follow “gaussian splatting | 3DGS not: survey”." in followed.text
    assert "You already follow" in (await desk.ask("me follow Gaussian splatting | 3dgs not: survey")).text
    own = await desk.own()
    assert own == Channel(HOME, (Topic(("gaussian splatting", "3DGS"), ("survey",)),), person=ADA)
    assert await desk.app.stores.channels.get(ROOM) is None
    assert await desk.own(BOB) is None
    assert "This channel follows nothing yet" in (await desk.ask("topics")).text
    assert "You follow nothing yet" in (await desk.ask("me topics", user=BOB)).text


async def test_who_begins_is_greeted_once_where_the_papers_will_come(desk: Desk) -> None:
    await desk.ask("me follow gaussian splatting")
    await desk.ask("me follow speech recognition")
    await desk.ask("me limit 3")
    (greeting,) = desk.posted()
    assert greeting.channel == HOME
    assert "Your own papers come here" in str(greeting.doc)
    await desk.ask("follow speech", user=BOB, channel=ChannelId(BOB), direct=True)
    assert len(desk.posted()) == 1, "who asks there sees the answer there"


async def test_who_cannot_be_written_to_is_told_at_once_and_nothing_is_kept(desk: Desk) -> None:
    desk.platform.fails(ChannelGone("Allow direct messages, and try again."))
    way = await desk.ask("me follow gaussian splatting")
    assert way.text == "Allow direct messages, and try again."
    assert way.last.private
    assert await desk.own() is None
    assert "You now follow" in (await desk.ask("me follow gaussian splatting")).text


async def test_a_greeting_that_may_have_arrived_keeps_nobody_from_following(desk: Desk) -> None:
    desk.platform.fails(Uncertain("lost"), recorded=True)
    assert "You now follow" in (await desk.ask("me follow gaussian splatting")).text


async def test_a_platform_that_is_not_there_is_said_in_a_sentence(desk: Desk) -> None:
    way = await desk.ask("me", user=UserId("slack:U1"), channel=ChannelId("slack:C1"))
    assert way.text == "I cannot write to anybody on slack: it is not configured here."


async def test_a_direct_message_that_cannot_be_opened_stops_no_other_command(desk: Desk) -> None:
    class Closed(FakePlatform):
        async def home(self, person: UserId, *, workspace: str = "") -> ChannelId:
            raise DeliveryError("No.")

    desk.app.conversation._core.posters["terminal"] = Closed()  # type: ignore[index]
    assert (await desk.ask("me")).text == "No."
    assert "This channel now follows" in (await desk.ask("follow gaussian splatting", direct=True)).text


async def test_time_number_and_form(desk: Desk) -> None:
    assert "every day at 08:30 (Europe/Berlin)" in (await desk.ask("me schedule 8:30 berlin daily")).text
    assert "“25:99” is no time of day" in (await desk.ask("me schedule 25:99")).text
    assert "At most: 3 papers a day" in (await desk.ask("me limit 3")).text
    assert "is no number of papers" in (await desk.ask("me limit many")).text
    assert "Usage: /paper me limit <number>" in (await desk.ask("me limit")).text
    shown = await desk.ask("me settings")
    (form,) = shown.last.doc
    assert isinstance(form, Form)
    assert form.command == "me settings"
    await desk.ask(form.command, kind="form", values={"topics": "gaussian splatting\nspeech recognition"})
    own = await desk.own()
    assert own is not None
    assert (own.at, own.limit, len(own.topics), own.person) == (time(8, 30), 3, 2, ADA)
    asked = await desk.ask("me schedule")
    (when,) = asked.last.doc
    assert isinstance(when, Form)
    assert when.command == "me schedule"
    assert when.typed.startswith("/paper me schedule")


async def test_zone_and_language_begin_as_the_channel_s(desk: Desk) -> None:
    lab = Channel(ROOM, timezone="Asia/Tokyo", language="de", limit=9, at=time(7))
    await desk.app.stores.channels.save(lab)
    await desk.ask("me follow gaussian splatting")
    own = await desk.own()
    assert own is not None
    assert (own.timezone, own.language) == ("Asia/Tokyo", "de")
    assert (own.limit, own.at) == (5, time(9))


async def test_buttons_act_on_the_person_wherever_they_are_pressed(desk: Desk) -> None:
    unknown = await desk.ask("me follow gausian spltting")
    assert commands(unknown) == ["me follow gaussian splatting", "me follow gausian spltting anyway:yes"]
    await desk.ask(commands(unknown)[0])
    assert commands(await desk.ask("me unfollow 1")) == ["me follow gaussian splatting"]
    assert "me follow speech recognition" in commands(await desk.ask("me backtest speech recognition"))
    assert "You do not follow “3DGS”." in (await desk.ask("me unfollow 3DGS")).text


async def test_a_digest_comes_once_and_to_nobody_else(desk: Desk) -> None:
    assert "You follow nothing yet. Example: /paper me follow" in (await desk.ask("me digest now")).text
    await desk.ask("me follow gaussian splatting")
    preview = await desk.ask("me digest preview")
    assert preview.last.private
    assert "Splat-X" in preview.text
    assert "paused. Resume it with /paper me digest resume." in (await desk.ask("me digest pause")).text
    assert "off at present: paused by you." in (await desk.ask("me topics")).text
    await desk.ask("me digest resume")
    done = await desk.ask("me digest now")
    assert done.last.private
    assert "1 paper" in done.text
    assert "delivered before" in (await desk.ask("me digest now")).text
    assert "It was in the digest of 20 Aug 2025" in (await desk.ask("me why 2508.00001")).text
    assert "It was in the digest" not in (await desk.ask("why 2508.00001")).text
    elsewhere = [(await desk.ask(words, user=BOB)).text for words in ("status", "me", "topics", "saved")]
    assert not any("Splat-X" in words or "1. gaussian" in words for words in elsewhere)
    digest = await desk.app.stores.runs.digest(HOME, NOW.date())
    assert digest is not None
    assert "this channel" not in str(quiet_day(replace(digest, picks=()), {}))


async def test_stop_ends_it_and_says_how_to_begin_again(desk: Desk) -> None:
    assert "You follow nothing, so nothing comes." in (await desk.ask("me stop")).text
    await desk.ask("me schedule 08:15")
    await desk.ask("me follow gaussian splatting")
    stopped = await desk.ask("me stop")
    assert "no more papers come to you. You followed gaussian splatting." in stopped.text
    assert commands(stopped) == ["me follow gaussian splatting"]
    own = await desk.own()
    assert own is not None
    assert (own.topics, own.at) == ((), time(8, 15))


async def test_what_is_no_command_of_me_is_answered_with_the_nearest(desk: Desk) -> None:
    way = await desk.ask("me folow gaussian splatting")
    assert "Did you mean /paper me follow or /paper me unfollow? /paper me help lists them all." in way.text
    assert "Usage: /paper me digest" in (await desk.ask("me digest tomorrow")).text
    assert "Bring papers on a topic to you" in (await desk.ask("help me follow")).text
    assert "/paper me follow <topic> [not: words]" in (await desk.ask("me help")).text
    assert "There is no command “me dance”" in (await desk.ask("help me dance")).text


async def test_a_sentence_that_begins_with_me_is_no_command(desk: Desk) -> None:
    shown = await desk.ask("show 2508.00001")
    said = await desk.ask("me too, but how much memory?", kind="reply", direct=True, thread=None)
    assert "halves the memory" in said.text
    assert shown.replies
    assert "You follow nothing yet" in (await desk.ask("me topics", kind="reply", direct=True)).text


async def test_what_is_set_in_the_direct_messages_is_the_person_s_too(desk: Desk) -> None:
    await desk.ask("follow gaussian splatting", channel=HOME, direct=True)
    own = await desk.own()
    assert own is not None
    assert own.id == HOME
    assert "You already follow" in (await desk.ask("me follow gaussian splatting")).text
    line = await desk.ask("follow speech recognition", kind="reply", direct=True)
    assert "This channel now follows" in line.text, "a line typed at the terminal is said to the room"


async def test_forget_takes_the_own_channel_along(desk: Desk) -> None:
    await desk.ask("me follow gaussian splatting")
    await desk.ask("me follow speech recognition", user=BOB)
    await desk.ask("me digest now")
    assert "your topics" in (await desk.ask("forget")).text
    await desk.ask("forget sure:yes")
    assert await desk.own() is None
    assert await desk.app.stores.channels.shown(HOME, [SPLAT.id]) == set()
    assert await desk.own(BOB) is not None
    assert "You follow nothing yet" in (await desk.ask("me")).text


async def test_own_topics_are_suggested(desk: Desk) -> None:
    await desk.ask("me follow gaussian splatting")
    request = Request(ROOM, ADA, "me unfollow gau")
    found = await desk.app.conversation.suggest(request, "words", "gau")
    assert [choice.value for choice in found] == ["gaussian splatting"]
    assert await desk.app.conversation.suggest(replace(request, user=BOB), "words", "gau") == []


async def test_the_home_page_leads_to_the_same_form(desk: Desk) -> None:
    home = await desk.ask("", kind="home", channel=HOME, direct=True)
    (button,) = [b for row in home.last.doc if isinstance(row, Buttons) for b in row.items]
    assert button == Button("Choose topics", "me settings", "primary")


async def test_a_direct_message_named_in_the_file_is_its_person_s(desk: Desk) -> None:
    """The file names a channel, not whose it is: whoever is at home there."""
    await desk.app.stores.channels.save(Channel(HOME, (Topic(("gaussian splatting",)),)))
    assert "You follow" in (await desk.ask("me topics")).text
    own = await desk.own()
    assert own
    assert own.id == HOME
    assert await desk.own(BOB) is None


async def test_forgetting_takes_along_the_direct_messages_that_the_file_names(desk: Desk) -> None:
    await desk.app.stores.channels.save(Channel(HOME, (Topic(("gaussian splatting",)),)))
    await desk.ask("forget sure:yes", user=BOB)
    assert await desk.app.stores.channels.get(HOME)
    await desk.ask("forget sure:yes")
    assert await desk.app.stores.channels.get(HOME) is None


async def test_words_behind_me_complete_by_what_was_chosen(desk: Desk) -> None:
    await desk.ask("me follow gaussian splatting")

    async def offered(text: str, typed: str) -> list[str]:
        request = Request(ROOM, ADA, text)
        return [one.value for one in await desk.app.conversation.suggest(request, "words", typed)]

    assert await offered("me unfollow", "gau") == ["gaussian splatting"]
    assert await offered("me digest p", "p") == ["preview", "pause"]
    assert await offered("me why 2508.00001", "2508.00001") == ["arxiv:2508.00001"]
