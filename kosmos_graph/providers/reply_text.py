"""Finding the one JSON object in a model's reply, without guessing."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

_REASONING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_OPENING_LOST = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_NEVER_CLOSED = re.compile(r"<think(?:ing)?>.*\Z", re.DOTALL | re.IGNORECASE)


_FENCE = re.compile(r"```[\w-]*")
REPAIRS = ("reasoning", "fences", "words", "repeats", "list")


class NotOneObject(ValueError):
    """The text does not hold exactly one JSON object; the message says why, for the model to read."""


def without_reasoning(text: str) -> str:
    """`text` without `<think>…</think>`, also where the opening tag was left out or the closing one never came."""
    return _NEVER_CLOSED.sub("", _OPENING_LOST.sub("", _REASONING.sub("", text))).strip()


def one_object(reply: str) -> dict[str, Any]:
    """The JSON object of a reply, out of reasoning, code fences, surrounding words, and a list that holds nothing else.

    Raises NotOneObject when there is none, when there are several that differ, or when a key is given twice.
    """
    return _one(without_reasoning(reply))[0]


def repairs_of(reply: str) -> tuple[str, ...]:
    """What `one_object` leaves out of a reply to find its object, as names out of `REPAIRS`; none for a bare object.

    `reasoning`; code `fences`; other `words`; `repeats` of the same object; the brackets of a `list` where the object alone was
    wanted. Raises NotOneObject as `one_object` does.
    """
    text = without_reasoning(reply)
    rest = _one(text)[1]
    plain = [_FENCE.sub("", piece).strip().strip("\ufeff") for piece in rest]
    listed = plain[0].endswith("[") and plain[-1].startswith("]")
    words = [plain[0].removesuffix("["), plain[-1].removeprefix("]")] if listed else plain
    made = {
        "reasoning": text != reply.strip(),
        "fences": any(_FENCE.search(piece) for piece in rest),
        "words": any(words),
        "repeats": len(rest) > 2,
        "list": listed,
    }
    return tuple(name for name in REPAIRS if made[name])


def _one(text: str) -> tuple[dict[str, Any], list[str]]:
    """The one object of a text, and the pieces of the text around it and its repeats."""
    found, rest = _objects(text)
    if not found:
        raise NotOneObject("no complete JSON object was found" if text else "the reply was empty")
    if any(other != found[0] for other in found[1:]):
        raise NotOneObject(f"{len(found)} different JSON objects were found; exactly one is wanted")
    return found[0], rest


def _objects(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Every JSON object in `text` that is not part of another, in order, and the pieces between them, one more."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
    found: list[dict[str, Any]] = []
    rest: list[str] = []
    begun, place = 0, text.find("{")
    while place >= 0:
        try:
            value, end = decoder.raw_decode(text, place)
        except RecursionError:
            raise NotOneObject("the JSON object is nested too deeply") from None
        except json.JSONDecodeError:
            end = place + 1
        else:
            found.append(value)
            rest.append(text[begun:place])
            begun = end
        place = text.find("{", end)
    return found, [*rest, text[begun:]]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise NotOneObject("a key is given twice in one JSON object")
    return value


def _refuse(constant: str) -> NoReturn:
    raise NotOneObject(f"{constant} is no JSON value")
