"""Mixed models: restricted likelihood by Newton's method on whole matrices, with Kenward and Roger's errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Columns, Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import mixed
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.families.several_groups import detectable_share, share, share_ends

SOURCE = "mpmath: restricted likelihood by Newton's method, V cluster by cluster"
FORMS: Mapping[str, mixed.Forms] = {
    "intercepts": ([[1, 0], [0, 0]], [[0, 0], [0, 1]]),
    "levels": ([[1, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0], [0, 0, 1]]),
    "slopes": (
        [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, mpf(1) / 2, 0], [0, mpf(1) / 2, 0, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    ),
}
"""The rows' variance is φ₁²; the others are squares, or (φ₂, 0; φ₃, φ₄) is the root of the covariance of levels and slopes."""


def clusters_of(columns: Columns, kind: str, variables: Sequence[g.Column]) -> list[mixed.Cluster]:
    """Whole matrices of each cluster; a numeric predictor, the last variable, is taken from its mean."""
    x = variables[-1]
    own = x if "g" in columns and kind == "slopes" and set(x) <= {0, 1} else [value - m.mean(x) for value in x]
    found = []
    for name in sorted(set(columns["c"])):
        rows = [place for place, one in enumerate(columns["c"]) if one == name]
        parts = [g.identity(len(rows)), [[mpf(1) for _ in rows] for _ in rows]]
        if kind == "slopes":
            parts += [[[own[i] + own[j] for j in rows] for i in rows], [[own[i] * own[j] for j in rows] for i in rows]]
        if kind == "levels":
            parts += [[[mpf(columns["g"][i] == columns["g"][j]) for j in rows] for i in rows]]
        outcome = [mpf(columns["y"][row]) for row in rows]
        found.append(mixed.Cluster([[mpf(1), *(one[row] for one in variables)] for row in rows], outcome, parts))
    return found


def model(
    columns: Columns,
    kind: str,
    blocks: Mapping[str, Mapping[str, g.Column]],
    start: Sequence[str],
    delta: str | None = None,
    alternative: str = "two-sided",
) -> Reference:
    """Everything that is reported of the last block's variable, the clusters' shifts being of this `kind`."""
    named = {name: column for block in blocks.values() for name, column in block.items()}
    focus, own = list(blocks.items())[-1]
    clusters = clusters_of(columns, kind, list(named.values()))
    zero = [place for place, one in enumerate(start) if one == "0"]
    fit = mixed.maximum(clusters, FORMS[kind], [mpf(one) for one in start], zero)
    covariance, _ = fit.covariance()
    n = len(columns["y"])
    total = mp.fsum(
        value * part[row][row]
        for cluster in clusters
        for value, part in zip(fit.variances, cluster.parts, strict=True)
        for row in range(len(part))
    ) / n  # fmt: skip
    sizes = [len(cluster.outcome) for cluster in clusters]
    dfs = [fit.df([mpf(i == place) for i in range(len(covariance))]) for place in range(len(covariance))]
    found = terms(fit, covariance, dfs, list(named), len(own))
    found |= variances(fit, kind, focus, columns)
    if len(own) == 1:
        error = mp.sqrt(covariance[-1][-1])
        found |= m.tested(fit.coefficients[-1], error, dfs[-1], alternative)
        scale = (1 if "g" in columns and focus == "g" else m.sd(named[focus])) / mp.sqrt(total)
        names = [name for name in ("effect", "effect low", "effect high") if name in found]
        found |= {name.replace("effect", "standardised"): found[name] * scale for name in names}
        found |= m.equivalence(fit.coefficients[-1], error, dfs[-1], mpf(delta)) if delta else {}
        df = dfs[-1]
    else:
        f, df = fit.joint(len(own))
        both, units = (mpf(len(own)), df), int(mp.ceil(df)) + len(own) + 1
        low, high = share_ends(f, both, units)
        found |= {"statistic": f, "df 1": both[0], "df 2": df, "p": d.f_upper(f, *both)}
        found |= {"effect": share(max(mpf(0), both[0] * (f - 1)), units), "effect low": low, "effect high": high}
        found |= {"detectable": detectable_share(both, units)}
    groups = m.grouped(columns["y"], columns["g"]) if focus == "g" else {"all rows": m.numbers(columns["y"])}
    for label, values in groups.items():
        found |= m.description(label, values)
    return found | {
        "measure intraclass correlation": 1 - fit.variances[0] / total,
        "measure clusters": mpf(len(sizes)),
        "measure largest cluster": mpf(max(sizes)),
        "measure smallest cluster": mpf(min(sizes)),
        "measure degrees of freedom": df,
        "measure condition number": g.condition(list(named.values())),
        "measure largest variance inflation": g.largest_inflation([list(block.values()) for block in blocks.values()]),
    }


def terms(fit: mixed.Reml, covariance: g.Matrix, dfs: Sequence[mpf], names: Sequence[str], focus: int) -> dict[str, mpf]:
    """Every slope on its own degrees of freedom; several of the focus are Holm-adjusted."""
    found: dict[str, mpf] = {}
    errors = [mp.sqrt(covariance[place][place]) for place in range(1, len(covariance))]
    listed = list(zip(names, fit.coefficients[1:], errors, dfs[1:], strict=True))
    p = [m.p_of(value / error, df) for _, value, error, df in listed]
    p[-focus:] = g.holm(p[-focus:])
    for (name, value, error, df), one in zip(listed, p, strict=True):
        found |= m.interval(f"term {name}", value, error, df)
        found |= {f"term {name} statistic": value / error, f"term {name} p": one}
    return found


def variances(fit: mixed.Reml, kind: str, focus: str, columns: Columns) -> dict[str, mpf]:
    """The variances' terms."""
    names = {
        "intercepts": ("variance between clusters",),
        "levels": ("variance between clusters", f"variance of {focus} within clusters"),
        "slopes": (
            "variance between clusters at the mean",
            "covariance of level and slope",
            "variance of the slopes between clusters",
        ),
    }[kind]
    if kind == "slopes" and focus == "g":
        names = (
            "variance between clusters at B",
            "covariance of level and difference",
            "variance of the differences between clusters",
        )
    own = zip(("variance within clusters", *names), fit.variances, strict=True)
    return {f"term {name}": value for name, value in own}


def _columns(
    name: str, sizes: Sequence[int], *, level: float, bend: float, by: str = "x", levels: str = "AB"
) -> dict[str, list[str]]:
    """Clusters of these sizes, whose levels and slopes (differences, where `by` is g) have these standard deviations."""
    n, ids = sum(sizes), [cluster for cluster, size in enumerate(sizes) for _ in range(size)]

    def draws(what: str, count: int) -> list[float]:
        return [float(text) for text in made.normal(f"mixed {name} {what}", count, 0, 1)]

    own, noise, shift, turn = draws("x", n), draws("noise", n), draws("level", len(sizes)), draws("slope", len(sizes))
    x = [f"{10 + 2 * value + shift[-1 - ids[place]]:.2f}" for place, value in enumerate(own)]
    group = [levels[(cluster if by == "cluster" else place * place + cluster) % len(levels)] for place, cluster in enumerate(ids)]
    z = [f"{value:.3f}" for value in draws("z", n)]
    y = []
    for place, cluster in enumerate(ids):
        moved = float(x[place]) - 10 if by == "x" else float(levels.index(group[place]))
        value = 50 + level * shift[cluster] + (0.7 + bend * turn[cluster]) * moved + 0.5 * float(z[place]) + noise[place]
        y.append(f"{value:.3f}")
    return {"y": y, "x": x, "g": group, "z": z, "c": [f"c{cluster:02}" for cluster in ids]}


UNEQUAL = (3, 9, 5, 4, 7, 12, 4, 6, 3, 8)
EVEN = (6,) * 12


def _entry(data: str, columns: dict[str, list[str]], kind: str, start: Sequence[str], focus: str, **more: object) -> Entry:
    numbers = {name: m.numbers(columns[name]) for name in "xz"}
    levels = sorted(set(columns["g"]))
    reference = "B" if len(levels) == 2 else "A"
    own = {f"g: {level} − {reference}": column for level, column in g.indicators(columns["g"], reference).items()}
    covariates = ("z",) if more.pop("adjusted", False) else ()
    blocks = {name: {name: numbers[name]} for name in (*covariates, focus) if name != "g"} | ({"g": own} if focus == "g" else {})
    delta, alternative = more.get("delta"), str(more.get("alternative", "two-sided"))
    arguments = {"outcome": "y", "predictors": focus, "cluster": "c", "covariates": covariates, "alternative": alternative}
    arguments |= {"levels": ("A", "B")} if focus == "g" and len(levels) == 2 else {}
    arguments |= {"delta": float(str(delta))} if delta else {}
    reference_of = partial(model, columns, kind, blocks, start, None if delta is None else str(delta), alternative)
    return Entry("mixed_model", data, SOURCE, columns, arguments, reference_of)


def _entries() -> list[Entry]:
    sloped = _columns("sloped", UNEQUAL, level=1.5, bend=0.6)
    flat = _columns("flat", UNEQUAL, level=1.5, bend=0.0)
    two = _columns("two", EVEN, level=1.0, bend=1.0, by="g")
    apart = _columns("apart", UNEQUAL, level=1.0, bend=0.0, by="cluster")
    three = _columns("three", UNEQUAL, level=1.0, bend=0.8, by="g", levels="ABC")
    three_apart = _columns("three apart", UNEQUAL + EVEN, level=1.0, bend=0.0, by="cluster", levels="ABC")
    alike = _columns("alike", EVEN, level=0.0, bend=0.0, by="g")
    fixed = {**sloped, "y": [f"{3 * int(one[1:]) % 7}" for one in sloped["c"]]}
    far = {**sloped, "y": [f"{1e12 + float(value):.3f}" for value in sloped["y"]]}
    asked = {"outcome": "y", "predictors": "x", "cluster": "c"}
    return [
        _entry(
            "10 unequal clusters, slopes, a covariate, δ",
            sloped,
            "slopes",
            ("1.05", "1.2", "-0.1", "0.44"),
            "x",
            adjusted=True,
            delta="1",
        ),
        _entry("10 unequal clusters, slopes at the boundary", flat, "slopes", ("1.05", "1.4", "0.05", "0"), "x"),
        _entry("12 clusters, two levels within, less", two, "slopes", ("1.2", "1.31", "-0.78", "0.62"), "g", alternative="less"),
        _entry("12 clusters that do not differ", alike, "slopes", ("1", "0", "0", "0"), "g"),
        _entry(
            "10 unequal clusters, two levels between, greater",
            apart,
            "intercepts",
            ("1", "1"),
            "g",
            adjusted=True,
            alternative="greater",
        ),
        _entry("10 unequal clusters, three levels within", three, "levels", ("1", "1.31", "0.13"), "g"),
        _entry("22 unequal clusters, three levels between", three_apart, "intercepts", ("1", "1"), "g"),
        Entry("mixed_model", "an outcome without variation in clusters", SOURCE, fixed, asked, refusal="y does not vary within"),
        Entry("mixed_model", "an outcome near 10¹²", SOURCE, far, asked, refusal="ill-conditioned: "),
    ]


ENTRIES = _entries()
