"""What every Poster must hold to: posts once, in the right place, and tells what came of it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.deadline import leaving
from bot.doc import Button, Buttons, bullets, heading, link, paragraph
from bot.domain import Post
from bot.errors import ChannelGone, NotSent, RateLimited, Rejected, Uncertain
from tests.contracts.platforms import Stage, stages

STAGES = stages()


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with STAGES[request.param]() as running:
        yield running


def post(stage: Stage, words: str, key: str, parent: str | None = None) -> Post:
    doc = (
        heading(words),
        paragraph("By ", link("arxiv:2509.10432", "https://arxiv.org/abs/2509.10432")),
        Buttons((Button("Save", "save arxiv:2509.10432"),)),
    )
    return Post(stage.channel, doc, key, parent=parent, title=words)


async def test_a_digest_is_one_post_with_its_papers_in_the_thread(stage: Stage) -> None:
    parent = await stage.poster.post(post(stage, "Two papers today", "k0"))
    await stage.poster.post(post(stage, "First", "k1", parent))
    await stage.poster.post(post(stage, "Second", "k2", parent))
    assert len(stage.top()) == 1
    assert "Two papers today" in stage.top()[0]
    first, second = stage.thread(parent)
    assert "First" in first
    assert "arxiv:2509.10432" in first
    assert "Save" in first
    assert "Second" in second


async def test_a_long_post_loses_no_word(stage: Stage) -> None:
    items = [f"entry {number} " + "word " * 40 for number in range(120)]
    long = Post(stage.channel, (heading("Long"), bullets(items)), "long")
    remote = await stage.poster.post(long)
    shown = " ".join([*stage.top(), *stage.thread(remote)])
    assert all(f"entry {number} " in shown for number in range(120))
    assert shown.count("word") == 120 * 40


async def test_what_stands_there_is_found_by_its_key_and_nothing_else_is(stage: Stage) -> None:
    since = stage.now() - timedelta(minutes=1)
    parent, reply = post(stage, "Parent", "k0"), post(stage, "Reply", "k1")
    assert await stage.poster.find([parent], since) == {}
    remote = await stage.poster.post(parent)
    assert await stage.poster.find([parent, post(stage, "Other", "k9")], since) == {"k0": remote}
    below = Post(stage.channel, reply.doc, "k1", parent=remote)
    assert await stage.poster.find([below], since) == {}
    under = await stage.poster.post(below)
    assert await stage.poster.find([below], since) == {"k1": under}


async def test_a_lost_answer_is_uncertain_and_the_post_is_found(stage: Stage) -> None:
    since = stage.now() - timedelta(minutes=1)
    parent = post(stage, "Parent", "k0")
    stage.trouble("lost")
    with pytest.raises(Uncertain):
        await stage.poster.post(parent)
    assert list(await stage.poster.find([parent], since)) == ["k0"]
    assert len(stage.top()) == 1


async def test_nothing_is_written_after_its_deadline(stage: Stage) -> None:
    """Neither on a new connection nor on one that was kept, which both serve later."""
    for number in range(2):
        with leaving(before=1.0, ticks=lambda: 2.0), pytest.raises((NotSent, Uncertain)):
            await stage.poster.post(post(stage, "Late", f"late{number}"))
        with leaving(before=1.0, ticks=lambda: 0.0):
            await stage.poster.post(post(stage, "In time", f"k{number}"))
        assert ["In time" in words for words in stage.top()] == [True] * (number + 1)
    await stage.poster.post(post(stage, "Whenever", "k9"))
    assert len(stage.top()) == 3


@pytest.mark.parametrize(
    ("trouble", "errors"),
    [("broken", (Uncertain, NotSent)), ("refused", (Rejected,)), ("gone", (ChannelGone,))],
)
async def test_what_went_wrong_is_told_apart(
    stage: Stage, trouble: str, errors: tuple[type[Exception], ...]
) -> None:
    stage.trouble(trouble)
    with pytest.raises(errors) as caught:
        await stage.poster.post(post(stage, "Parent", "k0"))
    assert str(caught.value).endswith((".", ")"))
    assert stage.top() == []


async def test_too_many_posts_are_told_with_the_wait(stage: Stage) -> None:
    stage.trouble("limited")
    with pytest.raises(RateLimited) as caught:
        await stage.poster.post(post(stage, "Parent", "k0"))
    assert caught.value.retry_after > 0
    assert stage.top() == []


async def test_what_goes_to_a_persons_own_channel_is_theirs_alone(stage: Stage) -> None:
    home = await stage.poster.home(stage.person)
    assert home == await stage.poster.home(stage.person)
    assert home.startswith(f"{stage.platform}:")
    parent = await stage.poster.post(Post(home, (paragraph("For you alone"),), "k0", replies=1))
    below = Post(home, (paragraph("A card"),), "k1", parent=parent)
    await stage.poster.post(below)
    assert ["For you alone" in words for words in stage.private()] == [True, False]
    assert "A card" in stage.private()[1]
    assert stage.top() == []
    since = stage.now() - timedelta(minutes=1)
    assert list(await stage.poster.find([below], since)) == ["k1"]


async def test_a_person_who_cannot_be_written_to_is_told_what_to_do(stage: Stage) -> None:
    async def written() -> None:
        home = await stage.poster.home(stage.person)
        await stage.poster.post(Post(home, (paragraph("For you alone"),), "k0"))

    stage.trouble("closed")
    with pytest.raises(ChannelGone, match="write to you"):
        await written()
