"""What an examination found."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import field_validator, model_validator

from kosmos_graph.domain.value import Value
from kosmos_graph.providers.scrubbing import scrub

Check = Literal[
    "settings",
    "key",
    "server",
    "model",
    "loaded",
    "context",
    "answer",
    "structured output",
    "usage",
    "price",
    "latency",
    "writable",
    "store",
    "journal",
    "space",
    "sandbox",
]
Status = Literal["ok", "warning", "failed", "skipped"]
_LONGEST = 500


class Finding(Value):
    """One thing that was looked at. `seconds` is how long the server took, where one was asked.

    What does not stand as it should has a remedy. Texts are one line without control characters and without any known key,
    because parts of them come from servers.
    """

    subject: str
    check: Check
    status: Status
    detail: str
    remedy: str | None = None
    seconds: float | None = None

    @field_validator("subject", "detail", "remedy")
    @classmethod
    def _one_clean_line(cls, text: str | None) -> str | None:
        if text is None:
            return None
        printable = "".join(mark if mark.isprintable() else " " for mark in scrub(text))
        line = " ".join(printable.split())
        return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"

    @model_validator(mode="after")
    def _troubles_have_remedies(self) -> Self:
        if self.status in ("warning", "failed") and not self.remedy:
            raise ValueError(f"a finding that is {self.status} needs a remedy")
        return self

    @property
    def sentence(self) -> str:
        """The detail, and what to do about it."""
        return f"{self.detail}: {self.remedy}" if self.remedy else self.detail


class Diagnosis(Value):
    """All findings, grouped by subject in the order in which they matter."""

    findings: tuple[Finding, ...]

    @property
    def could_start(self) -> bool:
        """Whether a run could start. A model that fails and that another one of its chain stands in for is a warning."""
        return not any(finding.status == "failed" for finding in self.findings)
