"""The encoder that turns texts into vectors, made from its section of the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from bot.config import Config, EmbedSection, secret
from bot.ports import Clock, Embedder, Ledger
from bot.proxies import Proxies


def encoder(config: Config, environ: Mapping[str, str], *, ledger: Ledger, clock: Clock) -> Embedder:
    """The configured encoder; nothing is loaded before it is used. Raises ConfigError."""
    section = config.embed
    if section.provider == "openai":
        return _served(section, config, environ, ledger=ledger, clock=clock)
    from bot.llm.embed import MiniLmEmbedder, StaticEmbedder

    return MiniLmEmbedder() if section.provider == "minilm" else StaticEmbedder()


def _served(
    section: EmbedSection, config: Config, environ: Mapping[str, str], *, ledger: Ledger, clock: Clock
) -> Embedder:
    from bot.llm.budget import Budget, price_of
    from bot.llm.embed import ServerEmbedder
    from bot.llm.server import Server

    limited = bool(config.llm.daily_budget_usd)
    budget = Budget(
        ledger,
        clock=clock,
        price=price_of(section.model, limited=limited),
        day_usd=config.llm.daily_budget_usd,
    )
    server = Server(
        base_url=section.base_url,
        model=section.model,
        clock=clock,
        budget=budget,
        api_key=secret(section.api_key_env, environ),
        proxy=Proxies.of(environ).to(section.base_url),
        concurrency=config.llm.concurrency,
        timeout=config.llm.timeout,
    )
    return ServerEmbedder(server)
