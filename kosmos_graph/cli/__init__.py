"""The command line: the only module that prints or exits. The answer goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kosmos_graph.cli.doctor import doctor_command
from kosmos_graph.cli.progress import Progress

if TYPE_CHECKING:
    from kosmos_graph.domain.report import Report
    from kosmos_graph.runs import Run
    from kosmos_graph.settings import Settings

app = typer.Typer(
    name="kosmos-graph",
    help="A question and a data file go in; a report whose every number was computed comes out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Home = Annotated[Path | None, typer.Option("--home", help="Folder for checkpoints and runs (default: $KOSMOS_HOME or ./.kosmos).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, as `list` shows it.")]


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """A question and a data file go in; a report whose every number was computed comes out."""
    if version:
        from kosmos_graph import __version__

        print(__version__)
        raise typer.Exit


@app.command("run")
def run_command(
    question: Annotated[str, typer.Argument(help="What you want to know of the data, as a sentence.")],
    data: Annotated[list[str] | None, typer.Option("--data", "-d", help="A data file; may be given again.")] = None,
    about: Annotated[str | None, typer.Option("--about", help="A study sheet (YAML): what you know of the study.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Model of both agents, or `rules`.")] = None,
    designer: Annotated[str | None, typer.Option("--designer", help="Model of the designer.")] = None,
    analyst: Annotated[str | None, typer.Option("--analyst", help="Model of the analyst.")] = None,
    fallback: Annotated[
        list[str] | None, typer.Option("--fallback", help="Model that takes over when one gives up; may be given again.")
    ] = None,
    hypotheses: Annotated[int | None, typer.Option("--hypotheses", help="Most hypotheses a model may propose in a cycle.")] = None,
    cycles: Annotated[int | None, typer.Option("--cycles", help="Most cycles of planning and studying.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of everything that is drawn by chance.")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="Family-wise error rate.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Show the locked plan and wait for your decision.")] = False,
    home: Home = None,
    run_id: Annotated[str | None, typer.Option("--run-id", help="Id of the new run.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer QUESTION from the data, and write a report."""
    from kosmos_graph.runs import start
    from kosmos_graph.wiring.services import model_settings

    check_servers(model_settings(model=model, designer=designer, analyst=analyst, fallback=fallback, home=home))

    given = {"hypotheses": hypotheses, "cycles": cycles, "seed": seed, "alpha": alpha}
    progress = Progress(quiet)
    run = start(
        question,
        data or [],
        about=about,
        model=model,
        designer=designer,
        analyst=analyst,
        fallback=fallback or [],
        options={name: value for name, value in given.items() if value is not None},
        approve=approve,
        home=home,
        run_id=run_id,
        watch=progress.watch,
    )
    progress.follow(run)
    finish(run, as_json=as_json, progress=progress)


@app.command()
def resume(
    run_id: RunId,
    accept: Annotated[bool, typer.Option("--accept", help="Accept the plan that waits.")] = False,
    strike: Annotated[list[str] | None, typer.Option("--strike", help="Accept the plan without this hypothesis.")] = None,
    edit: Annotated[str | None, typer.Option("--edit", help="Accept the plan with changes: JSON, fields by hypothesis id.")] = None,
    moved: Annotated[bool, typer.Option("--moved", help="A model's server has another address now, and that is meant.")] = False,
    home: Home = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Go on with RUN where it stopped."""
    from kosmos_graph.runs import resume as resume_run

    progress = Progress(quiet)
    decision = decision_of(accept, strike, edit)
    run = resume_run(run_id, decision=decision, moved=moved, home=home, watch=progress.watch)
    progress.follow(run)
    finish(run, as_json=as_json, progress=progress, decided=decision is not None)


@app.command()
def fork(
    run_id: RunId,
    at: Annotated[str, typer.Option("--at", help="A step, as `history` names it.")],
    home: Home = None,
    new_id: Annotated[str | None, typer.Option("--run-id", help="Id of the new run.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Begin a new run that goes on from a step of RUN."""
    from kosmos_graph.runs import fork as fork_run

    progress = Progress(quiet)
    run = fork_run(run_id, at, home=home, new_id=new_id, watch=progress.watch)
    progress.follow(run)
    finish(run, as_json=as_json, progress=progress)


@app.command("list")
def list_command(home: Home = None, as_json: AsJson = False) -> None:
    """List the runs of a home folder."""
    from kosmos_graph.runs import list_runs

    runs = list_runs(home=home)
    if as_json:
        print_json([vars(run) for run in runs])
        return
    for run in runs:
        print(f"{run.id}  {run.status:<11}  {run.began[:19]}  {one_line(run.question)}")


@app.command()
def show(
    run_id: RunId,
    output: Annotated[str, typer.Option("--format", help="md or json.")] = "md",
    home: Home = None,
) -> None:
    """Print RUN's report."""
    from kosmos_graph.errors import BadInput
    from kosmos_graph.runs import report_text

    if output not in ("md", "json"):
        raise BadInput(f"a report is shown as md or json, not {output!r}")
    sys.stdout.write(report_text(run_id, as_json=output == "json", home=home))


@app.command()
def history(run_id: RunId, home: Home = None, as_json: AsJson = False) -> None:
    """List the steps of RUN, which `fork` can go on from."""
    from kosmos_graph.runs import history as steps

    found = steps(run_id, home=home)
    if as_json:
        print_json([vars(step) for step in found])
        return
    for step in found:
        print(f"{step.name:<14}  {step.moment[:19]}  {', '.join(step.next) or 'end'}")


app.command("doctor")(doctor_command)


@app.command("graph")
def graph_command() -> None:
    """Print the graph as Mermaid text, branches included. It is drawn here, without any service."""
    from kosmos_graph.wiring.services import build_graph

    print(build_graph(model="rules").get_graph(xray=True).draw_mermaid())


@app.command()
def providers(as_json: AsJson = False) -> None:
    """List the providers that model names may begin with."""
    from kosmos_graph.providers.registry import list_providers

    found = list_providers()
    if as_json:
        print_json([str(provider) for provider in found])
        return
    for provider in found:
        print(provider)


def check_servers(settings: Settings) -> None:
    """Raises BadInput, before anything begins, for a server on this machine that nobody started."""
    from kosmos_graph.errors import BadInput
    from kosmos_graph.wiring.servers import silent_servers

    if silent := silent_servers(settings):
        raise BadInput("; ".join(silent))


def decision_of(accept: bool, strike: list[str] | None, edit: str | None) -> Any:
    """The decision that the options of `resume` make, or None."""
    from kosmos_graph.errors import BadInput

    if not accept and not strike and edit is None:
        return None
    try:
        changes = json.loads(edit) if edit is not None else {}
    except ValueError as error:
        raise BadInput(f'--edit takes JSON, such as \'{{"c1h1": {{"method": "mann_whitney"}}}}\': {error}') from error
    return {"accept": True, "strike": strike or [], "edit": changes}


def finish(run: Run, *, as_json: bool, progress: Progress, decided: bool = False) -> None:
    """Wait for the run and print its answer; exit with what came of it.

    A plan that still waits after the user has `decided` on it means that the decision did not fit.
    """
    try:
        with progress.shown():
            run.wait()
    except KeyboardInterrupt:
        run.stop()
        run.wait(10)
        progress.say(f"interrupted; what is finished is kept. Go on with: kosmos-graph resume {run.id}")
        raise typer.Exit(130) from None
    if run.status == "waiting":
        show_pending(run, progress, as_json=as_json)
        raise typer.Exit(2 if decided else 1)
    report = result_of(run, progress)
    if as_json:
        from kosmos_graph.render.json_report import render_json

        sys.stdout.write(render_json(report))
    else:
        from kosmos_graph.render.explain import render_answer

        print(render_answer(report))
    progress.say(f"report: {run.folder / 'report.md'}")
    raise typer.Exit(3 if report.unanswered else 0)


def result_of(run: Run, progress: Progress) -> Report:
    """The run's report; where it stopped, how to go on is said before the reason."""
    from kosmos_graph.errors import BadInput, KosmosError

    try:
        return run.result
    except KosmosError as error:
        if not isinstance(error, BadInput):
            progress.say(f"stopped; what is finished is kept. Go on with: kosmos-graph resume {run.id}")
        raise


def show_pending(run: Run, progress: Progress, *, as_json: bool) -> None:
    """Print the plan that waits, and how to decide on it."""
    from kosmos_graph.domain.design import LockedPlan
    from kosmos_graph.render.plan import render_plan

    assert run.pending is not None  # noqa: S101 - what the status says
    if as_json:
        print_json(run.pending.plan)
    else:
        print(render_plan(LockedPlan.model_validate(run.pending.plan)))
    if run.pending.complaint:
        progress.say(f"the decision was not taken: {run.pending.complaint}")
    progress.say(f"the plan waits for you: kosmos-graph resume {run.id} --accept   (or --strike ID, or --edit JSON)")


def print_json(value: Any) -> None:
    """Print JSON with sorted keys."""
    print(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str))


def one_line(text: str, width: int = 80) -> str:
    """`text` on one line, without control characters, cut to `width`."""
    clean = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return clean if len(clean) <= width else clean[: width - 1] + "…"


def main() -> None:
    """Entry point of `kosmos-graph`: errors of ours become one line on stderr and their exit code."""
    from kosmos_graph.errors import KosmosError

    try:
        app()
    except KosmosError as error:
        print(f"kosmos-graph: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        print(f"kosmos-graph: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
