"""Write docs/methods.md from what the methods of the catalogue declare about themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.hypothesis import Task
from kosmos_graph.experiments.catalogue import CATALOGUE, get_method
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.method import Method, Needs, Sampling

PAGE = Path(__file__).parent.parent / "docs" / "methods.md"

TITLES: dict[Task, str] = {
    "compare": "Comparing groups, or one group with a stated value",
    "change": "Change within pairs",
    "associate": "Two variables together",
    "affect": "What affects an outcome",
    "trend": "A series over time",
    "step": "A series before and after a date",
    "estimate": "How much",
}

SAMPLES: dict[Sampling, str] = {
    "independent": "one row per independent unit",
    "paired": "pairs (two columns, or an id column)",
    "series": "one row per point in time",
}

ANY_KIND = NUMERIC | GROUPING

HEAD = """\
# The methods

Every design names one of these methods as its primary one, before any outcome is looked at. It is never switched by a test on the
data. The methods listed as *beside it* run on the same rows; they cannot change a verdict, and a disagreement is a caveat in the
answer. Columns are numeric (continuous or count), yes/no (two levels), ordinal or nominal; the last three are categorical. A method
that does not fit the data is not offered, and a design that names it is rejected with the reason.

This page is written by `python scripts/methods_page.py` from what the methods declare; do not edit it by hand.
"""


def page() -> str:
    """The whole page."""
    sections = (section(task, title) for task, title in TITLES.items())
    return HEAD + "".join(text for text in sections if text)


def section(task: Task, title: str) -> str:
    """The methods whose first task this is, in the catalogue's order; empty where there are none."""
    entries = [entry(method) for method in CATALOGUE.values() if method.tasks[0] == task]
    return f"\n## {title}\n\n" + "\n".join(entries) if entries else ""


def entry(method: Method) -> str:
    """One method, as an item of a list."""
    parts = [f"Estimates: {method.estimand}.", f"Needs: {', '.join(needs(method.needs))}."]
    if method.sensitivity:
        parts.append(f"Beside it: {', '.join(get_method(name).title for name in method.sensitivity)}.")
    parts.append(f"Source: {method.source}.")
    return f"- **{method.title}** (`{method.name}`). {method.summary}\n  {' '.join(parts)}\n"


def needs(stated: Needs) -> Iterator[str]:
    """What the method asks of columns, design and sample, in words."""
    yield f"{a(kinds(stated.outcome))} outcome"
    if stated.predictor:
        yield predictors(stated)
    yield SAMPLES[stated.sampling]
    if stated.covariates is not None:
        yield "covariates if there are any"
    yield rows(stated)
    yield from declarations(stated)


def predictors(stated: Needs) -> str:
    """How many predictors, of which kinds, with how many levels."""
    least, most = stated.predictors
    many = most != 1
    count = "one or more" if least and many else "any number of" if many else "one" if least else "at most one"
    grouped = f" with {levels(stated.groups)}" if stated.groups else ""
    return f"{count} {kinds(stated.predictor)} predictor{'s' if many else ''}{grouped}"


def levels(bounds: tuple[int, int | None]) -> str:
    """A bound on levels: "2 levels", "3 or more levels", "2 to 4 levels"."""
    least, most = bounds
    return f"{least} levels" if least == most else f"{least} or more levels" if most is None else f"{least} to {most} levels"


def rows(stated: Needs) -> str:
    """The smallest complete sample."""
    unit = "pairs" if stated.sampling == "paired" else "points" if stated.sampling == "series" else "complete rows"
    split = stated.groups is not None and stated.sampling == "independent"
    return f"at least {stated.rows} {unit}" + (f" and {stated.per_group} per group" if split else "")


def declarations(stated: Needs) -> Iterator[str]:
    """What the question or the study sheet must say."""
    if stated.reference:
        yield "a stated value to compare with"
    if stated.delta:
        yield "δ, the smallest effect that matters"
    if stated.time:
        yield "a time column"
    if stated.change_at:
        yield "the date of the change"


def kinds(stated: frozenset[Kind]) -> str:
    """A set of kinds in words, the usual sets by their short names."""
    if stated == ANY_KIND:
        return "numeric or categorical"
    if stated >= GROUPING:
        return " or ".join([*(["numeric"] if stated >= NUMERIC else []), "categorical"])
    names = (["numeric"] if stated >= NUMERIC else []) + [
        "yes/no" if kind is Kind.BINARY else kind.value for kind in Kind if kind in stated and not (kind in NUMERIC <= stated)
    ]
    return " or ".join(names)


def a(words: str) -> str:
    """The words with their indefinite article."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
