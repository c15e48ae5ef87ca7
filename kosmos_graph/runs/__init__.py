"""Runs as a caller sees them: start, resume, fork, list, look back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from langgraph.types import Command

from kosmos_graph.checkpoints.forking import Step, copy_until, steps_of, thread
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.data.disclosure import disclosure
from kosmos_graph.data.load import fingerprint
from kosmos_graph.data.sheet_text import plain_sheet
from kosmos_graph.domain.calls import Call
from kosmos_graph.domain.report import Report
from kosmos_graph.errors import BadInput, RunStopped, StoreError
from kosmos_graph.graph.nodes.research import parse_options, parse_paths, parse_question
from kosmos_graph.graph.services import Event, Services
from kosmos_graph.providers.budget import Allowance
from kosmos_graph.render.json_report import render_json
from kosmos_graph.render.markdown import render_markdown
from kosmos_graph.run_folder import RunFolders
from kosmos_graph.runs.lineage import calls_behind, own_calls
from kosmos_graph.runs.partial import partial_report, state_of
from kosmos_graph.runs.recording import Recording, check_data, read_recording
from kosmos_graph.runs.records import (
    RunSummary,
    Status,
    claim,
    claim_new,
    copy_artefacts,
    history,
    list_runs,
    record_of,
    settings_at,
    summary,
)
from kosmos_graph.runs.run import Pending, Run
from kosmos_graph.settings import Settings, listed
from kosmos_graph.wiring.calls import Calls
from kosmos_graph.wiring.data_files import unchanged
from kosmos_graph.wiring.servers import forget_outages, hosts_of, places_of
from kosmos_graph.wiring.services import build_services, model_settings, now

__all__ = [
    "Pending",
    "Run",
    "RunSummary",
    "Status",
    "calls",
    "disclosed",
    "fork",
    "history",
    "list_runs",
    "report_text",
    "resume",
    "start",
]


def start(
    question: str | None = None,
    data: Sequence[str | Path] = (),
    *,
    about: str | Path | Mapping[str, Any] | None = None,
    model: str | None = None,
    designer: str | None = None,
    analyst: str | None = None,
    fallback: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    approve: bool = False,
    allowance: Allowance | None = None,
    prices: Sequence[str] = (),
    reuse: bool = False,
    replay: str | Path | None = None,
    home: str | Path | None = None,
    run_id: str | None = None,
    settings: Settings | None = None,
    watch: Callable[[Event], None] | None = None,
    unsafe_no_sandbox: bool = False,
) -> Run:
    """Begin a run in the background and return at once. `options` are the fields of `Options`.

    `allowance` bounds what the run may use; `prices` are texts MODEL=IN/OUT. With `reuse`, equal requests that any run of the
    home folder had answered are answered from its journal. `replay` is a recording to repeat: question, options, study sheet,
    decisions and models are the recording's, and no model is asked. `watch` is called with every event, on the background loop:
    it must be quick. With `unsafe_no_sandbox` code that a model writes runs without a sandbox, until the run stops or ends.
    Raises BadInput before anything is written.
    """
    chosen = model_settings(
        model=model, designer=designer, analyst=analyst, fallback=fallback, prices=prices, home=home, settings=settings
    )
    paths = [str(Path(path).expanduser().absolute()) for path in parse_paths([str(path) for path in data])]
    sheet = plain_sheet(Path(about).expanduser()) if isinstance(about, str | Path) else about
    allowed = allowance or Allowance()
    given: dict[str, Any] = {
        "question": question,
        "about": None if sheet is None else dict(sheet),
        "options": parse_options(dict(options or {})).model_dump(),
        "approve": approve,
    }
    recording = None if replay is None else _recording(Path(replay), given, paths)
    if recording is not None:
        given |= recording.run.model_dump(include=set(given))
    given["question"] = parse_question(given["question"])
    calls = _calls_of(chosen, allowed, reuse, recording)
    services = build_services(chosen, calls=calls, watch=watch, unsafe_no_sandbox=unsafe_no_sandbox)
    lock, identity = claim_new(RunFolders(chosen.kosmos_home), run_id)
    record = {
        **given,
        "id": identity,
        "data": paths,
        "models": {"model": chosen.litellm_model, "fallback": chosen.kosmos_fallback_models, "prices": chosen.kosmos_prices},
        "chains": _chains(services),
        "servers": {} if recording is not None else places_of(chosen),
        "allowance": {"budget": allowed.budget, "calls": allowed.calls},
        "reuse": reuse,
        "replay": None if replay is None else str(Path(replay).expanduser().absolute()),
        "began": now().isoformat(),
        "versions": dict(services.versions),
    }
    decisions = () if recording is None else recording.run.decisions
    return Run(identity, chosen, record, services, decisions).begin(_input(record), lock)


def resume(
    run_id: str,
    *,
    decision: object = None,
    moved: bool = False,
    allowance: Allowance | None = None,
    prices: Sequence[str] = (),
    home: str | Path | None = None,
    settings: Settings | None = None,
    watch: Callable[[Event], None] | None = None,
    unsafe_no_sandbox: bool = False,
) -> Run:
    """Go on with a run where it stopped. `decision` answers a plan that waits (see `graph.approval.Decision`).

    `allowance` replaces what the run was allowed before; its budget and calls are of the run in all, its seconds from now.
    `prices` are added to those that it was begun with. A finished run is returned with its report and nothing is run. `moved`
    says that a model's other address is meant, `unsafe_no_sandbox` that code runs without a sandbox from now on. Raises UnknownRun,
    RunExists while another process has it, DataChanged when a data file is another one now, MissingKey, and BadInput when a model
    would be asked elsewhere than before.
    """
    base = settings_at(home, settings)
    record = record_of(RunFolders(base.kosmos_home), run_id)
    if prices:
        record = {**record, "models": {**record["models"], "prices": ",".join((*_prices_of(record, base), *prices))}}
    chosen, allowed = _settings_of(record, base), _allowance_of(record, allowance)
    services = _services_of(record, chosen, allowed, watch, unsafe_no_sandbox=unsafe_no_sandbox)
    if not record.get("replay"):
        if not moved:
            _check_servers(record["servers"], places_of(chosen))
        forget_outages(chosen)
        record = {**record, "servers": places_of(chosen)}
    record = {**record, "allowance": {"budget": allowed.budget, "calls": allowed.calls}}
    lock = claim(RunFolders(base.kosmos_home), run_id)
    try:
        given = _continuation(base.kosmos_home, record, decision)
        return Run(run_id, chosen, record, services).begin(given, lock)
    except BaseException:
        lock.release()
        raise


def fork(
    run_id: str,
    at: str,
    *,
    home: str | Path | None = None,
    new_id: str | None = None,
    settings: Settings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> Run:
    """Begin a new run that goes on from a step of another one; `at` is a step that `history` names.

    At a step inside a study, everything but that study is kept. What the other run was allowed, the new one is allowed anew, for
    what it asks itself. Raises UnknownRun, BadInput for an unknown step.
    """
    base = settings_at(home, settings)
    folders = RunFolders(base.kosmos_home)
    record = record_of(folders, run_id)
    with open_saver(base.kosmos_home) as saver:
        step = _find_step(steps_of(saver, run_id), at)
        lock, identity = claim_new(folders, new_id)
        try:
            copy_until(saver, run_id, step, identity)
            folders.put_record(identity, {**record, "id": identity, "forked": {"run": run_id, "at": at}, "status": "interrupted"})
            copy_artefacts(folders, run_id, identity)
        finally:
            lock.release()
    return resume(identity, settings=base, watch=watch)


def calls(run_id: str, *, home: str | Path | None = None) -> tuple[Call, ...]:
    """Every request of a run that was answered or failed, in that order. Raises UnknownRun."""
    base = settings_at(home, None)
    record_of(RunFolders(base.kosmos_home), run_id)
    return own_calls(base.kosmos_home, run_id)


def disclosed(run: Run) -> str | None:
    """What leaves the machine in this run, as one sentence; None when no model is hosted or no data are read yet."""
    hosts = () if run.replayed else hosts_of(run.settings)
    if not hosts:
        return None
    with open_saver(run.settings.kosmos_home) as saver:
        found = saver.get_tuple(thread(run.id))
    cards = found.checkpoint["channel_values"].get("cards") if found is not None else None
    code = run.options.get("code") != "never"
    return disclosure(tuple(card for _, card in sorted(cards.items())), hosts, code=code) if cards else None


def report_text(run_id: str, *, as_json: bool = False, partial: bool = False, home: str | Path | None = None) -> str:
    """A run's report in Markdown or JSON, rendered from its checkpoint; with `partial` also that of an unfinished run.

    Raises UnknownRun, and RunStopped if there is no report yet.
    """
    base = settings_at(home, None)
    folders = RunFolders(base.kosmos_home)
    record = record_of(folders, run_id)
    with open_saver(base.kosmos_home) as saver:
        found = saver.get_tuple(thread(run_id))
    report: Report | None = found.checkpoint["channel_values"].get("report") if found is not None else None
    if report is None and partial:
        services = _services_to_look(record, base)
        state = state_of(run_id, base, services)
        reason = record.get("detail") or f"the run's status is {summary(folders, record).status}"
        report = partial_report(state, reason, calls_behind(base.kosmos_home, record, state), services)
    if report is not None:
        return render_json(report) if as_json else render_markdown(report)
    raise RunStopped(
        f"run {run_id} has no report yet: its status is {summary(folders, record).status}; go on with `resume {run_id}`"
    )


def _chains(services: Services) -> dict[str, list[str]]:
    return {
        "designer": [link.model for link in services.designers],
        "analyst": [link.model for link in services.analysts],
    }


def _calls_of(settings: Settings, allowance: Allowance, reuse: bool, recording: Recording | None) -> Calls:
    if recording is not None:
        return Calls.replaying(recording.calls, recording.chain, recording.price_of, recording.stop)
    return Calls.of(settings, allowance, reuse=reuse)


def _services_of(
    record: Mapping[str, Any],
    settings: Settings,
    allowance: Allowance,
    watch: Callable[[Event], None] | None = None,
    *,
    unsafe_no_sandbox: bool = False,
) -> Services:
    """The services that a run goes on with. Raises BadInput."""
    recording = read_recording(Path(record["replay"])) if record.get("replay") else None
    calls = _calls_of(settings, allowance, bool(record.get("reuse")), recording)
    return build_services(settings, calls=calls, watch=watch, unsafe_no_sandbox=unsafe_no_sandbox)


def _services_to_look(record: Mapping[str, Any], base: Settings) -> Services:
    """Services to look at a run with; where it cannot go on, for want of a key or a recording, its models have just their names."""
    try:
        return _services_of(record, _settings_of(record, base), Allowance())
    except BadInput:
        models = ("litellm_model", "llm_provider", "kosmos_designer_model", "kosmos_analyst_model", "kosmos_fallback_models")
        services = build_services(base.model_copy(update=dict.fromkeys(models)))
    return replace(
        services,
        designers=tuple(replace(services.designers[0], model=name) for name in record["chains"]["designer"]),
        analysts=tuple(replace(services.analysts[0], model=name) for name in record["chains"]["analyst"]),
    )


def _prices_of(record: Mapping[str, Any], base: Settings) -> tuple[str, ...]:
    """The prices that a run was begun with; where it was begun with none, those of the settings."""
    return listed(record["models"].get("prices")) or base.prices


def _recording(path: Path, given: Mapping[str, Any], paths: Sequence[str]) -> Recording:
    """The recording to repeat. Raises BadInput where it is of another question, or of other data."""
    recording = read_recording(path.expanduser())
    if given["question"] is not None and given["question"] != recording.run.question:
        raise BadInput(f"the recording is of the question {recording.run.question!r}: leave the question out, or give that one")
    check_data(recording, [(Path(one).name, fingerprint(Path(one))) for one in paths])
    return recording


def _settings_of(record: Mapping[str, Any], base: Settings) -> Settings:
    """The settings with the models and prices that the run was begun with."""
    if record.get("replay"):
        return base
    models = record["models"]
    return model_settings(
        model=models["model"],
        designer=record["chains"]["designer"][0],
        analyst=record["chains"]["analyst"][0],
        fallback=listed(models["fallback"]),
        prices=_prices_of(record, base),
        settings=base,
    )


def _allowance_of(record: Mapping[str, Any], given: Allowance | None) -> Allowance:
    """What the run is allowed from now on: of money and calls what is given now, else what it was allowed before."""
    before = record.get("allowance") or {}
    now_given = given or Allowance()
    return Allowance(
        budget=before.get("budget") if now_given.budget is None else now_given.budget,
        calls=before.get("calls") if now_given.calls is None else now_given.calls,
        seconds=now_given.seconds,
    )


def _input(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("question", "data", "about", "options", "approve")}


def _continuation(home: Path, record: Mapping[str, Any], decision: object) -> Any:
    """What the graph is given to go on: nothing, a decision, or the input again when it was killed before its first step."""
    with open_saver(home) as saver:
        found = saver.get_tuple(thread(record["id"]))
    could_write = record.get("error") != "StoreError"  # a full disk may have stopped it before its first checkpoint
    if found is None and could_write and record["status"] in ("finished", "waiting", "stopped"):
        raise StoreError(f"the checkpoints of run {record['id']} are gone from {home}, so it cannot go on: start another run")
    if found is None or "question" not in found.checkpoint["channel_values"]:
        return _input(record)
    for _, card in sorted((found.checkpoint["channel_values"].get("cards") or {}).items()):
        if "report" not in found.checkpoint["channel_values"]:
            unchanged(card)
    if decision is None:
        return None
    if record["status"] != "waiting":
        raise BadInput(f"run {record['id']} does not wait for a decision: its status is {record['status']}")
    return Command(resume=decision)


def _find_step(steps: Sequence[Step], at: str) -> Step:
    found = [step for step in steps if step.name == at]
    if not found:
        raise BadInput(f"the run has no step {at!r}: `history` lists its steps")
    if not found[-1].next and not found[-1].namespace:
        raise BadInput(f"step {at} is the run's end, and nothing goes on from there: `history` lists the steps before it")
    return found[-1]


def _check_servers(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raises BadInput when a model would be asked, with whatever key is set, at another place than the run began with."""
    for name, place in sorted(after.items()):
        began = before.get(name)
        if began is not None and began != place:
            raise BadInput(
                f"the run asked {name} at {began}, and now it would be asked at {place}: set the address and the key that it began "
                "with, or say that the other one is meant (moved)"
            )
