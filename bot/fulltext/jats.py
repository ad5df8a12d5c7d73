"""JATS, the XML of bioRxiv, medRxiv and journals, to text: <https://jats.nlm.nih.gov/archiving/>."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bot.domain import FullText, PaperId
from bot.fulltext.clean import smuggled, tidy
from bot.fulltext.layout import Block, Kind
from bot.fulltext.markup import DEEPEST, name, parse, text
from bot.fulltext.passages import full_text
from bot.fulltext.sections import PATH

_CUT = frozenset(
    str.split(
        "ref-list journal-meta contrib-group aff author-notes pub-date history permissions kwd-group "
        "funding-group custom-meta-group counts sub-article response fn-group glossary tex-math "
        "alternatives graphic label object-id related-article self-uri title-group article-categories "
        "article-id volume issue elocation-id "
    )
)
_OTHER_ABSTRACTS = frozenset({"graphical", "toc", "teaser", "editor", "executive-summary"})


def read_jats(data: bytes, *, paper_id: PaperId, version: int) -> FullText:
    """The text of a JATS article with sections. Raises TextUnavailable where it is none."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    reader = _Reader()
    blocks = list(reader.blocks(parse(data, parser), (), "body", 0))
    return full_text(paper_id, version, blocks, origin="jats", hidden=reader.hidden)


class _Reader:
    def __init__(self) -> None:
        self.hidden: list[str] = []

    def blocks(
        self, element: etree._Element, path: tuple[str, ...], kind: Kind, depth: int
    ) -> Iterator[Block]:
        """The blocks under ``element``, which stands in the section ``path``."""
        tag = name(element)
        if not tag or tag in _CUT or depth > DEEPEST or element.get("abstract-type") in _OTHER_ABSTRACTS:
            return
        if tag == "abstract":
            path, kind = ("Author summary" if element.get("abstract-type") else "Abstract",), "abstract"
        elif tag in ("sec", "app", "ack"):
            path = self._entered(element, path)
        if tag in ("fig", "table-wrap"):
            yield from self._float(element, path)
        elif tag == "p":
            yield from self._paragraph(element, path, kind)
        elif tag != "title":
            for child in element:
                yield from self.blocks(child, path, kind, depth + 1)

    def _entered(self, element: etree._Element, path: tuple[str, ...]) -> tuple[str, ...]:
        title = next((child for child in element if name(child) == "title"), None)
        words = tidy(text(title, _skip)) if title is not None else ""
        fallback = "Acknowledgements" if name(element) == "ack" else ""
        return (*path, words or fallback) if words or fallback else path

    def _float(self, element: etree._Element, path: tuple[str, ...]) -> Iterator[Block]:
        label = next((tidy(child.text or "") for child in element if name(child) == "label"), "")
        for child in element:
            if name(child) == "caption":
                yield from self._block(f"{label}: {text(child, _skip)}", path, "caption")
            elif name(child) == "table":
                yield from self._block(text(child, _skip), path, "table")

    def _paragraph(self, element: etree._Element, path: tuple[str, ...], kind: Kind) -> Iterator[Block]:
        yield from self._block(text(element, _skip), path, kind)
        for inner in element.iter():
            if name(inner) in ("fig", "table-wrap"):
                yield from self._float(inner, path)

    def _block(self, raw: str, path: tuple[str, ...], kind: Kind) -> Iterator[Block]:
        self.hidden += smuggled(raw)
        if len(words := tidy(raw)) >= 15:
            section = PATH.join(dict.fromkeys((path[0], path[-1]))) if path else ""
            yield Block(words, section[:300], 0, kind)


def _skip(element: etree._Element) -> bool:
    return name(element) in _CUT or name(element) in ("fig", "table-wrap")
