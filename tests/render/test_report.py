from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from kosmos_graph.domain.analysis import Analysis, Sentence
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.study_sheet import Covariate, StudySheet
from kosmos_graph.render.explain import render_answer
from kosmos_graph.render.json_report import render_json, render_schema, report_schema
from kosmos_graph.render.markdown import render_markdown
from kosmos_graph.render.plan import render_plan
from kosmos_graph.render.report import build_report
from kosmos_graph.render.usage import usage_by_model
from tests.experiments.factories import make_dataset
from tests.render.factories import CASES, Case, make_record, penguins, with_trouble

DATA = penguins()
SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"
HOSTILE = "<img src=x onerror=alert(1)> | `x` [a](javascript:b)\u202e\n# {effect} **"


def answer(name: str, **changes) -> str:
    return build_report(make_record([replace(CASES[name], **changes)], dataset=DATA)).answer


@pytest.mark.parametrize("name", CASES)
def test_every_case_reports_validates_and_renders_the_same_twice(name):
    record = with_trouble(make_record([CASES[name]], dataset=DATA))
    report = build_report(record)
    jsonschema.validate(json.loads(render_json(report)), report_schema())
    assert render_json(build_report(record)) == render_json(report)
    assert render_markdown(build_report(record)) == render_markdown(report)
    assert "{" not in re.sub(r"\\\{", "", render_markdown(report))
    assert "(not known)" not in render_markdown(report)


def test_the_published_schema_is_the_reports_schema():
    assert SCHEMA.read_text(encoding="utf-8") == render_schema()


def test_numbers_in_json_are_those_of_the_result():
    record = make_record([CASES["welch, as predicted"]], dataset=DATA)
    result = record.studies["c1h1"].execution.result
    found = json.loads(render_json(build_report(record)))["findings"][0]
    assert (found["effect"]["value"], found["effect"]["low"], found["p_value"]) == (
        result.effect.value,
        result.effect.low,
        result.p_value,
    )
    assert found["df"] == result.df[0] and found["p_adjusted"] == record.judgements["c1h1"].p_adjusted
    assert found["figure"].startswith("artifacts/") and found["figure"].endswith(".png")


@pytest.mark.parametrize(
    ("name", "opening", "closing"),
    [
        ("welch, as predicted", "Mean body_mass_g is higher in Gentoo than in Adelie: ", "is supported, as predicted."),
        (
            "welch, opposite",
            "Mean body_mass_g is higher in Gentoo than in Adelie: ",
            "opposite of what was predicted: the hypothesis is refuted.",
        ),
        ("welch, reversed groups", "Mean body_mass_g is lower in Adelie than in Gentoo: ", "is supported, as predicted."),
        (
            "welch, open",
            "The data do not settle whether mean noise differs between drug and placebo: ",
            "power this sample detects effects from 0.58 on.",
        ),
        ("welch, within delta", "Mean noise differs by less than 5 between drug and placebo: ", "for the number of hypotheses."),
        (
            "welch, one-sided the other way",
            "The data do not show that mean body_mass_g is lower in Gentoo than in Adelie: ",
            "effects from 219 g on.",
        ),
        ("tost, supported", "Mean noise differs by less than 1 between drug and placebo: ", "is supported."),
        ("paired, wide", "Within pairs, the values changed: body_mass_g is higher than mass_before_g: ", "as predicted."),
        ("several groups", "Mean body_mass_g differs between the groups of species: ω²", "is supported."),
        (
            "several groups, direction predicted",
            "body_mass_g differs between the groups of species: ε²",
            "which the hypothesis predicts.",
        ),
        ("proportions", "The share with recovered = yes is higher in drug than in placebo: risk difference", "as predicted."),
        ("correlation", "Higher flipper_length_mm goes with higher body_mass_g: Pearson correlation", "as predicted."),
        ("slope, adjusted", "With species held constant, higher flipper_length_mm goes with higher body_mass_g: ", "as predicted."),
        ("trend", "Over month, level_cm rises: ", "as predicted."),
        ("step", "From 2005-01-01 on, level_cm is higher than before: ", "the hypothesis is refuted."),
        ("estimate, mean", "The mean of body_mass_g is 3,952 g (95 % CI ", "n = 110."),
        ("estimate, share", "The share of recovered that is yes is 47.5 % (95 % CI ", "n = 120."),
    ],
)
def test_the_answer_says_what_was_found_in_the_words_of_the_data(name, opening, closing):
    line = answer(name).split("\n")[0]
    assert line.startswith(opening)
    assert line.endswith(closing)


def test_a_sensitivity_result_that_disagrees_is_told_in_the_answer():
    record = make_record([CASES["welch, as predicted"]], dataset=DATA)
    study = record.studies["c1h1"]
    other = study.execution.sensitivity[0].model_copy(update={"p_value": 0.6})
    execution = study.execution.model_copy(update={"sensitivity": (other,)})
    changed = replace(record, studies={"c1h1": study.model_copy(update={"execution": execution})})
    report = build_report(changed)
    assert "Mann–Whitney test, run beside it, is not significant" in report.answer
    assert any("Mann–Whitney test" in caveat for caveat in report.findings[0].caveats)


def test_an_adjusted_p_that_takes_back_what_the_interval_shows_is_explained():
    record = make_record([CASES["welch, as predicted"]], dataset=DATA)
    study = record.studies["c1h1"]
    result = study.execution.result.model_copy(update={"p_value": 0.03})
    judgement = record.judgements["c1h1"].model_copy(update={"verdict": "inconclusive", "p_adjusted": 0.09})
    study = study.model_copy(update={"execution": study.execution.model_copy(update={"result": result})})
    text = build_report(replace(record, studies={"c1h1": study}, judgements={"c1h1": judgement})).answer
    assert "The data do not settle" in text and "Taken alone its interval leaves out no effect" in text
    assert "p = 0.030, adjusted p = 0.090" in text


def test_the_smallest_detectable_ratio_stands_beside_its_reciprocal_wherever_it_is_said():
    record = make_record([CASES["welch, open"]], dataset=DATA)
    study = record.studies["c1h1"]
    result = study.execution.result
    ratio = result.effect.model_copy(
        update={"name": "hazard ratio", "value": 1.01, "low": 0.9, "high": 1.13, "null": 1.0, "unit": None, "inverse": True}
    )
    result = result.model_copy(update={"effect": ratio, "minimum_detectable": 0.86})
    study = study.model_copy(update={"execution": study.execution.model_copy(update={"result": result})})
    report = build_report(replace(record, studies={"c1h1": study}))
    assert "With 80 % power this sample detects effects from 1.86 or 0.54 (no effect: 1) on." in report.answer
    assert "only for effects from 1.86 or 0.54 (no effect: 1) on." in report.findings[0].follow_ups[0]
    assert "| smallest detectable effect | 1.86 or 0.54 (no effect: 1) |" in render_markdown(report)
    assert json.loads(render_json(report))["findings"][0]["effect"]["null"] == 1


def test_a_question_about_a_cause_is_told_that_it_got_associations():
    asked = make_record([CASES["welch, as predicted"]], dataset=DATA, question="Does species cause mass?")
    assert "the findings are associations" in build_report(asked).answer
    trial = StudySheet(design="randomised", treatment="treatment", declared=("design", "treatment"))
    randomised = make_record([CASES["proportions"]], dataset=DATA, question="Does the drug cause recovery?", sheet=trial)
    assert "associations" not in build_report(randomised).answer


def test_every_reason_for_no_answer_is_told():
    report = build_report(with_trouble(make_record([CASES["welch, as predicted"]], dataset=DATA)))
    assert [(one.hypothesis, one.reason) for one in report.unanswered] == [
        ("Statement A", "every design was rejected: the outcome is free text; there are too few rows"),
        ("Statement B", "struck from the plan by the user"),
        ("Statement C", "All values of the outcome are equal."),
        ("Statement D", "no design was made for it"),
    ]
    empty = replace(make_record([], dataset=DATA), undecided="No column is called penguin; looked at species.")
    assert build_report(empty).unanswered[0].reason == "No column is called penguin; looked at species."
    assert "not answered" in build_report(empty).answer


def test_caveats_tell_losses_small_samples_deviations_and_dropped_sentences():
    trouble = with_trouble(make_record([CASES["several groups"], CASES["welch, open"]], dataset=DATA))
    caveats = " ".join(build_report(trouble).caveats)
    for told in (
        "left out for missing values",
        "missing unevenly",
        "Deviation from the locked plan",
        "2 sentences claim more",
        "Holm-adjusted",
        "took over",
    ):
        assert told in caveats
    small = make_record([CASES["welch, as predicted"]], dataset=penguins(rows=18))
    assert any("Small sample" in caveat for caveat in build_report(small).caveats)


def test_a_share_of_an_event_is_said_to_ignore_the_follow_up():
    sheet = StudySheet(duration="level_cm", event="recovered", declared=("duration", "event"))
    told = "recovered is the event that level_cm waits for: a share of it ignores how long each row was followed"
    followed = build_report(make_record([CASES["proportions"]], dataset=DATA, sheet=sheet))
    assert [told in " ".join(caveats) for caveats in (followed.caveats, followed.findings[0].caveats)] == [True, True]
    assert told not in " ".join(build_report(make_record([CASES["proportions"]], dataset=DATA)).caveats)


def test_rows_of_repeated_measurements_are_said_with_their_units():
    cells = [(f"P{unit}", day, unit % 4 + 2.0 * place + unit * place % 3) for unit in range(15) for place, day in enumerate("abc")]
    patient, day, pain = (list(column) for column in zip(*cells, strict=True))
    data = make_dataset({"patient": patient, "day": day, "pain": pain}, kinds={"patient": Kind.IDENTIFIER})
    case = Case("repeated_measures_anova", "compare", "pain", "Pain differs by day", ("day",), target={"pair": "patient"})
    report = build_report(make_record([case], dataset=data))
    assert "n = 45 rows (15 units)" in report.answer
    assert "n = 45 rows (15 units)" in " ".join(report.findings[0].interpretation)


def confounded(n, design="observational"):
    """Twenty rows in two groups, and the report of their comparison with `n` declared confounders left out."""
    names = [f"c{place}" for place in range(n)]
    numbers = {name: [float((row * 7 + place * row) % 11) for row in range(20)] for place, name in enumerate(names)}
    data = make_dataset({"g": ["a", "b"] * 10, "y": [row % 5 + row % 2 / 2 for row in range(20)], **numbers})
    sheet = StudySheet(
        design=design,
        covariates=tuple(Covariate(column=name, role="confounder") for name in names),
        declared=("covariates", "design"),
    )
    case = Case("welch_t", "compare", "y", "y is higher for a", ("g",), "positive", target={"levels": ("a", "b")})
    return build_report(make_record([case], dataset=data, sheet=sheet))


def test_an_unadjusted_answer_says_so_and_why_the_confounders_are_left_out():
    one = confounded(1)
    assert "This is not adjusted for the declared confounder c0." in one.answer
    many = confounded(12)
    assert "This is not adjusted for 12 declared confounders." in many.answer
    (caveat,) = [told for told in many.caveats if "not adjusted for" in told]
    assert caveat.startswith("Declared as confounders and not adjusted for: c0, c1,")
    assert caveat.endswith("needs 10 complete rows per parameter: there are 20 for 13 parameters; name fewer predictors.")
    (beside,) = [told for told in many.findings[0].confounders if "not adjusted for" in told]
    assert beside.startswith(
        "Declared as confounders and not adjusted for, because 20 rows are too few for so many parameters: c0,"
    )


def test_a_randomised_comparison_needs_no_adjustment():
    assert "not adjusted" not in confounded(12, design="randomised").answer


def test_undeclared_things_are_assumptions_and_declared_ones_are_not():
    undeclared = " ".join(build_report(make_record([CASES["welch, as predicted"]], dataset=DATA)).assumptions)
    assert "taken as observational" in undeclared and "complete cases" in undeclared and "Alpha is 0.05" in undeclared
    assert "body_mass_g was taken as the outcome." in undeclared
    sheet = StudySheet(design="survey", unit="penguin", declared=("design", "unit"))
    declared = " ".join(build_report(make_record([CASES["welch, as predicted"]], dataset=DATA, sheet=sheet)).assumptions)
    assert "taken as observational" not in declared and "each row is taken" not in declared


def hostile_record():
    names = {"outcome": f"y{HOSTILE}", "group": f"g{HOSTILE}"}
    values = [float(place % 7) + (place % 2) for place in range(60)]
    levels = [f"A{HOSTILE}" if place % 2 else f"B{HOSTILE}" for place in range(60)]
    data = make_dataset({names["outcome"]: values, names["group"]: levels}, kinds={names["group"]: Kind.BINARY})
    case = Case(
        "welch_t",
        "compare",
        names["outcome"],
        HOSTILE,
        (names["group"],),
        "positive",
        target={"levels": (f"A{HOSTILE}", f"B{HOSTILE}")},
    )
    return make_record([case], dataset=data, question=HOSTILE)


def test_hostile_names_and_questions_are_shown_and_never_obeyed():
    record = hostile_record()
    report = build_report(record)
    for text in (render_markdown(report), render_plan(record.plans[0])):
        assert "<img" not in text and "\u202e" not in text and "javascript:" not in text
        assert "&lt;img" in text and "{effect}" not in text.replace("\\{effect\\}", "")
    assert "\u202e" not in render_answer(report) and "\x1b" not in render_answer(report)
    assert "\u202e" not in render_json(report)
    assert json.loads(render_json(report))["question"] == HOSTILE


def test_table_rows_have_as_many_cells_as_their_head_whatever_the_names():
    lines = render_markdown(build_report(hostile_record())).split("\n")
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    for line, width, before in zip(lines[1:], widths[1:], widths, strict=False):
        if line.startswith("| ") and before:
            assert width == before


def test_hostile_sentences_of_a_model_stay_text():
    record = make_record([CASES["welch, as predicted"]], dataset=DATA)
    study = record.studies["c1h1"]
    analysis = Analysis(
        key="k", hypothesis="c1h1", sentences=(Sentence(section="interpretation", text=f"{HOSTILE} {{nothing}}"),), author="m<o>del"
    )
    report = build_report(replace(record, studies={"c1h1": study.model_copy(update={"analysis": analysis})}))
    text = render_markdown(report)
    assert "<img" not in text and "m&lt;o>del" in text


def test_figures_can_be_shown_from_elsewhere():
    report = build_report(make_record([CASES["welch, as predicted"]], dataset=DATA))
    figure = report.findings[0].figure
    assert f"(<{figure}>)" in render_markdown(report)
    assert "(<../x%20y%3Ez.png>)" in render_markdown(report, {figure: "../x y>z.png"})


def test_usage_is_summed_by_role_and_model_with_unknown_prices_apart():
    calls = with_trouble(make_record([CASES["welch, as predicted"]], dataset=DATA)).calls
    found = usage_by_model((*calls, *reversed(calls)))
    assert [(one.role, one.model, one.calls, one.unknown_price_calls) for one in found] == [
        ("analyst", "openai/gpt-4o", 2, 0),
        ("designer", "ollama/llama3.1:8b", 2, 2),
    ]
    assert found[0].cost == pytest.approx(0.0068) and found[1].cost == 0.0


def test_a_run_without_verdicts_yet_reports_what_there_is():
    record = make_record([CASES["welch, as predicted"], CASES["welch, open"]], dataset=DATA)
    studies = {"c1h1": record.studies["c1h1"]}
    report = build_report(replace(record, studies=studies, judgements={}, synthesis=None))
    assert report.findings[0].verdict is None and "No verdict is set yet." in report.answer
    assert report.unanswered[0].reason == "its experiment has not been run"


def test_many_findings_name_the_inconclusive_ones_in_one_line():
    names = [
        "welch, as predicted",
        "welch, open",
        "several groups, open",
        "correlation, open",
        "trend, open",
        "slope",
        "ordered groups",
    ]
    report = build_report(make_record([CASES[name] for name in names], dataset=DATA))
    assert report.answer.split("\n")[0] == "Of 7 hypotheses tested: 1 supported, 1 refuted and 5 inconclusive."
    assert "Left inconclusive, with numbers below: Noise differs by treatment; " in report.answer


def test_a_plan_shows_what_will_be_run():
    record = make_record([CASES["proportions"], CASES["tost, supported"]], dataset=DATA)
    text = render_plan(record.plans[0])
    for told in (
        "# Plan of cycle 1",
        "risk_difference",
        "recovered = yes by treatment (drug minus placebo)",
        "δ): 1; source: user",
        "ef" * 32,
    ):
        assert told in text


def test_an_answer_counts_a_long_list_of_columns_held_constant_and_the_finding_names_them():
    case = replace(CASES["slope, adjusted"], predictors=("flipper_length_mm", "noise", "dose", "treatment"))
    report = build_report(make_record([case], dataset=DATA))
    assert report.answer.startswith("With 4 other columns held constant, ")
    assert "Held constant: noise, dose, treatment, species." in render_markdown(report)
