"""The nodes of the whole run: profile, plan, lock, approve, decide, confirm, adjust, synthesise, report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph.types import interrupt
from pydantic import ValidationError

from kosmos_graph.agents.protocol import Designer, Evidence, Material
from kosmos_graph.claims.check import check_sentences, synthesis_licence
from kosmos_graph.data.sheet import check_sheet, read_sheet
from kosmos_graph.domain.analysis import ClaimsCheck, Synthesis
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.verdict import judge
from kosmos_graph.graph.approval import apply_decision
from kosmos_graph.graph.frames import Shared, keep
from kosmos_graph.graph.locking import lock
from kosmos_graph.graph.nodes.chain import ask_chain, move_on
from kosmos_graph.graph.pausing import APPROVE
from kosmos_graph.graph.services import Services
from kosmos_graph.graph.state import ResearchState, Start
from kosmos_graph.graph.views import (
    SYNTHESIS,
    accepted_designs,
    checked_tries,
    evidence_of,
    family_of,
    hypotheses_of,
    last_check,
    material_of,
    plan_in_force,
    record_of,
)
from kosmos_graph.ids import cycle_key, generation_key
from kosmos_graph.render.notebook import render_notebook
from kosmos_graph.render.report import build_report


class ResearchNodes:
    """The nodes, over their services. A method's name is the node's name."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def profile_data(self, state: ResearchState) -> dict[str, Any]:
        """Read the study sheet and the files, and keep their cards. Raises BadInput."""
        self.services.prepare()
        options = parse_options(state.get("options"))
        question = parse_question(state.get("question"))
        paths = parse_paths(state.get("data"))
        sheet = await asyncio.to_thread(read_sheet, sheet_source(state.get("about")))
        datasets = await asyncio.to_thread(self.services.data.open_all, paths, sheet)
        cards = {dataset.card.name: dataset.card for dataset in datasets}
        check_sheet(sheet, tuple(cards.values()))
        shared = {name: Shared(question=question, card=card, sheet=sheet, settled=options) for name, card in cards.items()}
        kept = {name: await asyncio.to_thread(keep, self.services.store, state["run_id"], one) for name, one in shared.items()}
        return {
            "start": Start(run_id=state["run_id"], started=self.services.clock().isoformat()),
            "question": question,
            "settled": options,
            "sheet": sheet,
            "cards": cards,
            "frames": kept,
            "cycle": 1,
        }

    async def plan_research(self, state: ResearchState) -> dict[str, Any]:
        """Ask the designer for the cycle's hypotheses. Raises BadInput when the question cannot be read against the data."""
        cycle, material = state["cycle"], material_of(state)
        earlier = hypotheses_of(state)

        async def ask(designer: Designer) -> dict[str, Any]:
            plan = await designer.plan_research(material, cycle, earlier)
            if cycle == 1 and not plan.hypotheses:
                raise BadInput(plan.undecided or "the designer found no hypothesis in the question: name the columns it is about")
            return {"proposals": {cycle_key(cycle): plan}}

        chain = self.services.designers
        return await ask_chain(state, chain, "designer", "plan_research", cycle_key(cycle), ask)

    async def switch_designer(self, state: ResearchState) -> dict[str, Any]:
        """Move the designer to the next model of its chain."""
        return move_on(state, self.services.designers, "designer", cycle_key(state["cycle"]))

    async def lock_plan(self, state: ResearchState) -> dict[str, Any]:
        """The barrier: all accepted designs of the cycle under one hash, before any outcome is looked at."""
        cycle = state["cycle"]
        proposal = state["proposals"][cycle_key(cycle)]
        designs = accepted_designs(state, proposal.hypotheses)
        plan = lock(
            cycle=cycle,
            question=Question(text=state["question"]),
            data=tuple(sorted((card.name, card.sha256) for card in state["cards"].values())),
            options=state["settled"],
            hypotheses=proposal.hypotheses,
            designs=designs,
            sheet_sha256=state["sheet"].sha256,
        )
        return {"plans": {cycle_key(cycle): plan}}

    async def approve_plan(self, state: ResearchState) -> dict[str, Any]:
        """The only interrupt for a person: accept the plan, edit its designs or strike them."""
        key = cycle_key(state["cycle"])
        plan = state["plans"][key]
        if not (state.get("approve") or self.services.approve) or not plan.designs:
            return {"approved": {key: plan}}
        question: dict[str, Any] = {"kind": APPROVE, "plan": plan.model_dump(mode="json")}
        while True:
            decision = interrupt(question)
            try:
                return {"approved": {key: apply_decision(plan, decision, material_of(state))}}
            except BadInput as error:
                question = {**question, "complaint": str(error)}

    async def decide_next(self, state: ResearchState) -> dict[str, Any]:
        """Begin another cycle while the options allow one and the last cycle planned something."""
        cycle = state["cycle"]
        planned = plan_in_force(state, cycle).designs
        return {"cycle": cycle + 1} if planned and cycle < state["settled"].cycles else {}

    async def confirm_findings(self, state: ResearchState) -> dict[str, Any]:
        """Run the locked primaries on rows held back. No rows are held back yet, so the findings pass through."""
        return {}

    async def adjust_findings(self, state: ResearchState) -> dict[str, Any]:
        """Settle every verdict, once, over the family of locked primary tests."""
        entries, size = family_of(state)
        judgements = await asyncio.to_thread(judge, entries, state["settled"].alpha, size)
        return {"judgements": {judgement.hypothesis: judgement for judgement in judgements}}

    async def synthesise_findings(self, state: ResearchState) -> dict[str, Any]:
        """Ask the analyst what the findings say together."""
        material, evidence = material_of(state), evidence_of(state)
        check = last_check(state, SYNTHESIS)
        rejected = check.rejected if check is not None else ()
        key = generation_key(SYNTHESIS, checked_tries(state, SYNTHESIS) + 1)

        async def ask(analyst: Any) -> dict[str, Any]:
            if not evidence:
                return {"syntheses": {key: Synthesis(key=key, sentences=(), author=analyst.author)}}
            sentences = await analyst.synthesise_findings(material, evidence, rejected)
            return {"syntheses": {key: Synthesis(key=key, sentences=sentences, author=analyst.author)}}

        return await ask_chain(state, self.services.analysts, "analyst", "synthesise_findings", SYNTHESIS, ask, key)

    async def switch_analyst(self, state: ResearchState) -> dict[str, Any]:
        """Move the analyst to the next model of its chain."""
        return move_on(state, self.services.analysts, "analyst", SYNTHESIS)

    async def check_claims(self, state: ResearchState) -> dict[str, Any]:
        """Check every sentence of the synthesis against what the results license."""
        key = generation_key(SYNTHESIS, checked_tries(state, SYNTHESIS) + 1)
        check = check_synthesis(key, state["syntheses"][key], evidence_of(state), material_of(state))
        return {"checks": {key: check}}

    async def write_report(self, state: ResearchState) -> dict[str, Any]:
        """Build the report from the state and write it to the run's folder."""
        run_id = state["run_id"]
        record = record_of(state, self.services)
        report = await asyncio.to_thread(build_report, record)
        await asyncio.to_thread(self.services.store.put_report, run_id, report, render_notebook(record))
        return {"report": report, "answer": report.answer}


def check_synthesis(key: str, synthesis: Synthesis, evidence: Sequence[Evidence], material: Material) -> ClaimsCheck:
    """The sentences of a synthesis that the evidence licenses, and those that it does not."""
    licence = synthesis_licence(
        tuple((one.hypothesis, one.study, one.judgement) for one in evidence), material.cards, material.sheet
    )
    return check_sentences(key, synthesis.sentences, licence)


def parse_question(text: object) -> str:
    """The question, stripped. Raises BadInput for one that is empty or no text."""
    if not isinstance(text, str) or not text.strip():
        raise BadInput("a question is needed: a sentence that says what you want to know of the data")
    if len(text) > 4000:
        raise BadInput(f"the question has {len(text):,} characters and 4,000 are allowed: put the context into a study sheet")
    return text.strip()


def parse_paths(paths: object) -> tuple[str, ...]:
    """The data files' paths. Raises BadInput where there are none."""
    listed = [paths] if isinstance(paths, str) else paths
    if not isinstance(listed, Sequence) or not listed or not all(isinstance(path, str) and path for path in listed):
        raise BadInput("a question needs data to be answered with: give at least one file (CSV, TSV, Parquet, Excel or JSON lines)")
    return tuple(listed)


def parse_options(options: object) -> Options:
    """The run's options. Raises BadInput naming the first that does not fit."""
    try:
        return Options.model_validate(options or {})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "options"
        raise BadInput(f"option {name}: {first['msg'].lower()} (found {first['input']!r})") from error


def sheet_source(about: object) -> Any:
    """What `read_sheet` takes: a path, a mapping or None. Raises BadInput for anything else."""
    from pathlib import Path

    if about is None or isinstance(about, Mapping):
        return about
    if isinstance(about, str):
        return Path(about)
    raise BadInput("the study sheet (`about`) is a path to a YAML file or a mapping")
