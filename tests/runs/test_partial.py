"""A partial report is a view of the state: it says that it is partial and why, and changes nothing."""

from __future__ import annotations

import json

import pytest

from kosmos_graph import resume, start
from kosmos_graph.errors import RunStopped
from kosmos_graph.providers.budget import Allowance
from kosmos_graph.render.json_report import render_json
from kosmos_graph.render.markdown import render_markdown
from kosmos_graph.runs import report_text
from tests.loopback import LoopbackServer

from .models import MODEL, QUESTION, counting, facts, settings_for, write_growth

VERDICTS = ("verdict", "verdict_basis", "p_adjusted")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_growth(tmp_path_factory.mktemp("data") / "growth.csv")


def stopped(server, data, home, **bounds):
    run = start(QUESTION, [data], settings=settings_for(server, home, kosmos_loopback_calls=1), allowance=Allowance(**bounds))
    assert run.wait(60) == "stopped"
    return run


def test_what_is_finished_is_reported_as_the_whole_report_has_it_and_the_rest_is_named(data, tmp_path):
    with LoopbackServer(counting) as server:
        run = stopped(server, data, tmp_path, calls=9)
        part = run.partial("nine calls are made")
        whole = resume(run.id, settings=run.settings, allowance=Allowance(calls=100)).result
    assert part.partial == "nine calls are made"
    assert len(part.findings) == 2
    ends = {one.id: one for one in whole.findings}
    alike = {name for name in type(part.findings[0]).model_fields if name not in VERDICTS}
    for one in part.findings:
        assert one.model_dump(include=alike) == ends[one.id].model_dump(include=alike)
        assert one.p_adjusted >= ends[one.id].p_adjusted  # over the whole family, of which more can only be rejected later
    (missing,) = part.unanswered
    assert missing.reason == "its experiment has not been carried through"
    assert part.synthesis == ()
    assert whole.partial is None


def test_a_partial_report_counts_what_was_paid_for_unfinished_work_too(data, tmp_path):
    with LoopbackServer(counting) as server:
        settings = settings_for(server, tmp_path)
        run = start("What matters here?", [data], settings=settings, allowance=Allowance(calls=1))
        assert run.wait(60) == "stopped"
        part = run.partial("one call is made")
    assert run.usage == ()
    assert [(used.role, used.calls, used.cost) for used in part.run.usage] == [("designer", 1, run.calls[0].cost)]


def test_looking_changes_nothing_and_show_gives_the_same_also_without_the_key(data, tmp_path, monkeypatch):
    with LoopbackServer(counting) as server:
        run = stopped(server, data, tmp_path, calls=5)
        reason = run._record["detail"]
        before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
        part = run.partial(reason)
        assert facts(run.partial(reason)) == facts(part)
        assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before
        monkeypatch.setenv("KOSMOS_FALLBACK_MODELS", "rules")
        shown = json.loads(report_text(run.id, as_json=True, partial=True, home=tmp_path))
        assert shown["run"]["designers"] == [MODEL]
        assert shown["run"]["usage"] == json.loads(render_json(part))["run"]["usage"]
        monkeypatch.setenv("LITELLM_API_BASE", server.base())
        monkeypatch.setenv("LITELLM_MODEL", MODEL)
        monkeypatch.delenv("KOSMOS_FALLBACK_MODELS")
        shown = json.loads(report_text(run.id, as_json=True, partial=True, home=tmp_path))
        for name in ("finished", "seconds"):
            shown["run"][name] = getattr(part.run, name)
        assert shown == json.loads(render_json(part))
        assert len(server.requests) == 5
    assert reason in render_markdown(part).replace("\\", "").splitlines()[2]


def test_before_the_data_are_read_there_is_nothing_to_report(data, tmp_path):
    with LoopbackServer(counting) as server:
        run = start(QUESTION, [data, str(tmp_path / "missing.csv")], settings=settings_for(server, tmp_path))
        assert run.wait(60) == "failed"
        with pytest.raises(RunStopped, match=f"nothing of run {run.id} is finished yet"):
            run.partial("it failed")


def test_of_a_finished_run_the_partial_report_is_the_report(data, tmp_path):
    with LoopbackServer(counting) as server:
        run = start(QUESTION, [data], settings=settings_for(server, tmp_path))
        assert run.wait(60) == "finished"
        assert run.partial("it is not wanted") == run.result
