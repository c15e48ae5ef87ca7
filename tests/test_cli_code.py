"""Experiments in code on the command line, with a model on a loopback server that writes them."""

from __future__ import annotations

import json
import textwrap

import pytest

from kosmos_graph.sandbox.executor import LocalExecutor
from tests.graph.agents import write_groups
from tests.loopback import LoopbackServer, Reply, first_choice

QUESTION = "Does group affect mass?"
GAP = """
def experiment(data, seed):
    means = data["groups.csv"].groupby("group", observed=True)["mass"].mean()
    return {"gap": float(means["ash"] - means["oak"])}
"""
RESULTS = [{"name": "gap", "kind": "number", "meaning": "distance of the group means"}]


class Programmer:
    """A model that writes its experiments itself wherever it may: `versions` in their order, the last one again and again."""

    def __init__(self, *versions):
        self.versions = versions
        self.written = 0

    def __call__(self, received):
        fields = (received.schema or {}).get("properties", {})
        reply = json.loads(first_choice(received).text)
        if "code" in fields:
            code = self.versions[min(self.written, len(self.versions) - 1)]
            self.written += 1
            reply |= {"objective": "Look at the groups.", "results": RESULTS, "code": code}
        elif '"code"' in json.dumps(fields.get("method")):
            reply["method"] = "code"
        return Reply(json.dumps(reply))


@pytest.fixture
def data(tmp_path):
    return write_groups(tmp_path / "groups.csv", ("mass",))


@pytest.fixture
def server(monkeypatch):
    with LoopbackServer(Programmer(GAP)) as running:
        monkeypatch.setenv("LITELLM_MODEL", "openai/m")
        monkeypatch.setenv("LITELLM_API_BASE", running.base())
        monkeypatch.setenv("LITELLM_API_KEY", "a-key-for-a-test")
        yield running


def told_of_the_sandbox(err):
    return [line for line in err.splitlines() if line.startswith(("Code experiments", "Code that a model writes"))]


def test_a_recorded_run_of_code_is_repeated_and_forked_and_each_says_what_holds_the_code(cli, server, data, monkeypatch):
    code, out, err = cli("run", QUESTION, "--data", data, "--code", "offered", "--run-id", "a", "--json", "--record", "a.json")
    first = json.loads(out)
    assert (code, [one["id"] for one in first["explorations"]], len(told_of_the_sandbox(err))) == (0, ["c1h1"], 1)
    step = next(line.split()[0] for line in cli("history", "a")[1].splitlines() if "study" in line.split()[2:])
    asked = len(server.requests)
    code, out, again = cli("fork", "a", "--at", step, "--json")
    assert (code, json.loads(out)["explorations"]) == (0, first["explorations"])
    assert told_of_the_sandbox(again) == told_of_the_sandbox(err)
    for name in ("LITELLM_MODEL", "LITELLM_API_BASE", "LITELLM_API_KEY"):
        monkeypatch.delenv(name)
    code, out, again = cli("run", "--replay", "a.json", "--data", data, "--json")
    assert (code, json.loads(out)["explorations"]) == (0, first["explorations"])
    assert told_of_the_sandbox(again) == told_of_the_sandbox(err)
    assert len(server.requests) == asked


def test_nothing_is_said_of_a_sandbox_where_no_model_may_write_code(cli, server, data):
    assert told_of_the_sandbox(cli("run", QUESTION, "--data", data, "--code", "never", "--run-id", "a")[2]) == []
    assert told_of_the_sandbox(cli("resume", "a")[2]) == []
    assert told_of_the_sandbox(cli("run", QUESTION, "--data", data, "--model", "rules")[2]) == []


def test_a_plan_that_waits_shows_the_code_and_a_resumed_run_has_the_workers_that_it_is_given(cli, server, data, monkeypatch):
    begun = []
    monkeypatch.setattr(
        "kosmos_graph.wiring.code.LocalExecutor",
        lambda *given, **named: begun.append(given[2]) or LocalExecutor(*given, **named),
    )
    code, out, _ = cli("run", QUESTION, "--data", data, "--code", "offered", "--run-id", "a", "--approve", "-q")
    assert (code, textwrap.indent(GAP.strip(), "    ") in out, "distance of the group means" in out) == (1, True, True)
    assert cli("resume", "a", "--accept", "--workers", "2", "-q")[0] == 0
    assert begun == [2]
