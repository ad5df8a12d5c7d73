"""Files in a conversation: a PDF becomes a paper, its card is shown, the question beside it answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.commands import threads
from bot.commands.core import Core
from bot.commands.papers import to_keep
from bot.doc import Divider, Doc, paragraph
from bot.domain import Attachment, Paper, Reply, Request, Thread
from bot.dropped import MOST_FILES, Brought, is_pdf, shown
from bot.errors import Refused, SourceError
from bot.ports import Responder
from bot.views import answers
from bot.views import files as views


async def dropped(core: Core, request: Request, thread: Thread | None, way: Responder) -> None:
    """Read the PDFs of a message and answer what it asks; the thread is then about them too.

    Raises Refused, with a sentence a file, where none can be read.
    """
    files = [file for file in request.files if is_pdf(file)]
    if not files:
        await _no_pdf(core, request, thread, way)
        return
    await way.working("Reading the PDF…" if len(files) == 1 else "Reading the PDFs…")
    brought, faults = await _read(core, files, request)
    if not brought:
        raise Refused(" ".join(faults))
    doc = [block for one in brought for block in await _card(core, request, one)]
    doc += [paragraph(fault, small=True) for fault in faults]
    papers = [one.paper for one in brought]
    question = " ".join(request.text.split())
    answer = await threads.answered(core, request, papers, question, way) if question else None
    if answer:
        doc += [Divider(), *answers.answer(answer, papers)]
    roots = await _joined(core, request, thread, papers)
    if (sent := await way.send(Reply(tuple(doc)))) and sent not in roots:
        card = Thread(request.channel, sent, tuple(paper.id for paper in papers), kind="paper")
        await core.threads.open(card, now=core.now())
        roots.append(sent)
    if answer:
        for root in roots:
            await threads.remember(core, request, root, question, answer)


async def _no_pdf(core: Core, request: Request, thread: Thread | None, way: Responder) -> None:
    """A question is answered all the same where the thread has papers; the file is not passed over."""
    name = shown(request.files[0].name)
    sentence = f"{name} is no PDF; of files I read PDFs only."
    if thread is None or not request.text.strip():
        raise Refused(sentence)
    await threads.follow_up(core, request, thread, way, note=sentence)


async def _read(core: Core, files: Sequence[Attachment], request: Request) -> tuple[list[Brought], list[str]]:
    """What the files are, each paper once; and why some of them could not be read."""
    found: dict[str, Brought] = {}
    faults: list[str] = []
    for file in files[:MOST_FILES]:
        try:
            one = await core.files.read(file, request)
        except (Refused, SourceError) as error:
            faults.append(str(error))
        else:
            found.setdefault(one.paper.id, one)
    if len(files) > MOST_FILES:
        faults.append(f"I read {MOST_FILES} files of a message; send the others in another one.")
    return list(found.values()), faults


async def _card(core: Core, request: Request, one: Brought) -> Doc:
    channel = await core.channels.get(request.channel)
    language = channel.language if channel else "en"
    summary = await core.reader.read(one.paper, language=language)
    return views.card(one, summary, await core.reader.text(one.paper))


async def _joined(core: Core, request: Request, thread: Thread | None, papers: Sequence[Paper]) -> list[str]:
    """Add the papers to the thread that the file was dropped into, which keeps its others; before anything is
    shown, so that a question which comes at once finds them."""
    root = thread.root if thread else request.thread
    if root is None:
        return []
    ids = tuple(paper.id for paper in papers)
    before = tuple(name for name in thread.papers if name not in ids) if thread else ()
    opened = replace(
        thread or Thread(request.channel, root, ()), papers=(*before, *ids), turns=(), kind="file"
    )
    await core.threads.open(await to_keep(core, request, opened), now=core.now())
    return [root]
