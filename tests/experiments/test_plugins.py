"""A package of the user's own brings a method: through an entry point, without a change here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from kosmos_graph.domain.question import Options
from kosmos_graph.domain.results import Group
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.catalogue import CATALOGUE, ENTRY_POINTS, get_method, methods_of
from kosmos_graph.experiments.method import Case
from kosmos_graph.experiments.runner import context_of, draw_result, run_design
from tests.experiments.factories import make_dataset, make_design, make_sample

ROOT = Path(__file__).parent.parent.parent

PACKAGE = '''
"""A package that a user may have written."""
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.method import Method, Needs
from kosmos_graph.domain.results import Effect, Group, TestResult


def midrange_shift(sample, design, context):
    from scipy import stats
    from midrange.parts import half_range

    target = design.target
    if target.outcome == "width":
        raise KeyError("nobody thought of this")
    column = sample.frame[target.outcome]
    parts = {level: column[sample.frame[target.predictors[0]] == level] for level in target.levels}
    one, other = parts.values()
    value = half_range(one) - half_range(other)
    return TestResult(
        method=design.method,
        title=METHOD.title,
        estimand=METHOD.estimand,
        statistic_name=None,
        statistic=None,
        p_value=float(stats.ttest_ind(one, other, equal_var=False).pvalue),
        effect=Effect(
            name="difference of midranges",
            label=" − ".join(target.levels),
            value=value,
            low=value - 1,
            high=value + 1,
            level=context.level,
        ),
        groups=tuple(Group(label=level, n=len(part)) for level, part in parts.items()),
        n_read=sample.n_read,
        n_analysed=len(sample.frame),
        exclusions=sample.exclusions,
    )


def draw(axes, sample, design, result):
    if design.target.outcome == "mass":
        raise AttributeError("no such colour")
    axes.plot([0, 1], [result.effect.low, result.effect.high])


METHOD = Method(
    name="midrange_shift",
    title="Shift of midranges",
    summary="Difference of the midranges of two groups.",
    estimand="difference of the group midranges",
    source="a test",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=10),
    run=midrange_shift,
    draw=draw,
    prefer=lambda case: "it is measured in whole steps" if case.target.outcome in ("height", "width") else None,
    asked_for=r"\\bmid-?ranges?",
    assumption="By rule, heights are compared by their midranges.",
)
'''

PARTS = """
def half_range(column):
    return float(column.max() + column.min()) / 2
"""

WHOLE = """
import json, sys
from pathlib import Path
import midrange
from kosmos_graph import run_method, start
from kosmos_graph.experiments.catalogue import CATALOGUE

data, home = sys.argv[1:]
def ask(question):
    run = start(question, [data], home=home, model="rules")
    run.wait(100)
    report = json.loads(Path(home, "runs", run.id, "report.json").read_text(encoding="utf-8"))
    (finding,) = report["findings"]
    assumed = midrange.METHOD.assumption in report["assumptions"]
    return [finding["method"], finding["effect"]["value"], finding["method_reason"], finding["figure"] is not None, assumed]

result = run_method("midrange_shift", data, "height", "tree", levels=("ash", "oak"))
print(json.dumps({
    "last": list(CATALOGUE)[-1],
    "needs": CATALOGUE["midrange_shift"].needs is midrange.METHOD.needs,
    "alone": result.effect.value,
    "chosen": ask("Is height larger in ash than in oak?"),
    "failing": ask("Is width larger in ash than in oak?")[0],
    "asked for": ask("Is mass larger in ash than in oak by their midranges?"),
}))
"""


def install(folder, module: str, *, name: str = "midrange") -> None:
    """Lay a package of this module and the metadata that an installer would write into `folder`."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(module, encoding="utf-8")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{name} = {name}:METHOD\n", encoding="utf-8")


def child(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


def test_an_installed_packages_method_is_everywhere_that_ours_are(tmp_path):
    install(tmp_path, PACKAGE)
    (tmp_path / "midrange" / "parts.py").write_text(PARTS, encoding="utf-8")
    random = np.random.default_rng(0)
    rows = [(tree, *np.round(random.normal(mean, 1, 3), 2)) for tree, mean in (("ash", 9), ("oak", 5)) for _ in range(20)]
    lines = ["tree,height,mass,width", *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "trees.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = child(tmp_path, "-c", WHOLE, "trees.csv", str(tmp_path / "home"))
    assert ended.returncode == 0, ended.stderr
    heights, masses = ({tree: [row[place] for row in rows if row[0] == tree] for tree in ("ash", "oak")} for place in (1, 2))
    shifts = [(max(by["ash"]) + min(by["ash"]) - max(by["oak"]) - min(by["oak"])) / 2 for by in (heights, masses)]
    assert json.loads(ended.stdout) == {
        "last": "midrange_shift",
        "needs": True,
        "alone": pytest.approx(shifts[0]),
        "chosen": ["midrange_shift", pytest.approx(shifts[0]), "it is measured in whole steps", True, True],
        "failing": "welch_t",
        "asked for": ["midrange_shift", pytest.approx(shifts[1]), "the question asks for it by name", False, True],
    }
    shown = child(tmp_path, "-m", "kosmos_graph.cli", "methods", "midrange_shift")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("midrange_shift: Shift of midranges\nDifference of the midranges of two groups.\n")
    assert "docs/methods" not in shown.stdout


BROKEN = {
    "cannot be imported": ("import a_package_that_nobody_has", "cannot be loaded: ModuleNotFoundError"),
    "no Python": ("def def", "cannot be loaded: SyntaxError"),
    "no method": ("METHOD = 'median'", "is no Method, nor a list of them"),
    "a name that is taken": (
        "from dataclasses import replace\nfrom kosmos_graph.experiments.catalogue.means import WELCH_T\nMETHOD = WELCH_T",
        "has a method called 'welch_t', and that name is taken",
    ),
}


@pytest.mark.parametrize(("module", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_named_in_one_sentence_with_exit_code_2(tmp_path, module, sentence):
    install(tmp_path, module, name="broken")
    ended = child(tmp_path, "-m", "kosmos_graph.cli", "methods")
    assert (ended.returncode, ended.stdout) == (2, "")
    start = "kosmos-graph: the entry point 'broken' (broken:METHOD) of the group kosmos_graph.methods "
    assert ended.stderr.startswith(start + sentence)
    assert ended.stderr.endswith("mend or remove the package that has it\n")
    assert ended.stderr.count("\n") == 1


class Given(EntryPoint):
    """An entry point that gives `tests.experiments.test_plugins.GIVEN` without an import."""

    def load(self):
        return GIVEN[self.name]


GIVEN = {}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "code"}, "'code', and that name is taken"),
        ({"name": "Welch's t"}, "lower-case letters, digits and underscores"),
        ({"tasks": ()}, "whose tasks are not among compare, change"),
        ({"tasks": ("compare", "guess")}, "whose tasks are not among compare, change"),
        ({"asked_for": None}, "whose asked_for is no text"),
        ({"sensitivity": "mann_whitney"}, "whose tasks or sensitivity are no tuple"),
        ({"asked_for": "(median"}, "whose asked_for is no regular expression"),
    ],
    ids=str,
)
def test_a_packages_method_that_could_not_be_used_is_refused(monkeypatch, changes, sentence):
    monkeypatch.setitem(GIVEN, "mine", [replace(get_method("welch_t"), **{"name": "mine", **changes})])
    with pytest.raises(BadInput, match=r"the entry point 'mine' .* has a method called") as refused:
        list(methods_of([Given("mine", "mine:METHOD", ENTRY_POINTS)]))
    assert sentence in str(refused.value)


def test_two_packages_cannot_bring_one_name(monkeypatch):
    both = {name: (replace(get_method("welch_t"), name="mine"),) for name in ("one", "two")}
    monkeypatch.setattr(sys.modules[__name__], "GIVEN", both)
    points = [Given(name, f"{name}:METHODS", ENTRY_POINTS) for name in ("two", "one")]
    with pytest.raises(BadInput, match=r"the entry point 'two' .* that name is taken"):
        list(methods_of(points))
    assert [method.name for method in methods_of(points[:1])] == ["mine"]


def stop(*_):
    raise SystemExit(3)


def fail(*_):
    raise TypeError("not\nthat one")


WHO = r"Mine \(mine of the package pkg\.module\)"
TWO = make_dataset({"y": [1.0, 2.0, 4.0, 7.0, 8.0, 9.5], "g": ["A"] * 3 + ["B"] * 3})
DESIGN = make_design("mine", "y", ("g",), levels=("A", "B"))
OPTIONS = Options()


def mine(monkeypatch, **changes):
    """Welch's t test as a package's method, with these changes."""
    monkeypatch.setitem(GIVEN, "mine", replace(get_method("welch_t"), name="mine", title="Mine", **changes))
    (method,) = methods_of([Given("mine", "pkg.module:METHOD", ENTRY_POINTS)])
    return method


def admit(monkeypatch, *methods):
    """Put methods into the catalogue."""
    monkeypatch.setitem(vars(CATALOGUE), "_methods", {**CATALOGUE, **{method.name: method for method in methods}})


def interrupted(*_):
    raise KeyboardInterrupt


def close(*_):
    raise GeneratorExit


def talk(*_):
    raise ValueError("x" * 200_000)


def changed(**changes):
    return lambda *given: get_method("welch_t").run(*given).model_copy(update=changes)


def of_effect(**changes):
    def run(*given):
        result = get_method("welch_t").run(*given)
        return result.model_copy(update={"effect": result.effect.model_copy(update=changes)})

    return run


UNUSABLE = {
    "an error": (fail, "failed: TypeError: not that one."),
    "an exit": (stop, "failed: SystemExit: 3."),
    "nothing": (lambda *_: None, "gave no TestResult, but nothing."),
    "a number": (lambda *_: 0.03, "gave no TestResult, but float."),
    "an impossible p": (changed(p_value=2.0), r"gave a result that cannot be: p = 2 lies outside \[0, 1\]."),
    "NaN": (changed(p_value=float("nan")), "gave a result that is none: p_value: Input should be a finite number."),
    "an infinite effect": (
        of_effect(value=float("inf")),
        r"gave a result that is none: effect.value: Input should be a finite number.",
    ),
    "an interval upside down": (
        of_effect(low=2.0, high=1.0),
        "gave a result that cannot be: the interval of A − B runs from 2 to 1.",
    ),
    "an interrupt": (interrupted, "failed: KeyboardInterrupt."),
    "a generator's end": (close, "failed: GeneratorExit."),
    "a long message": (talk, "failed: ValueError: x{400}…."),
    "an effect beside its interval": (
        of_effect(value=3.0, low=1.0, high=2.0),
        "gave a result that cannot be: A − B is 3, outside its interval from 1 to 2.",
    ),
    "an effect below an open interval": (
        of_effect(value=0.5, low=1.0, high=None),
        "gave a result that cannot be: A − B is 0.5, outside its interval from 1 to ∞.",
    ),
    "a level of 42": (
        of_effect(level=42.0),
        "gave a result that cannot be: the level of the interval of A − B is 42, not between 0 and 1.",
    ),
    "more rows than there are": (
        changed(n_analysed=9999),
        "gave a result that cannot be: 9999 rows were analysed, and 6 read.",
    ),
    "a group of less than none": (
        changed(groups=(Group(label="A", n=-4),)),
        "gave a result that cannot be: a number of rows is -4.",
    ),
    "more successes than rows": (
        changed(groups=(Group(label="A", n=3, n_success=4),)),
        "gave a result that cannot be: 4 of the 3 rows of A have the success level.",
    ),
}


@pytest.mark.parametrize(("run", "sentence"), UNUSABLE.values(), ids=UNUSABLE)
def test_whatever_a_packages_method_raises_or_gives_is_a_failed_study_that_says_whose_it_is(monkeypatch, run, sentence):
    method = mine(monkeypatch, run=run)
    admit(monkeypatch, method)
    execution = run_design(TWO, DESIGN, StudySheet(), OPTIONS, "key")
    assert (execution.status, execution.result) == ("failed", None)
    assert re.fullmatch(f"{WHO} {sentence}", execution.error or "")


def test_beside_another_method_a_packages_impossible_result_is_left_out(monkeypatch):
    admit(monkeypatch, mine(monkeypatch, run=changed(p_value=2.0)), replace(get_method("welch_t"), sensitivity=("mine",)))
    execution = run_design(TWO, DESIGN.model_copy(update={"method": "welch_t"}), StudySheet(), OPTIONS, "key")
    assert (execution.status, execution.sensitivity) == ("ok", ())


def cannot_be_laid_out(axes, *_):
    axes.yaxis.set_major_formatter(lambda value, place: 1 / 0)


@pytest.mark.parametrize("draw", [fail, stop, cannot_be_laid_out])
def test_a_packages_figure_that_cannot_be_drawn_is_none(monkeypatch, draw):
    method = mine(monkeypatch, draw=draw)
    admit(monkeypatch, method)
    sample = make_sample(TWO, DESIGN)
    assert draw_result(sample, DESIGN, method.run(sample, DESIGN, context_of(DESIGN, OPTIONS))) is None


def test_a_package_whose_choice_fails_is_not_the_usual_choice_and_a_warning_says_so(monkeypatch):
    case = Case(TWO.card, StudySheet(), "compare", "difference", DESIGN.target, ())
    with pytest.warns(RuntimeWarning, match=WHO + " failed: TypeError: not that one"):
        assert mine(monkeypatch, prefer=fail).prefer(case) is None
    assert mine(monkeypatch, prefer=lambda _: True).prefer(case) is None
    assert mine(monkeypatch, prefer=lambda _: "it is ours").prefer(case) == "it is ours"


def test_a_guarded_method_is_still_its_packages_own(monkeypatch):
    assert mine(monkeypatch, run=fail).run.__module__ == __name__
