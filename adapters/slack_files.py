"""Files that people drop on Slack: fetched with the bot's token, from Slack's own hosts alone.

https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from adapters.slack_text import Json
from adapters.slack_web import Clients, ask, scope_sentence
from bot.domain import Attachment
from bot.errors import DeliveryError, Forbidden, NotFound, SourceError, Unreachable, Unreadable, veiled
from bot.ports import Download

SCOPE = "files:read"
HOSTS = frozenset(("files.slack.com", "files.slack-gov.com"))
_GONE = ("tombstone", "hidden_by_limit")
_NAMED_ONLY = "check_file_info"


class Files:
    """Makes attachments of the files of a message."""

    def __init__(self, clients: Clients, download: Download, api_url: str) -> None:
        self._clients = clients
        self._download = download
        self._api = urlsplit(api_url)

    async def of(self, event: Mapping[str, Any], team: str) -> tuple[Attachment, ...]:
        """The files that came with a message; deleted ones are left out."""
        files = [file for file in event.get("files") or () if file.get("mode") not in _GONE]
        return tuple([await self._one(file, team) for file in files])

    async def _one(self, file: Json, team: str) -> Attachment:
        """A file of another workspace, shared by Slack Connect, comes as a name that has to be asked for."""
        try:
            whole = await self._asked(file, team) if file.get("file_access") == _NAMED_ONLY else file
        except SourceError as error:
            return Attachment("The file", partial(_refuse, error), "application/pdf")
        size = whole.get("size")
        return Attachment(
            str(whole.get("name") or whole.get("title") or "The file"),
            lambda most: self._fetch(whole, team, most),
            str(whole.get("mimetype") or ""),
            size if isinstance(size, int) else None,
        )

    async def _asked(self, file: Json, team: str) -> Json:
        try:
            client = await self._clients.client(team)
            answer = await ask(lambda: client.files_info(file=str(file["id"])))
        except DeliveryError as error:
            raise veiled(Unreachable(str(error))) from error
        found: Json = answer["file"]
        return found

    async def _fetch(self, file: Json, team: str, most: int) -> bytes:
        url = str(file.get("url_private_download") or file.get("url_private") or "")
        name = str(file.get("name") or "The file")
        if not self._is_slacks(url):
            raise Forbidden(f"{name} does not lie on Slack itself; please upload the PDF here.")
        try:
            identity = await self._clients.identity(team)
        except DeliveryError as error:
            raise veiled(Unreachable(str(error))) from error
        try:
            data = await self._download(url, authorization=f"Bearer {identity.token}", size=most)
        except NotFound:
            raise NotFound(f"Slack has {name} no more; was it deleted?") from None
        if data.lstrip()[:1] == b"<":
            raise Unreadable(f"Slack shows its login page instead of {name}. {scope_sentence(SCOPE)}")
        return data

    def _is_slacks(self, url: str) -> bool:
        """Whether the token may go there: Slack's file hosts, or the host that stands for its API."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if parts.scheme == "https" and parts.netloc.lower() in HOSTS:
            return True
        own = not (self._api.hostname or "").endswith(("slack.com", "slack-gov.com"))
        return own and (parts.scheme, parts.netloc) == (self._api.scheme, self._api.netloc)


async def _refuse(error: SourceError, most: int) -> bytes:
    raise error
