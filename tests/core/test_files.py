"""PDFs dropped into a conversation, to the composed program in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.app import App, assembled
from bot.config import parse
from bot.doc import File, Form
from bot.domain import Attachment, ChannelId, Paper, PaperId, Request, Sighting, UserId
from bot.dropped import MOST_BYTES
from bot.errors import Unreachable
from bot.fulltext.pdf import read_pdf
from bot.render import plain
from bot.views.lists import lines as listed
from storage.tables import dropped
from tests.core.test_commands import NOW, SPLAT, Way
from tests.fakes.pdf import Mark, Text, lines, pdf
from tests.fakes.web import Answer, Site

LAB, OTHER = ChannelId("slack:C1"), ChannelId("slack:C2")
INTRODUCTION = (
    "Moss covers roofs in every town. We count moss on forty roofs and find that the north side carries "
    "three times the moss of the south side. The counting took nine days and two ladders. Rain was measured "
    "with a bucket. Every roof was visited twice by different people who did not know the first count. "
)
CITED = "The pruning follows earlier work, see arXiv:2508.00001, which we do not repeat here. "


def moss(title: str = "Counting moss on roofs", *more: Mark, stamp: str = "") -> bytes:
    """A paper of two pages with its title in large letters."""
    first: list[Mark] = [
        Text(title, 72, 740, 18, bold=True),
        Text("Ada Lovelace", 72, 715),
        Text("Abstract", 72, 690, 12, bold=True),
        *lines("We count moss. There is more of it in the north.", top=670),
        Text("1 Introduction", 72, 600, 12, bold=True),
        *lines(INTRODUCTION * 2, top=580),
        Text(stamp, 72, 40, 8),
        *more,
    ]
    second: list[Mark] = [
        Text("2 Results", 72, 740, 12, bold=True),
        *lines("The north side carries 312 grams of moss a square metre. " + INTRODUCTION * 2, top=700),
    ]
    return pdf([first, second])


def file(data: bytes, name: str = "moss.pdf", media: str = "application/pdf") -> Attachment:
    async def fetch(most: int) -> bytes:
        return data[: most + 1]

    return Attachment(name, fetch, media, len(data))


@pytest.fixture
async def app() -> AsyncIterator[App]:
    with Site() as site:
        for part in ("html", "pdf", "api"):
            site.on(f"/{part}/*", Answer(b"none", 404))
        arxiv = {name: f"{site.url}/{name.removesuffix('_url')}" for name in ("html_url", "pdf_url")}
        config = parse(
            {
                "storage": {"url": "sqlite:///:memory:"},
                "sources": {
                    "arxiv": arxiv | {"api_url": f"{site.url}/api/query", "min_interval": 0.0},
                    "lookup": {"enabled": False},
                },
            }
        )
        environ = {"PAPERBOY_NOW": NOW.isoformat()}
        async with assembled(config, environ=environ, connect=False) as app:
            await app.papers.add([Sighting(SPLAT, "new")], now=NOW)
            yield app


async def drop(
    app: App,
    *files: Attachment,
    text: str = "",
    thread: str | None = None,
    channel: ChannelId = LAB,
    direct: bool = False,
    mentioned: bool = True,
) -> Way:
    way = Way()
    request = Request(
        channel,
        UserId("slack:U1"),
        text,
        kind="reply",
        thread=thread,
        files=files,
        mentioned=mentioned,
        direct=direct,
    )
    await app.conversation.handle(request, way)
    return way


def root_of(way: Way) -> str:
    """Where replies to the last reply come."""
    return f"r{id(way)}-{len(way.replies)}"


async def type_(app: App, text: str, *, channel: ChannelId = LAB, user: str = "slack:U1") -> Way:
    way = Way()
    await app.conversation.handle(Request(channel, UserId(user), text), way)
    return way


async def test_a_manuscript_gets_a_card_and_questions_are_answered_with_pages(app: App) -> None:
    way = await drop(app, file(moss()))
    assert "Counting moss on roofs" in way.text
    assert "the full text" in way.text
    assert "Read from moss.pdf (2 pages). Its text is kept for this channel alone" in way.text
    assert not way.last.private
    asked = await drop(
        app, text="How many grams of moss does the north side carry?", thread=root_of(way), mentioned=False
    )
    assert "312 grams" in asked.text
    assert "page 2" in asked.text


async def test_a_question_beside_the_file_is_answered_at_once(app: App) -> None:
    way = await drop(app, file(moss()), text="How many grams of moss does the north side carry?", direct=True)
    assert len(way.replies) == 1
    assert "Counting moss on roofs" in way.text
    assert "312 grams" in way.text
    assert "page 2" in way.text
    thread = await app.stores.threads.get(LAB, root_of(way))
    assert thread is not None
    assert [turn.speaker for turn in thread.turns] == ["person", "bot"]


async def test_it_joins_the_papers_of_the_thread_and_is_the_one_meant(app: App) -> None:
    card = await type_(app, "show 2508.00001")
    await drop(app, file(moss()), thread=root_of(card), mentioned=False)
    thread = await app.stores.threads.get(LAB, root_of(card))
    assert thread is not None
    assert (thread.papers[0], thread.papers[1][:5], thread.kind) == (SPLAT.id, "file:", "file")
    asked = await drop(app, text="How many grams of moss?", thread=root_of(card), mentioned=False)
    assert "312 grams" in asked.text
    first = await drop(app, text="#1: does it halve the memory?", thread=root_of(card), mentioned=False)
    assert "halves the memory" in first.text


async def test_other_channels_never_see_it(app: App) -> None:
    await drop(app, file(moss()))
    (paper_id,) = await _ids(app)
    assert "Counting moss" in (await type_(app, f"show {paper_id}")).text
    assert "There is no file" in (await type_(app, f"show {paper_id}", channel=OTHER, user="slack:U2")).text
    for command in ("search counting moss on roofs", "topic moss", "trending"):
        for channel in (LAB, OTHER):
            assert "Counting moss" not in (await type_(app, command, channel=channel)).text
    again = await drop(app, file(moss()), channel=OTHER)
    assert "Counting moss" in again.text
    assert len(set(await _ids(app))) == 2


async def test_who_saved_it_keeps_it(app: App) -> None:
    await drop(app, file(moss()))
    (paper_id,) = await _ids(app)
    await type_(app, f"save {paper_id}")
    home = ChannelId("slack:D1")
    assert "Counting moss" in (await type_(app, "saved", channel=home)).text
    assert "Counting moss" in (await type_(app, f"show {paper_id}", channel=home)).text
    exported = (await type_(app, "export bibtex", channel=home)).last.doc[-1]
    assert isinstance(exported, File)
    assert "Counting moss on roofs" in exported.content


async def test_a_thumb_on_it_stays_in_its_channel(app: App) -> None:
    await drop(app, file(moss()))
    (paper_id,) = await _ids(app)
    for command in (f"more {paper_id}", "more 2508.00001"):
        request = Request(LAB, UserId("slack:U1"), command, workspace="T1")
        await app.conversation.handle(request, Way())
    for channel, workspace, splat, file_ in ((OTHER, "T1", True, False), (OTHER, "T2", False, False)):
        way = Way()
        await app.conversation.handle(
            Request(channel, UserId("slack:U9"), "trending", workspace=workspace), way
        )
        assert ("Splat-X" in way.text, "moss" in way.text) == (splat, file_)


async def test_a_known_paper_is_recognised_by_its_id_and_title(app: App) -> None:
    data = moss(SPLAT.title, stamp="arXiv:2508.00001v1 [cs.CV] 20 Aug 2025")
    way = await drop(app, file(data))
    assert "https://arxiv.org/abs/2508.00001" in str(way.last.doc)
    # arXiv cannot be asked for the text here, so the file's is used, for this channel
    assert "Read from moss.pdf" in way.text
    (paper_id,) = await _ids(app)
    paper = await app.papers.get(paper_id)
    assert paper is not None
    assert (paper.title, paper.authors, paper.url) == (SPLAT.title, SPLAT.authors, SPLAT.url)


async def test_a_known_paper_with_a_text_of_its_own_is_that_paper(app: App) -> None:
    text = await read_pdf(moss(), paper_id=SPLAT.id, version=1)
    await app.stores.readings.keep_text(text, now=NOW)
    data = moss(SPLAT.title, stamp="arXiv:2508.00001v1 [cs.CV] 20 Aug 2025")
    way = await drop(app, file(data, "copy.pdf"))
    assert "copy.pdf is this paper" in way.text
    assert await _ids(app) == []
    thread = await app.stores.threads.get(LAB, root_of(way))
    assert thread is not None
    assert thread.papers == (SPLAT.id,)


async def test_an_id_that_is_only_cited_does_not_make_it_that_paper(app: App) -> None:
    way = await drop(app, file(moss("Counting moss on roofs", *lines(CITED, top=100))))
    assert "Counting moss on roofs" in way.text
    assert "2508.00001" not in str(way.last.doc[0])


@pytest.mark.parametrize(
    ("data", "name", "media", "sentence"),
    [
        (pdf([[Text("Hello", 72, 700)]], encrypted=True), "a.pdf", "application/pdf", "is encrypted"),
        (pdf([[Text("Hello", 72, 700)]]), "a.pdf", "application/pdf", "hardly any text (a scan or pictures)"),
        (b"%PDF-1.4\n" + b"\x00\xff" * 500, "a.pdf", "application/pdf", "is damaged"),
        (b"<html>Sign in</html>", "a.pdf", "application/pdf", "is none inside"),
        (b"PK", "talk.pptx", "application/vnd.ms-powerpoint", "talk.pptx is no PDF"),
        (b"PK", "a.pdf.exe", "", "is no PDF"),
    ],
)
async def test_what_cannot_be_read_is_told_in_a_sentence(
    app: App, data: bytes, name: str, media: str, sentence: str
) -> None:
    way = await drop(app, file(data, name, media))
    assert sentence in way.text
    assert "abstract" not in way.text
    assert way.last.private
    assert len(way.replies) == 1


async def test_a_large_file_is_not_fetched(app: App) -> None:
    async def never(most: int) -> bytes:
        raise AssertionError

    large = Attachment("thesis.pdf", never, "application/pdf", MOST_BYTES + 1)
    assert "thesis.pdf is larger than 40 MB" in (await drop(app, large)).text
    liar = replace(file(b"%PDF-" + bytes(MOST_BYTES)), size=100)
    assert "is larger than 40 MB" in (await drop(app, liar)).text


async def test_a_file_without_a_title_is_called_by_its_name(app: App) -> None:
    """Large words of its text are none: a page from the middle, notes for a talk."""
    way = await drop(
        app, file(moss("which is why we count moss on roofs in every town"), "notes on moss.pdf")
    )
    first = way.text.partition("Abstract")[0].split("which is why")[0]
    assert first.startswith("notes on moss")


async def test_a_file_that_cannot_be_fetched_is_told(app: App) -> None:
    async def gone(most: int) -> bytes:
        raise Unreachable("files.slack.com does not answer; try later.")

    way = await drop(app, Attachment("a.pdf", gone, "application/pdf"), file(moss(), "b.pdf"))
    assert "files.slack.com does not answer; try later." in way.text
    assert "Counting moss on roofs" in way.text


async def test_a_picture_beside_a_question_is_told_and_the_question_answered(app: App) -> None:
    card = await type_(app, "show 2508.00001")
    picture = file(b"\x89PNG", "plot.png", "image/png")
    way = await drop(app, picture, text="Does it halve the memory?", thread=root_of(card), mentioned=False)
    assert "halves the memory" in way.text
    assert "plot.png is no PDF; of files I read PDFs only." in way.text


async def test_files_between_people_are_none_of_our_business(app: App) -> None:
    way = await drop(app, file(moss()), thread="9.9", mentioned=False)
    assert way.replies == []


async def test_of_many_files_the_first_three_are_read(app: App) -> None:
    files = [file(moss(f"Counting moss on roofs in year {n}"), f"{n}.pdf") for n in range(4)]
    way = await drop(app, *files)
    assert [f"in year {n}" in way.text for n in range(4)] == [True, True, True, False]
    assert "I read 3 files of a message" in way.text


async def _ids(app: App) -> list[PaperId]:
    """The papers of all threads that came as files."""
    async with app.stores.database.reading() as connection:
        return [PaperId(name) for name in await connection.scalars(select(dropped.c.id))]


def test_the_paper_of_a_file_has_no_address() -> None:
    paper = Paper(PaperId("file:0123456789abcdef"), "Counting moss", source="file")
    assert "http" not in plain.render((listed([(paper, "")]),))


async def point(app: App, *files: Attachment, text: str = "") -> Way:
    """Somebody chooses "Ask about this paper" on another person's message with files."""
    way = Way()
    request = Request(
        LAB, UserId("slack:U1"), text, kind="about", thread="r-theirs", files=files, foreign=True
    )
    await app.conversation.handle(request, way)
    return way


async def test_a_message_that_holds_only_a_pdf_can_be_asked_about(app: App) -> None:
    way = await point(app, file(moss()), text="our draft, comments welcome")
    assert "Counting moss on roofs" in way.text
    assert "our draft" not in way.text
    answer = await drop(app, text="How many grams of moss does the north side carry?", thread="r-theirs")
    assert "312 grams" in answer.text
    again = await point(app, replace(file(moss()), name="moss2.pdf"))
    assert isinstance(again.last.doc[0], Form)


async def test_a_named_paper_goes_before_the_pdf_beside_it(app: App) -> None:
    way = await point(app, file(moss()), text="extends 2508.00001")
    (form,) = way.last.doc
    assert isinstance(form, Form)
    assert form.command == "ask 2508.00001"


async def test_a_message_without_a_pdf_is_told_so(app: App) -> None:
    way = await point(app, file(b"PNG", "plot.png", "image/png"))
    assert "There is no paper in this message." in way.text
