"""The prompts: a Markdown file each, named after the node that asks, and the one function that fills their slots."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import resources

PROMPT_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
SLOT = re.compile(r"\{\{([a-z_]+)\}\}")


def render_prompt(name: str, /, **values: str) -> str:
    """The prompt `name` with each slot `{{key}}` replaced by `values[key]`, once: a value may hold anything, slots included.

    Raises ValueError where there is no such prompt, a slot has no value, or a value has no slot.
    """
    text = _prompt_text(name)
    slots = set(SLOT.findall(text))
    if slots != values.keys():
        raise ValueError(f"prompt {name}: it has the slots {sorted(slots)}, the values given are {sorted(values)}")
    return SLOT.sub(lambda found: values[found[1]], text)


def prompt_names() -> tuple[str, ...]:
    """Names of all prompts, sorted."""
    files = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in files if name.endswith(".md")))


def prompt_digests() -> dict[str, str]:
    """SHA-256 of each prompt's text as it is rendered, by name, for run sheets."""
    return {name: hashlib.sha256(_prompt_text(name).encode()).hexdigest() for name in prompt_names()}


@cache
def _prompt_text(name: str) -> str:
    if PROMPT_NAME.fullmatch(name) is None or name not in prompt_names():
        raise ValueError(f"there is no prompt {name!r}; there are {', '.join(prompt_names())}")
    return (resources.files(__name__) / f"{name}.md").read_text(encoding="utf-8").replace("\r\n", "\n").strip("\n")
