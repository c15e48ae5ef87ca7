"""`kosmos-graph methods`: what the catalogue has, what a method declares, and which methods fit given columns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from kosmos_graph.cli.ending import print_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kosmos_graph.domain.data_card import DataCard
    from kosmos_graph.domain.hypothesis import Target, Task
    from kosmos_graph.experiments.method import Method

Several = list[str] | None


def methods_command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A method: print all that it declares.")] = None,
    data: Annotated[Path | None, typer.Option("--data", "-d", help="A data file: say which methods fit its columns.")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="The column that is to be explained.")] = None,
    predictor: Annotated[Several, typer.Option("--predictor", help="A column that explains; may be given again.")] = None,
    covariate: Annotated[Several, typer.Option("--covariate", help="A column to adjust for; may be given again.")] = None,
    part: Annotated[
        Several,
        typer.Option(
            "--set", metavar="PART=VALUE", help="What else is asked: pair=id, reference=50, levels=a,b; may be given again."
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="compare, change, associate, affect, interact, predict, trend, step or estimate.")
    ] = None,
    no_difference: Annotated[
        bool, typer.Option("--no-difference", help="The question is whether there is no difference that matters.")
    ] = False,
    about: Annotated[Path | None, typer.Option("--about", help="A study sheet (YAML): what you know of the study.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """List the statistical methods, print what NAME declares, or say which methods fit the columns of --data and why."""
    from kosmos_graph.errors import BadInput
    from kosmos_graph.render.methods import listing, method_json

    asked = {
        "--outcome": outcome,
        "--predictor": predictor,
        "--covariate": covariate,
        "--set": part,
        "--task": task,
        "--about": about,
    }
    given = [option for option, value in asked.items() if value] + (["--no-difference"] if no_difference else [])
    if data is not None:
        if name is not None or outcome is None:
            raise BadInput("--data asks which methods fit its columns: give --outcome COLUMN with it, and no NAME")
        _print_fitting(
            data, outcome, predictor or (), covariate or (), part or (), task, about, as_json, none_expected=no_difference
        )
    elif given:
        raise BadInput(f"{given[0]} says something of a data file: give --data FILE with it")
    elif name is not None:
        _print_method(name, as_json=as_json)
    elif as_json:
        print_json([method_json(method) for method in _catalogue()])
    else:
        _print_lines(listing())


def _catalogue() -> Iterable[Method]:
    from kosmos_graph.experiments.catalogue import CATALOGUE

    return CATALOGUE.values()


def _print_method(name: str, *, as_json: bool) -> None:
    """Raises BadInput for a name that no method has."""
    from kosmos_graph.experiments.catalogue import named
    from kosmos_graph.render.methods import described, example_page, method_json

    method = named(name)
    if as_json:
        print_json(method_json(method))
        return
    example = example_page(method)
    page = Path(__file__).parents[2] / example if example is not None else None
    _print_lines(described(method, page.read_text(encoding="utf-8") if page is not None and page.is_file() else None))


def _print_fitting(
    data: Path,
    outcome: str,
    predictors: Sequence[str],
    covariates: Sequence[str],
    parts: Sequence[str],
    task: str | None,
    about: Path | None,
    as_json: bool,
    *,
    none_expected: bool,
) -> None:
    """Raises BadInput for a file, sheet, column or task that cannot be."""
    from kosmos_graph.agents.fitting import fit_methods
    from kosmos_graph.data.load import load_dataset
    from kosmos_graph.data.sheet import check_sheet, read_sheet
    from kosmos_graph.render.methods import fits_text, fitting_json, target_text

    sheet = read_sheet(about)
    card = load_dataset(data, sheet).card
    check_sheet(sheet, (card,))
    target = _target(card, outcome, tuple(predictors), parts)
    _check_columns(card, (*target.columns, *covariates))
    wanted = _task(task) if task is not None else _usual_task(target, covariates)
    if wanted == "estimate" and target.quantity is None:
        target = target.model_copy(update={"quantity": _quantity(card, outcome)})
    fitting = fit_methods(card, sheet, wanted, "no effect" if none_expected else "effect", target, tuple(covariates))
    if as_json:
        print_json(fitting_json(fitting, wanted, tuple(covariates)))
        return
    _print_lines((target_text(fitting.target, wanted, covariates), "", *fits_text(fitting.found)))


def _target(card: DataCard, outcome: str, predictors: tuple[str, ...], parts: Sequence[str]) -> Target:
    """What is asked about. Raises BadInput for a part that a target does not have, or a value that it cannot take."""
    from pydantic import ValidationError

    from kosmos_graph.domain.hypothesis import Target
    from kosmos_graph.errors import BadInput

    settled = {"dataset", "outcome", "predictors", "filters"}
    known = [field for field in Target.model_fields if field not in settled]
    values: dict[str, Any] = {}
    for one in parts:
        field, equals, value = one.partition("=")
        if field not in known or not equals:
            raise BadInput(f"--set takes PART=VALUE, where PART is one of {', '.join(known)}; not {one!r}")
        values[field] = tuple(value.split(",")) if field == "levels" else value
    try:
        return Target.model_validate({"dataset": card.name, "outcome": outcome, "predictors": predictors, **values}, strict=False)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise BadInput(f"--set {wrong['loc'][0]}: {wrong['msg']}") from None


def _check_columns(card: DataCard, names: Sequence[str]) -> None:
    from kosmos_graph.data.nearest import did_you_mean
    from kosmos_graph.errors import BadInput

    for name in names:
        if card.column(name) is None:
            raise BadInput(f"{card.name} has no column {name!r}{did_you_mean(name, [column.name for column in card.columns])}")


def _task(text: str) -> Task:
    from kosmos_graph.domain.hypothesis import Task
    from kosmos_graph.errors import BadInput

    found: Task | None = next((task for task in get_args(Task) if task == text), None)
    if found is None:
        raise BadInput(f"a task is one of {', '.join(get_args(Task))}, not {text!r}")
    return found


def _usual_task(target: Target, covariates: Sequence[str]) -> Task:
    """The task of a target that says no more than its parts."""
    if target.change_at is not None:
        return "step"
    if target.interaction:
        return "interact"
    if target.baseline is not None or target.pair is not None:
        return "change"
    if target.reference is not None:
        return "compare"
    if not target.predictors:
        return "estimate" if target.time is None else "trend"
    return "affect" if len(target.predictors) > 1 or covariates else "associate"


def _quantity(card: DataCard, outcome: str) -> str:
    column = card.column(outcome)
    return "mean" if column is not None and column.kind.numeric else "proportion"


def _print_lines(lines: Iterable[str]) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        print(line.encode(encoding, "replace").decode(encoding))
