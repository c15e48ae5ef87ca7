"""What the README and the other documents promise holds: the commands, the example's numbers, the links."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from langgraph.checkpoint.memory import InMemorySaver
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.oneway import anova_oneway

from kosmos_graph import start
from tests.loopback import LoopbackServer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
FOLDERS = ("", "docs", "docs/methods", "benchmarks", "cassettes", "examples")
DOCUMENTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))
OLLAMA = "http://localhost:11434"
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


def close(value: float):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def first_command() -> list[str]:
    """The arguments of `kosmos-graph` in the README's first command."""
    words = shlex.split(FENCED[0][1])
    place = next(number for number, word in enumerate(words) if word.endswith("/kosmos-graph"))
    return words[place + 1 :]


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """A folder to work in, with a copy of the examples."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_begins_with_two_commands_of_one_line_each():
    (first_kind, first), (second_kind, second) = FENCED[:2]
    assert first_kind == second_kind == "sh"
    assert first.count("\n") == second.count("\n") == 1
    assert not README[: README.index(first)].count("```sh\n") > 1


def test_the_gate_calls_the_readmes_second_command():
    assert FENCED[1][1].strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_first_command_makes_its_own_environment_and_names_a_file_that_exists():
    assert FENCED[0][1].startswith("python3 -m venv .venv && .venv/bin/pip install")
    command, _question, option, path = first_command()
    assert (command, option) == ("run", "--data")
    assert (ROOT / path).is_file()


def test_the_first_command_answers_with_the_numbers_of_scipy(desk):
    command = [sys.executable, "-m", "kosmos_graph.cli", *first_command()]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = desk.glob(".kosmos/runs/*/report.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    (finding,) = report["findings"]
    assert (finding["verdict"], finding["method"], finding["author"]) == ("supported", "welch_t", "rules")
    birds = pd.read_csv(desk / first_command()[-1])
    gentoo, adelie = (birds.loc[birds.species == name, "body_mass_g"].dropna() for name in ("Gentoo", "Adelie"))
    assert_welch(finding, gentoo, adelie)
    assert finding["n"] == len(gentoo) + len(adelie)
    assert report["answer"] in done.stdout


def assert_welch(finding, one, other):
    """The finding is Welch's test of `one` minus `other` as scipy computes it."""
    found = stats.ttest_ind(one, other, equal_var=False)
    low, high = found.confidence_interval(0.95)
    effect = finding["effect"]
    assert (finding["statistic"], finding["df"], finding["p_value"]) == (
        close(found.statistic),
        close(found.df),
        close(found.pvalue),
    )
    assert (effect["value"], effect["low"], effect["high"]) == (close(one.mean() - other.mean()), close(low), close(high))


def test_the_python_example_runs(desk):
    (example,) = [text for kind, text in FENCED if kind == "python"]
    names = {"saver": InMemorySaver()}
    with LoopbackServer() as server:
        code = example.replace(OLLAMA, server.base("ollama")).replace('"…"', repr(first_command()[1]))
        exec(compile(code, "the example", "exec", dont_inherit=True), names)
    assert names["run"].status == "finished"
    assert [finding.verdict for finding in names["report"].findings] == ["supported"]
    assert [request.wire for request in server.requests] == ["ollama"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^()\s]+)\)", text)
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if target and not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_document_names_a_path_of_somebodys_machine(document):
    text = document.read_text(encoding="utf-8")
    assert re.findall(r"(?<![\w.~/])/(?:home|Users|root|work|tmp|opt|mnt|srv|var)/\S*|\b[A-Z]:\\\S*", text) == []


def words(generator: np.random.Generator, count: int) -> list[str]:
    """Words that nobody has written a rule for, no two the same."""
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = (
            generator.choice(list(CONSONANTS)) + generator.choice(list(VOWELS)) for _ in range(int(generator.integers(3, 5)))
        )
        found["".join(syllables)] = None
    return list(found)


class Planted:
    """A data file with random column names, in which group, dose and yes/no outcome have effects and the idle column has none."""

    def __init__(self, folder: Path, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.outcome, self.group, self.dose, self.idle, self.site, self.flag, self.a, self.b, *self.sites = words(generator, 11)
        rows = 150
        group = generator.permutation([self.a, self.b] * (rows // 2))
        dose, idle = generator.normal(50, 9, rows), generator.uniform(0, 4, rows)
        site = generator.permutation(self.sites * (rows // 3))
        outcome = 20 + 4 * (group == self.a) + 0.4 * dose + 5 * (site == self.sites[0]) + generator.normal(0, 2.5, rows)
        flag = np.where(generator.uniform(size=rows) < np.where(group == self.a, 0.75, 0.3), "yes", "no")
        self.frame = pd.DataFrame(
            {self.group: group, self.outcome: outcome, self.dose: dose, self.idle: idle, self.site: site, self.flag: flag}
        )
        self.frame.loc[generator.choice(rows, 6, replace=False), self.dose] = np.nan
        self.path = folder / "planted.csv"
        self.frame.to_csv(self.path, index=False)

    def column(self, name: str, where: str, level: str) -> pd.Series:
        """The values of a column in the rows that have a level."""
        return self.frame.loc[self.frame[where] == level, name]

    def findings(self, question: str):
        """The findings of a run by rules, as its report's JSON has them."""
        report = start(question, [self.path], home=self.path.parent).result
        assert report.unanswered == ()
        return [finding.model_dump() for finding in report.findings]


@pytest.fixture(scope="module", params=[11, 12])
def planted(request, tmp_path_factory) -> Planted:
    return Planted(tmp_path_factory.mktemp("planted"), request.param)


def test_two_groups_have_the_numbers_of_scipy(planted):
    (finding,) = planted.findings(f"Does {planted.outcome} differ between {planted.a} and {planted.b}?")
    assert (finding["method"], finding["verdict"]) == ("welch_t", "supported")
    assert_welch(finding, *(planted.column(planted.outcome, planted.group, level) for level in (planted.a, planted.b)))


def test_several_groups_have_the_numbers_of_statsmodels(planted):
    (finding,) = planted.findings(f"Does {planted.outcome} differ by {planted.site}?")
    groups = [planted.column(planted.outcome, planted.site, level) for level in planted.sites]
    expected = anova_oneway(groups, use_var="unequal", welch_correction=True)
    assert (finding["method"], finding["verdict"]) == ("welch_anova", "supported")
    assert (finding["statistic"], finding["p_value"]) == (close(expected.statistic), close(expected.pvalue))
    assert finding["df"] == (close(expected.df_num), close(expected.df_denom))


def test_an_association_has_the_numbers_of_statsmodels(planted):
    (finding,) = planted.findings(f"Is {planted.dose} associated with {planted.outcome}?")
    complete = planted.frame[[planted.dose, planted.outcome]].dropna()
    assert (finding["method"], finding["verdict"], finding["n"]) == ("linear_regression", "supported", len(complete))
    assert {finding["outcome"], *finding["predictors"]} == {planted.dose, planted.outcome}
    predictor = complete[finding["predictors"][0]].to_numpy()
    assert_term(finding, fitted(complete[finding["outcome"]], {"term": predictor}), "term")
    pearson = next(one for one in finding["sensitivity"] if one["method"] == "pearson")
    expected = stats.pearsonr(complete[planted.dose], complete[planted.outcome])
    assert (pearson["effect"]["value"], pearson["p_value"]) == (close(expected.statistic), close(expected.pvalue))


def test_what_affects_has_the_numbers_of_one_full_regression(planted):
    findings = planted.findings(f"What affects {planted.outcome}?")
    complete = planted.frame.dropna()
    terms = {planted.dose: complete[planted.dose], planted.idle: complete[planted.idle]}
    terms[planted.group] = (complete[planted.group] == planted.a).astype(float)
    terms[planted.flag] = (complete[planted.flag] == "yes").astype(float)
    sites = {level: (complete[planted.site] == level).astype(float) for level in planted.sites[1:]}
    model = fitted(complete[planted.outcome], {**terms, **sites})
    by_predictor = {finding["predictors"][0]: finding for finding in findings}
    assert by_predictor.keys() == {*terms, planted.site}
    for name in terms:
        assert_term(by_predictor[name], model, name)
    assert {by_predictor[name]["verdict"] for name in (planted.dose, planted.group, planted.site)} == {"supported"}
    adjusted = multipletests([finding["p_value"] for finding in findings], method="holm")[1]
    assert [finding["p_adjusted"] for finding in findings] == [close(value) for value in adjusted]


def test_proportions_have_the_numbers_of_scipy(planted):
    (finding,) = planted.findings(f"Is the share of {planted.flag} higher in {planted.a} than in {planted.b}?")
    table = np.array(
        [
            [(planted.column(planted.flag, planted.group, level) == answer).sum() for answer in ("yes", "no")]
            for level in (planted.a, planted.b)
        ]
    )
    assert (finding["method"], finding["verdict"]) == ("risk_difference", "supported")
    assert finding["p_value"] == close(stats.chi2_contingency(table, correction=False).pvalue)
    shares = table[:, 0] / table.sum(axis=1)
    assert finding["effect"]["value"] == close(shares[0] - shares[1])


def fitted(outcome: pd.Series, terms):
    """Least squares with HC3 errors, by statsmodels."""
    return sm.OLS(outcome, sm.add_constant(pd.DataFrame(terms, index=outcome.index))).fit(cov_type="HC3", use_t=True)


def assert_term(finding, model, name: str):
    """The finding is the model's term, whichever of two levels comes first."""
    sign = np.sign(finding["effect"]["value"]) * np.sign(model.params[name])
    ends = sorted(sign * model.conf_int().loc[name])
    effect = finding["effect"]
    assert (effect["value"], effect["low"], effect["high"]) == (close(sign * model.params[name]), close(ends[0]), close(ends[1]))
    assert (finding["statistic"], finding["p_value"]) == (close(sign * model.tvalues[name]), close(model.pvalues[name]))
