"""Data made for the certification: by a formula, or by a generator whose seed is stated, written as short decimal texts."""

from __future__ import annotations

import random
from collections.abc import Sequence

SEED = 20_240_229


def generator(name: str) -> random.Random:
    """Python's generator, seeded by the name of the data set; its stream does not change between versions."""
    return random.Random(f"{SEED} {name}")


def normal(name: str, n: int, centre: float, spread: float, places: int = 3) -> list[str]:
    """Normal values, rounded to `places` decimals."""
    draw = generator(name)
    return [f"{draw.gauss(centre, spread):.{places}f}" for _ in range(n)]


def skewed(name: str, n: int, scale: float, places: int = 2) -> list[str]:
    """Log-normal values."""
    draw = generator(name)
    return [f"{scale * draw.lognormvariate(0, 0.8):.{places}f}" for _ in range(n)]


def scores(name: str, n: int, levels: int) -> list[str]:
    """Whole numbers from 1 to `levels`, with many ties."""
    draw = generator(name)
    return [str(min(levels, 1 + int(levels * draw.betavariate(2, 3)))) for _ in range(n)]


def coin(name: str, n: int, share: float, words: tuple[str, str] = ("yes", "no")) -> list[str]:
    """The first word with a chance of `share`, else the second."""
    draw = generator(name)
    return [words[0] if draw.random() < share else words[1] for _ in range(n)]


def labels(**counts: int) -> list[str]:
    """Each name as often as it says."""
    return [name for name, n in counts.items() for _ in range(n)]


def wampler(kind: int) -> tuple[list[str], list[str]]:
    """Wampler 1970, JASA 65:549: x = 0 … 20 and y of his five polynomials of degree five.

    Sets 1 and 2 lie on the polynomial; 3, 4 and 5 add the same deviations once, a hundred and ten thousand times.
    """
    half = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048]
    noise = [*half, 2048, *reversed(half)]
    factor = {1: 0, 2: 0, 3: 1, 4: 100, 5: 10_000}[kind]
    y: list[str] = []
    for x in range(21):
        if kind == 2:
            y.append(f"{sum(x**power * 10 ** (5 - power) for power in range(6)) / 1e5:.5f}")
        else:
            y.append(str(sum(x**power for power in range(6)) + factor * noise[x]))
    return [str(x) for x in range(21)], y


def powers(x: Sequence[str], most: int) -> dict[str, list[str]]:
    """The powers of whole numbers, as columns `x1`, `x2`, …"""
    return {f"x{power}": [str(int(value) ** power) for value in x] for power in range(1, most + 1)}
