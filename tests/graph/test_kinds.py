"""Whole runs by rules on kinds of study beyond two plain groups: the right method, the verdict, and a true sentence."""

import pytest

from benchmarks.made.make import FOLDER, MADE, made
from kosmos_graph import start
from kosmos_graph.errors import BadInput
from kosmos_graph.settings import Settings

FOLLOWED = {"duration": "days", "event": "death"}
EXPOSED = {"exposure": "hours_worked"}
SCHOOLS = {"cluster": "school"}
DRAWN = {"design": "survey", "weight": "weight", "stratum": "region", "cluster": "village"}
SCALE = {"dictionary": {"rating": {"order": ["poor", "fair", "good", "excellent"]}}}


@pytest.fixture
def ask(tmp_path):
    def ask(question, data, about=None):
        settings = Settings(_env_file=None, litellm_model="rules", kosmos_home=tmp_path / "home")
        report = start(question, [FOLDER / f"{data}.csv"], about=about, settings=settings).result
        text = max(tmp_path.glob("home/runs/*/report.md"), key=lambda path: path.stat().st_mtime_ns).read_text(encoding="utf-8")
        return report.findings, " ".join(text.split())

    return ask


@pytest.mark.parametrize("name", MADE)
def test_a_made_up_set_is_what_its_seeded_generator_makes(name):
    assert (FOLDER / f"{name}.csv").read_bytes() == made(name).encode()


@pytest.mark.parametrize(
    ("question", "data", "about", "method", "verdict", "sentence"),
    [
        (
            "Do treated patients survive longer than control patients?",
            "patients",
            FOLLOWED,
            "log_rank",
            "supported",
            "The time until death (days) tends to be longer in treated than in control: hazard ratio (treated / control) 0.",
        ),
        (
            "Is the risk of death higher in smokers?",
            "patients",
            FOLLOWED,
            "log_rank",
            "supported",
            "The time until death (days) tends to be shorter in smoker = yes than in smoker = no: hazard ratio (yes / no) ",
        ),
        (
            "Does age affect survival?",
            "patients",
            FOLLOWED,
            "cox_regression",
            "supported",
            "Higher age goes with shorter time until death (days): hazard ratio (days per unit of age) 1.0",
        ),
        (
            "What is the median survival time?",
            "patients",
            FOLLOWED,
            "kaplan_meier",
            None,
            "The median survival, days is ",
        ),
        (
            "Is the accident rate lower in trained crews than in untrained crews?",
            "accidents",
            EXPOSED,
            "poisson_regression",
            "supported",
            "The rate of accidents is lower in trained than in untrained: rate ratio (trained / untrained) 0.",
        ),
        (
            "Do pupils in the modern programme have higher scores than in the classic programme?",
            "pupils",
            SCHOOLS,
            "cluster_robust_regression",
            "supported",
            "Mean score is higher in modern than in classic: difference of means (modern − classic) ",
        ),
        (
            "Is the rating higher in spa than in home, adjusting for age?",
            "ratings",
            SCALE,
            "ordinal_logistic",
            "supported",
            "With age held constant, rating tends to be higher in spa than in home: adjusted odds ratio of a higher value ",
        ),
        (
            "Is income higher in urban than in rural settings?",
            "households",
            DRAWN,
            "survey_mean_difference",
            "supported",
            "Mean income is higher in urban than in rural: weighted difference of means (urban − rural) ",
        ),
        (
            "Did staff change more in Avonia than in Borland?",
            "shops",
            None,
            "difference_in_differences",
            "supported",
            "difference in differences (Avonia − Borland, change from before to after) ",
        ),
        (
            "Does the effect of fertiliser on harvest depend on irrigated?",
            "plots",
            None,
            "ancova_interaction",
            "supported",
            "The relation of irrigated with harvest depends on fertiliser: difference of slopes (yes − no) 0.2",
        ),
        (
            "How well can harvest be predicted from fertiliser and slope_deg?",
            "plots",
            None,
            "prediction",
            "supported",
            "fertiliser and slope_deg help to foretell harvest of new rows: out-of-sample R² ",
        ),
        (
            "Is the median harvest higher for irrigated = yes than for irrigated = no?",
            "plots",
            None,
            "bootstrap_interval",
            "supported",
            "Median harvest is higher in irrigated = yes than in irrigated = no: difference of medians (yes − no) ",
        ),
    ],
)
def test_a_question_of_each_kind_is_answered_by_its_method_in_a_true_sentence(
    ask, question, data, about, method, verdict, sentence
):
    (finding,), text = ask(question, data, about)
    assert (finding.method, finding.verdict) == (method, verdict)
    assert sentence.replace("_", "\\_") in text or sentence in text


def test_a_share_of_a_survey_is_a_percentage_and_no_difference(ask):
    _, text = ask("What proportion of households has a car?", "households", DRAWN)
    answer = text.partition("## Answer")[2].partition("##")[0]
    assert "%" in answer
    assert "percentage points" not in answer


def test_the_exposure_is_no_predictor_of_the_count(ask):
    findings, _ = ask("What affects accidents?", "accidents", EXPOSED)
    assert [finding.predictors[0] for finding in findings] == ["crew", "experience"]


def test_the_assumptions_say_what_was_taken_for_granted_and_nothing_untrue(ask):
    _, clustered = ask("Does hours affect score?", "pupils", SCHOOLS)
    assert "rows with one value of school hang together; other rows are taken as independent" in clustered
    assert "each row is taken as one independent unit" not in clustered
    assert "No clusters are declared" not in clustered
    _, weighted = ask("What is the mean income?", "households", DRAWN)
    assert "each row stands for weight units of the population, drawn within the strata of region" in weighted
    assert "every row counts the same" not in weighted


def test_survival_is_not_guessed_at_where_no_duration_is_stated(ask):
    with pytest.raises(BadInput, match="no column of the data matches"):
        ask("Do treated patients survive longer than control patients?", "patients")


@pytest.mark.parametrize(
    "question",
    [
        "Does the effect of fertiliser on harvest depend on irrigated?",
        "How well can harvest be predicted from fertiliser and slope_deg?",
    ],
)
def test_what_is_asked_about_jointly_is_not_held_constant_and_no_sentence_of_the_rules_is_left_out(ask, question):
    _, text = ask(question, "plots")
    assert "Held constant" not in text
    assert "was left out" not in text
