"""The base of every domain value."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value: equal content makes equal values, and unknown fields or NaN are refused where it is built."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
