"""Commands that show or change what a channel gets: follow, unfollow, topics, schedule, digest, settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import schedule_words
from bot.commands.call import Call, days, misuse
from bot.commands.core import Core
from bot.commands.papers import topic_of, trailing_span
from bot.doc import Doc
from bot.domain import Channel, Reply, Request, Topic
from bot.errors import DeliveryError, Refused, UsageError
from bot.ports import Responder
from bot.views import channels as views
from bot.views.status import trouble

_log = structlog.get_logger("paperboy")
MOST_TOPICS = 50
CHECKED_DAYS = 30


async def channel_of(core: Core, call: Call) -> Channel:
    """The channel as it is set now; the defaults for one that was never set."""
    request = call.request
    found = await core.channels.get(request.channel) or Channel(
        request.channel, timezone=core.manners.timezone, workspace=request.workspace
    )
    mine = request.direct and not found.person and await _at_home(core, request)
    return replace(found, person=request.user) if mine else found


async def adopt(core: Core, request: Request) -> None:
    """Note whose direct messages a channel is that the file names and nobody has changed yet."""
    try:
        found = await core.channels.get(await core.home(request))
    except (DeliveryError, Refused) as error:
        _log.info("direct messages not known", user=request.user, error=error)
        return
    if found and not found.person:
        await core.channels.save(replace(found, person=request.user))


async def _at_home(core: Core, request: Request) -> bool:
    """Whether it was asked in the person's direct messages with the bot, where nobody else is."""
    try:
        return request.channel == await core.home(request)
    except (DeliveryError, Refused) as error:
        _log.info("direct messages not known", user=request.user, error=error)
        return False


def permit(core: Core, request: Request) -> None:
    """Raises Refused, naming who can, unless the person may change the channel."""
    if not core.manners.may_change(request):
        raise core.manners.refusal(request)


async def follow(core: Core, call: Call, way: Responder) -> None:
    """Follow a topic, after looking whether the library knows it and what it would bring."""
    wanted = topic_of(call)
    channel = await channel_of(core, call)
    if any(topic.key == wanted.key for topic in channel.topics):
        await _private(way, views.already(wanted, channel))
        return
    if len(channel.topics) >= MOST_TOPICS:
        raise UsageError(f"A channel can follow {MOST_TOPICS} topics; unfollow one first.")
    await way.working("Looking at what this would bring…")
    total = await core.papers.count()
    since = core.now().date() - timedelta(days=CHECKED_DAYS)
    found = await core.finder.topic(wanted, since=since)
    if not found.matched and total:
        found = await core.finder.topic(wanted, since=None)
    if not found.matched and total and call.options.get("anyway", "").lower() not in ("yes", "y", "true"):
        nearest = await core.finder.nearest_words(wanted)
        await _private(way, views.unknown_topic(wanted, nearest, total, channel))
        return
    kept = [topic for topic in channel.topics if topic.name.casefold() != wanted.name.casefold()]
    channel = replace(channel, topics=(*kept, wanted))
    await core.channels.save(channel)
    await _private(way, views.followed(wanted, channel, found, CHECKED_DAYS, total, since=since))


async def unfollow(core: Core, call: Call, way: Responder) -> None:
    """Stop following a topic, named by its phrases or its number in the list."""
    words = call.need("The topic")
    channel = await channel_of(core, call)
    found = _followed(channel, words)
    if found is None:
        await _private(way, views.not_followed(words, channel))
        return
    await core.channels.save(replace(channel, topics=tuple(t for t in channel.topics if t != found)))
    await _private(way, views.unfollowed(found, channel))


def _followed(channel: Channel, words: str) -> Topic | None:
    if re.fullmatch(r"\d{1,3}", words) and 1 <= int(words) <= len(channel.topics):
        return channel.topics[int(words) - 1]
    wanted = Topic.parse(words)
    for topic in channel.topics:
        if wanted.key == topic.key or wanted.name.casefold() == topic.name.casefold():
            return topic
    part = [t for t in channel.topics if wanted.name.casefold() in [p.casefold() for p in t.phrases]]
    return part[0] if len(part) == 1 else None


async def topics(core: Core, call: Call, way: Responder) -> None:
    """What the channel follows."""
    await _private(way, views.topics(await channel_of(core, call)))


async def schedule(core: Core, call: Call, way: Responder) -> None:
    """Set when the digest comes, by words or by the form."""
    channel = await channel_of(core, call)
    if call.request.kind == "form":
        await _save(core, way, _from_form(channel, call.request.values))
    elif not call.words:
        await way.send(Reply((views.schedule_form(channel),), private=True))
    else:
        await _save(core, way, scheduled(channel, call.words))


async def _save(core: Core, way: Responder, channel: Channel) -> None:
    await core.channels.save(channel)
    await _private(way, views.scheduled(channel))


def scheduled(channel: Channel, words: str) -> Channel:
    """The channel with the time, zone and days in ``words``, in any order. Raises UsageError."""
    zoned = False
    for word in re.sub(r",\s+", ",", words).split():
        if schedule_words.is_time(word):
            channel = replace(channel, at=schedule_words.time_of_day(word))
        elif schedule_words.is_days(word) or zoned:
            channel = replace(channel, days=schedule_words.days(word))
        else:
            channel, zoned = replace(channel, timezone=schedule_words.zone(word)), True
    return channel


def _from_form(channel: Channel, values: Mapping[str, str]) -> Channel:
    steps: dict[str, Callable[[Channel, str], Channel]] = {
        "at": lambda c, v: replace(c, at=schedule_words.time_of_day(v)),
        "timezone": lambda c, v: replace(c, timezone=schedule_words.zone(v)),
        "days": lambda c, v: replace(c, days=schedule_words.days(v)),
        "limit": lambda c, v: replace(c, limit=_limit(v)),
        "language": lambda c, v: replace(c, language=_language(v)),
        "quiet": lambda c, v: replace(
            c, quiet="silent" if _one_of(v, ("say", "silent")) == "silent" else "say"
        ),
        "watch": lambda c, v: replace(c, watch=_one_of(v, ("yes", "no")) == "yes"),
        "topics": lambda c, v: replace(c, topics=_topics(v)),
        "not": lambda c, v: replace(c, not_=_words(v)),
    }
    for name, step in steps.items():
        if name in values:
            try:
                channel = step(channel, values[name])
            except UsageError as error:
                raise FieldError(str(error), name) from None
    return channel


class FieldError(UsageError):
    """A form's value that cannot be used; ``field`` names it."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.field = name


def _limit(value: str) -> int:
    if not re.fullmatch(r"\s*\d{1,3}\s*", value) or not 1 <= int(value) <= 50:
        raise UsageError(f"“{value[:20]}” is no number of papers; write 1 to 50.")
    return int(value)


def _one_of(value: str, choices: tuple[str, str]) -> str:
    chosen = value.strip().lower()
    if chosen not in choices:
        raise UsageError(f"“{value[:20]}” is neither {choices[0]} nor {choices[1]}.")
    return chosen


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", value.strip()):
        raise UsageError(f"“{value[:20]}” is no language code; write en, de, fr or the like.")
    return value.strip()


def _topics(value: str) -> tuple[Topic, ...]:
    found = [Topic.parse(line) for line in value.splitlines()]
    named = {topic.key: topic for topic in found if topic.phrases}
    if len(named) > MOST_TOPICS:
        raise UsageError(f"A channel can follow {MOST_TOPICS} topics.")
    return tuple(named.values())


def _words(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w.strip() for w in re.split(r"[,\n]", value) if w.strip()))


async def settings(core: Core, call: Call, way: Responder) -> None:
    """What the channel gets, as a form; sent, it is checked and kept. Who may not change it reads it as text
    instead, and who can."""
    channel = await channel_of(core, call)
    if not core.manners.may_change(call.request):
        refused = core.manners.refusal(call.request)
        await _private(way, (*trouble(str(refused), refused.people), *views.settings(channel)))
    elif call.request.kind == "form" or call.options:
        channel = _from_form(channel, call.request.values if call.request.kind == "form" else call.options)
        await core.channels.save(channel)
        note = () if core.reader.translates() else views.untranslated(channel)
        await _private(way, (*views.settings_kept(channel), *note))
    else:
        await way.send(Reply((views.settings_form(channel),), private=True))


async def digest(core: Core, call: Call, way: Responder) -> None:
    """Post, preview, pause or resume the channel's digest."""
    word = call.words.lower()
    steps = {"now": _now, "preview": _preview, "pause": _pause, "resume": _resume}
    if word not in steps:
        problem = f"“{word[:40]}” is not among now, preview, pause and resume." if word else "Say what to do."
        raise misuse(call.info, problem)
    await steps[word](core, call, way)


async def _now(core: Core, call: Call, way: Responder) -> None:
    channel = await channel_of(core, call)
    _need_topics(core, channel)
    await way.working("Looking through the new papers…")
    await _private(way, views.sentence(await core.digests.now(call.request.channel)))


def _need_topics(core: Core, channel: Channel) -> None:
    if not channel.topics:
        who = "You follow" if channel.person else "This channel follows"
        example = _command(core, channel, "follow gaussian splatting")
        raise UsageError(f"{who} nothing yet. Example: {example}")


def _command(core: Core, channel: Channel, words: str) -> str:
    return f"{core.manners.command} {views.pressed(channel, words)}"


async def _preview(core: Core, call: Call, way: Responder) -> None:
    channel = await channel_of(core, call)
    _need_topics(core, channel)
    await way.working("Looking through the new papers…")
    posts = await core.digests.preview(call.request.channel)
    await _private(way, views.previewed(posts))


async def _pause(core: Core, call: Call, way: Responder) -> None:
    channel = await channel_of(core, call)
    who = "you" if channel.person else call.request.user_name or call.request.user
    await core.channels.save(replace(channel, paused=f"paused by {who}"))
    resume = _command(core, channel, "digest resume")
    await _private(way, views.sentence(f"The digest is paused. Resume it with {resume}."))


async def _resume(core: Core, call: Call, way: Responder) -> None:
    channel = replace(await channel_of(core, call), paused="")
    await core.channels.save(channel)
    await _private(way, views.scheduled(channel))


async def backtest(core: Core, call: Call, way: Responder) -> None:
    """What a topic would have brought over the last days."""
    words, span = trailing_span(call.words, call.options.get("span"))
    call = replace(call, words=words)
    wanted = topic_of(call)
    number = days(span or "30d", what="the back-test")
    await way.working("Going through the last days…")
    since = core.now().date() - timedelta(days=number)
    found = await core.finder.topic(wanted, since=since)
    latest = await core.papers.dated(since)
    nearest = await core.finder.nearest_words(wanted) if not found.matched else ""
    channel = await channel_of(core, call)
    await _private(way, views.backtest(wanted, found, number, len(latest), nearest, channel))


async def _private(way: Responder, doc: Doc) -> None:
    await way.send(Reply(doc, private=True))
