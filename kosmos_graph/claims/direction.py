"""Whether words of direction say what the result has shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kosmos_graph.claims.licence import Scope
from kosmos_graph.claims.polarity import Clause, Polarity, polarity, within_delta
from kosmos_graph.claims.tokens import Token
from kosmos_graph.claims.words import (
    CHANGE,
    DOWN,
    HIGHEST,
    LOWEST,
    NEGATIVE,
    OTHER_QUANTITY,
    POSITIVE,
    SIZE_OF_STUDY,
    UP,
    VAGUE_DIRECTION,
)
from kosmos_graph.domain.analysis import Section

SUPPOSING_SECTIONS: frozenset[Section] = frozenset({"confounders", "follow-ups"})
"""Sections in which a supposition (may, could) claims nothing about the result."""

REACH = 4
"""Words after a comparative among which its noun is looked for."""


@dataclass(frozen=True)
class Said:
    """A word of direction at `place` of its clause: `sign` 1 for up, −1 for down."""

    place: int
    word: str
    sign: int
    polarity: Polarity


def direction_reasons(clause: Clause, scopes: Sequence[Scope], section: Section) -> Iterator[str]:
    """Why the clause's words of direction are not licensed by every one of the scopes."""
    said = tuple(_said(clause, section))
    for vague in _vague(clause, section):
        yield f'"{vague}" does not say in which direction: write {{direction}}, or higher and lower'
    for scope in scopes:
        yield from _scope_reasons(clause, said, scope)


def _said(clause: Clause, section: Section) -> Iterator[Said]:
    for place, token in enumerate(clause):
        sign = _sign(clause, place) if token.kind == "word" else 0
        if sign:
            how = polarity(clause, place)
            if how == "open" or (how == "supposed" and section in SUPPOSING_SECTIONS):
                continue
            yield Said(place, token.text, sign, how)


def _vague(clause: Clause, section: Section) -> Iterator[str]:
    for place, token in enumerate(clause):
        if token.kind == "word" and token.text in VAGUE_DIRECTION and not _about_the_study(clause, place):
            how = polarity(clause, place)
            if how in ("asserted", "denied") or (how == "supposed" and section not in SUPPOSING_SECTIONS):
                yield token.text


def _sign(clause: Clause, place: int) -> int:
    word = clause[place].text
    up, down = UP | POSITIVE | HIGHEST, DOWN | NEGATIVE | LOWEST
    if word not in up and word not in down:
        return 0
    if word in ("above", "below") and not _before_a_value(clause, place):
        return 0
    if _about_the_study(clause, place) or (word == "less" and place > 1 and within_delta(clause, place - 2)):
        return 0
    return 1 if word in up else -1


def _before_a_value(clause: Clause, place: int) -> bool:
    following = clause[place + 1 : place + 2]
    return bool(following) and following[0].kind in ("name", "reference")


def _about_the_study(clause: Clause, place: int) -> bool:
    """Whether a comparative speaks of the study ("a larger sample", "rows were dropped"), not of its result."""
    for token in clause[place + 1 : place + 1 + REACH]:
        if token.kind != "word" or token.text in ("than", "in", "with", "for"):
            break
        if token.text in SIZE_OF_STUDY:
            return True
    before = [token.text for token in clause[max(0, place - REACH) : place] if token.kind == "word"]
    return clause[place].text in CHANGE | {"reduced", "less", "fewer", "wider", "narrower"} and any(
        word in SIZE_OF_STUDY for word in before
    )


def _scope_reasons(clause: Clause, said: Sequence[Said], scope: Scope) -> Iterator[str]:
    if not said:
        return
    other = _other_subject(clause, scope)
    if other is not None:
        yield f'"{said[0].word}" is said of {other}, whose direction was not tested: leave it out'
    elif scope.shape == "estimate":
        yield f'"{said[0].word}" compares, and an estimate compares nothing: say what was estimated'
    elif scope.shape == "slope":
        yield from _slope_reasons(said, scope)
    elif scope.contrasts:
        yield from (reason for one in said for reason in _contrast_reasons(clause, one, scope))
    elif not scope.directed:
        yield f'"{said[0].word}" names a direction, and this test has none: say that the groups differ, if they do'
    else:
        yield from (reason for one in said for reason in _reasons(one, scope.sign))


def _other_subject(clause: Clause, scope: Scope) -> str | None:
    """A quantity or column in the clause whose direction the result does not speak of."""
    words = [token.text for token in clause if token.kind == "word"]
    quantity = next((word for word in words if word in OTHER_QUANTITY and word not in scope.quantity), None)
    if "median" in words and "median" not in scope.quantity:
        return "the median"
    if quantity is not None:
        return f"the {quantity}"
    names = {token.text for token in clause if token.kind == "name"}
    mentions = any(token.kind == "reference" for token in clause)
    held = sorted(names & scope.held)
    return held[0] if held and not mentions and not names & (scope.focus | scope.groups) else None


def _reasons(said: Said, shown: int) -> Iterator[str]:
    if said.polarity in ("asserted", "supposed"):
        if shown == 0:
            yield (
                f'"{said.word}" is not shown: the interval includes no difference; '
                "write {direction}, or that the data do not show it"
            )
        elif said.sign != shown:
            yield f'"{said.word}" contradicts the computed direction: write {{direction}}'
    elif said.polarity == "denied" and shown == 0:
        yield f'that it is not "{said.word}" is not shown either: write that the data do not show it'
    elif said.sign == shown:
        yield f'it denies "{said.word}", which is the computed direction: write {{direction}}'


def _slope_reasons(said: Sequence[Said], scope: Scope) -> Iterator[str]:
    """Words about the relation count each; of words about the two variables, two make a relation ("higher with lower")."""
    relation = [one for one in said if one.word in POSITIVE | NEGATIVE]
    variables = [one for one in said if one not in relation]
    for one in relation:
        yield from _reasons(one, scope.sign)
    if len(variables) > 2:
        yield "it has too many words of direction to check: name the direction once, with {direction}"
    elif variables:
        first, last = variables[0], variables[-1]
        sign = first.sign * last.sign if len(variables) == 2 else first.sign
        yield from _reasons(Said(last.place, last.word, sign, last.polarity), scope.sign)


def _contrast_reasons(clause: Clause, said: Said, scope: Scope) -> Iterator[str]:
    if said.word in POSITIVE | NEGATIVE and scope.directed:
        yield from _reasons(said, scope.sign)
        return
    if said.word in HIGHEST | LOWEST:
        yield from _extreme_reasons(clause, said, scope)
        return
    pair = _compared(clause, said, scope)
    shown = scope.between(*pair) if pair is not None else None
    if shown is None and not any(contrast.sign for contrast in scope.contrasts):
        yield from _reasons(said, 0)
    elif shown is None:
        yield f'"{said.word}" does not say which groups it compares: name both, or write {{direction}}'
    else:
        yield from _reasons(said, shown)


def _extreme_reasons(clause: Clause, said: Said, scope: Scope) -> Iterator[str]:
    subject = _subject(_mentions(clause, scope), clause, said)
    others = sorted(scope.groups - {subject}) if subject is not None else []
    signs = [scope.between(subject, other) for other in others] if subject is not None else []
    if not signs or any(sign != said.sign for sign in signs):
        yield f'"{said.word}" is not shown against every other group: name the groups that differ'


def _mentions(clause: Clause, scope: Scope) -> dict[int, str]:
    """Where the clause names a group, by place."""
    found = {}
    for place, token in enumerate(clause):
        name = _group_named(token, scope)
        if name is not None:
            found[place] = name
    return found


def _group_named(token: Token, scope: Scope) -> str | None:
    if token.kind == "name":
        return token.text if token.text in scope.groups else None
    if token.kind != "reference" or not scope.contrasts:
        return None
    key, _, plain = token.text.rpartition(".")
    first = scope.contrasts[0]
    return {"group_a": first.a, "group_b": first.b}.get(plain) if key == scope.key and scope.directed else None


def _compared(clause: Clause, said: Said, scope: Scope) -> tuple[str, str] | None:
    """(X, Y) of "X is … than Y"; with one group named of two, the other is meant; with none, nothing is compared."""
    mentions = _mentions(clause, scope)
    standard = _standard(mentions, clause, said)
    subject = _subject({at: name for at, name in mentions.items() if name != standard}, clause, said)
    if subject is None:
        subject = _only_other(scope, standard)
    if standard is None:
        standard = _only_other(scope, subject) or next((name for name in mentions.values() if name != subject), None)
    return (subject, standard) if subject is not None and standard is not None else None


def _only_other(scope: Scope, group: str | None) -> str | None:
    others = scope.groups - {group}
    return next(iter(others)) if group is not None and len(others) == 1 else None


def _standard(mentions: dict[int, str], clause: Clause, said: Said) -> str | None:
    """The group after "than", or after "from" where something changes from one to the other."""
    marks = {"than", "from"} if said.word in CHANGE else {"than"}
    for place in range(said.place + 1, len(clause)):
        if clause[place].text in marks and clause[place].kind == "word":
            return next((mentions[at] for at in sorted(mentions) if at > place), None)
    return None


def _subject(mentions: dict[int, str], clause: Clause, said: Said) -> str | None:
    """The group that the word is about: "lower in X", else the last before the word, else the first after it."""
    for place in sorted(mentions):
        between = clause[said.place + 1 : place]
        if place > said.place and len(between) <= REACH and _leads_to(between):
            return mentions[place]
    before = [mentions[place] for place in sorted(mentions) if place < said.place]
    after = [mentions[place] for place in sorted(mentions) if place > said.place]
    return before[-1] if before else after[0] if after else None


def _leads_to(between: Sequence[Token]) -> bool:
    words = [token.text for token in between]
    return any(word in ("in", "for", "among", "at", "under", "to", "on") for word in words) and not {"than", "from", ","} & set(
        words
    )
