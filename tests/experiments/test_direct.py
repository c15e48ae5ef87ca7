"""One method on one file, for a person: what `run_method` gives, and how it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from kosmos_graph import run_method, start
from kosmos_graph.errors import BadInput

EXAMPLES = Path(__file__).parents[2] / "examples"
PENGUINS = EXAMPLES / "penguins.csv"
TUTORING = EXAMPLES / "tutoring.csv"
ABOUT = EXAMPLES / "tutoring.about.yaml"
SPECIES = {"outcome": "body_mass_g", "predictors": "species", "levels": ("Gentoo", "Adelie")}


def test_the_numbers_are_those_of_scipy():
    birds = pd.read_csv(PENGUINS).dropna(subset=["body_mass_g"])
    gentoo, adelie = (birds.body_mass_g[birds.species == name] for name in SPECIES["levels"])
    expected = stats.ttest_ind(gentoo, adelie, equal_var=False)
    interval = expected.confidence_interval()
    result = run_method("welch_t", PENGUINS, **SPECIES)
    found = (result.statistic, result.p_value, result.effect.value, result.effect.low, result.effect.high)
    numbers = (expected.statistic, expected.pvalue, gentoo.mean() - adelie.mean(), interval.low, interval.high)
    assert found == pytest.approx(numbers, rel=1e-9, abs=0)


@pytest.mark.parametrize("method", ["welch_t", "permutation_test"])
def test_equal_arguments_give_equal_results_however_they_are_spelled(method):
    one = run_method(method, PENGUINS, **SPECIES)
    spelled = {**SPECIES, "predictors": ["species"], "levels": ["Gentoo", "Adelie"]}
    assert run_method(method, str(PENGUINS), **spelled) == one


def test_the_options_are_those_of_a_run():
    wide = run_method("welch_t", PENGUINS, **SPECIES, options={"alpha": 0.01})
    plain = run_method("welch_t", PENGUINS, **SPECIES)
    assert (wide.effect.level, plain.effect.level) == (0.99, 0.95)
    assert wide.effect.low < plain.effect.low
    drawn = [run_method("permutation_test", PENGUINS, **SPECIES, options={"seed": seed}).effect.low for seed in (1, 2)]
    assert drawn[0] != drawn[1]


def test_the_study_sheet_is_read_from_a_file_or_taken_as_it_is():
    from_file = run_method("ancova", TUTORING, "score_after", "arm", covariates=["score_before"], about=ABOUT)
    assert (from_file.effect.label, from_file.effect.unit) == ("tutoring − control", "points")
    stated = {"dictionary": {"arm": {"reference": "tutoring"}, "score_after": {"unit": "points"}}}
    taken = run_method("ancova", TUTORING, "score_after", "arm", covariates=["score_before"], about=stated)
    assert taken.effect.label == "control − tutoring"
    assert taken.effect.value == pytest.approx(-from_file.effect.value, rel=1e-12)


def test_a_sheets_smallest_effect_counts_unless_another_is_given():
    arms = {"outcome": "score_after", "predictors": "arm", "levels": ("tutoring", "control"), "about": ABOUT}
    assert run_method("tost", TUTORING, **arms, delta=12).equivalence.delta == 12
    assert run_method("tost", TUTORING, **arms).equivalence.delta == 3
    with pytest.raises(BadInput, match="needs the smallest effect that matters"):
        run_method("tost", PENGUINS, **SPECIES)


def test_a_run_and_the_method_alone_give_the_same_numbers(tmp_path):
    shutil.copy(PENGUINS, tmp_path)
    run = start("Are Gentoo heavier than Adelie?", [str(tmp_path / "penguins.csv")], home=str(tmp_path / "home"), model="rules")
    run.wait(60)
    report = (tmp_path / "home" / "runs" / run.id / "report.json").read_text(encoding="utf-8")
    alone = run_method("welch_t", PENGUINS, **SPECIES)
    assert f'"value": {alone.effect.value!r}' in report


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"method": "welch"},
            "there is no method called 'welch'; did you mean `welch_t` or `welch_anova`? `kosmos-graph methods` lists them",
        ),
        ({"data": EXAMPLES / "none.csv"}, "none.csv"),
        ({"outcome": "mass"}, "The data have no column mass."),
        ({"predictors": "island"}, "island has no level Gentoo."),
        ({"predictors": "island", "levels": None}, "Welch's t test compares 2 groups, and island makes 3."),
        ({"levels": ("Gentoo", "Emperor")}, "species has no level Emperor."),
        ({"levels": ("Gentoo",)}, "what is asked for cannot be: levels: Field required"),
        ({"refrence": 4}, "what is asked for cannot be: refrence: Extra inputs are not permitted"),
        ({"quantile": float("nan")}, "what is asked for cannot be: quantile: "),
        ({"options": {"alpha": 2}}, "what is asked for cannot be: alpha: Input should be less than 0.5"),
        ({"options": {"alhpa": 0.1}}, "what is asked for cannot be: alhpa: Extra inputs are not permitted"),
        ({"covariates": ["sex"]}, "Welch's t test cannot adjust for other columns."),
        ({"covariates": ["sox"]}, "The data have no column sox."),
        ({"about": {"cluster": "colony"}}, "The study sheet names what the data do not have: column `colony` in `cluster`"),
        ({"about": {"design": "odd"}}, "odd"),
        ({"reference": 4.0}, "Welch's t test would ignore a value to compare with, which the design states."),
        ({"alternative": "bigger"}, "what is asked for cannot be: alternative: "),
        ({"delta": float("inf")}, "what is asked for cannot be: value: Input should be a finite number"),
        ({"predictors": ["species", "body_mass_g"]}, "body_mass_g has two parts in the design."),
        ({"filters": [{"column": "sex", "operator": "<", "value": 3}]}, "sex"),
        ({"method": "chi_square", "outcome": "sex", "alternative": "greater"}, "chi-square"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_bad_input_in_a_sentence(changes, sentence):
    arguments = {"method": "welch_t", "data": PENGUINS, **SPECIES, **changes}
    with pytest.raises(BadInput) as refused:
        run_method(arguments.pop("method"), arguments.pop("data"), **arguments)
    assert sentence in str(refused.value)


def test_a_sample_without_an_answer_is_bad_input_with_the_methods_own_sentence(tmp_path):
    path = tmp_path / "constant.csv"
    path.write_text("g,y\n" + "".join(f"{'ab'[n % 2]},{3.5 if n < 18 else ''}\n" for n in range(20)), encoding="utf-8")
    with pytest.raises(BadInput, match=r"The values of both groups do not vary, so there is nothing to test."):
        run_method("welch_t", path, "y", "g", levels=("a", "b"))


def followed(folder, happened):
    """Forty durations without ties, with one event column throughout."""
    random = np.random.default_rng(4)
    waits = random.permutation(np.arange(1.0, 41.0)) / 4
    columns = {"wait": waits, "arm": ["a", "b"] * 20, "x": random.normal(size=40).round(3), "over": [happened] * 40}
    pd.DataFrame(columns).to_csv(folder / "waits.csv", index=False)
    return folder / "waits.csv"


@pytest.mark.parametrize(("happened", "level"), [("yes", "yes"), (1, "1"), (True, "true")])
def test_durations_that_all_ended_with_the_event_go_to_every_method_of_survival(tmp_path, happened, level):
    data = followed(tmp_path, happened)
    frame = pd.read_csv(data)
    told = {"event": "over", "event_level": level}
    log_rank = run_method("log_rank", data, "wait", "arm", levels=("a", "b"), **told)
    assert log_rank.statistic**2 == pytest.approx(survdiff(frame.wait, np.ones(40), frame.arm)[0])
    cox = run_method("cox_regression", data, "wait", "x", **told)
    assert np.log(cox.effect.value) == pytest.approx(PHReg(frame.wait, frame[["x"]]).fit().params[0])
    assert run_method("kaplan_meier", data, "wait", quantity="quantile", **told).effect.value == 5.0


@pytest.mark.parametrize("level", ["yes", None])
def test_durations_that_never_ended_with_the_event_are_refused(tmp_path, level):
    with pytest.raises(BadInput, match="needs events, and no event happened: over is no in every row"):
        run_method("log_rank", followed(tmp_path, "no"), "wait", "arm", levels=("a", "b"), event="over", event_level=level)


def test_durations_without_an_event_column_are_refused_with_what_to_write(tmp_path):
    data = followed(tmp_path, "yes")
    with pytest.raises(BadInput, match="If it happened to every row, derive a column of ones in the study sheet"):
        run_method("log_rank", data, "wait", "arm", levels=("a", "b"))
    sheet = {"duration": "wait", "event": "ended", "derived": {"ended": "1 + 0 * wait"}}
    told = {"event": "ended", "event_level": "1"}
    by_hand = run_method("log_rank", data, "wait", "arm", levels=("a", "b"), about=sheet, **told)
    assert (
        by_hand.p_value == run_method("log_rank", data, "wait", "arm", levels=("a", "b"), event="over", event_level="yes").p_value
    )


def test_a_question_about_durations_without_any_event_is_told_so(tmp_path):
    sheet = {"duration": "wait", "event": "over"}
    run = start("Is wait longer in a than in b?", [followed(tmp_path, "no")], about=sheet, home=tmp_path, model="rules")
    run.wait(60)
    with pytest.raises(BadInput, match="no event happened: over is no in every row"):
        run.result()
