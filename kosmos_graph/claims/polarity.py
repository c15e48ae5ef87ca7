"""How a word is said: asserted, denied, said not to have been shown, left open, or only supposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from kosmos_graph.claims.tokens import Token
from kosmos_graph.claims.words import EPISTEMIC, HEDGE, NEGATION, OPEN, PROCEDURE, REVERSED, UNKNOWN

Polarity = Literal["asserted", "denied", "not shown", "open", "supposed"]
"""denied: "is not higher". not shown: "does not show that it is higher". open: "whether it is". supposed: "may be higher"."""

BREAKS = frozenset({";", ":", ".", "?", "!", "—"})
TURNS = frozenset({"but", "although", "though", "however", "while", "whereas", "yet", "so"})
JOINTS = frozenset({"but", "and", "yet", "or"})
SINGULAR = frozenset({"is", "was", "has", "does", "tends", "causes", "increases", "decreases", "differs"})

Clause = tuple[Token, ...]


def clauses(tokens: Sequence[Token]) -> tuple[Clause, ...]:
    """The sentence in parts over which a negation does not reach."""
    parts: list[list[Token]] = [[]]
    for place, token in enumerate(tokens):
        if _breaks(tokens, place):
            parts.append([])
        parts[-1].append(token)
    return tuple(tuple(part) for part in parts if part)


def _breaks(tokens: Sequence[Token], place: int) -> bool:
    token = tokens[place]
    if token.kind == "mark":
        return token.text in BREAKS
    if token.kind != "word":
        return False
    after_comma = place > 0 and tokens[place - 1].text == ","
    if token.text == "and" and any(later.text in SINGULAR for later in _until_break(tokens, place + 1)):
        return True
    return token.text in TURNS or (after_comma and token.text in JOINTS)


def _until_break(tokens: Sequence[Token], start: int) -> tuple[Token, ...]:
    found: list[Token] = []
    for token in tokens[start:]:
        if token.text in BREAKS or token.text in TURNS or token.text in (",", "and"):
            break
        found.append(token)
    return tuple(found)


def polarity(clause: Clause, place: int) -> Polarity:
    """How the word at `place` of its clause is said. Only what stands before it counts."""
    before = [token.text if token.kind == "word" else "" for token in clause[:place]]
    negations = [at for at, word in enumerate(before) if _negates(before, at)]
    unknown = any(word in UNKNOWN for word in before)
    if any(word in REVERSED for word in before) and (negations or unknown):
        return "asserted"
    if any(word in OPEN for word in before):
        return "open"
    if unknown:
        return "not shown" if not negations else "asserted"
    hedged = max((at for at, word in enumerate(before) if word in HEDGE), default=-1)
    if negations and (hedged < negations[-1] or any(word in EPISTEMIC for word in before[negations[0] : hedged])):
        return _negated(before, negations)
    return "supposed" if hedged >= 0 else "asserted"


def _negates(before: Sequence[str], at: int) -> bool:
    word, following = before[at], before[at + 1] if at + 1 < len(before) else ""
    if word == "not" and following in ("only", "just", "merely"):
        return False
    if following in PROCEDURE:
        return False
    instead = (word, following) in (("rather", "than"), ("instead", "of"))
    return word in NEGATION or word.endswith("n't") or instead


def _negated(before: Sequence[str], negations: Sequence[int]) -> Polarity:
    scoped = before[negations[0] :]
    count = sum(1 for at in negations if before[at] not in ("nor", "neither"))
    if count > 1:
        return "asserted"
    return "not shown" if any(word in EPISTEMIC for word in scoped) else "denied"


def clause_text(clause: Clause) -> str:
    """The clause's words; names, references and marks as one sign each, so that places can be counted."""
    return " ".join(token.text if token.kind == "word" else "§" for token in clause)


def followed_by(clause: Clause, place: int, words: frozenset[str], reach: int = 2) -> bool:
    """Whether one of `words` stands among the next `reach` tokens."""
    return any(token.text in words for token in clause[place + 1 : place + 1 + reach])


def within_delta(clause: Clause, place: int) -> bool:
    """Whether "by less than {delta}" follows the word at `place`."""
    following = [token.text for token in clause[place + 1 : place + 5]]
    return following[:3] == ["by", "less", "than"] and [name.rpartition(".")[2] for name in following[3:]] == ["delta"]
