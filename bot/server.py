"""The small web server: is the program alive, is it ready, and how is it doing (Prometheus' text format)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot import meters
from bot.domain import FeedHealth, Spending
from bot.errors import ConfigError, StorageError
from bot.ports import Feeds, Ledger, Outbox, Papers, Runs

STATES = ("ok", "quiet", "stale", "failed")
Mount = Callable[[web.Application], None]


@dataclass(frozen=True, slots=True)
class Gauges:
    """Where the numbers come from."""

    papers: Papers
    feeds: Feeds
    ledger: Ledger
    runs: Runs
    outbox: Outbox
    now: Callable[[], datetime]
    connected: Callable[[], Mapping[str, bool]] = dict
    """The platforms that are listened to, and whether each is connected."""


@asynccontextmanager
async def serving(
    listen: tuple[str, int], gauges: Gauges, *, mounts: Sequence[Mount] = ()
) -> AsyncIterator[tuple[str, int]]:
    """Serve until the context ends; yields the address (port 0 asks for any). Raises ConfigError."""
    application = web.Application(client_max_size=2**20)
    application.router.add_get("/healthz", _alive)
    application.router.add_get("/readyz", _ready(gauges))
    application.router.add_get("/metrics", _metrics(gauges))
    for mount in mounts:
        mount(application)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, *listen).start()
    except OSError as error:
        await runner.cleanup()
        place = f"{listen[0]}:{listen[1]}"
        raise ConfigError(
            f"server.listen: {place} cannot be listened on ({error.strerror}); choose another."
        ) from None
    try:
        host, port = runner.addresses[0][:2]
        yield host, port
    finally:
        await runner.cleanup()


Answer = Callable[[web.Request], Awaitable[web.Response]]


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _ready(gauges: Gauges) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        storage = ""
        try:
            await gauges.outbox.depth()
        except StorageError as error:
            storage = str(error)
        up = gauges.connected()
        lines = [f"storage: {storage or 'ok'}"]
        lines += [f"{name}: {'connected' if is_up else 'not connected'}" for name, is_up in up.items()]
        ready = not storage and all(up.values())
        return web.Response(status=200 if ready else 503, text="\n".join(lines) + "\n")

    return answer


def _metrics(gauges: Gauges) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        try:
            text = "\n".join([line async for line in _lines(gauges)]) + "\n"
        except StorageError as error:
            return web.Response(status=503, text=f"{error}\n")
        return web.Response(text=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return answer


async def _lines(gauges: Gauges) -> AsyncIterator[str]:
    now = gauges.now()
    health = await gauges.feeds.health()
    spent = await gauges.ledger.spent(now.date())
    due = await gauges.runs.waiting_since()
    lag = max(0.0, (await gauges.runs.now() - due).total_seconds()) if due else 0.0
    for line in (
        *gauge("papers", "Papers in the library", await gauges.papers.count()),
        *gauge("outbox_depth", "Messages that are still to be sent", await gauges.outbox.depth()),
        *gauge(
            "outbox_dead",
            "Messages of the last days that a platform refused",
            len(await gauges.outbox.dead()),
        ),
        *gauge(
            "digest_lag_seconds", "For how long the open digest that waits longest has been due", round(lag)
        ),
        *_model(spent),
        *_feeds(health, now),
        *_counted(),
    ):
        yield line


def gauge(name: str, help_: str, value: float, labels: str = "") -> Iterator[str]:
    """One number with its explanation."""
    yield f"# HELP paperboy_{name} {help_}."
    yield f"# TYPE paperboy_{name} gauge"
    yield f"paperboy_{name}{labels} {value}"


def _model(spent: Spending) -> Iterator[str]:
    yield from gauge("model_calls_today", "Calls of the language model today", spent.calls)
    yield from gauge(
        "model_tokens_today", "Tokens read and written today", spent.tokens_in + spent.tokens_out
    )
    yield from gauge("model_usd_today", "Dollars spent on the language model today", round(spent.usd, 6))


def _feeds(health: Sequence[FeedHealth], now: datetime) -> Iterator[str]:
    yield "# HELP paperboy_feed_state The state of a source or a part of it: 1 for the one it is in."
    yield "# TYPE paperboy_feed_state gauge"
    for row in health:
        for state in STATES:
            labels = f'source="{label(row.source)}",state="{state}"'
            yield f"paperboy_feed_state{{{labels}}} {int(row.state == state)}"
    yield "# HELP paperboy_feed_age_seconds How long ago a source was last well."
    yield "# TYPE paperboy_feed_age_seconds gauge"
    for row in health:
        if row.good_at:
            age = max(0, round((now - row.good_at).total_seconds()))
            yield f'paperboy_feed_age_seconds{{source="{label(row.source)}"}} {age}'
    yield "# HELP paperboy_feed_entries What became of the entries of a source's last fetch."
    yield "# TYPE paperboy_feed_entries gauge"
    for row in health:
        if "/" not in row.source:  # a part's entries are counted with the whole
            for kind in ("seen", "new", "replaced", "rejected"):
                labels = f'source="{label(row.source)}",kind="{kind}"'
                yield f"paperboy_feed_entries{{{labels}}} {getattr(row, kind)}"


def _counted() -> Iterator[str]:
    for (name, tag), value in sorted(meters.counts().items()):
        yield f"# TYPE paperboy_{name}_total counter"
        yield f'paperboy_{name}_total{{platform="{label(tag)}"}} {value}'


def label(words: str) -> str:
    """A label's value, escaped as Prometheus wants it."""
    return words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
