"""arXiv on loopback: a story of papers, told as the announcement feed (Atom, RSS) and as the API of 2025 or
2026 would tell it. ``feed.paper("Gaussian splatting…")``; ``feed.next_day()``; ``feed.serve(site)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from html import escape

from tests.fakes.web import Answer, Asked, Site

ATOM = "http://www.w3.org/2005/Atom"
SPACES = (
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)


@dataclass(frozen=True)
class Told:
    """A paper of the story, as it is announced on one day."""

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    kind: str
    version: int
    day: date
    comment: str
    doi: str
    first_day: date

    @property
    def submitted(self) -> date:
        """The working day before its first announcement."""
        return self.first_day - timedelta(days={0: 3, 6: 2}.get(self.first_day.weekday(), 1))


@dataclass
class Feed:
    """What arXiv announces on ``day``; papers of earlier days stay known to the API."""

    day: date = date(2025, 8, 20)
    announced: list[Told] = field(default_factory=list)
    known: dict[str, Told] = field(default_factory=dict)
    skip_days: Sequence[str] = ("Saturday", "Sunday")
    newest_form: bool = True
    _count: int = 0

    def paper(
        self,
        title: str,
        abstract: str = "",
        *,
        id: str = "",
        authors: Sequence[str] = ("Ada Lovelace", "Charles Babbage"),
        categories: Sequence[str] = ("cs.CV",),
        kind: str = "new",
        version: int = 0,
        comment: str = "",
        doi: str = "",
    ) -> str:
        """Announce a paper; its bare id. A replacement or cross-list names the ``id`` it concerns."""
        self._count += 1
        id = id or f"{self.day:%y%m}.{self._count:05d}"
        before = self.known.get(id)
        told = Told(
            id,
            title,
            abstract or f"We study {title.lower()}.",
            tuple(authors),
            tuple(categories),
            kind,
            version or (before.version + kind.startswith("replace") if before else 1),
            self.day,
            comment,
            doi,
            before.first_day if before else self.day,
        )
        self.announced.append(told)
        self.known[id] = told
        return id

    def replaced(self, id: str, title: str = "", *, kind: str = "replace", comment: str = "") -> str:
        """Announce a new version of a paper told before."""
        before = self.known[id]
        told = replace(
            before,
            title=title or before.title,
            kind=kind,
            version=before.version + 1,
            day=self.day,
            comment=comment,
        )
        self.announced.append(told)
        self.known[id] = told
        return id

    def next_day(self, days: int = 1) -> None:
        """A new batch, empty so far."""
        self.day += timedelta(days=days)
        self.announced = []

    def hide(self, id: str) -> None:
        """Take a paper out of the feed; the API knows it still."""
        self.announced = [told for told in self.announced if told.id != id]

    def batch(self, categories: Sequence[str] = ()) -> list[Told]:
        return [told for told in self.announced if not categories or set(categories) & set(told.categories)]

    def atom(self, categories: Sequence[str] = ()) -> bytes:
        entries = "".join(_atom_entry(told) for told in self.batch(categories))
        return (
            f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {SPACES} xmlns=\"{ATOM}\" xml:lang=\"en-us\">"
            f"<id>http://rss.arxiv.org/atom</id><title>updates on arXiv.org</title>"
            f"<updated>{self.day}T04:00:19.866337+00:00</updated>{entries}</feed>"
        ).encode()

    def rss(self, categories: Sequence[str] = ()) -> bytes:
        stamp = datetime.combine(self.day, datetime.min.time(), UTC).strftime("%a, %d %b %Y 00:00:00 -0400")
        items = "".join(_rss_item(told, stamp) for told in self.batch(categories))
        days = "".join(f"<day>{day}</day>" for day in self.skip_days)
        return (
            f"<?xml version='1.0' encoding='UTF-8'?><rss {SPACES} version=\"2.0\"><channel>"
            f"<title>updates on arXiv.org</title><pubDate>{stamp}</pubDate><skipDays>{days}</skipDays>"
            f"{items}</channel></rss>"
        ).encode()

    def api(self, papers: Sequence[Told], total: int | None = None) -> bytes:
        entries = "".join((_entry_2026 if self.newest_form else _entry_2025)(told) for told in papers)
        count = len(papers) if total is None else total
        spaces = f'{SPACES} xmlns="{ATOM}"' if self.newest_form else f'xmlns="{ATOM}"'
        number = (
            f"<opensearch:totalResults>{count}</opensearch:totalResults>"
            if self.newest_form
            else f'<opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{count}'
            "</opensearch:totalResults>"
        )
        return (
            f"<?xml version='1.0' encoding='UTF-8'?><feed {spaces}><id>https://arxiv.org/api/x</id>"
            f"<title>arXiv Query</title>{number}{entries}</feed>"
        ).encode()

    def serve(self, site: Site) -> None:
        """Answer under ``/atom/…``, ``/rss/…`` and ``/api/query``."""
        site.on("/atom/*", lambda asked: _xml(self.atom(asked.path.removeprefix("/atom/").split("+"))))
        site.on("/rss/*", lambda asked: _xml(self.rss(asked.path.removeprefix("/rss/").split("+"))))
        site.on("/api/query", self.query)

    def query(self, asked: Asked) -> Answer:
        """What the API answers to a request."""
        start, limit = int(asked.query.get("start", 0)), int(asked.query.get("max_results", 10))
        if ids := asked.query.get("id_list"):
            found = [self.known[id] for id in ids.split(",") if id in self.known]
            return _xml(self.api(found[:limit]))
        fits = _asked_for(asked.query.get("search_query", ""))
        ascending = asked.query.get("sortOrder") == "ascending"
        every = sorted(
            filter(fits, self.known.values()), key=lambda t: (t.first_day, t.id), reverse=not ascending
        )
        return _xml(self.api(every[start : start + limit], len(every)))


def error_entry(sentence: str) -> Answer:
    """arXiv's API refusing a request: HTTP 400 and an entry called Error."""
    body = (
        f'<feed xmlns="{ATOM}"><title>arXiv Search Results</title><entry>'
        f"<id>https://arxiv.org/api/errors#x</id><title>Error</title><summary>{sentence}</summary></entry></feed>"
    )
    return Answer(body.encode(), 400, "application/atom+xml")


def captcha() -> Answer:
    """The page that asks whether one is human, with status 200."""
    body = b"<!DOCTYPE html><html><head><title>Automated Access Detected</title></head><body></body></html>"
    return Answer(body, kind="text/html")


def _asked_for(query: str) -> Callable[[Told], bool]:
    words = [word.lower() for word in re.findall(r'all:"?([^"\s)]+)', query)]
    categories = set(re.findall(r"cat:([\w.-]+)", query))
    span = re.search(r"submittedDate:\[(\d{8})\d* TO (\d{8})", query)

    def fits(told: Told) -> bool:
        text = f"{told.title} {told.abstract}".lower()
        in_time = span is None or span[1] <= f"{told.submitted:%Y%m%d}" <= span[2]
        listed = not categories or bool(categories & set(told.categories))
        return in_time and listed and all(word in text for word in words)

    return fits


def _xml(body: bytes) -> Answer:
    return Answer(body, kind="application/atom+xml; charset=utf-8")


def _summary(told: Told) -> str:
    return escape(f"arXiv:{told.id}v{told.version} Announce Type: {told.kind} \nAbstract: {told.abstract}")


def _atom_entry(told: Told) -> str:
    tags = "".join(f'<category term="{name}"/>' for name in told.categories)
    doi = f"<arxiv:DOI>{told.doi}</arxiv:DOI>" if told.doi else ""
    return (
        f"<entry><id>oai:arXiv.org:{told.id}v{told.version}</id><title>{escape(told.title)}</title>"
        f"<updated>{told.day}T04:00:19+00:00</updated>"
        f'<link href="https://arxiv.org/abs/{told.id}" rel="alternate" type="text/html"/>'
        f"<summary>{_summary(told)}</summary>{tags}<published>{told.day}T00:00:00-04:00</published>"
        f"<arxiv:announce_type>{told.kind}</arxiv:announce_type>{doi}"
        f"<dc:creator>{escape(', '.join(told.authors))}</dc:creator></entry>"
    )


def _rss_item(told: Told, stamp: str) -> str:
    tags = "".join(f"<category>{name}</category>" for name in told.categories)
    return (
        f"<item><title>{escape(told.title)}</title><link>https://arxiv.org/abs/{told.id}</link>"
        f"<description>{_summary(told)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{told.id}v{told.version}</guid>{tags}'
        f"<pubDate>{stamp}</pubDate><arxiv:announce_type>{told.kind}</arxiv:announce_type>"
        f"<dc:creator>{escape(', '.join(told.authors))}</dc:creator></item>"
    )


def _entry_2026(told: Told) -> str:
    tags = "".join(
        f'<category term="{name}" scheme="http://arxiv.org/schemas/atom"/>' for name in told.categories
    )
    names = "".join(f"<author><name>{escape(name)}</name></author>" for name in told.authors)
    comment = f"<arxiv:comment>{escape(told.comment)}</arxiv:comment>" if told.comment else ""
    doi = f"<arxiv:doi>{told.doi}</arxiv:doi>" if told.doi else ""
    return (
        f"<entry><id>http://arxiv.org/abs/{told.id}v{told.version}</id><title>{escape(told.title)}</title>"
        f"<updated>{told.day}T17:59:37Z</updated>"
        f'<link href="https://arxiv.org/abs/{told.id}v{told.version}" rel="alternate" type="text/html"/>'
        f"<summary>{escape(told.abstract)}</summary>{tags}<published>{told.submitted}T12:00:00Z</published>"
        f'{comment}{doi}<arxiv:primary_category term="{told.categories[0]}"/>{names}</entry>'
    )


def _entry_2025(told: Told) -> str:
    space = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'
    tags = "".join(
        f'<category term="{name}" scheme="http://arxiv.org/schemas/atom"/>' for name in told.categories
    )
    names = "".join(f"<author>\n<name>{escape(name)}</name>\n</author>" for name in told.authors)
    comment = f"<arxiv:comment {space}>{escape(told.comment)}</arxiv:comment>" if told.comment else ""
    return (
        f"<entry><id>http://arxiv.org/abs/{told.id}v{told.version}</id><updated>{told.day}T17:59:37Z</updated>"
        f"<published>{told.submitted}T12:00:00Z</published><title>{escape(told.title)}</title>"
        f"<summary>  {escape(told.abstract)}\n</summary>{names}{comment}"
        f'<arxiv:primary_category {space} term="{told.categories[0]}"/>{tags}</entry>'
    )
