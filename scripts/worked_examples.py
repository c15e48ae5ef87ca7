"""Run the examples of docs/methods (all, or those named) and write what they print beneath them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

from kosmos_graph.render.methods import EXAMPLES, worked_example

ROOT = Path(__file__).parent.parent


def printed(code: str) -> str:
    """What an example prints, run in the current folder."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<worked example>", "exec"), {"__name__": "worked_example"})
    return out.getvalue()


def refreshed(page: str) -> str:
    """The page with what its example prints now."""
    code, output = worked_example(page)
    return page.replace(f"```text\n{output}```", f"```text\n{printed(code)}```")


if __name__ == "__main__":
    os.chdir(ROOT)
    for path in [EXAMPLES / f"{name}.md" for name in sys.argv[1:]] or sorted(EXAMPLES.glob("*.md")):
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")
