"""Surveys: ratios and weighted regressions, linearised unit by unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Columns, Entry, Reference
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g

SOURCE = "mpmath: totals of linearised values by unit and stratum"


def units(columns: Columns) -> dict[tuple[str, str], list[int]]:
    """Rows of each primary sampling unit."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(zip(columns["s"], columns["c"], strict=True)):
        found.setdefault(key, []).append(place)
    return found


def degrees(columns: Columns) -> mpf:
    """Units less strata."""
    return mpf(len(units(columns)) - len(set(columns["s"])))


def error(columns: Columns, scores: g.Column) -> mpf:
    """Standard error of a total; a stratum with one unit is held against the mean of all units."""
    totals = {key: mp.fsum(scores[row] for row in rows) for key, rows in units(columns).items()}
    whole, variance = m.mean(list(totals.values())), mpf(0)
    for stratum in set(columns["s"]):
        own = [value for (name, _), value in totals.items() if name == stratum]
        if len(own) == 1:
            variance += (own[0] - whole) ** 2
        else:
            variance += len(own) * m.variance(own)
    return mp.sqrt(variance)


def ratio(outcome: g.Column, weights: g.Column, rows: Sequence[bool]) -> tuple[mpf, list[mpf], mpf]:
    """Weighted mean, its linearised values and the weighted variance."""
    own = [weight * inside for weight, inside in zip(weights, rows, strict=True)]
    total, n = mp.fsum(own), sum(rows)
    mean = g.dot(own, outcome) / total
    scores = [weight * (value - mean) / total for weight, value in zip(own, outcome, strict=True)]
    spread = mp.fsum(weight * (value - mean) ** 2 for weight, value in zip(own, outcome, strict=True)) / total
    return mean, scores, spread * n / (n - 1)


def mean_interval(prefix: str, columns: Columns, mean: mpf, scores: g.Column, counted: bool) -> Reference:
    """Student's interval of a mean, or of a proportion's logit."""
    spread, df = error(columns, scores), degrees(columns)
    if not counted:
        return m.interval(prefix, mean, spread, df)
    found = m.interval(prefix, mp.log(mean / (1 - mean)), spread / mean / (1 - mean), df)
    return {name: 1 / (1 + mp.exp(-value)) for name, value in found.items()}


def design(columns: Columns, weights: g.Column, effect: mpf | None) -> Reference:
    """Measures of the design."""
    sizes = [sum(name == stratum for name, _ in units(columns)) for stratum in sorted(set(columns["s"]))]
    found = {
        "measure primary sampling units": mpf(len(units(columns))),
        "measure strata": mpf(len(sizes)),
        "measure strata with a single unit": mpf(sizes.count(1)),
        "measure effective rows by weights": mp.fsum(weights) ** 2 / g.dot(weights, weights),
        "measure largest weight over mean weight": max(weights) / m.mean(weights),
    }
    return found | ({} if effect is None else {"measure design effect": effect})


def outcome_of(columns: Columns) -> tuple[tuple[mpf, ...], bool]:
    """Numbers, or 1 for yes."""
    counted = "yes" in columns["y"]
    return (tuple(mpf(text == "yes") for text in columns["y"]) if counted else m.numbers(columns["y"])), counted


def described(label: str, outcome: g.Column, rows: Sequence[bool], counted: bool) -> Reference:
    """A group as it is."""
    values = [value for value, inside in zip(outcome, rows, strict=True) if inside]
    share = {f"group {label} n": mpf(len(values)), f"group {label} successes": mp.fsum(values)}
    return share if counted else m.description(label, values)


def difference(columns: Columns, delta: str | None = None, alternative: str = "two-sided") -> Reference:
    """A − B."""
    outcome, counted = outcome_of(columns)
    weights = m.numbers(columns["w"])
    parts: dict[str, tuple[mpf, list[mpf], mpf]] = {}
    found: dict[str, mpf] = {}
    for label in "AB":
        rows = [one == label for one in columns["g"]]
        parts[label] = ratio(outcome, weights, rows)
        found |= described(label, outcome, rows, counted) | {f"term {label} n": mpf(sum(rows))}
        found |= mean_interval(f"term {label}", columns, *parts[label][:2], counted)
    value = parts["A"][0] - parts["B"][0]
    spread = error(columns, [one - other for one, other in zip(parts["A"][1], parts["B"][1], strict=True)])
    found |= m.tested(value, spread, degrees(columns), alternative)
    if not counted:
        scale = mp.sqrt((parts["A"][2] + parts["B"][2]) / 2)
        found |= {name.replace("effect", "standardised"): one / scale for name, one in found.items() if name.startswith("effect")}
    simple = mp.fsum(parts[label][2] / columns["g"].count(label) for label in "AB")  # type: ignore[attr-defined]
    found |= design(columns, weights, spread**2 / simple)
    return found | (m.equivalence(value, spread, degrees(columns), mpf(delta)) if delta else {})


def estimate(columns: Columns, by: bool) -> Reference:
    """The weighted mean or proportion."""
    outcome, counted = outcome_of(columns)
    weights, everything = m.numbers(columns["w"]), [True] * len(outcome)
    mean, scores, spread = ratio(outcome, weights, everything)
    found = mean_interval("effect", columns, mean, scores, counted)
    found |= design(columns, weights, error(columns, scores) ** 2 / (spread / len(outcome)))
    if not by:
        return found | described("all rows", outcome, everything, counted)
    for label in "AB":
        rows = [one == label for one in columns["g"]]
        found |= described(label, outcome, rows, counted) | {f"term {label} n": mpf(sum(rows))}
        found |= mean_interval(f"term {label}", columns, *ratio(outcome, weights, rows)[:2], counted)
    return found


def regression(columns: Columns, alternative: str = "two-sided") -> Reference:
    """Weighted least squares on x, with the groups held constant."""
    outcome, weights, x = (m.numbers(columns[name]) for name in ("y", "w", "x"))
    variables: Mapping[str, list[mpf]] = {"g: A − B": [mpf(one == "A") for one in columns["g"]], "x": list(x)}
    design_columns = [[mpf(1)] * len(outcome), *variables.values()]
    weighted = [[value * weight for value, weight in zip(column, weights, strict=True)] for column in design_columns]
    bread = g.inverse([[g.dot(one, other) for other in design_columns] for one in weighted])
    solver = g.product(bread, weighted)
    coefficients = [g.dot(row, outcome) for row in solver]
    rows = list(zip(*design_columns, strict=True))
    residuals = [value - g.dot(row, coefficients) for value, row in zip(outcome, rows, strict=True)]
    df = degrees(columns) - 2
    errors = [error(columns, [weight * e for weight, e in zip(row, residuals, strict=True)]) for row in solver]
    found = m.tested(coefficients[2], errors[2], df, alternative)
    for place, name in enumerate(variables, 1):
        value, spread = coefficients[place], errors[place]
        found |= m.interval(f"term {name}", value, spread, df)
        found |= {f"term {name} statistic": value / spread, f"term {name} p": m.p_of(value / spread, df)}
    mean = g.dot(weights, outcome) / mp.fsum(weights)
    spread_y = mp.sqrt(mp.fsum(w * (y - mean) ** 2 for w, y in zip(weights, outcome, strict=True)) / mp.fsum(weights))
    scale = m.sd(x) / spread_y
    found |= {name.replace("effect", "standardised"): one * scale for name, one in found.items() if name.startswith("effect")}
    found |= m.description("all rows", outcome) | design(columns, weights, None)
    found |= {"measure condition number": g.condition(list(variables.values()))}
    return found | {"measure largest variance inflation": g.largest_inflation([[column] for column in variables.values()])}


def _columns(name: str, counted: bool = False, lonely: bool = False) -> dict[str, list[str]]:
    """Three strata of five units with four rows each."""
    n = 60
    strata, clusters = [f"s{place // 20}" for place in range(n)], [f"c{place // 4}" for place in range(n)]
    if lonely:
        clusters = [("c99" if stratum == "s2" else one) for stratum, one in zip(strata, clusters, strict=True)]
    noise, own = made.normal(f"{name} noise", n, 20, 3), made.normal(f"{name} unit", n, 0, 2)
    x, group = made.normal(f"{name} x", n, 5, 1), made.coin(f"{name} group", n, 0.45, ("A", "B"))
    y = [float(one) + float(own[place // 4]) + float(x[place]) + 2 * (group[place] == "A") for place, one in enumerate(noise)]
    told = ["yes" if value > 25 else "no" for value in y] if counted else [f"{value:.3f}" for value in y]
    weights = [f"{100 * (1 + place // 20) + 10 * float(one):.2f}" for place, one in enumerate(made.normal(f"{name} w", n, 0, 1))]
    return {"y": told, "g": group, "x": x, "s": strata, "c": clusters, "w": weights}


def _entry(method: str, data: str, columns: dict[str, list[str]], reference: object, **more: object) -> Entry:
    arguments = {"outcome": "y", "weight": "w", "stratum": "s", "cluster": "c", **more}
    arguments |= {"success": "yes"} if "yes" in columns["y"] else {}
    return Entry(method, data, SOURCE, columns, arguments, reference)  # type: ignore[arg-type]


def _entries() -> list[Entry]:
    usual, yes, lonely = _columns("survey"), _columns("survey yes", counted=True), _columns("survey lonely", lonely=True)
    two = {"predictors": "g", "levels": ("A", "B")}
    return [
        _entry("survey_mean_difference", "15 units in 3 strata, δ", usual, partial(difference, usual, "5"), **two, delta=5.0),
        _entry("survey_mean_difference", "15 units in 3 strata, yes/no outcome", yes, partial(difference, yes), **two),
        _entry("survey_mean_difference", "a stratum of one unit", lonely, partial(difference, lonely), **two),
        _entry(
            "survey_mean_difference",
            "15 units in 3 strata, greater",
            usual,
            partial(difference, usual, alternative="greater"),
            **two,
            alternative="greater",
        ),
        _entry(
            "survey_regression",
            "15 units in 3 strata, less",
            usual,
            partial(regression, usual, alternative="less"),
            predictors="x",
            covariates=("g",),
            alternative="less",
        ),
        _entry("survey_estimate", "15 units in 3 strata", usual, partial(estimate, usual, False), quantity="mean"),
        _entry(
            "survey_estimate",
            "15 units in 3 strata, by group",
            yes,
            partial(estimate, yes, True),
            quantity="proportion",
            predictors="g",
        ),
        _entry("survey_regression", "15 units in 3 strata", usual, partial(regression, usual), predictors="x", covariates=("g",)),
    ]


ENTRIES = _entries()
