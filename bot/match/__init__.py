"""The daily decision: which of today's papers belong to a topic, and why.

``standing`` looks for the topic's phrases, ``teaching`` learns from the library what papers about it are
like, ``deciding`` turns both into a probability and a reason, ``library`` fetches and keeps.
"""

from bot.match.deciding import THRESHOLD
from bot.match.library import LibraryMatcher, require_words

__all__ = ["THRESHOLD", "LibraryMatcher", "require_words"]
