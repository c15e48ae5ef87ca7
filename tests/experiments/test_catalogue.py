"""The catalogue as a whole."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from kosmos_graph.errors import BadInput
from kosmos_graph.experiments import catalogue
from kosmos_graph.experiments.catalogue import CATALOGUE, FAMILIES, by_name, get_method, named, own_methods


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


def test_a_file_is_discovered_by_being_there_and_the_first_families_come_first():
    stems = {path.stem for path in Path(catalogue.__file__).parent.glob("*.py") if "\nMETHODS" in path.read_text(encoding="utf-8")}
    homes = list(dict.fromkeys(method.run.__module__.rpartition(".")[2] for method in own_methods()))
    given = [import_module(f"{catalogue.__name__}.{stem}").METHODS for stem in (*FAMILIES, *sorted(stems - set(FAMILIES)))]
    assert [method.name for method in own_methods()] == [method.name for methods in given for method in methods]
    assert homes[: len(FAMILIES)] == list(FAMILIES)


def test_the_catalogue_is_a_mapping_in_the_order_of_its_methods():
    assert [method.name for method in CATALOGUE.values()] == list(CATALOGUE)
    assert len(CATALOGUE) == len(set(CATALOGUE))
    assert "welch_t" in CATALOGUE and "stepwise_regression" not in CATALOGUE


def test_a_name_that_is_near_is_offered_and_one_that_is_not_is_not():
    assert named("welch_t") is CATALOGUE["welch_t"]
    with pytest.raises(BadInput, match=r"no method called 'Welch T'; did you mean `welch_t`"):
        named("Welch T")
    with pytest.raises(BadInput, match=r"no method called 'zzz'; `kosmos-graph methods` lists them$"):
        named("zzz")
