"""Commands about papers: topic, search, show, ask, similar, compare, why, trends."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot import identity
from bot.commands import threads
from bot.commands.call import Call, days, misuse
from bot.commands.core import Core
from bot.digest import wanted
from bot.doc import Bullets, Doc, Form, Input, heading, paragraph, text
from bot.domain import (
    Channel,
    Decision,
    Filters,
    Paper,
    PaperId,
    Reply,
    Request,
    Thread,
    ThreadKind,
    Topic,
    Vote,
    is_private,
)
from bot.errors import UsageError
from bot.ports import Responder
from bot.views import answers, lists
from bot.views import papers as views

SHOWN = 8
BELOW = 3
WINDOW_DAYS = 30
MONTHS = 12
TOGETHER = 5
"""Papers that one question may be about, or that are compared."""
_BETWEEN = frozenset({"and", "or", "vs", "vs.", "versus", "with", "&", ","})
AT_HAND = 0.3
"""Seconds that a form waits for the title of its paper."""


def topic_of(call: Call) -> Topic:
    """The topic in a call's words and its "not:". Raises UsageError."""
    words = call.need("The topic")
    excluded = call.options.get("not", "")
    topic = Topic.parse(f"{words} not: {excluded}" if excluded else words)
    if not topic.phrases:
        raise misuse(call.info, "The topic is missing.")
    from bot.match import require_words  # with numpy, which a start does without

    require_words(topic)
    if len(topic.phrases) > 10 or any(len(phrase) > 120 for phrase in topic.phrases):
        raise UsageError("A topic has at most 10 phrases of 120 characters; shorter ones find more.")
    return topic


async def topic(core: Core, call: Call, way: Responder) -> None:
    """The latest papers that belong to a topic; without a span of time it looks back until it finds some."""
    wanted = topic_of(call)
    asked = call.options.get("since")
    span = days(asked) if asked else WINDOW_DAYS
    await way.working("Looking through the papers…")
    since = core.now().date() - timedelta(days=span)
    found = await core.finder.topic(wanted, since=since)
    window = f"in the last {span} days"
    if not asked and not found.matched:
        found = await core.finder.topic(wanted, since=None)
        window = "in the library"
    if not found.matched:
        reached = await core.library.reach(wanted, since=since if asked else None)
        found = await core.finder.topic(wanted, since=None, among=reached) if reached else found
    before = (await core.finder.topic(wanted, since=None)).matched if asked and not found.matched else ()
    await core.decisions.save([decision for _, decision in found.matched], now=core.now())
    shown, earlier = found.matched[:SHOWN], before[:BELOW]
    doc = lists.topic_results(
        str(wanted), shown, found.below[:BELOW], window=window, looked_at=found.looked_at, earlier=earlier
    )
    await say(core, call, way, doc, [paper for paper, _ in shown or earlier])


async def search(core: Core, call: Call, way: Responder) -> None:
    """Search the library; an id or a link is shown as the paper it names."""
    filters = _filters(core, call)
    query = call.words
    if not query and not filters:
        raise misuse(call.info, "What to look for is missing.")
    searched = await core.finder.search(query, limit=SHOWN, filters=filters)
    doc = lists.search_results(
        query or "these filters", searched.found, count=await core.papers.count(), instead=searched.instead
    )
    await say(core, call, way, doc, [item.paper for item in searched.found])


def _filters(core: Core, call: Call) -> Filters:
    since = call.options.get("since")
    return Filters(
        since=core.now().date() - timedelta(days=days(since)) if since else None,
        author=call.options.get("author", ""),
        category=call.options.get("cat", ""),
        source=call.options.get("source", ""),
    )


_PARTS = ("short", "gist", "full", "evidence", "abstract", "regenerate")


async def show(core: Core, call: Call, way: Responder) -> None:
    """A paper's card, or the part of it that the last word names."""
    words = call.need("The paper's id")
    head, _, last = words.rpartition(" ")
    part, reference = (last.lower(), head) if head and last.lower() in _PARTS else ("short", words)
    if reference == words and head and identity.parse(head) and not identity.parse(words):
        raise misuse(call.info, f"“{last[:40]}” is no view of a paper; there are {', '.join(_PARTS)}.")
    paper = await core.paper(reference, call.request)
    if part == "abstract":
        await say(core, call, way, views.abstract(paper), [paper])
        return
    await way.working("Reading the paper…")
    language = await language_of(core, call)
    if part == "gist":
        summary = await core.reader.read(paper, language=language)
        await say(core, call, way, views.gist(paper, summary), [paper])
        return
    text_ = await core.reader.text(paper)
    summary = await core.reader.read(paper, language=language, fresh=part == "regenerate")
    pages = {"evidence": views.evidence, "full": views.full_summary, "regenerate": views.full_summary}
    body = pages[part](paper, summary) if part in pages else views.card(paper, summary)
    await say(core, call, way, (*body, *views.hidden_warning(text_)), [paper])


async def ask(core: Core, call: Call, way: Responder) -> None:
    """Answer a question about a paper, or about a few; without a question, ask for it. In a thread about one
    paper the id may be left out."""
    reference, question = call.first()
    others, question = _further(question)
    question = question or call.request.values.get("question", "").strip()
    if not question:
        await way.send(Reply((await _question_form(core, call, reference),), private=True))
        return
    paper = None if reference else await _of_thread(core, call)
    if paper is None:
        call.need("The paper's id")
        paper = await core.paper(reference, call.request)
    found = [paper, *[await core.paper(other, call.request) for other in others]]
    papers = list({one.id: one for one in found}.values())
    if len(papers) > TOGETHER:
        raise misuse(call.info, f"A question can be about up to {TOGETHER} papers.")
    await way.working("Reading the paper…" if len(papers) == 1 else "Reading the papers…")

    async def words(said: str) -> None:
        await way.draft((paragraph(said),))

    answer = await core.desk.ask(
        papers, question, language=await language_of(core, call), channel=call.request.channel, words=words
    )
    doc = answers.answer(answer, papers)
    if call.request.kind != "reply":
        doc = (answers.asked(question, papers), *doc)
    root = await say(core, call, way, doc, papers, kind="answer")
    if root:
        await threads.remember(core, call.request, root, question, answer)


def _further(words: str) -> tuple[list[str], str]:
    """Ids and links that follow the first one, and the question behind them."""
    found: list[str] = []
    while words:
        head, _, rest = words.partition(" ")
        named = head.strip(",;")
        if identity.parse(named):
            found.append(named)
        elif not (head.lower() in _BETWEEN and identity.parse(rest.partition(" ")[0].strip(",;"))):
            break
        words = rest.strip()
    return found, words


async def _of_thread(core: Core, call: Call) -> Paper | None:
    """The one paper that the thread is about, in which the command was given."""
    if not call.request.thread:
        return None
    thread = await core.threads.get(call.request.channel, call.request.thread)
    return await core.papers.get(thread.papers[0]) if thread and len(thread.papers) == 1 else None


async def _question_form(core: Core, call: Call, reference: str) -> Form:
    """The form that asks for the question. A form must open within a second or two of being asked for, so
    that a paper which is not at hand is looked up when the question comes."""
    known = core.library.named(reference)
    if known:
        paper = await _at_hand(core, known)
    else:
        paper = None if reference else await _of_thread(core, call)
        paper = paper or await core.paper(call.need("The paper's id"), call.request)
        known = paper.id
    number = views.short_id(paper.id if paper else known)
    hint = paper.title if paper else number
    return Form(
        "Ask about this paper",
        f"ask {number}",
        (Input("question", "Your question", hint=hint[:100], lines=3, required=True),),
        submit="Ask",
        typed=f"/paper ask {number} your question",
    )


async def _at_hand(core: Core, paper_id: PaperId) -> Paper | None:
    """The paper if the library gives it at once."""
    try:
        async with asyncio.timeout(AT_HAND):
            return await core.papers.get(paper_id)
    except TimeoutError:
        return None


async def similar(core: Core, call: Call, way: Responder) -> None:
    """Papers like one paper."""
    paper = await core.paper(call.need("The paper's id"), call.request)
    found = await core.finder.similar(paper, limit=SHOWN)
    await say(core, call, way, lists.similar(paper, found), [item.paper for item in found] or [paper])


async def compare(core: Core, call: Call, way: Responder) -> None:
    """Two to five papers side by side."""
    references = call.need("Two ids").split()
    if not 2 <= len(references) <= TOGETHER:
        raise misuse(call.info, "Two to five papers can be compared.")
    papers = [await core.paper(reference, call.request) for reference in references]
    if len({paper.id for paper in papers}) < len(papers):
        raise misuse(call.info, "These must be different papers.")
    await way.working("Reading the papers…")
    language = await language_of(core, call)
    summaries = [await core.reader.read(paper, language=language) for paper in papers]
    await say(core, call, way, answers.comparison(papers, summaries), papers, kind="answer")


async def brief(core: Core, call: Call, way: Responder) -> None:
    """What is new in each topic, what they share, what is open; every sentence with its papers."""
    words, span = trailing_span(call.need("A topic"), call.options.get("since"))
    number = days(span or f"{WINDOW_DAYS}d")
    topics = [Topic.parse(part) for part in words.replace("[", " ").replace("]", " ").split(";")]
    await way.working("Reading the papers…")
    since = core.now().date() - timedelta(days=number)
    written, read = await core.briefs.write(
        [topic for topic in topics if topic.phrases],
        since=since,
        language=await language_of(core, call),
        channel=call.request.channel,
    )
    await say(core, call, way, answers.brief(written, read, number), list(read.values()))


def trailing_span(words: str, given: str | None) -> tuple[str, str | None]:
    """Words and a span of time such as "30d" that may stand behind them."""
    head, _, last = words.rpartition(" ")
    bare = last.strip("[]")
    if given is None and head and re.fullmatch(r"\d+[dwmy]", bare):
        return head, bare
    return words, given


async def why(core: Core, call: Call, way: Responder) -> None:
    """Why a paper is, or is not, in this channel: every decision, made now where none was kept."""
    paper = await core.paper(call.need("The paper's id"), call.request)
    channel = await core.channels.get(call.request.channel) or Channel(call.request.channel)
    rows = await _decisions(core, channel, paper)
    shown = await core.digests.shown_on(channel.id, paper.id)
    doc = lists.decisions(paper, rows, shown)
    await way.send(Reply(doc, private=call.info.private))


async def _decisions(core: Core, channel: Channel, paper: Paper) -> list[tuple[Decision, bool]]:
    kept = {decision.topic: decision for decision in await core.decisions.of(paper.id)}
    rows = []
    for followed in wanted(channel):
        decision = kept.pop(str(followed), None)
        rows.append((decision or (await core.finder.decide(followed, [paper]))[0], True))
    return rows


async def trending(core: Core, call: Call, way: Responder) -> None:
    """What many people noticed: Hugging Face's upvotes and this group's own thumbs and lists."""
    word = call.words.lower() or "week"
    if word not in ("week", "month"):
        raise misuse(call.info, f"“{word[:40]}” is neither week nor month.")
    span = 7 if word == "week" else 30
    since = core.now() - timedelta(days=span)
    scores: Counter[PaperId] = Counter()
    noted: dict[PaperId, list[str]] = {}
    for paper in await core.papers.featured(since.date(), limit=50):
        if paper.upvotes:
            scores[paper.id] += paper.upvotes
            noted.setdefault(paper.id, []).append(f"{paper.upvotes} upvotes on Hugging Face")
    thumbs = [vote for vote in await core.channels.votes(since=since) if vote.liked]
    liked = Counter(vote.paper_id for vote in thumbs if _ours(vote, call.request))
    for paper_id, count in liked.items():
        scores[paper_id] += 10 * count
        noted.setdefault(paper_id, []).append(f"{count} of us liked it")
    best = await core.papers.many([paper_id for paper_id, _ in scores.most_common(SHOWN)])
    rows = [(paper, f"score {scores[paper.id]}: {', '.join(noted[paper.id])}") for paper in best]
    await say(core, call, way, lists.trending(rows, since.date(), core.now().date()), best)


def _ours(vote: Vote, request: Request) -> bool:
    """Whether a thumb was given in the channel or workspace that asks; one on a file stays in its channel."""
    if vote.channel == request.channel:
        return True
    return bool(request.workspace) and vote.workspace == request.workspace and not is_private(vote.paper_id)


async def trends(core: Core, call: Call, way: Responder) -> None:
    """How many papers a topic has had, month by month."""
    wanted = topic_of(call)
    await way.working("Counting…")
    since = (core.now().date() - timedelta(days=30 * MONTHS)).replace(day=1)
    found = await core.finder.topic(wanted, since=since)
    months: Counter[str] = Counter()
    for paper, _ in found.matched:
        when = paper.announced or paper.published
        if when:
            months[f"{when:%Y-%m}"] += 1
    await way.send(Reply(_trend(wanted, months)))


def _trend(wanted: Topic, months: Counter[str]) -> Doc:
    if not months:
        return (paragraph(f"The library has no papers on {wanted.name} from the last {MONTHS} months."),)
    top = max(months.values())
    rows = [
        text(f"{month}: {count} {'▇' * max(1, round(20 * count / top))}")
        for month, count in sorted(months.items())
    ]
    return (heading(f"{wanted.name}: papers a month"), Bullets(tuple(rows)))


async def language_of(core: Core, call: Call) -> str:
    """The language the channel reads."""
    channel = await core.channels.get(call.request.channel)
    return channel.language if channel else "en"


async def say(
    core: Core,
    call: Call,
    way: Responder,
    doc: Doc,
    papers: Sequence[Paper],
    *,
    kind: ThreadKind = "list",
) -> str | None:
    """Send an answer and remember what a reply to it is about; where it stands, if it can be replied to."""
    root = await way.send(Reply(doc, private=call.info.private))
    if root and papers:
        ids = tuple(paper.id for paper in papers)
        sort: ThreadKind = "paper" if len(ids) == 1 and kind == "list" else kind
        opened = Thread(call.request.channel, root, ids, kind=sort)
        await core.threads.open(await to_keep(core, call.request, opened), now=core.now())
        return root
    return None


async def to_keep(core: Core, request: Request, opened: Thread) -> Thread:
    """The thread to remember: one about several papers stays so when one of them is talked about, so that
    "the first one" goes on to mean the same; where other people began it, the bot is a guest."""
    before = await core.threads.get(opened.channel, opened.root)
    if before and set(opened.papers) < set(before.papers):
        return replace(before, turns=())
    guest = before.kind == "guest" if before else request.foreign and opened.root == request.thread
    return replace(opened, kind="guest") if guest and not request.direct else opened
