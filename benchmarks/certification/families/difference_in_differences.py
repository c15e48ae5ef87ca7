"""Difference in differences, its bias-reduced errors by the square roots of whole matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Columns, Entry, Reference
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g

SOURCE = "mpmath: cell means; CR2 by matrix square roots"
CELLS = (("A", "after"), ("A", "before"), ("B", "after"), ("B", "before"))
Signs = Mapping[tuple[str, str], int]
TERMS: Mapping[str, Signs] = {
    "change in A, after − before": {CELLS[0]: 1, CELLS[1]: -1},
    "change in B, after − before": {CELLS[2]: 1, CELLS[3]: -1},
    "A − B in before": {CELLS[1]: 1, CELLS[3]: -1},
    "A − B in after": {CELLS[0]: 1, CELLS[2]: -1},
}
WHOLE: Signs = {CELLS[0]: 1, CELLS[1]: -1, CELLS[2]: -1, CELLS[3]: 1}


def cells_of(outcome: m.Numbers, columns: Columns) -> dict[tuple[str, str], tuple[mpf, ...]]:
    """The outcome by group and period."""
    keys = list(zip(columns["g"], columns["p"], strict=True))
    return {cell: tuple(value for value, key in zip(outcome, keys, strict=True) if key == cell) for cell in CELLS}


def independent(cells: Mapping[tuple[str, str], m.Numbers], signs: Signs) -> tuple[mpf, mpf]:
    """Error and Satterthwaite's degrees of freedom."""
    parts = {cell: m.variance(cells[cell]) / len(cells[cell]) for cell in signs}
    total = mp.fsum(parts.values())
    return mp.sqrt(total), total**2 / mp.fsum(part**2 / (len(cells[cell]) - 1) for cell, part in parts.items())


def clustered(outcome: m.Numbers, columns: Columns, signs: Signs) -> tuple[mpf, mpf]:
    """CR2 error and degrees of freedom of Bell and McCaffrey, by the textbook's matrices."""
    keys = list(zip(columns["g"], columns["p"], strict=True))
    sizes = {cell: keys.count(cell) for cell in CELLS}
    n = len(keys)
    hat = [[mpf(keys[i] == keys[j]) / sizes[keys[i]] for j in range(n)] for i in range(n)]
    residuals = [value - g.dot(row, outcome) for value, row in zip(outcome, hat, strict=True)]
    direction = [mpf(signs.get(key, 0)) / sizes[key] for key in keys]
    scores, vectors = [], []
    for cluster in sorted(set(columns["c"])):
        rows = [place for place in range(n) if columns["c"][place] == cluster]
        left = mp.matrix([[mpf(i == j) - hat[i][j] for j in rows] for i in rows])
        values, turns = mp.eigsy(left)
        root = turns * mp.diag([1 / mp.sqrt(value) for value in values]) * turns.T
        weights = list(root * mp.matrix([direction[row] for row in rows]))
        scores.append(mp.fsum(weight * residuals[row] for weight, row in zip(weights, rows, strict=True)))
        vectors.append(
            [mp.fsum(weight * (mpf(row == place) - hat[place][row]) for weight, row in zip(weights, rows, strict=True))
             for place in range(n)]
        )  # fmt: skip
    inner = [[g.dot(one, other) for other in vectors] for one in vectors]
    trace = mp.fsum(inner[place][place] for place in range(len(inner)))
    return mp.sqrt(g.dot(scores, scores)), trace**2 / mp.fsum(value**2 for row in inner for value in row)


def differences(
    columns: Columns, cluster: bool, delta: str | None = None, counted: bool = False, alternative: str = "two-sided"
) -> Reference:
    """Everything that is reported."""
    outcome = tuple(mpf(text == "yes") for text in columns["y"]) if counted else m.numbers(columns["y"])
    cells = cells_of(outcome, columns)

    def contrast(signs: Signs) -> tuple[mpf, mpf, mpf]:
        value = mp.fsum(sign * m.mean(cells[cell]) for cell, sign in signs.items())
        return value, *(clustered(outcome, columns, signs) if cluster else independent(cells, signs))

    value, error, df = contrast(WHOLE)
    found = m.tested(value, error, df, alternative)
    pooled = mp.sqrt(mp.fsum(m.moment(one, 2) for one in cells.values()) / (len(outcome) - 4))
    found |= {name.replace("effect", "standardised"): one / pooled for name, one in found.items() if name.startswith("effect")}
    for name, signs in TERMS.items():
        own, spread, own_df = contrast(signs)
        found |= m.interval(f"term {name}", own, spread, own_df)
        found |= {f"term {name} statistic": own / spread, f"term {name} p": m.p_of(own / spread, own_df)}
        found |= {f"term {name} n": mpf(sum(len(cells[cell]) for cell in signs))}
    found |= {"measure difference of the groups in the earlier period": m.mean(cells[CELLS[1]]) - m.mean(cells[CELLS[3]])}
    found |= m.spread_ratio({" ".join(cell): values for cell, values in cells.items()})
    for (group, period), values in cells.items():
        described = m.description(f"{group}, {period}", values)
        share = {f"group {group}, {period} n": mpf(len(values)), f"group {group}, {period} successes": mp.fsum(values)}
        found |= share if counted else described
    if cluster:
        per_group = [len({one for one, own in zip(columns["c"], columns["g"], strict=True) if own == name}) for name in "AB"]
        found |= {"measure clusters": mpf(len(set(columns["c"]))), "measure clusters in the smaller group": mpf(min(per_group))}
        found |= {"measure ratio of the error to that of independent rows": error / independent(cells, WHOLE)[0]}
    return found | (m.equivalence(value, error, df, mpf(delta)) if delta else {})


def _data(name: str, rows: Sequence[tuple[str, str, str]], gain: float) -> dict[str, list[str]]:
    noise = [float(one) for one in made.normal(name, len(rows), 20, 3)]
    y = [f"{value + gain * (row[:2] == ('A', 'after')):.3f}" for value, row in zip(noise, rows, strict=True)]
    return {"y": y, "g": [row[0] for row in rows], "p": [row[1] for row in rows], "c": [row[2] for row in rows]}


def _entry(data: str, columns: dict[str, list[str]], cluster: bool, **more: object) -> Entry:
    arguments = {"outcome": "y", "predictors": ("g", "p"), "levels": ("A", "B"), "interaction": True}
    arguments |= {"cluster": "c"} if cluster else {}
    delta = more.get("delta")
    arguments |= {"delta": float(str(delta))} if delta else {}
    counted = "yes" in columns["y"]
    arguments |= {"success": "yes"} if counted else {}
    side = {"alternative": str(more["alternative"])} if "alternative" in more else {}
    reference = partial(differences, columns, cluster, None if delta is None else str(delta), counted, **side)
    return Entry("difference_in_differences", data, SOURCE, columns, arguments | side, reference)


def _entries() -> list[Entry]:
    pairs = [("A" if unit < 7 else "B", period, f"u{unit:02}") for unit in range(16) for period in ("before", "after")]
    uneven = [("AB"[place % 3 % 2], ("before", "after")[place * place % 5 % 2], f"c{place % 7}") for place in range(40)]
    yes = _data("did yes", pairs, 0.0)
    yes["y"] = ["yes" if float(value) > 20 else "no" for value in yes["y"]]
    return [
        _entry("32 independent rows, δ", _data("did rows", pairs, 2.0), False, delta="4"),
        _entry("16 units, two rows each", _data("did units", pairs, 2.0), True),
        _entry("7 clusters of unequal shape", _data("did uneven", uneven, 1.0), True),
        _entry("16 units, yes/no outcome", yes, True),
        _entry("32 independent rows, greater", _data("did rows", pairs, 2.0), False, alternative="greater"),
        _entry("16 units, two rows each, less", _data("did units", pairs, 2.0), True, alternative="less"),
    ]


ENTRIES = _entries()
