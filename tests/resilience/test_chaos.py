"""What `benchmarks.chaos` claims, of a few runs against a server that fails."""

from collections import Counter

import pytest

from benchmarks.chaos import LEAST_FINISHED, finished, stopped, trials


@pytest.mark.timeout(300)
def test_whatever_a_server_does_a_run_with_rules_last_has_a_report_and_a_stopped_one_is_resumed_without_paying_twice(tmp_path):
    found = list(trials(tmp_path, 20, seed=7))
    assert [one.wrong for one in found if one.wrong] == []
    assert finished([one for one in found if one.chained]) >= LEAST_FINISHED
    assert stopped([one for one in found if not one.chained]), "no run stopped, so no resume was tried"
    assert len(sum((one.faults for one in found), Counter())) > 15, "too few kinds of faults were met"
