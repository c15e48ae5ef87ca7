"""What a person may do with a locked plan: accept it, strike designs, or edit them within what review allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError

from kosmos_graph.agents.protocol import Material
from kosmos_graph.domain.design import Design, LockedPlan
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.value import Value
from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.review import review_design
from kosmos_graph.graph.locking import lock

OF_CODE = frozenset({"author", "code", "hypothesis", "key", "method", "method_reason", "protocol"})
"""What an edit may name of a design that is code: a change of any other field would not reach what the code computes."""


class Decision(Value):
    """A person's answer. `strike` holds hypothesis ids; `edit` maps a hypothesis id to the design's fields that change."""

    accept: bool = True
    strike: tuple[str, ...] = ()
    edit: dict[str, dict[str, Any]] = Field(default_factory=dict)


def parse_decision(answer: object) -> Decision:
    """Read `True`, `"accept"`, or a mapping of Decision's fields. Raises BadInput."""
    if answer is True or answer == "accept":
        return Decision()
    try:
        return Decision.model_validate(answer)
    except ValidationError as error:
        raise BadInput(
            'the plan waits for a decision: "accept", or a mapping with `strike` (hypothesis ids) and `edit` (changed fields by '
            f"hypothesis id); found {answer!r}"
        ) from error


def apply_decision(plan: LockedPlan, answer: object, material: Material) -> LockedPlan:
    """The plan as the person left it, locked anew. Raises BadInput when the decision does not fit the plan."""
    decision = parse_decision(answer)
    if not decision.accept:
        raise BadInput("the plan was not accepted: resume with a decision to strike or edit designs, or start another run")
    known = [design.hypothesis for design in plan.designs]
    unknown = sorted({*decision.strike, *decision.edit} - set(known))
    if unknown:
        raise BadInput(f"the plan has no design for {', '.join(unknown)}; it has {', '.join(known)}")
    kept = tuple(design for design in plan.designs if design.hypothesis not in decision.strike)
    edited = tuple(_edit(design, decision.edit.get(design.hypothesis), plan.hypotheses, kept, material) for design in kept)
    fixed = {name: getattr(plan, name) for name in LockedPlan.model_fields if name != "sha256"}
    return lock(**{**fixed, "designs": edited, "struck": decision.strike, "approved_by": "user"})


def _edit(
    design: Design,
    changes: Mapping[str, Any] | None,
    hypotheses: Sequence[Hypothesis],
    designs: Sequence[Design],
    material: Material,
) -> Design:
    if not changes:
        return design
    try:
        edited = Design.model_validate(
            {**design.model_dump(), **changes, "author": "user", "key": design.key, "hypothesis": design.hypothesis}
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise BadInput(f"the edit of {design.hypothesis} does not fit: {where}: {first['msg'].lower()}") from error
    idle = sorted(name for name in set(changes) - OF_CODE if getattr(design, name) != getattr(edited, name))
    if edited.code is not None and idle:
        raise BadInput(
            f"the experiment of {design.hypothesis} is code, on which {', '.join(idle)} would have no effect: edit the code "
            "itself, or give a method of the catalogue and `code`: null"
        )
    hypothesis = {one.id: one for one in hypotheses}[design.hypothesis]
    others = tuple(one for one in designs if one.key != design.key)
    card = material.card(design.target.dataset)
    review = review_design(edited, hypothesis, card, material.sheet, material.options, others)
    objections = [item.finding for item in review.items if item.severity == "hard"]
    if objections:
        raise BadInput(f"the edited design of {design.hypothesis} cannot be run: {'; '.join(objections)}")
    return edited
