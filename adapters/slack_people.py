"""Who people are on Slack: name, whether they administer the workspace, their language; kept ten minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import structlog

from adapters.slack_events import Person
from adapters.slack_names import native
from adapters.slack_web import PATIENCE, Clients, ask
from bot.doc import Doc, Span
from bot.domain import UserId, platform_of, workspace_in
from bot.errors import DeliveryError, RateLimited, Rejected
from bot.ports import Clock

log = structlog.get_logger(__name__)

KEPT = 600.0
MOST = 20_000


class People:
    """Looks people up, so that a request can say whether the asker is an admin."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, Person]] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[Person]] = {}

    async def who(self, workspace: str, user: str) -> Person:
        """The person; nobody in particular, and no admin, where Slack does not say."""
        asking = self._ask(workspace, user)
        await asyncio.wait({asking})
        return asking.result()

    async def soon(self, workspace: str, user: str, *, within: float) -> Person | None:
        """The person, or None where Slack takes more than ``within`` seconds; it is asked on all the same."""
        asking = self._ask(workspace, user)
        done, _ = await asyncio.wait({asking}, timeout=within)
        return asking.result() if done else None

    def _ask(self, workspace: str, user: str) -> asyncio.Task[Person]:
        """Asked once, however many wait for it; one who gives up waiting leaves it to the others."""
        key = workspace, user
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._find(workspace, user))
            self._asking[key].add_done_callback(lambda _: self._asking.pop(key))
        return self._asking[key]

    async def _find(self, workspace: str, user: str) -> Person:
        now = self._clock.now().timestamp()
        at, person = self._known.get((workspace, user), (-KEPT, Person()))
        if now - at < KEPT:
            return person
        try:
            person = await self._patiently(workspace, user)
        except DeliveryError as error:
            log.warning("Slack does not say who somebody is", user=user, error=error)
            if not isinstance(error, Rejected):
                return person
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[workspace, user] = (now, person)
        return person

    async def _patiently(self, workspace: str, user: str) -> Person:
        """Look once more where Slack asks for a short wait: an admin must not be refused for that."""
        try:
            return await self._look(workspace, user)
        except RateLimited as error:
            if error.retry_after > PATIENCE:
                raise
            await self._clock.sleep(error.retry_after)
            return await self._look(workspace, user)

    async def named(self, workspace: str, doc: Doc) -> Doc:
        """The document with the people of Slack whom it names called as Slack calls them."""
        told = {span.person for span in _spans(doc) if span.person}
        ours = [UserId(one) for one in sorted(told) if platform_of(UserId(one)) == "slack"]
        names = {str(one): (await self.who(workspace_in(one) or workspace, native(one))).name for one in ours}
        return doc if not any(names.values()) else _renamed(doc, names)

    async def _look(self, workspace: str, user: str) -> Person:
        client = await self._clients.client(workspace)
        answer = await ask(lambda: client.users_info(user=user, include_locale=True))
        told = answer["user"]
        profile = told.get("profile") or {}
        name = profile.get("display_name") or told.get("real_name") or told.get("name") or ""
        is_admin = bool(told.get("is_admin") or told.get("is_owner") or told.get("is_primary_owner"))
        return Person(str(name), is_admin, str(told.get("locale") or ""))


def _spans(node: Any) -> Iterator[Span]:
    if isinstance(node, Span):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from _spans(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _spans(getattr(node, field.name))


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A document or a part of it with names put in; words, not mentions, so that nobody is pinged."""
    if isinstance(node, Span):
        return replace(node, text=names.get(node.person or "") or node.text)
    if isinstance(node, tuple):
        return tuple(_renamed(part, names) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(
            node, **{field.name: _renamed(getattr(node, field.name), names) for field in fields(node)}
        )
    return node
