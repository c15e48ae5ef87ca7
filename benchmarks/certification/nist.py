"""The certified data sets of NIST's Statistical Reference Datasets that ship inside installed packages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

ANOVA = ("SiRstv", "AtmWtAg", *(f"SmLs0{place}" for place in range(1, 10)))
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[Ee][-+]?\d+)?")


@dataclass(frozen=True)
class Certified:
    """A set's cells as NIST writes them, and its certified values by name."""

    name: str
    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, str]


def anova(name: str) -> Certified:
    """One-way sets: columns `treatment` (a letter) and `response`; R² and the residual standard deviation."""
    text = _text("nist_anova", name)
    head, _, body = text.rpartition("Data: ")
    rows = [line.split() for line in body.splitlines()[1:] if line.strip()]
    columns = {"treatment": tuple("ABCDEFGHI"[int(row[0]) - 1] for row in rows), "response": tuple(row[1] for row in rows)}
    between = NUMBER.findall(head.split("Between ")[1].splitlines()[0])
    within = NUMBER.findall(head.split("Within ")[1].splitlines()[0])
    return Certified(
        name,
        columns,
        {
            "between df": between[0],
            "between sum of squares": between[1],
            "F": between[3],
            "within df": within[0],
            "within sum of squares": within[1],
            "R squared": NUMBER.findall(head.split("Certified R-Squared")[1])[0],
            "residual sd": NUMBER.findall(head.split("Standard Deviation")[1])[0],
        },
    )


def norris() -> Certified:
    """Calibration of ozone monitors: columns `y` and `x`, the line's coefficients and R²."""
    head, _, body = _text("nist_linregress", "Norris").partition("Data:       y          x")
    rows = [line.split() for line in body.splitlines() if line.strip()]
    intercept, slope = (re.findall(rf"{name}\s+(-?\d[-+.\dE]+)\s", head)[0] for name in ("B0", "B1"))
    r_squared = NUMBER.findall(head.split("R-Squared")[1])[0]
    columns = {"y": tuple(row[0] for row in rows), "x": tuple(row[1] for row in rows)}
    return Certified("Norris", columns, {"intercept": intercept, "slope": slope, "R squared": r_squared})


def longley() -> Mapping[str, tuple[str, ...]]:
    """Longley's economy of the United States, as statsmodels ships it (NIST's set of that name)."""
    lines = (files("statsmodels.datasets") / "longley" / "longley.csv").read_text().splitlines()
    names = [name.strip('"') for name in lines[0].split(",")]
    rows = [line.split(",") for line in lines[1:] if line.strip()]
    return {name: tuple(row[place].strip('"') for row in rows) for place, name in enumerate(names)}


LONGLEY = {"POP": "-0.511041056535807E-01", "GNPDEFL": "15.0618722713733", "R squared": "0.995479004577296"}
"""Certified slopes and R² of Longley's set; its file in statsmodels does not have them."""


def _text(folder: str, name: str) -> str:
    return (files("scipy.stats") / "tests" / "data" / folder / f"{name}.dat").read_text()
