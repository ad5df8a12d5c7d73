"""One model on one server: paid for, bounded, tried again when that may help, left alone when it is broken.

The official client does the talking, with its own retries off: ours wait by the clock that is handed in.
It is imported at the first call, since that takes more than a second.
"""

from __future__ import annotations

import asyncio
import importlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import ModelCall
from bot.llm.breaker import Breaker
from bot.llm.budget import Budget
from bot.llm.faults import Fault, late, read_fault
from bot.ports import Clock

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_BACKOFF = 1.0
_LONGEST_WAIT = 60.0
_DIRECT = dict.fromkeys(("http://", "https://", "all://"))
"""No proxy, while the environment's certificates count."""


@dataclass(slots=True)
class Meter:
    """The tokens of a call, as the server or else we count them; filled while it runs."""

    read: int | None = None
    wrote: int = 0
    cached: int = 0


Send = Callable[["AsyncOpenAI", Meter], Awaitable[None]]
"""Sends one request; called anew for every try."""


class Server:
    """Where calls go through, chat and vectors alike.

    ``timeout`` seconds bound one try, ``tries`` the tries of one call, ``concurrency`` the calls at once;
    ``proxy`` is the address of the HTTP proxy on the way, empty for none, whatever the environment says.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        clock: Clock,
        budget: Budget,
        api_key: str = "",
        proxy: str = "",
        concurrency: int = 4,
        timeout: float = 120.0,
        tries: int = 3,
        breaker: Breaker | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.base_url = base_url
        self.model = model
        self.budget = budget
        self.concurrency = concurrency
        self._api_key = api_key
        self._proxy = proxy
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._timeout = timeout
        self._tries = tries
        self._breaker = breaker or Breaker(clock=clock)
        self._jitter = jitter
        self._client: AsyncOpenAI | None = None
        self._quiet_until: datetime | None = None

    async def call(self, expected: ModelCall, send: Send) -> None:
        """Make the call, trying again where that may help.

        ``expected`` names the tokens that it may take at most. Raises Fault for what the server did,
        ModelDown while it is left alone, BudgetSpent.
        """
        for failures in range(1, self._tries + 1):
            try:
                return await self._try(expected, send)
            except Fault as fault:
                if not fault.again or failures == self._tries:
                    raise
                await self._wait(fault, failures)
        raise AssertionError("a call is tried at least once")

    async def _wait(self, fault: Fault, failures: int) -> None:
        pause = _BACKOFF * 2 ** (failures - 1) * (0.5 + self._jitter() / 2)
        if fault.retry_after is not None:
            if fault.retry_after > _LONGEST_WAIT:
                raise fault
            pause = max(pause, fault.retry_after)
            self._quiet_until = self._clock.now() + timedelta(seconds=pause)
        await self._clock.sleep(pause)

    async def _try(self, expected: ModelCall, send: Send) -> None:
        async with self._slots:
            await self._calm()
            self._breaker.check()
            meter = Meter()
            async with self._paid(expected, meter):
                try:
                    await self._talk(send, meter)
                except Fault as fault:
                    if fault.broken:
                        self._breaker.failed(str(fault.error))
                    raise
            self._breaker.succeeded()

    async def _calm(self) -> None:
        """Wait while the server wants nobody to call, not only the one whom it told."""
        while self._quiet_until and (left := (self._quiet_until - self._clock.now()).total_seconds()) > 0:
            await self._clock.sleep(left)

    async def _talk(self, send: Send, meter: Meter) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await send(self._connected(), meter)
        except TimeoutError:
            raise late(self.base_url, self._timeout) from None
        except Exception as error:
            fault = read_fault(error, self.base_url, self.model, self._clock.now())
            if fault is None:
                raise
            raise fault from error

    @asynccontextmanager
    async def _paid(self, expected: ModelCall, meter: Meter) -> AsyncIterator[None]:
        """Reserves the price before the call and settles it after, whatever becomes of it."""
        price = self.budget.price
        number = await self.budget.reserve(
            replace(expected, usd=price.of(expected.tokens_in, expected.tokens_out))
        )
        began = self._clock.now()
        billed = True
        try:
            yield
        except Fault as fault:
            billed = fault.billed or meter.read is not None
            raise
        finally:
            taken = (self._clock.now() - began) / timedelta(milliseconds=1)
            await self.budget.settle(number, self._settled(expected, meter, billed, round(taken)))

    def _settled(self, expected: ModelCall, meter: Meter, billed: bool, milliseconds: int) -> ModelCall:
        read = expected.tokens_in if meter.read is None else meter.read
        read, wrote, cached = (read, meter.wrote, meter.cached) if billed else (0, 0, 0)
        return replace(
            expected,
            tokens_in=read,
            tokens_out=wrote,
            tokens_cached=cached,
            usd=self.budget.price.of(read, wrote, cached),
            milliseconds=milliseconds,
        )

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

            way: dict[str, Any] = {"proxy": self._proxy} if self._proxy else {"mounts": _DIRECT}
            self._client = AsyncOpenAI(
                base_url=self.base_url,
                api_key=self._api_key or "none",
                max_retries=0,
                timeout=Timeout(self._timeout, connect=min(10.0, self._timeout)),
                http_client=DefaultAsyncHttpxClient(**way),
            )
        return self._client

    async def warm(self) -> None:
        """Import the client in the background, so that the first question need not wait for it."""
        await asyncio.to_thread(importlib.import_module, "openai")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
