"""The words of a column's name."""

from __future__ import annotations

import re


def word_set(words: str) -> frozenset[str]:
    """The blank-separated `words`, as a set."""
    return frozenset(words.split())


def words_of(name: str) -> list[str]:
    """The words of a name in small letters, split at signs, blanks and changes from small to capital letters."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[^0-9A-Za-zµ%°À-ɏ]+", split) if word]
