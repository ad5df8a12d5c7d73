"""What the Slack adapter hears and does: the traps of events, threads, forms, links and connections."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bot.doc import Button, Buttons, Choice, Form, Input, Select, bullets, heading, link, paragraph
from bot.domain import ChannelId, Reply, Request
from bot.errors import PlatformError
from bot.ports import Responder
from tests.contracts.platforms import Core
from tests.contracts.slack import adapter
from tests.fakes.slack import CHANNEL, USER, Clock, FakeSlack

PAPERS = ChannelId(f"slack:{CHANNEL}")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


@asynccontextmanager
async def listening(slack: FakeSlack, core: Core, **more: Any) -> AsyncIterator[None]:
    _, listener = adapter(slack, **more)
    task = asyncio.create_task(listener.run(core))
    try:
        await slack.until(lambda: slack.sockets or task.done())
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def says(words: str, **more: Any) -> Callable[[Request, Responder], Awaitable[None]]:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.send(Reply((paragraph(words),), **more))

    return answer


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


async def test_without_the_scope_nobody_is_an_admin_and_all_goes_on(slack: FakeSlack) -> None:
    slack.world.scopes.discard("users:read")
    core = Core(says("Hi."))
    async with listening(slack, core):
        await slack.types("/paper topics", user="U0ADMIN")
        await slack.until(lambda: slack.posts())
    assert core.heard[0].is_admin is False


# ---- answering -----------------------------------------------------------------------------------


async def test_where_the_bot_is_not_the_answer_goes_another_way(slack: FakeSlack) -> None:
    slack.world.add_channel("C0OTHER", "other", member=False)
    core = Core(says("Public anyway."))
    async with listening(slack, core):
        await slack.types("/paper topic x", channel="C0OTHER")
        await slack.until(lambda: slack.posts("C0OTHER"))
        core.answer = says("For you.", private=True)
        await slack.types("/paper help", channel="C0OTHER")
        await slack.until(lambda: slack.ephemerals("C0OTHER"))
    assert [m.words for m in slack.ephemerals("C0OTHER")] == ["For you."]


async def test_a_dead_response_url_is_replaced_by_an_ephemeral_post(slack: FakeSlack) -> None:
    core = Core(says("For you.", private=True))
    slack.mishap("response_url", "broken", status=404)
    async with listening(slack, core):
        await slack.types("/paper help")
        await slack.until(lambda: slack.ephemerals())
    assert len(slack.calls("chat.postEphemeral", "ok")) == 1


async def test_a_note_is_replaced_by_the_private_answer_and_deleted_by_a_public_one(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.working("Looking…")
        await responder.working("Still looking…")
        assert [m.words for m in slack.ephemerals()][-1] == "Still looking…"
        await responder.send(Reply((paragraph("Found."),), private=request.text == "status"))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper status")
        await core.until(lambda: core.heard)
        await slack.until(lambda: slack.ephemerals() and slack.ephemerals()[-1].words == "Found.")
        await slack.types("/paper topic x")
        await slack.until(lambda: slack.posts() and len(slack.ephemerals()) == 1)
    assert [m.words for m in slack.ephemerals()] == ["Found."]
    assert [m.words for m in slack.posts()] == ["Found."]


async def test_a_pressed_button_is_answered_below_its_message(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        private = request.text.startswith("why")
        buttons = Buttons((Button("Why here", "why a"), Button("Summary", "show a full")))
        await responder.send(Reply((paragraph(request.text), buttons), private=private))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper topic x")
        await slack.until(lambda: slack.posts())
        card = slack.posts()[0]
        await slack.presses("Summary", on=card)
        await slack.until(lambda: slack.posts(thread=card.ts))
        await slack.presses("Why here", on=card)
        await slack.until(lambda: slack.ephemerals())
        await slack.presses("Summary", on=slack.ephemerals()[0])
        await slack.until(lambda: len(slack.posts(thread=card.ts)) == 2)
    assert slack.ephemerals()[0].thread_ts == card.ts
    assert core.heard[3].thread is None or core.heard[3].thread == card.ts


async def test_a_lost_answer_is_not_said_twice(slack: FakeSlack) -> None:
    core = Core(says("Once."))
    slack.mishap("chat.postMessage", "lost")
    async with listening(slack, core):
        await slack.types("/paper topic x")
        await core.until(lambda: core.heard)
        slack.mishap("chat.postMessage", "broken")
        await slack.types("/paper topic y")
        await core.until(lambda: len(core.heard) == 2)
        await slack.until(lambda: len(slack.posts()) == 2)
    assert [m.words for m in slack.posts()] == ["Once.", "Once."]


async def test_a_file_comes_along_and_a_private_one_by_direct_message(slack: FakeSlack) -> None:
    from bot.doc import File

    async def answer(request: Request, responder: Responder) -> None:
        file = File("saved.bib", "@misc{a,\n}\n")
        await responder.send(Reply((paragraph("Your list."), file), private=request.text == "export"))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper export")
        im = slack.world.im(USER).id
        await slack.until(lambda: slack.posts(im))
        slack.world.scopes.discard("files:write")
        await slack.types("/paper export")
        await slack.until(lambda: len(slack.ephemerals()) == 3)
    assert [u["content"] for u in slack.world.uploads.values()] == [b"@misc{a,\n}\n"]
    assert slack.posts(im)[0].files
    assert "@misc{a," in slack.ephemerals()[2].words


# ---- growing answers -----------------------------------------------------------------------------


def growing(*steps: str, pause: float = 1.0) -> Callable[[Request, Responder], Awaitable[None]]:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.working("Reading the paper…")
        for step in steps:
            await responder.draft((paragraph(step),))
            clock.advance(pause)
        await responder.send(Reply((paragraph(steps[-1] + " End."), Buttons((Button("Save", "save a"),)))))

    clock = Clock()
    answer.clock = clock  # type: ignore[attr-defined]
    return answer


async def ask_in_thread(slack: FakeSlack, answer: Any) -> Any:
    core = Core(answer)
    async with listening(slack, core):
        root = await slack.says("hello")
        await slack.says("which data?", thread=root.ts)
        await core.until(lambda: core.heard)
    return root


async def test_an_answer_in_a_thread_is_streamed_and_ends_as_one_message(slack: FakeSlack) -> None:
    answer = growing("One.", "One. Two <!channel>.", "One. Two <!channel>. Three.")
    slack.clock = slack.world.clock = answer.clock  # type: ignore[attr-defined]
    root = await ask_in_thread(slack, answer)
    posts = slack.posts(thread=root.ts)
    assert [m.words.split("\n")[0] for m in posts] == ["One. Two <!channel>. Three. End."]
    assert "Save" in posts[0].words
    assert len(slack.calls("chat.startStream")) == 1
    assert len(slack.calls("chat.appendStream")) == 2
    assert slack.world.statuses[0]["status"] == "Reading the paper…"
    assert slack.world.pinged == []


async def test_a_stream_is_left_before_slack_ends_it(slack: FakeSlack) -> None:
    steps = ["word " * n for n in range(1, 9)]
    answer = growing(*steps, pause=50.0)
    slack.clock = slack.world.clock = answer.clock  # type: ignore[attr-defined]
    root = await ask_in_thread(slack, answer)
    assert len(slack.posts(thread=root.ts)) == 1
    assert slack.posts(thread=root.ts)[0].words.startswith("word " * 8)
    assert slack.calls("chat.appendStream", "message_not_in_streaming_state") == []
    assert len(slack.calls("chat.stopStream")) == 1


async def test_a_stream_that_ended_goes_on_by_editing(slack: FakeSlack) -> None:
    slack.mishap("chat.appendStream", "refuse", error="message_not_in_streaming_state")
    answer = growing("One.", "One. Two.", "One. Two. Three.")
    slack.clock = slack.world.clock = answer.clock  # type: ignore[attr-defined]

    root = await ask_in_thread(slack, answer)
    assert len(slack.posts(thread=root.ts)) == 1
    assert slack.posts(thread=root.ts)[0].words.startswith("One. Two. Three. End.")


async def test_a_growing_answer_that_somebody_deleted_is_posted_whole(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.draft((paragraph("So far"),))
        slack.posts(thread=request.thread)[0].subtype = "deleted"
        await responder.send(Reply((paragraph("All of it."),)))

    root = await ask_in_thread(slack, answer)
    assert [m.words for m in slack.posts(thread=root.ts)] == ["All of it."]


async def test_where_slack_does_not_stream_the_answer_is_edited(slack: FakeSlack) -> None:
    for _ in range(3):
        slack.mishap("chat.startStream", "refuse", error="not_allowed_token_type")
    slack.mishap("assistant.threads.setStatus", "refuse", error="unknown_method")
    answer = growing("One.", "One. Two.", pause=2.0)
    slack.clock = slack.world.clock = answer.clock  # type: ignore[attr-defined]
    root = await ask_in_thread(slack, answer)
    posts = slack.posts(thread=root.ts)
    assert len(posts) == 1
    assert posts[0].words.startswith("One. Two. End.")
    assert len(slack.calls("chat.update")) >= 2


async def test_a_growing_answer_that_ends_in_a_refusal_is_taken_away(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.draft((paragraph("So far"),))
        await responder.send(Reply((paragraph("The model is away."),), private=True, error=True))

    root = await ask_in_thread(slack, answer)
    assert slack.posts(thread=root.ts) == []
    assert [m.words for m in slack.ephemerals()] == ["The model is away."]


# ---- forms, home, shortcut -----------------------------------------------------------------------

FORM = Form(
    "Settings",
    "settings save",
    (
        Input("topics", "Topics", "video"),
        Input("at", "Time of day", "09:00"),
        Select("days", "Days", (Choice("Mon", "mon"), Choice("Tue", "tue")), ("mon",), many=True),
    ),
    typed="/paper schedule 09:00",
)


async def settings(request: Request, responder: Responder) -> None:
    if request.kind != "form":
        await responder.send(Reply((FORM,), private=True))
    elif request.values["at"] == "25:99":
        sentence = "25:99 is no time of day."
        await responder.send(Reply((paragraph(sentence),), private=True, error=True, field="at"))
    else:
        await responder.send(Reply((paragraph(f"Saved {request.values['days']}."),), private=True))


async def test_a_form_is_opened_refused_at_the_field_and_taken(slack: FakeSlack) -> None:
    core = Core(settings)
    async with listening(slack, core):
        await slack.types("/paper settings")
        await slack.until(lambda: slack.world.views)
        wrong = await slack.submits(slack.modal(), {"Time of day": "25:99"})
        right = await slack.submits(slack.modal(), {"Time of day": "10:00", "Days": ["mon", "tue"]})
        await slack.until(lambda: slack.ephemerals())
    assert wrong.ack == {"response_action": "errors", "errors": {"at": "25:99 is no time of day."}}
    assert right.ack == {}
    assert [m.words for m in slack.ephemerals()] == ["Saved mon,tue."]
    assert core.heard[1].channel == PAPERS
    assert core.heard[2].text == "settings save"
    assert core.heard[2].values == {"topics": "video", "at": "10:00", "days": "mon,tue"}


async def test_a_form_without_a_trigger_is_told_as_text(slack: FakeSlack) -> None:
    core = Core(settings)
    async with listening(slack, core):
        await slack.says("settings", mention=True)
        await slack.until(lambda: slack.ephemerals())
        slack.mishap("views.open", "refuse", error="expired_trigger_id")
        await slack.types("/paper settings")
        await slack.until(lambda: len(slack.ephemerals()) == 2)
    assert all("/paper schedule 09:00" in m.words for m in slack.ephemerals())


async def test_the_home_tab_shows_a_page_whose_buttons_work(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        if request.kind == "home":
            button = Buttons((Button("Change", "settings"),))
            await responder.send(Reply((heading("What you follow"), button)))
        else:
            await settings(request, responder)

    core = Core(answer)
    async with listening(slack, core):
        await slack.opens_home()
        await slack.until(lambda: USER in slack.world.homes)
        await slack.presses("Change", home=True)
        await slack.until(lambda: slack.world.views)
        await slack.submits(slack.modal(), {})
        im = slack.world.im(USER).id
        await slack.until(lambda: slack.posts(im))
    assert core.heard[0].kind == "home"
    assert core.heard[1].channel == f"slack:{im}"
    assert core.heard[1].direct


async def test_the_shortcut_asks_about_the_paper_in_a_message(slack: FakeSlack) -> None:
    core = Core(settings)
    async with listening(slack, core):
        message = await slack.says("look at this")
        message.text = "see <https://arxiv.org/abs/2509.10432|this one>"
        await slack.uses_shortcut("paperboy.ask", message)
        await slack.until(lambda: slack.world.views)
    assert core.heard[0].text == "ask https://arxiv.org/abs/2509.10432"
    assert core.heard[0].thread == message.ts


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
        slack.clock.advance(1801)
        await slack.shares(ARXIV)
        await core.until(lambda: len(roots) == 2)
    assert message is not None
    assert roots[0] == message.ts
    assert [request.text for request in core.heard] == [ARXIV, ARXIV]
    assert core.heard[0].kind == "link"
    assert slack.calls("chat.unfurl", "ok")


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
        ({"app_token": "xapp-wrong"}, "app-level token"),
        ({"app_token": "xoxb-fake"}, "xapp-"),
    ],
)
async def test_a_bad_token_is_one_sentence_and_no_loop(
    slack: FakeSlack, more: dict[str, str], words: str
) -> None:
    _, listener = adapter(slack, **more)
    async with asyncio.timeout(5):
        with pytest.raises(PlatformError, match=words) as caught:
            await listener.run(Core())
    assert "\n" not in str(caught.value)
    assert len(slack.world.calls) <= 2


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


async def test_where_nobody_can_be_whispered_to_it_comes_by_direct_message(slack: FakeSlack) -> None:
    core = Core(says("For you alone.", private=True))
    async with listening(slack, core):
        slack.world.channels[CHANNEL].members.discard(USER)
        await slack.says("status", mention=True)
        im = slack.world.im(USER).id
        await slack.until(lambda: slack.posts(im))
    assert [m.words for m in slack.posts(im)] == ["For you alone."]
    assert slack.ephemerals() == []


async def test_a_public_answer_where_the_bot_may_not_post_comes_by_direct_message(slack: FakeSlack) -> None:
    core = Core(says("Answer."))
    async with listening(slack, core):
        slack.mishap("chat.postMessage", "refuse", error="restricted_action")
        await slack.says("what is new?", mention=True)
        im = slack.world.im(USER).id
        await slack.until(lambda: slack.posts(im))
    assert [m.words for m in slack.posts(im)] == ["Answer."]


async def test_the_shortcut_finds_the_link_in_a_card(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.send(Reply((heading("List"), bullets([link("A paper", "https://arxiv.org/abs/7")]))))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper topic x")
        await slack.until(lambda: slack.posts())
        await slack.uses_shortcut("paperboy.ask", slack.posts()[0])
        await core.until(lambda: len(core.heard) == 2)
        plain = await slack.says("no link here")
        await slack.uses_shortcut("paperboy.ask", plain)
        await core.until(lambda: len(core.heard) == 3)
    assert [request.text for request in core.heard[1:]] == ["ask https://arxiv.org/abs/7", "ask"]


async def test_a_button_of_the_home_tab_works_after_a_restart(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.send(Reply((paragraph(f"Did {request.text}."), Buttons((Button("Again", "saved"),)))))

    core = Core(answer)
    async with listening(slack, core):
        await slack.opens_home()
        await slack.until(lambda: USER in slack.world.homes)
    async with listening(slack, core):
        await slack.presses("Again", home=True)
        im = slack.world.im(USER).id
        await slack.until(lambda: slack.posts(im))
    assert [m.words.split("\n")[0] for m in slack.posts(im)] == ["Did saved."]
    assert len(slack.calls("conversations.open")) == 1


async def test_a_form_that_takes_long_is_closed_and_answered_where_it_was_asked(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        if request.kind != "form":
            await responder.send(Reply((FORM,), private=True))
            return
        await responder.working("Reading the paper…")
        await responder.draft((paragraph("They use"),))
        await responder.send(Reply((paragraph("They use nine rooms."),)))
        await responder.send(Reply((paragraph("And a late fault."),), private=True, error=True))

    core = Core(answer)
    async with listening(slack, core):
        root = await slack.says("see this")
        await slack.uses_shortcut("paperboy.ask", root)
        await slack.until(lambda: slack.world.views)
        sent = await slack.submits(slack.modal(), {})
        await slack.until(lambda: slack.ephemerals())
    assert sent.ack == {}
    assert [m.words for m in slack.posts(thread=root.ts)] == ["They use nine rooms."]
    assert [m.words for m in slack.ephemerals()] == ["And a late fault."]


async def test_forms_and_buttons_that_are_not_ours_are_acknowledged_and_left_alone(slack: FakeSlack) -> None:
    core = Core(settings)
    async with listening(slack, core):
        await slack.types("/paper settings")
        await slack.until(lambda: slack.world.views)
        view = slack.modal() | {"private_metadata": "somebody else's"}
        strange = await slack.submits(view, {})
        odd = await slack.deliver(
            "interactive",
            {
                "type": "block_actions",
                "user": {"id": USER},
                "actions": [{"action_id": "x", "type": "button"}],
            },
        )
    assert strange.ack == {}
    assert odd.ack == {}
    assert len(core.heard) == 1


async def test_slack_asking_for_patience_is_obeyed_while_somebody_waits(slack: FakeSlack) -> None:
    core = Core(says("Here."))
    for method in ("chat.postMessage", "chat.postEphemeral"):
        slack.mishap(method, "limited", retry_after=7)
    async with listening(slack, core):
        before = slack.clock()
        message = await slack.says("hello", mention=True)
        await slack.until(lambda: slack.posts(thread=message.ts))
        core.answer = says("Hidden.", private=True)
        await slack.says("again", mention=True)
        await slack.until(lambda: slack.ephemerals())
    assert slack.clock() - before >= 14
