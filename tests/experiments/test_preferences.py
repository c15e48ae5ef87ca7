"""The table of preferences as a table; what follows from it in a case is told in test_applicability."""

from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.preferences import RULES, reasons_for


def test_every_rule_prefers_a_method_of_the_catalogue_for_a_reason_without_a_digit():
    assert {rule.method for rule in RULES} <= set(CATALOGUE)
    assert not any(letter.isdigit() for rule in RULES for letter in rule.reason)


def test_the_reasons_for_a_method_are_those_of_its_rules_in_order_and_once():
    assert reasons_for("logistic_regression") == (
        "a yes/no outcome, with the other columns held constant",
        "a yes/no outcome between groups, with the covariates held constant",
        "a yes/no outcome against a number",
    )
    assert reasons_for("fisher_exact") == ()
