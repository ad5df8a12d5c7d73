"""arXiv's HTML (made by LaTeXML) to text: sections, captions and tables by the marks LaTeXML leaves.

Classes as in <https://math.nist.gov/~BMiller/LaTeXML/manual/schema/>; what is styled away is told apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bot.domain import FullText, PaperId
from bot.errors import TextUnavailable
from bot.fulltext.clean import smuggled, tidy
from bot.fulltext.layout import Block, Kind
from bot.fulltext.markup import DEEPEST, name, parse, text
from bot.fulltext.passages import full_text
from bot.fulltext.sections import PATH
from bot.fulltext.style import unseen

_DROPPED = frozenset(
    str.split("script style nav header footer form button svg head noscript template iframe object select ")
)
_CUT = frozenset(
    str.split(
        "ltx_bibliography ltx_TOC ltx_page_header ltx_page_footer ltx_page_logo ltx_authors ltx_dates "
        "ltx_index ltx_role_newpage ltx_pagination ltx_ERROR ltx_tag_bibitem ltx_role_footnotemark "
        "ltx_note_mark "
        "ltx_tag_note ltx_missing_citation ltx_keywords ltx_classification package-alerts "
    )
)
_SECTIONS = frozenset(
    str.split("ltx_section ltx_subsection ltx_subsubsection ltx_appendix ltx_chapter ltx_acknowledgements ")
)


def read_html(data: bytes, *, paper_id: PaperId, version: int) -> FullText:
    """The text of a LaTeXML page with sections. Raises TextUnavailable where it is no paper."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    root = parse(data, parser)
    document = next((e for e in root.iter() if "ltx_document" in _classes(e)), None)
    if document is None:
        raise TextUnavailable("The page holds no paper in HTML; the abstract is used.")
    reader = _Reader()
    blocks = list(reader.blocks(document, (), "body", 0))
    return full_text(paper_id, version, blocks, origin="html", hidden=reader.hidden)


def _classes(element: etree._Element) -> frozenset[str]:
    return frozenset((element.get("class") or "").split())


class _Reader:
    """Walks the document and remembers what a reader would not see."""

    def __init__(self) -> None:
        self.hidden: list[str] = []

    def blocks(
        self, element: etree._Element, path: tuple[str, ...], kind: Kind, depth: int
    ) -> Iterator[Block]:
        """The blocks under ``element``, which stands in the section ``path``."""
        if depth > DEEPEST or self._skip(element):
            return
        classes = _classes(element)
        if classes & _SECTIONS:
            path = (*path, self._title(element)) if self._title(element) else path
        elif "ltx_abstract" in classes:
            path, kind = ("Abstract",), "abstract"
        if "ltx_caption" in classes:
            yield from self._block(element, path, "caption")
        elif "ltx_tabular" in classes:
            yield from self._block(element, path, "table")
        elif "ltx_p" in classes or (name(element) in ("p", "li") and not _holds_paragraphs(element)):
            yield from self._block(element, path, kind)
        elif "ltx_title" not in classes:
            for child in element:
                yield from self.blocks(child, path, kind, depth + 1)

    def _title(self, element: etree._Element) -> str:
        for child in element:
            if "ltx_title" in _classes(child):
                return tidy(text(child, self._skip))
        return ""

    def _block(self, element: etree._Element, path: tuple[str, ...], kind: Kind) -> Iterator[Block]:
        raw = text(element, self._skip)
        self.hidden += smuggled(raw)
        if len(words := tidy(raw)) >= 15:
            section = PATH.join(dict.fromkeys((path[0], path[-1]))) if path else ""
            yield Block(words, section[:300], 0, kind)

    def _skip(self, element: etree._Element) -> bool:
        if name(element) in _DROPPED or _classes(element) & _CUT:
            return True
        if element.get("hidden") is None and not unseen(element):
            return False
        if words := tidy(text(element, lambda _: False)):
            self.hidden.append(words)
        return True


def _holds_paragraphs(element: etree._Element) -> bool:
    return any("ltx_p" in _classes(child) for child in element.iter())
