"""Levels that have a known order."""

from __future__ import annotations

import re
from itertools import pairwise

SCALES = (
    ("lowest", "very low", "low", "medium low", "medium", "normal", "medium high", "high", "very high", "highest"),
    ("low", "mid", "high"),
    ("low", "moderate", "high", "very high"),
    ("low", "intermediate", "high"),
    ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"),
    ("extra small", "small", "medium", "large", "extra large"),
    ("tiny", "small", "medium", "large", "huge"),
    ("never", "almost never", "rarely", "seldom", "occasionally", "sometimes", "often", "usually", "very often",
     "almost always", "always"),
    ("strongly disagree", "disagree", "somewhat disagree", "neutral", "somewhat agree", "agree", "strongly agree"),
    ("strongly disagree", "disagree", "neither agree nor disagree", "agree", "strongly agree"),
    ("very dissatisfied", "dissatisfied", "somewhat dissatisfied", "neutral", "somewhat satisfied", "satisfied", "very satisfied"),
    ("very unlikely", "unlikely", "somewhat unlikely", "neutral", "somewhat likely", "likely", "very likely"),
    ("very poor", "poor", "fair", "average", "good", "very good", "excellent"),
    ("very bad", "bad", "neutral", "good", "very good"),
    ("terrible", "bad", "okay", "good", "great"),
    ("none", "minimal", "mild", "moderate", "severe", "very severe"),
    ("not at all", "a little", "slightly", "somewhat", "moderately", "quite a bit", "very", "very much", "extremely"),
    ("much worse", "worse", "same", "better", "much better"),
    ("primary", "secondary", "tertiary"),
    ("beginner", "intermediate", "advanced", "expert"),
    ("freshman", "sophomore", "junior", "senior"),
    ("first", "second", "third", "fourth", "fifth"),
    ("1st", "2nd", "3rd", "4th", "5th"),
    ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii"),
    ("cold", "cool", "mild", "warm", "hot"),
    ("slow", "medium", "fast"),
    ("young", "middle-aged", "old"),
)  # fmt: skip
"""Known scales, low to high, in small letters. A column is on a scale when each of its levels, three at least, is."""
BAND = re.compile(r"(?P<low>\d{1,6}(?:\.\d+)?) ?(?:-|–|to) ?(?P<high>\d{1,6}(?:\.\d+)?)")
FROM = re.compile(r"(?:(?:>=?|≥|over) ?(?P<over>\d{1,6}(?:\.\d+)?)|(?P<plus>\d{1,6}(?:\.\d+)?) ?(?:\+|and over|or more))")
UNDER = re.compile(r"(?:<=?|≤|under|below) ?(?P<under>\d{1,6}(?:\.\d+)?)")


def known_order(levels: list[str]) -> tuple[str, ...] | None:
    """The levels from low to high, if all are on one known scale or are bands of numbers that do not overlap; else None."""
    if len(levels) < 3:
        return None
    return _on_scale(levels) or _bands(levels)


def _on_scale(levels: list[str]) -> tuple[str, ...] | None:
    plain = {level: " ".join(level.replace("_", " ").lower().split()) for level in levels}
    if len(set(plain.values())) < len(levels):
        return None
    for scale in SCALES:
        if set(plain.values()) <= set(scale):
            return tuple(sorted(levels, key=lambda level: scale.index(plain[level])))
    return None


def _bands(levels: list[str]) -> tuple[str, ...] | None:
    """Bands such as `18-24`, `<18`, `65+`, by their lower ends."""
    ends = {level: _ends(level) for level in levels}
    known = [(band, level) for level, band in ends.items() if band is not None]
    if len(known) < len(levels):
        return None
    known.sort()
    apart = all(lower[1] <= upper[0] for (lower, _), (upper, _) in pairwise(known))
    return tuple(level for _, level in known) if apart else None


def _ends(level: str) -> tuple[float, float] | None:
    if match := BAND.fullmatch(level):
        low, high = float(match["low"]), float(match["high"])
        return (low, high) if low < high else None
    if match := FROM.fullmatch(level):
        return float(match["over"] or match["plus"]), float("inf")
    if match := UNDER.fullmatch(level):
        return float("-inf"), float(match["under"])
    return None
