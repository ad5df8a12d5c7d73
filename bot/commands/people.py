"""Commands about a person's own list: save, saved, export, forget."""

from __future__ import annotations

from bot import export as formats
from bot.commands import channels
from bot.commands.call import Call, misuse
from bot.commands.core import Core
from bot.commands.papers import say
from bot.doc import Button, Buttons, File, Paragraph, paragraph, text
from bot.domain import Reply, Vote
from bot.ports import Responder
from bot.views import lists
from bot.views import papers as views

LISTED = 20


async def save(core: Core, call: Call, way: Responder) -> None:
    """Keep a paper on the person's list."""
    paper = await core.paper(call.need("The paper's id"), call.request)
    new = await core.channels.keep(call.request.user, call.request.channel, paper.id, core.now())
    words = "Saved: " if new else "It was on your list already: "
    await way.send(Reply((Paragraph(text(words, views.title(paper), ".")),), private=True))


async def more(core: Core, call: Call, way: Responder) -> None:
    """A thumb up for a paper in this channel."""
    await _vote(core, call, way, liked=True)


async def less(core: Core, call: Call, way: Responder) -> None:
    """A thumb down for a paper in this channel."""
    await _vote(core, call, way, liked=False)


async def _vote(core: Core, call: Call, way: Responder, *, liked: bool) -> None:
    paper = await core.paper(call.need("The paper's id"), call.request)
    request = call.request
    await core.channels.vote(
        Vote(request.user, request.channel, paper.id, liked, core.now(), request.workspace)
    )
    words = "Noted: more like " if liked else "Noted: not for this channel: "
    await way.send(Reply((Paragraph(text(words, views.title(paper), ".")),), private=True))


RATED = "rated:"


async def rate(core: Core, call: Call, way: Responder) -> None:
    """Count whether answers help; nothing about the person is kept."""
    verdict = call.words.lower()
    if verdict not in ("good", "bad"):
        raise misuse(call.info, "Say good or bad.")
    before = await core.marks.get(RATED + verdict)
    await core.marks.put(RATED + verdict, str(int(before or 0) + 1))
    words = (
        "Thank you, noted."
        if verdict == "good"
        else ("Thank you, noted. Asking in the paper's own words often finds more.")
    )
    await way.send(Reply((paragraph(words),), private=True))


async def saved(core: Core, call: Call, way: Responder) -> None:
    """The person's list, latest first."""
    ids = await core.channels.kept(call.request.user)
    papers = await core.papers.many(ids[:LISTED])
    if not papers:
        example = f"{core.manners.command} save 2308.04079"
        await way.send(
            Reply((paragraph(f"Your list is empty. {example} puts a paper on it."),), private=True)
        )
        return
    more = f"{len(ids) - LISTED} more are on it; export gives them all." if len(ids) > LISTED else ""
    doc = (
        paragraph(f"Your list ({len(ids)}):"),
        lists.lines((paper, views.authors(paper.authors, 1)) for paper in papers),
        *((paragraph(more, small=True),) if more else ()),
        Buttons(
            (Button("BibTeX", "export bibtex"), Button("RIS", "export ris"), Button("CSV", "export csv"))
        ),
    )
    await say(core, call, way, doc, papers)


async def export(core: Core, call: Call, way: Responder) -> None:
    """The person's list as a file."""
    kind = call.words.lower() or "bibtex"
    if kind not in formats.FORMATS:
        raise misuse(call.info, f"“{kind[:40]}” is no format I know; there are bibtex, ris and csv.")
    papers = await core.papers.many(await core.channels.kept(call.request.user))
    if not papers:
        await way.send(
            Reply((paragraph("Your list is empty, so there is nothing to export."),), private=True)
        )
        return
    count = "1 paper" if len(papers) == 1 else f"{len(papers)} papers"
    suffix, write = formats.FORMATS[kind]
    doc = (paragraph(f"Your list, {count} as {kind}:"), File(f"saved.{suffix}", write(papers)))
    await way.send(Reply(doc, private=True))


async def forget(core: Core, call: Call, way: Responder) -> None:
    """Delete everything kept about the person, after one question."""
    if call.options.get("sure", "").lower() != "yes":
        doc = (
            paragraph(
                "This deletes your list, your topics and what you said in threads. It cannot be taken back."
            ),
            Buttons((Button("Delete it", "forget sure:yes", "danger"),)),
        )
        await way.send(Reply(doc, private=True))
        return
    await channels.adopt(core, call.request)
    gone = await core.channels.forget(call.request.user)
    await way.send(Reply((paragraph(f"Done: {gone} entries about you were deleted."),), private=True))
