"""Discord's components as an HTML page that looks like Discord, for pictures; not Discord itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

Json = dict[str, Any]

STYLE = """
*{box-sizing:border-box} body{margin:0;background:#313338;color:#dbdee1;width:760px;padding:14px 18px;
font:15px/1.4 "gg sans","Noto Sans","DejaVu Sans",sans-serif} .m{display:flex;gap:14px;padding:8px 0}
.t{margin-left:34px;border-left:2px solid #4e5058;padding-left:14px} .b{min-width:0;flex:1}
.a{flex:none;width:40px;height:40px;border-radius:50%;background:#5865f2;color:#fff;font-weight:700;
font-size:19px;text-align:center;line-height:40px} .n{font-weight:600;color:#f2f3f5} .w{font-size:12px;
color:#949ba4;margin-left:6px} .app{font-size:10px;background:#5865f2;color:#fff;border-radius:4px;
padding:1px 5px;margin-left:5px;vertical-align:1px} h2{font-size:20px;margin:6px 0 4px;color:#f2f3f5}
h3{font-size:17px;margin:8px 0 3px;color:#f2f3f5} p{margin:3px 0;white-space:pre-wrap} p.gap{height:6px}
small{display:block;font-size:12.5px;color:#949ba4;margin:2px 0} a{color:#00a8fc} code{font:12.5px
"DejaVu Sans Mono",monospace;background:#2b2d31;border-radius:4px;padding:1px 4px} .li{padding-left:20px;
text-indent:-16px;margin:2px 0} blockquote{margin:4px 0;padding-left:12px;border-left:4px solid #4e5058}
hr{border:0;border-top:1px solid #4e5058;margin:8px 0} .x{display:flex;flex-wrap:wrap;gap:8px;margin:6px 0}
.k{border-radius:8px;padding:5px 14px;font-size:13.5px;font-weight:500;background:#4e5058;color:#fff}
.k1{background:#5865f2} .k4{background:#da373c} .v{background:#2b2d31;border-radius:8px;width:480px;
margin:12px auto;padding:18px 22px} .l{font-weight:600;margin:14px 0 4px;color:#f2f3f5}
.hint{font-size:12.5px;color:#949ba4;margin:0 0 4px} .f{background:#1e1f22;border-radius:5px;padding:9px 11px;
min-height:38px;
white-space:pre-wrap} .o{display:inline-block;background:#4e5058;border-radius:4px;padding:1px 7px;
margin-right:5px}
"""

_INLINE = (
    (re.compile(r"\[((?:\\.|[^\]\\])*)\]\(&lt;([^&]*(?:&amp;[^&]*)*)&gt;\)"), r"<a>\1</a>"),
    (re.compile(r"(?<!\\)\*\*((?:\\.|[^*\\])+)\*\*"), r"<b>\1</b>"),
    (re.compile(r"(?<!\\)\*((?:\\.|[^*\\])+)\*"), r"<i>\1</i>"),
    (re.compile(r"(?<!\\)`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\\(&lt;|&gt;|&amp;|[^\w\s])"), r"\1"),
)


def page(body: str) -> str:
    """A whole page."""
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><body>{body}</body>'


def message(components: Sequence[Json], *, when: str, thread: bool = False) -> str:
    """One message of the bot."""
    head = f'<span class="n">Paperboy</span><span class="app">APP</span><span class="w">{escape(when)}</span>'
    shown = "".join(map(_component, components))
    kind = "m t" if thread else "m"
    return f'<div class="{kind}"><div class="a">P</div><div class="b">{head}{shown}</div></div>'


def said(name: str, words: str, *, when: str) -> str:
    """One message of a person."""
    head = f'<span class="n">{escape(name)}</span><span class="w">{escape(when)}</span>'
    face = f'<div class="a" style="background:#3ba55d">{escape(name[0])}</div>'
    return f'<div class="m t">{face}<div class="b">{head}<p>{escape(words)}</p></div></div>'


def modal(told: Json) -> str:
    """A modal."""
    rows = "".join(map(_row, told["components"]))
    keys = '<div class="x"><span class="k">Cancel</span><span class="k k1">Submit</span></div>'
    return f'<div class="v"><h2>{escape(told["title"])}</h2>{rows}{keys}</div>'


def _component(node: Json) -> str:
    match node["type"]:
        case 1:
            return f'<div class="x">{"".join(map(_key, node["components"]))}</div>'
        case 10:
            return "".join(map(_line, node["content"].split("\n")))
        case 14:
            return "<hr>"
        case kind:
            raise ValueError(f"a component {kind} has no picture yet")


def _key(node: Json) -> str:
    return f'<span class="k k{node["style"]}">{escape(node["label"])}</span>'


def _line(words: str) -> str:
    for start, tag in (("## ", "h2"), ("### ", "h3"), ("-# ", "small"), ("> ", "blockquote")):
        if words.startswith(start):
            return f"<{tag}>{_inline(words.removeprefix(start))}</{tag}>"
    if item := re.match(r"(- |\d+\. )(.*)", words):
        mark = "•" if item[1] == "- " else item[1]
        return f'<div class="li">{mark} {_inline(item[2])}</div>'
    return f"<p>{_inline(words)}</p>" if words else '<p class="gap"></p>'


def _inline(words: str) -> str:
    shown = escape(words, quote=False)
    for pattern, by in _INLINE:
        shown = pattern.sub(by, shown)
    return shown


def _row(node: Json) -> str:
    inner = node.get("component", {})
    label = f'<div class="l">{escape(node["label"])}</div>'
    hint = f'<div class="hint">{escape(node["description"])}</div>' if node.get("description") else ""
    chosen = [one["label"] for one in inner.get("options", ()) if one.get("default")]
    words = "".join(f'<span class="o">{escape(one)}</span>' for one in chosen) or escape(
        inner.get("value", "")
    )
    return f'{label}{hint}<div class="f">{words}</div>'
