"""What a model is shown of the error of its code: what it wrote itself, and the error's words without what may be of the data."""

from __future__ import annotations

import re
from collections.abc import Collection

from kosmos_graph.agents.quoting import NUMBER, one_line

LENGTH = 400
HIDDEN = "…"
QUOTATION = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
OURS = re.compile(r"the code raised (\w{1,60}) in line (\d{1,6}): ", re.ASCII)
"""How the sandbox begins the sentence on an exception; what follows is the exception's own message."""


def shown_error(error: str, code: str, known: Collection[str]) -> str:
    """The error's sentence, and the line of the code that it names.

    Numbers and quotations that stand neither in the code nor among the names `known` to the model are hidden: a message such as
    "could not convert string to float: 'Ann Smith'" would otherwise take a row to whoever serves the model.
    """
    sentence = error.partition("\n")[0]
    begun = OURS.match(sentence)
    message = sentence[begun.end() :] if begun is not None else sentence
    told = one_line(_hidden(message, code, known), LENGTH)
    if begun is None:
        return told
    lines, number = code.split("\n"), int(begun[2])
    line = f" (line {number}: {lines[number - 1].strip()[:LENGTH]})" if 1 <= number <= len(lines) else ""
    kind = begun[1]
    return f"{kind}: {told}{line}"


def _hidden(message: str, code: str, known: Collection[str]) -> str:
    def quotation(found: re.Match[str]) -> str:
        mark, inner = found[0][0], found[0][1:-1]
        return found[0] if inner in known or found[0] in code or (inner and inner in code) else f"{mark}{HIDDEN}{mark}"

    def number(found: re.Match[str]) -> str:
        return found[0] if re.search(rf"(?<![\w.]){re.escape(found[0])}(?![\w.])", code) else "#"

    parts, end = [], 0
    for found in QUOTATION.finditer(message):
        parts += [NUMBER.sub(number, message[end : found.start()]), quotation(found)]
        end = found.end()
    return "".join((*parts, NUMBER.sub(number, message[end:])))
