"""What `benchmarks.budgets` claims, of two budgets."""

import pytest

from benchmarks.budgets import trials


@pytest.mark.timeout(300)
def test_parallel_studies_end_within_one_calls_price_of_the_budget_and_more_money_gives_the_same_report(tmp_path):
    found = list(trials(tmp_path, 2, seed=7))
    assert [one.wrong for one in found if one.wrong] == []
    assert min(one.at_once for one in found) > 2, "the studies did not draw on the budget at once"
