"""Cox regression."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as r
from benchmarks.certification.exact import wald
from benchmarks.certification.families.count_regression import joint as wald_f
from benchmarks.certification.families.count_regression import slashed
from benchmarks.certification.families.logistic import joint as chi_square
from benchmarks.certification.families.regression import Blocks, numeric

OPPOSITE = {"two-sided": "two-sided", "greater": "less", "less": "greater"}
"""Of an alternative about durations, that about hazards."""
Time = tuple[str, mpf]
"""Of a stratum."""
Event = tuple[int, list[mpf], r.Matrix, dict[int, mpf]]
"""Its row, mean and covariance of the variables over its risk set, and the set's shares of the risk."""


def moments(times: list[Time], events: list[bool], rows: list[list[mpf]], at: list[mpf]) -> list[Event]:
    """Every event, ties by Efron."""
    risks = [mp.exp(r.dot(row, at)) for row in rows]
    found = []
    for stratum, time in sorted({t for t, e in zip(times, events, strict=True) if e}):
        tied = [i for i, t in enumerate(times) if t == (stratum, time) and events[i]]
        left = [i for i, t in enumerate(times) if t[0] == stratum and t[1] >= time]
        for place, row in enumerate(tied):
            weights = {i: risks[i] * (1 - mpf(place) / len(tied) if i in tied else 1) for i in left}
            total = mp.fsum(weights.values())
            weights = {i: weight / total for i, weight in weights.items()}
            centre = [mp.fsum(w * rows[i][k] for i, w in weights.items()) for k in range(len(at))]
            spread = [
                [
                    mp.fsum(w * (rows[i][k] - centre[k]) * (rows[i][q] - centre[q]) for i, w in weights.items())
                    for q in range(len(at))
                ]
                for k in range(len(at))
            ]
            found.append((row, centre, spread, weights))
    return found


def robust(
    found: list[Event],
    residuals: list[list[mpf]],
    rows: list[list[mpf]],
    inverse: r.Matrix,
    wards: list[str],
) -> r.Matrix:
    """Lin and Wei's covariance from each cluster's part of the score, times G / (G − 1)."""
    k_all = range(len(inverse))
    parts = {ward: [mpf(0)] * len(inverse) for ward in wards}
    for (row, centre, _, shares), own in zip(found, residuals, strict=True):
        for k in k_all:
            parts[wards[row]][k] += own[k]
            for i, share in shares.items():
                parts[wards[i]][k] -= share * (rows[i][k] - centre[k])
    meat = [[mp.fsum(one[k] * one[q] for one in parts.values()) for q in k_all] for k in k_all]
    return [[value * len(parts) / (len(parts) - 1) for value in row] for row in r.product(r.product(inverse, meat), inverse)]


def summed(parts: list[r.Matrix]) -> r.Matrix:
    """Sum of matrices."""
    k_all = range(len(parts[0]))
    return [[mp.fsum(part[k][q] for part in parts) for q in k_all] for k in k_all]


def median_of(times: list[mpf], events: list[bool]) -> mpf | None:
    """First time at which the Kaplan–Meier curve is at a half or below."""
    survival = mpf(1)
    for time in sorted({t for t, e in zip(times, events, strict=True) if e}):
        deaths = sum(t == time and e for t, e in zip(times, events, strict=True))
        survival *= 1 - mpf(deaths) / sum(t >= time for t in times)
        if survival <= mpf("0.5") + mpf(10) ** -40:
            return time
    return None


def group(label: str, rows: list[tuple[mpf, bool]]) -> dict[str, mpf]:
    """How a group is described."""
    times, events = [t for t, _ in rows], [e for _, e in rows]
    found = {"n": mpf(len(rows)), "successes": mpf(sum(events)), "low": min(times), "high": max(times)}
    if (median := median_of(times, events)) is not None:
        found["median"] = median
    return {f"group {label} {name}": value for name, value in found.items()}


def maximum(times: list[Time], events: list[bool], rows: list[list[mpf]]) -> tuple[list[mpf], mpf]:
    """Coefficients at the maximum of Efron's likelihood, and its logarithm there."""

    def step(at: list[mpf]) -> list[mpf]:
        found = moments(times, events, rows, at)
        score = [[mp.fsum(rows[i][k] - centre[k] for i, centre, *_ in found)] for k in range(len(at))]
        return [one[0] for one in r.solved(summed([spread for _, _, spread, _ in found]), score)]

    at = wald.newton(step, [mpf(0)] * len(rows[0])) if rows[0] else []
    risks, total = [mp.exp(r.dot(row, at)) for row in rows], mpf(0)
    for stratum, time in {t for t, e in zip(times, events, strict=True) if e}:
        tied = [i for i, t in enumerate(times) if t == (stratum, time) and events[i]]
        left = mp.fsum(risk for risk, t in zip(risks, times, strict=True) if t[0] == stratum and t[1] >= time)
        own = mp.fsum(risks[i] for i in tied)
        total += mp.fsum(mp.log(risks[i]) - mp.log(left - own * place / len(tied)) for place, i in enumerate(tied))
    return at, total


def cox(
    weeks: list[str],
    relapse: list[str],
    blocks: Blocks,
    labels: list[str] | None = None,
    site: list[str] | None = None,
    ward: list[str] | None = None,
    alternative: str = "two-sided",
) -> Reference:
    """Efron's likelihood within sites, Wald's test, and Grambsch and Therneau's check with the ranks of time."""
    durations, events = list(m.numbers(weeks)), [one == "yes" for one in relapse]
    times = list(zip(site or [""] * len(durations), durations, strict=True))
    first, *others = blocks.values()
    rest = [column for block in others for column in block.values()]
    rows = [list(row) for row in zip(*first.values(), *rest, strict=True)]
    at, likelihood = maximum(times, events, rows)
    q, found = len(first), moments(times, events, rows, at)
    covariance = r.inverse(summed([spread for _, _, spread, _ in found]))
    spread = robust(found, score_parts(found, times, rows), rows, covariance, ward) if ward else covariance
    df, n = mpf(len(set(ward)) - 1) if ward else None, len(found)

    def tested(slopes: list[mpf], own: r.Matrix) -> Reference:
        if df is not None:
            return wald_f(slopes, own, df, len(times))
        return chi_square(2 * (likelihood - maximum(times, events, [row[q:] for row in rows])[1]), q, n)

    listed = list(zip(durations, events, strict=True))
    shown = wald.ratios("hazard ratio", blocks, at, spread, df, OPPOSITE[alternative], tested)
    for label in set(labels or ["all rows"]):
        shown |= group(label, [one for place, one in enumerate(listed) if labels is None or labels[place] == label])
    own = [durations[i] for i, *_ in found]
    return {
        **shown,
        **proportionality(found, score_parts(found, times, rows), own, covariance, q),
        "measure events": mpf(n),
        "measure events per parameter": mpf(n) / len(at),
        "measure share of tied events": mpf(sum(own.count(t) > 1 for t in own)) / n,
    }


def score_parts(found: list[Event], times: list[Time], rows: list[list[mpf]]) -> list[list[mpf]]:
    """Schoenfeld's residuals: the row of each event less the mean of what was expected at its time."""
    by_time: dict[Time, list[list[mpf]]] = {}
    for i, centre, *_ in found:
        by_time.setdefault(times[i], []).append(centre)
    means = {time: [m.mean(column) for column in zip(*centres, strict=True)] for time, centres in by_time.items()}
    return [[value - mean for value, mean in zip(rows[i], means[times[i]], strict=True)] for i, *_ in found]


def proportionality(found: list[Event], residuals: list[list[mpf]], own: list[mpf], covariance: r.Matrix, q: int) -> dict[str, mpf]:
    """Grambsch and Therneau's check of the first `q` coefficients."""
    n, ordered = len(found), sorted(own)
    ranks = [mpf(2 * ordered.index(t) + 1 + own.count(t)) / 2 for t in own]
    ranks = [one - m.mean(ranks) for one in ranks]
    scaled = [[n * r.dot(row, line) for row in residuals] for line in covariance[:q]]
    slopes = [r.dot(ranks, column) for column in scaled]
    turned = [row[0] for row in r.solved([line[:q] for line in covariance[:q]], [[slope] for slope in slopes])]
    square = r.dot(slopes, turned) / (n * r.dot(ranks, ranks))
    shown = {"measure proportional hazards p": d.chi_square_upper(square, mpf(q))}
    return shown | ({"measure correlation with time": r.correlations([ranks, scaled[0]])[0][1]} if q == 1 else {})


def _entries() -> list[Entry]:
    draw = made.generator("cox")
    x, w = made.normal("cox x", 50, 0, 1), made.normal("cox w", 50, 3, 2)
    times = [draw.expovariate(0.1 * 2 ** float(one)) for one in x]
    cuts = [draw.uniform(4, 30) for _ in x]
    weeks = [f"{min(pair) + 0.05:.1f}" for pair in zip(times, cuts, strict=True)]
    whole = [str(int(min(pair)) + 1) for pair in zip(times, cuts, strict=True)]
    relapse = ["yes" if time <= cut else "no" for time, cut in zip(times, cuts, strict=True)]
    told = {"outcome": "weeks", "predictors": "x", "covariates": ("w",), "event": "relapse", "event_level": "yes"}
    site, ward = [("south", "north", "west")[place % 3] for place in range(50)], [f"w{place**2 % 17:02}" for place in range(50)]
    arm = ["abc"[place**2 % 7 % 3] for place in range(50)]
    slopes, levels = numeric(x=x) | numeric(w=w), slashed("arm", arm, "a") | numeric(x=x)
    by_arm = {**told, "predictors": "arm", "covariates": ("x",)}
    less, greater = {"alternative": "less"}, {"alternative": "greater"}
    sets = (
        ("50 durations", weeks, told, {}),
        ("50 durations, less", weeks, told | less, less),
        ("50 durations, tied", whole, told, {}),
        ("50 durations, tied, in 3 strata", whole, told | {"stratum": "site"}, {"site": site}),
        ("50 durations, tied, in 9 clusters", whole, told | {"cluster": "ward"}, {"ward": ward}),
        ("50 durations, in strata and clusters, greater", weeks, told | greater | {"stratum": "site", "cluster": "ward"},
         greater | {"site": site, "ward": ward}),
        ("50 durations, tied, three levels in 3 strata", whole, by_arm | {"stratum": "site"}, {"labels": arm, "site": site}),
        ("50 durations, three levels in 9 clusters", weeks, by_arm | {"cluster": "ward"}, {"labels": arm, "ward": ward}),
    )  # fmt: skip
    beside = {"relapse": relapse, "x": x, "w": w, "site": site, "ward": ward, "arm": arm}
    source = "mpmath, Newton's method on Efron's likelihood"
    return [
        Entry("cox_regression", name, source, {"weeks": durations, **beside}, asked,
              partial(cox, durations, relapse, levels if "labels" in more else slopes, **more))
        for name, durations, asked, more in sets
    ]  # fmt: skip


ENTRIES = _entries()
