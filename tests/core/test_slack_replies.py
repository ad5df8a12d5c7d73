"""How the Slack adapter answers: notes, growing answers, detours, files."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from adapters.slack_forms import home
from bot.doc import Button, Buttons, File, paragraph, person
from bot.domain import Reply, Request
from bot.ports import Responder
from tests.contracts.platforms import Core
from tests.contracts.slack import listening, says
from tests.fakes.slack import CHANNEL, USER, Clock, FakeSlack
from tests.fakes.slack_limits import check_blocks


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


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


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("minutes", [1, 31])
async def test_an_answer_longer_in_coming_than_a_response_url_lives_arrives(
    slack: FakeSlack, private: bool, minutes: int
) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        for number in range(9):
            await responder.working(f"Reading the paper… {number}")
        assert isinstance(slack.clock, Clock)
        slack.clock.advance(60 * minutes)
        for part in ("One.", "Two.", "Three.", "Four."):
            await responder.send(Reply((paragraph(part),), private=private))

    async with listening(slack, Core(answer)):
        await slack.types("/paper ask 2308.04079 what?")
        await slack.until(lambda: any(m.words == "Four." for m in slack.world.messages))
    kept = slack.ephemerals() if private else slack.posts()
    shown = [m.words for m in kept if "Reading" not in m.words]
    assert shown == ["One.", "Two.", "Three.", "Four."]
    assert len(slack.calls("response_url", "ok")) <= 5


async def test_a_press_whose_answer_is_the_asker_s_alone_shows_no_note_to_all(slack: FakeSlack) -> None:
    """One whose answer everybody sees does."""

    async def answer(request: Request, responder: Responder) -> None:
        private = request.text == "me digest preview"
        if not private and request.text != "similar x":
            row = Buttons((Button("Preview", "me digest preview"), Button("Similar", "similar x")))
            await responder.send(Reply((paragraph("Shown."), row)))
            return
        await responder.working("Looking…")
        await responder.send(Reply((paragraph("Found."),), private=private))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper show x")
        await slack.until(lambda: slack.posts())
        await slack.presses("Preview")
        await slack.until(lambda: slack.ephemerals())
        assert [m.words for m in slack.ephemerals()] == ["Found."]
        assert len(slack.world.messages) == 2
        assert slack.calls("assistant.threads.setStatus") == []
        await slack.presses("Similar")
        await slack.until(lambda: slack.calls("assistant.threads.setStatus"))


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


async def test_private_answers_are_seen_where_the_thread_has_no_replies_yet(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        doc = (paragraph(request.text), Buttons((Button("Save", "save a"),)))
        await responder.send(Reply(doc, private=request.text != "topic x"))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper topic x")
        await slack.until(lambda: slack.posts())
        await slack.presses("Save", on=slack.posts()[0])
        await slack.until(lambda: slack.ephemerals())
        await slack.says("help", mention=True)
        await slack.until(lambda: len(slack.ephemerals()) == 2)
    assert [m.thread_ts for m in slack.ephemerals()] == [None, None]


async def test_a_private_file_is_announced_where_it_was_asked_for(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        doc = (paragraph("Your list:"), File("saved.bib", "@misc{a}"))
        await responder.send(Reply(doc, private=True))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper export bibtex")
        await slack.until(lambda: slack.world.uploads and slack.ephemerals())
    assert "direct messages" in slack.ephemerals()[0].words


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


async def test_the_note_comes_although_slack_does_not_say_who_asks(slack: FakeSlack) -> None:
    """What only admins may do waits for the word, and says that it does."""
    slack.mishap("users.info", "held", times=2)

    async def answer(request: Request, responder: Responder) -> None:
        if request.text.lower() == "settings":
            await responder.send(Reply((paragraph(f"Admin: {request.is_admin}"),), private=True))
            return
        await responder.working("Reading the paper…")
        await responder.send(Reply((paragraph(f"Answer to {request.user_name}."),)))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper ask 2308.04079 what?", user="U0ADMIN")
        await slack.until(lambda: slack.posts())
        assert [m.words for m in slack.posts()] == ["Answer to ada."]
        root = await slack.says("what about it?", user="U0ADMIN", mention=True)
        await slack.until(lambda: slack.posts(thread=root.ts))
        await slack.types("/paper  Settings", user="U0ADMIN")
        await slack.until(lambda: slack.ephemerals(user="U0ADMIN"))
        assert [m.words for m in slack.ephemerals(user="U0ADMIN")] == ["One moment…"]
        slack.land()
        await slack.until(lambda: [m.words for m in slack.ephemerals(user="U0ADMIN")] == ["Admin: True"])
    assert len(slack.calls("users.info")) == 1


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


# ---- people --------------------------------------------------------------------------------------


async def test_people_are_called_by_their_names_and_not_pinged(slack: FakeSlack) -> None:
    slack.world.users["U0ADMIN"].name = "<!channel> *Ada*"
    sentence = paragraph(
        "Ask ", person("slack:U0ADMIN"), ", ", person("slack:U0GONE"), " or ", person("discord:7")
    )

    async def answer(request: Request, responder: Responder) -> None:
        await responder.send(Reply((sentence,), private=request.text == "help"))

    core = Core(answer)
    async with listening(slack, core):
        for number, line in enumerate(("help", "topic x", "topic y"), 1):
            await slack.types(f"/paper {line}")
            await slack.until(lambda: len(slack.posts() + slack.ephemerals()) == number)  # noqa: B023
    said = "Ask <!channel> *Ada*, U0GONE or 7"
    assert [m.words.replace("\n", "") for m in [*slack.posts(), *slack.ephemerals()]] == [said] * 3
    assert slack.world.pinged == []
    asked = [call["user"] for call in slack.calls("users.info") if call["user"] != USER]
    assert sorted(asked) == ["U0ADMIN", "U0GONE"]


# ---- thumbs --------------------------------------------------------------------------------------

ANSWER = (
    paragraph("They use nine rooms."),
    Buttons((Button("Helpful", "rate good"), Button("Not helpful", "rate bad")), verdict=True),
)


async def test_thumbs_below_an_answer_are_slacks_own_and_send_their_command(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        await responder.send(Reply(ANSWER if request.text.startswith("ask") else (paragraph("Thank you."),)))

    core = Core(answer)
    async with listening(slack, core):
        await slack.types("/paper ask 2308.04079 what?")
        await slack.until(lambda: slack.posts())
        await slack.presses("Not helpful")
        await slack.until(lambda: slack.posts(thread=slack.posts()[0].ts))
    row = slack.posts()[0].blocks[-1]
    assert row["type"] == "context_actions"
    assert [element["type"] for element in row["elements"]] == ["feedback_buttons"]
    assert [request.text for request in core.heard] == ["ask 2308.04079 what?", "rate bad"]
    assert core.heard[1].thread == slack.posts()[0].ts


async def test_where_slack_takes_no_thumbs_there_are_buttons(slack: FakeSlack) -> None:
    core = Core(lambda request, responder: _sent(responder))
    slack.mishap("chat.postMessage", "refuse", error="invalid_blocks")
    async with listening(slack, core):
        await slack.types("/paper ask 2308.04079 what?")
        await slack.until(lambda: slack.posts())
    kinds = [element["type"] for element in slack.posts()[0].blocks[-1]["elements"]]
    assert kinds == ["button", "button"]
    view = home(ANSWER)
    assert check_blocks(view["blocks"], "home") == []


@pytest.mark.parametrize("method", ["chat.postEphemeral", "chat.update"])
async def test_blocks_that_slack_refuses_are_shown_in_a_plainer_form(slack: FakeSlack, method: str) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        if method == "chat.update":
            await responder.working("Reading the paper…")
            await responder.draft((paragraph("They use"),))
        await responder.send(Reply(ANSWER, private=method == "chat.postEphemeral"))

    async with listening(slack, Core(answer)):
        message = await slack.says("ask what?", mention=True)
        slack.mishap(method, "refuse", error="invalid_blocks")
        await slack.until(lambda: any("nine rooms" in m.words for m in slack.world.messages))
    (shown,) = [m for m in slack.world.messages if m.bot and m.subtype != "deleted" and m.words]
    assert shown.blocks[-1]["type"] == "actions"
    assert "nine rooms" in shown.words
    assert shown.thread_ts == message.ts or shown.ephemeral_to == USER


async def _sent(responder: Responder) -> None:
    await responder.send(Reply(ANSWER))
