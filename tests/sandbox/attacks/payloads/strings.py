"""Strings and files that are executed: pickles, formulas, queries, and what stands in the data."""

from __future__ import annotations

import pandas as pd

from tests.sandbox.attacks.evidence import changed, leaked
from tests.sandbox.attacks.payload import Family

pickles = Family("pickles")
_PICKLED = """
class Payload:
    def __init__(self, command):
        self.command = command
    def __reduce__(self):
        return (os.system, (self.command,))
Payload.__module__ = "__main__"
"""

pickles(
    "a pickle",
    changed,
    """
    import pickle
    pickle.loads(pickle.dumps(Payload(f"echo hello > {CANARY['home']}/new.txt")))
""",
    top=_PICKLED,
)
pickles(
    "a pickle, by pandas.read_pickle",
    changed,
    """
    import pandas, pickle
    pickle.dump(Payload(f"echo hello > {CANARY['home']}/new.txt"), open("data.pkl", "wb"))
    pandas.read_pickle("data.pkl")
""",
    top=_PICKLED,
)
pickles(
    "a pickle, by numpy.load",
    changed,
    """
    import numpy
    command = f"echo hello > {CANARY['home']}/new.txt"
    numpy.save("data.npy", numpy.array([Payload(command)], dtype=object), allow_pickle=True)
    numpy.load("data.npy", allow_pickle=True)
""",
    top=_PICKLED,
)
pickles(
    "a pickle that opens a file by itself",
    changed,
    """
    import pickle
    pickle.loads(b"cbuiltins\\nopen\\n(V" + CANARY["home"].encode() + b"/new.txt\\nVw\\ntR.")
""",
)

strings = Family("formulas and queries")

strings(
    "a formula of patsy's",
    changed,
    """
    import patsy
    patsy.dmatrix(f"I(__import__('os').system('echo hello > {CANARY['home']}/new.txt'))", {})
""",
)
strings(
    "a formula of statsmodels'",
    leaked,
    """
    import pandas, statsmodels.formula.api as smf
    table = pandas.DataFrame({"y": [1.0, 2.0, 4.0], "x": [1.0, 2.0, 3.0]})
    smf.ols(f"y ~ x + I(print(open('{CANARY['home']}/.ssh/id_ed25519').read()) or x)", table).fit()
""",
)
strings(
    "DataFrame.query",
    changed,
    """
    import pandas
    table = pandas.DataFrame({"x": [1]})
    table.query(f"@pandas.io.common.os.system('echo hello > {CANARY['home']}/new.txt') == x")
""",
)
strings(
    "DataFrame.eval",
    leaked,
    """
    import pandas
    table = pandas.DataFrame({"x": [1]})
    print(table.eval(f"@pandas.io.common.os.popen('cat {CANARY['home']}/.ssh/id_ed25519').read()"))
""",
)
strings(
    "a cell of the data that is a query",
    changed,
    """
    import pandas
    data["table"].query(data["table"]["cell"].iloc[0])
""",
    frames={
        "table": lambda canary: pd.DataFrame(
            {
                "x": [1],
                "cell": [f"@pandas.io.common.os.system('echo hello > {canary['home']}/new.txt') == x"],
            }
        )
    },
)
strings(
    "the name of a column that is code, in a formula",
    changed,
    """
    import statsmodels.formula.api as smf
    table = data["table"]
    smf.ols("y ~ " + [name for name in table.columns if name != "y"][0], table).fit()
""",
    frames={
        "table": lambda canary: pd.DataFrame(
            {
                "y": [1.0, 2.0, 4.0],
                f"I(__import__('os').system('echo hello > {canary['home']}/new.txt'))": [1.0, 2.0, 3.0],
            }
        )
    },
)
strings(
    "a cell of the data that is a command of a spreadsheet",
    changed,
    """
    for cell in data["table"]["cell"]:
        os.system(cell.removeprefix("=cmd|"))
""",
    frames={"table": lambda canary: pd.DataFrame({"cell": [f"=cmd|echo hello > {canary['home']}/new.txt"]})},
)
