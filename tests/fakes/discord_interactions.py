"""Interactions: their tokens, the 3 second and 15 minute windows, first responses and follow-ups."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from tests.fakes.discord_forms import check_choices, check_modal
from tests.fakes.discord_rules import EPHEMERAL, TEXT, Json, Refused, check_message, invalid, walk
from tests.fakes.discord_world import Channel, World, pings

FIRST_RESPONSE = 3.0
TOKEN_LIFE = 15 * 60.0
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5


class Unanswered(AssertionError):
    """The bot did not answer in time, by the clock on the wall."""


@dataclass
class Interaction:
    """One thing a user did, and everything that came back for it."""

    id: int
    token: str
    kind: int
    user: Json
    channel: Channel
    began: float
    source: Json | None = None
    user_installed: bool = False
    response: int | None = None
    modal: Json | None = None
    choices: list[Json] | None = None
    messages: list[Json] = field(default_factory=list)
    deferred: Json | None = None
    acked_after: float | None = None
    edits: int = 0
    pressed_at: float = field(default_factory=time.perf_counter)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def reply(self) -> Json | None:
        """The original response once it says something (not while "is thinking")."""
        return self.messages[0] if self.messages else None

    @property
    def texts(self) -> list[str]:
        return [words(one) for one in self.messages]

    @property
    def seen_by_asker_only(self) -> bool:
        return bool(self.messages) and all(one["flags"] & EPHEMERAL for one in self.messages)

    async def until(self, *, contains: str = "", seconds: float = 5.0) -> Interaction:
        """Wait until the bot has answered (with these words, when given)."""

        def done() -> bool:
            if contains:
                return any(contains in one for one in self.texts)
            return bool(self.messages or self.modal or self.choices is not None)

        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(done), seconds)
            except TimeoutError:
                raise Unanswered(f"no answer {contains!r} within {seconds} s; so far {self.texts}") from None
        return self


def words(message: Json) -> str:
    """Everything a reader sees of a message, a line a component."""
    parts = [message.get("content") or ""]
    for embed in message.get("embeds") or []:
        parts += [embed.get("title") or "", embed.get("description") or ""]
        parts += [f"{one['name']}: {one['value']}" for one in embed.get("fields") or []]
        parts += [(embed.get("footer") or {}).get("text") or ""]
    parts += [one["content"] for one in walk(message.get("components") or []) if one["type"] == TEXT]
    return "\n".join(part for part in parts if part)


class Interactions:
    """The callback and webhook halves of the REST interface."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.all: dict[str, Interaction] = {}

    def begin(self, kind: int, user: Json, channel: Channel, **more: object) -> Interaction:
        id = self.world.snowflake()
        made = Interaction(id, f"token{id}", kind, user, channel, self.world.now, **more)  # type: ignore[arg-type]
        self.all[made.token] = made
        return made

    def _alive(self, token: str) -> Interaction:
        one = self.all.get(token)
        if one is None:
            raise Refused(404, 10015, "Unknown Webhook")
        if self.world.now - one.began > TOKEN_LIFE:
            raise Refused(401, 50027, "Invalid Webhook Token")
        return one

    async def callback(self, id: str, token: str, body: Json) -> Json:
        one = self.all.get(token)
        if one is None or str(one.id) != id or self.world.now - one.began > FIRST_RESPONSE:
            raise Refused(404, 10062, "Unknown interaction")
        if one.response is not None:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        resource = self._respond(one, int(body["type"]), body.get("data") or {})
        one.response = int(body["type"])
        one.acked_after = time.perf_counter() - one.pressed_at
        await self.notify(one)
        told = {"id": id, "type": one.kind, "activity_instance_id": None}
        message = resource.get("message")
        told |= {"response_message_id": message["id"] if message else None}
        told |= {"response_message_loading": one.response in (5, 6), "response_message_ephemeral": False}
        return {"interaction": told, "resource": {"type": one.response, **resource}}

    def _respond(self, one: Interaction, kind: int, data: Json) -> Json:
        match kind:
            case 4:
                check_message(data)
                return {"message": self._post(one, data)}
            case 5:
                one.deferred = data
                return {"message": self._thinking(one, data)}
            case 6 if one.source is not None:
                return {"message": one.source}
            case 7 if one.source is not None:
                check_message(data, editing=one.source)
                one.messages.append(self.world.edit_message(one.source, data))
                return {"message": one.source}
            case 8 if one.kind == AUTOCOMPLETE:
                check_choices(data.get("choices") or [])
                one.choices = data.get("choices") or []
                return {}
            case 9 if one.kind in (COMMAND, COMPONENT):
                check_modal(data)
                one.modal = data
                return {}
        raise invalid("type", f"{kind} is no response to an interaction of type {one.kind}.")

    def _thinking(self, one: Interaction, data: Json) -> Json:
        """The placeholder of a deferred response: it has an id but nothing to read."""
        message = self.world.add_message(one.channel, self.world.bot, {"flags": int(data.get("flags") or 0)})
        message["flags"] |= 1 << 7
        message["_thinking"] = True
        one.deferred = message
        return message

    def _post(self, one: Interaction, data: Json) -> Json:
        message = self.world.add_message(one.channel, self.world.bot, data)
        message["interaction_metadata"] = {
            "id": str(one.id),
            "type": one.kind,
            "user": one.user,
            "authorizing_integration_owners": {},
        }
        message["_asker"] = one.user["id"]
        one.messages.append(message)
        return message

    async def follow_up(self, token: str, body: Json) -> Json:
        one = self._alive(token)
        if one.response is None:
            raise Refused(404, 10015, "Unknown Webhook")
        if one.user_installed and len(one.messages) > 5:
            raise Refused(400, 40094, "Maximum number of follow-up messages reached for this interaction")
        check_message(body)
        if one.deferred is not None and one.deferred.get("_thinking"):
            message = self._fill(one, body)
        else:
            message = self._post(one, body)
        await self.notify(one)
        return message

    def _fill(self, one: Interaction, body: Json) -> Json:
        """The first text after a deferral takes the placeholder's place and keeps who may see it."""
        message = one.deferred or {}
        message.pop("_thinking")
        message["flags"] &= ~(1 << 7)
        self.world.edit_message(message, body)
        message["_asker"] = one.user["id"]
        message["_pings"] = pings(body)
        one.messages.append(message)
        return message

    def find(self, token: str, id: str) -> tuple[Interaction, Json]:
        one = self._alive(token)
        candidates = [*one.messages]
        if one.response in (6, 7) and one.source is not None:
            candidates.insert(0, one.source)
        elif one.deferred is not None and one.deferred.get("_thinking"):
            candidates.insert(0, one.deferred)
        if id == "@original":
            if candidates:
                return one, candidates[0]
        else:
            for message in candidates:
                if message["id"] == id:
                    return one, message
        raise Refused(404, 10008, "Unknown Message")

    async def edit(self, token: str, id: str, body: Json) -> Json:
        one, message = self.find(token, id)
        check_message(body, editing=message)
        if message.get("_thinking"):
            self._fill(one, body)
        else:
            self.world.edit_message(message, body)
        one.edits += 1
        await self.notify(one)
        return message

    async def delete(self, token: str, id: str) -> None:
        one, message = self.find(token, id)
        one.channel.messages.pop(int(message["id"]), None)
        one.messages = [kept for kept in one.messages if kept is not message]
        one.deferred = None
        await self.notify(one)

    async def notify(self, one: Interaction) -> None:
        async with one.changed:
            one.changed.notify_all()
