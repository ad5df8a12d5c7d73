"""A paper of our own, short and whole, with what real ones hide: hidden orders, marks, odd letters."""

from __future__ import annotations

from bot.domain import FullText, Paper, PaperId, Passage

ID = PaperId("arxiv:2508.01234")

ABSTRACT = (
    "Counting wild bees from sound is hard because microphones hear wind as well. We present "
    "HiveNet, a small "
    "network that separates bees from wind before it counts them. On 1,204 hours of field "
    "recordings HiveNet "
    "halves the counting error of the best earlier system from 9.6 to 4.8 bees per minute. It runs on a "
    "battery for 31 days."
)

PAPER = Paper(
    ID,
    title="HiveNet: Counting Wild Bees from Sound on a Battery",
    abstract=ABSTRACT,
    authors=("Ada Meadow", "Bo Field"),
    categories=("cs.SD", "eess.AS"),
    url="https://arxiv.org/abs/2508.01234",
)

_SECTIONS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("Abstract", 1, (ABSTRACT,)),
    (
        "1 Introduction",
        1,
        (
            "Pollination by wild bees is worth billions, yet nobody knows how many bees there are in a "
            "meadow. "
            "People count them by eye for ten minutes and extrapolate. Microphones could listen all "
            "day, but "
            "earlier systems fail as soon as the wind blows, because wind and wings share the same band.",
            "Our contributions are a separation stage that is trained without labels, and a counter "
            "that needs "
            "only 96 kB of memory.",
        ),
    ),
    (
        "2 Related Work",
        2,
        (
            "Early work counted honey bees inside hives. BuzzCount detects single flights with a large "
            "network.",
        ),
    ),
    (
        "3 Method",
        2,
        (
            "HiveNet first splits the signal into wings and wind with a masking network of four "
            "convolutional "
            "layers. It then counts the wing beats with a recurrent layer of 32 units.",
            "We train with the Adam optimizer for 40 epochs on a single consumer graphics card. The "
            "loss is the "
            "sum of a reconstruction term and a counting term.",
        ),
    ),
    (
        "4 Experiments",
        3,
        (
            "We record 1,204 hours in 17 meadows and compare with BuzzCount and with counting by eye.",
            "HiveNet reaches an error of 4.8 bees per minute against 9.6 for BuzzCount. In calm air "
            "both are "
            "equally good.",
        ),
    ),
    (
        "5 Ablation Study",
        4,
        (
            "Without the separation stage the error rises to 8.9 bees per minute, so most of the gain "
            "is due to it.",
        ),
    ),
    (
        "6 Limitations",
        4,
        ("HiveNet cannot tell species apart, and heavy rain defeats it. We did not test it outside Europe.",),
    ),
    (
        "7 Conclusion",
        5,
        (
            "We showed that wild bees can be counted by a cheap recorder. In future work we want to "
            "tell species apart.",
        ),
    ),
)


def full_text(*extra: Passage, paper: Paper = PAPER) -> FullText:
    """The paper's text, with more passages at its end."""
    passages = [
        Passage(paper.id, 0, text, section, page, "abstract" if section == "Abstract" else "body")
        for section, page, texts in _SECTIONS
        for text in texts
    ]
    numbered = tuple(
        Passage(p.paper_id, n, p.text, p.section, p.page, p.kind) for n, p in enumerate([*passages, *extra])
    )
    return FullText(paper.id, 1, numbered, "full text", "pdf", pages=5, extractor="story-1")


def abstract_only(paper: Paper = PAPER) -> FullText:
    """What there is where the full text cannot be had."""
    passage = Passage(paper.id, 0, paper.abstract, "Abstract", kind="abstract")
    return FullText(paper.id, 1, (passage,) if paper.abstract else (), "abstract", note="No full text.")


def passage(text: str, section: str = "3 Method", page: int = 2) -> Passage:
    """Another paragraph of the paper."""
    return Passage(ID, 99, text, section, page)
