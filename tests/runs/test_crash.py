"""A run that is killed with SIGKILL, at any node, is resumed to the same report, and no finished node runs twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kosmos_graph import build_graph
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.domain.report import CLOCK_FIELDS
from kosmos_graph.settings import Settings

CHILD = Path(__file__).with_name("held_child.py")
QUESTION = "Which of dose, age and weight affect growth?"
MOMENTS = [
    ("profile_data", 0),
    ("plan_research", 0),
    ("design_study", 1),
    ("review_design", 0),
    ("lock_plan", 0),
    ("approve_plan", 0),
    ("run_study", 1),
    ("analyse_study", 0),
    ("check_claims", 2),
    ("close_study", 1),
    ("decide_next", 0),
    ("confirm_findings", 0),
    ("adjust_findings", 0),
    ("synthesise_findings", 0),
    ("write_report", 0),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("crash") / "growth.csv"
    rows = [
        f"{1 + row % 7},{20 + (row * 31) % 40},{50 + (row * 17) % 30},{2.0 * (row % 7) + (row * 7919 % 101) / 25:.3f}"
        for row in range(80)
    ]
    path.write_text("dose,age,weight,growth\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def arguments(home, run_id, node, passing, data):
    return [sys.executable, str(CHILD), str(home), run_id, node, str(passing), QUESTION, data]


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LITELLM", "LLM_", "KOSMOS"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, data):
    home = tmp_path_factory.mktemp("whole")
    ended = subprocess.run(
        arguments(home, "whole", "nowhere", 0, data), capture_output=True, text=True, timeout=100, env=environment(), check=True
    )
    assert ended.stdout.split() == ["ENDED", "finished"], ended.stderr
    return facts(home / "runs" / "whole" / "report.json")


def facts(path):
    report = json.loads(path.read_text(encoding="utf-8"))
    for name in ("id", *CLOCK_FIELDS):
        del report["run"][name]
    return report


def events(home, run_id):
    lines = (home / "runs" / run_id / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def kill_at(home, node, passing, data):
    child = subprocess.Popen(
        arguments(home, "killed", node, passing, data), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    with child:
        first = child.stdout.readline().strip()
        assert first == "HELD", f"{first}: {child.stderr.read()}"
        assert child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait(30)
    assert child.returncode == -signal.SIGKILL


def finished(lines):
    """What a killed run had finished: executions that ended, and after which their branch, or the whole run, went on."""
    done = set()
    for place, line in enumerate(lines):
        went_on = any(later["phase"] == "started" and later["branch"] in (line["branch"], "c1") for later in lines[place + 1 :])
        if line["phase"] == "finished" and went_on:
            done.add((line["node"], line["branch"]))
    return done


def started(lines):
    return [(line["node"], line["branch"]) for line in lines if line["phase"] == "started"]


@pytest.mark.parametrize(("node", "passing"), MOMENTS, ids=[f"{node}-{passing}" for node, passing in MOMENTS])
def test_a_killed_run_is_resumed_by_the_command_line_and_by_the_graph(node, passing, data, uninterrupted, tmp_path):
    home, twin = tmp_path / "home", tmp_path / "twin"
    kill_at(home, node, passing, data)
    shutil.copytree(home, twin)
    before = events(home, "killed")
    assert (node, before[-1]["branch"]) == started(before)[-1]

    resumed = subprocess.run(
        [sys.executable, "-m", "kosmos_graph.cli", "resume", "killed", "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment(),
        check=False,
    )
    assert resumed.returncode == 0, resumed.stderr
    assert facts(home / "runs" / "killed" / "report.json") == uninterrupted
    assert not finished(before) & set(started(events(home, "killed")[len(before) :]))

    with open_saver(twin) as saver:
        graph = build_graph(model="rules", checkpointer=saver, home=twin, settings=Settings(_env_file=None))
        config = {"configurable": {"thread_id": "killed"}}
        given = None if graph.get_state(config).values else {"question": QUESTION, "data": [data], "about": None}
        graph.invoke(given, config)
    assert facts(twin / "runs" / "killed" / "report.json") == uninterrupted
    assert not finished(before) & set(started(events(twin, "killed")[len(before) :]))
