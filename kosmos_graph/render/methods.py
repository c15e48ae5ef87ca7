"""What a method declares about itself, in words: for the command line and for the page of methods."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kosmos_graph.agents.fitting import Fit, Fitting
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.hypothesis import Target, Task
from kosmos_graph.experiments.applicability import PARTS, ROWS_PER_PARAMETER
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.method import Method, Needs, Sampling
from kosmos_graph.experiments.preferences import reasons_for
from kosmos_graph.render.escape import ended, plain
from kosmos_graph.render.fill import listed

TITLES: dict[Task, str] = {
    "compare": "Comparing groups, or one group with a stated value",
    "change": "Change within pairs",
    "associate": "Two variables together",
    "affect": "What affects an outcome",
    "interact": "Whether one effect depends on another column",
    "predict": "How well an outcome can be foretold",
    "trend": "A series over time",
    "step": "A series before and after a date",
    "estimate": "How much",
}

SAMPLES: dict[Sampling, str] = {
    "independent": "one row per independent unit",
    "paired": "pairs (two columns, or an id column)",
    "repeated": "units measured repeatedly (an id column, and a row per unit and level)",
    "clustered": "rows in clusters (a column that says which rows hang together)",
    "series": "one row per point in time",
}

UNITS: dict[Sampling, str] = {"paired": "pairs", "repeated": "complete units", "series": "points"}

PER_PARAMETER = {
    "rows": "complete rows",
    "rarer level": "rows with the rarer level of the outcome",
    "events": "events",
}

COUNTS = ("no", "one", "two", "three", "four")

ANY_KIND = NUMERIC | GROUPING

EXAMPLES = Path("docs", "methods")
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = __name__.partition(".")[0]
WIDTH = 16


def by_task() -> dict[Task, tuple[Method, ...]]:
    """The methods under their first task, in the catalogue's order; tasks without a method are left out."""
    found = {task: tuple(method for method in CATALOGUE.values() if method.tasks[0] == task) for task in TITLES}
    return {task: methods for task, methods in found.items() if methods}


def needs(stated: Needs) -> Iterator[str]:
    """What the method asks of columns, design and sample, in words."""
    yield f"{a(kinds(stated.outcome))} outcome"
    if stated.predictor:
        yield predictors(stated)
    yield SAMPLES[stated.sampling]
    if stated.covariates is not None:
        of = "" if stated.covariates >= ANY_KIND else f"{kinds(stated.covariates)} "
        yield f"at least one {of}covariate" if stated.adjusts else f"{of}covariates if there are any"
    yield rows(stated)
    if stated.clusters:
        yield f"at least {stated.clusters} clusters"
    if stated.per_parameter is not None:
        yield f"{ROWS_PER_PARAMETER} {PER_PARAMETER[stated.per_parameter]} for each coefficient"
    yield from declarations(stated)


def predictors(stated: Needs) -> str:
    """How many predictors, of which kinds, with how many levels."""
    least, most = stated.predictors
    grouped = f" with {levels(stated.groups)}" if stated.groups else ""
    if stated.second is None or most == 1:
        return f"{count(least, most)} {kinds(stated.predictor)} predictor{'' if most == 1 else 's'}{grouped}"
    others = "the second" if most == 2 else "the others"
    return f"{count(least, most)} predictors, the first {kinds(stated.predictor)}{grouped}, {others} {kinds(stated.second)}"


def count(least: int, most: int | None) -> str:
    """A bound on a number in words: "one", "at most one", "two or more", "one to three"."""
    if most is None:
        return "any number of" if least == 0 else f"{spelt(least)} or more"
    return spelt(most) if least == most else f"at most {spelt(most)}" if least == 0 else f"{spelt(least)} to {spelt(most)}"


def spelt(number: int) -> str:
    """A small number as a word."""
    return COUNTS[number] if number < len(COUNTS) else str(number)


def levels(bounds: tuple[int, int | None]) -> str:
    """A bound on levels: "2 levels", "3 or more levels", "2 to 4 levels"."""
    least, most = bounds
    return f"{least} levels" if least == most else f"{least} or more levels" if most is None else f"{least} to {most} levels"


def rows(stated: Needs) -> str:
    """The smallest complete sample."""
    split = stated.groups is not None and stated.sampling in ("independent", "clustered")
    return f"at least {stated.rows} {UNITS.get(stated.sampling, 'complete rows')}" + (
        f" and {stated.per_group} per group" if split else ""
    )


def declarations(stated: Needs) -> Iterator[str]:
    """What the question or the study sheet must say, or may say."""
    told = (
        (stated.reference, f"a stated value {'or median ' if stated.quantiles else ''}to compare with"),
        (stated.delta, "δ, the smallest effect that matters"),
        (stated.time, "a time column"),
        (stated.change_at, "the date of the change"),
        (stated.event, "a column that says whether the event happened"),
        (stated.weight, "a column of weights"),
        (stated.interaction, "the question whether the effects of two predictors depend on each other"),
        (stated.moments, "two moments in the second predictor, and which of them comes first"),
    )
    yield from (words for needed, words in told if needed)
    yield from (f"{PARTS[part]} if declared" for part in sorted(stated.takes))
    if stated.quantiles and not stated.reference:
        yield "a quantile if asked for"


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


def usual_choice(method: Method) -> tuple[str, ...]:
    """When the method is the usual choice: what it says of itself, then the reasons of the table; empty where nothing is said."""
    return tuple(filter(None, (method.assumption, *reasons_for(method.name))))


def example_page(method: Method) -> Path | None:
    """Where the method's worked example stands, from the root of the source tree; None for a method that another package brings."""
    return EXAMPLES / f"{method.name}.md" if method.run.__module__.partition(".")[0] == OURS else None


def worked_example(page: str) -> tuple[str, str]:
    """The code of a page and what it prints. Raises ValueError for a page that has not one block of each, in this order."""
    blocks = BLOCK.findall(page)
    if [language for language, _ in blocks] != ["python", "text"]:
        raise ValueError("a worked example has one ```python block and then one ```text block")
    return blocks[0][1], blocks[1][1]


def listing() -> Iterator[str]:
    """Every method with title and summary, under its first task: lines for a terminal."""
    for place, (task, methods) in enumerate(by_task().items()):
        yield from ([""] if place else [])
        yield f"{TITLES[task]} ({task})"
        for method in methods:
            yield f"  {plain(method.name)}: {plain(method.title)}"
            yield f"      {plain(method.summary)}"


def described(method: Method, page: str | None = None) -> Iterator[str]:
    """All that the method declares, and the example of its `page`, where there is one: lines for a terminal."""
    yield f"{plain(method.name)}: {plain(method.title)}"
    yield plain(method.summary)
    yield ""
    example = example_page(method)
    facts: tuple[tuple[str, Iterable[str]], ...] = (
        ("Answers", (f"{TITLES[task]} ({task})" for task in method.tasks)),
        ("Estimates", (method.estimand,)),
        ("Needs", needs(method.needs)),
        ("Usual choice", usual_choice(method)),
        ("Beside it", (f"{CATALOGUE[name].title} ({name})" for name in method.sensitivity)),
        ("Source", (method.source,)),
        ("Worked example", () if example is None else (f"{example.as_posix()}{'' if page else ' in the sources'}",)),
    )
    for name, words in facts:
        yield from (f"{'' if place else name:<{WIDTH}}{plain(line)}" for place, line in enumerate(words))
    if page is not None:
        code, printed = worked_example(page)
        yield from ("", *indented(code), "", "prints", "", *indented(printed))


def indented(text: str) -> Iterator[str]:
    """The lines of a block, moved to the right."""
    yield from (f"    {line}".rstrip() for line in text.splitlines())


def method_json(method: Method) -> dict[str, Any]:
    """What the method declares, as JSON values. `needs` has the declaration's fields, `needs_in_words` what they say."""
    example = example_page(method)
    return {
        "name": method.name,
        "title": method.title,
        "summary": method.summary,
        "tasks": list(method.tasks),
        "estimand": method.estimand,
        "needs": {each.name: _json(getattr(method.needs, each.name)) for each in dataclasses.fields(Needs)},
        "needs_in_words": list(needs(method.needs)),
        "usual_choice": list(usual_choice(method)),
        "sensitivity": list(method.sensitivity),
        "source": method.source,
        "worked_example": None if example is None else example.as_posix(),
    }


def _json(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def fits_text(found: tuple[Fit, ...]) -> Iterator[str]:
    """Which methods fit, the preferred one first, and why the others do not: lines for a terminal."""
    fitting = [one for one in found if one.fits]
    if not fitting:
        yield "No method of the catalogue fits."
    for one in fitting:
        mark = "preferred" if one.preferred else "fits"
        yield f"{mark:<{WIDTH}}{plain(one.method)}: {plain(CATALOGUE[one.method].title)}"
        yield f"{'':<{WIDTH}}{plain(ended(listed(one.reasons)))}"
    refused = [one for one in found if not one.fits]
    if refused:
        yield ""
    for one in refused:
        yield f"{'does not fit':<{WIDTH}}{plain(one.method)}: {plain(' '.join(one.reasons))}"


def target_text(target: Target, task: Task, covariates: Sequence[str] = ()) -> str:
    """What was asked, in a line: the task, and every part of the target that is set."""
    named = {name: value for name, value in target.model_dump(mode="json").items() if name != "dataset" and value}
    parts = [f"{name} {_shown(value)}" for name, value in named.items()]
    return plain(f"Task {task}: {', '.join([*parts, *(f'covariate {name}' for name in covariates)])}")


def _shown(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


def fitting_json(fitting: Fitting, task: Task, covariates: tuple[str, ...]) -> dict[str, Any]:
    """What was asked and every method's fit, as JSON values."""
    return {
        "task": task,
        "target": fitting.target.model_dump(mode="json", exclude_defaults=True),
        "covariates": list(covariates),
        "methods": [dataclasses.asdict(one) for one in fitting.found],
    }
