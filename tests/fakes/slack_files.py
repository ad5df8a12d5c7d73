"""Files that people share on the fake Slack: who may fetch them, and what Slack shows to all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack_limits import Json

if TYPE_CHECKING:
    from tests.fakes.slack_tokens import Tokens
    from tests.fakes.slack_world import World

LOGIN = "<!DOCTYPE html><html><head><title>Login | Slack</title></head><body>Sign in</body></html>"


@dataclass
class File:
    """A file that somebody uploaded; ``stub``: shared from another workspace, so that events do not describe
    it; ``elsewhere``: an address outside of Slack, as for a document of a cloud."""

    name: str
    data: bytes = b""
    media: str = "application/pdf"
    size: int | None = None
    stub: bool = False
    elsewhere: str = ""
    deleted: bool = False
    id: str = ""
    fetched: int = 0

    def wire(self, base: str, *, whole: bool = False) -> Json:
        """What events, or with ``whole`` files.info, say of it."""
        if self.deleted:
            return {"id": self.id, "mode": "tombstone"}
        if self.stub and not whole:
            return {"id": self.id, "mode": "file_access", "file_access": "check_file_info", "created": 0}
        url = self.elsewhere or f"{base}/files-pri/{self.id}/{self.name}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.name,
            "mimetype": self.media,
            "filetype": self.name.rpartition(".")[2],
            "size": len(self.data) if self.size is None else self.size,
            "mode": "external" if self.elsewhere else "hosted",
            "is_external": bool(self.elsewhere),
            "url_private": url,
            "url_private_download": url,
            "file_access": "visible",
        }


def serve(app: web.Application, world: World, tokens: Tokens) -> None:
    """The routes under which files are fetched. Without a token of an app that may read files Slack leads to
    its login page, with status 200."""

    async def fetch(request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in tokens.teams or token in tokens.revoked or "files:read" not in world.scopes:
            raise web.HTTPFound(f"/login?redir={request.path}")
        file = world.files.get(request.match_info["id"])
        if file is None or file.deleted:
            raise web.HTTPNotFound
        file.fetched += 1
        return web.Response(body=file.data, content_type=file.media)

    async def login(request: web.Request) -> web.StreamResponse:
        return web.Response(text=LOGIN, content_type="text/html")

    app.router.add_get("/files-pri/{id}/{name}", fetch)
    app.router.add_get("/login", login)
