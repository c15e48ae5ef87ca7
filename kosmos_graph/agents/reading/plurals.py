"""Singular forms of English words: levels are called by one (child), and questions speak of several (children)."""

from __future__ import annotations

from functools import lru_cache

IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "kids": "child",
    "kid": "child",
    "wives": "wife",
    "lives": "life",
    "knives": "knife",
    "wolves": "wolf",
    "calves": "calf",
    "halves": "half",
    "leaves": "leaf",
    "mice": "mouse",
    "geese": "goose",
    "feet": "foot",
    "teeth": "tooth",
    "oxen": "ox",
    "bacteria": "bacterium",
    "grownup": "adult",
    "grownups": "adult",
}
ENDINGS = (("ies", "y"), ("ies", "ie"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))


@lru_cache(maxsize=8192)
def singulars(word: str) -> frozenset[str]:
    """The word and every singular that it may be a plural of; a made-up one among them matches no name."""
    found = {word, IRREGULAR.get(word, word)}
    found |= {
        word[: -len(ending)] + instead for ending, instead in ENDINGS if word.endswith(ending) and len(word) > len(ending) + 2
    }
    return frozenset(found if not word.endswith("ss") else {word})


def same_noun(word: str, name: str) -> bool:
    """Whether one of the two is the plural of the other, or both are of one word."""
    return (
        word == name or name in singulars(word) or word in singulars(name) or IRREGULAR.get(word, word) == IRREGULAR.get(name, name)
    )
