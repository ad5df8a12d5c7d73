"""Where papers come from, put together from the configuration; and the one client that asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.clock import SystemClock
from bot.config import Config
from bot.feedlist import FeedList
from bot.library import Links
from bot.ports import Lookup, Source
from bot.proxies import Proxies
from bot.revisit import Journals
from bot.sources.arxiv import Arxiv
from bot.sources.biorxiv import Biorxiv
from bot.sources.feeds import Feed
from bot.sources.huggingface import HuggingFace
from bot.sources.links import Links as PaperLinks
from bot.sources.lookup import Lookups
from bot.web import Share, Web, user_agent

if TYPE_CHECKING:
    from storage.stores import Stores


def web(config: Config, time: SystemClock, environ: Mapping[str, str], *, share: Share | None = None) -> Web:
    """The client, polite to each configured host; only configured ones may be in a private network. Raises
    ConfigError for a proxy in the environment that cannot be used."""
    sources = config.sources
    paced = {
        url: section.min_interval
        for section, urls in (
            (
                sources.arxiv,
                (
                    sources.arxiv.feed_url,
                    sources.arxiv.api_url,
                    sources.arxiv.pdf_url,
                    sources.arxiv.html_url,
                ),
            ),
            (sources.biorxiv, (sources.biorxiv.api_url,)),
            (sources.huggingface, (sources.huggingface.api_url,)),
        )
        for url in urls
    }
    platforms = [section.api_url for section in (config.slack, config.discord) if section is not None]
    others = [
        *platforms,
        sources.lookup.crossref_url,
        sources.lookup.openalex_url,
        *(feed.url for feed in sources.feeds),
    ]
    return Web(
        time,
        agent=user_agent(sources.lookup.contact),
        trusted=[*paced, *others],
        pace=paced_by_host(paced),
        proxies=Proxies.of(environ),
        share=share,
    )


def paced_by_host(paced: Mapping[str, float]) -> dict[str, float]:
    """Seconds between requests by host, the most patient of those configured for it."""
    hosts: dict[str, float] = {}
    for url, seconds in paced.items():
        host = urlsplit(url).netloc.lower()
        hosts[host] = max(seconds, hosts.get(host, 0.0))
    return hosts


@dataclass(frozen=True, slots=True)
class Sources:
    """Where papers come from: what is fetched, what links lead to, what can be searched."""

    fetched: tuple[Source, ...]
    links: Links
    searched: tuple[Lookup, ...]
    added: FeedList
    lookups: tuple[Lookup, ...]
    journals: Journals | None


def sources(config: Config, web: Web, stores: Stores, time: SystemClock) -> Sources:
    """Every source that is switched on."""
    section = config.sources
    arxiv = Arxiv(
        web,
        time,
        categories=section.arxiv.categories,
        feed_url=section.arxiv.feed_url,
        api_url=section.arxiv.api_url,
    )
    biorxiv = Biorxiv(
        web,
        time,
        api_url=section.biorxiv.api_url,
        servers=section.biorxiv.servers,
        categories=section.biorxiv.categories,
    )
    face = HuggingFace(web, time, api_url=section.huggingface.api_url)
    enabled: list[tuple[Source, bool]] = [
        (arxiv, section.arxiv.enabled),
        (biorxiv, section.biorxiv.enabled),
        (face, section.huggingface.enabled),
    ]
    feeds = [Feed(web, time, name=feed.name, url=feed.url) for feed in section.feeds]
    registers = _registers(config, web)
    lookups: tuple[Lookup, ...] = (arxiv, biorxiv, *((registers,) if registers else ()))
    fetched = (*(source for source, on in enabled if on), *feeds)
    addresses = {feed.name: feed.url for feed in section.feeds}
    added = FeedList(
        marks=stores.marks,
        feeds=stores.feeds,
        made=lambda name, url: Feed(web, time, name=name, url=url),
        tried=lambda url: Feed(web, time, name="", url=url).tried(),
        taken={source.name: addresses.get(source.name, "") for source in fetched},
    )
    journals = registers.journal_version if registers else None
    titles = (arxiv.titled, *((registers.by_title,) if registers else ()))
    links = PaperLinks(web, lookups, titles, pages=section.lookup.enabled)
    return Sources(fetched, links, (arxiv,), added, lookups, journals)


def _registers(config: Config, web: Web) -> Lookups | None:
    section = config.sources.lookup
    if not section.enabled:
        return None
    return Lookups(
        web,
        crossref_url=section.crossref_url,
        openalex_url=section.openalex_url,
        contact=section.contact,
    )
