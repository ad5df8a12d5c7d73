"""Slack's response URL: five messages within half an hour, into channels the bot is not in, too."""

from __future__ import annotations

from typing import Any

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack_blocks import Message
from bot.ports import Clock

log = structlog.get_logger(__name__)

USES = 5
SECONDS = 29 * 60
"""A minute less than Slack's thirty, for the way."""


class ResponseUrl:
    """One response URL; every method says whether Slack took the message, none raises."""

    def __init__(self, url: str, clock: Clock, *, proxy: str = "") -> None:
        self._client = AsyncWebhookClient(url, retry_handlers=[])
        self._client.proxy = proxy or None  # as for web_client
        self._clock = clock
        self._born = clock.now()
        self._left = USES

    async def send(
        self, message: Message, *, public: bool = False, replace: bool = False, spare: int = 0
    ) -> bool:
        """Show a message, ``replace`` in place of the one shown before. ``spare`` uses are left untouched."""
        body: dict[str, Any] = {"text": message.text, "replace_original": replace}
        body["response_type"] = "in_channel" if public else "ephemeral"
        if message.blocks:
            body["blocks"] = message.blocks
        return await self._use(body | {"unfurl_links": False, "unfurl_media": False}, spare)

    async def delete(self) -> bool:
        """Take away what was shown."""
        return await self._use({"delete_original": True}, 0)

    async def _use(self, body: dict[str, Any], spare: int) -> bool:
        age = (self._clock.now() - self._born).total_seconds()
        if self._left <= spare or age > SECONDS:
            return False
        self._left -= 1
        try:
            answer = await self._client.send_dict(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("Slack's response URL did not answer", error=error)
            return False
        if answer.status_code != 200:
            log.warning("Slack's response URL refused", status=answer.status_code)
        return answer.status_code == 200
