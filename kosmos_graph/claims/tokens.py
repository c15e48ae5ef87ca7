"""Sentences taken apart into words, references and names of the data, so that a name is never read as a claim."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from kosmos_graph.claims.references import REFERENCE
from kosmos_graph.claims.words import CLAIM_WORDS, FUNCTION_WORDS

Kind = Literal["word", "name", "reference", "mark"]

QUOTES = {'"': '"', "'": "'", "‘": "’", "“": "”", "«": "»"}
WORD = r"[^\W_]+(?:[-'’‑][^\W_]+)*"
JOINERS = frozenset("=:-–,([")


@dataclass(frozen=True)
class Token:
    """A piece of a sentence. `text` is the word in lower case, the name as it is, the reference without braces, or the mark;
    `raw` is what was written.
    """

    kind: Kind
    text: str
    raw: str


def tokenize(sentence: str, names: Collection[str]) -> tuple[Token, ...]:
    """The sentence's tokens. References come first, then names (the longest that fits), then words.

    A name without a digit is also known in other letter cases and with a plural s.

    A name that is a bare number or made of nothing but words of claims counts as a name only in quotation marks, a bare number
    also directly beside another name.
    """
    folded = sentence.casefold()
    present = sorted({name for name in names if name and name.casefold() in folded}, key=lambda name: (-len(name), name))
    canonical = {name.casefold(): name for name in reversed(present)} | {name: name for name in present}
    found = [_token(match, canonical) for match in _pattern(present).finditer(sentence)]
    return _numbers_beside_names(tuple(found), frozenset(present))


def is_bare_number(name: str) -> bool:
    """Whether a name has digits and no letter."""
    return any(character.isnumeric() for character in name) and not any(character.isalpha() for character in name)


def _pattern(names: list[str]) -> re.Pattern[str]:
    quoted = [f"{re.escape(left)}{re.escape(name)}{re.escape(right)}" for name in names for left, right in QUOTES.items()]
    plain = [_bounded(name) for name in names if not _needs_quotes(name)]
    alternatives = [f"(?P<reference>{REFERENCE.pattern})"]
    if names:
        alternatives.append(f"(?P<quoted>{'|'.join(quoted)})")
    if plain:
        alternatives.append(f"(?P<name>{'|'.join(plain)})")
    return re.compile("|".join((*alternatives, f"(?P<word>{WORD})", r"(?P<mark>\S)")))


def _bounded(name: str) -> str:
    before = r"(?<!\w)" if re.match(r"\w", name) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", name) else ""
    if any(character.isnumeric() for character in name):
        return f"{before}{re.escape(name)}{after}"
    plural = "s?" if name[-1].isalpha() else ""
    return f"(?i:{before}{re.escape(name)}{plural}{after})"


def _needs_quotes(name: str) -> bool:
    words = re.findall(WORD, name.casefold())
    return is_bare_number(name) or all(word in CLAIM_WORDS or word in FUNCTION_WORDS for word in words)


def _token(match: re.Match[str], names: Mapping[str, str]) -> Token:
    text = match.group()
    match match.lastgroup:
        case "reference":
            return Token("reference", text[1:-1], text)
        case "quoted":
            return Token("name", text[1:-1], text)
        case "name":
            return Token("name", _canonical(text, names), text)
        case "word":
            return Token("word", unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‑", "-"), text)
    return Token("mark", text, text)


def _canonical(text: str, names: Mapping[str, str]) -> str:
    """The name of the data that is meant by how it is written."""
    forms = (text, text.casefold(), text[:-1], text[:-1].casefold())
    return next((names[form] for form in forms if form in names), text)


def _numbers_beside_names(tokens: tuple[Token, ...], names: frozenset[str]) -> tuple[Token, ...]:
    bare = {name for name in names if is_bare_number(name)}
    return tuple(
        Token("name", token.raw, token.raw) if token.raw in bare and _beside_a_name(tokens, place) else token
        for place, token in enumerate(tokens)
    )


def _beside_a_name(tokens: tuple[Token, ...], place: int) -> bool:
    before = place - 1
    while before >= 0 and tokens[before].kind == "mark" and tokens[before].text in JOINERS:
        before -= 1
    neighbours = [tokens[at] for at in (before, place + 1) if 0 <= at < len(tokens)]
    return any(token.kind == "name" or token.text in ("outcome", "predictor") for token in neighbours)
