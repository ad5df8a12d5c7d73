"""What kind of section a heading opens: the sentence that a claim comes from must stand in a likely one."""

from __future__ import annotations

import enum
import re
from functools import lru_cache


class Role(enum.StrEnum):
    """What a section is for."""

    ABSTRACT = "abstract"
    INTRODUCTION = "introduction"
    RELATED = "related"
    METHOD = "method"
    DATA = "data"
    EXPERIMENTS = "experiments"
    RESULTS = "results"
    ABLATION = "ablation"
    DISCUSSION = "discussion"
    LIMITATIONS = "limitations"
    FUTURE = "future"
    CONCLUSION = "conclusion"
    APPENDIX = "appendix"
    BACK = "back"
    """Acknowledgements, funding, contributions: nothing about the work itself."""
    OTHER = "other"
    """A heading of the paper's own invention, mostly its method."""


_ROLES: tuple[tuple[Role, str], ...] = (
    (Role.BACK, r"acknowledg|funding|author contributions?|competing|conflicts? of interest|disclosure"
                r"|data availab|code availab|availability|ethics|broader impact|impact statement|credit"
                r"|checklist|supporting information|reproducib|abbreviations|consent|orcid"),
    (Role.ABLATION, r"ablat|sensitivity analysis|component analysis|design choices"),
    (Role.LIMITATIONS, r"limitation|failure (?:case|mode)s?|threats to validity|caveats"),
    (Role.FUTURE, r"future (?:work|direction|research)|outlook|open (?:problem|question)s?"),
    (Role.CONCLUSION, r"conclu|summary|closing remarks|final remarks"),
    (Role.RELATED, r"related work|prior work|previous work|literature|background|preliminar"
                   r"|state of the art"),
    (Role.ABSTRACT, r"abstract|author summary|highlights"),
    (Role.INTRODUCTION, r"introduction|motivation|overview of the paper"),
    (Role.DATA, r"data ?sets?\b|\bdata\b|corpus|corpora|benchmarks?\b|participants|study (?:area|population)"
                r"|samples?\b|materials"),
    (Role.EXPERIMENTS, r"experiment|evaluation|empirical|implementation|set-?up|baselines?|metrics|training"
                       r"|hyper-?parameter|hardware|case stud"),
    (Role.RESULTS, r"results?\b|findings|performance|comparison|main table|analysis|observations"),
    (Role.DISCUSSION, r"discussion|interpretation|implications"),
    (Role.METHOD, r"method|approach|model|architecture|framework|algorithm|proposed|system|pipeline|design"
                  r"|formulation|loss|objective|procedure|technique|theory|network|attention|encoder|decoder"),
)  # fmt: skip
_PATTERNS = tuple((role, re.compile(rf"\b(?:{words})", re.IGNORECASE)) for role, words in _ROLES)
_APPENDIX = re.compile(r"^(?:appendix|appendices|supplement\w*|[A-H](?:\.\d+)*[.:]?\s+[A-Z])", re.IGNORECASE)
_LETTERED = re.compile(r"^[A-H](?:\.\d+)*[.:]?\s+(?=[A-Z])")
PATH = " › "
"""Stands between a section's heading and its subsection's, as in ``4 Experiments › 4.3 Ablation``."""


@lru_cache(maxsize=2048)
def role(section: str) -> Role:
    """The role of a section by its heading, its innermost heading first; ``OTHER`` when none is known.

    What stands under "Related work" is related work, whatever its own heading says.
    """
    headings = section.split(PATH)
    if _APPENDIX.match(headings[0]):
        return Role.APPENDIX
    roles = [_of_heading(_LETTERED.sub("", heading)) for heading in headings]
    if roles[0] in (Role.RELATED, Role.BACK):
        return roles[0]
    return next((kind for kind in reversed(roles) if kind is not Role.OTHER), Role.OTHER)


def _of_heading(heading: str) -> Role:
    return next((kind for kind, pattern in _PATTERNS if pattern.search(heading)), Role.OTHER)
