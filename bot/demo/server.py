"""The sample edition on loopback, so that the ordinary arXiv source fetches it like the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from bot.demo import sample


@contextmanager
def serving(day: date) -> Iterator[str]:
    """Serve the edition of ``day``; yields the address that stands in for arXiv's."""

    class Arxiv(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = _answer(self.path, day)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", kind)
            payload = (body or "There is no such page.").encode()
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the terminal is for papers."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Arxiv)
    thread = Thread(target=server.serve_forever, name="sample edition", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(path: str, day: date) -> tuple[str, str | None]:
    parts = urlsplit(path)
    place, _, rest = parts.path.strip("/").partition("/")
    if place == "atom":
        return "application/atom+xml", sample.feed(day, rest.split("+"))
    if place == "api":
        query = parse_qs(parts.query)
        numbers = [n for value in query.get("id_list", []) for n in value.split(",") if n]
        return "application/atom+xml", sample.answer(day, numbers, _words(query.get("search_query", [""])[0]))
    if place == "html":
        return "text/html; charset=utf-8", sample.page(day, rest)
    return "text/plain", None


def _words(query: str) -> list[str]:
    plain = query.replace('"', " ").replace("(", " ").replace(")", " ")
    parts = [part.partition(":")[2] or part for part in plain.split()]
    return [part.lower() for part in parts if part not in ("AND", "OR", "ANDNOT") and "[" not in part]
