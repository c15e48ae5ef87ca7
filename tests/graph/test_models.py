"""The graph with models behind real HTTP: servers on loopback that speak the OpenAI wire format."""

import json
import re

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from kosmos_graph import build_graph, start
from kosmos_graph.errors import RunStopped
from kosmos_graph.settings import Settings
from tests.loopback import Fault, LoopbackServer, Reply, first_choice

from .agents import write_groups

QUESTION = "Is height larger in ash than in oak?"


@pytest.fixture
def data(tmp_path):
    return write_groups(tmp_path / "groups.csv", ("height", "mass"))


def options(**more):
    return {"hypotheses": 1, **more}


def authorisations(server):
    return {received.headers.get("authorization") for received in server.requests}


def test_both_agents_use_the_model_of_the_environment_and_the_report_says_so(monkeypatch, tmp_path, data):
    with LoopbackServer(first_choice) as server:
        monkeypatch.setenv("LITELLM_MODEL", "openai/local-model")
        monkeypatch.setenv("LITELLM_API_BASE", server.base())
        run = start(QUESTION, [data], home=tmp_path / "home", options=options())
        report = run.result
    assert report.run.designers == report.run.analysts == ("openai/local-model",)
    assert {(used.role, used.model) for used in report.run.usage} == {
        ("designer", "openai/local-model"),
        ("analyst", "openai/local-model"),
    }
    assert sum(used.calls for used in report.run.usage) == len(server.requests)
    assert run.usage == report.run.usage
    assert {received.body["model"] for received in server.requests} == {"local-model"}
    (finding,) = report.findings
    assert (finding.design_author, finding.analysis_author) == ("openai/local-model",) * 2
    assert server.most_at_once == 1


def test_a_mixed_chain_gives_each_server_its_own_key_and_no_other(monkeypatch, tmp_path, data):
    with LoopbackServer(first_choice) as one, LoopbackServer(first_choice) as two:
        monkeypatch.setenv("LITELLM_MODEL", "openai/first-model")
        monkeypatch.setenv("LITELLM_API_BASE", one.base())
        monkeypatch.setenv("LITELLM_API_KEY", "key-of-the-first-server")
        monkeypatch.setenv("DEEPSEEK_API_BASE", two.url)
        monkeypatch.setenv("DEEPSEEK_API_KEY", "key-of-the-second-server")
        run = start(QUESTION, [data], home=tmp_path / "home", analyst="deepseek/second-model", options=options())
        report = run.result
    assert report.run.designers == ("openai/first-model",)
    assert report.run.analysts == ("deepseek/second-model",)
    assert authorisations(one) == {"Bearer key-of-the-first-server"}
    assert authorisations(two) == {"Bearer key-of-the-second-server"}
    held = b"".join(path.read_bytes() for path in sorted((tmp_path / "home").rglob("*")) if path.is_file())
    assert b"key-of-the" not in held


def test_a_server_that_is_down_is_replaced_by_rules_and_the_report_says_why(monkeypatch, tmp_path, data):
    with LoopbackServer([Fault(status=401)]) as server:
        graph = build_graph(
            model="openai/local-model",
            fallback=["rules"],
            home=tmp_path / "home",
            settings=Settings(litellm_model="openai/local-model", litellm_api_base=server.base()),
            checkpointer=InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "a"}}
        report = graph.invoke({"question": QUESTION, "data": [data]}, config)["report"]
    assert report.findings[0].verdict == "supported"
    assert {(one.role, one.from_model, one.to_model) for one in report.run.fallbacks} == {
        ("designer", "openai/local-model", "rules"),
        ("analyst", "openai/local-model", "rules"),
    }
    assert all("401" in one.reason or "key" in one.reason for one in report.run.fallbacks)
    assert report.findings[0].author == "rules"


def test_without_a_fallback_the_run_stops_with_one_sentence_and_is_resumed_when_the_server_is_mended(tmp_path, data):
    with LoopbackServer([Fault(status=401)]) as server:
        settings = Settings(litellm_model="openai/local-model", litellm_api_base=server.base(), kosmos_home=tmp_path / "home")
        run = start(QUESTION, [data], settings=settings, options=options())
        assert run.wait(60) == "stopped"
        with pytest.raises(RunStopped) as caught:
            _ = run.result
        assert "\n" not in str(caught.value).strip()
        server.script = first_choice
        from kosmos_graph import resume

        assert resume(run.id, settings=settings).result.findings


def test_equal_runs_send_equal_requests(tmp_path, data):
    bodies = []
    for name in ("one", "two"):
        with LoopbackServer(first_choice) as server:
            settings = Settings(litellm_model="openai/m", litellm_api_base=server.base(), kosmos_home=tmp_path / name)
            assert start(QUESTION, [data], settings=settings, options=options()).wait(60) == "finished"
        bodies.append([json.dumps(received.body, sort_keys=True) for received in server.requests])
    assert bodies[0] == bodies[1]


def test_no_digit_that_a_model_typed_reaches_a_report(tmp_path, data):
    def boast(received):
        reply = first_choice(received)
        return Reply(re.sub(r'"text[^"]*"', '"The effect is 987654 times larger, p = 0.000123"', reply.text))

    with LoopbackServer(boast) as server:
        settings = Settings(litellm_model="openai/m", litellm_api_base=server.base(), kosmos_home=tmp_path / "home")
        graph = build_graph(settings=settings, model="openai/m", fallback=["rules"], home=tmp_path / "home")
        report = graph.invoke({"question": QUESTION, "data": [data], "options": options()})["report"]
    assert "987654" not in report.model_dump_json(exclude={"run": {"fallbacks"}})
    assert "000123" not in report.model_dump_json(exclude={"run": {"fallbacks"}})
