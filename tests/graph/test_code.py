"""Whole runs whose designer writes the experiments."""

import json
from dataclasses import dataclass
from functools import partial

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from kosmos_graph import build_graph
from kosmos_graph.domain.code_experiment import CodeExperiment, DeclaredResult
from kosmos_graph.errors import RunStopped
from kosmos_graph.render.markdown import render_markdown
from kosmos_graph.sandbox.jobs import Job
from kosmos_graph.sandbox.limits import Limits
from kosmos_graph.settings import Settings

from .agents import Failing, PlainAnalyst, WelchDesigner, write_groups

OUTCOMES = ("height", "mass", "span")
NUMBER = DeclaredResult(name="gap", kind="number", meaning="distance of the group means")
TABLE = DeclaredResult(name="spread", kind="table", meaning="standard deviation of each group")

GAP = """
def experiment(data, seed):
    means = data["groups.csv"].groupby("group", observed=True)["{outcome}"].mean()
    return {{"gap": float(means["ash"] - means["oak"])}}
"""
FIRST_FAILURE = GAP.replace('"ash"', '"elm"')
SECOND_FAILURE = GAP.replace("means[", "means.loc[").replace('float(means.loc["ash"] - means.loc["oak"])', 'float("nan")')
TESTED = """
import numpy as np
from scipy import stats

def experiment(data, seed):
    frame = data["groups.csv"]
    rng = np.random.default_rng(seed)
    ash, oak = (frame.loc[frame["group"] == name, "{outcome}"].to_numpy() for name in ("ash", "oak"))
    found = stats.ttest_ind(ash, oak, equal_var=False)
    drawn = [rng.choice(ash, ash.size).mean() - rng.choice(oak, oak.size).mean() for _ in range(200)]
    print("p", found.pvalue, "\\x1b[31mred\\x1b[0m")
    spread = [{{"group": name, "sd": float(part.std(ddof=1))}} for name, part in (("ash", ash), ("oak", oak))]
    return {{"gap": float(np.mean(drawn)), "spread": spread}}
"""


@dataclass
class CodeDesigner(WelchDesigner):
    """Plans as its parent does, and writes code: by hypothesis, its versions in the order in which they are tried."""

    versions: tuple[tuple[str, ...], ...] = ()
    columns: tuple[str, ...] = OUTCOMES
    results: tuple[DeclaredResult, ...] = (NUMBER,)

    def _design(self, hypothesis, method, key):
        versions = self.versions[self.columns.index(hypothesis.target.outcome)]
        code = versions[sum(call == f"repair {hypothesis.id}" for call in self.calls)].format(outcome=hypothesis.target.outcome)
        results = (NUMBER, TABLE) if "spread" in code else (NUMBER,)
        design = super()._design(hypothesis, "code", key)
        return design.model_copy(update={"code": CodeExperiment(code=code, results=results)})

    async def repair_study(self, material, hypothesis, failed, generation):
        self.calls.append(f"repair {hypothesis.id}")
        return self._design(hypothesis, "code", failed[-1][0].key)


@pytest.fixture
def data(tmp_path):
    return write_groups(tmp_path / "groups.csv", OUTCOMES)


@pytest.fixture
def build(tmp_path):
    def build(versions, **choices):
        designer = CodeDesigner(OUTCOMES[: len(versions)], versions=versions)
        chosen = {"home": tmp_path / "home", "settings": Settings(_env_file=None), "designer": designer} | choices
        return build_graph(analyst=PlainAnalyst(), **chosen)

    return build


def given(data):
    return {"question": "How far are ash and oak apart?", "data": [data]}


def test_three_experiments_in_code_one_repaired_twice_end_in_a_report_that_shows_results_and_repairs(build, data, tmp_path):
    graph = build(((GAP,), (FIRST_FAILURE, SECOND_FAILURE, GAP), (TESTED,)), checkpointer=InMemorySaver())
    report = graph.invoke(given(data), {"configurable": {"thread_id": "r1"}})["report"]
    assert [one.id for one in report.explorations] == ["c1h1", "c1h2", "c1h3"]
    assert (report.findings, report.unanswered) == ((), ())
    gaps = [one.results[0].value for one in report.explorations]
    assert all(2.5 < gap < 3.5 for gap in gaps)
    errors = [repair.error.partition("\n")[0] for repair in report.explorations[1].repairs]
    assert len(errors) == 2
    assert "elm" in errors[0]
    assert "gap" in errors[1]
    assert [call.function for call in report.explorations[2].calls] == ["scipy.stats.ttest_ind"]
    assert {one.rung for one in report.explorations} <= {"bubblewrap", "landlock"}
    assert [deviation.hypothesis for deviation in report.run.deviations] == ["c1h2", "c1h2"]
    text = render_markdown(report)
    assert "Explored by code, without a verdict" in text
    assert "at least 1 tests" not in text
    for one in report.explorations:
        for path, _ in one.files:
            assert (tmp_path / "home" / "runs" / "r1" / path).is_file()
    printed = next(path for path, what in report.explorations[2].files if what == "what the code printed")
    assert "\x1b" not in (tmp_path / "home" / "runs" / "r1" / printed).read_text()


def test_equal_runs_give_equal_reports_and_the_second_executes_nothing(build, data):
    reports = [build(((TESTED.replace("height", "{outcome}"),),)).invoke(given(data))["report"] for _ in range(2)]
    plain = [json.loads(one.model_dump_json(exclude={"run": {"id", "started", "finished", "seconds"}})) for one in reports]
    assert plain[0] == plain[1]


def test_code_that_cannot_be_repaired_leaves_the_others_unharmed_and_every_version_is_shown(build, data, tmp_path):
    graph = build(((FIRST_FAILURE, SECOND_FAILURE, FIRST_FAILURE), (GAP,)), checkpointer=InMemorySaver())
    report = graph.invoke(given(data), {"configurable": {"thread_id": "r1"}})["report"]
    assert [one.id for one in report.explorations] == ["c1h2"]
    (missing,) = report.unanswered
    assert missing.hypothesis == "height is larger in ash than in oak"
    run = tmp_path / "home" / "runs" / "r1"
    codes = [code.format(outcome="height") for code in (FIRST_FAILURE, SECOND_FAILURE, FIRST_FAILURE)]
    assert [(run / repair.code).read_text() for repair in missing.failed] == codes
    text = (run / "report.md").read_text()
    assert text.count(f"  - the code raised KeyError in line 4: 'elm' ({missing.failed[0].code})") == 2


def test_code_that_cannot_be_used_is_a_sentence_each_and_the_rest_of_the_run_is_unharmed(build, tmp_path):
    bad = {
        "return {{'gap': float('nan')}}": "code, 3 times: the result 'gap' is not a finite number: nan",
        "import numpy as np; return {{'gap': np.ones(10 * 2**30, dtype=np.uint8).sum()}}": (
            "code, 3 times: the code needed more memory than its limit of 2048 MiB"
        ),
        "return {{'gap': bytes(10**9)}}": (
            "code, 3 times: the result 'gap' is declared as a number, and experiment returned a bytes"
        ),
        "if seed < 0: return seed": ("code, 3 times: experiment returned nothing; it has to return a dict of the declared results"),
        "import pickle; return pickle.dumps(data)": (
            "code, 3 times: experiment returned a bytes; it has to return a dict of the declared results"
        ),
        "fit <- lm(y ~ x, data = d)": "every design was rejected: The code is not Python: invalid syntax, in line 2",
    }
    outcomes = tuple(f"outcome{number}" for number in range(len(bad) + 1))
    versions = tuple((f"def experiment(data, seed):\n    {body}\n",) * 4 for body in bad)
    designer = CodeDesigner(outcomes, versions=(*versions, (GAP,)), columns=outcomes)
    graph = build((), designer=designer, checkpointer=InMemorySaver())
    report = graph.invoke(given(write_groups(tmp_path / "groups.csv", outcomes)), {"configurable": {"thread_id": "r1"}})["report"]
    assert [one.id for one in report.explorations] == [f"c1h{len(outcomes)}"]
    found = [one.reason for one in report.unanswered]
    assert found == [
        f"no experiment could be run ({reason}); the bounded number of repairs was used up" if reason.startswith("code") else reason
        for reason in bad.values()
    ]


def test_a_number_that_stands_in_the_code_is_no_result(build, data):
    typed = "def experiment(data, seed):\n    return {{'gap': 3.25}}\n"
    report = build(((typed,) * 3,)).invoke(given(data))["report"]
    assert report.explorations == ()
    assert "typed, not computed" in report.unanswered[0].reason


def test_a_step_that_the_wall_clock_ended_is_not_run_again_when_the_run_is_resumed(build, data, tmp_path, monkeypatch):
    monkeypatch.setattr("kosmos_graph.wiring.code.Job", partial(Job, limits=Limits(wall_seconds=0.5)))
    slow = "import time\n" + GAP.replace("    means", "    time.sleep(60)\n    means", 1)
    designer = Failing(CodeDesigner(OUTCOMES[:1], versions=((slow, GAP),)), ("repair_study",))
    graph = build((), designer=designer, checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "r1"}}
    with pytest.raises(RunStopped, match="the server is down"):
        graph.invoke(given(data), thread)
    designer.broken = False
    report = graph.invoke(None, thread)["report"]
    assert [repair.error for repair in report.explorations[0].repairs] == ["the code ran longer than its 0.5 seconds"]
    events = (tmp_path / "home" / "runs" / "r1" / "events.jsonl").read_text().splitlines()
    assert [(one["node"], one["phase"]) for one in map(json.loads, events)].count(("run_study", "started")) == 2


def test_a_damaged_store_of_experiments_is_a_sentence_in_the_report_and_harms_nothing(build, data, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "experiments.sqlite").write_bytes(b"no database at all" * 500)
    report = build(((GAP,), (FIRST_FAILURE,) * 3)).invoke(given(data))["report"]
    assert ([one.id for one in report.explorations], len(report.unanswered)) == (["c1h1"], 1)
    assert [caveat for caveat in report.caveats if "experiments.sqlite" in caveat] == [
        f"The store of experiments {tmp_path / 'home' / 'experiments.sqlite'} cannot be read or written (file is not a database): "
        "experiments in code were run without it, and equal ones are run again. Move the file away or mend it."
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("covariates", ["mass"]),
        ("alternative", "less"),
        ("delta", {"value": 1.0, "source": "user"}),
        ("target", {"dataset": "groups.csv", "outcome": "height", "predictors": ["group"]}),
    ],
)
def test_an_edit_that_would_not_reach_the_code_is_asked_again(build, data, field, value):
    graph = build(((GAP,),), checkpointer=InMemorySaver(), approve=True)
    thread = {"configurable": {"thread_id": "r1"}}
    (pending,) = graph.invoke(given(data), thread)["__interrupt__"]
    whole = pending.value["plan"]["designs"][0]
    (pending,) = graph.invoke(Command(resume={"edit": {"c1h1": whole | {field: value}}}), thread)["__interrupt__"]
    assert pending.value["complaint"] == (
        f"the experiment of c1h1 is code, on which {field} would have no effect: edit the code itself, "
        "or give a method of the catalogue and `code`: null"
    )
    edit = {"c1h1": {"method": "welch_t", "code": None, "alternative": "greater"}}
    assert graph.invoke(Command(resume={"edit": edit}), thread)["report"].findings[0].design_author == "user"


def test_an_edit_of_the_code_is_what_is_run(build, data):
    graph = build(((GAP,),), checkpointer=InMemorySaver(), approve=True)
    thread = {"configurable": {"thread_id": "r1"}}
    (pending,) = graph.invoke(given(data), thread)["__interrupt__"]
    code = pending.value["plan"]["designs"][0]["code"]
    edit = {"c1h1": {"code": code | {"code": code["code"].replace("mean", "max")}}}
    (done,) = graph.invoke(Command(resume={"edit": edit}), thread)["report"].explorations
    assert (done.design_author, round(done.results[0].value, 1)) == ("user", 3.0)


def test_where_no_sandbox_holds_code_is_refused_with_the_reasons(build, data, monkeypatch):
    from kosmos_graph.sandbox.ladder import Finding, Ladder

    none = Ladder((Finding("landlock", holds=False, reason="the kernel has no Landlock", remedy="use a newer kernel"),))
    monkeypatch.setattr("kosmos_graph.wiring.code.probe", lambda **_: none)
    report = build(((GAP,) * 3,)).invoke(given(data))["report"]
    assert "the kernel has no Landlock" in report.unanswered[0].reason


def test_without_a_sandbox_on_demand_every_result_is_stamped(build, data):
    report = build(((GAP,),), unsafe_no_sandbox=True).invoke(given(data))["report"]
    assert report.explorations[0].rung == "no sandbox"
    assert any("without a sandbox" in caveat for caveat in report.explorations[0].caveats)
