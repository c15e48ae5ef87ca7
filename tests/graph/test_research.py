"""The whole graph, with agents of the tests' own."""

import asyncio
import json

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from kosmos_graph import build_graph
from kosmos_graph.errors import BadInput, Configuration, DataChanged, Malformed, RunStopped, StoreError
from kosmos_graph.settings import Settings

from .agents import Failing, PlainAnalyst, WelchDesigner, write_groups

OUTCOMES = ("height", "mass", "span")


@pytest.fixture
def data(tmp_path):
    return write_groups(tmp_path / "groups.csv", OUTCOMES)


@pytest.fixture
def build(tmp_path):
    def build(designer=None, analyst=None, **choices):
        return build_graph(
            designer=designer or WelchDesigner(OUTCOMES),
            analyst=analyst or PlainAnalyst(),
            home=tmp_path / "home",
            settings=Settings(_env_file=None),
            **choices,
        )

    return build


def write_flat(path):
    """Groups ash and oak without any spread, which Welch's test has no answer on, and a third group that has some."""
    rows = [f"{('ash', 'oak')[row % 2]},{[5, 7][row % 2]}.5" for row in range(20)] + [f"elm,{3 + row / 7:.3f}" for row in range(20)]
    path.write_text("group,height\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def thread(name):
    return {"configurable": {"thread_id": name}}


def given(data, **more):
    return {"question": "Is everything larger in ash?", "data": [data], **more}


def facts(report):
    return json.loads(report.model_dump_json(exclude={"run": {"id", "started", "finished", "seconds"}}))


def test_a_bare_invoke_without_a_checkpointer_ends_in_a_report(build, data):
    report = build().invoke(given(data))["report"]
    assert [finding.verdict for finding in report.findings] == ["supported"] * 3
    assert report.answer
    assert report.run.designers == ("welch",)


def test_all_four_faces_give_the_same_report(build, data):
    graph = build(checkpointer=InMemorySaver())
    invoked = graph.invoke(given(data), thread("a"))["report"]
    awaited = asyncio.run(graph.ainvoke(given(data), thread("b")))["report"]
    streamed = list(graph.stream(given(data), thread("c"), stream_mode="values"))[-1]["report"]

    async def collect():
        return [part async for part in graph.astream(given(data), thread("d"), stream_mode="values")]

    astreamed = asyncio.run(collect())[-1]["report"]
    assert facts(invoked) == facts(awaited) == facts(streamed) == facts(astreamed)


def test_the_adjusted_p_values_are_holms(build, data):
    report = build().invoke(given(data))["report"]
    raw = sorted(finding.p_value for finding in report.findings)
    expected, running = [], 0.0
    for place, p_value in enumerate(raw):
        running = max(running, min(1.0, p_value * (len(raw) - place)))
        expected.append(running)
    assert sorted(finding.p_adjusted for finding in report.findings) == pytest.approx(expected, abs=1e-15)


def test_a_model_that_gives_up_is_replaced_by_the_next_of_its_chain(build, data):
    first = Failing(WelchDesigner(OUTCOMES), ("design_study",), Malformed("no JSON", model="failing"), only="c1h2")
    graph = build(designer=[first, WelchDesigner(OUTCOMES, author="second")], checkpointer=InMemorySaver())
    report = graph.invoke(given(data), thread("a"))["report"]
    assert {finding.id: finding.design_author for finding in report.findings} == {
        "c1h1": "welch",
        "c1h2": "second",
        "c1h3": "welch",
    }
    (fallback,) = report.run.fallbacks
    assert (fallback.node, fallback.from_model, fallback.to_model) == ("design_study", "failing", "second")
    assert "no JSON" in fallback.reason
    assert graph.get_state(thread("a")).values["links"] == {"designer": 1}


def test_the_analyst_falls_back_too_in_its_branch_and_at_the_synthesis(build, data):
    first = Failing(PlainAnalyst(), ("analyse_study", "synthesise_findings"))
    report = build(analyst=[first, PlainAnalyst(author="second")]).invoke(given(data))["report"]
    assert {finding.analysis_author for finding in report.findings} == {"second"}
    assert report.synthesis_author == "second"
    assert {fallback.node for fallback in report.run.fallbacks} == {"analyse_study"}


def test_an_exhausted_chain_stops_the_run_and_keeps_what_its_siblings_finished(build, data):
    analyst = PlainAnalyst()
    failing = Failing(analyst, ("analyse_study",), Configuration("no credit left", model="failing"), only="c1h2")
    graph = build(analyst=failing, checkpointer=InMemorySaver())
    with pytest.raises(RunStopped, match="no credit left"):
        graph.invoke(given(data), thread("a"))
    assert sorted(analyst.calls) == ["analyse c1h1", "analyse c1h3"]
    assert "report" not in graph.get_state(thread("a")).values
    with pytest.raises(RunStopped):
        graph.invoke(None, thread("a"))
    failing.broken = False
    report = graph.invoke(None, thread("a"))["report"]
    assert [finding.id for finding in report.findings] == ["c1h1", "c1h2", "c1h3"]
    assert sorted(analyst.calls) == ["analyse c1h1", "analyse c1h2", "analyse c1h3", "synthesise"]


def test_an_exhausted_chain_stops_a_stream_too(build, data):
    graph = build(designer=Failing(WelchDesigner(), ("plan_research",)), checkpointer=InMemorySaver())
    with pytest.raises(RunStopped, match="server is down"):
        list(graph.stream(given(data), thread("a")))


def test_sentences_that_claim_too_much_are_sent_back_and_then_dropped_and_counted(build, data):
    analyst = PlainAnalyst(text="This proves that a causes growth of 987654 percent.")
    report = build(analyst=analyst).invoke(given(data))["report"]
    assert [finding.sentences_dropped for finding in report.findings] == [1, 1, 1]
    assert analyst.calls.count("analyse c1h1") == 3
    assert "987654" not in report.model_dump_json()


def test_a_failed_experiment_is_repaired_and_the_repair_is_listed_as_a_deviation(build, tmp_path):
    path = write_flat(tmp_path / "flat.csv")
    designer = WelchDesigner(repairs=("permutation_test", "mann_whitney"))
    report = build(designer=designer).invoke(given(path))["report"]
    assert report.run.deviations
    assert report.run.deviations[0].planned == "welch_t"


def test_an_experiment_that_cannot_be_repaired_is_not_answered(build, tmp_path):
    path = write_flat(tmp_path / "flat.csv")
    report = build(designer=WelchDesigner()).invoke(given(path))["report"]
    assert not report.findings
    assert len(report.unanswered) == 1


def test_one_error_of_several_methods_is_said_once(build, tmp_path):
    path = write_flat(tmp_path / "flat.csv")
    (one,) = build(designer=WelchDesigner(repairs=("permutation_test",))).invoke(given(path))["report"].unanswered
    assert one.reason == (
        "no experiment could be run (welch_t and permutation_test: The values of both groups do not vary, so there is nothing to "
        "test); no other method is admissible"
    )


def test_a_rejected_design_goes_back_a_bounded_number_of_times(build, data):
    designer = WelchDesigner(("height",), method="no_such_method")
    report = build(designer=designer).invoke(given(data))["report"]
    assert designer.calls.count("design c1h1") == 3
    assert not report.findings
    assert report.unanswered[0].reason


def test_another_cycle_plans_what_is_left(build, data):
    designer = WelchDesigner(OUTCOMES)
    report = build(designer=designer).invoke(given(data, options={"cycles": 3}))["report"]
    assert designer.calls.count("plan 2") == 1
    assert "plan 3" not in designer.calls
    assert len(report.findings) == 3


class TestApproval:
    def test_the_plan_waits_before_any_outcome_is_looked_at(self, build, data):
        graph = build(checkpointer=InMemorySaver(), approve=True)
        result = graph.invoke(given(data), thread("a"))
        (pending,) = result["__interrupt__"]
        assert len(pending.value["plan"]["designs"]) == 3
        assert not graph.get_state(thread("a")).values.get("studies")
        report = graph.invoke(Command(resume="accept"), thread("a"))["report"]
        assert len(report.findings) == 3

    def test_a_struck_design_is_not_run_and_is_listed(self, build, data):
        graph = build(checkpointer=InMemorySaver())
        graph.invoke(given(data, approve=True), thread("a"))
        report = graph.invoke(Command(resume={"strike": ["c1h2"]}), thread("a"))["report"]
        assert [finding.id for finding in report.findings] == ["c1h1", "c1h3"]
        assert any("struck" in one.reason for one in report.unanswered)

    def test_an_edited_design_is_run_as_edited_under_a_new_hash(self, build, data):
        graph = build(checkpointer=InMemorySaver(), approve=True)
        pending = graph.invoke(given(data), thread("a"))["__interrupt__"][0].value
        report = graph.invoke(Command(resume={"edit": {"c1h1": {"method": "mann_whitney"}}}), thread("a"))["report"]
        assert report.findings[0].method == "mann_whitney"
        assert report.findings[0].design_author == "user"
        assert report.run.plans != (pending["plan"]["sha256"],)

    @pytest.mark.parametrize(
        "decision", ["maybe", {"strike": ["c9h9"]}, {"edit": {"c1h1": {"method": "no_such"}}}, {"accept": False}, 7]
    )
    def test_a_decision_that_does_not_fit_is_asked_again_with_the_reason(self, build, data, decision):
        graph = build(checkpointer=InMemorySaver(), approve=True)
        graph.invoke(given(data), thread("a"))
        (pending,) = graph.invoke(Command(resume=decision), thread("a"))["__interrupt__"]
        assert pending.value["complaint"]
        assert len(graph.invoke(Command(resume=True), thread("a"))["report"].findings) == 3


class TestBadInput:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"question": ""},
            {"question": 7},
            {"data": []},
            {"data": ["/no/such/file.csv"]},
            {"options": {"alpha": 2}},
            {"options": {"alfa": 0.05}},
            {"about": "/no/such/sheet.yaml"},
            {"about": 7},
            {"abuot": {}},
            {"about": {"id": "no_such_column"}},
        ],
        ids=str,
    )
    def test_it_is_refused_with_a_sentence(self, build, data, wrong):
        with pytest.raises(BadInput) as caught:
            build().invoke({**given(data), **wrong})
        assert len(str(caught.value)) > 20

    def test_a_data_file_that_changed_before_a_resume_is_refused_with_both_fingerprints(self, build, data, tmp_path):
        graph = build(checkpointer=InMemorySaver(), approve=True)
        graph.invoke(given(data), thread("a"))
        old = graph.get_state(thread("a")).values["cards"]["groups.csv"].sha256
        write_groups(tmp_path / "groups.csv", OUTCOMES, rows=42)
        with pytest.raises(DataChanged) as caught:
            graph.invoke(Command(resume=True), thread("a"))
        assert old in str(caught.value)

    def test_a_conflict_in_the_state_stops_with_a_sentence_that_names_it(self, build, data):
        graph = build(checkpointer=InMemorySaver(), approve=True)
        graph.invoke(given(data), thread("a"))
        values = graph.get_state(thread("a")).values
        other = values["plans"]["c1"].model_copy(update={"sha256": "0" * 64})
        graph.update_state(thread("a"), {"plans": {"c1": other}}, as_node="lock_plan")
        with pytest.raises(StoreError, match=r"plans\[c1\].*fork"):
            graph.invoke(None, thread("a"))
