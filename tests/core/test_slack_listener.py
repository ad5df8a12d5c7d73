"""What the Slack adapter hears: the traps of events, links, channels and connections."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from adapters.slack_web import REMOVED
from bot.doc import bullets, heading, link, paragraph
from bot.domain import ChannelId, Post, Reply, Request
from bot.errors import ChannelGone, PlatformError
from bot.ports import Responder
from tests.contracts.platforms import Core
from tests.contracts.slack import adapter, listening, says
from tests.fakes.slack import CHANNEL, USER, Clock, FakeSlack

PAPERS = ChannelId(f"slack:{CHANNEL}")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


# ---- hearing -------------------------------------------------------------------------------------


async def test_a_mention_that_comes_twice_is_answered_once(slack: FakeSlack) -> None:
    core = Core(says("Good morning."))
    async with listening(slack, core):
        message = await slack.says("hello", mention=True)
        await core.until(lambda: core.heard)
        await slack.says("again", mention=True)
        await core.until(lambda: len(core.heard) == 2)
    assert [(r.text, r.mentioned, r.thread) for r in core.heard] == [
        ("hello", True, None),
        ("again", True, None),
    ]
    assert [m.words for m in slack.posts(thread=message.ts)] == ["Good morning."]
    assert slack.posts() == []


async def test_a_redelivered_envelope_is_answered_once(slack: FakeSlack) -> None:
    core = Core(says("Once."))
    async with listening(slack, core):
        envelope = await slack.types("/paper topic x")
        await slack.redeliver(envelope)
        await slack.until(lambda: slack.posts())
        await slack.types("/paper topic y")
        await core.until(lambda: len(core.heard) == 2)
    assert [request.text for request in core.heard] == ["topic x", "topic y"]


async def test_bots_edits_joins_and_chatter_are_not_heard_but_acknowledged(slack: FakeSlack) -> None:
    core = Core()
    async with listening(slack, core):
        human = await slack.says("just talking")
        await slack.edits(human, f"now with <@U0BOT> {human.text}")
        base = {"type": "message", "channel": CHANNEL, "channel_type": "channel", "ts": slack.world.ts()}
        await slack.event(base | {"user": "U0BOT", "text": "mine", "bot_id": "B0BOT", "thread_ts": human.ts})
        theirs = {"user": "U9", "bot_id": "B9", "text": "<@U0BOT> hi", "thread_ts": human.ts}
        await slack.event(base | theirs | {"ts": slack.world.ts()})
        await slack.event(base | {"subtype": "bot_message", "bot_id": "B9", "text": "<@U0BOT> hi"})
        await slack.event(base | {"subtype": "channel_join", "user": USER, "text": "<@U0BOT> joined"})
        await slack.event({"type": "reaction_added", "user": USER, "item": {}})
        await slack.says("last", mention=True)
        await core.until(lambda: core.heard)
    assert [request.text for request in core.heard] == ["last"]
    assert all(envelope.ack is not None for envelope in slack.envelopes)


async def test_direct_messages_are_always_heard_and_commands_can_be_said(slack: FakeSlack) -> None:
    core = Core(says("Hello Ana."))
    async with listening(slack, core):
        channel = slack.world.im(USER).id
        await slack.says("what is new?", channel=channel)
        await slack.says("/paper help topic", channel=channel)
        await core.until(lambda: len(core.heard) == 2)
        await slack.until(lambda: len(slack.posts(channel)) == 2)
    assert [(r.kind, r.text, r.direct) for r in core.heard] == [
        ("reply", "what is new?", True),
        ("command", "help topic", True),
    ]


async def test_what_people_type_comes_as_they_typed_it(slack: FakeSlack) -> None:
    core = Core()
    async with listening(slack, core):
        await slack.event(
            {
                "type": "app_mention",
                "user": USER,
                "channel": CHANNEL,
                "ts": slack.world.ts(),
                "text": "<@U0BOT> see <https://arxiv.org/abs/1|arxiv.org/abs/1> in <#C1|papers> &lt;now&gt; "
                "&amp; <mailto:a@b.org|a@b.org> <!channel>",
            }
        )
        await core.until(lambda: core.heard)
    assert core.heard[0].text == "see https://arxiv.org/abs/1 in #papers <now> & mailto:a@b.org channel"


async def test_admins_are_known_and_asked_about_once(slack: FakeSlack) -> None:
    core = Core()
    async with listening(slack, core):
        for user in ("U0ADMIN", USER, "U0ADMIN"):
            await slack.types("/paper settings", user=user)
            await core.until(lambda: core.heard and core.heard[-1].user == f"slack:{user}")  # noqa: B023
    assert [request.is_admin for request in core.heard] == [True, False, True]
    assert core.heard[0].user_name == "ada"
    assert len(slack.calls("users.info")) == 2


async def test_an_admin_is_known_although_slack_asks_for_patience(slack: FakeSlack) -> None:
    slack.mishap("users.info", "limited", retry_after=2)
    core = Core()
    async with listening(slack, core):
        await slack.types("/paper settings", user="U0ADMIN")
        await core.until(lambda: core.heard)
    assert core.heard[0].is_admin


async def test_without_the_scope_nobody_is_an_admin_and_all_goes_on(slack: FakeSlack) -> None:
    slack.world.scopes.discard("users:read")
    core = Core(says("Hi."))
    async with listening(slack, core):
        await slack.types("/paper topics", user="U0ADMIN")
        await slack.until(lambda: slack.posts())
    assert core.heard[0].is_admin is False


# ---- links ---------------------------------------------------------------------------------------

ARXIV = "https://arxiv.org/abs/2509.10432"


async def test_a_pasted_link_gets_a_card_and_can_be_asked_below(slack: FakeSlack) -> None:
    roots: list[str | None] = []

    async def answer(request: Request, responder: Responder) -> None:
        await responder.working("Reading…")
        roots.append(await responder.send(Reply((heading("A Paper & more"), paragraph("Gist.")))))

    core = Core(answer)
    async with listening(slack, core):
        await slack.shares(ARXIV, composing=True)
        message = await slack.shares(ARXIV)
        await core.until(lambda: roots)
        await slack.shares(ARXIV)
        await slack.shares("https://arxiv.org/abs/1", "https://arxiv.org/abs/2", "https://arxiv.org/abs/3")
        assert isinstance(slack.clock, Clock)
        slack.clock.advance(1790)
        await slack.shares(ARXIV)
        slack.clock.advance(20)
        await slack.shares(ARXIV)
        await core.until(lambda: len(roots) == 2)
    assert message is not None
    assert roots[0] == message.ts
    assert [request.text for request in core.heard] == [ARXIV, ARXIV]
    assert core.heard[0].kind == "link"
    assert slack.calls("chat.unfurl", "ok")


async def test_links_that_lead_to_the_same_are_shown_once(slack: FakeSlack) -> None:
    core = Core(says("card"))
    async with listening(slack, core, same=lambda url: url.rpartition("/")[2].partition("v")[0]):
        await slack.shares(ARXIV, "https://arxiv.org/pdf/2509.10432v1")
        await slack.shares(ARXIV + "v2")
        await slack.shares("https://arxiv.org/abs/1")
        await core.until(lambda: len(core.heard) == 2)
    assert [request.text for request in core.heard] == [ARXIV, "https://arxiv.org/abs/1"]


async def test_two_links_in_a_message_keep_both_cards(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        title = heading(link(f"A *paper* at {request.text}", request.text), level=2)
        points = bullets(["first", link("second", request.text)])
        await responder.send(Reply((heading("Head"), title, points, paragraph(link("PDF", request.text)))))

    core = Core(answer)
    async with listening(slack, core):
        await slack.shares(ARXIV, "https://arxiv.org/abs/1")
        await slack.until(lambda: len(slack.world.unfurled) == 2)
    cards = slack.world.unfurled[-1]["unfurls"]
    assert set(cards) == {ARXIV, "https://arxiv.org/abs/1"}
    texts = [block["text"]["text"] for block in cards[ARXIV]["blocks"]]
    assert texts == ["Head", f"A *paper* at {ARXIV}", f"• first\n• <{ARXIV}|second>", f"<{ARXIV}|PDF>"]


async def test_previews_can_be_switched_off(slack: FakeSlack) -> None:
    core = Core(says("card"))
    async with listening(slack, core, unfurl=False):
        await slack.shares(ARXIV)
        await slack.types("/paper help")
        await core.until(lambda: core.heard)
    assert [request.kind for request in core.heard] == ["command"]


# ---- channels and connections --------------------------------------------------------------------


async def test_channels_that_go_and_come_back_are_told(slack: FakeSlack) -> None:
    core = Core()
    async with listening(slack, core):
        await slack.renames("papers-daily")
        await slack.archives()
        await slack.kicks_bot()
        await slack.event({"type": "member_joined_channel", "user": USER, "channel": CHANNEL})
        await slack.invites_bot()
        await core.until(lambda: core.back)
    assert core.gone == [
        (PAPERS, "the channel was archived"),
        (PAPERS, "the bot was removed from the channel"),
    ]
    assert core.back == [PAPERS]


async def test_it_comes_back_after_every_kind_of_disconnect(slack: FakeSlack) -> None:
    core = Core()
    async with listening(slack, core):
        for abrupt in (False, True):
            await slack.disconnect(abrupt=abrupt)
            await slack.connected()
            await slack.types("/paper help")
        await core.until(lambda: len(core.heard) == 2)


async def test_a_dead_ticket_does_not_hang_it(slack: FakeSlack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    core = Core()
    async with listening(slack, core, ping=1.0):
        slack.dead_tickets = 2
        await slack.disconnect()
        await slack.connected()
        await slack.types("/paper help")
        await core.until(lambda: core.heard)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"bot_token": "xoxb-wrong"}, "Bot User OAuth Token"),
        ({"bot_token": "xoxb-revoked"}, "removed from this workspace, or its token was revoked; install it"),
        ({"app_token": "xapp-wrong"}, "app-level token"),
        ({"app_token": "xoxb-fake"}, "xapp-"),
    ],
)
async def test_a_bad_token_is_one_sentence_and_no_loop(
    slack: FakeSlack, more: dict[str, str], words: str
) -> None:
    slack.tokens.revoked.add("xoxb-revoked")
    _, listener = adapter(slack, **more)
    async with asyncio.timeout(5):
        with pytest.raises(PlatformError, match=words) as caught:
            await listener.run(Core())
    assert "\n" not in str(caught.value)
    assert len(slack.world.calls) <= 2
    assert not listener.connected.is_set()


async def test_a_missing_scope_is_named_at_the_start(slack: FakeSlack) -> None:
    slack.world.scopes.discard("chat:write")
    _, listener = adapter(slack)
    with pytest.raises(PlatformError, match="chat:write"):
        await listener.run(Core())


async def test_a_token_revoked_while_running_ends_the_run(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    _, listener = adapter(slack)
    task = asyncio.create_task(listener.run(Core()))
    await slack.connected()
    slack.tokens.revoked.add(slack.tokens.app)
    await slack.disconnect(abrupt=True)
    async with asyncio.timeout(10):
        with pytest.raises(PlatformError, match="app-level token"):
            await task


@pytest.mark.parametrize("told", ["app_uninstalled", "tokens_revoked", "post", "answer"])
async def test_an_app_that_is_removed_while_running_pauses_its_channels_and_ends(
    slack: FakeSlack, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    core = Core(says("Hi."))
    poster, listener = adapter(slack)
    task = asyncio.create_task(listener.run(core))
    await slack.connected()
    await slack.event({"type": "tokens_revoked", "tokens": {"oauth": [USER]}})
    slack.tokens.revoked.add(slack.tokens.bot)
    before = len(slack.world.calls)
    if told == "post":
        with pytest.raises(ChannelGone, match="install it again"):
            await poster.post(Post(PAPERS, (paragraph("x"),), "k"))
    elif told == "answer":
        await slack.types("/paper topic x")
    else:
        await slack.event({"type": told, "tokens": {"bot": ["U0BOT"]}})
    async with asyncio.timeout(5):
        with pytest.raises(PlatformError) as caught:
            await task
    assert str(caught.value) == f"Slack: {REMOVED} Its subscriptions are paused."
    assert core.returned == core.left == [("slack", "", REMOVED)]
    assert len(slack.world.calls) - before <= 4
    assert [r.message for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_a_network_that_is_away_is_waited_for(slack: FakeSlack) -> None:
    slack.mishap("auth.test", "broken", times=2)
    core = Core()
    async with listening(slack, core):
        await slack.types("/paper help")
        await core.until(lambda: core.heard)
    assert len(slack.calls("auth.test")) == 3


async def test_the_doctor_names_what_is_wrong(slack: FakeSlack) -> None:
    _, listener = adapter(slack)
    slack.world.add_channel("C0OUT", "out", member=False)
    slack.world.add_channel("C0OLD", "old", is_archived=True)
    slack.world.scopes -= {"links:read"}
    slack.now_offset = -400
    channels = [ChannelId(f"slack:{name}") for name in (CHANNEL, "C0OUT", "C0OLD", "C0NONE")]
    found = {finding.name: finding for finding in await listener.check(channels)}
    assert {name for name, finding in found.items() if finding.ok} == {
        "slack app token",
        "slack bot token",
        f"slack:{CHANNEL}",
    }
    assert "links:read" in found["slack scopes"].detail
    assert "400 s ahead" in found["slack clock"].detail
    assert "/invite" in found["slack:C0OUT"].detail
    assert "archived" in found["slack:C0OLD"].detail
    slack.tokens.revoked.add(slack.tokens.bot)
    _, stranger = adapter(slack)
    assert [f.ok for f in await stranger.check(channels)] == [True, False]


async def test_our_variables_in_the_environment_do_not_confuse_bolt(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "something")
    core = Core(says("Hello."))
    async with listening(slack, core):
        await slack.types("/paper topic x")
        await slack.until(lambda: slack.posts())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_second_cancellation_ends_what_will_not_finish(slack: FakeSlack) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def answer(request: Request, responder: Responder) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    _, listener = adapter(slack)
    task = asyncio.create_task(listener.run(Core(answer)))
    await slack.connected()
    await slack.types("/paper topic x")
    await began.wait()
    task.cancel()
    await slack.until(lambda: not slack.sockets)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
