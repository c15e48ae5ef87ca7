"""What can be said of a designer's code without executing it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kosmos_graph import syntax
from kosmos_graph.domain.code_experiment import CodeExperiment, NamedNumber, Outcome
from kosmos_graph.ids import digest

LONGEST_CODE = 20_000
MOST_RESULTS = 20
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
NUMBER = re.compile(r"(?<!\w)\d")
FUNCTION = "experiment"


def complaints(experiment: CodeExperiment) -> Iterator[str]:
    """Sentences on why the code cannot be an experiment; none where it can be tried."""
    names = [result.name for result in experiment.results]
    if not 1 <= len(names) <= MOST_RESULTS:
        yield f"The code has to declare 1 to {MOST_RESULTS} results, and declares {len(names)}."
    if len(set(names)) < len(names):
        yield "Two of the declared results have the same name."
    if any(NAME.fullmatch(name) is None for name in names):
        yield "A result's name begins with a letter and has at most 40 lower-case letters, digits and underscores."
    for result in experiment.results:
        if not result.meaning.strip() or NUMBER.search(result.meaning):
            yield f"What {result.name} means has to be said in words, without numbers."
    if len(experiment.code) > LONGEST_CODE:
        yield f"The code has {len(experiment.code)} characters, and at most {LONGEST_CODE} are taken."
        return
    try:
        tree = syntax.module(experiment.code)
    except SyntaxError as error:
        yield f"The code is not Python: {error.msg.partition('. ')[0]}, in line {error.lineno}."
        return
    except (ValueError, RecursionError, MemoryError):
        yield "The code is not Python that can be read."
        return
    yield from _function(tree)


def _function(tree: ast.Module) -> Iterator[str]:
    """The function that is called takes the data and the seed, and returns something."""
    found = next((one for one in reversed(tree.body) if isinstance(one, ast.FunctionDef) and one.name == FUNCTION), None)
    if found is None:
        yield f"The code does not define the function {FUNCTION}(data, seed)."
    elif len(found.args.posonlyargs + found.args.args) != len(("data", "seed")):
        yield f"The function {FUNCTION} has to take exactly data and seed."
    elif not any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(found)):
        yield f"The function {FUNCTION} returns nothing."


def typed_numbers(experiment: CodeExperiment, outcome: Outcome) -> tuple[str, ...]:
    """Names of the returned numbers with a fraction that stand in the code as they are: they were typed, not computed."""
    constants = (node.value for node in ast.walk(syntax.module(experiment.code)) if isinstance(node, ast.Constant))
    typed = {abs(value) for value in constants if isinstance(value, float)}
    numbers = (result for result in outcome.results if isinstance(result, NamedNumber))
    return tuple(result.name for result in numbers if not float(result.value).is_integer() and abs(float(result.value)) in typed)


def seed_of(experiment: CodeExperiment, dataset_sha256: str, seed: int) -> int:
    """The seed that the code is given, below 2³²: it follows from the run's seed, the code and the data."""
    return int(digest({"seed": seed, "code": experiment.code, "dataset": dataset_sha256})[:8], 16)
