"""The command line: the only module that prints or exits. The answer goes to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kosmos_graph.cli.doctor import doctor_command
from kosmos_graph.cli.ending import Wanted, finish, print_json
from kosmos_graph.cli.methods import methods_command
from kosmos_graph.cli.progress import Progress

if TYPE_CHECKING:
    from kosmos_graph.providers.budget import Allowance
    from kosmos_graph.runs import Run
    from kosmos_graph.settings import Settings

app = typer.Typer(
    name="kosmos-graph",
    help="A question and a data file go in; a report whose every number was computed comes out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

WARM_UP = "kosmos_graph.wiring.computing:warm_up"
Home = Annotated[Path | None, typer.Option("--home", help="Folder for checkpoints and runs (default: $KOSMOS_HOME or ./.kosmos).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Budget = Annotated[float | None, typer.Option("--budget", metavar="USD", help="The most that the run may cost in all.")]
MaxCalls = Annotated[int | None, typer.Option("--max-calls", help="The most calls of models that the run may make in all.")]
Deadline = Annotated[str | None, typer.Option("--deadline", metavar="TIME", help="No call begins later from now: 90s, 10m, 2h.")]
Price = Annotated[
    list[str] | None,
    typer.Option("--price", metavar="MODEL=IN/OUT", help="US dollars for a million tokens in and out; may be given again."),
]
Partial = Annotated[bool, typer.Option("--partial", help="Where the run stops, report what is finished.")]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Write a recording, for --replay and for bug reports.")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Experiments in code that run at once.")]
Unsafe = Annotated[
    bool,
    typer.Option("--unsafe-no-sandbox", help="Run code that a model writes without a sandbox. It can do all that you can."),
]
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
    question: Annotated[str | None, typer.Argument(help="What you want to know of the data, as a sentence.")] = None,
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
    code: Annotated[
        str | None,
        typer.Option(
            "--code", metavar="WHEN", help="When a model may write an experiment's code: never, needed (no method fits), offered."
        ),
    ] = None,
    workers: Workers = None,
    unsafe_no_sandbox: Unsafe = False,
    budget: Budget = None,
    max_calls: MaxCalls = None,
    deadline: Deadline = None,
    price: Price = None,
    quote: Annotated[bool, typer.Option("--quote", help="Print what the run may cost, and begin nothing.")] = False,
    partial: Partial = False,
    reuse: Annotated[
        bool, typer.Option("--reuse", help="Take answers to equal requests of earlier runs from the journal.")
    ] = False,
    record: Record = None,
    replay: Annotated[
        Path | None, typer.Option("--replay", metavar="FILE", help="Repeat a recorded run; no model is asked.")
    ] = None,
    home: Home = None,
    run_id: Annotated[str | None, typer.Option("--run-id", help="Id of the new run.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer QUESTION from the data, and write a report."""
    begin_workers()
    from kosmos_graph.runs import start
    from kosmos_graph.wiring.services import model_settings

    allowance = allowance_of(budget, max_calls, deadline)
    check_record(record, [*(data or []), about], replay)
    given = {"hypotheses": hypotheses, "cycles": cycles, "seed": seed, "alpha": alpha, "code": code}
    options = {name: value for name, value in given.items() if value is not None}
    settings = model_settings(model=model, designer=designer, analyst=analyst, fallback=fallback, prices=price, home=home)
    if quote:
        print_quote(settings, question, data or [], about, options, as_json=as_json)
        return
    if replay is None:
        check_start(settings)
    settings = with_workers(settings, workers)
    progress = Progress(quiet)
    run = start(
        question,
        data or [],
        about=about,
        options=options,
        approve=approve,
        allowance=allowance,
        reuse=reuse,
        replay=replay,
        run_id=run_id,
        settings=settings,
        watch=progress.watch,
        unsafe_no_sandbox=unsafe_no_sandbox,
    )
    progress.follow(run)
    say_sandbox(run, progress, unsafe_no_sandbox=unsafe_no_sandbox)
    finish(run, progress, Wanted(as_json=as_json, partial=partial, record=record))


@app.command()
def resume(
    run_id: RunId,
    accept: Annotated[bool, typer.Option("--accept", help="Accept the plan that waits.")] = False,
    strike: Annotated[list[str] | None, typer.Option("--strike", help="Accept the plan without this hypothesis.")] = None,
    edit: Annotated[str | None, typer.Option("--edit", help="Accept the plan with changes: JSON, fields by hypothesis id.")] = None,
    moved: Annotated[bool, typer.Option("--moved", help="A model's server has another address now, and that is meant.")] = False,
    workers: Workers = None,
    unsafe_no_sandbox: Unsafe = False,
    budget: Budget = None,
    max_calls: MaxCalls = None,
    deadline: Deadline = None,
    price: Price = None,
    partial: Partial = False,
    record: Record = None,
    home: Home = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Go on with RUN where it stopped."""
    from kosmos_graph.runs import resume as resume_run
    from kosmos_graph.wiring.services import model_settings

    allowance = allowance_of(budget, max_calls, deadline)
    check_record(record)
    progress = Progress(quiet)
    decision = decision_of(accept, strike, edit)
    run = resume_run(
        run_id,
        decision=decision,
        moved=moved,
        allowance=allowance,
        prices=price or (),
        settings=with_workers(model_settings(home=home), workers),
        watch=progress.watch,
        unsafe_no_sandbox=unsafe_no_sandbox,
    )
    progress.follow(run)
    say_sandbox(run, progress, unsafe_no_sandbox=unsafe_no_sandbox)
    finish(run, progress, Wanted(as_json=as_json, partial=partial, record=record, decided=decision is not None))


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
    say_sandbox(run, progress)
    finish(run, progress, Wanted(as_json=as_json))


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
    partial: Partial = False,
    home: Home = None,
) -> None:
    """Print RUN's report."""
    from kosmos_graph.errors import BadInput
    from kosmos_graph.runs import report_text

    if output not in ("md", "json"):
        raise BadInput(f"a report is shown as md or json, not {output!r}")
    sys.stdout.write(report_text(run_id, as_json=output == "json", partial=partial, home=home))


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
app.command("methods")(methods_command)


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


@app.command("calls")
def calls_command(run_id: RunId, home: Home = None, as_json: AsJson = False) -> None:
    """List what RUN asked of models: tokens, cost, seconds, outcome."""
    from kosmos_graph.runs import calls

    found = calls(run_id, home=home)
    if as_json:
        print_json([call.model_dump(mode="json") for call in found])
        return
    for call in found:
        cost = "price unknown" if call.cost is None else f"${call.cost:.6f}"
        site = f"{call.site.branch:<10}  {call.site.node:<20}  {call.role:<8}  {call.number:>2}"
        used = f"{call.input_tokens:>6} in  {call.output_tokens:>5} out  {cost:<13}  {call.seconds:7.2f} s"
        print(f"{site}  {call.outcome + (' (reused)' if call.reused else ''):<13}  {used}  {one_line(call.model)}")


def check_start(settings: Settings) -> None:
    """Raises BadInput, before anything begins, for what is known to stop a run: see `doctor`."""
    from kosmos_graph.doctor import free_check
    from kosmos_graph.errors import BadInput

    if found := free_check(settings):
        raise BadInput("; ".join(found))


def begin_workers() -> None:
    """Begin a worker process before anything heavy is imported here: it imports the same beside it."""
    from kosmos_graph import workers

    with contextlib.suppress(OSError):  # the graph will say so
        workers.begin(WARM_UP)


def with_workers(settings: Settings, workers: int | None) -> Settings:
    """The settings, with as many experiments in code at once."""
    return settings if workers is None else settings.model_copy(update={"kosmos_workers": workers})


def say_sandbox(run: Run, progress: Progress, *, unsafe_no_sandbox: bool = False) -> None:
    """Say what holds code that a model wrote; nothing where no model may write any."""
    from kosmos_graph.providers.names import RULES
    from kosmos_graph.wiring.code import CodeRunner

    if run.options.get("code") != "never" and set(run.designers) != {RULES}:
        image = run.settings.kosmos_sandbox_image
        progress.say(CodeRunner(run.settings.kosmos_home, image=image, unsafe=unsafe_no_sandbox).sentence)


def allowance_of(budget: float | None, max_calls: int | None, deadline: str | None) -> Allowance:
    """What the run may use. Raises BadInput."""
    from kosmos_graph.providers.budget import Allowance, seconds_of

    return Allowance(budget=budget, calls=max_calls, seconds=None if deadline is None else seconds_of(deadline))


def check_record(path: Path | None, read: Sequence[str | None] = (), replay: Path | None = None) -> None:
    """Raises BadInput for a place where no recording can be written, before the run rather than after it."""
    from kosmos_graph.errors import BadInput
    from kosmos_graph.runs.recording import check_place

    if path is None:
        return
    if replay is not None:
        raise BadInput(f"a run that repeats a recording is recorded by it: copy {replay} instead of giving --record")
    check_place(path, [Path(one) for one in read if one])


def print_quote(
    settings: Settings, question: str | None, data: list[str], about: str | None, options: dict[str, Any], *, as_json: bool
) -> None:
    """Print what a run may cost."""
    from kosmos_graph.render.quote import render_quote
    from kosmos_graph.wiring.batch import material_of
    from kosmos_graph.wiring.calls import Calls

    quoted = Calls.of(settings).quote(material_of(question or "", data, about, options))
    if as_json:
        print_json(quoted.model_dump(mode="json") if quoted else None)
    else:
        print(render_quote(quoted))


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
        from kosmos_graph.render.escape import plain

        print(f"kosmos-graph: {plain(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        print(f"kosmos-graph: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
