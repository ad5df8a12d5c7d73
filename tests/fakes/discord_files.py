"""Files that people send on the fake Discord, under signed addresses as its CDN has them."""

from __future__ import annotations

import hashlib

from aiohttp import web

from tests.fakes.discord_rules import Json
from tests.fakes.discord_world import World

DAY = 86_400.0


class Files:
    """What was sent, by id; an address serves for a day and only with its signature."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[str, tuple[bytes, str]] = {}
        self.base = ""
        self.fetched: list[str] = []

    def add(self, name: str, data: bytes, media: str, *, channel: int) -> Json:
        """Keep a file; the attachment object that messages carry."""
        id = str(self._world.snowflake())
        self._kept[id] = (data, media)
        until = f"{int(self._world.now + DAY):x}"
        url = f"{self.base}/attachments/{channel}/{id}/{name}?ex={until}&is=0&hm={_sign(id, until)}&"
        found: Json = {"id": id, "filename": name, "size": len(data), "url": url, "proxy_url": url}
        return found | ({"content_type": media} if media else {})

    def drop(self) -> None:
        """All messages with files were deleted."""
        self._kept.clear()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The bytes; 404 as the CDN says it for a wrong signature, an old address or a deleted file."""
        assert "Authorization" not in request.headers, "the CDN is told no token"
        id, until = request.match_info["id"], request.query.get("ex", "0")
        sound = request.query.get("hm") == _sign(id, until) and int(until, 16) > self._world.now
        if id not in self._kept or not sound:
            return web.Response(status=404, text="This content is no longer available.")
        data, media = self._kept[id]
        self.fetched.append(request.match_info["name"])
        return web.Response(body=data, content_type=media or "application/octet-stream")


def _sign(id: str, until: str) -> str:
    return hashlib.sha256(f"{id} {until} key".encode()).hexdigest()
