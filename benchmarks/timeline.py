"""What ran where, and when: the timeline of one run as text and as a picture. Nothing of it is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from toll.run.runner import DONE, EXECUTING, IMPORTING, PLANNING, PUBLISHING, STARTING, WAITING, Moment

SIGNS = {PLANNING: "p", WAITING: ".", IMPORTING: "i", STARTING: "s", EXECUTING: "#", PUBLISHING: "P"}
WIDTH = 60  # signs that the whole run takes
WORTH_TELLING = 0.02  # seconds of a cell


@dataclass(frozen=True)
class Span:
    """From `start` to `end`, in seconds, `lane` was doing this."""

    lane: str
    doing: str
    cell: int
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def spans(moments: Iterable[Moment], end: float) -> list[Span]:
    """What each lane did from one of its moments to the next; `end` is that of the run."""
    lanes: dict[str, list[Moment]] = {}
    for moment in moments:
        lanes.setdefault("/".join(filter(None, (moment.edition, moment.step))) or "server", []).append(moment)
    found = []
    for lane, own in lanes.items():
        ends = [*(moment.seconds for moment in own[1:]), end]
        found += [
            Span(lane, moment.doing, moment.cell, moment.seconds, until)
            for moment, until in zip(own, ends, strict=True)
            if moment.doing != DONE
        ]
    return found


def text(timeline: list[Span]) -> str:
    """A line a lane, the slow cells of a notebook under it."""
    whole = max(span.end for span in timeline)
    lanes = {span.lane: [other for other in timeline if other.lane == span.lane] for span in timeline}
    longest = max(map(len, lanes))
    lines = [" ".join(f"{sign} {doing}" for doing, sign in SIGNS.items()) + f"; {whole:.2f} s in all"]
    for lane, own in lanes.items():
        lines.append(f"{lane:{longest}} |{_bar(own, whole)}| {_sums(own)}".rstrip())
        cells = [f"[{span.cell}] {span.seconds:.2f}" for span in own if span.cell and span.seconds >= WORTH_TELLING]
        if cells:
            lines.append(f"{'':{longest}}  cells: {', '.join(cells)}")
    return "\n".join(lines)


def _bar(lane: list[Span], whole: float) -> str:
    """What the lane did in the middle of each piece of the time."""
    middles = [(piece + 0.5) * whole / WIDTH for piece in range(WIDTH)]
    return "".join(next((SIGNS[span.doing] for span in lane if span.start <= at < span.end), " ") for at in middles)


def _sums(lane: list[Span]) -> str:
    totals = {doing: sum(span.seconds for span in lane if span.doing == doing) for doing in SIGNS}
    return ", ".join(f"{doing} {seconds:.2f}" for doing, seconds in totals.items() if seconds >= 0.005)


def draw(timeline: list[Span], file: Path) -> None:
    """The same as an SVG."""
    import altair as alt
    import vl_convert

    rows = [{"lane": span.lane, "doing": span.doing, "start": span.start, "end": span.end} for span in timeline]
    chart = (
        alt.Chart(alt.InlineData(rows), width=900)
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            alt.X("start:Q", title="seconds"),
            alt.X2("end:Q"),
            alt.Y("lane:N", sort=None, title=None, axis=alt.Axis(labelLimit=0)),
            alt.Color("doing:N", sort=list(SIGNS), title=None, legend=alt.Legend(orient="top")),
        )
    )
    file.parent.mkdir(exist_ok=True)
    file.write_text(vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]), "utf-8")
