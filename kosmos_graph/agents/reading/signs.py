"""Words of direction and of sameness in a marked text."""

from __future__ import annotations

import re

from kosmos_graph.domain.hypothesis import Direction

UP = re.compile(
    r"\b(?:more|most|increas\w*|high|rise\w*|rising|rose|grow\w*|grew|raise\w*|raising|gain\w*|boost\w*|"
    r"great|greater|positive\w*|up|warming|upwards?)\b"
)
DOWN = re.compile(
    r"\b(?:less|least|decreas\w*|low|fall\w*|fell|drop\w*|declin\w*|reduc\w*|loss|shrink\w*|negative\w*|invers\w*|down|downwards?|cooling)\b"
)
SAME = re.compile(
    r"\b(?:(?:the|about the|exactly the|on average the) same|no (?:\w+ )?(?:difference|differences|effect|"
    r"relationship|relation|association|"
    r"correlation|link|change|trend|connection|influence|impact)|equal\w*|equivalen\w*|similar\w*|identical\w*|"
    r"(?:not|never) (?:\w+ )?(?:differ|different|affect|depend|vary|change|matter|associated|related|correlated|influence)|"
    r"(?<!in)independent(?: of| from|$)|unrelated|unaffected|uncorrelated|comparable|just as \w+|as \w+ "
    r"as|makes? no difference|same \w+ as|regardless of|unchanged|constant)\b"
)
EITHER = re.compile(r"\b(?:or (?:is|are|was|were|do|does) (?:it|they|there)|whether or not|or not|or differ\w*|or different)\b")


def sign(text: str) -> int:
    """+1 where the words point up, −1 where down, 0 where neither or both do."""
    up, down = UP.search(text) is not None, DOWN.search(text) is not None
    return int(up) - int(down)


def direction(number: int) -> Direction | None:
    """A sign as a direction; None for 0."""
    return "positive" if number > 0 else "negative" if number < 0 else None


def sign_of(asked: Direction | None) -> int:
    """A direction as a sign; 0 for none."""
    return {"positive": 1, "negative": -1, None: 0}[asked]


def asks_sameness(text: str) -> bool:
    """Whether a question expects no difference: `Do A and B have the same Y?`, and not `the same or different`."""
    return SAME.search(text) is not None and EITHER.search(text) is None
