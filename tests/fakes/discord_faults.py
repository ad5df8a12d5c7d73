"""What goes wrong on the way: errors that recorded, lost replies, requests that land late, rate limits."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.discord_rules import Json, Refused

Act = Callable[[], Awaitable[object]]
SERVER = {"Via": "1.1 google", "Content-Type": "application/json"}


@dataclass
class Fault:
    """One planned misfortune for the routes whose name matches, after ``skip`` requests that go well;
    ``strike`` hits the sender, before or after the request is carried out."""

    route: re.Pattern[str]
    kind: (
        str  # refused | unrecorded | recorded | lost | late | limited | banned | struck before | struck after
    )
    times: int = 1
    skip: int = 0
    strike: Callable[[], object] = lambda: None
    status: int = 500
    code: int = 0
    retry_after: float = 0.05


@dataclass
class Rates:
    """Discord's buckets: so many requests a period for a route and its major parameter, 50 a second over all.

    `speed` divides the periods, so that a test of pacing waits a hundredth of what Discord would ask.
    """

    speed: float = 100.0
    count: int = 5
    period: float = 5.0
    over_all: int = 50
    used: dict[str, tuple[float, int]] = field(default_factory=dict)
    overruns: int = 0

    def take(self, bucket: str) -> tuple[dict[str, str], float]:
        """Headers of the answer, and how long to wait if the bucket was already empty (0 when not)."""
        wait = self._spend("global", self.over_all, 1.0)
        if wait:
            return {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}, wait
        wait = self._spend(bucket, self.count, self.period)
        began, spent = self.used[bucket]
        left = max(0.0, began + self.period / self.speed - time.monotonic())
        headers = {
            "X-RateLimit-Limit": str(self.count),
            "X-RateLimit-Remaining": str(max(0, self.count - spent)),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": bucket.split(":")[0],
            "X-RateLimit-Scope": "user",
        }
        return headers, wait

    def _spend(self, bucket: str, count: int, period: float) -> float:
        now, length = time.monotonic(), period / self.speed
        began, spent = self.used.get(bucket, (now, 0))
        if now - began >= length:
            began, spent = now, 0
        self.used[bucket] = (began, spent + 1)
        if spent + 1 <= count:
            return 0.0
        self.overruns += 1
        return max(0.001, began + length - now)


class Faults:
    """The plan of misfortunes, and the requests that travel on after their sender was cut off."""

    def __init__(self) -> None:
        self.plan: list[Fault] = []
        self.travelling: list[Act] = []

    def add(self, route: str, kind: str, **more: object) -> None:
        self.plan.append(Fault(re.compile(route), kind, **more))  # type: ignore[arg-type]

    def next(self, route: str) -> Fault | None:
        for fault in self.plan:
            if fault.times > 0 and fault.route.search(route):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    async def land(self) -> None:
        """What was still travelling arrives now."""
        waiting, self.travelling = self.travelling, []
        for act in waiting:
            with suppress(Refused):  # nobody is there any more to be told
                await act()

    async def apply(self, fault: Fault, act: Act, request: web.Request) -> web.StreamResponse:
        match fault.kind:
            case "limited" | "banned":
                return limited(fault.retry_after, via=fault.kind == "limited")
            case "refused":
                return refusal(Refused(fault.status, fault.code, "Refused for the test"))
            case "unrecorded":
                return broken(fault.status)
            case "recorded":
                await act()
                return broken(fault.status)
            case "lost":
                await act()
            case "late":
                self.travelling.append(act)
            case "struck before":
                fault.strike()
            case "struck after":
                await act()
                fault.strike()
            case other:
                raise AssertionError(f"no such fault: {other}")
        if request.transport:
            request.transport.abort()
        return web.Response()


def broken(status: int) -> web.Response:
    return reply({"message": f"{status}: Server Error", "code": 0}, status)


def refusal(error: Refused) -> web.Response:
    return reply(error.body(), error.status)


def limited(seconds: float, *, via: bool = True, headers: dict[str, str] | None = None) -> web.Response:
    everywhere = bool(headers and "X-RateLimit-Global" in headers)
    body: Json = {
        "message": "You are being rate limited.",
        "retry_after": round(seconds, 3),
        "global": everywhere,
    }
    answer = reply(body, 429, {**(headers or {}), "Retry-After": f"{seconds:.3f}"})
    if not via:
        del answer.headers["Via"]
    return answer


def reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON with the content type exactly as discord.py compares it: no charset behind it."""
    if body is None:
        return web.Response(
            status=204, content_type="text/html", headers={"Via": SERVER["Via"], **(headers or {})}
        )
    return web.Response(body=json.dumps(body).encode(), status=status, headers={**SERVER, **(headers or {})})
