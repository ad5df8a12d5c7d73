"""The things Paperboy talks about: papers, topics, channels, digests, questions. Plain frozen values.

Times are aware and in UTC unless a name says ``local``; days are calendar days.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal, NewType, TypeAlias

from bot.doc import Doc

PaperId = NewType("PaperId", str)
"""Version-less: ``arxiv:2509.10432``, ``doi:10.1101/…`` (lower case), ``url:…`` where there is neither."""

ChannelId = NewType("ChannelId", str)
"""Platform and the platform's own id: ``slack:C0123``, ``discord:456``, ``terminal:main``."""

UserId = NewType("UserId", str)
"""Platform and the platform's own id: ``slack:U0123``."""


DROPPED = "file:"
"""How the id of a paper begins that came as a file: it is known in the channel it was dropped into alone."""


def is_private(paper_id: PaperId | str) -> bool:
    """Whether the paper came as a file and so belongs to one channel."""
    return paper_id.startswith(DROPPED)


def platform_of(channel: ChannelId | UserId) -> str:
    """The platform a channel or person belongs to, such as ``slack``."""
    return channel.partition(":")[0]


def native_id(channel: ChannelId | UserId) -> str:
    """A channel's or person's id as the platform itself writes it."""
    return channel.partition(":")[2]


def workspace_in(name: ChannelId | UserId) -> str:
    """The workspace that a name holds (``slack:T0456/C0123``); empty where it holds none."""
    return native_id(name).rpartition("/")[0]


# --- papers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper's metadata, readable (TeX already turned into text), one for all its sources and versions."""

    id: PaperId
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Primary category first."""
    published: date | None = None
    """When its first version appeared."""
    updated: date | None = None
    announced: date | None = None
    """The day a source listed it as new."""
    source: str = ""
    """The source that first brought it, such as ``arxiv``."""
    url: str = ""
    version: int = 1
    comment: str = ""
    journal: str = ""
    doi: str = ""
    """DOI of the journal version, lower case, without a prefix."""
    withdrawn: bool = False
    retracted: bool = False
    code: str = ""
    """Address of its code, where a source names it."""
    featured: date | None = None
    """The day Hugging Face Daily Papers showed it."""
    upvotes: int | None = None
    comments: int | None = None


SightingKind: TypeAlias = Literal["new", "cross", "replace", "replace-cross", "known", "featured"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A paper as a source showed it. ``new`` and ``cross`` may be news; ``known`` (look-ups, imports,
    back-fill of old days) and replacements never are; ``featured`` only adds its badge."""

    paper: Paper
    kind: SightingKind = "known"


@dataclass(frozen=True, slots=True)
class Unusable:
    """An entry or line that was left out, where it stood, and why, in a sentence."""

    where: str
    reason: str


Basis: TypeAlias = Literal["full text", "abstract"]
FeedState: TypeAlias = Literal["ok", "quiet", "stale", "failed"]


@dataclass(frozen=True, slots=True)
class Harvest:
    """What one fetch of a source brought.

    ``state``: ok; quiet (a day without announcements); stale (the batch of last time on a day that should
    have a new one); failed (``detail`` says why; what could be read is still in ``sightings``).
    ``parts`` gives the same per category. ``memory`` is handed back at the next fetch (etag, last batch).
    """

    source: str
    sightings: tuple[Sighting, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    state: FeedState = "ok"
    detail: str = ""
    parts: Mapping[str, FeedState] = field(default_factory=dict)
    memory: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How a source (or one category of it, ``arxiv/cs.CV``) has been doing."""

    source: str
    state: FeedState
    detail: str
    checked_at: datetime
    good_at: datetime | None
    """When it last was ok or quiet."""
    failing_since: datetime | None
    seen: int = 0
    new: int = 0
    replaced: int = 0
    rejected: int = 0
    told: bool = False
    """Whether the admins were told that it is broken."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a batch handed to the library: ``seen`` = new + replaced + known + rejected."""

    seen: int = 0
    new: int = 0
    replaced: int = 0
    known: int = 0
    rejected: int = 0


# --- topics and decisions -------------------------------------------------------------------------

_EXCLUSION = re.compile(r"\bnot:", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Topic:
    """What a channel follows: one or several phrases for the same thing, and words that rule a paper out.

    Its text form is ``gaussian splatting | 3DGS not: survey, benchmark``.
    """

    phrases: tuple[str, ...]
    excluded: tuple[str, ...] = ()

    @classmethod
    def parse(cls, words: str) -> Topic:
        """The topic written as ``words``; empty parts vanish, so ``phrases`` may be empty."""
        asked, *refused = _EXCLUSION.split(words)
        phrases = tuple(_tidy(part) for part in asked.split("|") if _tidy(part))
        excluded = tuple(_tidy(word) for part in refused for word in part.split(",") if _tidy(word))
        return cls(phrases, excluded)

    @property
    def name(self) -> str:
        """The phrases alone, as people name the topic."""
        return " | ".join(self.phrases)

    @property
    def key(self) -> str:
        """The same for two spellings that differ in case only."""
        return str(self).casefold()

    def __str__(self) -> str:
        return self.name + (f" not: {', '.join(self.excluded)}" if self.excluded else "")


def _tidy(words: str) -> str:
    return _SPACE.sub(" ", words).strip(" \t\n\"'“”‘’,;")


PHRASE_ONLY = "the library has too few papers on this topic to go by more than the phrase"
"""Part of a decision's reason where nothing was learned from the library; a list of papers says it once."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a paper belongs to a topic: a calibrated score from 0 to 1, the line it must reach, and a
    reason in words. ``method`` names the matcher and its version."""

    paper_id: PaperId
    topic: str
    score: float
    threshold: float
    matched: bool
    why: str
    method: str = ""

    @property
    def near(self) -> bool:
        """Whether the score comes near the line, so that the paper is worth a look: a quarter of the way."""
        return self.score >= self.threshold / 4


@dataclass(frozen=True, slots=True)
class Found:
    """A search result; ``snippet`` holds the words that show why, where there are some."""

    paper: Paper
    score: float
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; empty parts narrow nothing.

    ``since``: announced (else published, else updated) on or after that day; ``author``: a name, in either
    order, initials allowed; ``category``: ``cs.CV``, or ``cs`` for all of them; ``source``: ``arxiv``.
    """

    since: date | None = None
    author: str = ""
    category: str = ""
    source: str = ""

    def __bool__(self) -> bool:
        return bool(self.since or self.author or self.category or self.source)


@dataclass(frozen=True, slots=True)
class Searched:
    """The papers found, best first, and what was looked for where it is not what was typed."""

    found: tuple[Found, ...]
    instead: str = ""


@dataclass(frozen=True, slots=True)
class TopicFound:
    """The papers that belong to a topic, latest first; the best below the line; how many were looked at."""

    matched: tuple[tuple[Paper, Decision], ...]
    below: tuple[tuple[Paper, Decision], ...]
    looked_at: int


# --- channels -------------------------------------------------------------------------------------

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Channel:
    """What a channel gets, and when. ``not_`` rules papers out for all its topics."""

    id: ChannelId
    topics: tuple[Topic, ...] = ()
    not_: tuple[str, ...] = ()
    at: time = time(9, 0)
    timezone: str = "UTC"
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    limit: int = 5
    language: str = "en"
    quiet: Literal["say", "silent"] = "say"
    """On a day without a fitting paper: one line, or nothing."""
    watch: bool = True
    """Whether shown papers are watched for new versions."""
    paused: str = ""
    """Why nothing is posted at present ("paused by Ada", "the channel was archived"); empty = it is."""
    workspace: str = ""
    person: str = ""
    """Whose direct messages it is (a UserId); empty for a channel of several people."""


def is_english(language: str) -> bool:
    """Whether a language code means English ("en", "en-GB")."""
    return language.partition("-")[0] == "en"


PLATFORM_SAYS = "the platform says: "
"""How ``Channel.paused`` begins where a platform, not a person, stopped the digest: it may start it again."""


# --- reading --------------------------------------------------------------------------------------


class Part(enum.StrEnum):
    """The parts of a structured summary, in the order they are shown."""

    TASK = "task"
    MOTIVATION = "motivation"
    GAPS = "gaps"
    CORE_IDEA = "core_idea"
    PIPELINE = "pipeline"
    ARCHITECTURE = "architecture"
    RESOURCES = "resources"
    DATASETS = "datasets"
    BASELINES = "baselines"
    RESULTS = "results"
    ABLATIONS = "ablations"
    LIMITATIONS = "limitations"
    STRENGTHS = "strengths"
    WEAKNESSES = "weaknesses"
    FUTURE_WORK = "future_work"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that stand in a paper, and where. ``page`` counts from 1; None where the text has no pages."""

    paper_id: PaperId
    quote: str
    section: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of a summary (at most 240 characters) with the words that carry it (at most 300)."""

    part: Part
    text: str
    evidence: Evidence


Basis: TypeAlias = Basis


@dataclass(frozen=True, slots=True)
class Summary:
    """A structured summary: the gist in a sentence (at most 280 characters), and claims by part."""

    paper_id: PaperId
    gist: str
    claims: tuple[Claim, ...]
    model: str
    """``embedded`` or the model's name."""
    basis: Basis
    language: str = "en"
    made_at: datetime | None = None
    prompt_version: str = ""
    note: str = ""
    """What a reader must know, such as "the model did not answer; extracted from the text"."""


PassageKind: TypeAlias = Literal["abstract", "body", "caption", "table"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a paper and where it stands; ``number`` counts from 0 in reading order."""

    paper_id: PaperId
    number: int
    text: str
    section: str = ""
    page: int | None = None
    kind: PassageKind = "body"


@dataclass(frozen=True, slots=True)
class FullText:
    """A paper's readable text. ``basis`` "abstract" means that no more could be had; ``note`` says why.

    ``hidden`` holds text that a reader of the page would not see (white, tiny, zero-width): never given to
    a model, shown as a warning.
    """

    paper_id: PaperId
    version: int
    passages: tuple[Passage, ...]
    basis: Basis = "full text"
    origin: Literal["html", "pdf", "jats", "abstract"] = "abstract"
    pages: int | None = None
    note: str = ""
    hidden: tuple[str, ...] = ()
    extractor: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said in a thread."""

    speaker: Literal["person", "bot"]
    text: str
    name: str = ""
    user: str = ""
    """Who said it (a UserId), so that it can be forgotten; empty for the bot."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about papers, with the passages found for it, best first, and what was said before."""

    text: str
    papers: tuple[Paper, ...]
    passages: tuple[Passage, ...]
    turns: tuple[Turn, ...] = ()
    language: str = "en"
    channel: ChannelId | None = None
    """Where it was asked: whose budget a paid answer is charged to."""


class Outcome(enum.StrEnum):
    """What came of a question."""

    ANSWERED = "answered"
    NEAR = "near"
    """The paper does not say it in the question's words, but has places that may be meant."""
    NOT_IN_PAPER = "not in paper"
    UNSURE = "unsure"
    OFF_TOPIC = "off topic"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and the words that carry it; without evidence ``nearest`` holds what came closest.

    ``text`` is empty where the answer consists of its quotes alone (the embedded model). ``basis`` "abstract"
    means that no more than that was read of any paper, so that silence is the abstract's alone.
    """

    outcome: Outcome
    text: str
    evidence: tuple[Evidence, ...] = ()
    nearest: tuple[Evidence, ...] = ()
    model: str = ""
    note: str = ""
    basis: Basis = "full text"


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence on several papers with the words of theirs that carry it; never without evidence."""

    text: str
    evidence: tuple[Evidence, ...]

    @property
    def papers(self) -> tuple[PaperId, ...]:
        """The papers that carry it, each once."""
        return tuple(dict.fromkeys(item.paper_id for item in self.evidence))


@dataclass(frozen=True, slots=True)
class BriefSection:
    """What is new in one topic; ``papers`` are those that were read for it."""

    topic: str
    statements: tuple[Statement, ...]
    papers: tuple[PaperId, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """A literature brief over one or more topics. ``shared`` statements rest on two papers at least."""

    sections: tuple[BriefSection, ...]
    shared: tuple[Statement, ...] = ()
    open_questions: tuple[Statement, ...] = ()
    model: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of a model that may cost money. ``tokens_in`` includes ``tokens_cached`` (read from the
    server's prompt cache); ``usd`` is an estimate until the call is settled."""

    model: str
    purpose: str
    """What it was for: ``summary``, ``answer``, ``judge``, ``brief``, ``embed``."""
    paper_id: PaperId | None = None
    channel: ChannelId | None = None
    """None where the result serves all channels, as a summary does."""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    usd: float = 0.0
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Spending:
    """What the calls of a day took together, estimates of unfinished ones included."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    usd: float = 0.0


ThreadKind: TypeAlias = Literal["digest", "paper", "answer", "list", "file", "guest"]
"""``file``: the last of its papers was dropped into it, and is meant where a question names no other.
``guest``: other people began it, so that the bot answers in it only when it is mentioned."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that the bot began: ``root`` is the platform's id of its first message."""

    channel: ChannelId
    root: str
    papers: tuple[PaperId, ...]
    turns: tuple[Turn, ...] = ()
    kind: ThreadKind = "answer"


# --- digests --------------------------------------------------------------------------------------

RunState: TypeAlias = Literal[
    "due", "collecting", "summarizing", "posting", "delivered", "quiet", "skipped", "failed"
]


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper of a digest, in its frozen order (``rank`` from 1), with the reason."""

    paper_id: PaperId
    rank: int
    score: float
    topic: str
    why: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A channel's papers of a day. ``considered`` counts the new papers looked at; ``notes`` holds
    sentences such as "cs.AI's feed is stale since Tuesday"; ``nearest`` the best below the line."""

    channel: ChannelId
    day: date
    picks: tuple[Pick, ...]
    considered: int
    nearest: tuple[Decision, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The time from which news is taken: after ``since`` and not after ``until``."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """The work of bringing one channel one day's digest; there is never more than one.

    ``owner`` and ``epoch`` are the lease under which it is held: every step is stored under them, so that
    a worker that was overtaken can store nothing. ``attempts`` counts failed tries in a row.
    """

    channel: ChannelId
    day: date
    due: datetime
    state: RunState = "due"
    attempts: int = 0
    next_try: datetime | None = None
    owner: str = ""
    epoch: int = 0
    error: str = ""
    """Why the last try failed, or why it ended without a digest."""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ("delivered", "quiet", "skipped", "failed")


ParcelState: TypeAlias = Literal["pending", "sending", "sent", "dead"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message of a digest in the outbox. ``seq`` 0 is the post at top level; ``parent`` is the ``seq``
    of the message whose thread it belongs to; ``papers`` are those it shows.

    pending -> sending (stored before the platform is asked) -> sent; a parcel found in ``sending`` is
    looked for on the platform before it may be sent again; ``dead`` was refused for good.
    """

    channel: ChannelId
    day: date
    seq: int
    key: str
    doc: Doc
    parent: int | None = None
    title: str = ""
    alt: str = ""
    tags: tuple[str, ...] = ()
    papers: tuple[PaperId, ...] = ()
    state: ParcelState = "pending"
    tried_at: datetime | None = None
    attempts: int = 0
    remote_id: str | None = None
    error: str = ""


# --- conversation ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message. ``fetch`` gives its bytes, at most so many as it is told, and raises
    SourceError with a sentence; ``media`` and ``size`` (bytes) are what the platform says of it."""

    name: str
    fetch: Callable[[int], Awaitable[bytes]]
    media: str = ""
    size: int | None = None


RequestKind: TypeAlias = Literal["command", "reply", "form", "link", "home", "about"]


@dataclass(frozen=True, slots=True)
class Request:
    """Something a person did: typed a command, pressed a button, wrote in a thread, sent a form.

    ``text`` has no leading command name ("topic gaussian splatting"). ``kind`` "link" carries a pasted
    address, "home" asks for the page a platform shows to one person, "about" carries the words and addresses
    of a message whose paper somebody wants to ask about (``thread`` is the one below it). ``message`` is the
    platform's id of the message, the same for a redelivery. ``mentioned`` and ``direct`` (a message to the
    bot alone) say whether a reply was meant for the bot; one in a thread that the bot began always is.
    """

    channel: ChannelId
    user: UserId
    text: str
    kind: RequestKind = "command"
    user_name: str = ""
    thread: str | None = None
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    mentioned: bool = False
    direct: bool = False
    files: tuple[Attachment, ...] = ()
    is_admin: bool = False
    """Whether the platform lets this person manage the channel or workspace."""
    workspace: str = ""
    locale: str = ""
    foreign: bool = False
    """Whether other people began the thread it stands in."""
    within: ChannelId | None = None
    """The thread it stands in, where a thread is a channel as well: one that has a digest of its own."""
    away: bool = False
    """Asked where the bot may answer but not post: one person brought it along, nobody invited it."""
    late: bool = False
    """Found in the history, seemingly unanswered: perhaps never heard, perhaps the process died over it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A document to show. ``private``: only the asker sees it, where the platform can."""

    doc: Doc
    private: bool = False
    alt: str = ""
    """One plain line for notifications and screen readers; made from ``doc`` when empty."""
    error: bool = False
    """The person's input was at fault: a form keeps what was entered and shows this."""
    field: str = ""
    """The name of the form's field at fault."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message of a digest on its way: ``key`` is the same for every try of the same message.

    ``parent`` is the remote id of the message whose thread it belongs to. ``title`` names the thread
    where a platform wants a name; ``tags`` are topics, for forums. ``replies`` counts the messages that
    will follow under this one: where each of them becomes a post of its own (forums), a parent of some is
    left out, and the id returned for it is no message.
    """

    channel: ChannelId
    doc: Doc
    key: str
    parent: str | None = None
    title: str = ""
    alt: str = ""
    tags: tuple[str, ...] = ()
    workspace: str = ""
    replies: int = 0
    card: str = ""
    """For what is said of a single paper of a digest: the remote id of the paper's own message. Where papers
    are posts of their own, it goes there and not under ``parent``."""
    direct: bool = False
    """``channel`` is a person: this is a direct message."""


@dataclass(frozen=True, slots=True)
class Option:
    """One argument of a command. ``lead`` is the word written before it in the text form ("not:");
    ``suggest`` says that the program can complete it."""

    name: str
    summary: str
    required: bool = False
    lead: str = ""
    suggest: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """A command as platforms list it. ``private``: its answer is the asker's alone; ``form``: it opens a
    form when called without arguments; ``slow``: it may take longer than a second; ``pressed``: its button
    stands wherever it is of use, so that lists leave it out.

    ``admin`` says what it changes: what a channel gets, or the bot for everybody; ``reserved`` names the
    forms that do, by their first word or option, where others of it are for everybody.
    """

    name: str
    summary: str
    usage: str
    example: str
    options: tuple[Option, ...] = ()
    private: bool = False
    form: bool = False
    slow: bool = False
    admin: Literal["", "channel", "bot"] = ""
    reserved: tuple[str, ...] = ()
    pressed: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report; ``detail`` says what to do where ``ok`` is False."""

    name: str
    ok: bool
    detail: str


# --- bookkeeping ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vote:
    """A person's thumb on a paper in a channel."""

    user: UserId
    channel: ChannelId
    paper_id: PaperId
    liked: bool
    voted_at: datetime
    workspace: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a paper, as it read."""

    paper_id: PaperId
    version: int
    title: str
    abstract: str
    updated: date | None = None


ChangeKind: TypeAlias = Literal["replaced", "withdrawn", "retracted", "published"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a paper after it was first kept; ``before`` is the version that stood
    there; ``number`` counts all changes."""

    number: int
    paper_id: PaperId
    kind: ChangeKind
    before: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper was shown or discussed: under ``root``, on ``card`` where a digest showed it; or, with
    ``person``, who saved it there."""

    paper_id: PaperId
    channel: ChannelId
    since: datetime
    root: str | None = None
    card: str = ""
    person: UserId | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A short message besides the digests, in the outbox of notes until it is sent. See :class:`Post` for
    ``parent``, ``card`` and ``direct``, :class:`Parcel` for ``state``. ``changes`` are those it tells."""

    key: str
    channel: ChannelId
    doc: Doc
    made_at: datetime
    parent: str | None = None
    card: str = ""
    direct: bool = False
    alt: str = ""
    changes: tuple[int, ...] = ()
    state: ParcelState = "pending"
    tried_at: datetime | None = None
    attempts: int = 0
