"""Replies in threads: questions about the papers that the thread is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.commands.core import Core
from bot.doc import paragraph
from bot.domain import Answer, Outcome, Paper, Reply, Request, Thread, Turn
from bot.ports import Responder
from bot.text import content_stems, stems, words
from bot.views import answers

_NUMBER = re.compile(r"(?:^|\s)#?(\d{1,2})(?:st|nd|rd|th)?(?=\s|[.,:?]|$)")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
TURNS = 6

_COURTESY = frozenset(
    str.split(
        "thanks thank thx ty cheers danke merci gracias ok okay cool nice great awesome perfect wow haha lol "
        "grazie super helpful useful interesting hi hello hey hallo"
    )
)
_BESIDE = frozenset(
    str.split(
        "you very much so a lot this that thats s one the paper work bot paperboy again all is was for "
        "answer really there and schon"
    )
)


def courtesy(said: str) -> bool:
    """Whether somebody only says thanks, or shows a face: nothing in it asks for an answer."""
    spoken = words(said)
    return (
        "?" not in said
        and set(spoken) <= _COURTESY | _BESIDE
        and (not spoken or bool(_COURTESY & set(spoken)))
    )


async def follow_up(core: Core, request: Request, thread: Thread, way: Responder, *, note: str = "") -> None:
    """Answer a reply in a thread and remember both turns; ``note`` is said below the answer."""
    papers = await core.papers.many(thread.papers)
    if not papers:
        await way.send(Reply((paragraph("The papers of this thread are no longer in the library."),)))
        return
    said = " ".join(request.text.split())
    meant = focus(said, papers, last=thread.kind == "file")
    if len(meant) == len(papers) > 1:
        meant = before(said, papers, thread.turns) or meant
    question = said if len(papers) == 1 else without_reference(said)
    await way.working("Reading the paper…" if len(meant) == 1 else "Reading the papers…")
    answer = await answered(core, request, meant, question, way, turns=thread.turns[-TURNS:])
    told = (paragraph(note, small=True),) if note else ()
    about = (answers.about(meant[0]),) if len(meant) == 1 < len(papers) else ()
    await way.send(Reply((*about, *answers.answer(answer, meant), *told)))
    await remember(core, request, thread.root, said, answer)


async def answered(
    core: Core,
    request: Request,
    papers: Sequence[Paper],
    question: str,
    way: Responder,
    *,
    turns: Sequence[Turn] = (),
) -> Answer:
    """The answer to a question, shown while it grows."""
    channel = await core.channels.get(request.channel)

    async def grown(said: str) -> None:
        await way.draft((paragraph(said),))

    return await core.desk.ask(
        papers,
        question,
        turns=turns,
        language=channel.language if channel else "en",
        channel=request.channel,
        words=grown,
    )


async def remember(core: Core, request: Request, root: str, said: str, answer: Answer) -> None:
    """Keep what was asked and answered in a thread."""
    now = core.now()
    person = Turn("person", said, request.user_name, request.user)
    await core.threads.say(request.channel, root, person, now=now)
    await core.threads.say(request.channel, root, Turn("bot", _said(answer)), now=now)


def _said(answer: Answer) -> str:
    read = "abstract" if answer.basis == "abstract" else "paper"
    if answer.outcome == Outcome.NOT_IN_PAPER:
        return f"The {read} does not say."
    if answer.outcome == Outcome.NEAR:
        near = " … ".join(q.quote for q in answer.nearest)
        return f"The {read} does not say it in these words; near: {near}"
    return answer.text or " … ".join(item.quote for item in answer.evidence)


def focus(question: str, papers: Sequence[Paper], *, last: bool = False) -> list[Paper]:
    """The papers that a question in a thread of several names by number or by words of their titles; all of
    them when it names none, or the ``last`` alone."""
    if len(papers) == 1:
        return list(papers)
    numbered = [n for n in _numbers(question) if 1 <= n <= len(papers)]
    if numbered:
        return [papers[n - 1] for n in dict.fromkeys(numbered)]
    named = [paper for paper in papers if _names(question, paper)] or _described(question, papers)
    return named or list(papers[-1:] if last else papers)


_SAME = re.compile(
    r"^(?:and|also|but|what about|how about|and what about) (?:its?|the|how|why|what|which|does|is)\b|"
    r"\b(?:its?|this (?:paper|one)|that (?:paper|one)|the paper)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:these|those|they|them|all|both|each|any|others?|which (?:one|paper))\b", re.IGNORECASE
)


def before(question: str, papers: Sequence[Paper], turns: Sequence[Turn]) -> list[Paper]:
    """The one paper that the questions before were about, where this one leans on them ("and its code?")."""
    for said in [question, *(turn.text for turn in reversed(turns) if turn.speaker == "person")]:
        meant = focus(said, papers)
        if len(meant) == 1:
            return meant
        if len(meant) < len(papers) or not _SAME.search(said) or _SEVERAL.search(said):
            return []
    return []


_REFERENCE = re.compile(
    rf"\bthe (?:{'|'.join(_ORDINALS)})(?: one| paper)?\b|\b(?:{'|'.join(_ORDINALS)}) (?:one|paper)\b"
    r"|(?:#|\bpaper |\bnumber |\bno\. ?)\d{1,2}\b|^\d{1,2}[.):]\s*",
    re.IGNORECASE,
)


def without_reference(question: str) -> str:
    """The question without the words that only say which paper is meant ("the second one" becomes "it")."""
    return " ".join(_REFERENCE.sub("it ", question).split())


def _numbers(question: str) -> list[int]:
    lowered = question.lower()
    spoken = [
        n
        for n, word in enumerate(_ORDINALS, 1)
        if re.search(rf"\b(?:the {word}|{word} (?:one|paper))\b", lowered)
    ]
    marked = [int(m[1]) for m in re.finditer(r"(?:#|\bpaper |\bnumber |\bno\. ?)(\d{1,2})\b", lowered)]
    begun = [int(m[1]) for m in [re.match(r"(\d{1,2})[.):\s]", lowered)] if m]
    return spoken + marked + begun


_DESCRIBED = re.compile(
    r"\b(?:the|that) ((?:[\w-]+ ){1,4}?)(?:papers?|one|study|studies|preprint|article|survey|benchmark)\b",
    re.IGNORECASE,
)


def _described(question: str, papers: Sequence[Paper]) -> list[Paper]:
    """The papers whose titles have the words of "the splatting paper", else the only one whose abstract has
    them; none where none has them all."""
    wanted = {stem for match in _DESCRIBED.finditer(question) for stem in content_stems(match[1])}
    if not wanted:
        return []
    titled = [paper for paper in papers if wanted <= set(stems(paper.title))]
    if titled:
        return titled if len(titled) < len(papers) else []
    told = [paper for paper in papers if wanted <= set(stems(f"{paper.title} {paper.abstract}"))]
    return told if len(told) == 1 else []


def _names(question: str, paper: Paper) -> bool:
    head = paper.title.partition(":")[0]
    if (
        ":" in paper.title
        and len(head) <= 30
        and re.search(rf"\b{re.escape(head)}\b", question, re.IGNORECASE)
    ):
        return True
    asked, titled = set(stems(question)), set(stems(paper.title))
    shared = {stem for stem in asked & titled if len(stem) > 3}
    return len(shared) >= 3 and len(shared) >= len(titled) / 3
