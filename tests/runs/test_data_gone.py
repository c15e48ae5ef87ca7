"""Data that vanish or change in mid-run: what is computed stays and is reported, and with the data back the rest is completed."""

from __future__ import annotations

import sys

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from kosmos_graph import build_graph, resume, start
from kosmos_graph.cli import main
from kosmos_graph.cli.progress import Progress
from kosmos_graph.errors import DataChanged
from kosmos_graph.settings import Settings
from tests.graph.agents import PlainAnalyst, write_groups
from tests.graph.test_code import GAP, OUTCOMES, CodeDesigner

QUESTION = "Which of mass and group affect height?"


@pytest.fixture
def data(tmp_path):
    return write_groups(tmp_path / "groups.csv", ("height", "mass"))


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, kosmos_home=tmp_path / "home")


@pytest.fixture
def vanishing(tmp_path):
    """Watches a run, and takes the data away when a study ends."""

    def watch(event):
        if (event.node, event.phase) == ("close_study", "started") and (tmp_path / "groups.csv").exists():
            (tmp_path / "groups.csv").rename(tmp_path / "away")

    return watch


def test_the_study_that_was_computed_is_reported_and_with_the_data_back_the_run_is_completed(settings, data, tmp_path, vanishing):
    whole = start(QUESTION, [data], settings=settings, options={"parallel": 1}).result
    run = start(QUESTION, [data], settings=settings, options={"parallel": 1}, watch=vanishing)
    assert run.wait(60) == "stopped"
    with pytest.raises(DataChanged, match=r"groups\.csv was read with SHA-256 .*put it back") as gone:
        _ = run.result
    part = run.partial(str(gone.value))
    assert [one.id for one in part.findings] == ["c1h1"]
    assert [one.reason for one in part.unanswered] == ["its experiment has not been carried through"]
    (tmp_path / "groups.csv").write_text("group,height,mass\nash,1,2\n")
    with pytest.raises(DataChanged) as changed:
        resume(run.id, settings=settings)
    assert whole.run.data[0].sha256 in str(changed.value)
    (tmp_path / "away").rename(tmp_path / "groups.csv")
    events = (run.folder / "events.jsonl").read_text()
    assert resume(run.id, settings=settings).result.findings == whole.findings
    later = (run.folder / "events.jsonl").read_text().removeprefix(events)
    assert '"node": "run_study", "branch": "c1h1"' in events
    assert '"branch": "c1h1"' not in later


def test_a_result_stands_without_its_figure_where_the_data_go_before_it_is_drawn(settings, data, tmp_path):
    def watch(event):
        if (event.node, event.phase) == ("run_study", "finished"):
            (tmp_path / "groups.csv").unlink(missing_ok=True)

    report = start("Is height larger in ash than in oak?", [data], settings=settings, watch=watch).result
    assert [(one.verdict, one.figure) for one in report.findings] == [("supported", None)]


def test_code_that_was_run_is_kept_and_the_rest_is_run_when_the_data_are_back(settings, data, tmp_path, vanishing):
    designer = CodeDesigner(OUTCOMES[:2], versions=((GAP,), (GAP,)))
    graph = build_graph(designer=designer, analyst=PlainAnalyst(), settings=settings, checkpointer=InMemorySaver(), watch=vanishing)
    config = {"configurable": {"thread_id": "r1"}, "max_concurrency": 1}
    with pytest.raises(DataChanged, match="put it back"):
        graph.invoke({"question": QUESTION, "data": [data]}, config)
    (tmp_path / "away").rename(tmp_path / "groups.csv")
    designer.versions = ()
    report = graph.invoke(None, config)["report"]
    assert [one.id for one in report.explorations] == ["c1h1", "c1h2"]


def test_the_command_line_prints_what_there_is_and_exits_with_3(settings, data, tmp_path, monkeypatch, capsys):
    def watch(_, event):
        if (event.node, event.branch, event.phase) == ("run_study", "c1h2", "started"):
            (tmp_path / "groups.csv").rename(tmp_path / "away")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kosmos-graph", *arguments, "-q", "--home", str(settings.kosmos_home)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    with monkeypatch.context() as patched:
        patched.setattr(Progress, "watch", watch)
        code, out, err = call("run", QUESTION, "--data", data, "--model", "rules", "--run-id", "a")
    assert (code, out.startswith(f"Partial report: {data} was read with SHA-256 ")) == (3, True)
    assert "stopped; what is finished is kept. Go on: kosmos-graph resume a" in err
    assert call("resume", "a")[0] == 2
    (tmp_path / "away").rename(data)
    assert call("resume", "a")[0] == 0
