"""Posting to Slack: the pace, long posts cut off in the middle, pictures, requests that land late."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.slack_blocks import render
from adapters.slack_post import SlackPoster
from adapters.slack_web import Pacer
from bot.doc import Doc, Picture, bullets, paragraph
from bot.domain import ChannelId, Post
from bot.errors import ChannelGone, NotSent, RateLimited, Rejected, Uncertain
from tests.contracts.slack import adapter
from tests.fakes.slack import CHANNEL, Clock, FakeSlack

PAPERS = ChannelId(f"slack:{CHANNEL}")
LONG: Doc = (bullets([f"entry{number} " + "word " * 60 for number in range(100)]),)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


@pytest.fixture
def poster(slack: FakeSlack) -> SlackPoster:
    return adapter(slack)[0]


def since(slack: FakeSlack) -> datetime:
    return datetime.fromtimestamp(slack.clock(), UTC) - timedelta(seconds=60)


@pytest.mark.parametrize("parent", [False, True])
async def test_a_long_post_cut_off_in_the_middle_goes_on_where_it_stopped(
    slack: FakeSlack, poster: SlackPoster, parent: bool
) -> None:
    root = await poster.post(Post(PAPERS, (paragraph("root"),), "root")) if parent else None
    post = Post(PAPERS, LONG, "long", parent=root)
    began = since(slack)
    parts = len(render(LONG))
    assert parts > 2
    first = asyncio.create_task(poster.post(post))
    await slack.until(lambda: len(slack.calls("chat.postMessage", "ok")) > parent)
    slack.mishap("chat.postMessage", "broken")
    with pytest.raises(Uncertain):
        await first
    restarted, _ = adapter(slack)
    assert await restarted.find([post], began) == {}
    remote = await restarted.post(post)
    shown = [m for m in slack.world.messages if "entry" in m.words]
    assert len(shown) == parts
    assert " ".join(m.words for m in shown).count("word") == 6_000
    assert await restarted.find([post], began) == {"long": remote}


async def test_an_image_slack_cannot_fetch_becomes_a_link(slack: FakeSlack, poster: SlackPoster) -> None:
    slack.mishap("chat.postMessage", "refuse", error="invalid_blocks")
    picture = Picture("https://arxiv.org/gone.png", "Figure 1")
    await poster.post(Post(PAPERS, (paragraph("x"), picture), "k"))
    assert [m.words for m in slack.posts()] == ["x\n<https://arxiv.org/gone.png|Figure 1>"]


async def test_a_request_that_lands_late_is_found_then(slack: FakeSlack, poster: SlackPoster) -> None:
    post, began = Post(PAPERS, (paragraph("late"),), "k"), since(slack)
    slack.mishap("chat.postMessage", "late")
    with pytest.raises(Uncertain):
        await poster.post(post)
    assert await poster.find([post], began) == {}
    slack.land()
    assert list(await poster.find([post], began)) == ["k"]


async def test_the_history_is_looked_through_to_the_end(slack: FakeSlack, poster: SlackPoster) -> None:
    post, began = Post(PAPERS, (paragraph("x"),), "k"), since(slack)
    await poster.post(post)
    for _ in range(450):
        await slack.says("chatter")
    assert list(await poster.find([post], began)) == ["k"]
    assert len(slack.calls("conversations.history")) == 3


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("refuse", {"error": "not_in_channel"}, ChannelGone),
        ("refuse", {"error": "invalid_auth"}, NotSent),
        ("refuse", {"error": "missing_scope"}, NotSent),
        ("refuse", {"error": "internal_error"}, Uncertain),
        ("refuse", {"error": "msg_blocks_too_long"}, Rejected),
        ("broken", {"status": 503}, Uncertain),
        ("recorded", {"status": 502}, Uncertain),
        ("garbage", {}, Uncertain),
        ("limited", {"retry_after": 30}, RateLimited),
    ],
)
async def test_every_fault_has_its_name(
    slack: FakeSlack, poster: SlackPoster, kind: str, more: dict[str, Any], error: type[Exception]
) -> None:
    slack.mishap("chat.postMessage", kind, **more)
    with pytest.raises(error) as caught:
        await poster.post(Post(PAPERS, (paragraph("x"),), "k"))
    assert len(slack.calls("chat.postMessage")) == 1
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 30


async def test_nobody_there_means_that_nothing_was_sent(slack: FakeSlack) -> None:
    poster, _ = adapter(slack, api_url="http://127.0.0.1:9/api/")
    with pytest.raises(NotSent, match="cannot be reached"):
        await poster.post(Post(PAPERS, (paragraph("x"),), "k"))


async def test_posts_of_one_channel_keep_a_second_apart_and_are_never_refused(
    slack: FakeSlack, poster: SlackPoster
) -> None:
    began = slack.clock()
    for number in range(12):
        await poster.post(Post(PAPERS, (paragraph(str(number)),), f"k{number}"))
    assert slack.clock() - began == pytest.approx(11.0, abs=0.5)
    assert slack.calls("chat.postMessage", "ratelimited") == []


async def test_a_post_that_would_wait_long_goes_back_to_the_outbox() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.hold("C1", 90.0)
    with pytest.raises(RateLimited) as caught:
        await pacer.turn("", "C1", patience=20.0)
    assert caught.value.retry_after == pytest.approx(90.0)
    await pacer.turn("", "C2", patience=20.0)


async def test_after_a_429_the_channel_waits_as_long_as_slack_asked(
    slack: FakeSlack, poster: SlackPoster
) -> None:
    slack.mishap("chat.postMessage", "limited", retry_after=4)
    with pytest.raises(RateLimited):
        await poster.post(Post(PAPERS, (paragraph("x"),), "k"))
    began = slack.clock()
    await poster.post(Post(PAPERS, (paragraph("x"),), "k"))
    assert slack.clock() - began >= 4


async def test_a_rehearsal_ahead_of_slack_finds_its_posts_too(slack: FakeSlack) -> None:
    clock = Clock(time.time() + 90 * 86_400)
    poster, _ = adapter(slack, clock=clock)
    slack.world.clock = slack.clock = Clock(time.time())
    post = Post(PAPERS, (paragraph("x"),), "k")
    began = clock.now()
    await poster.post(post)
    assert list(await poster.find([post], began)) == ["k"]
