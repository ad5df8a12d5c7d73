"""Forms, the App Home and the message shortcut on Slack."""

from collections.abc import AsyncIterator

import pytest

from bot.doc import Button, Buttons, Choice, Form, Input, Select, bullets, heading, link, paragraph, person
from bot.domain import ChannelId, Reply, Request
from bot.ports import Responder
from tests.contracts.platforms import Core
from tests.contracts.slack import listening
from tests.fakes.slack import CHANNEL, USER, FakeSlack

PAPERS = ChannelId(f"slack:{CHANNEL}")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


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


async def test_an_error_in_a_form_names_people(slack: FakeSlack) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        if request.kind != "form":
            await settings(request, responder)
            return
        words = paragraph("Only ", person("slack:U0ADMIN"), " can.")
        await responder.send(Reply((words,), private=True, error=True))

    async with listening(slack, Core(answer)):
        await slack.types("/paper settings")
        await slack.until(lambda: slack.world.views)
        sent = await slack.submits(slack.modal(), {})
    assert sent.ack == {"response_action": "errors", "errors": {"topics": "Only ada can."}}


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
    assert core.heard[0].kind == "about"
    assert core.heard[0].text == "see https://arxiv.org/abs/2509.10432"
    assert core.heard[0].thread == message.ts


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
    assert [request.text for request in core.heard[1:]] == ["List https://arxiv.org/abs/7", "no link here"]


async def test_the_shortcut_hears_what_other_bots_post(slack: FakeSlack) -> None:
    core = Core()
    async with listening(slack, core):
        message = await slack.says("new")
        message.blocks = [
            {"type": "section", "text": {"type": "mrkdwn", "text": "<https://arxiv.org/abs/8|A paper>"}},
            {"type": "image", "image_url": "https://x.org/a.png", "alt_text": "a"},
        ]
        message.attachments = [{"title_link": "https://arxiv.org/abs/9", "text": "see <https://x.org>"}]
        await slack.uses_shortcut("paperboy.ask", message)
        await core.until(lambda: core.heard)
    assert core.heard[0].text == "new https://arxiv.org/abs/8 https://arxiv.org/abs/9 https://x.org"


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
