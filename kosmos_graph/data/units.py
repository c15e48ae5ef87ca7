"""The unit that a column's name gives. A missing unit is better than a wrong one."""

from __future__ import annotations

import re

from kosmos_graph.data.words import word_set, words_of

SAFE = {
    "kg": "kg", "kilograms": "kg", "mg": "mg", "ug": "µg", "µg": "µg", "mcg": "µg", "lb": "lb", "lbs": "lb", "oz": "oz",
    "grams": "g",    "mm": "mm", "cm": "cm", "km": "km",
    "µm": "µm", "nm": "nm", "inch": "in", "inches": "in", "ft": "ft", "feet": "ft", "miles": "mi",
    "meters": "m", "metres": "m",
    "ms": "ms", "msec": "ms", "sec": "s", "secs": "s", "seconds": "s", "mins": "min", "minutes": "min", "hr": "h", "hrs": "h",
    "hours": "h", "days": "d", "weeks": "weeks", "months": "months", "years": "years", "yrs": "years",
    "celsius": "°C", "degc": "°C", "fahrenheit": "°F", "degf": "°F", "kelvin": "K", "deg": "°", "degrees": "°",
    "usd": "USD", "eur": "EUR", "gbp": "GBP", "jpy": "JPY", "chf": "CHF", "aud": "AUD", "cny": "CNY", "inr": "INR",
    "dollars": "USD", "euros": "EUR", "cents": "cents",
    "pct": "%", "percent": "%", "perc": "%", "percentage": "%",
    "ml": "mL", "dl": "dL", "µl": "µL", "litres": "L", "liters": "L",
    "kpa": "kPa", "hpa": "hPa", "mmhg": "mmHg", "psi": "psi", "bpm": "bpm", "rpm": "rpm", "hz": "Hz", "khz": "kHz", "mhz": "MHz",
    "ghz": "GHz", "kwh": "kWh", "kj": "kJ", "kcal": "kcal", "kmh": "km/h", "kph": "km/h", "mph": "mph", "mpg": "mpg",
    "ppm": "ppm", "ppb": "ppb", "km2": "km²", "m2": "m²", "sqft": "ft²",
    "mgdl": "mg/dL", "mmoll": "mmol/L",
}  # fmt: skip
"""Last words of a name that mean a unit wherever they stand after another word."""
PAIRS = {
    ("mg", "dl"): "mg/dL",
    ("g", "dl"): "g/dL",
    ("mmol", "l"): "mmol/L",
    ("m", "s"): "m/s",
    ("km", "h"): "km/h",
    ("mg", "l"): "mg/L",
}
LENGTHS = word_set("length height width depth distance dist altitude elevation radius diameter thickness size")
STORES = word_set("size memory mem ram file disk storage")
LETTERS = {
    "g": ("g", word_set("mass weight wt protein fat carb carbs sugar fiber fibre salt dose yield intake")),
    "m": ("m", LENGTHS),
    "in": ("in", LENGTHS),
    "s": ("s", word_set("time duration latency rt delay interval elapsed")),
    "h": ("h", word_set("time duration elapsed sleep")),
    "min": ("min", word_set("time duration elapsed delay")),
    "c": ("°C", word_set("temp temperature")),
    "f": ("°F", word_set("temp temperature")),
    "k": ("K", word_set("temp temperature")),
    "kw": ("kW", word_set("power load capacity")),
    "db": ("dB", word_set("sound noise level gain loudness")),
    "ha": ("ha", word_set("area farm field plot")),
    "kb": ("kB", STORES),
    "mb": ("MB", STORES),
    "gb": ("GB", STORES),
    "l": ("L", word_set("volume vol capacity")),
}
"""Units that mean something else as often (one letter, `min`, `in`), and the words without which they are not taken for units."""
WORD = r"(?:%|°[CFK]?|[µμa-zA-ZΩ]{1,6}(?:\^?-?[0-9]|[²³])?)"
BRACKETED = re.compile(rf"[(\[]\s*({WORD}(?:\s?[/·*]\s?(?:[0-9]{{1,4}}\s?)?{WORD}){{0,2}})\s*[)\]]\s*$")
BRACKET_UNITS = word_set(
    "g m s h k l c f d w v j in yr min hr day week month year pa w kw mw mv kv ma mol mmol nmol µmol pmol ng pg iu "
    "kcal cal bar atm t k$ rad °c °f °k % μm um ul µl hg"
)


def unit_of(name: str) -> str | None:
    """The unit that `name` states, as it is usually written, or None: `body_mass_g`, `Length (mm)`, `weightKg`, `pct_voted`."""
    if bracketed := BRACKETED.search(name):
        return _bracketed(bracketed[1])
    if "%" in name:
        return "%"
    words = words_of(name)
    if not words:
        return None
    if words[-1] in ("pct", "percent", "percentage") or words[0] in ("pct", "percent", "percentage"):
        return "%"
    return _last_words(words)


def known_unit(text: str) -> str | None:
    """The unit that `text` is, in brackets or not, as it is usually written; None if it is none."""
    bare = text.strip().strip("()[]").strip()
    return _bracketed(bare) if re.search(r"[^\W\d_]|[%°]", bare) else None


def sure_unit(text: str) -> str | None:
    """The unit that `text` is beside a number, where no letter of it can mean a multiple: `kg` and `mg/dL`, but not `k` or `M`."""
    compact = text.strip()
    if compact.lower() in SAFE:
        return SAFE[compact.lower()]
    return _bracketed(compact) if "/" in compact or compact.startswith("°") else None


def _last_words(words: list[str]) -> str | None:
    if len(words) > 2 and tuple(words[-2:]) in PAIRS:
        return PAIRS[words[-2], words[-1]]
    if len(words) < 2 or "per" in words:
        return None
    if words[-1] in LETTERS:
        unit, needed = LETTERS[words[-1]]
        return unit if needed & set(words[:-1]) else None
    return SAFE.get(words[-1])


def _bracketed(text: str) -> str | None:
    """The bracket's text if each of its parts is a unit."""
    compact = re.sub(r"\s", "", text)
    parts = [re.sub(r"^[0-9]+|\^?-?[0-9]$|[²³]$", "", part).lower() for part in re.split(r"[/·*]", compact)]
    if all(part in SAFE or part in BRACKET_UNITS for part in parts if part):
        return SAFE.get(compact.lower(), compact) if len(parts) == 1 else compact
    return None
