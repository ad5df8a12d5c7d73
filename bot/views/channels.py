"""What a channel gets, in words and as forms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.doc import (
    Block,
    Bullets,
    Button,
    Buttons,
    Choice,
    Doc,
    Fields,
    Form,
    Input,
    Select,
    bold,
    code,
    heading,
    paragraph,
    text,
)
from bot.domain import WEEKDAYS, Channel, Topic, TopicFound, is_english
from bot.schedule_words import in_words
from bot.views.lists import below_line, lines, short


def sentence(words: str) -> Doc:
    """One sentence."""
    return (paragraph(words),)


def pressed(channel: Channel, words: str) -> str:
    """A command of a button or form that changes the channel, wherever it is pressed."""
    return f"me {words}" if channel.person else words


def typed(channel: Channel, words: str) -> str:
    """The same command as somebody types it."""
    return f"/paper {pressed(channel, words)}"


def _follows(channel: Channel, how: str = "") -> str:
    """The subject of a sentence on what the channel follows: "This channel now follows", "You now follow"."""
    return f"You {how}follow" if channel.person else f"This channel {how}follows"


def already(topic: Topic, channel: Channel) -> Doc:
    """The channel follows it."""
    return (paragraph(f"{_follows(channel, 'already ')} ", bold(f"“{topic}”"), "."),)


def unknown_topic(topic: Topic, nearest: str, total: int, channel: Channel) -> Doc:
    """Nothing in the library fits the topic: a suggestion, and the way to follow it all the same."""
    name = str(topic)
    blocks: list[Block] = [
        paragraph(
            "I know no paper on ",
            bold(f"“{name}”"),
            f" among the {total:,} in the library, so I have not followed it yet.",
        )
    ]
    buttons = []
    if nearest:
        blocks.append(paragraph("Did you mean ", bold(f"“{nearest}”"), "?"))
        buttons.append(("Follow " + nearest, pressed(channel, f"follow {nearest}"), True))
    buttons.append(("Follow it anyway", pressed(channel, f"follow {name} anyway:yes"), False))
    row = tuple(
        Button(label[:75], command, "primary" if first else "plain")
        for label, command, first in buttons
        if len(command) <= 100
    )
    return (*blocks, *((Buttons(row),) if row else ()))


def followed(topic: Topic, channel: Channel, found: TopicFound, span: int, total: int, *, since: date) -> Doc:
    """The topic is followed, and what it would have brought."""
    blocks: list[Block] = [
        paragraph(f"{_follows(channel, 'now ')} ", bold(f"“{topic}”"), ". ", next_time(channel))
    ]
    recent = [row for row in found.matched if _dated(row[0].announced or row[0].published, since)]
    if not total:
        blocks.append(paragraph("The library is still empty, so I cannot tell yet how much it will bring."))
    elif recent:
        blocks.append(
            paragraph(f"Over the last {span} days it would have brought {rate(len(recent), span)}, such as:")
        )
        blocks.append(lines(((p, short(d.why)) for p, d in recent[:3]), numbered=False))
        if len(recent) / span > channel.limit:
            blocks.append(
                paragraph(
                    f"That is more than the {channel.limit} a day that come; the best come first. "
                    "A narrower topic or not: words help.",
                    small=True,
                )
            )
    elif found.matched:
        blocks.append(
            paragraph(f"Nothing fits from the last {span} days; the latest before that:", small=True)
        )
        blocks.append(lines(((p, short(d.why)) for p, d in found.matched[:3]), numbered=False))
    else:
        blocks.append(paragraph("The library holds no paper on it yet.", small=True))
    return tuple(blocks)


def _dated(when: date | None, since: date) -> bool:
    return when is not None and when >= since


def rate(number: int, span: int) -> str:
    """A number of papers as a rate people can picture."""
    if number >= span:
        return f"about {number / span:.0f} papers a day"
    if number * 7 >= span:
        return f"about {max(1, round(7 * number / span))} papers a week"
    return "one paper in all" if number == 1 else f"{number} papers in all"


def next_time(channel: Channel) -> str:
    """When the digest comes, or why it does not."""
    if channel.paused:
        return f"The digest is off at present: {channel.paused.rstrip('.')}."
    when = f"{in_words(channel.days)} at {channel.at:%H:%M} ({channel.timezone})"
    if not channel.topics:
        who = "you follow" if channel.person else "this channel follows"
        return f"No digest comes until {who} a topic; then it comes {when}."
    return f"The digest comes {when}."


def not_followed(words: str, channel: Channel) -> Doc:
    """The topic is not among those followed."""
    first = f"You do not follow “{words[:80]}”." if channel.person else ""
    return (paragraph(first or f"This channel does not follow “{words[:80]}”."), *topics(channel))


def unfollowed(topic: Topic, channel: Channel) -> Doc:
    """The topic is gone; the way back."""
    command = pressed(channel, f"follow {topic}")
    back = (Buttons((Button("Follow it again", command),)),) if len(command) <= 100 else ()
    return (paragraph(f"{_follows(channel, 'no longer ')} ", bold(f"“{topic}”"), "."), *back)


def topics(channel: Channel) -> Doc:
    """The list of topics."""
    if not channel.topics:
        example = code(typed(channel, "follow gaussian splatting"))
        return (paragraph(f"{_follows(channel)} nothing yet. Try ", example, "."),)
    blocks: list[Block] = [
        paragraph(bold(_follows(channel))),
        Bullets(tuple(text(str(topic)) for topic in channel.topics), numbered=True),
    ]
    if channel.not_:
        blocks.append(paragraph(f"Never: {', '.join(channel.not_)}"))
    blocks.append(paragraph(next_time(channel), small=True))
    return tuple(blocks)


def scheduled(channel: Channel) -> Doc:
    """The schedule as it stands."""
    return (paragraph(next_time(channel)),)


def _when(channel: Channel) -> tuple[Input | Select, ...]:
    return (
        Input("at", "Time", f"{channel.at:%H:%M}", "Such as 09:00", required=True),
        Input("timezone", "Time zone", channel.timezone, "Such as Europe/Berlin", required=True),
        Select(
            "days",
            "Days",
            tuple(Choice(day.capitalize(), day) for day in WEEKDAYS),
            channel.days,
            many=True,
        ),
    )


def schedule_form(channel: Channel) -> Form:
    """When the digest comes."""
    return Form(
        "When the digest comes",
        pressed(channel, "schedule"),
        _when(channel),
        typed=typed(channel, "schedule 09:00 Europe/Berlin mon-fri"),
    )


def settings_form(channel: Channel) -> Form:
    """All that can be set for a channel."""
    return Form(
        "What comes to you" if channel.person else "What this channel gets",
        pressed(channel, "settings"),
        (
            Input("topics", "Topics, one a line", "\n".join(map(str, channel.topics)), lines=6),
            Input("not", "Never, with commas between", ", ".join(channel.not_), "Such as survey, benchmark"),
            *_when(channel),
            Input("limit", "Papers a day at most", str(channel.limit), required=True),
            Input("language", "Language of summaries", channel.language, "Such as en, de, fr", required=True),
            Select(
                "quiet",
                "On a day without papers",
                (Choice("Say so in one line", "say"), Choice("Post nothing", "silent")),
                (channel.quiet,),
            ),
            Select(
                "watch",
                "Tell when a paper shown here changes",
                (Choice("Yes", "yes"), Choice("No", "no")),
                ("yes" if channel.watch else "no",),
            ),
        ),
        typed=", ".join(typed(channel, verb) for verb in ("follow", "unfollow", "schedule"))
        + f" and {typed(channel, 'settings limit:5 quiet:silent watch:no')}",
    )


def settings_kept(channel: Channel) -> Doc:
    """The settings as they are now, just saved."""
    return (paragraph(bold("Saved.")), *settings(channel))


def untranslated(channel: Channel) -> Doc:
    """That the language which was set is not written, said where it is set."""
    if is_english(channel.language):
        return ()
    return (
        paragraph(
            f"Summaries stay in English, in the papers' own words: without a language model nothing is "
            f"written in “{channel.language}”. An admin can set one up in the configuration, under [llm].",
            small=True,
        ),
    )


def settings(channel: Channel) -> Doc:
    """The settings as they are, for reading."""
    followed_ = ", ".join(map(str, channel.topics)) or "nothing yet"
    rows = [("Follows", text(followed_))]
    if channel.not_:
        rows.append(("Never", text(", ".join(channel.not_))))
    rows.append(("When", text(next_time(channel))))
    rows.append(("At most", text(f"{channel.limit} papers a day")))
    rows.append(("Language", text(channel.language)))
    quiet = "I post nothing" if channel.quiet == "silent" else "I say so in one line"
    rows.append(("On a day without papers", text(quiet)))
    changed = "I say so in its thread" if channel.watch else "I say nothing"
    rows.append(("When a paper shown here changes", text(changed)))
    return (Fields(tuple(rows)),)


def previewed(posts: Sequence[Doc]) -> Doc:
    """What would be posted, for the asker alone."""
    blocks: list[Block] = [paragraph(bold("Preview; nothing was posted."))]
    for post in posts:
        blocks += [block for block in post if not isinstance(block, Buttons)]
    return tuple(blocks)


def backtest(
    topic: Topic, found: TopicFound, span: int, looked_at: int, nearest: str, channel: Channel
) -> Doc:
    """What a topic would have brought: how many, the best, the best below the line, what to do."""
    number = len(found.matched)
    blocks: list[Block] = [heading(f"{topic}: the last {span} days")]
    if not looked_at:
        blocks.append(paragraph("The library has no papers from these days, so there is nothing to test on."))
        return tuple(blocks)
    blocks.append(
        paragraph(
            bold(rate(number, span).capitalize() if number else "No papers"),
            f" that belong{'s' * (number == 1)} to it, out of {looked_at:,} of these days.",
        )
    )
    best = sorted(found.matched, key=lambda row: -row[1].score)[:5]
    if best:
        blocks += [paragraph("The best:"), lines((p, short(d.why)) for p, d in best)]
    if found.below:
        blocks.append(paragraph("Just below the line:"))
        blocks.append(lines(((p, below_line(d)) for p, d in found.below[:5]), numbered=False))
    elif not number:
        blocks.append(paragraph("Nothing comes near it."))
    blocks.append(paragraph(_advice(number, span, nearest)))
    command = pressed(channel, f"follow {topic}")
    if number and len(command) <= 100:
        blocks.append(Buttons((Button("Follow it", command, "primary"),)))
    return tuple(blocks)


def _advice(number: int, span: int, nearest: str) -> str:
    if not number and nearest:
        return f"It finds nothing. Did you mean “{nearest}”?"
    if not number:
        return "It finds nothing. Try a shorter phrase, or add another name for it behind a | sign."
    if number / span > 10:
        return "That is a flood. Make it narrower with more words, or rule papers out with not: words."
    return "That looks like a topic one can follow."
