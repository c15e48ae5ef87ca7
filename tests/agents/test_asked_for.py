"""A question may ask for a method by its name: which one is meant."""

import re

import pytest

from kosmos_graph.agents.reading.limits import stated_method, without_method
from kosmos_graph.experiments.catalogue import CATALOGUE

ASKED = {
    "Use a Welch t-test": "welch_t",
    "with a t test": "welch_t",
    "using a paired t-test": "paired_t",
    "by Welch's ANOVA": "welch_anova",
    "by an analysis of variance": "welch_anova",
    "by an analysis of covariance": "ancova",
    "with ANCOVA": "ancova",
    "with a permutation t-test": "permutation_test",
    "by two one-sided t-tests": "tost",
    "by regression": "linear_regression",
    "fit a linear model": "linear_regression",
    "by logistic regression": "logistic_regression",
    "Pearson correlation": "pearson",
    "Pearson's chi-squared test": "chi_square",
    "a rank correlation": "spearman",
    "Kendall's rank correlation": "kendall",
    "the partial correlation": "partial_correlation",
    "a Mann-Whitney U test": "mann_whitney",
    "the Wilcoxon signed-rank test": "wilcoxon_signed_rank",
    "Fisher's exact test": "fisher_exact",
    "bootstrap the difference": "bootstrap_interval",
}


@pytest.mark.parametrize(("words", "method"), ASKED.items())
def test_the_particular_name_beats_the_general_word(words, method):
    assert stated_method(words) == method


def test_a_question_that_names_no_method_asks_for_none():
    assert stated_method("Are Gentoo penguins heavier than Adelie penguins?") is None


@pytest.mark.parametrize("method", CATALOGUE.values(), ids=lambda method: method.name)
def test_no_method_is_asked_for_by_nothing(method):
    assert not method.asked_for or re.search(method.asked_for, "") is None
    assert method.asked_for == method.asked_for.lower() or "\\" in method.asked_for


@pytest.mark.parametrize("method", [one for one in CATALOGUE.values() if one.asked_for], ids=lambda method: method.name)
def test_a_methods_own_title_asks_for_no_other(method):
    assert stated_method(method.title) in (method.name, None)


def test_the_words_that_ask_for_a_method_are_taken_out_of_the_question():
    question = "Use a Welch t-test to see whether Gentoo are heavier than Adelie."
    assert without_method(question).split() == ["Gentoo", "are", "heavier", "than", "Adelie."]
