"""The catalogue as a whole."""

from __future__ import annotations

import pytest

from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.catalogue import CATALOGUE, by_name, get_method


def test_every_method_is_found_by_its_name():
    assert all(get_method(name).name == name for name in CATALOGUE)


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        get_method("stepwise_regression")


def test_two_methods_with_one_name_are_refused():
    welch = get_method("welch_t")
    with pytest.raises(BadInput, match="welch_t"):
        by_name((welch, welch))


def test_a_sensitivity_that_does_not_exist_is_refused():
    with pytest.raises(BadInput, match="mann_whitney"):
        by_name((get_method("welch_t"),))


@pytest.mark.parametrize("method", CATALOGUE.values(), ids=lambda method: method.name)
def test_sensitivity_analyses_take_the_same_kind_of_sample(method):
    assert {get_method(name).needs.sampling for name in method.sensitivity} <= {method.needs.sampling}
    assert method.name not in method.sensitivity


@pytest.mark.parametrize("method", CATALOGUE.values(), ids=lambda method: method.name)
def test_every_method_says_what_it_is(method):
    assert all((method.title, method.summary, method.estimand, method.source, method.tasks, method.needs.outcome))
    assert "\n" not in method.summary
