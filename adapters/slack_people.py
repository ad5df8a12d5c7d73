"""Who people are on Slack: name, whether they administer the workspace, their language; kept ten minutes."""

from __future__ import annotations

import logging

from adapters.slack_events import Person
from adapters.slack_web import Clients, ask
from bot.errors import DeliveryError
from bot.ports import Clock

log = logging.getLogger(__name__)

KEPT = 600.0
MOST = 20_000


class People:
    """Looks people up, so that a request can say whether the asker is an admin."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, Person]] = {}

    async def who(self, workspace: str, user: str) -> Person:
        """The person; nobody in particular, and no admin, where Slack does not say."""
        now = self._clock.now().timestamp()
        at, person = self._known.get((workspace, user), (-KEPT, Person()))
        if now - at < KEPT:
            return person
        try:
            person = await self._look(workspace, user)
        except DeliveryError as error:
            log.warning("Slack does not say who %s is: %s", user, error)
            return person
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[workspace, user] = (now, person)
        return person

    async def _look(self, workspace: str, user: str) -> Person:
        client = await self._clients.client(workspace)
        answer = await ask(lambda: client.users_info(user=user, include_locale=True))
        told = answer["user"]
        profile = told.get("profile") or {}
        name = profile.get("display_name") or told.get("real_name") or told.get("name") or ""
        is_admin = bool(told.get("is_admin") or told.get("is_owner") or told.get("is_primary_owner"))
        return Person(str(name), is_admin, str(told.get("locale") or ""))
