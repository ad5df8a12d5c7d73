"""What the core needs of the world, as protocols. Implementations: ``bot.sources``, ``bot.llm``,
``adapters``, ``storage``; ``bot.app`` puts them together; ``tests/contracts`` runs one suite over each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from bot.doc import Choice, Doc
from bot.domain import (
    Answer,
    Brief,
    Change,
    Channel,
    ChannelId,
    CommandInfo,
    Counts,
    Decision,
    Digest,
    Edition,
    FeedHealth,
    Filters,
    Finding,
    Found,
    FullText,
    Harvest,
    ModelCall,
    Note,
    Paper,
    PaperId,
    Parcel,
    Place,
    Post,
    Question,
    Reply,
    Request,
    Run,
    RunState,
    Sighting,
    Spending,
    Summary,
    Thread,
    Topic,
    Turn,
    UserId,
    Vote,
    Window,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float32]
    Vectors: TypeAlias = NDArray[np.float32]


class Clock(Protocol):
    """Time, handed in so that tests and rehearsals can set it."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


# --- where papers come from -----------------------------------------------------------------------


class Source(Protocol):
    """A place that announces papers."""

    name: str

    async def fetch(self, memory: Mapping[str, str]) -> Harvest:
        """What is announced now; faults are told in the harvest, not raised."""
        ...


class Lookup(Protocol):
    """A place where one paper can be asked for."""

    async def find(self, ids: Sequence[PaperId]) -> Sequence[Paper]:
        """The papers among ``ids`` that it knows. Raises SourceError."""
        ...

    async def search(self, words: str, *, limit: int, since: date | None = None) -> Sequence[Paper]:
        """Papers for plain words, newest first. Raises SourceError."""
        ...


class Texts(Protocol):
    """Full texts, fetched politely and kept."""

    async def full_text(self, paper: Paper) -> FullText:
        """The paper's text; only the abstract, with a note, where no more can be had. Never raises for
        what a paper or host does."""
        ...


# --- the model ------------------------------------------------------------------------------------


class Summarizer(Protocol):
    """Turns a paper into a structured summary, every claim of which stands in the paper."""

    name: str
    prompt_version: str

    async def summarize(self, paper: Paper, text: FullText, *, language: str = "en") -> Summary:
        """The summary. Raises ModelError."""
        ...


Words: TypeAlias = Callable[[str], Awaitable[None]]
"""Takes the answer so far, while it is being written."""


class Answerer(Protocol):
    """Answers questions from passages of papers alone."""

    name: str

    async def answer(self, question: Question, *, words: Words | None = None) -> Answer:
        """The answer, its evidence checked against the passages. Raises ModelError."""
        ...


class Judge(Protocol):
    """Reads the papers around the line and says whether they belong to a topic."""

    name: str

    async def judge(self, topic: Topic, papers: Sequence[Paper]) -> Sequence[Decision | None]:
        """A decision a paper, None where it has none. Raises ModelError."""
        ...


class Matcher(Protocol):
    """Decides which papers belong to a topic."""

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        """One decision a paper."""
        ...


class Briefer(Protocol):
    """Writes a brief from the abstracts of papers on several topics, each sentence with its papers."""

    name: str

    async def brief(
        self,
        groups: Sequence[tuple[Topic, Sequence[Paper]]],
        *,
        language: str = "en",
        channel: ChannelId | None = None,
    ) -> Brief:
        """The brief; topics without papers give empty sections. Raises ModelError."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    name: str
    size: int

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), size), float32, rows of length 1 (or 0 for an empty text)."""
        ...

    async def close(self) -> None:
        """Close connections, where there are some."""
        ...


# --- platforms ------------------------------------------------------------------------------------


class Poster(Protocol):
    """Posts digests to one platform."""

    platform: str

    async def post(self, post: Post) -> str:
        """Post it and return the platform's id of the message (the first, where it must be split).

        Raises RateLimited and NotSent (nothing was posted), Uncertain (it may have been), Rejected (it
        never will be), ChannelGone.
        """
        ...

    async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
        """Remote id by key for those of ``posts`` (one channel, one parent) that already stand there,
        having been sent at or after ``since``. Raises like :meth:`post`."""
        ...

    async def home(self, person: UserId, *, workspace: str = "") -> ChannelId:
        """The channel of direct messages with a person, opened if it was not; nothing is shown there.

        Raises DeliveryError, whose sentence says what the person can do.
        """
        ...


class Download(Protocol):
    """Fetches a file that a platform keeps, bounded, as everything from outside is."""

    async def __call__(self, url: str, *, authorization: str = "", size: int) -> bytes:
        """At most ``size`` bytes. ``authorization`` is the header's value, for the host of ``url`` alone.
        Raises SourceError."""
        ...


class Responder(Protocol):
    """The way back to the person who asked, valid while their request is handled."""

    async def working(self, note: str) -> None:
        """Show that something is being done ("Reading the paper…"); may be called again."""
        ...

    async def draft(self, doc: Doc) -> None:
        """Show an answer while it grows; each call holds the whole text so far. Paced by the adapter."""
        ...

    async def send(self, reply: Reply) -> str | None:
        """Show the reply (in place of a draft, if there was one) and return the id under which replies to
        it will come (``Request.thread``); None where there can be none, as for private replies."""
        ...


class Handler(Protocol):
    """The core, as a listener sees it."""

    @property
    def commands(self) -> Sequence[CommandInfo]:
        """What can be typed, for platforms that list it."""
        ...

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answer the request. Never raises: faults become replies."""
        ...

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[Choice]:
        """At most 25 completions for an option of the command in ``request.text``, at once."""
        ...

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        """The platform says that the channel cannot be posted to any more."""
        ...

    async def channel_back(self, channel: ChannelId) -> None:
        """The platform says that the channel can be posted to again."""
        ...

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        """The platform says that the bot was removed from a workspace ("" = from all there are)."""
        ...

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        """What was stopped there for this reason may go on."""
        ...


class Listener(Protocol):
    """Hears what people do on one platform."""

    platform: str

    @property
    def connected(self) -> asyncio.Event:
        """Set once the platform has taken the token and can be heard."""
        ...

    async def run(self, handler: Handler) -> None:
        """Connect and hand every request to ``handler`` until cancelled; on cancellation finish what is
        under way within the grace that ``bot.app`` gives. Raises PlatformError when a token does not
        serve."""
        ...

    async def check(self, channels: Sequence[ChannelId]) -> Sequence[Finding]:
        """Token, scopes, and whether each of ``channels`` can be posted to."""
        ...


# --- storage --------------------------------------------------------------------------------------


class Papers(Protocol):
    """The library."""

    async def add(self, sightings: Sequence[Sighting], *, now: datetime) -> Counts:
        """Keep papers, folding each into the one already there; ``now`` is when they became news."""
        ...

    async def get(self, paper_id: PaperId) -> Paper | None:
        """One paper, also by an id that was folded into another."""
        ...

    async def many(self, ids: Sequence[PaperId]) -> list[Paper]:
        """The papers among ``ids`` that are there, in that order."""
        ...

    async def news(self, since: datetime, until: datetime) -> list[Paper]:
        """Papers that became news after ``since`` and not after ``until``: by the time they came as new
        or cross-listed, or by their announcement day if they were imported."""
        ...

    async def news_begin(self) -> date | None:
        """The first day (UTC) of which there is news; None while there is none."""
        ...

    async def dated(self, since: date, until: date | None = None) -> list[Paper]:
        """Papers announced (else published) on those days, newest first."""
        ...

    async def search(self, query: str, *, limit: int) -> list[Found]:
        """Papers for plain words by full text, best first; any characters are allowed."""
        ...

    async def begun(self, typed: str, *, limit: int) -> list[Paper]:
        """Papers for something that is still being typed: those whose id begins so, then those whose title
        and authors have words that begin so."""
        ...

    async def scored(
        self, query: str, *, limit: int, filters: Filters | None = None
    ) -> list[tuple[PaperId, float]]:
        """What :meth:`search` finds among the papers that pass, as ids and scores; without words those that
        pass, the latest first, with score 0."""
        ...

    async def occurrences(self, words: Collection[str], *, most: int) -> dict[str, int]:
        """In how many papers each word (or another form of it) occurs, counted up to ``most``."""
        ...

    def titles(self) -> AsyncIterator[Sequence[str]]:
        """The titles of all papers, some thousand at a time."""
        ...

    async def matching(self, phrase: str, *, limit: int, before: date | None = None) -> list[Paper]:
        """Papers with the stemmed words of ``phrase`` side by side in title or abstract, newest first."""
        ...

    async def versions(self, paper_id: PaperId) -> list[Edition]:
        """What is known of a paper's versions, oldest first, the present one last."""
        ...

    async def featured(self, since: date, *, limit: int) -> list[Paper]:
        """Papers that Hugging Face featured on or after a day, most upvotes first."""
        ...

    async def sample(self, count: int, *, seed: int = 0) -> list[Paper]:
        """A repeatable random sample of the library."""
        ...

    async def count(self) -> int:
        """How many papers there are."""
        ...


class Channels(Protocol):
    """What channels get, what they were shown, what people kept."""

    async def all(self) -> list[Channel]:
        """Every channel, by id."""
        ...

    async def get(self, channel: ChannelId) -> Channel | None:
        """One channel, None if nothing was ever set for it."""
        ...

    async def own(self, person: UserId) -> Channel | None:
        """The channel of a person's direct messages, None if nothing was ever set for it."""
        ...

    async def save(self, channel: Channel) -> None:
        """Keep the channel as given."""
        ...

    async def shown(self, channel: ChannelId, ids: Collection[PaperId]) -> set[PaperId]:
        """Those of ``ids`` that a digest has already brought to the channel (posted or on its way)."""
        ...

    async def where_shown(self, paper_id: PaperId) -> list[tuple[ChannelId, date]]:
        """The channels that a digest brought the paper to, and the digest's day."""
        ...

    async def vote(self, vote: Vote) -> None:
        """Keep a thumb; a later one replaces it."""
        ...

    async def votes(self, channel: ChannelId | None = None, *, since: datetime | None = None) -> list[Vote]:
        """Thumbs, oldest first."""
        ...

    async def keep(self, user: UserId, channel: ChannelId, paper_id: PaperId, now: datetime) -> bool:
        """Save a paper to the person's list; False if it was there."""
        ...

    async def kept(self, user: UserId) -> list[PaperId]:
        """The person's saved papers, latest first."""
        ...

    async def forget(self, user: UserId) -> int:
        """Delete everything kept about a person, with all that came to their direct messages; how many
        rows went."""
        ...


class Threads(Protocol):
    """Conversations that the bot began."""

    async def open(self, thread: Thread, *, now: datetime) -> None:
        """Remember a thread; opening it again replaces its papers."""
        ...

    async def get(self, channel: ChannelId, root: str) -> Thread | None:
        """The thread with its last turns, oldest first."""
        ...

    async def latest(self, channel: ChannelId) -> Thread | None:
        """The thread opened last in the channel."""
        ...

    async def say(self, channel: ChannelId, root: str, turn: Turn, *, now: datetime) -> None:
        """Add a turn."""
        ...

    async def about(self, paper_id: PaperId) -> list[Thread]:
        """The threads that are about this paper alone, latest first, without their turns."""
        ...

    async def lately(self, platform: str, since: datetime, *, limit: int) -> list[ChannelId]:
        """The platform's channels in which anybody talked with the bot since then, latest first."""
        ...

    async def first_time(self, channel: ChannelId, message: str, *, now: datetime) -> bool:
        """True the first time that a message id is asked about, so that a redelivery is not answered."""
        ...


class Drops(Protocol):
    """Papers that came as files. :class:`Papers` gives them by their id like any other; no list, search or
    digest ever holds them."""

    async def keep(self, paper: Paper, channel: ChannelId, user: UserId, *, now: datetime) -> None:
        """Keep a paper that somebody dropped into a channel."""
        ...

    async def where(self, paper_id: PaperId) -> ChannelId | None:
        """The channel that it was dropped into; None for a paper that is not there."""
        ...


class Decisions(Protocol):
    """What was decided for each paper and topic, posted or not."""

    async def save(self, decisions: Sequence[Decision], *, now: datetime) -> None:
        """Keep decisions; a later one for the same paper and topic replaces the earlier."""
        ...

    async def of(self, paper_id: PaperId) -> list[Decision]:
        """All decisions for a paper, by topic."""
        ...


class Readings(Protocol):
    """Full texts and summaries, so that nothing is fetched or paid for twice."""

    async def text(self, paper_id: PaperId, version: int) -> FullText | None:
        """The kept text of one version."""
        ...

    async def keep_text(self, text: FullText, *, now: datetime) -> None:
        """Keep a text."""
        ...

    async def summary(
        self, paper_id: PaperId, *, prompt_version: str, model: str, language: str
    ) -> Summary | None:
        """The kept summary of exactly this making."""
        ...

    async def keep_summary(self, summary: Summary, *, now: datetime) -> None:
        """Keep a summary."""
        ...


class Feeds(Protocol):
    """What is remembered of each source between fetches."""

    async def memory(self, source: str) -> dict[str, str]:
        """What the last harvest asked to be handed back."""
        ...

    async def remember(self, harvest: Harvest, counts: Counts, *, now: datetime) -> None:
        """Keep the harvest's memory and the health of the source and its parts."""
        ...

    async def told(self, source: str, told: bool) -> None:
        """Note whether the admins know that a source or part is broken."""
        ...

    async def drop(self, source: str) -> None:
        """Forget a source that is fetched no more, with its parts."""
        ...

    async def health(self) -> list[FeedHealth]:
        """Every source and part, by name."""
        ...


class Ledger(Protocol):
    """What was paid for: one row a call of a model. A day is a calendar day in UTC."""

    async def reserve(
        self, call: ModelCall, *, now: datetime, day_limit: float = 0.0, channel_limit: float = 0.0
    ) -> int:
        """Write the call down with its estimated price before it is made; the row's number.

        Sum, comparison and row are one transaction, so that two calls at once cannot both take the last
        money. Limits are dollars, 0 for none; a channel's counts only the calls of ``call.channel``. Raises
        BudgetSpent where the day's sum, estimates included, would pass a limit.
        """
        ...

    async def settle(self, number: int, call: ModelCall) -> None:
        """Replace the estimate by what the call took; all of ``call`` is written."""
        ...

    async def spent(self, day: date, *, channel: ChannelId | None = None) -> Spending:
        """What the calls of a day took, of one channel where it is given."""
        ...


class Runs(Protocol):
    """The ledger of digests: one row a channel and local date, held under a lease while it is worked on.

    All its times are those of the storage's clock, which is the same for every worker. Methods that take a
    held :class:`Run` raise LeaseLost when another worker has taken it over, and then change nothing.
    """

    async def now(self) -> datetime:
        """The time that all workers agree on."""
        ...

    async def plan(self, runs: Sequence[Run]) -> None:
        """Add those that are not there yet, as due."""
        ...

    async def claim(
        self, owner: str, *, platforms: Collection[str], lease: timedelta, limit: int
    ) -> list[Run]:
        """Take up to ``limit`` unfinished runs of the platforms that are due, whose next try has come and
        that nobody holds, the longest due first."""
        ...

    async def take(self, channel: ChannelId, day: date, owner: str, *, lease: timedelta) -> Run | None:
        """Take this run now, whatever its next try, also when it was skipped or failed (it is open again
        then); None when it is delivered or quiet, or somebody else holds it."""
        ...

    async def beat(self, runs: Sequence[Run], *, lease: timedelta) -> list[Run]:
        """Prolong the leases of held runs; those of them that are still held."""
        ...

    async def advance(self, run: Run, state: RunState, *, error: str = "") -> Run:
        """Go on to ``state``; one that ends the run gives up the lease too."""
        ...

    async def freeze(self, run: Run, digest: Digest, window: Window) -> Run:
        """Store the picks, for good, and go on to ``summarizing``."""
        ...

    async def put_back(self, run: Run, *, wait: timedelta, error: str, failed: bool = True) -> None:
        """Give the lease up until a next try; ``failed`` counts it as a failed attempt."""
        ...

    async def get(self, channel: ChannelId, day: date) -> Run | None:
        """One run."""
        ...

    async def digest(self, channel: ChannelId, day: date) -> Digest | None:
        """The frozen digest of a run, None before it is frozen."""
        ...

    async def cutoff(self, channel: ChannelId, before: date) -> datetime | None:
        """Where the window of the last delivered or quiet digest of a day before ``before`` ended."""
        ...

    async def ended(self, channel: ChannelId) -> Run | None:
        """The latest run that was delivered or quiet."""
        ...

    async def troubled(self) -> list[Run]:
        """Runs that failed or are on their second try or later, of the last fortnight, latest first."""
        ...

    async def waiting_since(self) -> datetime | None:
        """When the open digest that waits longest was due; None if none is due."""
        ...

    async def free(self) -> None:
        """Void every lease: for a process that has the storage to itself, when it starts."""
        ...

    async def turn(
        self, duty: str, *, every: timedelta, lease: timedelta
    ) -> Literal["mine", "others", "fresh"]:
        """Whose turn it is to do ``duty``, over all processes: fresh if it was done within ``every``;
        others if somebody began it within ``lease``; else the caller's, who must say :meth:`did` after."""
        ...

    async def did(self, duty: str) -> None:
        """Store that ``duty`` is done."""
        ...

    shared: bool
    """Whether other processes may work on the same ledger."""

    async def reserve(self, lane: str, apart: float, count: int) -> float:
        """Take ``count`` places, ``apart`` seconds from one another, in a lane that all processes share;
        how many seconds from now the first one is."""
        ...

    async def watch(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever another process says that there is work, until cancelled; returns at
        once where there are no other processes."""
        ...

    async def nudge(self) -> None:
        """Tell the other processes that there is work."""
        ...


class Outbox(Protocol):
    """Messages of digests on their way; methods that take a held run raise LeaseLost like Runs."""

    async def fill(self, run: Run, parcels: Sequence[Parcel]) -> Run:
        """Store all messages of a digest and go on to ``posting``, in one transaction."""
        ...

    async def of(self, channel: ChannelId, day: date) -> list[Parcel]:
        """The messages of a digest by ``seq``."""
        ...

    async def intend(self, run: Run, seq: int, *, lease: timedelta) -> None:
        """Store that the message is about to be sent (and when), and prolong the lease; committed when
        this returns."""
        ...

    async def settle(self, run: Run, seq: int, remote_id: str) -> None:
        """Store that the message stands on the platform under ``remote_id``, and open the thread in which
        questions about its papers may come."""
        ...

    async def reopen(self, run: Run, seq: int, *, error: str = "") -> None:
        """Store that the message was not posted and may be sent again."""
        ...

    async def bury(self, run: Run, seqs: Sequence[int], error: str) -> None:
        """Store that the messages will never be sent, and why."""
        ...

    async def withdraw(self, run: Run, reason: str) -> None:
        """Take back a digest of which nothing was ever sent, however far it is: its papers count as not
        shown, the run is skipped for ``reason``."""
        ...

    async def dead(self) -> list[Parcel]:
        """Messages that were refused for good, of the last fortnight, latest first."""
        ...

    async def depth(self) -> int:
        """How many messages wait to be sent."""
        ...


class Changes(Protocol):
    """What happened to papers, and where somebody should be told."""

    async def since(self, when: datetime) -> list[Change]:
        """What happened at or after a time, oldest first; papers by the id they are kept under now."""
        ...

    async def places(self, ids: Collection[PaperId]) -> list[Place]:
        """Where each of the papers was brought by a digest, shown in a thread of its own, discussed among
        others, or saved."""
        ...

    async def watched(self, since: datetime) -> list[PaperId]:
        """The papers that have such a place, saved ones always, others if it is not older than ``since``."""
        ...


class Notes(Protocol):
    """The outbox of notes: messages besides the digests."""

    async def add(self, note: Note, *, apart: timedelta = timedelta(0)) -> bool:
        """Keep a note to be sent; False if its key is there, or if there is a note for the same thread
        that was made less than ``apart`` before it."""
        ...

    async def since(self, when: datetime) -> list[Note]:
        """Notes made at or after a time, whatever became of them, oldest first."""
        ...

    async def waiting(self) -> list[Note]:
        """Notes that are pending or were being sent, oldest first."""
        ...

    async def intend(self, note: Note, *, now: datetime) -> Note | None:
        """Store that a pending note is about to be sent; None if somebody else has taken it."""
        ...

    async def settle(self, note: Note, remote_id: str) -> None:
        """Store that the note stands on the platform."""
        ...

    async def reopen(self, note: Note, error: str) -> None:
        """Store that this try posted nothing; nothing happens if there was another try since."""
        ...

    async def bury(self, note: Note, error: str) -> None:
        """Store that the note will never be sent, and why."""
        ...


class VectorIndex(Protocol):
    """Vectors of papers, by encoder."""

    async def put(self, encoder: str, ids: Sequence[PaperId], vectors: Vectors) -> None:
        """Keep one row of ``vectors`` (n, size) a paper, in place of an earlier one. Kept as float16."""
        ...

    async def get(self, encoder: str, ids: Sequence[PaperId]) -> dict[PaperId, Vector]:
        """The vectors of those of ``ids`` that have one, float32."""
        ...

    async def nearest(
        self,
        encoder: str,
        vector: Vector,
        *,
        limit: int,
        among: Collection[PaperId] | None = None,
        filters: Filters | None = None,
    ) -> list[tuple[PaperId, float]]:
        """The papers with the largest scalar product with ``vector`` (the cosine, for unit vectors), best
        first; of ``among`` alone, where given, or of those of the nearest thousand that pass the filters."""
        ...

    async def missing(self, encoder: str, *, limit: int) -> list[PaperId]:
        """Papers that lack a vector of this encoder, newest first."""
        ...

    async def count(self, encoder: str) -> int:
        """How many papers have a vector of this encoder."""
        ...

    async def drop_others(self, encoder: str) -> int:
        """Delete the vectors of all other encoders; how many went."""
        ...

    async def settle(self, encoder: str) -> None:
        """Make ready for fast search what was put; may take minutes."""
        ...


class Marks(Protocol):
    """Small facts that must outlive the process, by key."""

    async def get(self, key: str) -> str | None:
        """The value, None if there is none."""
        ...

    async def put(self, key: str, value: str) -> None:
        """Keep a value in place of an earlier one."""
        ...

    async def take(self, key: str) -> str | None:
        """The value, which is deleted: of several takers one gets it."""
        ...

    async def beginning(self, prefix: str) -> dict[str, str]:
        """All values whose key begins with ``prefix``."""
        ...
