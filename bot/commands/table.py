"""The table of commands: what each is called, what it does, what it takes. ``help`` and every platform's
own listing are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.domain import CommandInfo, Option

_ID = Option("id", "An arXiv id, a DOI or a link", required=True, suggest=True)
_NOT = Option("not", "Words that rule a paper out, with commas between", lead="not:")
_SINCE = Option("since", "How far back, such as 7d or 2w", lead="since:")
_TOPIC = Option("topic", "What it is about, such as gaussian splatting", required=True, suggest=True)
_OWN = (
    "follow",
    "unfollow",
    "topics",
    "schedule",
    "limit",
    "digest",
    "backtest",
    "why",
    "settings",
    "stop",
    "help",
)

INFOS: tuple[CommandInfo, ...] = (
    CommandInfo(
        "help",
        "What I can do, or how one command works.",
        "/paper help [command]",
        "/paper help topic",
        (Option("command", "The command to explain", suggest=True),),
        private=True,
    ),
    CommandInfo(
        "topic",
        "The latest papers that belong to a topic.",
        "/paper topic <words> [not: words] [since:7d]",
        "/paper topic gaussian splatting not: survey since:30d",
        (_TOPIC, _NOT, _SINCE),
        slow=True,
    ),
    CommandInfo(
        "search",
        "Search the whole library in plain words.",
        "/paper search <words> [author:name] [cat:cs.CV] [source:arxiv] [since:1y]",
        "/paper search how to compress radiance fields since:1y",
        (
            Option("words", "What to look for", required=True),
            Option("author", "Only papers by this author", lead="author:"),
            Option("cat", "Only this category, such as cs.CV", lead="cat:"),
            Option("source", "Only from this source, such as arxiv", lead="source:"),
            _SINCE,
        ),
        slow=True,
    ),
    CommandInfo(
        "show",
        "A paper's card; full summary, evidence and abstract are one step further.",
        "/paper show <id|link|doi> [full|short|gist|evidence|abstract|regenerate]",
        "/paper show 2308.04079 full",
        (
            _ID,
            Option(
                "part",
                "How much of it",
                choices=("short", "gist", "full", "evidence", "abstract", "regenerate"),
            ),
        ),
        slow=True,
    ),
    CommandInfo(
        "ask",
        "Ask a paper, or a few, a question; the answer quotes them.",
        "/paper ask <id> [<id>…] <question>",
        "/paper ask 2308.04079 which datasets do they use?",
        (_ID, Option("question", "What you want to know")),
        form=True,
        slow=True,
    ),
    CommandInfo(
        "similar",
        "Papers like this one.",
        "/paper similar <id>",
        "/paper similar 2308.04079",
        (_ID,),
        slow=True,
    ),
    CommandInfo(
        "compare",
        "Two to five papers side by side, each statement with its place.",
        "/paper compare <id> <id> [<id>…]",
        "/paper compare 2308.04079 2003.08934",
        (Option("ids", "Two to five ids or links", required=True),),
        slow=True,
    ),
    CommandInfo(
        "brief",
        "What is new in one or more topics, what they share, what is open.",
        "/paper brief <topic>; <topic>… [since:30d]",
        "/paper brief gaussian splatting; medical imaging since:30d",
        (Option("topics", "Topics with semicolons between", required=True), _SINCE),
        slow=True,
    ),
    CommandInfo(
        "follow",
        "Bring papers on a topic to this channel every day.",
        "/paper follow <topic> [not: words]",
        "/paper follow gaussian splatting | 3DGS not: survey",
        (_TOPIC, _NOT, Option("anyway", "yes, to follow a topic I know no papers for", lead="anyway:")),
        private=True,
        admin="channel",
        slow=True,
    ),
    CommandInfo(
        "unfollow",
        "Stop bringing a topic to this channel.",
        "/paper unfollow <topic>",
        "/paper unfollow gaussian splatting",
        (_TOPIC,),
        private=True,
        admin="channel",
    ),
    CommandInfo("topics", "What this channel follows.", "/paper topics", "/paper topics", private=True),
    CommandInfo(
        "schedule",
        "When the digest comes.",
        "/paper schedule 09:00 [zone] [days]",
        "/paper schedule 08:30 Europe/Berlin mon-fri",
        (
            Option("at", "Time of day, such as 09:00"),
            Option("zone", "Time zone, such as Europe/Berlin", suggest=True),
            Option("days", "Days, such as mon-fri or mon,wed"),
        ),
        private=True,
        form=True,
        admin="channel",
    ),
    CommandInfo(
        "digest",
        "Post today's digest now, preview it, or pause and resume it.",
        "/paper digest now|preview|pause|resume",
        "/paper digest preview",
        (Option("what", "What to do", required=True, choices=("now", "preview", "pause", "resume")),),
        private=True,
        slow=True,
        admin="channel",
        reserved=("now", "pause", "resume"),
    ),
    CommandInfo(
        "backtest",
        "What a topic would have brought, before you follow it.",
        "/paper backtest <topic> [30d]",
        "/paper backtest gaussian splatting 30d",
        (_TOPIC, _NOT, Option("span", "How far back, such as 30d", lead="since:")),
        private=True,
        slow=True,
    ),
    CommandInfo(
        "why",
        "Why a paper is, or is not, in this channel.",
        "/paper why <id>",
        "/paper why 2308.04079",
        (_ID,),
        private=True,
    ),
    CommandInfo(
        "trending",
        "What many people noticed this week or month.",
        "/paper trending [week|month]",
        "/paper trending week",
        (Option("span", "week or month", choices=("week", "month")),),
    ),
    CommandInfo(
        "trends",
        "How many papers a topic has had, month by month.",
        "/paper trends <topic>",
        "/paper trends diffusion language models",
        (_TOPIC,),
        slow=True,
    ),
    CommandInfo(
        "more",
        "More papers like this one, please.",
        "/paper more <id>",
        "/paper more 2308.04079",
        (_ID,),
        private=True,
        pressed=True,
    ),
    CommandInfo(
        "less",
        "Papers like this one are not for us.",
        "/paper less <id>",
        "/paper less 2308.04079",
        (_ID,),
        private=True,
        pressed=True,
    ),
    CommandInfo(
        "save",
        "Keep a paper on your list.",
        "/paper save <id>",
        "/paper save 2308.04079",
        (_ID,),
        private=True,
    ),
    CommandInfo("saved", "The papers on your list.", "/paper saved", "/paper saved", private=True),
    CommandInfo(
        "me",
        "Papers of your own, by direct message; seen by you only.",
        "/paper me [follow <topic>|unfollow <topic>|topics|schedule 08:30|limit 3|digest now|stop]",
        "/paper me follow gaussian splatting",
        (
            Option("what", "What to do; without it, what you follow", choices=_OWN),
            Option("words", "What goes with it: a topic, a time, a number, an id", suggest=True),
        ),
        private=True,
        form=True,
        slow=True,
    ),
    CommandInfo(
        "settings",
        "What this channel gets, and when.",
        "/paper settings [watch:no] [limit:3] [quiet:silent] [language:de]",
        "/paper settings watch:no",
        (
            Option("watch", "Tell when a paper shown here changes", lead="watch:", choices=("yes", "no")),
            Option("limit", "Papers a day at most", lead="limit:"),
            Option("quiet", "On a day without papers", lead="quiet:", choices=("say", "silent")),
            Option("language", "Language of summaries", lead="language:"),
        ),
        private=True,
        form=True,
        admin="channel",
        reserved=("watch", "limit", "quiet", "language"),
    ),
    CommandInfo(
        "status",
        "Whether everything works: sources, digests, the model.",
        "/paper status",
        "/paper status",
        private=True,
    ),
    CommandInfo(
        "export",
        "Your list as BibTeX, RIS or CSV.",
        "/paper export bibtex|ris|csv",
        "/paper export bibtex",
        (Option("format", "The format", choices=("bibtex", "ris", "csv")),),
        private=True,
    ),
    CommandInfo(
        "rate",
        "Say whether an answer helped.",
        "/paper rate good|bad",
        "/paper rate good",
        (Option("verdict", "good or bad", required=True, choices=("good", "bad")),),
        private=True,
        pressed=True,
    ),
    CommandInfo(
        "source",
        "Which sources I read; admins add and remove RSS and Atom feeds.",
        "/paper source list|add <address> [name]|remove <name>",
        "/paper source add https://www.nature.com/nature.rss",
        (
            Option("what", "What to do", required=True, choices=("list", "add", "remove")),
            Option("feed", "The feed's address (and a name for it), or the name to remove"),
        ),
        private=True,
        slow=True,
        admin="bot",
        reserved=("add", "remove"),
    ),
    CommandInfo(
        "forget",
        "Delete everything I keep about you.",
        "/paper forget",
        "/paper forget",
        (Option("sure", "yes, to do it", lead="sure:"),),
        private=True,
    ),
)

LISTED: tuple[CommandInfo, ...] = tuple(info for info in INFOS if not info.pressed)
"""What help shows: as many as Discord has room for, so that what it shows can be typed there too."""

TABLE: Mapping[str, CommandInfo] = {info.name: info for info in INFOS}


def _own(name: str, summary: str = "", usage: str = "", example: str = "") -> CommandInfo:
    """A command behind ``me``: a channel's where there is one, in its own words."""
    info = TABLE.get(name) or CommandInfo(name, summary, usage, example, private=True)
    return replace(
        info,
        admin="",
        summary=summary or info.summary,
        usage=(usage or info.usage).replace("/paper", "/paper me", 1),
        example=(example or info.example).replace("/paper", "/paper me", 1),
    )


OWN: Mapping[str, CommandInfo] = {
    info.name: info
    for info in (
        _own("follow", "Bring papers on a topic to you every day."),
        _own("unfollow", "Stop bringing a topic to you."),
        _own("topics", "What you follow."),
        _own("schedule", "When your digest comes."),
        _own("limit", "How many papers a day come at most.", "/paper limit <number>", "/paper limit 3"),
        _own("digest", "Your digest now, a preview, or pause and resume it."),
        _own("backtest"),
        _own("why", "Why a paper is, or is not, among yours."),
        _own("settings", "All of it in one form."),
        _own("stop", "End it; a follow begins it again.", "/paper stop", "/paper stop"),
        _own("help", "What you follow and these commands.", "/paper help", "/paper help"),
    )
}
"""The commands behind ``me``."""
