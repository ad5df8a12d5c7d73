"""What people do on Discord reaches the core, and everybody gets an answer. Real client, loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.discord import Discord
from adapters.discord_answers import CUT, LEFT, STOPPED
from adapters.discord_listening import NO_CONTENT, ROLE_NAMED
from adapters.discord_missed import Lately, nowhere
from adapters.discord_tags import TAGLESS
from adapters.discord_ways import NO_WAY_TO_YOU
from bot import doc as d
from bot.commands.table import INFOS
from bot.domain import ChannelId, CommandInfo, Reply, Request
from bot.errors import PlatformError, StorageError
from bot.ports import Responder
from tests.fakes.discord import Channel, NotOffered
from tests.fakes.discord import Discord as Server
from tests.fakes.discord_world import GROUP

SCHEDULE = d.Form(
    "Schedule",
    "schedule",
    (
        d.Input("at", "Time of day", "09:00", hint="such as 09:00", required=True),
        d.Select("days", "Days", (d.Choice("Monday", "mon"), d.Choice("Friday", "fri")), ("mon",), many=True),
    ),
    typed="Type /paper schedule 09:00 Europe/Berlin mon-fri",
)
Behaviour = Callable[[Request, Responder], Awaitable[None]]


@dataclass
class Core:
    """A core that repeats what it was asked, or does what a test says."""

    does: Behaviour | None = None
    commands: Sequence[CommandInfo] = INFOS
    asked: list[Request] = field(default_factory=list)
    sent: list[str | None] = field(default_factory=list)
    channels: list[tuple[ChannelId, str]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, what: Callable[[], bool]) -> None:
        """Until something is so, seen from the core."""
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(what)

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def handle(self, request: Request, responder: Responder) -> None:
        self.asked.append(request)
        await self._notify()
        if self.does:
            await self.does(request, responder)
            return
        private = request.text.startswith(("help", "topics"))
        self.sent.append(await responder.send(Reply((d.paragraph(f"You said: {request.text}"),), private)))
        await self._notify()

    def told(self, channel: Channel) -> list[str]:
        """What was said about a channel."""
        return [reason for id, reason in self.channels if id == f"discord:{channel.id}"]

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[d.Choice]:
        return [d.Choice(f"{request.text} {option} {typed}{n}", f"{n}") for n in range(40)]

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        self.channels.append((channel, reason))
        await self._notify()

    async def channel_back(self, channel: ChannelId) -> None:
        self.channels.append((channel, ""))
        await self._notify()

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        raise AssertionError("Discord has no workspaces")

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        raise AssertionError("Discord has no workspaces")


@dataclass
class Still:
    """Time as the server has it; sleeping moves it."""

    server: Server

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.world.now, UTC)

    async def sleep(self, seconds: float) -> None:
        self.server.passes(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def running(
    server: Server, core: Core, *, ack_after: float = 0.5, shards: int = 1, lately: Lately = nowhere
) -> AsyncIterator[Discord]:
    bot = Discord(
        server.token,
        clock=Still(server),
        api_url=server.api_url,
        gateway_url=server.gateway_url,
        ack_after=ack_after,
        lately=lately,
    )
    task = asyncio.create_task(bot.run(core))
    try:
        await server.connected(shards=shards)
        yield bot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bot.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as made:
        yield made


@pytest.fixture
def papers(server: Server) -> Channel:
    return server.channel("papers")


async def digest(bot: Discord, server: Server, papers: Channel) -> Channel:
    """A digest's thread with one paper in it."""
    from bot.domain import Post

    channel = ChannelId(f"discord:{papers.id}")
    parent = await bot.post(Post(channel, (d.heading("Papers"),), "k0"))
    await bot.post(Post(channel, (d.heading("A paper"),), "k1", parent=parent))
    return server.thread(server.posts(papers)[0])


async def test_a_command_comes_as_it_would_be_typed(server: Server, papers: Channel) -> None:
    core = Core()
    async with running(server, core):
        reply = await server.types(
            "/paper topic gaussian splatting not:survey, review since:7d", channel=papers
        )
        assert reply.texts == ["You said: topic gaussian splatting not: survey, review since:7d"]
        assert not reply.seen_by_asker_only
        request = core.asked[0]
        assert (request.channel, request.user_name) == (f"discord:{papers.id}", "ada")
        assert (request.kind, request.thread, request.direct, request.is_admin) == (
            "command",
            None,
            False,
            False,
        )
        await core.until(lambda: core.sent == [str(server.answer(reply).id)])
        private = await server.types("/paper help topic", channel=papers)
        assert private.seen_by_asker_only
        await core.until(lambda: core.sent[1:] == [None])


async def test_the_list_of_commands_is_told_once(server: Server, papers: Channel) -> None:
    for _ in range(2):
        async with running(server, Core()):
            await server.types("/paper help", channel=papers)
    assert server.rest.syncs == 1
    async with running(server, Core(commands=INFOS[:3])):
        with pytest.raises(NotOffered):
            await server.types("/paper status", channel=papers)
    assert server.rest.syncs == 2


async def test_options_complete_in_time(server: Server, papers: Channel) -> None:
    async with running(server, Core()):
        names = await server.completes("/paper show 25", "id", channel=papers)
        assert names[0] == "show 25 id 250"
        assert len(names) == 25


async def test_a_slow_answer_is_announced_and_takes_the_place_of_its_sign(
    server: Server, papers: Channel
) -> None:
    go = asyncio.Event()

    async def slow(request: Request, responder: Responder) -> None:
        await responder.working("Reading the paper…")
        await go.wait()
        await responder.send(Reply((d.paragraph("Read."),)))

    async with running(server, Core(slow)):
        asked = await server.types("/paper show 2308.04079", channel=papers)
        assert asked.texts == [f"Reading the paper…\n-# {LEFT}"]
        go.set()
        await asked.until(contains="Read.")
        assert asked.texts == ["Read."]


async def test_silence_is_broken_after_a_while(server: Server, papers: Channel) -> None:
    go = asyncio.Event()

    async def silent(request: Request, responder: Responder) -> None:
        await go.wait()
        await responder.send(Reply((d.paragraph("A refusal"),), private=True))

    async with running(server, Core(silent), ack_after=0.01):
        asked = await server.types("/paper topic x", channel=papers)
        assert "Working on it" in asked.texts[0]
        assert len(server.posts(papers)) == 1
        go.set()
        await asked.until(contains="A refusal")
        assert asked.texts == ["A refusal"]
        assert asked.seen_by_asker_only
        assert server.posts(papers) == []


async def test_an_answer_after_fifteen_minutes_is_a_plain_message(server: Server, papers: Channel) -> None:
    go = asyncio.Event()

    async def late(request: Request, responder: Responder) -> None:
        await responder.working("Reading…")
        await go.wait()
        await responder.send(Reply((d.paragraph("At last"),), private=request.text.startswith("status")))

    async with running(server, Core(late)):
        await server.types("/paper topic x", channel=papers)
        await server.types("/paper status", channel=papers)
        server.passes(16 * 60)
        go.set()
        await server.happens(
            lambda: len(server.posts(papers)) == 2 and len(server.posts(server.dm("ada"))) == 1
        )
        assert [post.text.split("\n")[0] for post in server.posts(papers)] == ["Reading…", "At last"]
        assert server.posts(server.dm("ada"))[0].text == "At last"


async def test_an_acknowledgement_that_comes_too_late_is_made_good(server: Server, papers: Channel) -> None:
    async def sleepy(request: Request, responder: Responder) -> None:
        server.passes(4)
        await responder.send(Reply((d.paragraph("Still here"),)))

    async with running(server, Core(sleepy)):
        await server.types("/paper topic x", channel=papers, wait=False)
        await server.happens(lambda: bool(server.posts(papers)))
        assert server.posts(papers)[0].text == "Still here"


@pytest.mark.parametrize("kind", ["lost", "recorded", "unrecorded"])
async def test_a_lost_acknowledgement_loses_no_answer(server: Server, papers: Channel, kind: str) -> None:
    server.fails("callback", kind)
    async with running(server, Core()):
        asked = await server.types("/paper topic x", channel=papers)
        await asked.until(contains="You said: topic x")
        assert len(server.posts(papers)) == 1


@pytest.mark.parametrize("kind", ["lost", "unrecorded"])
async def test_a_form_opens_though_an_answer_was_lost(server: Server, papers: Channel, kind: str) -> None:
    async def ask(request: Request, responder: Responder) -> None:
        await responder.send(Reply((SCHEDULE,), private=True))

    server.fails("callback", kind)
    async with running(server, Core(ask)):
        asked = await server.types("/paper schedule", channel=papers)
        assert asked.modal
        assert asked.texts == []


async def test_a_form_that_discord_does_not_take_stands_behind_a_button(
    server: Server, papers: Channel
) -> None:
    async def ask(request: Request, responder: Responder) -> None:
        await responder.send(Reply((SCHEDULE,), private=True))

    server.fails("callback", "refused", status=400, code=50035)
    async with running(server, Core(ask)):
        asked = await server.types("/paper schedule", channel=papers)
        assert asked.seen_by_asker_only
        assert server.answer(asked).buttons == ["Schedule"]


async def test_a_core_that_says_nothing_leaves_nobody_waiting(server: Server, papers: Channel) -> None:
    async def silent(request: Request, responder: Responder) -> None:
        return None

    async with running(server, Core(silent)):
        asked = await server.types("/paper topic x", channel=papers)
        assert asked.texts == ["Done."]
        assert asked.seen_by_asker_only


async def test_a_deleted_sign_of_life_is_no_reason_to_lose_the_answer(
    server: Server, papers: Channel
) -> None:
    go = asyncio.Event()

    async def slow(request: Request, responder: Responder) -> None:
        await responder.working("Reading…")
        await go.wait()
        await responder.send(Reply((d.paragraph("Read."),)))

    async with running(server, Core(slow)):
        asked = await server.types("/paper topic x", channel=papers)
        await server.says("what?", channel=papers, mention=True)
        await server.happens(lambda: len(server.posts(papers)) == 2)
        papers.messages = {
            id: one for id, one in papers.messages.items() if one["author"]["username"] == "ada"
        }
        asked.messages.clear()
        go.set()
        await server.happens(lambda: len(server.posts(papers)) == 2)
        assert [post.text for post in server.posts(papers)] == ["Read.", "Read."]


async def test_a_form_that_comes_too_late_stands_behind_a_button(server: Server, papers: Channel) -> None:
    async def sleepy(request: Request, responder: Responder) -> None:
        server.passes(4 if len(core.asked) == 1 else 0)
        await responder.send(Reply((SCHEDULE,), private=True))

    core = Core(sleepy)
    async with running(server, core):
        await server.types("/paper schedule", channel=papers, wait=False)
        direct = server.dm("ada")
        await server.happens(lambda: bool(server.posts(direct)))
        late = server.posts(direct)[0]
        assert late.buttons == ["Schedule"]
        opened = await server.presses(late, "Schedule")
        assert opened.modal


@pytest.mark.parametrize("code", [50027, 10015])
async def test_a_token_that_discord_has_forgotten_is_made_good(
    server: Server, papers: Channel, code: int
) -> None:
    async def slow(request: Request, responder: Responder) -> None:
        await responder.working("Reading…")
        server.fails("edit_answer", "refused", status=401 if code == 50027 else 404, code=code)
        await responder.send(Reply((d.paragraph("Read. " + "word " * 1000),)))

    async with running(server, Core(slow)):
        await server.types("/paper topic x", channel=papers)
        await server.happens(lambda: len(server.posts(papers)) == 3)
        assert server.posts(papers)[1].text.startswith("Read.")


async def test_a_page_with_a_file_takes_the_place_of_a_sign_of_life(server: Server, papers: Channel) -> None:
    async def export(request: Request, responder: Responder) -> None:
        await responder.working("Writing…")
        await responder.send(Reply((d.paragraph("Here"), d.File("a.bib", "@a{b}")), private=True))

    async with running(server, Core(export)):
        asked = await server.types("/paper export bibtex", channel=papers)
        await asked.until(contains="Here")
        assert asked.texts == ["Here"]
        await server.says("export bibtex", channel=papers, mention=True)
        await server.happens(lambda: any(post.text == "Here" for post in server.posts(server.dm("ada"))))
        assert server.posts(papers) == []


async def test_a_sign_of_life_that_fails_is_no_reason_to_give_up(server: Server, papers: Channel) -> None:
    async def work(request: Request, responder: Responder) -> None:
        server.fails("callback", "refused", status=400, code=50035)
        await responder.working("Reading…")
        await responder.send(Reply((d.paragraph("Read."),)))

    async with running(server, Core(work)):
        asked = await server.types("/paper topic x", channel=papers)
        assert asked.texts == ["Read."]


async def test_an_answer_that_discord_refuses_ends_nothing_else(server: Server, papers: Channel) -> None:
    async with running(server, Core()):
        server.fails("callback", "refused", status=400, code=50035)
        lost = await server.types("/paper topic x", channel=papers, wait=False)
        asked = await server.types("/paper topic y", channel=papers)
        assert asked.texts == ["You said: topic y"]
        await lost.until(contains=CUT)


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("kind", ["lost", "recorded", "unrecorded"])
async def test_a_lost_answer_in_the_middle_of_a_long_one_loses_no_word(
    server: Server, papers: Channel, kind: str, private: bool
) -> None:
    """What only the asker sees is in no history: there a page may come twice."""
    words = [f"word{n}" for n in range(1500)]

    async def long(request: Request, responder: Responder) -> None:
        await responder.send(Reply((d.paragraph(" ".join(words)),), private))

    server.fails("follow_up", kind, skip=1)
    async with running(server, Core(long)):
        asked = await server.types("/paper topic x", channel=papers)
        await asked.until(contains="word1499")
        pages = list(dict.fromkeys(asked.texts)) if private else asked.texts
        assert len(pages) == 4
        assert " ".join(pages).split() == words


async def test_of_an_answer_that_breaks_off_the_beginning_stays_and_the_end_is_told(
    server: Server, papers: Channel
) -> None:
    async def long(request: Request, responder: Responder) -> None:
        core.sent.append(await responder.send(Reply((d.paragraph("word " * 1500),))))

    core = Core(long)
    server.fails("follow_up", "refused", status=400, code=50035)
    async with running(server, core):
        asked = await server.types("/paper topic x", channel=papers)
        await asked.until(contains=CUT)
        assert [text.split()[0] for text in asked.texts] == ["word", "Discord"]
    assert core.sent == [asked.messages[0]["id"]]


@pytest.mark.parametrize("lost", ["locked", "deleted", "kicked"])
async def test_who_asked_in_a_place_that_is_lost_under_the_answer_is_told(
    server: Server, papers: Channel, lost: str
) -> None:
    go = asyncio.Event()

    async def slow(request: Request, responder: Responder) -> None:
        await responder.working("Reading…")
        await go.wait()
        await responder.send(Reply((d.paragraph("word " * 1000),)))

    async with running(server, Core(slow)) as bot:
        thread = await digest(bot, server, papers)
        await server.says("which?", channel=thread)
        await server.happens(lambda: len(server.posts(thread)) == 2)
        match lost:
            case "locked":
                await server.archives(thread, locked=True)
            case "deleted":
                await server.deletes(thread)
            case _:
                await server.kicks()
        go.set()
        await server.happens(lambda: [one.text for one in server.posts(server.dm("ada"))] == [CUT])


async def test_a_moment_without_discord_costs_no_answer(server: Server, papers: Channel) -> None:
    async def slow(request: Request, responder: Responder) -> None:
        await responder.working("Reading…")
        server.fails("edit_answer", "lost")
        await responder.send(Reply((d.paragraph("Read."),)))

    async with running(server, Core(slow)):
        asked = await server.types("/paper topic x", channel=papers)
        await asked.until(contains="Read.")


async def test_suggestions_that_fail_are_none(server: Server, papers: Channel) -> None:
    class Failing(Core):
        async def suggest(self, request: Request, option: str, typed: str) -> Sequence[d.Choice]:
            raise PlatformError("no library today.")

    async with running(server, Failing()):
        assert await server.completes("/paper show 25", "id", channel=papers) == []


async def test_drafts_grow_at_a_bearable_pace(server: Server, papers: Channel) -> None:
    async def write(request: Request, responder: Responder) -> None:
        for number in range(1, 31):
            server.passes(0.25)
            await responder.draft((d.paragraph("word " * number),))
        await responder.send(Reply((d.paragraph("word " * 30),)))

    async with running(server, Core(write)):
        asked = await server.types("/paper topic x", channel=papers)
        await asked.until(contains=" ".join(["word"] * 30))
        assert 3 <= asked.edits <= 6
        assert len(asked.messages) == 1


@pytest.mark.parametrize("length", [10, 2000])
async def test_an_answer_that_stops_growing_says_what_to_do(
    server: Server, papers: Channel, length: int
) -> None:
    """What stands there if the program is killed in the middle of writing."""

    seen = asyncio.Event()

    async def write(request: Request, responder: Responder) -> None:
        await responder.draft((d.paragraph("word " * length),))
        await seen.wait()

    async with running(server, Core(write)):
        asked = await server.types("/paper topic x", channel=papers)
        seen.set()
        assert f"-# Still writing. {LEFT}" in asked.texts[0]


async def test_a_long_answer_goes_on_in_further_messages(server: Server, papers: Channel) -> None:
    words = [f"word{n}" for n in range(1500)]

    async def long(request: Request, responder: Responder) -> None:
        await responder.draft((d.paragraph(" ".join(words[:900])),))
        await responder.send(Reply((d.paragraph(" ".join(words)),)))

    async with running(server, Core(long)):
        asked = await server.types("/paper topic x", channel=papers)
        await asked.until(contains="word1499")
        assert " ".join(asked.texts).split() == words
        assert len(asked.messages) == 4


async def test_a_file_comes_with_the_answer(server: Server, papers: Channel) -> None:
    async def export(request: Request, responder: Responder) -> None:
        doc = (d.paragraph("Your list"), d.File("saved.bib", "@article{a}"))
        await responder.send(Reply(doc, private=True))

    async with running(server, Core(export)):
        asked = await server.types("/paper export bibtex", channel=papers)
        assert asked.seen_by_asker_only
        assert [one["filename"] for one in server.answer(asked).json["attachments"]] == ["saved.bib"]


async def test_a_button_is_a_command_and_outlives_a_restart(server: Server, papers: Channel) -> None:
    async def show(request: Request, responder: Responder) -> None:
        button = d.Button("Summary", "show 2308.04079 full")
        await responder.send(
            Reply((d.paragraph(f"{request.text} in {request.thread}"), d.Buttons((button,))))
        )

    async with running(server, Core(show)) as bot:
        thread = await digest(bot, server, papers)
        await server.types("/paper show 2308.04079", channel=papers)
        await server.types("/paper show 2308.04079", channel=thread)
    async with running(server, Core(show)):
        pressed = await server.presses(server.posts(papers)[1], "Summary", user="bob")
        assert pressed.texts == ["show 2308.04079 full in None"]
        inside = await server.presses(server.posts(thread)[1], "Summary")
        assert inside.texts == [f"show 2308.04079 full in {thread.id}"]


async def test_a_form_is_a_modal_that_survives_a_restart(server: Server, papers: Channel) -> None:
    async def ask(request: Request, responder: Responder) -> None:
        if request.kind == "form":
            await responder.send(
                Reply((d.paragraph(f"{request.text}: {dict(request.values)}"),), private=True)
            )
        else:
            await responder.send(Reply((SCHEDULE,), private=True))

    async with running(server, Core(ask)):
        asked = await server.types("/paper schedule", channel=papers)
        assert asked.modal
        assert asked.modal["title"] == "Schedule"
    async with running(server, Core(ask)):
        done = await server.submits(asked, {"Time of day": "08:30", "days": ["mon", "fri"]})
        assert done.texts == ["schedule: {'at': '08:30', 'days': 'mon,fri'}"]
        assert done.seen_by_asker_only


async def test_a_mistake_in_a_form_brings_it_back_as_it_was_filled_in(
    server: Server, papers: Channel
) -> None:
    async def ask(request: Request, responder: Responder) -> None:
        if request.values.get("at") == "25:99":
            await responder.send(Reply((d.paragraph("25:99 is no time of day"),), private=True, error=True))
        elif request.kind == "form":
            await responder.send(Reply((d.paragraph("Saved"),), private=True))
        else:
            await responder.send(Reply((SCHEDULE,), private=True))

    async with running(server, Core(ask)):
        asked = await server.types("/paper schedule", channel=papers)
        wrong = await server.submits(asked, {"at": "25:99", "days": ["fri"]})
        assert wrong.texts == ["25:99 is no time of day"]
        again = await server.presses(wrong, "Try again")
        right = await server.submits(again, {"at": "09:30"})
        assert right.texts == ["Saved"]
        fresh = await server.types("/paper schedule", channel=papers)
        assert fresh.modal
        assert fresh.modal["components"][0]["component"]["value"] == "09:00"


async def test_a_long_form_comes_in_parts(server: Server, papers: Channel) -> None:
    fields = tuple(d.Input(f"f{n}", f"Field {n}") for n in range(8))

    async def ask(request: Request, responder: Responder) -> None:
        if request.kind == "form":
            await responder.send(Reply((d.paragraph(" ".join(sorted(request.values))),), private=True))
        else:
            await responder.send(
                Reply((d.Form("Settings", "settings", fields, typed="By command"),), private=True)
            )

    async with running(server, Core(ask)):
        asked = await server.types("/paper settings", channel=papers)
        assert server.answer(asked).buttons == ["Settings (1 of 2)", "Settings (2 of 2)"]
        second = await server.presses(asked, "Settings (2 of 2)")
        done = await server.submits(second, {"Field 7": "x"})
        assert done.texts == ["f5 f6 f7"]


async def test_the_context_menu_asks_about_the_paper_in_a_message(server: Server, papers: Channel) -> None:
    core = Core()
    async with running(server, core):
        post = await server.says("look: https://arxiv.org/abs/2308.04079, nice", channel=papers, user="bob")
        await server.chooses_from_menu("Ask about this paper", post)
        assert (core.asked[0].kind, core.asked[0].thread) == ("about", None)
        assert core.asked[0].text == "look: https://arxiv.org/abs/2308.04079, nice"
        said = await server.types("/paper topic x", channel=papers)
        await server.chooses_from_menu("Ask about this paper", server.answer(said))
        assert core.asked[2].thread == str(server.answer(said).id)


async def test_who_manages_the_channel(server: Server, papers: Channel) -> None:
    core = Core()
    server.manager("eve")
    async with running(server, core):
        await server.types("/paper topics", channel=papers, user="eve")
        await server.says("topics", channel=papers, user="eve", mention=True)
        await server.says("topics", channel=papers, user="ada", mention=True)
        await server.says("topics", channel=server.dm("ada"), user="ada")
        await core.until(lambda: len(core.asked) == 4)
        assert sorted((one.user_name, one.direct, one.is_admin) for one in core.asked) == [
            ("ada", False, False),
            ("ada", True, True),
            ("eve", False, True),
            ("eve", False, True),
        ]


async def test_it_speaks_in_its_threads_and_where_it_is_mentioned(server: Server, papers: Channel) -> None:
    core = Core()
    async with running(server, core) as bot:
        thread = await digest(bot, server, papers)
        await server.says("nothing to do with you", channel=papers)
        await server.says("which data?", channel=thread)
        await server.says("hello", channel=papers, mention=True)
        await server.says("/paper topics", channel=papers, mention=True)
        await server.says("hi", channel=server.dm("ada"))
        await core.until(lambda: len(core.asked) == 4)
        assert sorted(
            (one.text, one.kind, one.thread or "", one.mentioned, one.direct) for one in core.asked
        ) == [
            ("hello", "reply", "", True, False),
            ("hi", "reply", "", False, True),
            ("topics", "command", "", True, False),
            ("which data?", "reply", str(thread.id), False, False),
        ]
        await server.happens(lambda: len(server.posts(thread)) == 2)
        answer = server.posts(thread)[1]
        assert answer.text == "You said: which data?"
        assert answer.json["message_reference"]["channel_id"] == str(thread.id)
        assert core.asked[0].channel == f"discord:{papers.id}"
        await server.happens(lambda: len(server.posts(server.dm("ada"))) == 2)


async def test_a_chain_of_replies_belongs_to_its_first_answer(server: Server, papers: Channel) -> None:
    core = Core()
    async with running(server, core) as bot:
        thread = await digest(bot, server, papers)
        card = server.posts(thread)[0]
        await server.says("about this one", channel=thread, reply_to=card)
        await server.happens(lambda: len(server.posts(thread)) == 2)
        await server.says("and more", channel=thread, reply_to=server.posts(thread)[1])
        await server.says("in general", channel=thread)
        await server.happens(lambda: len(server.posts(thread)) == 4)
        general = next(one for one in server.posts(thread) if "general" in one.text)
        await server.says("go on", channel=thread, reply_to=general)
        asked = await server.types("/paper topic x", channel=papers)
        await server.says("tell me", channel=papers, reply_to=server.answer(asked))
        await core.until(lambda: len(core.asked) == 6)
        roots = {one.text: one.thread for one in core.asked}
        assert roots == {
            "about this one": str(card.id),
            "and more": str(card.id),
            "in general": str(thread.id),
            "go on": str(thread.id),
            "topic x": None,
            "tell me": str(server.answer(asked).id),
        }


async def test_a_thread_on_its_post_is_its_own_though_a_person_opened_it(
    server: Server, papers: Channel
) -> None:
    from bot.domain import Post

    core = Core()
    async with running(server, core) as bot:
        await bot.post(Post(ChannelId(f"discord:{papers.id}"), (d.heading("Papers"),), "k0"))
        post = server.posts(papers)[0]
        ada = int(server.world.user("ada")["id"])
        thread = server.world.add_thread(papers, "by ada", id=post.id, owner=ada)
        await server.gateway.dispatch("THREAD_CREATE", thread.json())
        other = server.world.add_thread(papers, "elsewhere", owner=ada)
        await server.gateway.dispatch("THREAD_CREATE", other.json())
        await server.says("not for you", channel=other)
        await server.says("for you", channel=thread)
        await core.until(lambda: bool(core.asked))
        assert [one.text for one in core.asked] == ["for you"]


async def test_private_replies_to_messages_go_to_direct_messages(server: Server, papers: Channel) -> None:
    async with running(server, Core()):
        await server.says("help", channel=papers, mention=True)
        await server.happens(lambda: bool(server.posts(server.dm("ada"))))
        assert server.posts(server.dm("ada"))[0].text == "You said: help"
        assert server.posts(papers) == []
        server.fails("create_message", "refused", status=403, code=50007)
        await server.says("help me", channel=papers, mention=True)
        await server.happens(lambda: bool(server.posts(papers)))
        assert [post.text for post in server.posts(papers)] == [NO_WAY_TO_YOU]


async def test_its_role_is_as_good_as_its_name(server: Server, papers: Channel) -> None:
    """Discord offers both by the same name."""
    core = Core()
    async with running(server, core):
        await server.says("what about splatting?", channel=papers, role=True)
        await core.until(lambda: bool(core.asked))
    assert [(one.text, one.mentioned) for one in core.asked] == [("what about splatting?", True)]


async def test_without_message_content_it_says_how_to_be_heard() -> None:
    core = Core()
    async with Server(content=False) as server:
        papers = server.channel("papers")
        async with running(server, core) as bot:
            assert [one["intents"] >> 15 & 1 for one in server.gateway.identifies] == [1, 0]
            thread = await digest(bot, server, papers)
            for _ in range(2):
                await server.says("which data?", channel=thread)
            await server.happens(lambda: len(server.posts(thread)) == 2)
            hint = server.posts(thread)[1]
            assert NO_CONTENT in hint.text
            assert hint.buttons == ["Ask"]
            for number in range(1, 3):
                await server.says("which data?", channel=papers, role=True)
                await server.happens(lambda: len(server.posts(papers)) == 1 + number)  # noqa: B023
                assert ROLE_NAMED in server.posts(papers)[-1].text
            await server.says("which data?", channel=thread, mention=True)
            await core.until(lambda: bool(core.asked))
            assert [one.text for one in core.asked] == ["which data?"]
            pressed = await server.presses(hint, "Ask")
            asked = await server.submits(pressed, {"Your question": "which losses?"})
            assert asked.texts == ["You said: which losses?"]
            assert (core.asked[1].kind, core.asked[1].thread) == ("reply", str(thread.id))


async def test_used_by_one_person_outside_any_server(server: Server) -> None:
    core = Core()
    async with running(server, core):
        reply = await server.types("/paper search nerf", channel=server.dm("ada"), user_installed=True)
        assert reply.texts == ["You said: search nerf"]
        assert core.asked[0].direct


async def test_where_it_cannot_post_is_told_to_the_core(server: Server, papers: Channel) -> None:
    """In a server that it was not invited to, and in a conversation of other people."""
    core = Core()
    server.manager("eve")
    async with running(server, core):
        foreign = server.channel("general", guild=server.world.add_guild("Elsewhere"))
        group = server.channel("friends")
        group.kind, group.guild = GROUP, None
        for place in (papers, foreign, group):
            await server.types("/paper settings", channel=place, user="eve", user_installed=True)
        await server.types("/paper follow nerf", channel=server.dm("eve"), user="eve", user_installed=True)
        await server.types("/paper settings", channel=papers, user="eve")
    told = [(one.away, one.direct, one.is_admin) for one in core.asked]
    assert told == [(True, False, False)] * 3 + [(False, True, True), (False, False, True)]


async def test_what_one_person_may_not_be_sent_in_messages_comes_in_a_file(server: Server) -> None:
    words = " ".join(f"word{n}" for n in range(5000))

    async def long(request: Request, responder: Responder) -> None:
        await responder.send(Reply((d.paragraph(words),)))

    async with running(server, Core(long)):
        asked = await server.types("/paper search x", channel=server.dm("ada"), user_installed=True)
        await asked.until(contains="in the file")
        assert len(asked.messages) == 6
        assert [one["filename"] for one in asked.messages[-1]["attachments"]] == ["answer.md"]


async def test_a_stop_lets_answers_finish_and_a_kill_says_so(server: Server, papers: Channel) -> None:
    go = asyncio.Event()

    async def slow(request: Request, responder: Responder) -> None:
        await go.wait()
        await responder.send(Reply((d.paragraph("Finished"),)))

    core = Core(slow)
    for killed in (False, True):
        go.clear()
        core.asked.clear()
        bot = Discord(server.token, clock=Still(server), api_url=server.api_url, ack_after=5)
        task = asyncio.create_task(bot.run(core))
        await server.connected()
        asked = await server.types("/paper topic x", channel=papers, wait=False)
        await core.until(lambda: bool(core.asked))
        task.cancel()
        if killed:
            await server.happens(lambda: not server.gateway.live)
            task.cancel()
        else:
            go.set()
        await asyncio.gather(task, return_exceptions=True)
        await asked.until(contains=STOPPED if killed else "Finished")
        await bot.close()
        server.gateway.sessions.clear()


async def test_channels_come_and_go(server: Server, papers: Channel) -> None:
    core = Core()
    other = server.channel("other")

    async with running(server, core):
        await core.until(lambda: bool(core.told(papers) and core.told(other)))
        await server.denies(papers, "send_messages")
        await core.until(lambda: len(core.told(papers)) == 2)
        await server.allows(papers, "send_messages")
        await core.until(lambda: len(core.told(papers)) == 3)
        await server.deletes(other)
        await core.until(lambda: len(core.told(other)) == 2)
        await server.kicks()
        await core.until(lambda: len(core.told(papers)) == 4)
        first, lost, found, gone = core.told(papers)
        assert first == found == ""
        assert "Send Messages" in lost
        assert "removed from the server" in gone
        assert core.told(other) == ["", "The channel was deleted."]


async def test_the_gateway_may_fail_in_every_way(server: Server, papers: Channel) -> None:
    core = Core()
    async with running(server, core):
        await server.gateway.cut()
        await server.says("while away", channel=papers, mention=True)
        await server.happens(lambda: len(server.posts(papers)) == 1)
        assert server.gateway.resumes == 1
        await server.gateway.send_op(7)
        await server.happens(lambda: server.gateway.resumes == 2)
        await server.gateway.forget()
        await server.connected()
        await server.types("/paper topic x", channel=papers)
        await server.gateway.send_op(9, False)
        await server.happens(lambda: len(server.gateway.identifies) == 3)
        await server.types("/paper topic y", channel=papers)
        assert [one.text for one in core.asked] == ["while away", "topic x", "topic y"]


async def test_digests_need_no_gateway_and_it_comes_back(server: Server, papers: Channel) -> None:
    async with running(server, Core()) as bot:
        server.gateway.refusing = True
        await server.gateway.cut()
        await digest(bot, server, papers)
        assert len(server.posts(papers)) == 1
        server.gateway.refusing = False
        await server.connected(seconds=15)
        reply = await server.types("/paper topic x", channel=papers)
        assert reply.texts == ["You said: topic x"]


async def test_patience_begins_anew_after_a_session_that_stood(server: Server, papers: Channel) -> None:
    """Each time the gateway closes for good, the first try comes a second later, not ever more of them."""
    slept: list[float] = []

    class Patient(Still):
        async def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            await super().sleep(seconds)

    bot = Discord(server.token, clock=Patient(server), api_url=server.api_url, gateway_url=server.gateway_url)
    task = asyncio.create_task(bot.run(Core()))
    for starts in (1, 2, 3):
        await server.connected()
        await server.types("/paper topic x", channel=papers)
        await server.gateway.cut(4012)
        await server.happens(lambda starts=starts: len(server.gateway.identifies) > starts)  # type: ignore[misc]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bot.close()
    assert slept == [1.0, 1.0, 1.0]


async def test_a_bot_that_has_grown_takes_more_shards(server: Server) -> None:
    async with running(server, Core()):
        server.gateway.shards = 2
        await server.gateway.cut(4011)
        await server.connected(shards=2)
        assert [one["shard"] for one in server.gateway.identifies] == [[0, 1], [0, 2], [1, 2]]


async def test_shards_share_the_work() -> None:
    core = Core()
    async with Server(shards=2) as server:
        guilds = [server.guild, server.world.add_guild("Other")]
        channels = [server.channel(f"papers{n}", guild=guild) for n, guild in enumerate(guilds)]
        async with running(server, core, shards=2):
            assert [one["shard"] for one in server.gateway.identifies] == [[0, 2], [1, 2]]
            for channel in channels:
                await server.types("/paper topic x", channel=channel)
        assert [one.workspace for one in core.asked] == [str(guild) for guild in guilds]


async def test_it_waits_for_discord_to_come_up(server: Server, papers: Channel) -> None:
    server.fails("application", "unrecorded", status=503)
    server.fails("put_commands", "refused", status=400, code=50035)
    core = Core()
    async with running(server, core):
        await server.says("hello", channel=papers, mention=True)
        await core.until(lambda: bool(core.asked))
    async with running(server, core):
        await server.types("/paper topic x", channel=papers)
    assert server.rest.syncs == 1


async def test_a_token_that_is_reset_while_it_runs_ends_it_with_a_sentence(server: Server) -> None:
    bot = Discord(server.token, clock=Still(server), api_url=server.api_url)
    task = asyncio.create_task(bot.run(Core()))
    await server.connected()
    await server.gateway.cut(4004)
    with pytest.raises(PlatformError, match="copy it again"):
        await task
    await bot.close()


async def test_permissions_that_come_with_a_role(server: Server, papers: Channel) -> None:
    core = Core()
    async with running(server, core):
        await core.until(lambda: core.told(papers) == [""])
        for mute in (True, False):
            server.world.everyone ^= 1 << 11
            everyone = {**server.gateway.guild(server.guild)["roles"][0]}
            event = {"guild_id": str(server.guild), "role": everyone}
            await server.gateway.dispatch("GUILD_ROLE_UPDATE", event)
            await core.until(lambda mute=mute: bool(core.told(papers)[-1]) == mute)  # type: ignore[misc]


async def test_a_wrong_token_is_told_at_once(server: Server) -> None:
    bot = Discord("wrong", clock=Still(server), api_url=server.api_url)
    with pytest.raises(PlatformError, match="copy it again"):
        await bot.run(Core())
    found = await bot.check([])
    assert [(one.name, one.ok) for one in found] == [("discord token", False)]
    await bot.close()


async def test_the_doctor_looks_at_every_channel(server: Server, papers: Channel) -> None:
    muted, hidden = server.channel("muted"), server.channel("hidden")
    await server.denies(muted, "create_public_threads")
    await server.denies(hidden, "view_channel")
    bot = Discord(server.token, clock=Still(server), api_url=server.api_url)
    channels = [ChannelId(f"discord:{one}") for one in (papers.id, muted.id, hidden.id, 5)]
    found = await bot.check([*channels, ChannelId("slack:C1")])
    await bot.close()
    assert [one.ok for one in found] == [True, True, True, False, False, False]
    assert "Create Public Threads" in found[3].detail
    assert "View Channel" in found[4].detail
    assert "deleted" in found[5].detail


async def test_the_doctor_asks_for_no_more_than_a_kind_of_channel_needs(server: Server) -> None:
    """A forum's posts and an announcement's publication need Send Messages alone; threads inherit."""
    forum, news = server.forum("forum"), server.announcements("news")
    shelf = server.world.add_channel("shelf", kind=4, guild=server.guild)
    hall = server.channel("hall")
    thread = server.world.add_thread(hall, "a thread", owner=int(server.world.bot["id"]))
    await server.denies(forum, "create_public_threads", "manage_threads", "manage_messages")
    await server.denies(hall, "send_messages_in_threads")
    bot = Discord(server.token, clock=Still(server), api_url=server.api_url)
    asked = [ChannelId(f"discord:{one.id}") for one in (forum, news, shelf, thread)]
    found = (await bot.check(asked))[2:]
    await bot.close()
    assert [one.ok for one in found] == [True, True, False, False]
    assert "category" in found[2].detail
    assert "Send Messages in Threads" in found[3].detail


async def test_a_forum_is_not_given_up_for_what_it_does_not_need(server: Server) -> None:
    core, forum = Core(), server.forum("forum")
    async with running(server, core):
        await core.until(lambda: core.told(forum) == [""])
        await server.denies(forum, "create_public_threads")
        await server.denies(forum, "send_messages_in_threads")
        await core.until(lambda: any(core.told(forum)))
        (reason,) = set(filter(None, core.told(forum)))
        assert "give it Send Messages in Threads." in reason


async def test_a_forum_without_the_tag_that_it_demands_is_told_until_it_has_one(server: Server) -> None:
    core, forum = Core(), server.forum("forum", needs_tag=True)
    async with running(server, core):
        await core.until(lambda: core.told(forum) == [TAGLESS])
        forum.tags = server.forum("another", tags=("papers",)).tags
        await server.gateway.dispatch("CHANNEL_UPDATE", forum.json())
        await core.until(lambda: core.told(forum)[-1] == "")


async def test_what_was_asked_while_nobody_listened_is_answered_after_the_start(
    server: Server, papers: Channel
) -> None:
    first, core, other = Core(), Core(), server.channel("talk")
    home = server.dm("bob")

    async def lately(since: datetime) -> Sequence[ChannelId]:
        return [ChannelId(f"discord:{id}") for id in (home.id, papers.id, 404)]

    async with running(server, first) as bot:
        thread = await digest(bot, server, papers)
        await server.says("heard and answered", channel=thread)
        await first.until(lambda: len(first.sent) == 1)
    await server.says("too long ago", channel=thread)
    server.passes(1900)
    await server.says("is it fast?", channel=thread)
    await server.says("not for the bot", channel=other)
    await server.says("what of mirrors?", channel=other, mention=True)
    await server.says("and to me alone?", channel=home, user="bob")
    async with running(server, core, lately=lately):
        await core.until(lambda: len(core.sent) == 3)
        texts = [request.text for request in core.asked]
        assert sorted(texts) == ["and to me alone?", "is it fast?", "what of mirrors?"]
        assert all(request.late for request in core.asked)
        (answer,) = [one for one in server.posts(thread) if "is it fast?" in one.text]
        assert answer.json["message_reference"]["message_id"]
        requests = len(server.rest.calls)
        await server.gateway.forget()
        await server.connected()
        await server.says("once more", channel=thread)
        await core.until(lambda: len(core.sent) == 4)
    again = Core()
    await server.says("the last", channel=thread)
    async with running(server, again, lately=lately):
        await again.until(lambda: bool(again.sent))
    assert [request.text for request in again.asked] == ["the last"]
    assert len(core.asked) == 4
    assert len(server.rest.calls) - requests < 60


async def test_who_wrote_a_missed_command_may_what_they_may(server: Server, papers: Channel) -> None:
    core = Core()
    server.manager("eve")
    await server.says("unfollow x", channel=papers, mention=True, user="eve")
    await server.says("unfollow y", channel=papers, mention=True, user="ada")
    async with running(server, core):
        await core.until(lambda: len(core.sent) == 2)
    assert {request.text: request.is_admin for request in core.asked} == {
        "unfollow x": True,
        "unfollow y": False,
    }


async def test_places_that_cannot_be_looked_through_stop_nothing(server: Server, papers: Channel) -> None:
    core, shut = Core(), server.channel("shut")
    await server.says("lost", channel=shut, mention=True)
    await server.denies(shut, "read_message_history")
    await server.says("found", channel=papers, mention=True)
    server.passes(1)

    async def lately(since: datetime) -> Sequence[ChannelId]:
        raise StorageError("The disk is full.")

    async with running(server, core, lately=lately):
        await core.until(lambda: bool(core.sent))
    assert [request.text for request in core.asked] == ["found"]
