"""Commands as platforms send them, to the composed program in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from bot.app import App, assembled
from bot.commands.call import parse as typed
from bot.commands.table import TABLE
from bot.commands.threads import courtesy
from bot.config import parse
from bot.doc import Button, Buttons, Doc, Form, Input, person
from bot.domain import (
    Channel,
    ChannelId,
    Paper,
    PaperId,
    Reply,
    Request,
    RequestKind,
    Sighting,
    Topic,
    UserId,
)
from bot.render import plain
from bot.sections import subscribe

CHANNEL = ChannelId("slack:C1")
NOW = datetime(2025, 8, 20, 9, tzinfo=UTC)
SPLAT = Paper(
    PaperId("arxiv:2508.00001"),
    "Splat-X: Pruned Gaussian splatting for phones",
    "Gaussian splatting draws scenes. We propose a rule that halves the memory. "
    "Mirrors remain hard for our method.",
    authors=("Ada Lovelace",),
    categories=("cs.CV",),
    announced=date(2025, 8, 20),
    source="arxiv",
    url="https://arxiv.org/abs/2508.00001",
)
SPEECH = replace(
    SPLAT,
    id=PaperId("arxiv:2508.00002"),
    title="Wind: speech recognition outdoors",
    abstract="Speech fails in wind. We propose a filter. The filter adds 3 ms a second of speech.",
    url="https://arxiv.org/abs/2508.00002",
)


class Way:
    """Keeps what is sent; every public reply gets an id, or that of the thread it goes to."""

    def __init__(self, thread: str | None = None) -> None:
        self.thread = thread
        self.replies: list[Reply] = []
        self.notes: list[str] = []

    async def working(self, note: str) -> None:
        self.notes.append(note)

    async def draft(self, doc: Doc) -> None:
        self.notes.append(plain.render(doc))

    async def send(self, reply: Reply) -> str | None:
        self.replies.append(reply)
        return None if reply.private else self.thread or f"r{id(self)}-{len(self.replies)}"

    @property
    def text(self) -> str:
        return " ".join(" ".join(plain.render(reply.doc, width=500) for reply in self.replies).split())

    @property
    def last(self) -> Reply:
        return self.replies[-1]


@pytest.fixture
async def app(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    config = parse(
        {
            "bot": {"admins": ["slack:UBOSS"]},
            "storage": {"url": "sqlite:///:memory:"},
            "sources": {
                "arxiv": {"html_url": "http://127.0.0.1:9/html", "pdf_url": "http://127.0.0.1:9/pdf"},
                "lookup": {"enabled": False},
            },
        }
    )
    async with assembled(config, environ={"PAPERBOY_NOW": NOW.isoformat()}, connect=False) as app:
        await app.papers.add([Sighting(SPLAT, "new"), Sighting(SPEECH, "new")], now=NOW)
        yield app


async def _ask(
    app: App,
    text: str,
    *,
    kind: RequestKind = "command",
    admin: bool = True,
    user: str = "slack:U1",
    thread: str | None = None,
    values: dict[str, str] | None = None,
    message: str = "",
    mentioned: bool = False,
    direct: bool = False,
    late: bool = False,
) -> Way:
    way = Way(thread)
    request = Request(
        CHANNEL,
        UserId(user),
        text,
        kind=kind,
        is_admin=admin,
        thread=thread,
        values=values or {},
        message=message,
        mentioned=mentioned,
        direct=direct,
        late=late,
    )
    await app.conversation.handle(request, way)
    return way


async def test_only_those_who_may_change_a_channel_do(app: App) -> None:
    refused = await _ask(app, "follow gaussian splatting", admin=False)
    assert "Only a workspace admin or one of Paperboy's admins (UBOSS) can change" in refused.text
    assert refused.last.private
    (named,) = [span for block in refused.last.doc for span in block.text if span.person]  # type: ignore[union-attr]
    assert named == person("slack:UBOSS")
    assert (
        "now follows" in (await _ask(app, "follow gaussian splatting", admin=False, user="slack:UBOSS")).text
    )
    assert "already follows" in (await _ask(app, "follow Gaussian Splatting")).text


async def test_who_may_not_change_a_channel_reads_its_settings_and_who_can(app: App) -> None:
    await _ask(app, "follow gaussian splatting")
    shown = await _ask(app, "settings", admin=False)
    assert "Only a workspace admin or one of Paperboy's admins (UBOSS) can change" in shown.text
    assert "gaussian splatting" in shown.text
    assert "On a day without papers" in shown.text
    assert shown.last.private
    assert not any(isinstance(block, Form) for block in shown.last.doc)
    sent = await _ask(app, "settings", admin=False, kind="form", values={"limit": "9"})
    assert not sent.last.error  # nothing that was entered is at fault: there is nothing to try again
    channel = await app.stores.channels.get(CHANNEL)
    assert channel is not None
    assert channel.limit == 5


async def test_an_unknown_view_of_a_paper_is_named(app: App) -> None:
    way = await _ask(app, "show 2508.00001 sideways")
    assert "“sideways” is no view of a paper; there are short, gist, full, evidence" in way.text
    assert "Splat-X" in (await _ask(app, "show Splat-X: Pruned Gaussian splatting for phones")).text


@pytest.mark.parametrize("command", ["topic medieval bread ovens", "backtest medieval bread ovens 3650d"])
async def test_what_comes_nowhere_near_a_topic_is_not_listed(app: App, command: str) -> None:
    way = await _ask(app, command)
    assert "Splat-X" not in way.text
    assert "Wind:" not in way.text


async def test_a_topic_without_recent_papers_shows_the_latest_before(app: App) -> None:
    old = replace(
        SPLAT,
        id=PaperId("arxiv:2502.00003"),
        title="Octree voxels for kitchens",
        abstract="Octree voxels draw kitchens.",
        announced=date(2025, 2, 3),
    )
    await app.papers.add([Sighting(old, "new")], now=NOW)
    way = await _ask(app, "topic octree voxels since:30d")
    assert "octree voxels: nothing in the last 30 days" in way.text
    assert "The latest before that" in way.text
    assert "Octree voxels for kitchens" in way.text
    assert "no paper" not in way.text


async def test_a_message_somebody_points_at(app: App) -> None:
    asked = await _ask(app, "look: https://arxiv.org/abs/2508.00001v2 nice", kind="about", admin=False)
    (form,) = asked.last.doc
    assert isinstance(form, Form)
    assert form.command == "ask 2508.00001"
    none = await _ask(app, "lunch at https://example.org/menu", kind="about")
    assert none.text.startswith("There is no paper in this message.")
    assert "Usage" not in none.text
    several = await _ask(app, "2508.00001 or 2508.00002", kind="about")
    assert [b.command for b in several.last.doc[1].items] == ["ask 2508.00001", "ask 2508.00002"]  # type: ignore[union-attr]
    way = await _ask(app, "show 2508.00002")
    below = await _ask(app, "nice one", kind="about", thread=f"r{id(way)}-1")
    (form,) = below.last.doc
    assert isinstance(form, Form)
    assert form.command == "ask 2508.00002"


async def test_a_mention_with_a_paper_and_a_question_is_answered(app: App) -> None:
    words = "what does https://arxiv.org/abs/2508.00001 do with memory?"
    asked = await _ask(app, words, kind="reply", mentioned=True)
    assert "“what does this paper do with memory?” — Splat-X" in asked.text
    other = await _ask(app, "2508.00002 how do they test it?", kind="reply", direct=True)
    assert "“how do they test it?”" in other.text
    again = await _ask(app, "and why so?", kind="reply", direct=True)
    assert "2508.00001" not in again.text


async def test_a_question_may_name_several_papers(app: App) -> None:
    asked = await _ask(app, "ask 2508.00001 and https://arxiv.org/abs/2508.00002, how do they test it?")
    assert asked.text.startswith("“how do they test it?” — Splat-X")
    assert "2508.00002" in asked.text.split("\n")[0]
    same = await _ask(app, "ask 2508.00001 2508.00001v1 how do they test it?")
    assert same.text.partition("”")[2].count("Splat-X: Pruned") == 1


async def test_a_follow_up_keeps_to_the_paper_of_the_question_before(app: App) -> None:
    way = await _ask(app, "compare 2508.00001 2508.00002")
    thread = f"r{id(way)}-1"
    assert (
        "Splat-X"
        in (await _ask(app, "the first one: how do they test it?", kind="reply", thread=thread)).text
    )
    again = await _ask(app, "and its limitations?", kind="reply", thread=thread)
    assert again.text.startswith("On Splat-X")
    whole = await _ask(app, "which of these need a camera?", kind="reply", thread=thread)
    assert not whole.text.startswith("On ")
    lost = await _ask(app, "and its limitations?", kind="reply", thread=thread)
    assert not lost.text.startswith("On ")


@pytest.mark.parametrize(
    ("said", "polite"),
    [
        ("thanks!", True),
        ("That's very interesting, thanks a lot!", True),
        ("👍", True),
        ("Danke schön", True),
        ("Hallo", True),
        ("why?", False),
        ("interesting, but how?", False),
        ("thanks, and which datasets?", False),
        ("is that good", False),
        ("no", False),
        ("great results on bees", False),
    ],
)
def test_thanks_and_greetings_are_no_questions(said: str, polite: bool) -> None:
    assert courtesy(said) is polite


async def test_what_was_asked_by_command_is_remembered_in_its_thread(app: App) -> None:
    way = await _ask(app, "ask 2508.00001 does it halve the memory of a scene?")
    thread = await app.stores.threads.get(CHANNEL, f"r{id(way)}-1")
    assert thread is not None
    assert [turn.speaker for turn in thread.turns] == ["person", "bot"]
    assert thread.turns[0].text == "does it halve the memory of a scene?"


@pytest.mark.parametrize("words", ["why not a neural field?", "show me the memory", "compare it with meshes"])
async def test_a_sentence_in_a_thread_is_no_command(app: App, words: str) -> None:
    await _ask(app, "show 2508.00001")
    found = await _ask(app, words, kind="reply", direct=True)
    assert "no arXiv id" not in found.text
    assert "can be compared" not in found.text


async def test_a_command_in_a_thread_stays_one(app: App) -> None:
    await _ask(app, "show 2508.00001")
    assert "Why" in (await _ask(app, "why 2508.00002", kind="reply", direct=True)).text


async def test_the_same_message_is_answered_once(app: App) -> None:
    assert (await _ask(app, "topics", message="m1")).replies
    assert not (await _ask(app, "topics", message="m1")).replies


async def test_a_question_over_which_the_process_died_is_answered_once_more(app: App) -> None:
    async def asked(message: str, *, late: bool) -> int:
        return len((await _ask(app, "topics", kind="reply", direct=True, message=message, late=late)).replies)

    await app.stores.threads.first_time(CHANNEL, "m1", now=NOW)  # heard, and then nothing
    assert [await asked("m1", late=late) for late in (False, True, True)] == [0, 1, 0]
    assert [await asked("m2", late=late) for late in (True, True)] == [1, 0]
    assert [await asked("m3", late=late) for late in (False, True)] == [1, 0]


async def test_settings_by_form(app: App) -> None:
    shown = await _ask(app, "settings")
    (form,) = shown.last.doc
    assert isinstance(form, Form)
    assert [field.name for field in form.fields if isinstance(field, Input) and not field.required] == [
        "topics",
        "not",
    ]
    values = {
        "topics": "gaussian splatting | 3DGS\nspeech not: wind",
        "not": "survey, benchmark",
        "at": "8:15",
        "timezone": "berlin",
        "days": "mon,fri",
        "limit": "3",
        "language": "de",
        "quiet": "silent",
        "watch": "no",
    }
    saved = await _ask(app, "settings", kind="form", values=values)
    assert "Saved." in saved.text
    assert "Summaries stay in English" in saved.text
    english = await _ask(app, "settings", kind="form", values={**values, "language": "en-GB"})
    assert "Summaries stay in English" not in english.text
    await _ask(app, "settings", kind="form", values=values)
    channel = await app.stores.channels.get(CHANNEL)
    assert channel == Channel(
        CHANNEL,
        (Topic(("gaussian splatting", "3DGS")), Topic(("speech",), ("wind",))),
        ("survey", "benchmark"),
        at=time(8, 15),
        timezone="Europe/Berlin",
        days=("mon", "fri"),
        limit=3,
        language="de",
        quiet="silent",
        watch=False,
    )
    assert "8:15 (Europe/Berlin)" in (await _ask(app, "schedule", kind="form", values={"days": "daily"})).text


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("at", "25:99", "is no time of day"),
        ("timezone", "Mars", "is no time zone"),
        ("days", "", "Name at least one day"),
        ("limit", "0", "is no number of papers"),
        ("limit", "²", "is no number of papers"),
        ("limit", "9" * 5000, "is no number of papers"),
        ("language", "Deutsch", "is no language code"),
        ("topics", "\n".join(f"topic {n}" for n in range(60)), "can follow 50 topics"),
    ],
)
async def test_a_form_s_fault_names_its_field(app: App, name: str, value: str, sentence: str) -> None:
    way = await _ask(app, "settings", kind="form", values={name: value})
    assert way.last.field == name
    assert way.last.error
    assert sentence in way.text
    assert await app.stores.channels.get(CHANNEL) is None


async def test_settings_by_words(app: App) -> None:
    assert "I say nothing" in (await _ask(app, "settings watch:no quiet:silent limit:3")).text
    channel = await app.stores.channels.get(CHANNEL)
    assert channel is not None
    assert (channel.watch, channel.quiet, channel.limit) == (False, "silent", 3)
    assert "“maybe” is neither yes nor no" in (await _ask(app, "settings watch:maybe")).text
    assert "Only a workspace admin" in (await _ask(app, "settings watch:yes", admin=False)).text
    kept = await app.stores.channels.get(CHANNEL)
    assert kept is not None
    assert not kept.watch


async def test_upvotes_trend_for_a_week_or_a_month_with_score_and_year(app: App) -> None:
    featured = (("2508.00007", "Featured lately", 13, 5), ("2507.00007", "Featured before that", 1, 50))
    for number, title, day, votes in featured:
        paper = replace(SPLAT, id=PaperId(f"arxiv:{number}"), title=title, upvotes=votes)
        await app.papers.add([Sighting(replace(paper, featured=date(2025, 8, day)), "featured")], now=NOW)
    week, month = [" ".join((await _ask(app, f"trending {span}")).text.split()) for span in ("week", "month")]
    assert "Featured lately" in week
    assert "score 5: 5 upvotes on Hugging Face" in week
    assert "before that" not in week
    assert month.index("Featured before that") < month.index("Featured lately")
    assert "2025" in week


async def test_thumbs_and_trending(app: App) -> None:
    assert "Nothing was noticed by many" in (await _ask(app, "trending")).text
    await _ask(app, "more 2508.00001")
    await _ask(app, "less 2508.00002")
    trending = (await _ask(app, "trending month")).text
    assert "Splat-X" in trending
    assert "score 10: 1 of us liked it" in " ".join(trending.split())
    assert "Wind" not in trending
    assert "neither week nor month" in (await _ask(app, "trending year")).text


async def test_trends_and_rating(app: App) -> None:
    assert "2025-08: 1" in (await _ask(app, "trends gaussian splatting")).text
    assert "has no papers on" in (await _ask(app, "trends dark matter")).text
    assert "Thank you" in (await _ask(app, "rate good")).text
    assert "Thank you" in (await _ask(app, "rate bad")).text
    assert "Say good or bad" in (await _ask(app, "rate so-so")).text
    assert "1 rated helpful, 1 not" in (await _ask(app, "status")).text


async def test_a_question_by_form_and_in_a_thread_without_an_id(app: App) -> None:
    asked = await _ask(app, "ask 2508.00001")
    (form,) = asked.last.doc
    assert isinstance(form, Form)
    answered = await _ask(app, form.command, kind="form", values={"question": "what remains hard?"})
    assert "Mirrors remain hard for our method." in answered.text
    shown = Way()
    await app.conversation.handle(Request(CHANNEL, UserId("slack:U1"), "show 2508.00001"), shown)
    root = f"r{id(shown)}-{len(shown.replies)}"
    in_thread = await _ask(app, "ask", thread=root)
    assert isinstance(in_thread.last.doc[0], Form)
    assert "id is missing" in (await _ask(app, "ask")).text


async def test_a_reply_in_a_thread_of_several_papers(app: App) -> None:
    listed = Way()
    await app.conversation.handle(
        Request(CHANNEL, UserId("slack:U1"), "brief gaussian splatting; speech"), listed
    )
    root = f"r{id(listed)}-{len(listed.replies)}"
    second = await _ask(app, "how much does the filter of the second one add?", kind="reply", thread=root)
    assert "The filter adds 3 ms a second of speech." in second.text
    named = await _ask(app, "what remains hard in Splat-X?", kind="reply", thread=root)
    assert "Mirrors remain hard for our method." in named.text
    assert "On Splat-X" in named.text
    described = await _ask(app, "what does the speech paper add?", kind="reply", thread=root)
    assert "On Wind: speech recognition outdoors" in described.text
    assert "3 ms" in described.text
    pressed = await _ask(app, "ask 2508.00001 what remains hard?", thread=root)
    assert "Mirrors remain hard" in pressed.text
    again = await _ask(app, "and the second one, what does it add?", kind="reply", thread=root)
    assert "On Wind" in again.text
    both = await _ask(app, "what do they propose?", kind="reply", thread=root)
    assert "We propose" in both.text
    stranger = await _ask(app, "what is this?", kind="reply", thread="somebody else's")
    assert not stranger.replies


async def test_words_to_the_bot_outside_of_its_threads(app: App) -> None:
    assert "Found for" in (await _ask(app, "pruned splatting", kind="reply", mentioned=True)).text
    assert (
        "Splat-X"
        in (await _ask(app, "see https://arxiv.org/abs/2508.00001 !", kind="reply", direct=True)).text
    )
    assert "What Paperboy can do" in (await _ask(app, "", kind="reply", mentioned=True)).text
    assert "follows nothing yet" in (await _ask(app, "topics", kind="reply", mentioned=True)).text
    assert not (await _ask(app, "just talking", kind="reply")).replies


async def test_links_and_a_person_s_page(app: App) -> None:
    card = await _ask(app, "https://arxiv.org/abs/2508.00001", kind="link")
    assert "In a sentence" in card.text
    assert not (await _ask(app, "https://example.org/cat.png", kind="link")).replies
    assert "It is empty" in (await _ask(app, "", kind="home")).text
    await _ask(app, "save 2508.00001")
    assert "Splat-X" in (await _ask(app, "", kind="home")).text
    assert "saved.ris" in (await _ask(app, "export ris")).text
    assert "no format I know" in (await _ask(app, "export docx")).text
    assert "saved.csv" in (await _ask(app, "export csv")).text


async def test_completions(app: App) -> None:
    ask = Request(CHANNEL, UserId("slack:U1"), "show")
    suggest = app.conversation.suggest
    assert [c.value for c in await suggest(ask, "command", "top")] == ["topic", "topics"]
    assert "Europe/Berlin" in [c.value for c in await suggest(ask, "zone", "berl")]
    assert [c.value for c in await suggest(ask, "id", "speech")] == ["arxiv:2508.00002"]
    assert await suggest(ask, "topic", "") == []
    await _ask(app, "follow gaussian splatting")
    assert [c.value for c in await suggest(ask, "topic", "gauss")] == ["gaussian splatting"]
    await _ask(app, "save 2508.00001")
    assert [c.value for c in await suggest(ask, "id", "")] == ["arxiv:2508.00001"]


async def test_a_channel_that_goes_and_comes_back(app: App) -> None:
    await _ask(app, "follow gaussian splatting")
    await app.conversation.channel_gone(CHANNEL, "the channel was archived")
    assert "the channel was archived" in (await _ask(app, "status")).text
    await app.conversation.channel_back(CHANNEL)
    channel = await app.stores.channels.get(CHANNEL)
    assert channel is not None
    assert channel.paused == ""
    await _ask(app, "digest pause")
    await app.conversation.channel_back(CHANNEL)
    paused = await app.stores.channels.get(CHANNEL)
    assert paused is not None
    assert paused.paused.startswith("paused by")


async def test_channels_of_a_file_stop_and_go_on_with_their_workspace(app: App) -> None:
    """As those do that were made by command; others stay as they are."""
    names = [ChannelId(f"slack:{name}") for name in ("T1/C1", "T1/C2", "T2/C1")]
    sections = [{"channel": name, "topics": ["gaussian splatting"]} for name in names]
    await subscribe(parse({"channels": sections}), app.stores)
    await _ask(app, "follow gaussian splatting")

    async def paused() -> list[ChannelId]:
        return sorted(channel.id for channel in await app.stores.channels.all() if channel.paused)

    await app.conversation.workspace_gone("slack", "T1", "the app was removed")
    assert await paused() == names[:2]
    await app.conversation.workspace_back("slack", "T1", "the app was removed")
    assert await paused() == []


async def test_following_and_unfollowing_by_number_or_part(app: App) -> None:
    await _ask(app, "follow gaussian splatting | 3DGS")
    await _ask(app, "follow speech recognition")
    assert "does not follow “cats”" in (await _ask(app, "unfollow cats")).text
    assert "does not follow “²”" in (await _ask(app, "unfollow ²")).text
    assert "no longer follows “speech recognition”" in (await _ask(app, "unfollow 2")).text
    assert "no longer follows “gaussian splatting | 3DGS”" in (await _ask(app, "unfollow 3DGS")).text
    unknown = await _ask(app, "follow quantum gravity in bananas")
    assert "have not followed it" in unknown.text
    anyway = [b for row in unknown.last.doc if isinstance(row, Buttons) for b in row.items][-1]
    assert isinstance(anyway, Button)
    assert "now follows “quantum gravity in bananas”" in (await _ask(app, anyway.command)).text


async def test_every_button_is_a_command_that_exists(app: App) -> None:
    way = await _ask(app, "show 2508.00001 full")
    for row in way.last.doc:
        for button in row.items if isinstance(row, Buttons) else ():
            pressed = await _ask(app, button.command)
            assert "There is no command" not in pressed.text, button.command
            assert "went wrong" not in pressed.text, button.command


async def test_a_digest_of_a_channel_that_follows_nothing(app: App) -> None:
    assert "follows nothing yet" in (await _ask(app, "digest now")).text
    assert "follows nothing yet" in (await _ask(app, "digest preview")).text
    assert "is not among now, preview, pause and resume" in (await _ask(app, "digest tomorrow")).text


async def test_why_looks_at_the_channel_s_own_words(app: App) -> None:
    await app.stores.channels.save(Channel(CHANNEL, (Topic(("gaussian splatting",)),), not_=("phones",)))
    assert "does not belong" in (await _ask(app, "why 2508.00001")).text
    assert "ruled out" in (await _ask(app, "why 2508.00001")).text


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("follow cats", False),
        ("unfollow cats", False),
        ("schedule", False),
        ("schedule 09:00", False),
        ("digest now", False),
        ("digest Pause", False),
        ("digest resume", False),
        ("digest preview", True),
        ("settings", True),
        ("settings limit:3", False),
        ("source add https://example.org/feed", False),
        ("source remove Nature", False),
        ("source list", True),
        ("topics", True),
        ("backtest gaussian splatting", True),
    ],
)
async def test_the_table_says_which_forms_are_for_those_who_may(app: App, line: str, allowed: bool) -> None:
    """Settings are read by all: the form is left out."""
    call = typed(Request(CHANNEL, UserId("slack:U1"), line), TABLE)
    assert call.reserved is not allowed
    refused = "Only " in (await _ask(app, line, admin=False)).text
    assert refused is not (allowed and line != "settings")


async def test_where_the_bot_cannot_post_nothing_can_be_set(app: App) -> None:
    for line in ("follow gaussian splatting", "settings", "digest preview", "schedule"):
        way = Way(None)
        request = Request(CHANNEL, UserId("slack:UBOSS"), line, is_admin=True, direct=True, away=True)
        await app.conversation.handle(request, way)
        assert "Invite me here, or use this in our direct messages" in way.text, line
    assert await app.stores.channels.get(CHANNEL) is None


async def test_nothing_is_promised_to_a_channel_that_follows_nothing(app: App) -> None:
    for line in ("schedule 07:30", "digest resume"):
        told = (await _ask(app, line)).text
        assert "No digest comes until this channel follows a topic; then it comes" in told, line
    assert "The digest comes" in (await _ask(app, "follow gaussian splatting")).text


async def test_help_says_for_whom_a_command_is(app: App) -> None:
    assert "Only for those who may change this channel." in (await _ask(app, "help follow")).text
    assert "now, pause and resume: only for those who may" in (await _ask(app, "help digest")).text
    assert "add and remove: only for admins." in (await _ask(app, "help source")).text
    assert "nly for" not in (await _ask(app, "help me follow")).text + (await _ask(app, "help topic")).text


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff\u2060", "\u202e\u00ad"])
async def test_what_nobody_sees_is_not_there(app: App, unseen: str) -> None:
    assert "What to look for is missing." in (await _ask(app, f"search {unseen}")).text
    assert "What I can do" in (await _ask(app, f"help {unseen}")).text
    found = (await _ask(app, f"search{unseen} gaus{unseen}sian splatting")).text
    assert "Found for “gaussian splatting”" in found
    wrong = (await _ask(app, "schedule", kind="form", values={"at": f"{unseen}25:99"})).text
    assert "“25:99” is no time of day" in wrong
    joined = "می\u200cخواهم"
    assert f"“{joined}”" in (await _ask(app, f"unfollow {joined}")).text


async def test_who_only_says_thanks_is_told_nothing_of_the_paper(app: App) -> None:
    """In a thread nobody asked anything; to the bot itself one stays polite."""
    shown = await _ask(app, "show 2508.00001")
    root = f"r{id(shown)}-1"
    for said in ("thanks!", "Thank you very much", "👍", "cool paper :)", "ok"):
        assert (await _ask(app, said, kind="reply", thread=root)).replies == [], said
        assert (await _ask(app, said, kind="reply", direct=True)).text.startswith("Gladly."), said
    for said in ("ok?", "nice, which data?", "is it any good", "the paper"):
        assert (await _ask(app, said, kind="reply", thread=root)).replies, said


async def test_one_paper_belongs(app: App) -> None:
    told = (await _ask(app, "backtest gaussian splatting 3650d")).text
    assert "One paper in all that belongs to it, out of 2 of these days." in told
