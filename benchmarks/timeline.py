"""Runs the editions of a project and shows what ran where and when, as text and as a picture.

.venv/bin/python benchmarks/timeline.py timeline.svg [EDITION ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from toll import wiring
from toll.project import Project
from toll.run import editions, plan, runner
from toll.run.progress import DONE, EXECUTING, PUBLISHING, STARTING, WAITING, Event

SIGNS = {WAITING: ".", STARTING: "s", EXECUTING: "#", PUBLISHING: "P"}
WIDTH = 60  # signs for the whole run
WORTH_TELLING = 0.02  # seconds of a cell


class Span(NamedTuple):
    """From `start` to `end`, in seconds, `lane` was doing this."""

    lane: str
    doing: str
    cell: int
    start: float
    end: float


def spans(events: Iterable[Event], end: float) -> list[Span]:
    """What each lane did from one of its events to the next; `end` is that of the run."""
    lanes: dict[str, list[Event]] = {}
    for event in events:
        lanes.setdefault("/".join(filter(None, (event.edition, event.step))), []).append(event)
    return [
        Span(lane, event.doing, event.cell, event.seconds, until)
        for lane, own in lanes.items()
        for event, until in zip(own, [*(event.seconds for event in own[1:]), end], strict=True)
        if event.doing != DONE
    ]


def text(timeline: list[Span]) -> str:
    """One line for each lane, with the slow cells of a notebook under it."""
    whole = max(span.end for span in timeline)
    middles = [(piece + 0.5) * whole / WIDTH for piece in range(WIDTH)]
    lines = [" ".join(f"{sign} {doing}" for doing, sign in SIGNS.items()) + f"; {whole:.2f} s in all"]
    for lane in dict.fromkeys(span.lane for span in timeline):
        own = [span for span in timeline if span.lane == lane]
        bar = "".join(next((SIGNS[span.doing] for span in own if span.start <= at < span.end), " ") for at in middles)
        sums = {doing: sum(span.end - span.start for span in own if span.doing == doing) for doing in SIGNS}
        told = ", ".join(f"{doing} {seconds:.2f}" for doing, seconds in sums.items() if seconds >= 0.005)
        lines.append(f"{lane:{max(len(span.lane) for span in timeline)}} |{bar}| {told}".rstrip())
        cells = [(span.cell, span.end - span.start) for span in own if span.cell]
        if slow := [f"[{cell}] {seconds:.2f}" for cell, seconds in cells if seconds >= WORTH_TELLING]:
            lines.append(f"  cells: {', '.join(slow)}")
    return "\n".join(lines)


def draw(timeline: list[Span], file: Path) -> None:
    """The same as an SVG."""
    import altair as alt
    import vl_convert

    rows = [span._asdict() for span in timeline]
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
    file.write_text(vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]), "utf-8")


def main(picture: str, *names: str) -> None:
    project, events = Project.find(), list[Event]()
    options = runner.Options(wiring.HOOKS, force=True, emit=events.append)
    wanted = [plan.plan_edition(project, name) for name in names or [editions.default(project)]]
    for report in runner.run(project, wanted, options):
        if report.failure:
            raise report.failure
    timeline = spans(events, time.monotonic() - options.started)
    print(text(timeline))
    draw(timeline, Path(picture))


if __name__ == "__main__":
    main(*sys.argv[1:])
