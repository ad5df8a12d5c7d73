"""Streamed messages of the fake: begun, appended to and stopped, or ended by Slack after five minutes."""

from tests.fakes.slack_limits import TEXT_CHARACTERS, Json, check_blocks, mrkdwn_texts
from tests.fakes.slack_web import check_metadata, check_thread, method, note_markup, structure
from tests.fakes.slack_world import BOT_USER, STREAM_SECONDS, Message, Refused, World


def streamed(world: World, args: Json) -> str:
    chunks = structure(args.get("chunks")) or []
    for chunk in chunks:
        if chunk.get("type") not in {"markdown_text", "task_update", "plan_update"}:
            raise Refused("invalid_chunks")
    text = (args.get("markdown_text") or "") + "".join(chunk.get("text", "") for chunk in chunks)
    if len(text) > 12_000:
        raise Refused("msg_too_long")
    note_markup(world, [text])
    return text


@method("chat.startStream", "chat:write")
def start_stream(world: World, args: Json) -> Json:
    channel = world.open_channel(args["channel"], to_post=True)
    thread = check_thread(world, channel.id, args.get("thread_ts"))
    if thread is None:
        raise Refused("invalid_thread_ts")
    if not channel.is_im and not (args.get("recipient_user_id") and args.get("recipient_team_id")):
        raise Refused("missing_recipient_user_id")
    message = Message(channel.id, world.ts(), BOT_USER, streamed(world, args), [], thread, bot=True, raw=args)
    message.streaming, message.streamed_at = True, world.clock()
    world.add(message)
    return {"channel": channel.id, "ts": message.ts}


def running_stream(world: World, args: Json) -> Message:
    message = world.find(args["channel"], args["ts"])
    if message.streaming and world.clock() - message.streamed_at >= STREAM_SECONDS:
        message.streaming = False
    if not message.streaming:
        raise Refused("message_not_in_streaming_state")
    return message


@method("chat.appendStream", "chat:write")
def append_stream(world: World, args: Json) -> Json:
    message = running_stream(world, args)
    added = streamed(world, args)
    if not added and not args.get("chunks"):
        raise Refused("no_text")
    if len(message.text) + len(added) > TEXT_CHARACTERS:
        raise Refused("msg_too_long")
    message.text += added
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "chat:write")
def stop_stream(world: World, args: Json) -> Json:
    message = running_stream(world, args)
    message.text += streamed(world, args)
    blocks = structure(args.get("blocks")) or []
    complaints = check_blocks(blocks)
    if complaints:
        raise Refused("invalid_blocks", response_metadata={"messages": complaints})
    note_markup(world, list(mrkdwn_texts(blocks)))
    head: list[Json] = [{"type": "markdown", "text": message.text}] if message.text else []
    message.blocks = [*head, *blocks]
    message.metadata = check_metadata(args)
    message.streaming = False
    return {"channel": message.channel, "ts": message.ts, "message": message.wire()}
