"""Questions about one series over time: its trend, and a change at a stated date."""

from __future__ import annotations

import calendar
import re
from dataclasses import replace

from kosmos_graph.agents.reading.clauses import level_filters
from kosmos_graph.agents.reading.frame import Frame, Unread
from kosmos_graph.agents.reading.scene import LEVEL, Scene, unknown_words
from kosmos_graph.agents.reading.signs import asks_sameness, direction, sign
from kosmos_graph.agents.reading.words import pieces, stem
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.study_sheet import StudySheet

MOVES = (
    r"(?:increas\w*|decreas\w*|ris(?:e|en|es|ing)|rose|fall\w*|fell|grow\w*|grew|drop\w*|declin\w*|"
    r"chang\w*|trend\w*|warm\w*|cool\w*|shrink\w*|shrunk|evolv\w*|"
    r"develop\w*|improv\w*|worsen\w*|gone (?:up|down)|going (?:up|down)|go (?:up|down)|went (?:up|down)|"
    r"become|becoming|get|getting|more|less|climb\w*|shift\w*)"
)
OVER_TIME = re.compile(
    r"\b(?:over|through|with|across|throughout|during|in) (?:the )?(?:course of )?(?:this |last |past |"
    r"recent |whole )?(?:time|decades?|years|months|period|centur\w+|past|past \w+|sample period)\b"
    r"|\b(?:time trend|trends?|trending|year (?:on|after|by) year|long term|as time (?:goes|passes)|nowadays than)\b"
)
PERFECT = re.compile(rf"^(?:how )?(?:has|have|had)\b.*\b{MOVES}\b")
PROGRESSIVE = re.compile(
    r"^(?:is|are|was|were)\b.*\b(?:increasing|decreasing|rising|falling|growing|dropping|declining|"
    r"trending|getting|becoming|going up|going down|warming|cooling|improving|worsening|shrinking|"
    r"climbing)\b"
)
SINCE = re.compile(r"\bsince (?:the )?(?:year )?(?P<at>[ND]\d+|L\d+)\b(?! [a-z]+ (?:law|act|reform|policy|dam|war|crisis))")
AT = re.compile(
    r"\b(?:before(?: ,)? (?:and|or|versus|vs|to|than) after|after (?:and|or|versus|vs|than) before|after|"
    r"following|since|from|in|at|around|on|"
    r"as of|due to|because of|with|by|when|until|before|of)\b"
    r"(?: (?:the|in|year|of|date|event|[a-z]+)){0,3}? (?P<at>[ND]\d+|L\d+)"
)
BREAK = re.compile(
    rf"\b(?:{MOVES[3:-1]}|before (?:and|or|versus|vs|to) after|after (?:versus|vs|than) before|step\w*|"
    rf"jump\w*|break\w*|differ\w*|effects?|affect\w*|impact\w*|influence\w*|"
    r"reduc\w*|level\w*|alter\w*|interrupt\w*)\b"
)


def time_column(card: DataCard, sheet: StudySheet) -> str | None:
    """The column that orders the rows in time: declared, found by the profile, the only date-time, or called year or time."""
    if sheet.time is not None and card.column(sheet.time) is not None:
        return sheet.time
    ordered = next((trap.column for trap in card.traps if trap.kind == "ordered series" and trap.column is not None), None)
    dated = [column.name for column in card.columns if column.kind == Kind.DATETIME]
    called = [column.name for column in card.columns if _tells_time(column)]
    if ordered is not None:
        return ordered
    return dated[0] if len(dated) == 1 else called[0] if len(called) == 1 and not dated else None


def _tells_time(column: ColumnCard) -> bool:
    words = {stem(word) for word in pieces(column.name)}
    return bool(words & {"year", "yr", "date", "month", "week", "quarter"}) and (
        column.kind.numeric or column.kind == Kind.DATETIME
    )


def is_series(card: DataCard, sheet: StudySheet) -> bool:
    """Whether the rows are points of one series, as declared or found."""
    return sheet.design == "time series" or any(trap.kind == "ordered series" for trap in card.traps)


def over_time(scene: Scene) -> Frame | Unread | None:
    """A trend over time or a step at a date; None where the question asks for neither."""
    time = time_column(scene.card, scene.sheet)
    ranged = _over_range(scene, time)
    if ranged is not None:
        return ranged
    step = _step(scene, time)
    if step is not None:
        return step
    if not _asks_trend(scene, time):
        return None
    since = SINCE.search(scene.text)
    text = scene.text if since is None else scene.text[: since.start()] + scene.text[since.end() :]
    filters = () if since is None or time is None else _since(scene, time, since.group("at"))
    return _on_series(
        replace(scene, text=text),
        time,
        Frame("trend", direction=direction(sign(_moves(scene.text))), equal=asks_sameness(scene.text), filters=filters),
    )


RANGE = re.compile(
    r"\b(?:between|from) (?:the )?(?:year |years |[a-z]+ )?(?P<a>[ND]\d+|L\d+) (?:and|to|until|till|"
    r"through) (?:the )?(?:year |[a-z]+ )?"
    r"(?P<b>[ND]\d+|L\d+)"
)


def _over_range(scene: Scene, time: str | None) -> Frame | Unread | None:
    """A trend between two dates: `Did Y grow between 2006 and 2015?`, on the rows from one to the other."""
    found = RANGE.search(scene.text)
    if found is None or time is None or not is_series(scene.card, scene.sheet) or not BREAK.search(scene.text):
        return None
    dates = (_date(scene, found.group("a")), _date(scene, found.group("b")))
    if dates[0] is None or dates[1] is None or not dates[0] < dates[1]:
        return None
    rest = replace(scene, text=scene.text[: found.start()] + " , " + scene.text[found.end() :])
    column = scene.column(time)
    if column.kind.numeric:
        low, high = float(dates[0][:4]), float(dates[1][:4])
        filters = (Filter(column=time, operator=">=", value=low), Filter(column=time, operator="<=", value=high))
    else:
        filters = (
            Filter(column=time, operator=">=", value=dates[0]),
            Filter(column=time, operator="<=", value=_end_of(scene, found.group("b"))),
        )
    asked = direction(sign(_moves(scene.text)))
    return _on_series(rest, time, Frame("trend", direction=asked, equal=asks_sameness(scene.text), filters=filters))


def _end_of(scene: Scene, mark: str) -> str:
    """The last day that a date of the question means: a year's, a month's, or the day itself."""
    word = scene.levels_in(mark)[0][1] if LEVEL.fullmatch(mark) else scene.number(mark).word
    if len(word) == 7:
        return f"{word}-{calendar.monthrange(int(word[:4]), int(word[5:]))[1]:02d}"
    return f"{word}-12-31" if len(word) == 4 else word


def _moves(text: str) -> str:
    return text.replace("go up", "up").replace("over time", "")


def _asks_trend(scene: Scene, time: str | None) -> bool:
    others = [name for name in scene.columns_in(scene.text) if name != time]
    if OVER_TIME.search(scene.text):
        return True
    if time is not None and time in scene.columns_in(scene.text) and not scene.column(time).kind.categorical and len(others) <= 1:
        marks = "|".join(f"C{number}" for number, mention in enumerate(scene.mentions) if mention.options[0] == (time, None))
        return re.search(
            r"\b(?:over|through|with|across|by|per|each|every|as|on|from|later|between|and|to)\b(?: the| this| "
            rf"these| model| later| calendar)* (?:{marks})\b",
            scene.text,
        ) is not None or is_series(scene.card, scene.sheet)
    moving = PERFECT.search(scene.text) or PROGRESSIVE.search(scene.text)
    return (
        bool(moving)
        and len(others) <= 1
        and " than " not in scene.text
        and not re.search(r"\b(?:with|between|among|by) [CL]\d", scene.text)
    )


def _since(scene: Scene, time: str, mark: str) -> tuple[Filter, ...]:
    date = _date(scene, mark)
    if date is None:
        return ()
    if scene.column(time).kind.numeric:
        return (Filter(column=time, operator=">=", value=float(date[:4])),)
    return (Filter(column=time, operator=">=", value=date),)


def _step(scene: Scene, time: str | None) -> Frame | Unread | None:
    """A change at a date; `since` with a perfect tense asks for a trend from there on."""
    if not BREAK.search(scene.text) or (SINCE.search(scene.text) and PERFECT.search(scene.text)):
        return None
    for found in AT.finditer(scene.text):
        date = _date(scene, found.group("at"))
        if date is None or time is None or not _inside(scene.column(time), date):
            continue
        if (
            found.group("at").startswith("L")
            and scene.levels_in(found.group("at"))[0][0] == time
            and not is_series(scene.card, scene.sheet)
        ):
            continue
        if scene.column(time).kind.numeric and not is_series(scene.card, scene.sheet):
            return Unread(f"it asks about a change at a date, and the rows are no series: {time} does not order them", (time,))
        if found.group("at").startswith("L") and (
            scene.levels_in(found.group("at"))[0][0] != time or not is_series(scene.card, scene.sheet)
        ):
            continue
        if found.group().split()[0] in ("of", "by", "with", "from", "until", "when") and not is_series(scene.card, scene.sheet):
            continue
        rest = replace(scene, text=scene.text[: found.start()] + " , " + scene.text[found.end() :])
        return _on_series(
            rest, time, Frame("step", direction=direction(_step_sign(scene.text)), equal=asks_sameness(scene.text), change_at=date)
        )
    return None


def _step_sign(text: str) -> int:
    """The sign of after minus before."""
    return -sign(text) if re.search(r"\bbefore\b.*\bthan\b.*\b(?:after|since)\b", text) else sign(text)


def _date(scene: Scene, mark: str) -> str | None:
    """ISO date that a mark stands for: the first day of a year or month, where no day is given."""
    if LEVEL.fullmatch(mark):
        word = scene.levels_in(mark)[0][1]
    else:
        token = scene.number(mark)
        word = token.word
    if re.fullmatch(r"[12]\d{3}", word):
        return f"{word}-01-01"
    if re.fullmatch(r"\d{4}-\d{2}", word):
        return f"{word}-01"
    return word if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word) else None


def _inside(column: ColumnCard, date: str) -> bool:
    if column.kind == Kind.DATETIME:
        return column.earliest is not None and column.latest is not None and column.earliest[:10] <= date <= column.latest[:10]
    return column.low is not None and column.high is not None and column.low <= float(date[:4]) <= column.high


def _on_series(scene: Scene, time: str | None, frame: Frame) -> Frame | Unread:
    outcomes = tuple(name for name in scene.columns_in(scene.text) if name != time)
    if time is None:
        return Unread("it asks about time, and no column of the data orders the rows in time", outcomes)
    if not outcomes:
        only = _only_measurement(scene, time)
        if only is None:
            words = unknown_words(scene, scene.text)
            return Unread(
                f"no column of the data matches “{' '.join(words[:6])}”" if words else "it does not say what changes over time",
                (time,),
            )
        outcomes = (only,)
        frame = replace(frame, notes=(f"“{only}” was taken as the outcome: it is the only measurement in the data.",))
    if len(outcomes) != 1:
        return Unread("it names several columns beside the time, and which of them changes is not clear", outcomes)
    levels = tuple(option for option in scene.levels_in(scene.text) if option[0] not in (time, outcomes[0]))
    own = [level for column, level in scene.levels_in(scene.text) if column == outcomes[0]]
    success = own[0] if own else None
    return replace(frame, outcomes=outcomes, time=time, success=success, filters=(*frame.filters, *level_filters(scene, levels)))


def _only_measurement(scene: Scene, time: str) -> str | None:
    """The one numeric column beside time, where the question has no word that it could not be."""
    numeric = [column.name for column in scene.card.columns if column.name != time and column.kind.numeric]
    return numeric[0] if len(numeric) == 1 and not unknown_words(scene, scene.text) else None
