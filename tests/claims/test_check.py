from __future__ import annotations

import pytest

from kosmos_graph.claims.check import (
    Licence,
    check_sentences,
    check_words,
    data_names,
    sentence_reasons,
    study_licence,
    synthesis_licence,
)
from kosmos_graph.domain.analysis import Section, Sentence
from kosmos_graph.domain.study_sheet import StudySheet
from tests.render.factories import CASES, Case, make_design, make_execution, make_hypothesis, make_record, penguins

DATA = penguins()
RANDOMISED = StudySheet(design="randomised", treatment="treatment", declared=("design", "treatment"))


def licence_of(name: str | Case, sheet: StudySheet | None = None) -> Licence:
    case = CASES[name] if isinstance(name, str) else name
    design = make_design(case)
    result = make_execution(DATA, design).result
    assert result is not None
    return study_licence(make_hypothesis(case), design, result, sheet or StudySheet(), 0.05, DATA.card)


HIGHER, OPEN = licence_of("welch, as predicted"), licence_of("welch, open")
SEVERAL, SLOPE = licence_of("several groups"), licence_of("slope")
ESTIMATE, PAIRS = licence_of("estimate, mean"), licence_of("paired, wide")
ALIKE = licence_of("tost, supported")
TRIAL = licence_of("proportions", RANDOMISED)


def reasons(text: str, licence: Licence, section: Section = "interpretation") -> str:
    return "; ".join(sentence_reasons(Sentence(section=section, text=text), licence))


ACCEPTED = [
    ("Gentoo have a higher mean body_mass_g than Adelie: {effect} ({interval}), {p}.", HIGHER),
    ("Mean body_mass_g is lower in Adelie than in Gentoo.", HIGHER),
    ("{outcome} is {direction} in {group_a} than in {group_b}, n = {n}.", HIGHER),
    ("{group_b} is lower than {group_a}.", HIGHER),
    ("Adelie have lower and Gentoo have higher values.", HIGHER),
    ("The difference is positive, and the hypothesis is {verdict}.", HIGHER),
    ("Gentoo is not lower than Adelie.", HIGHER),
    ("The groups differ by {effect}.", HIGHER),
    ("This does not show that species causes body_mass_g.", HIGHER),
    ("The association is not causal.", HIGHER),
    ("It is an association rather than an effect of species.", HIGHER),
    ("Whether species causes the difference cannot be told from these data.", HIGHER),
    ("Gentoo and Adelie differ, with an effect of {effect}.", HIGHER),
    ("The effect size of {standardised} has the interval {interval}.", HIGHER),
    ("The two groups were observed, not assigned.", HIGHER),
    ("A larger sample would make the interval narrower.", HIGHER),
    ("The method is Welch's test on a small sample.", HIGHER),
    ("The data do not show that noise is higher with drug than with placebo.", OPEN),
    ("There is no evidence of a difference between drug and placebo.", OPEN),
    ("It is unclear whether noise differs between drug and placebo.", OPEN),
    ("{outcome} is {direction} in {group_a} than in {group_b}.", OPEN),
    ("The result is not statistically significant: {p}.", OPEN),
    ("The means differ between the groups of species.", SEVERAL),
    ("Mean body_mass_g is higher in Gentoo than in Adelie.", SEVERAL),
    ("Gentoo have the highest mean.", SEVERAL),
    ("The data do not show that Adelie is higher than Chinstrap.", SEVERAL),
    ("Longer flipper_length_mm goes with higher body_mass_g.", SLOPE),
    ("The shorter the flipper_length_mm, the lower the body_mass_g.", SLOPE),
    ("The association is positive.", SLOPE),
    ("As flipper_length_mm increases, body_mass_g increases by {effect}.", SLOPE),
    ("The mean is {effect} ({interval}).", ESTIMATE),
    ("body_mass_g is higher than mass_before_g.", PAIRS),
    ("Mean noise differs by less than {delta} between {group_a} and {group_b}.", ALIKE),
    ("The groups are equivalent within {delta}.", ALIKE),
    ("The drug causes a higher share of recovered.", TRIAL),
    ("The treatment leads to a difference of {effect}.", TRIAL),
]


@pytest.mark.parametrize(("text", "licence"), ACCEPTED, ids=[text for text, _ in ACCEPTED])
def test_a_licensed_sentence_may_stand(text, licence):
    assert reasons(text, licence) == ""


REJECTED = [
    # numbers
    ("Gentoo weigh 1070 g more than Adelie.", HIGHER, "number"),
    ("Gentoo weigh a thousand grams more than Adelie.", HIGHER, "number"),
    ("Gentoo weigh twice as much.", HIGHER, "number"),
    ("Gentoo weigh half as much again.", HIGHER, "number"),
    ("The p value is below {alpha}, at 0.03.", HIGHER, "number"),
    ("A third of the variation lies between groups.", HIGHER, "number"),
    ("Gentoo weigh ١٢٣ more than Adelie.", HIGHER, "number"),
    ("Gentoo weigh ½ more than Adelie.", HIGHER, "number"),
    ("Gentoo weigh １０７０ more than Adelie.", HIGHER, "number"),
    ("Gentoo weigh Ⅳ more than Adelie.", HIGHER, "number"),
    ("The group has twenty-one rows.", HIGHER, "number"),
    ("The interval excludes zero.", HIGHER, "number"),
    ("企鵝重三倍。", HIGHER, "number"),
    # references
    ("The effect is {size}.", HIGHER, "{size}"),
    ("The effect is {c1h1.effect}.", HIGHER, "{c1h1.effect}"),
    ("The effect is {delta}.", HIGHER, "{delta}"),
    ("The effect is {effect!r}.", HIGHER, "markup"),
    ("The effect is {effect.__class__}.", HIGHER, "{effect.__class__}"),
    ("The effect is {{effect}}.", HIGHER, "markup"),
    ("The effect is { effect }.", HIGHER, "markup"),
    # direction
    ("Gentoo have a lower mean body_mass_g than Adelie.", HIGHER, "contradicts"),
    ("Mean body_mass_g is higher in Adelie than in Gentoo.", HIGHER, "contradicts"),
    ("{group_b} is higher than {group_a}.", HIGHER, "contradicts"),
    ("The difference is negative.", HIGHER, "contradicts"),
    ("Gentoo is not higher than Adelie.", HIGHER, "denies"),
    ("The data do not show that Gentoo is higher than Adelie.", HIGHER, "denies"),
    ("It is not false that Gentoo is lower than Adelie.", HIGHER, "contradicts"),
    ("Not only is Gentoo lower than Adelie.", HIGHER, "contradicts"),
    ("Rows were not excluded, but Gentoo is lower than Adelie.", HIGHER, "contradicts"),
    ("The standard deviation is higher in Gentoo than in Adelie.", HIGHER, "deviation"),
    ("The median is higher in Gentoo than in Adelie.", HIGHER, "median"),
    ("adelie is higher than gentoo.", HIGHER, "contradicts"),
    ("Adelies are heavier than Gentoos.", HIGHER, "contradicts"),
    ("The mean is higher than in the other group.", HIGHER, "which groups"),
    ("Gentoo do better than Adelie.", HIGHER, "direction"),
    ("Noise is lower with drug than with placebo.", OPEN, "not shown"),
    ("Noise may be lower with drug than with placebo.", OPEN, "not shown"),
    ("Noise tends to be lower with drug.", OPEN, "not shown"),
    ("Noise is not higher with drug than with placebo.", OPEN, "not shown"),
    ("Noise does not differ between drug and placebo.", OPEN, "not shown"),
    ("There is no difference between drug and placebo.", OPEN, "not shown"),
    ("Drug and placebo are the same.", OPEN, "no difference"),
    ("Noise differs between drug and placebo.", OPEN, "not shown"),
    ("Mean body_mass_g is higher.", SEVERAL, "which groups"),
    ("Mean body_mass_g is higher in Adelie than in Gentoo.", SEVERAL, "contradicts"),
    ("Adelie is higher than Chinstrap.", SEVERAL, "not shown"),
    ("Adelie have the highest mean.", SEVERAL, "every other group"),
    ("Longer flipper_length_mm goes with lower body_mass_g.", SLOPE, "contradicts"),
    ("body_mass_g decreases as flipper_length_mm increases.", SLOPE, "contradicts"),
    ("The association is negative.", SLOPE, "contradicts"),
    ("The mean is higher than expected.", ESTIMATE, "estimate"),
    ("body_mass_g is lower than mass_before_g.", PAIRS, "contradicts"),
    ("Mean body_mass_g differs by less than {n} between the groups, so they are similar.", HIGHER, "no difference"),
    # strength
    ("There is a strong difference between the groups.", HIGHER, "size"),
    ("The difference is large.", HIGHER, "size"),
    ("The difference is negligible.", OPEN, "size"),
    ("The difference is not large.", HIGHER, "size"),
    ("Species explains most of the variation.", HIGHER, "size"),
    # significance, certainty, verdict
    ("The difference is significant.", HIGHER, "verdict"),
    ("The difference is not significant.", HIGHER, "verdict"),
    ("The difference is statistically insignificant.", HIGHER, "verdict"),
    ("This proves that Gentoo is higher than Adelie.", HIGHER, "certainty"),
    ("Gentoo is clearly higher than Adelie.", HIGHER, "certainty"),
    ("Without doubt Gentoo is higher than Adelie.", HIGHER, "certainty"),
    ("The hypothesis is supported.", HIGHER, "verdict"),
    ("The data do not support the hypothesis.", HIGHER, "verdict"),
    # cause
    ("Species causes higher body_mass_g.", HIGHER, "cause"),
    ("The effect of species on body_mass_g is {effect}.", HIGHER, "cause"),
    ("The effect of {predictor} on {outcome} is {effect}.", HIGHER, "cause"),
    ("Species leads to a difference.", HIGHER, "cause"),
    ("The difference is due to species.", HIGHER, "cause"),
    ("Species has an impact on body_mass_g.", HIGHER, "cause"),
    ("Species may cause the difference.", HIGHER, "cause"),
    ("Species does not cause the difference.", HIGHER, "cause"),
    ("Species affects body_mass_g.", HIGHER, "cause"),
    # hostile
    ("See <b>here</b>.", HIGHER, "markup"),
    ("See [here](x).", HIGHER, "markup"),
    ("See `here`.", HIGHER, "markup"),
    ("See https://example.org for more.", HIGHER, "address"),
    ("See www.example.org.", HIGHER, "address"),
    ("Mean {outcome}\x1b[31m is higher in {group_a}.", HIGHER, "invisible"),
    ("Mean {outcome}\nis higher in {group_a}.", HIGHER, "invisible"),
    ("Mean \u202e{outcome} is higher in {group_a}.", HIGHER, "invisible"),
    ("a " * 250, HIGHER, "characters"),
    ("", HIGHER, "empty"),
    ("{p} < {alpha}", HIGHER, "markup"),
    # what cannot be checked
    ("Die Masse ist bei Gentoo größer und das ist nicht Zufall.", HIGHER, "English"),
    ("Gentoo тяжелее Adelie.", HIGHER, "English"),
    ("Species саuses the difference.", HIGHER, "English"),
]


@pytest.mark.parametrize(("text", "licence", "reason"), REJECTED, ids=[text[:70] for text, _, _ in REJECTED])
def test_an_unlicensed_sentence_goes_back_with_a_reason(text, licence, reason):
    assert reason in reasons(text, licence)


@pytest.mark.parametrize(
    "text",
    [
        "Sex may influence both species and body_mass_g.",
        "The difference could be due to diet, which was not measured.",
        "Age could account for part of it.",
    ],
)
def test_confounders_may_be_supposed_but_not_asserted(text):
    assert reasons(text, HIGHER, "confounders") == ""
    assert reasons(text.replace("may ", "").replace("could be", "is").replace("could account", "accounts"), HIGHER, "confounders")


def test_putting_a_result_down_to_chance_names_no_cause():
    assert reasons("The difference may be due to chance.", HIGHER, "confounders") == ""
    assert reasons("Rows were lost because of missing values.", HIGHER, "anomalies") == ""


def test_no_cause_is_licensed_by_a_trial_that_shows_nothing():
    shown_nothing = licence_of("welch, open", RANDOMISED)
    assert "cause" in reasons("The drug causes noise.", shown_nothing)


def test_a_trial_licenses_a_cause_only_for_what_it_assigned():
    other = licence_of("welch, as predicted", RANDOMISED)
    assert "cause" in reasons("Species causes higher body_mass_g.", other)


def test_names_of_the_data_may_hold_digits_when_they_match_exactly():
    names = frozenset({"x1", "2007", "Group 3", "bill_length_2"})
    licence = Licence(HIGHER.references, HIGHER.names | names, HIGHER.scopes)
    assert reasons("Rows with x1 and Group 3 were used.", licence) == ""
    assert "number" in reasons("Rows with x2 and Group 4 were used.", licence)
    assert "number" in reasons("Rows with x11 were used.", licence)


def test_a_level_that_is_a_bare_number_needs_quotes_or_its_column():
    licence = Licence(HIGHER.references, HIGHER.names | {"2007", "year"}, HIGHER.scopes)
    assert reasons('Rows from "2007" were used.', licence) == ""
    assert reasons("Rows with year 2007 were used.", licence) == ""
    assert "number" in reasons("Gentoo is higher than Adelie by 2007 grams.", licence)


def test_a_level_called_like_a_claim_does_not_hide_the_claim():
    licence = Licence(OPEN.references, OPEN.names | {"higher", "significant", "no"}, OPEN.scopes)
    assert "not shown" in reasons("Noise is higher with drug than with placebo.", licence)
    assert "significant" in reasons("Noise is significant.", licence)


def test_templates_with_hostile_braces_do_not_break_the_check():
    for text in ("{", "}", "{}", "{{{", "{effect", "effect}", "{0}", "{effect:>999999}", "{a.b.c}"):
        assert reasons(text, HIGHER)


def test_the_check_sorts_and_keeps_the_order():
    sentences = tuple(Sentence(section="interpretation", text=text) for text in ("The mean is {effect}.", "It is 5.", "n = {n}."))
    check = check_sentences("c1h1g1g1", sentences, HIGHER)
    assert [sentence.text for sentence in check.accepted] == ["The mean is {effect}.", "n = {n}."]
    assert [rejection.text for rejection in check.rejected] == ["It is 5."]
    assert check.key == "c1h1g1g1"


def test_a_synthesis_is_checked_against_every_result_it_speaks_of():
    record = make_record([CASES["welch, as predicted"], CASES["welch, open"]], dataset=DATA)
    found = tuple((one, record.studies[one.id], record.judgements[one.id]) for one in record.hypotheses)
    licence = synthesis_licence(found, record.material.cards, record.material.sheet)
    assert reasons("{c1h1.outcome} is higher in {c1h1.group_a}, {c1h1.effect}.", licence) == ""
    assert "not shown" in reasons("{c1h2.outcome} is higher in {c1h2.group_a}, {c1h2.effect}.", licence)
    assert "not shown" in reasons("Both results point to higher values, {c1h1.effect} and {c1h2.effect}.", licence)
    assert reasons("The result {c1h1.effect} is significant.", licence) == ""
    assert "verdict" in reasons("The result {c1h2.effect} is significant.", licence)
    assert reasons("The hypothesis on {c1h1.outcome} is supported.", licence) == ""
    assert "verdict" in reasons("The hypothesis on {c1h2.outcome} is supported.", licence)
    assert reasons("Over all: {verdicts} of {findings}.", licence) == ""
    assert "{effect}" in reasons("The effect is {effect}.", licence)


@pytest.mark.parametrize(
    "text",
    [
        "Gentoo penguins have a higher mean body_mass_g than Adelie penguins.",
        "Compare the two groups with a two-sided test.",
        "Smoking may confound the association.",
        "Does x1 differ between groups?",
    ],
)
def test_a_designers_words_may_predict(text):
    assert check_words(text, data_names([DATA.card]) | {"x1"}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "A difference of 5 g is expected.",
        "We found that Gentoo are heavier.",
        "The results show a difference.",
        "The difference was significant.",
        "This proves the hypothesis.",
        "See <script>alert()</script>.",
        "Expect a hundred rows.",
        "Line one\nline two",
    ],
)
def test_a_designers_words_may_not_state_numbers_results_or_markup(text):
    assert check_words(text, data_names([DATA.card])) != ()
