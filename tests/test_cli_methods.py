"""`kosmos-graph methods`, as a user meets it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kosmos_graph.cli import main
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.method import Needs
from kosmos_graph.render.methods import described

ROOT = Path(__file__).parent.parent


@pytest.fixture
def cli(monkeypatch, capsys, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kosmos-graph", "methods", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return call


def fits(cli, *arguments):
    code, out, err = cli("--json", *arguments)
    assert (code, err) == (0, "")
    return json.loads(out)


def test_every_method_is_listed_once_under_a_task(cli):
    code, out, err = cli()
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Comparing groups, or one group with a stated value (compare)"
    for method in CATALOGUE.values():
        place = lines.index(f"  {method.name}: {method.title}")
        assert lines[place + 1].strip() == method.summary
    assert [one["name"] for one in json.loads(cli("--json")[1])] == list(CATALOGUE)


def test_a_method_is_shown_with_all_that_it_declares(cli):
    code, out, _ = cli("welch_t")
    method = CATALOGUE["welch_t"]
    assert code == 0
    beside = [CATALOGUE[name].title for name in method.sensitivity]
    facts = (method.title, method.summary, method.estimand, method.source, *beside, "one categorical predictor with 2 levels")
    assert [fact for fact in facts if fact not in out] == []
    assert "run_method" in out


def test_without_the_sources_it_is_said_where_the_example_stands():
    assert "Worked example  docs/methods/welch_t.md in the sources" in list(described(CATALOGUE["welch_t"]))


def test_as_json_a_method_has_every_field_of_its_needs(cli):
    shown = json.loads(cli("logistic_regression", "--json")[1])
    assert set(shown["needs"]) == set(Needs.__dataclass_fields__)
    assert (shown["needs"]["per_parameter"], shown["needs"]["predictors"]) == ("rarer level", [1, None])
    assert shown["worked_example"] == "docs/methods/logistic_regression.md"


def test_a_name_that_no_method_has_is_answered_with_the_nearest(cli):
    assert cli("welch-test") == (
        2,
        "",
        "kosmos-graph: there is no method called 'welch-test'; did you mean `welch_t`? `kosmos-graph methods` lists them\n",
    )
    assert cli("zzzzzz")[2] == "kosmos-graph: there is no method called 'zzzzzz'; `kosmos-graph methods` lists them\n"


def test_the_methods_that_fit_a_files_columns_come_first_with_the_reason(cli):
    code, out, _ = cli("--data", "examples/penguins.csv", "--outcome", "body_mass_g", "--predictor", "species")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "Task associate: outcome body_mass_g, predictors species"
    assert lines[2].split() == ["preferred", "welch_anova:", *CATALOGUE["welch_anova"].title.split()]
    assert "their spreads may differ" in lines[3]
    (line,) = [line for line in lines if "welch_t:" in line]
    assert line == "does not fit    welch_t: Welch's t test compares 2 groups, and species makes 3."


def test_every_method_is_answered_for_and_what_does_not_fit_says_why(cli):
    found = fits(cli, "--data", "examples/penguins.csv", "--outcome", "sex", "--predictor", "species")
    assert sorted(one["method"] for one in found["methods"]) == sorted(CATALOGUE)
    assert [one["method"] for one in found["methods"] if one["preferred"]] == ["chi_square"]
    assert all(one["reasons"] and all(one["reasons"]) for one in found["methods"])


def test_the_study_sheet_and_the_parts_of_the_question_are_taken_into_account(cli):
    tutoring = ("--data", "examples/tutoring.csv", "--outcome", "score_after", "--about", "examples/tutoring.about.yaml")
    arm = ("--predictor", "arm")

    def best(*more):
        return fits(cli, *tutoring, *more)["methods"][0]["method"]

    assert best(*arm) == "welch_t"
    assert best(*arm, "--no-difference") == "tost"
    assert best(*arm, "--covariate", "score_before") == "ancova"
    assert best("--set", "baseline=score_before") == "paired_t"
    assert best("--set", "reference=60") == "one_sample_t"
    assert best() == "estimate"
    nile = ("--data", "examples/nile.csv", "--outcome", "volume", "--set", "time=year")
    assert fits(cli, *nile)["methods"][0]["method"] == "trend_hac"
    assert fits(cli, *nile, "--set", "change_at=1898-01-01")["methods"][0]["method"] == "step_hac"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--data", "examples/penguins.csv"), "give --outcome COLUMN"),
        (("welch_t", "--data", "examples/penguins.csv", "--outcome", "sex"), "no NAME"),
        (("--outcome", "sex"), "give --data FILE"),
        (("--data", "examples/penguins.csv", "--outcome", "body_mass"), "did you mean `body_mass_g`?"),
        (("--data", "examples/penguins.csv", "--outcome", "sex", "--predictor", "color"), "has no column 'color'"),
        (("--data", "examples/penguins.csv", "--outcome", "sex", "--task", "guess"), "a task is one of compare, change"),
        (("--data", "examples/penguins.csv", "--outcome", "sex", "--set", "pairs=island"), "PART is one of levels"),
        (("--data", "examples/penguins.csv", "--outcome", "sex", "--set", "reference=much"), "--set reference: "),
        (("--data", "examples/penguins.csv", "--outcome", "sex", "--set", "levels=a"), "--set levels"),
        (("--data", "examples/none.csv", "--outcome", "sex"), "none.csv"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_asked_is_one_sentence_and_exit_code_2(cli, arguments, sentence):
    code, out, err = cli(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


def test_the_list_of_methods_never_loads_what_it_does_not_show():
    code = (
        "import sys\n"
        "from kosmos_graph.cli import main\n"
        "sys.argv = ['kosmos-graph', 'methods', 'welch_t']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'litellm', 'langgraph', 'langchain_core', 'matplotlib', 'statsmodels', 'sklearn', 'openpyxl'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr


def test_what_the_sheet_says_of_rows_is_in_the_target(cli, tmp_path):
    lines = [f"k{n % 7},{'ab'[n % 2]},{n % 5 + n / 50}" for n in range(70)]
    (tmp_path / "pupils.csv").write_text("\n".join(["school,arm,score", *lines]), encoding="utf-8")
    (tmp_path / "about.yaml").write_text("cluster: school", encoding="utf-8")
    asked = ("--data", "pupils.csv", "--outcome", "score", "--predictor", "arm")
    assert "cluster" not in fits(cli, *asked)["target"]
    assert fits(cli, *asked, "--about", "about.yaml")["target"]["cluster"] == "school"


def test_when_a_method_is_the_usual_choice_is_said_with_it(cli):
    said = json.loads(cli("mcnemar", "--json")[1])["usual_choice"]
    assert said == ["a yes/no outcome is measured twice on the same units"]
    assert said[0] in cli("mcnemar")[1]
    by_rule, reason = json.loads(cli("welch_t", "--json")[1])["usual_choice"]
    assert by_rule == CATALOGUE["welch_t"].assumption
    assert reason.startswith("two independent groups and a numeric outcome")
    assert "Usual choice" not in cli("fisher_exact")[1]
