"""A Slack for tests: the real slack-bolt client talks to it on loopback, unpatched (`api_url`).

It is as strict as Slack about blocks, limits, tokens, scopes and rates. Tests tell what people do with
`types`, `says`, `presses`, `submits` and read what people see with `posts`, `ephemerals`, `modal`. Time is
the test's (`Clock`); nothing sleeps.
"""

from collections.abc import Sequence

from tests.fakes.slack_files import File
from tests.fakes.slack_limits import Json
from tests.fakes.slack_server import Envelope, Server
from tests.fakes.slack_world import APP_ID, BOT_USER, TEAM, Clock, Message

CHANNEL, USER = "C0PAPERS", "U0ANA"
MENTION = f"<@{BOT_USER}>"


def escape(text: str) -> str:
    """What people type arrives escaped; mentions written as `<@U…>` stay."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace(f"&lt;@{BOT_USER}&gt;", MENTION)


class FakeSlack(Server):
    """One Slack workspace with our app installed: `async with FakeSlack() as slack: …`."""

    async def types(
        self, line: str, *, channel: str = CHANNEL, user: str = USER, thread: str | None = None
    ) -> Envelope:
        """A slash command, `/paper help`; Slack knows none in threads."""
        assert thread is None, "Slack refuses slash commands in threads"
        command, _, text = line.partition(" ")
        place = self.world.channels[channel]
        return await self.deliver(
            "slash_commands",
            {
                "token": "old",
                "team_id": TEAM,
                "team_domain": "papers",
                "channel_id": channel,
                "channel_name": "directmessage" if place.is_im else place.name,
                "user_id": user,
                "user_name": self.world.users[user].name,
                "command": command,
                "text": escape(text),
                "api_app_id": APP_ID,
                "is_enterprise_install": "false",
                "response_url": self.response_url(channel, user),
                "trigger_id": self.world.trigger(),
            },
        )

    async def event(self, event: Json, *, team: str = TEAM, id: str = "") -> Envelope:
        """Deliver one Events API event."""
        return await self.deliver(
            "events_api",
            {
                "token": "old",
                "team_id": team,
                "api_app_id": APP_ID,
                "event": event,
                "type": "event_callback",
                "event_id": id or self.world.id("Ev"),
                "event_time": int(self.clock()),
                "authorizations": [{"team_id": team, "user_id": BOT_USER, "is_bot": True}],
                "is_ext_shared_channel": False,
            },
        )

    async def says(
        self,
        text: str,
        *,
        channel: str = CHANNEL,
        user: str = USER,
        thread: str | None = None,
        mention: bool = False,
        files: Sequence[File] = (),
    ) -> Message:
        """A person writes in a channel, thread or direct message; a mention also comes as `app_mention`,
        unless the message has files (slackapi/bolt-python#925)."""
        wire = escape(f"{MENTION} {text}" if mention else text)
        message = self.world.add(Message(channel, self.world.ts(), user, wire, thread_ts=thread))
        place = self.world.channels[channel]
        kind = "im" if place.is_im else "group" if place.is_private else "channel"
        base: Json = {
            "channel": channel,
            "user": user,
            "text": wire,
            "ts": message.ts,
            "event_ts": message.ts,
        }
        base |= {"thread_ts": thread, "parent_user_id": self.parent(channel, thread)} if thread else {}
        base |= {"subtype": "file_share", "upload": True, "files": self._shared(files)} if files else {}
        message.shared = base.get("files", [])
        if BOT_USER in place.members:
            await self.event({"type": "message", "channel_type": kind, "team": TEAM, **base})
            if mention and not files and not place.is_im:
                await self.event({"type": "app_mention", "team": TEAM, **base})
        return message

    def _shared(self, files: Sequence[File]) -> list[Json]:
        for file in files:
            file.id = file.id or self.world.id("F")
            self.world.files[file.id] = file
        return [file.wire(self.base) for file in files]

    def parent(self, channel: str, thread: str) -> str:
        return self.world.by_ts[channel, thread].user

    async def edits(self, message: Message, text: str) -> None:
        """A person changes an earlier message."""
        message.text = escape(text)
        inner = message.wire() | {"edited": {"user": message.user, "ts": self.world.ts()}}
        await self.event(
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": message.channel,
                "channel_type": "channel",
                "message": inner,
                "previous_message": inner,
                "ts": self.world.ts(),
            }
        )

    async def presses(
        self, label: str, *, on: Message | None = None, user: str = USER, home: bool = False
    ) -> Envelope:
        """Press the button with this label on a message (the latest that has it) or on the App Home."""
        if home:
            view = self.world.homes[user]
            button = self.button(view["blocks"], label)
            where: Json = {"view": view, "container": {"type": "view", "view_id": view["id"]}}
        else:
            on = on or next(m for m in reversed(self.world.messages) if self.button(m.blocks, label))
            button = self.button(on.blocks, label)
            url = self.response_url(on.channel, user, original=on, thread=on.thread_ts)
            where = self.on_message(on) | {"response_url": url}
        assert button is not None, f"no button {label!r}"
        action = {k: button[k] for k in ("action_id", "value", "type", "text", "block_id") if k in button}
        return await self.deliver(
            "interactive",
            {
                "type": "block_actions",
                "user": self.person(user),
                "api_app_id": APP_ID,
                "team": {"id": TEAM, "domain": "papers"},
                "is_enterprise_install": False,
                "trigger_id": self.world.trigger(),
                "actions": [{"action_ts": self.world.ts(), **action}],
                **where,
            },
        )

    def on_message(self, message: Message) -> Json:
        hidden = message.ephemeral_to is not None
        container: Json = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
        container |= {"is_ephemeral": hidden}
        container |= {"thread_ts": message.thread_ts} if message.thread_ts else {}
        body: Json = {"container": container, "channel": {"id": message.channel, "name": "papers"}}
        return body if hidden else body | {"message": self.in_thread(message)}

    def in_thread(self, message: Message) -> Json:
        """The message as interactions carry it, with Slack's marks of a thread's first and other messages."""
        if message.thread_ts:
            return message.wire() | {"parent_user_id": self.parent(message.channel, message.thread_ts)}
        replied = any(m.thread_ts == message.ts and not m.ephemeral_to for m in self.world.messages)
        return message.wire() | ({"thread_ts": message.ts} if replied else {})

    def button(self, blocks: list[Json], label: str) -> Json | None:
        """The button so labelled, with its block's id as Slack adds it."""
        for number, block in enumerate(blocks):
            elements = block.get("elements", []) + ([block["accessory"]] if "accessory" in block else [])
            for element in elements:
                for part in (element, element.get("positive_button"), element.get("negative_button")):
                    if part and isinstance(part.get("text"), dict) and part["text"].get("text") == label:
                        inherited = {"type": element["type"], "action_id": element.get("action_id", "a")}
                        return {"block_id": block.get("block_id", f"b{number}"), **inherited, **part}
        return None

    def person(self, user: str) -> Json:
        return {"id": user, "username": self.world.users[user].name, "team_id": TEAM}

    async def submits(self, view: Json, values: Json, *, user: str = USER) -> Envelope:
        """Send a modal: `values` maps a label of an input to a text, a choice's value, or a list of them."""
        state: Json = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                state[block["block_id"]] = {block["element"]["action_id"]: self.entry(block, values)}
        asked = {block["label"]["text"] for block in view["blocks"] if block["type"] == "input"}
        for block in view["blocks"]:
            if block["type"] == "input" and not block.get("optional"):
                (entry,) = state[block["block_id"]].values()
                kept = entry.get("selected_options") or entry.get("selected_option") or entry.get("value")
                assert kept, f"Slack asks for {block['label']['text']!r} and sends nothing without it"
        assert set(values) <= asked, (
            f"no such input: {sorted(set(values) - asked)}; there are {sorted(asked)}"
        )
        body = {k: view[k] for k in ("id", "type", "callback_id", "private_metadata", "blocks", "title")}
        return await self.deliver(
            "interactive",
            {
                "type": "view_submission",
                "team": {"id": TEAM, "domain": "papers"},
                "user": self.person(user),
                "api_app_id": APP_ID,
                "trigger_id": self.world.trigger(),
                "view": body | {"state": {"values": state}, "hash": view["hash"]},
                "response_urls": [],
                "is_enterprise_install": False,
            },
        )

    def entry(self, block: Json, values: Json) -> Json:
        """What one input holds when the form is sent: what was entered, else what stood there."""
        element = block["element"]
        kind, label = element["type"], block["label"]["text"]
        if kind in {"multi_static_select", "checkboxes"}:
            given = values.get(label, [o["value"] for o in element.get("initial_options", [])])
            return {"type": kind, "selected_options": [self.choice(element, v) for v in given]}
        if kind in {"static_select", "radio_buttons"}:
            value = values.get(label, element.get("initial_option", {}).get("value"))
            return {"type": kind, "selected_option": None if value is None else self.choice(element, value)}
        if kind == "timepicker":
            return {"type": kind, "selected_time": values.get(label, element.get("initial_time"))}
        return {"type": kind, "value": values.get(label, element.get("initial_value")) or None}

    def choice(self, element: Json, value: str) -> Json:
        found = [o for o in element["options"] if o["value"] == value]
        assert found, f"no option {value!r} among {[o['value'] for o in element['options']]}"
        return dict(found[0])

    async def uses_shortcut(self, callback: str, on: Message, *, user: str = USER) -> Envelope:
        """A message shortcut from the message's menu."""
        return await self.deliver(
            "interactive",
            {
                "type": "message_action",
                "callback_id": callback,
                "user": self.person(user),
                "team": {"id": TEAM, "domain": "papers"},
                "channel": {"id": on.channel, "name": "papers"},
                "message": self.in_thread(on),
                "message_ts": on.ts,
                "trigger_id": self.world.trigger(),
                "response_url": self.response_url(on.channel, user),
            },
        )

    async def opens_home(self, user: str = USER) -> Envelope:
        im = self.world.im(user)
        return await self.event({"type": "app_home_opened", "user": user, "tab": "home", "channel": im.id})

    async def shares(
        self, *links: str, channel: str = CHANNEL, user: str = USER, composing: bool = False
    ) -> Message | None:
        """A person pastes links; while composing there is no message yet."""
        found = [{"url": link, "domain": link.split("/")[2]} for link in links]
        unfurl = self.world.id("unfurl")
        base: Json = {"type": "link_shared", "user": user, "links": found, "unfurl_id": unfurl}
        if composing:
            draft = {"channel": "COMPOSER", "message_ts": f"draft-{unfurl}", "source": "composer"}
            await self.event(base | draft)
            return None
        text = " ".join(f"<{link}>" for link in links)
        message = self.world.add(Message(channel, self.world.ts(), user, text))
        place = {"channel": channel, "message_ts": message.ts, "source": "conversations_history"}
        await self.event(base | place)
        return message

    async def archives(self, channel: str = CHANNEL) -> None:
        self.world.channels[channel].is_archived = True
        await self.event({"type": "channel_archive", "channel": channel, "user": USER})

    async def renames(self, name: str, channel: str = CHANNEL) -> None:
        self.world.channels[channel].name = name
        await self.event({"type": "channel_rename", "channel": {"id": channel, "name": name, "created": 1}})

    async def kicks_bot(self, channel: str = CHANNEL) -> None:
        self.world.channels[channel].members.discard(BOT_USER)
        await self.event({"type": "channel_left", "channel": channel})

    async def invites_bot(self, channel: str = CHANNEL, *, user: str = USER) -> None:
        self.world.channels[channel].members.add(BOT_USER)
        joined = {"type": "member_joined_channel", "user": BOT_USER, "channel": channel, "inviter": user}
        await self.event(joined | {"channel_type": "C", "team": TEAM})

    # ---- reading back --------------------------------------------------------------------------

    def posts(self, channel: str = CHANNEL, *, thread: str | None = None) -> list[Message]:
        """What everybody sees of the bot in a channel at top level, or in one of its threads."""
        mine = [m for m in self.world.messages if m.channel == channel and m.bot and not m.ephemeral_to]
        kept = [m for m in mine if m.subtype != "deleted"]
        return [m for m in kept if m.thread_ts == thread and m.ts != thread]

    def ephemerals(self, channel: str = CHANNEL, *, user: str = USER) -> list[Message]:
        """What only this person sees of the bot in a channel."""
        mine = [m for m in self.world.messages if m.channel == channel and m.ephemeral_to == user]
        return [m for m in mine if m.subtype != "deleted"]

    def calls(self, method: str, outcome: str | None = None) -> list[Json]:
        """The arguments of every call of a method, perhaps only those that ended so."""
        found = [c for c in self.world.calls if c.method == method]
        return [c.args for c in found if outcome is None or c.outcome == outcome]

    def modal(self) -> Json:
        """The modal opened last."""
        return list(self.world.views.values())[-1]


__all__ = ["BOT_USER", "CHANNEL", "TEAM", "USER", "Clock", "Envelope", "FakeSlack", "File", "Message"]
