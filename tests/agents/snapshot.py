"""Rendered prompts, committed as text to be reviewed. `KOSMOS_UPDATE_SNAPSHOTS=1 pytest tests/agents` writes them anew."""

import os
from pathlib import Path

from kosmos_graph.providers.asking import Prompt

FOLDER = Path(__file__).parent / "snapshots"


def rendered(prompt: Prompt) -> str:
    return f"[system]\n{prompt.system}\n\n[user]\n{prompt.user}\n"


def assert_snapshot(name: str, text: str) -> None:
    path = FOLDER / f"{name}.txt"
    if os.environ.get("KOSMOS_UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"the prompt {name} is not the one reviewed in {path.name}"
