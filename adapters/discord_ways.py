"""The ways back to a person: through an interaction's token, or by a message in reply to theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from adapters.discord_forms import modal
from adapters.discord_posts import CANNOT_WRITE_TO_USER, NO_COMMON_SERVER, NO_PINGS, mark_in, message
from adapters.discord_rest import Refusal, Rest
from adapters.discord_text import Json
from adapters.discord_views import EPHEMERAL, V2, Page, mark, pages
from bot.doc import Form, paragraph
from bot.errors import DeliveryError, NotSent, Uncertain
from bot.ports import Clock

UNKNOWN_INTERACTION, ALREADY_ANSWERED, UNKNOWN_WEBHOOK, TOKEN_EXPIRED = 10062, 40060, 10015, 50027
UNKNOWN_MESSAGE, UNKNOWN_CHANNEL = 10008, 10003
SHUT = {UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, TOKEN_EXPIRED}
"""Codes by which Discord says that an interaction's token does not serve, or no longer."""

NO_WAY_TO_YOU = (
    "My answer is for you alone, and Discord does not let me write to you. Ask by slash command here, or "
    "allow direct messages in this server's privacy settings."
)

WITH_RESPONSE = {"with_response": "1"}
AGAIN = 0.3
"""Seconds before the first response is tried once more where Discord could not be reached."""

TOKEN_LIFE = timedelta(minutes=14, seconds=30)
"""Half a minute less than Discord's 15 minutes, so that an answer that is under way still arrives."""


Files: TypeAlias = Sequence[tuple[str, str]]


class Way(Protocol):
    """How one person is answered: messages are shown, changed, taken back."""

    async def show(self, page: Page, *, private: bool) -> str:
        """The id of the new message. Raises DeliveryError."""
        ...

    async def change(self, id: str, page: Page, *, private: bool) -> str:
        """Replace a message shown before; its id, or that of a new one where it cannot be replaced."""
        ...

    async def drop(self, id: str) -> None:
        """Take a message back."""
        ...

    async def open(self, form: Form, part: int, entered: dict[str, str]) -> bool:
        """Open the form as a modal; False where that is not to be had (any more)."""
        ...


class MessageWay:
    """By messages of the bot in a channel, in reply to ``message`` where there is one.

    What is for one person alone goes to their direct messages, since only interactions have answers that
    one person sees; if they take none, they are told in the channel how to get it.
    """

    def __init__(
        self, rest: Rest, *, channel: str, user: str, replied: str = "", direct: bool = False
    ) -> None:
        self._rest, self._channel, self._user, self._replied, self._direct = (
            rest,
            channel,
            user,
            replied,
            direct,
        )
        self._homes: dict[str, str] = {}
        """Channel by message id."""
        self._count = 0
        self._shut = ""
        """The message that says that the person cannot be written to."""

    async def show(self, page: Page, *, private: bool) -> str:
        """Post it; the first one answers the person's message."""
        if private and not self._direct:
            return await self._whisper(page)
        return await self._post(self._channel, page, reply=not self._homes)

    async def _whisper(self, page: Page) -> str:
        if not self._shut and (home := await self._private_channel()):
            try:
                return await self._post(home, page, reply=False)
            except Refusal as error:
                if error.code not in (CANNOT_WRITE_TO_USER, NO_COMMON_SERVER):
                    raise
        if not self._shut:
            (told,) = pages((paragraph(NO_WAY_TO_YOU),))
            self._shut = await self._post(self._channel, told, reply=True)
        return self._shut

    async def _private_channel(self) -> str:
        try:
            opened = await self._rest.call("POST", "/users/@me/channels", {"recipient_id": self._user})
        except Refusal:
            return ""
        return str(opened["id"])

    async def _post(self, channel: str, page: Page, *, reply: bool) -> str:
        body = message(page)
        if reply and self._replied:
            body["message_reference"] = {"message_id": self._replied, "fail_if_not_exists": False}
        if self._replied:
            body |= {"nonce": f"{self._replied[-20:]}.{self._count}"[-25:], "enforce_nonce": True}
            self._count += 1
        sent = await self._twice(channel, body, page)
        self._homes[sent] = channel
        return sent

    async def _twice(self, channel: str, body: Json, page: Page) -> str:
        """Post; once more with the same nonce where the answer was lost."""
        path = "/channels/{channel_id}/messages"
        try:
            sent = await self._rest.call("POST", path, body, files=page.files, channel_id=channel)
        except Uncertain:
            if "nonce" not in body:
                raise
            sent = await self._rest.call("POST", path, body, files=page.files, channel_id=channel)
        return str(sent["id"])

    async def standing(self, key: str, *, since: str) -> str:
        """The message of ours that is marked with the key, newer than an id; empty where it is not seen."""
        path, query = "/channels/{channel_id}/messages", {"after": since, "limit": 100}
        try:
            recent = await self._rest.get(path, query, channel_id=self._channel)
        except DeliveryError:
            return ""
        wanted = [str(one["id"]) for one in recent if mark_in(one, self._rest.me["id"]) == mark(key)]
        return next(iter(wanted), "")

    async def change(self, id: str, page: Page, *, private: bool) -> str:
        """Edit it; posted anew if it was deleted."""
        path = "/channels/{channel_id}/messages/{message_id}"
        home = self._homes.get(id, self._channel)
        try:
            await self._rest.call("PATCH", path, edit(page), files=page.files, channel_id=home, message_id=id)
        except Refusal as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            return await self.show(page, private=private)
        return id

    async def drop(self, id: str) -> None:
        """Delete it."""
        path = "/channels/{channel_id}/messages/{message_id}"
        await self._rest.call("DELETE", path, channel_id=self._homes.get(id, self._channel), message_id=id)

    async def open(self, form: Form, part: int, entered: dict[str, str]) -> bool:
        """Messages open no modals."""
        return False


class InteractionWay:
    """Through the token of an interaction: 3 seconds for the first response, 15 minutes for the rest.

    After that, or where Discord knows the token no more, ``after`` is the way.
    """

    def __init__(
        self, rest: Rest, clock: Clock, *, app: str, id: str, token: str, after: MessageWay, modals: bool
    ) -> None:
        self._rest, self._clock, self._app, self._id, self._token = rest, clock, app, id, token
        self._after, self._modals = after, modals
        self._until: datetime = clock.now() + TOKEN_LIFE
        self._answered = False
        self._shut = False
        self._count = 0

    async def show(self, page: Page, *, private: bool) -> str:
        """The first response, or a follow-up."""
        if self._over():
            return await self._after.show(page, private=private)
        try:
            if not self._answered:
                return await self._first(page, private)
            return await self._further(page, private)
        except Refusal as error:
            if error.code not in SHUT:
                raise
            self._shut = True
            return await self._after.show(page, private=private)

    async def _further(self, page: Page, private: bool) -> str:
        """A follow-up. It takes no nonce: where Discord's answer is lost it is looked for in the channel, and
        sent again where it is not seen, rather twice than not at all."""
        self._count += 1
        key = f"{self._id}.{self._count}"
        page = page.marked(key)
        try:
            return await self._webhook("POST", "", page, private)
        except Uncertain:
            stands = "" if private else await self._after.standing(key, since=self._id)
            return stands or await self._webhook("POST", "", page, private)

    def _over(self) -> bool:
        return self._shut or self._clock.now() >= self._until

    async def _first(self, page: Page, private: bool) -> str:
        """The first response, at once with all there is to say: Discord's own "is thinking" would hang if the
        program died."""
        body = message(page)
        body["flags"] |= EPHEMERAL if private else 0
        answered = await self._callback({"type": 4, "data": body}, page.files)
        if answered is None:
            return await self._webhook("PATCH", "/messages/@original", page, private)
        return str(answered["resource"]["message"]["id"])

    async def _callback(self, body: Json, files: Files = ()) -> Json | None:
        """The first response; None where it is not known whether Discord took it (it then answers edits)."""
        try:
            answered = await self._respond(body, files)
        except NotSent:
            await self._clock.sleep(AGAIN)
            answered = await self._respond(body, files)
        self._answered = True
        return answered

    async def _respond(self, body: Json, files: Files) -> Json | None:
        """Asked twice where the answer is lost: the second time it is taken, or refused as answered."""
        path = "/interactions/{interaction_id}/{webhook_token}/callback"
        named = {"interaction_id": self._id, "webhook_token": self._token}
        for _ in range(2):
            try:
                told: Json = await self._rest.call(
                    "POST", path, body, query=WITH_RESPONSE, files=files, named=named
                )
                return told
            except Uncertain:
                continue
            except Refusal as error:
                if error.code != ALREADY_ANSWERED:
                    raise
                return None
        return None

    async def _webhook(self, method: str, tail: str, page: Page, private: bool) -> str:
        body = edit(page) if method == "PATCH" else message(page)
        if method == "POST" and private:
            body["flags"] |= EPHEMERAL
        path = "/webhooks/{webhook_id}/{webhook_token}" + tail
        query = {"wait": "true"} if method == "POST" else None
        named = {"webhook_id": self._app, "webhook_token": self._token}
        sent = await self._rest.call(method, path, body, query=query, files=page.files, named=named)
        return str(sent["id"])

    async def change(self, id: str, page: Page, *, private: bool) -> str:
        """Edit it while the token serves; after that a plain message."""
        if self._over():
            return await self._after.show(page, private=private)
        try:
            return await self._webhook("PATCH", f"/messages/{id}", page, private)
        except Refusal as error:
            if error.code == UNKNOWN_MESSAGE:
                return await self.show(page, private=private)
            if error.code not in SHUT:
                raise
            self._shut = True
            return await self._after.show(page, private=private)

    async def drop(self, id: str) -> None:
        """Delete it while the token serves."""
        if not self._over():
            path = f"/webhooks/{{webhook_id}}/{{webhook_token}}/messages/{id}"
            await self._rest.call("DELETE", path, webhook_id=self._app, webhook_token=self._token)

    async def open(self, form: Form, part: int, entered: dict[str, str]) -> bool:
        """Only as the first response, and not in answer to a modal."""
        if not self._modals or self._answered or self._over():
            return False
        try:
            await self._callback({"type": 9, "data": modal(form, part, entered)})
        except Refusal as error:
            if error.code not in SHUT:
                raise
            self._shut = True
            return False
        except NotSent:
            return False
        return True


def edit(page: Page) -> Json:
    """The JSON that makes a message of ours into this page."""
    return {"flags": V2, "components": list(page.components), "allowed_mentions": NO_PINGS}
