"""What the code returned, as the declared shapes."""

import pandas as pd
import pytest

from kosmos_graph.sandbox.inside.shaping import NotAsDeclared, shape

DECLARED = [{"name": "x", "kind": "table"}]


@pytest.mark.parametrize("columns", [["a", "a"], [1, "1"]])
def test_a_table_with_two_columns_of_one_name_is_refused_and_none_of_them_is_lost(columns):
    with pytest.raises(NotAsDeclared, match="two columns of the same name"):
        shape({"x": pd.DataFrame([[1, 2], [3, 4]], columns=columns)}, DECLARED)
