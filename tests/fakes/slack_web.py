"""The Web API methods of the fake: each takes the world and the arguments and answers as Slack would."""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.fakes.slack_limits import (
    MESSAGE_CHARACTERS,
    TEXT_CHARACTERS,
    Json,
    check_blocks,
    check_view,
    length,
    mrkdwn_texts,
    pings,
    unescaped,
)
from tests.fakes.slack_world import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    STREAM_SECONDS,
    TEAM,
    Message,
    Refused,
    World,
)

Method = Callable[[World, Json], Json]
METHODS: dict[str, tuple[Method, frozenset[str]]] = {}


def method(name: str, *scopes: str) -> Callable[[Method], Method]:
    """Register a method; any one of `scopes` is enough."""

    def register(function: Method) -> Method:
        METHODS[name] = (function, frozenset(scopes))
        return function

    return register


def flag(value: Any) -> bool:
    return value in (True, 1, "1", "true", "True")


def structure(value: Any) -> Any:
    """Blocks, views and metadata come as JSON, or as JSON inside a form field."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refused("invalid_json") from None


def check_content(world: World, args: Json, *, surface: str = "message") -> tuple[str, list[Json]]:
    """The text and blocks of a message once Slack has found nothing to refuse."""
    text, blocks = args.get("text") or "", structure(args.get("blocks")) or []
    markdown = args.get("markdown_text") or ""
    if markdown and (text or blocks):
        raise Refused("markdown_text_conflict")
    if not (text or blocks or markdown):
        raise Refused("no_text")
    if len(text) > TEXT_CHARACTERS or len(markdown) > 12_000:
        raise Refused("msg_too_long")
    complaints = check_blocks(blocks, surface)
    if complaints:
        raise Refused("invalid_blocks", response_metadata={"messages": complaints})
    if length(blocks) > MESSAGE_CHARACTERS:
        raise Refused("msg_blocks_too_long")
    note_markup(world, [text, *mrkdwn_texts(blocks)], args.get("parse"))
    return text or markdown, blocks


def note_markup(world: World, texts: list[str], parse: Any = None) -> None:
    for text in texts:
        world.pinged += pings(text)
        world.misread += unescaped(text)
        if parse == "full":
            world.pinged += re.findall(r"@(?:channel|here|everyone)", text)


def check_metadata(args: Json) -> Json | None:
    metadata = structure(args.get("metadata"))
    if metadata is None:
        return None
    if set(metadata) != {"event_type", "event_payload"} or not isinstance(metadata["event_payload"], dict):
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata)) > 15_000:
        raise Refused("metadata_too_large")
    return dict(metadata)


def check_thread(world: World, channel: str, ts: Any) -> str | None:
    if ts is None:
        return None
    if not re.fullmatch(r"\d{10}\.\d{6}", str(ts)):
        raise Refused("invalid_thread_ts")
    parent = world.by_ts.get((channel, str(ts)))
    if parent is None or parent.subtype == "deleted":
        raise Refused("thread_not_found")
    return str(ts)


@method("auth.test")
def auth_test(world: World, args: Json) -> Json:
    return {
        "url": "https://papers.slack.com/",
        "team": "Papers",
        "user": "paperboy",
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }


@method("team.info", "team:read")
def team_info(world: World, args: Json) -> Json:
    return {"team": {"id": TEAM, "name": "Papers", "domain": "papers"}}


@method("users.info", "users:read")
def users_info(world: World, args: Json) -> Json:
    user = world.users.get(args.get("user", ""))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user.wire()}


@method("chat.postMessage", "chat:write")
def post_message(world: World, args: Json) -> Json:
    channel = world.open_channel(args["channel"], to_post=True)
    text, blocks = check_content(world, args)
    thread = check_thread(world, channel.id, args.get("thread_ts"))
    metadata = check_metadata(args)
    message = Message(channel.id, world.ts(), BOT_USER, text, blocks, thread, metadata, bot=True, raw=args)
    world.add(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.wire()}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(world: World, args: Json) -> Json:
    channel = world.open_channel(args["channel"], to_post=True)
    if args.get("user") not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks = check_content(world, args)
    thread = check_thread(world, channel.id, args.get("thread_ts"))
    message = Message(channel.id, world.ts(), BOT_USER, text, blocks, thread, bot=True, raw=args)
    message.ephemeral_to = args["user"]
    if thread and not any(m.thread_ts == thread and not m.ephemeral_to for m in world.messages):
        message.subtype = "deleted"  # Slack: "only shown if there is already an active thread"
    world.messages.append(message)  # not findable by ts: ephemeral messages cannot be updated or read back
    return {"message_ts": message.ts}


@method("chat.update", "chat:write")
def update(world: World, args: Json) -> Json:
    world.open_channel(args["channel"])
    message = world.find(args["channel"], args["ts"])
    if not message.bot:
        raise Refused("cant_update_message")
    if message.streaming and world.clock() - message.streamed_at < STREAM_SECONDS:
        raise Refused("streaming_state_conflict")
    message.text, message.blocks = check_content(world, args)
    message.metadata = check_metadata(args) or message.metadata
    message.edits += 1
    message.streaming = False
    return {"channel": message.channel, "ts": message.ts, "text": message.text}


@method("chat.delete", "chat:write")
def delete(world: World, args: Json) -> Json:
    message = world.find(args["channel"], args["ts"])
    if not message.bot:
        raise Refused("cant_delete_message")
    message.subtype = "deleted"
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink")
def permalink(world: World, args: Json) -> Json:
    message = world.find(args["channel"], args["message_ts"])
    link = f"https://papers.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return {"channel": message.channel, "permalink": link}


@method("assistant.threads.setStatus", "chat:write", "assistant:write")
def set_status(world: World, args: Json) -> Json:
    world.statuses.append(args)
    return {}


HISTORY = ("channels:history", "groups:history", "im:history")


def page(world: World, args: Json, found: list[Message], most: int) -> Json:
    """One page of messages in the order given, with a cursor when more are left."""
    metadata = flag(args.get("include_all_metadata"))
    if metadata and "metadata.message:read" not in world.scopes:
        raise Refused(
            "missing_scope", needed="metadata.message:read", provided=",".join(sorted(world.scopes))
        )
    start = int(args.get("cursor") or 0)
    limit = min(int(args.get("limit") or 100), most)
    part = found[start : start + limit]
    more = start + limit < len(found)
    cursor = str(start + limit) if more else ""
    return {
        "messages": [m.wire(metadata=metadata) for m in part],
        "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    }


def in_window(args: Json, ts: str) -> bool:
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9e99")
    if flag(args.get("inclusive")):
        return float(oldest) <= float(ts) <= float(latest)
    return float(oldest) < float(ts) < float(latest)


def visible(world: World, channel: str) -> list[Message]:
    world.open_channel(channel)
    if BOT_USER not in world.channels[channel].members:
        raise Refused("not_in_channel")
    return [
        m for m in world.messages if m.channel == channel and not m.ephemeral_to and m.subtype != "deleted"
    ]


@method("conversations.history", *HISTORY)
def history(world: World, args: Json) -> Json:
    found = [m for m in visible(world, args["channel"]) if m.thread_ts in (None, m.ts)]
    found = [m for m in reversed(found) if in_window(args, m.ts)]
    return page(world, args, found, 999)


@method("conversations.replies", *HISTORY)
def replies(world: World, args: Json) -> Json:
    found = [m for m in visible(world, args["channel"]) if args["ts"] in (m.ts, m.thread_ts)]
    if not any(m.ts == args["ts"] for m in found):
        raise Refused("thread_not_found")
    kept = [m for m in found if m.ts == args["ts"] or in_window(args, m.ts)]
    return page(world, args, kept, 1000)


@method("conversations.info", "channels:read", "groups:read", "im:read")
def info(world: World, args: Json) -> Json:
    return {"channel": world.open_channel(args["channel"]).wire()}


@method("conversations.list", "channels:read", "groups:read", "im:read")
def list_channels(world: World, args: Json) -> Json:
    found = [c.wire() for c in world.channels.values() if not c.is_private or BOT_USER in c.members]
    if flag(args.get("exclude_archived")):
        found = [c for c in found if not c["is_archived"]]
    start, limit = int(args.get("cursor") or 0), int(args.get("limit") or 100)
    cursor = str(start + limit) if start + limit < len(found) else ""
    return {"channels": found[start : start + limit], "response_metadata": {"next_cursor": cursor}}


@method("conversations.join", "channels:join")
def join(world: World, args: Json) -> Json:
    channel = world.open_channel(args["channel"])
    if channel.is_archived:
        raise Refused("is_archived")
    channel.members.add(BOT_USER)
    return {"channel": channel.wire()}


@method("conversations.members", "channels:read", "groups:read", "im:read")
def members(world: World, args: Json) -> Json:
    return {"members": sorted(world.open_channel(args["channel"]).members)}


@method("conversations.open", "im:write")
def open_im(world: World, args: Json) -> Json:
    if args.get("users") not in world.users:
        raise Refused("user_not_found")
    return {"channel": {"id": world.im(args["users"]).id}}


@method("reactions.add", "reactions:write")
def react(world: World, args: Json) -> Json:
    message = world.find(args["channel"], args["timestamp"])
    if args["name"] in message.reactions:
        raise Refused("already_reacted")
    message.reactions.append(args["name"])
    return {}


def use_trigger(world: World, args: Json) -> None:
    born = world.triggers.pop(args.get("trigger_id", ""), None)
    if born is None:
        raise Refused("invalid_trigger_id")
    if world.clock() - born > 3:
        raise Refused("expired_trigger_id")


def checked_view(world: World, args: Json) -> Json:
    view = structure(args.get("view"))
    complaints = check_view(view)
    if complaints:
        raise Refused("invalid_arguments", response_metadata={"messages": complaints})
    note_markup(world, list(mrkdwn_texts(view["blocks"])))
    return {"state": {"values": {}}, "private_metadata": "", "callback_id": "", **view, "team_id": TEAM}


@method("views.open")
def open_view(world: World, args: Json) -> Json:
    use_trigger(world, args)
    view = checked_view(world, args) | {"id": world.id("V"), "hash": world.ts()}
    if view["type"] != "modal":
        raise Refused("invalid_arguments")
    world.views[view["id"]] = view
    return {"view": view}


@method("views.update")
def update_view(world: World, args: Json) -> Json:
    known = world.views.get(args.get("view_id", ""))
    if known is None:
        raise Refused("not_found")
    if args.get("hash") and args["hash"] != known["hash"]:
        raise Refused("hash_conflict")
    view = checked_view(world, args) | {"id": known["id"], "hash": world.ts()}
    world.views[view["id"]] = view
    return {"view": view}


@method("views.publish")
def publish_view(world: World, args: Json) -> Json:
    view = checked_view(world, args)
    if view["type"] != "home":
        raise Refused("invalid_arguments")
    if args.get("user_id") not in world.users:
        raise Refused("user_not_found")
    world.homes[args["user_id"]] = view | {"id": world.id("V"), "hash": world.ts()}
    return {"view": world.homes[args["user_id"]]}


@method("chat.unfurl", "links:write")
def unfurl(world: World, args: Json) -> Json:
    unfurls = structure(args.get("unfurls"))
    if not ((args.get("channel") and args.get("ts")) or (args.get("unfurl_id") and args.get("source"))):
        raise Refused("missing_unfurl_id")
    for url, card in unfurls.items():
        complaints = check_blocks(card.get("blocks", []), "unfurl")
        if complaints or not card:
            raise Refused("cannot_parse_attachment", response_metadata={"messages": [url, *complaints]})
        note_markup(world, list(mrkdwn_texts(card)))
    world.unfurled.append({**args, "unfurls": unfurls})
    return {}


@method("files.getUploadURLExternal", "files:write")
def upload_url(world: World, args: Json) -> Json:
    if not args.get("filename") or int(args.get("length") or 0) <= 0:
        raise Refused("invalid_arguments")
    id = world.id("F")
    world.uploads[id] = {"filename": args["filename"], "length": int(args["length"]), "content": None}
    return {"file_id": id, "upload_url": f"{world.uploads_at}{id}"}


@method("files.info", "files:read")
def file_info(world: World, args: Json) -> Json:
    file = world.files.get(args["file"])
    if file is None:
        raise Refused("file_not_found")
    return {"file": file.wire(world.uploads_at.removesuffix("/upload/"), whole=True)}


@method("files.completeUploadExternal", "files:write")
def upload_done(world: World, args: Json) -> Json:
    files = structure(args.get("files"))
    for file in files:
        known = world.uploads.get(file["id"])
        if known is None or known["content"] is None or len(known["content"]) != known["length"]:
            raise Refused("file_not_found")
    if args.get("channel_id"):
        channel = world.open_channel(args["channel_id"], to_post=True)
        thread = check_thread(world, channel.id, args.get("thread_ts"))
        text = args.get("initial_comment") or ""
        message = Message(channel.id, world.ts(), BOT_USER, text, [], thread, bot=True, raw=args)
        message.files = [file["id"] for file in files]
        world.add(message)
    return {"files": [{"id": file["id"], "title": file.get("title", "")} for file in files]}
