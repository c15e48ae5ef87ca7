"""What no sentence may hold whatever the result says: numbers, unknown references, markup, hostile characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from kosmos_graph.claims.tokens import Token
from kosmos_graph.claims.words import (
    CARDINALS,
    ENGLISH,
    FOREIGN,
    NUMBER_PARTS,
    NUMBER_WORDS,
    ONE_IS_A_NUMBER,
    STRUCTURE,
)

LONGEST = 400
MARKUP = frozenset("<>|*#`\\~^_[]{}@$≤≥≈≠±≪≫&")
URL = re.compile(r"https?:|www\.|://|\bmailto:|\bjavascript:|\bdata:\w|\b[\w-]+\.(?:com|org|net|io|dev|info)\b", re.IGNORECASE)
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
UNIT_POWER = re.compile(r"(?<=[^\W\d_])[²³]")
HAN_NUMBER = re.compile(r"[〇零一二三四五六七八九十百千万亿两]{2,}|[一二三四五六七八九十两半](?=[倍成分])|分之")


def hostile_reasons(text: str, tokens: tuple[Token, ...], longest: int = LONGEST) -> tuple[str, ...]:
    """Why the text is not plain words: too long, control or invisible characters, markup, addresses."""
    reasons = []
    if not text.strip():
        reasons.append("the sentence is empty")
    if len(text) > longest:
        reasons.append(f"it has {len(text)} characters and {longest} are allowed: say it in fewer words, one claim a sentence")
    if any(unicodedata.category(character) in UNSAFE for character in text):
        reasons.append("it has control or invisible characters: write plain text on one line")
    marks = sorted({token.text for token in tokens if token.kind == "mark" and token.text in MARKUP} | _loose_equals(tokens))
    if marks:
        reasons.append(f"it has markup or symbols ({' '.join(marks)}): write words, and references as {{effect}}")
    if URL.search("".join(token.raw + " " if token.kind != "name" else " " for token in tokens)) or URL.search(_nameless(tokens)):
        reasons.append("it has an address: leave it out")
    return tuple(reasons)


def _nameless(tokens: tuple[Token, ...]) -> str:
    return "".join(token.raw if token.kind in ("word", "mark") else " " for token in tokens)


def _loose_equals(tokens: tuple[Token, ...]) -> set[str]:
    """An equals sign that does not stand before a reference or between names of the data."""
    kinds = [*(token.kind for token in tokens[1:]), "mark"]
    return {"=" for token, after in zip(tokens, kinds, strict=False) if token.text == "=" and after in ("word", "mark")}


def reference_reasons(tokens: tuple[Token, ...], references: Collection[str]) -> tuple[str, ...]:
    """Why references cannot be filled in."""
    unknown = sorted({token.text for token in tokens if token.kind == "reference" and token.text not in references})
    if not unknown:
        return ()
    named = ", ".join(f"{{{name}}}" for name in unknown)
    return (f"{named} has no value here: use one of the references you were given, or leave it out",)


def number_reasons(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """Why the text states a number: digits of any script, and number words but for the structure of a study."""
    found = sorted({token.raw for token in _numbers(tokens)})
    if not found:
        return ()
    return (
        f"it writes a number ({', '.join(found)}): the program fills numbers in, write a reference such as {{effect}} or {{n}}",
    )


def _numbers(tokens: tuple[Token, ...]) -> Iterator[Token]:
    for place, token in enumerate(tokens):
        written = token.kind in ("word", "mark") and (_has_digit(token.raw) or HAN_NUMBER.search(token.raw))
        if written or (token.kind == "word" and _is_number_word(tokens, place)):
            yield token


def _has_digit(text: str) -> bool:
    return any(unicodedata.category(character).startswith("N") for character in UNIT_POWER.sub("", text))


def _is_number_word(tokens: tuple[Token, ...], place: int) -> bool:
    word = tokens[place].text
    following = [token.text for token in tokens[place + 1 : place + 3] if token.kind == "word"]
    parts = word.split("-")
    if len(parts) > 1:
        return parts[0] in NUMBER_PARTS | NUMBER_WORDS and parts[-1] not in STRUCTURE
    if word == "one":
        return bool(following) and following[0] in ONE_IS_A_NUMBER
    if word in ("third", "thirds"):
        return bool(following) and following[0] == "of"
    if word in CARDINALS:
        return not any(noun in STRUCTURE for noun in following)
    return word in NUMBER_WORDS


def language_reasons(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """Why the words cannot be checked: they are not English."""
    words = [token for token in tokens if token.kind == "word"]
    foreign = sum(token.text in FOREIGN for token in words)
    english = sum(token.text in ENGLISH for token in words)
    if any(not _latin(token.text) for token in words) or (foreign >= 2 and foreign > english):
        return ("its words cannot be checked: write it in English, and put names of the data as they are",)
    return ()


def _latin(word: str) -> bool:
    letters = [character for character in word if character.isalpha()]
    scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in letters}
    return scripts <= {"LATIN"} or (scripts == {"GREEK"} and len(letters) == 1)
