"""Block Kit messages as an HTML page that looks like Slack, for pictures; a rendering, not Slack itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

Json = dict[str, Any]

STYLE = """
*{box-sizing:border-box} body{margin:0;background:#fff;
font:15px/1.46 Lato,"Noto Sans","DejaVu Sans",sans-serif;
color:#1d1c1d;width:760px;padding:14px 20px} .m{display:flex;gap:10px;padding:8px 0} .t{margin-left:46px;
border-left:2px solid #e8e8e8;padding-left:14px} .a{flex:none;width:36px;height:36px;border-radius:6px;
background:#2c3e50;color:#fff;font-weight:900;font-size:19px;text-align:center;line-height:36px}
.n{font-weight:900} .app{font-size:10px;background:#e8e8e8;color:#616061;border-radius:2px;padding:1px 4px;
margin:0 5px;vertical-align:1px} .w{font-size:12px;color:#616061} .b{min-width:0;flex:1}
.h{font-size:18px;font-weight:900;margin:6px 0 4px} .r{margin:4px 0;white-space:pre-wrap}
.c{font-size:12.5px;color:#616061;margin:4px 0} a{color:#1264a3;text-decoration:none}
ol,ul{margin:4px 0 4px 24px;
padding:0} li{margin:1px 0} blockquote{margin:6px 0;padding:2px 0 2px 12px;border-left:4px solid #ddd;
white-space:pre-wrap} pre,code{font:12px "DejaVu Sans Mono",monospace;background:#f8f8f8;
border:1px solid #ddd;border-radius:3px} code{padding:1px 3px;color:#e01e5a}
pre{padding:8px} hr{border:0;border-top:1px solid #ddd}
.x{display:flex;flex-wrap:wrap;align-items:center;gap:8px;margin:8px 0 4px}
.k{border:1px solid #bbb;border-radius:4px;
padding:4px 12px;font-weight:700;font-size:13px;background:#fff} .k.primary{background:#007a5a;color:#fff;
border-color:#007a5a} .k.danger{background:#e01e5a;color:#fff;border-color:#e01e5a}
.v{border:1px solid #ccc;border-radius:8px;width:560px;margin:10px auto;box-shadow:0 2px 14px #0002}
.vh,.vf{padding:14px 22px;font-weight:900;font-size:18px;display:flex;justify-content:space-between}
.vf{border-top:1px solid #ddd;justify-content:flex-end;gap:10px} .vb{padding:0 22px 12px} .l{font-weight:700;
margin:12px 0 4px} .l i{font-weight:400;color:#616061} .f{border:1px solid #868686;border-radius:4px;
padding:8px 11px;white-space:pre-wrap;min-height:38px} .hint{font-size:12.5px;color:#616061;margin-top:3px}
.flip{transform:rotate(180deg);height:24px} .z{border-left:4px solid #ddd;padding-left:12px;margin-left:46px}
.e{background:#f8f8f8;padding:2px 8px;border-radius:6px} .o{margin:3px 0}
.u{color:#616061;font-size:13px;margin:2px 0 0 46px}
"""


def page(body: str) -> str:
    """A whole page."""
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><body>{body}</body>'


def message(blocks: Sequence[Json], *, when: str, thread: bool = False) -> str:
    """One message of the bot."""
    head = f'<span class="n">Paperboy</span><span class="app">APP</span><span class="w">{escape(when)}</span>'
    shown = "".join(map(block, blocks))
    kind = "m t" if thread else "m"
    return f'<div class="{kind}"><div class="a">P</div><div class="b">{head}{shown}</div></div>'


def said(name: str, words: str, *, when: str) -> str:
    """One message of a person."""
    head = f'<span class="n">{escape(name)}</span> <span class="w">{escape(when)}</span>'
    face = f'<div class="a" style="background:#7c3085">{escape(name[0])}</div>'
    return f'<div class="m t">{face}<div class="b">{head}<div class="r">{escape(words)}</div></div></div>'


def card(blocks: Sequence[Json]) -> str:
    """The preview of a link."""
    return f'<div class="z">{"".join(map(block, blocks))}</div>'


def only_you(blocks: Sequence[Json], *, when: str) -> str:
    """A message that only the asker sees."""
    note = '<div class="u">Only visible to you</div>'
    return f'<div class="e">{note}{message(blocks, when=when)}</div>'


def view(told: Json) -> str:
    """A modal."""
    title, close, submit = (told[name]["text"] for name in ("title", "close", "submit"))
    keys = f'<span class="k">{escape(close)}</span><span class="k primary">{escape(submit)}</span>'
    shown = "".join(map(block, told["blocks"]))
    return (
        f'<div class="v"><div class="vh">{escape(title)}<span>×</span></div><div class="vb">{shown}</div>'
        f'<div class="vf">{keys}</div></div>'
    )


def block(node: Json) -> str:
    """One block."""
    match node["type"]:
        case "header":
            return f'<div class="h">{escape(node["text"]["text"])}</div>'
        case "rich_text":
            return "".join(map(_part, node["elements"]))
        case "context":
            return f'<div class="c">{" ".join(map(_words, node["elements"]))}</div>'
        case "divider":
            return "<hr>"
        case "image":
            return f'<div class="c">[{escape(node["alt_text"])}]</div>'
        case "actions":
            return f'<div class="x">{"".join(map(_key, node["elements"]))}</div>'
        case "context_actions":
            return f'<div class="x">{_THUMB}<span class="flip">{_THUMB}</span></div>'
        case "section":
            return f'<div class="r">{_words(node["text"])}</div>'
        case "input":
            return _input(node)
        case kind:
            raise ValueError(f"a block {kind} has no picture yet")


_THUMB = (
    '<svg width="18" height="18" viewBox="0 0 16 16" fill="none" stroke="#616061"><path d="M2 7h3v7H2z'
    'M5 7l3-5c1.5 0 2 1 1.6 2.2L9 6h4c1 0 1.4.8 1.2 1.6l-1.2 5c-.2.8-.8 1.4-1.6 1.4H5"/></svg>'
)


def _part(node: Json) -> str:
    kind = node["type"]
    if kind == "rich_text_list":
        tag = "ol" if node["style"] == "ordered" else "ul"
        start = f' start="{node["offset"] + 1}"' if node.get("offset") else ""
        return f"<{tag}{start}>{''.join(f'<li>{_inline(item)}</li>' for item in node['elements'])}</{tag}>"
    tags = {"rich_text_quote": "blockquote", "rich_text_preformatted": "pre"}
    tag = tags.get(kind, 'div class="r"')
    return f"<{tag}>{_inline(node)}</{tag.split()[0]}>"


def _inline(node: Json) -> str:
    return "".join(map(_element, node["elements"]))


def _element(node: Json) -> str:
    words = escape(node.get("text") or node["url"])
    for style, tag in (("code", "code"), ("italic", "i"), ("bold", "b")):
        if node.get("style", {}).get(style):
            words = f"<{tag}>{words}</{tag}>"
    return f"<a>{words}</a>" if node["type"] == "link" else words


def _words(node: Json) -> str:
    if node["type"] == "plain_text":
        return escape(node["text"])
    words = re.sub(r"<[^|>]+\|([^>]*)>", r"<a>\1</a>", str(node["text"]))
    return re.sub(r"\*([^*]+)\*", r"<b>\1</b>", words)


def _key(node: Json) -> str:
    return f'<span class="k {node.get("style", "")}">{escape(node["text"]["text"])}</span>'


def _input(node: Json) -> str:
    element, optional = node["element"], " <i>(optional)</i>" if node.get("optional") else ""
    label = f'<div class="l">{escape(node["label"]["text"])}{optional}</div>'
    hint = f'<div class="hint">{escape(node["hint"]["text"])}</div>' if "hint" in node else ""
    if element["type"] == "checkboxes":
        marked = [option["value"] for option in element.get("initial_options", ())]
        return (
            label + "".join(_tick(option, option["value"] in marked) for option in element["options"]) + hint
        )
    chosen = element.get("initial_option", {}).get("text", {}).get("text", "")
    words = escape(element.get("initial_value", "")) or escape(chosen)
    arrow = " ▾" if element["type"] == "static_select" else ""
    return f'{label}<div class="f">{words}{arrow}</div>{hint}'


def _tick(option: Json, on: bool) -> str:
    return f'<div class="o">{"☑" if on else "☐"} {escape(option["text"]["text"])}</div>'
