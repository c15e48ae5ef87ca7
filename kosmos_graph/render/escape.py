"""Text of others made harmless: visible on a terminal, and never markup in Markdown or HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
DOUBTFUL = re.compile(r"[^ -~]")
"""Characters whose category has to be looked up: all but those of ASCII that are seen."""
MARKUP = re.compile(r"[\\`*{}\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
TAG = re.compile(r"<(?=[^\s\d=])")
ENTITY = re.compile(r"&(?=#|\w+;)")
URL = re.compile(r"(?i)\b(https?|ftp|mailto|javascript|data|file):(?=\S)|(?<![\w.])(www)\.|(?<=\w)(@)(?=\w)")
LINE_START = re.compile(r"^([-+=](?=[\s=+-]|\Z)|[>#]|\d+[.)](?=\s|\Z))")


def plain(text: str) -> str:
    """One line without control, invisible or direction-changing characters; these are shown as escapes."""
    return DOUBTFUL.sub(_visible, " ".join(text.split()))


def markdown(text: str) -> str:
    """One line that shows `text` literally in Markdown and HTML, also in a table's cell."""
    literal = TAG.sub("&lt;", ENTITY.sub("&amp;", plain(text)))
    escaped = MARKUP.sub(lambda found: f"\\{found.group()}", literal)
    unlinked = URL.sub(_unlinked, escaped)
    return LINE_START.sub(lambda found: _literal(found.group()), unlinked)


def code_lines(text: str) -> Iterator[str]:
    """The lines of a program as a code block of Markdown, every character in its place and nothing in it invisible."""
    return (f"    {DOUBTFUL.sub(_visible, line.expandtabs())}".rstrip(" ") for line in text.strip("\n").split("\n"))


def ended(text: str) -> str:
    """The text with a mark at its end."""
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?", "…")) else f"{stripped}."


def as_sentence(text: str) -> str:
    """Words of ours or of a designer as a sentence: a capital first, unless the first word is a name with marks in it."""
    first = text.strip().partition(" ")[0]
    return ended(text.strip()[:1].upper() + text.strip()[1:] if first.isalpha() and first.islower() else text)


def _visible(found: re.Match[str]) -> str:
    character = found.group()
    if unicodedata.category(character) not in UNSAFE:
        return character
    return f"\\u{ord(character):04x}"


def _unlinked(found: re.Match[str]) -> str:
    text = found.group()
    return text[:-1] + f"&#{ord(text[-1])};"


def _literal(mark: str) -> str:
    return mark[:-1] + "\\" + mark[-1]
