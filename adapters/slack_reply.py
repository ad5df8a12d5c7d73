"""The ways back to the person who asked (:class:`bot.ports.Responder`): notes, drafts, replies, forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_blocks import Message, render
from adapters.slack_draft import Draft
from adapters.slack_forms import Origin, form_in, modal
from adapters.slack_post import Place, Sender, plainer
from adapters.slack_text import Json
from adapters.slack_unfurl import preview
from adapters.slack_url import ResponseUrl
from adapters.slack_web import BlocksRefused, ask
from bot import doc as d
from bot.domain import Reply
from bot.errors import ChannelGone, DeliveryError, Rejected

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Asker:
    """Who asked, where, and what Slack gave along to answer with."""

    place: Place
    user: str
    key: str
    """Names this request in the metadata of what is posted in answer."""
    response_url: str = ""
    trigger: str = ""
    typed: bool = False
    """A slash command: what its response URL shows first is the note, which later ones replace."""
    active: bool = True
    """Whether the place's thread has replies: Slack shows ephemeral messages in no other thread."""
    foreign: bool = False
    """Whether somebody else than the bot began that thread."""
    discreet: bool = False
    """Whether the answer is for the asker alone, so that a note which everybody sees would tell on them."""

    @property
    def direct(self) -> bool:
        """Whether it was asked in a conversation with one person."""
        return self.place.channel.startswith("D")


class SlackResponder:
    """Answers one request in a channel, a thread or a direct message.

    Public replies are posted, so that they have an id and a thread; where the bot is not in the channel,
    they go through the response URL. Private ones are ephemeral; in a direct message, plain posts.
    """

    def __init__(self, sender: Sender, asker: Asker) -> None:
        self._sender = sender
        self._asker = asker
        proxy, url = sender.clients.proxy, asker.response_url
        self._url = ResponseUrl(url, sender.clock, proxy=proxy) if url else None
        self._draft = Draft(sender, asker.place, asker.user)
        self._noted = False
        self._sent = 0

    async def working(self, note: str) -> None:
        """Show the note: to a slash command only to the asker, else below the message."""
        if self._asker.typed and self._url:
            await self._url.send(Message([], note), replace=self._noted, spare=2)
            self._noted = True
        elif self._asker.direct or not self._asker.discreet:
            await self._draft.note(note)

    async def draft(self, doc: d.Doc) -> None:
        """Show the growing answer; a fault here only means that it is shown when it is done."""
        try:
            await self._draft.grow(doc)
        except DeliveryError as error:
            log.info("a growing answer could not be shown", error=error)

    async def send(self, reply: Reply) -> str | None:
        """Show the reply; the id of the thread in which it can be followed up."""
        form = form_in(reply.doc)
        if form and await self._open(reply.doc, form):
            return None
        doc, files = _without_files(await self.named(reply.doc))
        if reply.private and not self._asker.direct:
            if files:
                doc = (*doc, d.paragraph("Look into our direct messages for the file."))
            await self._private(doc, reply.alt)
            thread = None
        else:
            thread = await self._public(doc, reply.alt)
        for file in files:
            await self._upload(file, private=reply.private)
        return thread

    async def named(self, doc: d.Doc) -> d.Doc:
        """The document with people called by their names here."""
        return await self._sender.people.named(self._asker.place.workspace, doc)

    async def _open(self, doc: d.Doc, form: d.Form) -> bool:
        """Open the form; False where Slack does not let us (no trigger, or older than three seconds)."""
        if not self._asker.trigger:
            return False
        place = self._asker.place
        active, foreign = self._asker.active, self._asker.foreign
        origin = Origin(form.command, place.channel, place.thread, place.workspace, active, foreign)
        view = modal(doc, form, origin, command=self._sender.command)
        client = await self._client()
        try:
            await ask(lambda: client.views_open(trigger_id=self._asker.trigger, view=view))
        except DeliveryError as error:
            log.info("a form could not be opened, it is shown as text", error=error)
            return False
        await self._clear()
        return True

    async def _client(self) -> AsyncWebClient:
        return await self._sender.clients.client(self._asker.place.workspace)

    async def _clear(self) -> None:
        """Take the note of a slash command away."""
        if self._noted and self._url:
            await self._url.delete()
            self._noted = False

    async def _public(self, doc: d.Doc, alt: str) -> str | None:
        place = self._asker.place
        self._sent += 1
        try:
            ts = await self._draft.finish(doc, alt)
            if ts is None:
                key = f"{self._asker.key}.{self._sent}"
                ts = await self._sender.deliver(place, doc, key=key, alt=alt)
        except ChannelGone:
            await self._around(doc, alt)
            return None
        await self._clear()
        return place.thread or ts

    async def _around(self, doc: d.Doc, alt: str) -> None:
        """The bot may not post here: by the response URL, which works anywhere, else to the person."""
        messages = render(doc, alt=alt, command=self._sender.command)
        done = await self._send_by_url(messages, public=True) if self._url else 0
        if messages[done:]:
            await self._to_person(messages[done:])

    async def _private(self, doc: d.Doc, alt: str) -> None:
        await self._draft.drop()
        messages = render(doc, alt=alt, command=self._sender.command)
        done = await self._send_by_url(messages) if self._url and self._by_url() else 0
        try:
            await self._whispered(messages[done:])
        except BlocksRefused as error:
            log.warning("shown in a plainer form", error=error)
            await self._whispered(plainer(doc, alt=alt, command=self._sender.command))

    async def _whispered(self, messages: list[Message]) -> None:
        for number, message in enumerate(messages):
            try:
                await self._whisper(message)
            except BlocksRefused:
                raise
            except (ChannelGone, Rejected):
                await self._to_person(messages[number:])
                return

    def _by_url(self) -> bool:
        """Whether a private answer goes by the response URL: not in threads, which it would leave."""
        return self._asker.typed or self._asker.place.thread is None or not self._asker.active

    async def _send_by_url(self, messages: list[Message], *, public: bool = False) -> int:
        """How many of the messages the response URL took."""
        assert self._url is not None
        for number, message in enumerate(messages):
            replace = self._noted and not public
            if not await self._url.send(message, public=public, replace=replace):
                return number
            self._noted = self._noted and public
        await self._clear()
        return len(messages)

    async def _whisper(self, message: Message) -> None:
        client, place = await self._client(), self._asker.place
        call = partial(
            client.chat_postEphemeral,
            channel=place.channel,
            user=self._asker.user,
            thread_ts=place.thread if self._asker.active else None,
            text=message.text,
            blocks=message.blocks or None,
        )
        await self._sender.patiently(lambda: ask(call))

    async def _to_person(self, messages: list[Message]) -> None:
        """By direct message: the last way that is always open."""
        client = await self._client()
        for message in messages:
            call = partial(
                client.chat_postMessage,
                channel=self._asker.user,
                text=message.text,
                blocks=message.blocks or None,
                unfurl_links=False,
            )
            await self._sender.patiently(partial(ask, call))

    async def _upload(self, file: d.File, *, private: bool) -> None:
        """Attach the file; a private one goes to the direct messages, where it stays the asker's alone."""
        client, place = await self._client(), self._asker.place
        try:
            channel, thread = place.channel, place.thread
            if private and not self._asker.direct:
                opened = await ask(lambda: client.conversations_open(users=self._asker.user))
                channel, thread = opened["channel"]["id"], None
            await ask(
                lambda: client.files_upload_v2(
                    channel=channel, thread_ts=thread, filename=file.name, content=file.content
                )
            )
        except DeliveryError as error:
            log.warning("a file is shown as text", error=error)
            await self._private((file,), file.name)


def _without_files(doc: d.Doc) -> tuple[d.Doc, tuple[d.File, ...]]:
    files = tuple(block for block in doc if isinstance(block, d.File))
    rest = tuple(block for block in doc if not isinstance(block, d.File))
    return rest or tuple(d.paragraph(file.name) for file in files), files


class HomeResponder:
    """Shows the reply as the App Home of the person who opened it."""

    def __init__(self, client: AsyncWebClient, user: str, view: Callable[[d.Doc], Json]) -> None:
        self._client = client
        self._user = user
        self._view = view

    async def working(self, note: str) -> None:
        """The page stays as it was until the new one is there."""

    async def draft(self, doc: d.Doc) -> None:
        """The page is shown when it is whole."""

    async def send(self, reply: Reply) -> str | None:
        """Publish the page."""
        view = self._view(reply.doc)
        await ask(lambda: self._client.views_publish(user_id=self._user, view=view))
        return None


class LinkResponder:
    """Shows the reply as the preview of a link that somebody pasted.

    ``shown`` holds the previews of the same message so far: Slack wants all of them every time.
    """

    def __init__(
        self, client: AsyncWebClient, url: str, place: tuple[str, str], shown: dict[str, Json]
    ) -> None:
        self._client = client
        self._url = url
        self._channel, self._ts = place
        self._shown = shown

    async def working(self, note: str) -> None:
        """A preview appears when it is ready."""

    async def draft(self, doc: d.Doc) -> None:
        """A preview appears when it is ready."""

    async def send(self, reply: Reply) -> str | None:
        """Attach the preview; its thread is the one of the message with the link. Private replies
        (refusals) show nothing: nobody asked."""
        if reply.private or reply.error:
            return None
        self._shown[self._url] = {"blocks": preview(render(reply.doc, alt=reply.alt)[0].blocks)}
        unfurls = dict(self._shown)
        await ask(lambda: self._client.chat_unfurl(channel=self._channel, ts=self._ts, unfurls=unfurls))
        return self._ts
