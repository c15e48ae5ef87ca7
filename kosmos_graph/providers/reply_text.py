"""Finding the one JSON object in a model's reply, without guessing."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

_REASONING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_OPENING_LOST = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_NEVER_CLOSED = re.compile(r"<think(?:ing)?>.*\Z", re.DOTALL | re.IGNORECASE)


class NotOneObject(ValueError):
    """The text does not hold exactly one JSON object; the message says why, for the model to read."""


def without_reasoning(text: str) -> str:
    """`text` without `<think>…</think>`, also where the opening tag was left out or the closing one never came."""
    return _NEVER_CLOSED.sub("", _OPENING_LOST.sub("", _REASONING.sub("", text))).strip()


def one_object(reply: str) -> dict[str, Any]:
    """The JSON object of a reply, out of reasoning, code fences and surrounding words.

    Raises NotOneObject when there is none, when there are several that differ, or when a key is given twice.
    """
    text = without_reasoning(reply)
    found = _objects(text)
    if not found:
        raise NotOneObject("no complete JSON object was found" if text else "the reply was empty")
    if any(other != found[0] for other in found[1:]):
        raise NotOneObject(f"{len(found)} different JSON objects were found; exactly one is wanted")
    return found[0]


def _objects(text: str) -> list[dict[str, Any]]:
    """Every JSON object in `text` that is not part of another, in order."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
    found: list[dict[str, Any]] = []
    place = text.find("{")
    while place >= 0:
        try:
            value, end = decoder.raw_decode(text, place)
        except RecursionError:
            raise NotOneObject("the JSON object is nested too deeply") from None
        except json.JSONDecodeError:
            end = place + 1
        else:
            found.append(value)
        place = text.find("{", end)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise NotOneObject("a key is given twice in one JSON object")
    return value


def _refuse(constant: str) -> NoReturn:
    raise NotOneObject(f"{constant} is no JSON value")
