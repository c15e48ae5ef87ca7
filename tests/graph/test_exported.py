"""The exported graphs load through `langgraph.json` and run."""

import importlib.util
import json
from pathlib import Path

import pytest

from .agents import write_groups

ROOT = Path(__file__).parents[2]


def load(name, monkeypatch, tmp_path):
    for variable in ("LITELLM_MODEL", "LLM_PROVIDER", "KOSMOS_DESIGNER_MODEL", "KOSMOS_ANALYST_MODEL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KOSMOS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    named = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"][name]
    path, variable = named.split(":")
    spec = importlib.util.spec_from_file_location(f"exported_{name}", ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, variable)


def test_the_research_graph_runs_without_a_checkpointer_of_its_own(monkeypatch, tmp_path):
    graph = load("research", monkeypatch, tmp_path)
    assert graph.checkpointer is None
    data = write_groups(tmp_path / "groups.csv")
    report = graph.invoke({"question": "Is height larger in ash than in oak?", "data": [data]})["report"]
    assert report.findings[0].verdict == "supported"


def test_the_study_graph_runs_one_locked_design(monkeypatch, tmp_path):
    from langgraph.checkpoint.memory import InMemorySaver

    from kosmos_graph import build_graph

    data = write_groups(tmp_path / "groups.csv")
    research = build_graph(model="rules", checkpointer=InMemorySaver(), home=tmp_path / "home")
    config = {"configurable": {"thread_id": "a"}}
    research.invoke({"question": "Is height larger in ash than in oak?", "data": [data]}, config)
    values = research.get_state(config).values
    plan = values["approved"]["c1"]
    study = load("study", monkeypatch, tmp_path)
    state = {
        "question": values["question"],
        "card": values["cards"]["groups.csv"],
        "sheet": values["sheet"],
        "settled": values["settled"],
        "hypothesis": plan.hypotheses[0],
        "locked": plan.designs[0],
        "run_id": "alone",
    }
    assert study.invoke(state)["studies"] == values["studies"]


@pytest.mark.parametrize("name", ["research", "study"])
def test_an_exported_graph_can_be_drawn(name, monkeypatch, tmp_path):
    assert "analyse_study" in load(name, monkeypatch, tmp_path).get_graph(xray=True).draw_mermaid()
