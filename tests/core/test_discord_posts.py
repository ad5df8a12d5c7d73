"""Digests on Discord: posts, threads, forums, and what a lost answer leaves behind. Real client, loopback."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.discord_places import check
from adapters.discord_posts import OVERVIEW, Posts, nonce, snowflake
from adapters.discord_rest import Rest
from bot import doc as d
from bot.domain import ChannelId, Post
from bot.errors import ChannelGone, NotSent, PlatformError, RateLimited, Rejected, Uncertain
from tests.fakes.discord import Channel, Discord

LONG = " ".join(f"word{n}" for n in range(1200))


@dataclass
class Server:
    """A Discord, the poster that talks to it, and a clock that only they share."""

    discord: Discord
    rest: Rest
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.discord.world.now, UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.discord.passes(seconds)

    @property
    def posts(self) -> Posts:
        return Posts(self.rest, self)

    def post(self, channel: Channel, words: str = "hello", **more: object) -> Post:
        made = {"key": "k1", "doc": (d.heading(words),), **more}
        return Post(ChannelId(f"discord:{channel.id}"), **made)  # type: ignore[arg-type]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Discord() as discord:
        rest = Rest(discord.token, api_url=discord.api_url)
        yield Server(discord, rest)
        await rest.close()


@pytest.mark.parametrize("replies", [0, 2])
async def test_a_digest_is_one_post_with_its_papers_in_the_thread(server: Server, replies: int) -> None:
    papers = server.discord.channel("papers")
    posts = server.posts
    parent = await posts.post(server.post(papers, "Papers for *Wednesday*", replies=replies))
    for number in (1, 2):
        await posts.post(server.post(papers, f"Paper {number}", key=f"p{number}", parent=parent))
    top = server.discord.posts(papers)
    assert [post.text for post in top] == ["## Papers for \\*Wednesday\\*"]
    assert str(top[0].id) == parent
    thread = server.discord.thread(top[0])
    assert thread.name == "Papers for *Wednesday*"
    assert [post.text for post in server.discord.posts(thread)] == ["## Paper 1", "## Paper 2"]


async def test_nothing_pings(server: Server) -> None:
    papers = server.discord.channel("papers")
    await server.posts.post(server.post(papers, "@everyone <@&5> <@1>"))
    assert server.discord.posts(papers)[0].pings == []


async def test_a_long_post_goes_on_in_further_messages_and_is_found_as_a_whole(server: Server) -> None:
    papers = server.discord.channel("papers")
    long = server.post(papers, doc=(d.heading("Long"), d.paragraph(LONG)))
    start = server.now()
    first = await server.posts.post(long)
    shown = server.discord.posts(papers)
    assert len(shown) == 3
    assert [word for post in shown for word in post.text.split() if word.startswith("word")] == LONG.split()
    assert await server.posts.find([long], start) == {"k1": first}
    del papers.messages[shown[1].id]
    assert await server.posts.find([long], start) == {}
    server.discord.passes(600)
    assert await server.posts.post(long) == first
    assert len(server.discord.posts(papers)) == 3


@pytest.mark.parametrize("kind", ["lost", "recorded", "unrecorded"])
async def test_a_lost_answer_is_tried_again_with_the_same_nonce(server: Server, kind: str) -> None:
    papers = server.discord.channel("papers")
    server.discord.fails("create_message", kind)
    sent = await server.posts.post(server.post(papers))
    assert [str(post.id) for post in server.discord.posts(papers)] == [sent]


async def test_a_request_that_lands_late_makes_no_second_post(server: Server) -> None:
    papers = server.discord.channel("papers")
    server.discord.fails("create_message", "late", times=3)
    with pytest.raises(Uncertain):
        await server.posts.post(server.post(papers))
    assert await server.posts.find([server.post(papers)], server.now() - timedelta(minutes=1)) == {}
    await server.discord.lands()
    assert len(server.discord.posts(papers)) == 1
    found = await server.posts.find([server.post(papers)], server.now() - timedelta(minutes=1))
    assert found == {"k1": str(server.discord.posts(papers)[0].id)}


async def test_history_tells_after_the_nonce_is_forgotten(server: Server) -> None:
    papers = server.discord.channel("papers")
    begun = server.now()
    posts = [server.post(papers, key=f"key {n} of a longer kind than a nonce may be") for n in range(3)]
    ids = [await server.posts.post(post) for post in posts[:2]]
    server.discord.passes(3600)
    for n in range(150):
        await server.discord.says(f"chatter {n}", channel=papers)
    found = await server.posts.find(posts, begun)
    assert found == {posts[0].key: ids[0], posts[1].key: ids[1]}
    assert await server.posts.find(posts, server.now()) == {}


async def test_replies_are_found_in_their_thread(server: Server) -> None:
    papers = server.discord.channel("papers")
    parent = await server.posts.post(server.post(papers))
    reply = server.post(papers, "Paper", key="p1", parent=parent)
    assert await server.posts.find([reply], server.now()) == {}
    sent = await server.posts.post(reply)
    assert await server.posts.find([reply], server.now()) == {"p1": sent}


@pytest.mark.parametrize("kind", ["lost", "recorded", "unrecorded"])
async def test_a_thread_is_made_once_whatever_happens_to_the_answer(server: Server, kind: str) -> None:
    papers = server.discord.channel("papers")
    parent = await server.posts.post(server.post(papers))
    server.discord.fails("thread_from_message", kind)
    await server.posts.post(server.post(papers, "Paper", key="p1", parent=parent))
    thread = server.discord.thread(server.discord.posts(papers)[0])
    assert [post.text for post in server.discord.posts(thread)] == ["## Paper"]


async def test_a_forum_gets_a_post_a_paper_with_its_tags(server: Server) -> None:
    forum = server.discord.forum("papers", tags=("Vision", "language"), needs_tag=True)
    begun = server.now()
    overview = server.post(forum, "Papers for Wednesday", replies=2)
    parent = await server.posts.post(overview)
    assert parent == OVERVIEW
    one = server.post(forum, "A paper", key="p1", parent=parent, title="A paper", tags=("vision", "robots"))
    two = server.post(
        forum, "B paper", key="p2", parent=parent, doc=(d.heading("B paper"), d.paragraph(LONG))
    )
    ids = {"k1": OVERVIEW} | {post.key: await server.posts.post(post) for post in (one, two)}
    shown = server.discord.posts(forum)
    assert [(post.text.split("\n")[0], post.tags) for post in shown] == [
        ("## A paper", ("Vision",)),
        ("## B paper", ("Vision",)),
    ]
    assert len(server.discord.posts(server.discord.thread(shown[1]))) == 3
    assert await server.posts.find([overview, one, two], begun) == ids
    server.discord.thread(shown[0]).archived = True
    server.discord.passes(3600)
    assert await server.posts.find([overview, one, two], begun) == ids


async def test_moderators_tags_are_left_to_them(server: Server) -> None:
    forum = server.discord.forum("papers", tags=("Vision", "robots"), needs_tag=True)
    forum.tags[0]["moderated"] = True
    await server.posts.post(server.post(forum, "A paper", tags=("vision",)))
    assert [post.tags for post in server.discord.posts(forum)] == [("robots",)]


async def test_a_tag_that_was_deleted_or_is_demanded_by_now_costs_no_paper(server: Server) -> None:
    forum = server.discord.forum("papers", tags=("Vision", "robots"))
    await server.posts.post(server.post(forum, "A paper", tags=("vision",)))
    del forum.tags[0]
    await server.posts.post(server.post(forum, "B paper", key="k2", tags=("vision",)))
    forum.needs_tag = True
    await server.posts.post(server.post(forum, "C paper", key="k3", tags=("vision",)))
    heads = [post.text for post in server.discord.posts(forum)]
    assert heads == ["## A paper", "## B paper", "## C paper"]
    assert server.discord.posts(forum)[-1].tags == ("robots",)


async def test_a_forum_that_demands_a_tag_and_has_none_is_no_place_to_post(server: Server) -> None:
    """Its papers are kept until there is one, where they would be refused one by one."""
    forum = server.discord.forum("papers", tags=("Vision",), needs_tag=True)
    forum.tags[0]["moderated"] = True
    with pytest.raises(ChannelGone, match="demands a tag"):
        await server.posts.post(server.post(forum, "A paper", tags=("vision",)))
    finding = (await check(server.rest, [ChannelId(f"discord:{forum.id}")]))[-1]
    assert not finding.ok
    assert "demands a tag" in finding.detail


async def test_what_became_of_a_paper_is_told_in_the_forum_s_post_of_it(server: Server) -> None:
    forum = server.discord.forum("papers")
    begun = server.now()
    parent = await server.posts.post(server.post(forum, "Papers for Wednesday", replies=1))
    card = await server.posts.post(server.post(forum, "A paper", key="p1", parent=parent, title="A paper"))
    note = replace(server.post(forum, "Version 2", key="n1", parent=parent), card=card)
    sent = await server.posts.post(note)
    (shown,) = server.discord.posts(forum)
    assert server.discord.posts(server.discord.thread(shown))[-1].text == "## Version 2"
    assert await server.posts.find([note], begun) == {"n1": sent}
    answer = server.post(forum, "Version 3", key="n2", parent=card)
    sent = await server.posts.post(answer)
    assert len(server.discord.posts(forum)) == 1
    assert await server.posts.find([answer], begun) == {"n2": sent}


async def test_a_person_is_written_to_directly(server: Server) -> None:
    direct = server.discord.dm("ada")
    ada = server.discord.world.user("ada")["id"]
    note = Post(ChannelId(f"discord:{ada}"), (d.paragraph("Look."),), "k1", direct=True)
    await server.posts.post(note)
    assert [post.text for post in server.discord.posts(direct)] == ["Look."]


async def test_a_quiet_day_in_a_forum_is_one_post(server: Server) -> None:
    forum = server.discord.forum("papers")
    await server.posts.post(server.post(forum, "No new papers"))
    assert [post.text for post in server.discord.posts(forum)] == ["## No new papers"]


async def test_a_forum_post_whose_answer_is_lost_is_not_sent_again_but_found(server: Server) -> None:
    forum = server.discord.forum("papers")
    paper = server.post(forum, "A paper")
    for kind in ("lost", "recorded"):
        server.discord.fails("start_thread", kind)
        with pytest.raises(Uncertain):
            await server.posts.post(paper)
        assert len(server.discord.posts(forum)) == 1
        found = await server.posts.find([paper], server.now())
        assert found == {"k1": str(server.discord.posts(forum)[0].id)}
        forum_thread = server.discord.thread(server.discord.posts(forum)[0])
        del server.discord.world.channels[forum_thread.id]


async def test_announcements_are_published_when_asked_for(server: Server) -> None:
    news = server.discord.announcements("news")
    await server.posts.post(server.post(news))
    assert not server.discord.rest.crossposted
    publishing = Posts(server.rest, server, publish=True)
    sent = await publishing.post(server.post(news, key="k2"))
    assert server.discord.rest.crossposted == {sent}
    await publishing.post(server.post(news, key="k3", parent=sent))
    assert server.discord.rest.crossposted == {sent}
    server.discord.fails("crosspost", "refused", status=403, code=50013)
    assert await publishing.post(server.post(news, key="k4"))


@pytest.mark.parametrize("place", ["direct messages", "voice"])
async def test_where_there_are_no_threads_papers_refer_to_the_digest(server: Server, place: str) -> None:
    voice = server.discord.world.add_channel("voice", kind=2, guild=server.discord.guild)
    direct = server.discord.dm("ada") if place == "direct messages" else voice
    parent = await server.posts.post(server.post(direct))
    reply = server.post(direct, "Paper", key="p1", parent=parent)
    sent = await server.posts.post(reply)
    assert server.discord.posts(direct)[1].json["message_reference"]["message_id"] == parent
    assert await server.posts.find([reply], server.now()) == {"p1": sent}


async def test_a_channel_that_cannot_be_posted_to_is_gone_with_a_reason(server: Server) -> None:
    papers, hidden, gone = (server.discord.channel(name) for name in ("papers", "hidden", "gone"))
    await server.posts.post(server.post(gone, key="before"))
    await server.discord.denies(papers, "send_messages")
    await server.discord.denies(hidden, "view_channel")
    await server.discord.deletes(gone)
    for channel, reason in ((papers, "Send Messages"), (hidden, "View Channel"), (gone, "deleted")):
        with pytest.raises(ChannelGone, match=reason):
            await server.posts.post(server.post(channel))


async def test_a_deleted_thread_is_no_deleted_channel(server: Server) -> None:
    papers = server.discord.channel("papers")
    parent = await server.posts.post(server.post(papers))
    await server.posts.post(server.post(papers, "Paper", key="p1", parent=parent))
    post = server.discord.posts(papers)[0]
    await server.discord.deletes(server.discord.thread(post))
    del papers.messages[post.id]
    with pytest.raises(Rejected):
        await server.posts.post(server.post(papers, "Paper", key="p2", parent=parent))
    assert await server.posts.post(server.post(papers, key="k9"))


async def test_archived_threads_take_posts_and_locked_ones_do_not(server: Server) -> None:
    papers = server.discord.channel("papers")
    parent = await server.posts.post(server.post(papers))
    await server.posts.post(server.post(papers, "Paper", key="p1", parent=parent))
    thread = server.discord.thread(server.discord.posts(papers)[0])
    await server.discord.archives(thread)
    await server.posts.post(server.post(papers, "Paper", key="p2", parent=parent))
    assert not thread.archived
    await server.discord.archives(thread, locked=True)
    with pytest.raises(Rejected, match="thread was locked"):
        await server.posts.post(server.post(papers, "Paper", key="p3", parent=parent))


async def test_trouble_has_its_own_names(server: Server) -> None:
    papers = server.discord.channel("papers")
    server.discord.fails("create_message", "banned")
    with pytest.raises(RateLimited) as banned:
        await server.posts.post(server.post(papers))
    assert banned.value.retry_after >= 60
    server.discord.fails("create_message", "limited", retry_after=120.0)
    with pytest.raises(RateLimited) as slow:
        await server.posts.post(server.post(papers))
    assert slow.value.retry_after == 120
    server.discord.fails("create_message", "refused", status=400, code=50035)
    with pytest.raises(Rejected):
        await server.posts.post(server.post(papers))


async def test_a_wrong_token_says_what_to_do(server: Server) -> None:
    wrong = Posts(Rest("wrong", api_url=server.discord.api_url), server)
    with pytest.raises(PlatformError, match="copy it again"):
        await wrong.post(server.post(server.discord.channel("papers")))


async def test_nobody_there_is_not_sent(server: Server) -> None:
    nowhere = Posts(Rest("token", api_url="http://127.0.0.1:9/api/v10"), server)
    with pytest.raises(NotSent):
        await nowhere.post(server.post(server.discord.channel("papers")))


def test_nonces_fit_and_ids_carry_their_time() -> None:
    assert nonce("short") == "short"
    assert len(nonce("x" * 80)) == 24
    assert snowflake(datetime(2016, 4, 30, 11, 18, 25, 796000, tzinfo=UTC)) == 175928847298985984 >> 22 << 22
