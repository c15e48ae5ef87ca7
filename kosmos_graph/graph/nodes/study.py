"""The nodes of the branch that runs one locked design and says what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from typing import Any, Literal

from kosmos_graph.agents.protocol import Analyst, Designer
from kosmos_graph.claims.check import check_sentences, study_licence
from kosmos_graph.domain.analysis import Analysis, Deviation, Study
from kosmos_graph.domain.design import CODE, Design
from kosmos_graph.domain.results import Artefact, Execution
from kosmos_graph.errors import DataChanged
from kosmos_graph.graph.nodes.chain import ask_chain, move_on
from kosmos_graph.graph.services import Services
from kosmos_graph.graph.state import Abandoned, StudyState
from kosmos_graph.graph.views import MAX_REPAIRS, checked_tries, held, last_check, material_of, settled_analysis
from kosmos_graph.ids import generation_key
from kosmos_graph.render.table_files import tables_of


class StudyNodes:
    """The nodes, over their services. A method's name is the node's name."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def run_study(self, state: StudyState) -> dict[str, Any]:
        """Execute the design in force for real. A failed execution is a result."""
        self.services.prepare()
        design, card, sheet = design_in_force(state), state["card"], state["sheet"]
        dataset = await asyncio.to_thread(self.services.data.reopen, card, sheet)
        if design.code is None:
            execution = await self.services.execute(dataset, design, sheet, state["settled"], design.key)
        else:
            execution, files = await self.services.run_code(dataset, design, sheet, state["settled"], design.key)
            await asyncio.to_thread(self.services.store.put_artefacts, state["run_id"], files)
        return {"executions": {design.key: execution}}

    async def draw_study(self, state: StudyState) -> dict[str, Any]:
        """Write the result's tables and draw its figure, beside the analyst at work. Where the data have gone meanwhile, the result
        stands without a figure.
        """
        design, result = design_in_force(state), execution_in_force(state).result
        assert result is not None, "the router sends only successful executions here"  # noqa: S101
        tables = {table.filename: content for table, content in tables_of(result)}
        await asyncio.to_thread(self.services.store.put_artefacts, state["run_id"], tables)
        try:
            dataset = await asyncio.to_thread(self.services.data.reopen, state["card"], state["sheet"])
        except DataChanged:
            return {}
        drawing = await self.services.draw(dataset, design, state["sheet"], result)
        if drawing is None:
            return {}
        files = {drawing.artefact.filename: drawing.content}
        await asyncio.to_thread(self.services.store.put_artefacts, state["run_id"], files)
        return {"figures": {design.key: drawing.artefact}}

    async def repair_study(self, state: StudyState) -> dict[str, Any]:
        """Ask the designer for another design after failed executions."""
        hypothesis, failed = state["hypothesis"], failed_executions(state)
        number = len(failed)
        key = repair_key(state, number)
        if number > MAX_REPAIRS:
            return {"abandoned": {hypothesis.id: Abandoned(reason=_reason(failed, "the bounded number of repairs was used up"))}}
        material = material_of(state)

        async def ask(designer: Designer) -> dict[str, Any]:
            design = await designer.repair_study(material, hypothesis, failed, len(failed) + 1)
            if design is None:
                return {"abandoned": {hypothesis.id: Abandoned(reason=_reason(failed, "no other method is admissible"))}}
            return {"designs": {key: design.model_copy(update={"key": key})}}

        return await ask_chain(state, self.services.designers, "designer", "repair_study", hypothesis.id, ask, key)

    async def switch_designer(self, state: StudyState) -> dict[str, Any]:
        """Move the designer to the next model of its chain."""
        return move_on(state, self.services.designers, "designer", state["hypothesis"].id)

    async def analyse_study(self, state: StudyState) -> dict[str, Any]:
        """Ask the analyst what the result means."""
        hypothesis, design, execution = state["hypothesis"], design_in_force(state), execution_in_force(state)
        check = last_check(state, design.key)
        key = generation_key(design.key, checked_tries(state, design.key) + 1)
        rejected = check.rejected if check is not None else ()
        material = material_of(state)

        async def ask(analyst: Analyst) -> dict[str, Any]:
            sentences = await analyst.analyse_study(material, hypothesis, design, execution, rejected)
            draft = Analysis(key=key, hypothesis=hypothesis.id, sentences=sentences, author=analyst.author)
            return {"analyses": {key: draft}}

        return await ask_chain(state, self.services.analysts, "analyst", "analyse_study", hypothesis.id, ask, key)

    async def switch_analyst(self, state: StudyState) -> dict[str, Any]:
        """Move the analyst to the next model of its chain."""
        return move_on(state, self.services.analysts, "analyst", state["hypothesis"].id)

    async def check_claims(self, state: StudyState) -> dict[str, Any]:
        """Check every sentence of the latest draft against what the result licenses."""
        design, result = design_in_force(state), execution_in_force(state).result
        assert result is not None, "the router sends only successful executions here"  # noqa: S101
        key = generation_key(design.key, checked_tries(state, design.key) + 1)
        licence = study_licence(state["hypothesis"], design, result, state["sheet"], state["settled"].alpha, state["card"])
        return {"checks": {key: check_sentences(key, state["analyses"][key].sentences, licence)}}

    async def close_study(self, state: StudyState) -> dict[str, Any]:
        """Put the study together: what ran, what was said, what deviates from the lock."""
        hypothesis, design, execution = state["hypothesis"], design_in_force(state), execution_in_force(state)
        abandoned = (state.get("abandoned") or {}).get(hypothesis.id)
        study = Study(
            hypothesis=hypothesis.id,
            design=design,
            execution=execution,
            analysis=settled_analysis(state, design.key),
            figure=held(state, "figures", design.key, Artefact),
            deviations=deviations(state),
            status=_status(execution),
            reason=abandoned.reason if abandoned is not None else None,
            failed=tuple(before for _, before in failed_executions(state) if before.key != execution.key),
        )
        return {"studies": {hypothesis.id: study}}


def repair_key(state: StudyState, number: int) -> str:
    """Key of the `number`-th repair (from 1) of the locked design: `c1h2g1r1`."""
    return f"{state['locked'].key}r{number}"


def designs_in_order(state: StudyState) -> tuple[Design, ...]:
    """The locked design and its repairs, oldest first."""
    repairs = (held(state, "designs", repair_key(state, number), Design) for number in range(1, MAX_REPAIRS + 1))
    return (state["locked"], *(design for design in repairs if design is not None))


def design_in_force(state: StudyState) -> Design:
    """The latest of the locked design and its repairs."""
    return designs_in_order(state)[-1]


def execution_in_force(state: StudyState) -> Execution:
    """The execution of the design in force."""
    return state["executions"][design_in_force(state).key]


def failed_executions(state: StudyState) -> tuple[tuple[Design, Execution], ...]:
    """Designs that were run and failed, oldest first, with their executions."""
    pairs = ((design, held(state, "executions", design.key, Execution)) for design in designs_in_order(state))
    return tuple((design, execution) for design, execution in pairs if execution is not None and execution.status == "failed")


def deviations(state: StudyState) -> tuple[Deviation, ...]:
    """One deviation for each repair that was run in place of the design before it."""
    designs = designs_in_order(state)
    executions = state.get("executions") or {}
    return tuple(
        Deviation(
            hypothesis=state["hypothesis"].id,
            planned=before.method,
            done=f"{CODE}, written again" if before.method == after.method == CODE else after.method,
            reason=(executions[before.key].error or "the execution failed").partition("\n")[0],
        )
        for before, after in pairwise(designs)
    )


def _status(execution: Execution) -> Literal["analysed", "explored", "not answered"]:
    if execution.status == "failed":
        return "not answered"
    return "explored" if execution.result is None else "analysed"


def _reason(failed: tuple[tuple[Design, Execution], ...], end: str) -> str:
    errors: dict[str, Counter[str]] = {}
    for design, execution in failed:
        errors.setdefault((execution.error or "").partition("\n")[0].rstrip("."), Counter())[design.method] += 1
    tried = "; ".join(f"{_tried(methods)}: {error}" for error, methods in errors.items())
    return f"no experiment could be run ({tried}); {end}"


def _tried(methods: Counter[str]) -> str:
    """The methods that ended in one error, each once."""
    names = [method if times == 1 else f"{method}, {times} times" for method, times in methods.items()]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
