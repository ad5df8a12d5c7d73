"""Socket Mode: the connection, and the watch over it.

slack_sdk 3.47 keeps trying the same address when its ticket is dead, and never gives up on a bad token:
the watch clears the address, and ends the run when Slack refuses the token.
"""

from __future__ import annotations

import asyncio
import logging

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from adapters.slack_check import open_socket
from bot.errors import DeliveryError
from bot.ports import Clock

log = structlog.get_logger(__name__)

BACKOFF = 60.0


class Socket:
    """Slack reaches the program over a connection that the program opens."""

    signing_secret = ""

    def __init__(
        self,
        app_token: str,
        api_url: str,
        clock: Clock,
        *,
        watch_every: float = 5.0,
        ping: float = 10.0,
        proxy: str = "",
    ) -> None:
        self.app_token = app_token
        self._api_url = api_url
        self._clock = clock
        self._proxy = proxy
        self._watch_every = watch_every
        self._ping = ping
        self.connected = asyncio.Event()

    async def serve(self, app: AsyncApp) -> None:
        """Keep the connection until cancelled. Raises PlatformError when Slack refuses the app token."""
        url = await self._open()
        handler = AsyncSocketModeHandler(app, self.app_token, ping_interval=self._ping)
        client: SocketModeClient = handler.client
        client.wss_uri = url
        client.proxy = self._proxy or None  # as for web_client
        connecting = asyncio.ensure_future(handler.connect_async())  # type: ignore[no-untyped-call]
        connecting.add_done_callback(self._reached)
        try:
            await self._watch(client)
        finally:
            self.connected.clear()
            connecting.cancel()
            closing = asyncio.ensure_future(self._close(handler, connecting))
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:  # a second one: the connection is closed all the same
                await closing
                raise

    def _reached(self, connecting: asyncio.Future[None]) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            self.connected.set()

    async def _close(self, handler: AsyncSocketModeHandler, connecting: asyncio.Future[None]) -> None:
        # what comes now is not acknowledged and comes again; slack_sdk would log that with a traceback
        handler.app.logger.setLevel(logging.CRITICAL)
        await asyncio.gather(connecting, return_exceptions=True)
        await handler.close_async()  # type: ignore[no-untyped-call]
        client: SocketModeClient = handler.client
        await client.aiohttp_client_session.close()

    async def _open(self) -> str:
        wait = 1.0
        while True:
            try:
                return await open_socket(self.app_token, self._api_url, self._proxy)
            except DeliveryError as error:
                log.warning("Slack cannot be reached; trying again", wait=wait, error=error)
            await self._clock.sleep(wait)
            wait = min(wait * 2, BACKOFF)

    async def _watch(self, client: SocketModeClient) -> None:
        """Look at the connection now and then; twice down in a row, give it a fresh address."""
        down = 0
        while True:
            await asyncio.sleep(self._watch_every)  # the connection lives in real time, whatever the clock
            down = 0 if await client.is_connected() else down + 1
            if down < 2:
                continue
            client.wss_uri = None
            try:
                client.wss_uri = await open_socket(self.app_token, self._api_url, self._proxy)
            except DeliveryError as error:
                log.warning("Slack's Socket Mode is away", error=error)
            down = 0
