"""A web site on loopback that answers as told, faults included. It runs in a thread of its own, so that a
test, a whole program in another process and a benchmark can use it alike."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

HTML_503 = (
    b"<html><head><title>503 Service Unavailable</title></head><body>Backend fetch failed</body></html>"
)


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What is sent back. ``cut`` closes the connection after so many bytes of the body; ``drip`` sends one
    byte every so many seconds; ``endless`` sends zeros until the other side hangs up."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float | None = None
    endless: bool = False


def throttled(retry_after: str | None = None) -> Answer:
    """arXiv's way to say "too often"."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return Answer(b"Rate exceeded.", 429, headers=headers)


def broken() -> Answer:
    """A proxy's error page."""
    return Answer(HTML_503, 503, "text/html")


def redirect(location: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": location})


def packed(body: bytes) -> Answer:
    """The body under gzip."""
    return Answer(gzip.compress(body), headers={"Content-Encoding": "gzip"})


def bomb(size: int) -> Answer:
    """``size`` zeros, a thousandth of that on the wire."""
    return packed(bytes(size))


Page = Answer | Callable[[Asked], Answer]


class Site:
    """``with Site() as site: site.on("/feed", Answer(b"…"))``. Several answers to a path are given in turn,
    the last again and again; ``asked`` lists the requests. A path ending in ``*`` stands for all beneath."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.asked: list[Asked] = []
        self.at_once = 0
        self.most_at_once = 0
        self.port = 0
        self._pages: dict[str, list[Page]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """What the server's own thread has used."""

        async def used() -> float:
            return time.thread_time()

        return asyncio.run_coroutine_threadsafe(used(), self._loop).result(10)

    def on(self, path: str, *pages: Page) -> Self:
        self._pages[path] = list(pages)
        return self

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls), self._loop
        ).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            asked = _read(await reader.readuntil(b"\r\n\r\n"))
            self.asked.append(asked)
            await _send(writer, self._answer(asked))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            self._talks.discard(task)
            writer.close()

    def _answer(self, asked: Asked) -> Answer:
        pages = self._pages.get(asked.path)
        if pages is None:
            longest = max(
                (p for p in self._pages if p[-1] == "*" and asked.path.startswith(p[:-1])), default=""
            )
            pages = self._pages.get(longest)
        if pages is None:
            return Answer(b"There is no such page.", 404)
        page = pages.pop(0) if len(pages) > 1 else pages[0]
        return page(asked) if callable(page) else page


def _read(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = urlsplit(first.split(" ")[1])
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Asked(parts.path, dict(parse_qsl(parts.query)), headers)


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    headers = {"Content-Type": answer.kind, "Connection": "close", **answer.headers}
    if not answer.endless:
        headers.setdefault("Content-Length", str(len(answer.body)))
    lines = [f"HTTP/1.1 {answer.status} Told", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    while answer.endless:
        writer.write(bytes(65536))
        await writer.drain()
    body = answer.body[: answer.cut]
    if answer.drip is None:
        writer.write(body)
    else:
        for byte in body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(answer.drip)
    await writer.drain()
