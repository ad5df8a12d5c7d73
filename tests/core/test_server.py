"""The program's web server: alive, ready, and its numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot import meters
from bot.domain import ChannelId, Counts, Harvest, Run
from bot.errors import ConfigError
from bot.server import Gauges, label, serving
from storage.stores import Stores, opened

NOW = datetime(2025, 8, 20, 12, tzinfo=UTC)


@pytest.fixture
async def stores() -> AsyncIterator[Stores]:
    async with opened("sqlite:///:memory:") as stores:
        yield stores


@pytest.fixture
async def site(stores: Stores) -> AsyncIterator[str]:
    gauges = Gauges(stores.papers, stores.feeds, stores.ledger, stores.runs, stores.outbox, lambda: NOW)
    async with serving(("127.0.0.1", 0), gauges) as (host, port):
        yield f"http://{host}:{port}"


async def test_alive_and_ready(site: str) -> None:
    async with httpx.AsyncClient() as web:
        assert (await web.get(f"{site}/healthz")).text == "ok\n"
        assert (await web.get(f"{site}/readyz")).status_code == 200


async def test_a_database_that_is_gone_is_not_ready(site: str, stores: Stores) -> None:
    await stores.database.close()
    async with httpx.AsyncClient() as web:
        assert (await web.get(f"{site}/healthz")).status_code == 200
        assert (await web.get(f"{site}/readyz")).status_code == 503


async def test_ready_means_that_every_platform_is_connected(stores: Stores) -> None:
    up = {"discord": True, "slack": False}
    gauges = Gauges(
        stores.papers, stores.feeds, stores.ledger, stores.runs, stores.outbox, lambda: NOW, lambda: up
    )
    async with serving(("127.0.0.1", 0), gauges) as (host, port), httpx.AsyncClient() as web:
        answer = await web.get(f"http://{host}:{port}/readyz")
        assert answer.status_code == 503
        assert answer.text == "storage: ok\ndiscord: connected\nslack: not connected\n"
        up["slack"] = True
        assert (await web.get(f"http://{host}:{port}/readyz")).status_code == 200


async def test_the_numbers(site: str, stores: Stores) -> None:
    await stores.feeds.remember(Harvest("arxiv", state="failed", detail="x"), Counts(7, 4, 2, 0, 1), now=NOW)
    meters.count("sent", "testing", 3)
    async with httpx.AsyncClient() as web:
        text = (await web.get(f"{site}/metrics")).text
    assert "paperboy_papers 0\n" in text
    assert 'paperboy_feed_state{source="arxiv",state="failed"} 1\n' in text
    assert 'paperboy_feed_state{source="arxiv",state="ok"} 0\n' in text
    counted = {"seen": 7, "new": 4, "replaced": 2, "rejected": 1}
    for kind, count in counted.items():
        assert f'paperboy_feed_entries{{source="arxiv",kind="{kind}"}} {count}\n' in text
    assert 'paperboy_sent_total{platform="testing"} 3\n' in text
    assert "paperboy_outbox_depth 0\n" in text
    assert "paperboy_digest_lag_seconds 0\n" in text


async def test_a_digest_that_nobody_makes_shows_as_lag(site: str, stores: Stores) -> None:
    """Whatever the reason: no worker runs, or the one that had it hangs."""
    due = await stores.runs.now() - timedelta(hours=2)
    await stores.runs.plan([Run(ChannelId("slack:C1"), due.date(), due)])
    async with httpx.AsyncClient() as web:
        text = (await web.get(f"{site}/metrics")).text
    (lag,) = [float(row.split()[1]) for row in text.splitlines() if row.startswith("paperboy_digest_lag")]
    assert 7200 <= lag < 7300


async def test_a_port_that_is_taken_is_a_sentence(site: str, stores: Stores) -> None:
    port = int(site.rpartition(":")[2])
    gauges = Gauges(stores.papers, stores.feeds, stores.ledger, stores.runs, stores.outbox, lambda: NOW)
    with pytest.raises(ConfigError, match="cannot be listened on"):
        async with serving(("127.0.0.1", port), gauges):
            raise AssertionError("two servers on one port")


def test_labels_are_escaped() -> None:
    assert label('a"b\\c\nd') == 'a\\"b\\\\c\\nd'
