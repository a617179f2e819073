"""Writes the tables in README.md, and draws the chart, from what peers.py measured and left in results/.

.venv/bin/python benchmarks/report.py
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl

from toll.graphics.export import export
from toll.graphics.graphic import Furniture, Graphic, Meta
from toll.graphics.theme import BOLD, canvas
from toll.ledger.ledger import REPORTED, Entry, Ledger

HERE = Path(__file__).parent
RESULTS, README = HERE / "results", HERE / "README.md"
TABLES = re.compile(r"(<!-- peers\b[^\n]*-->\n).*?(<!-- end of peers -->)", re.DOTALL)
FILES = ("peers-desktop.svg", "peers-desktop.png")
OURS, USUAL = "toll", "papermill"  # the tools that the headline compares
DRAWN, CACHED, MEMORY = "drawn", "cached", "memory"
CHAINS = (DRAWN, CACHED)
OTHER_NAMES = {"python": "bare Python", "python_hashing": "Python, hashing the same files"}
OTHERS = {
    "nothing stale": ("nothing stale", ""),
    "figure changed": ("one raw figure changed", "ran {note}"),
    "watch": ("one raw figure saved under `toll watch`, until its graphic is new", ""),
    "sweep": ("a run up to the ledger, one of {runs} in a sweep", "peak {megabytes:.0f} MB"),
    "one of a sweep": ("a run up to the ledger, with parameters given by `-p`", "peak {megabytes:.0f} MB"),
}  # measure: what it is, what else there is to say


class Results:
    """What was measured: `rows` has medians and spread by measure, tool and number of runs, in seconds a run."""

    def __init__(self, folder: Path = RESULTS):
        seconds = pl.col("seconds") / pl.col("runs")
        self.rows: list[dict[str, Any]] = (
            pl.read_csv(folder / "runs.csv", glob=False)
            .group_by("measure", "tool", "runs", maintain_order=True)
            .agg(
                seconds.median(),
                low=seconds.min(),
                high=seconds.max(),
                rounds=pl.len(),
                megabytes=pl.max("megabytes"),
                note=pl.last("note"),
            )
            .to_dicts()
        )
        self.tools = {row["tool"]: row for row in pl.read_csv(folder / "tools.csv", glob=False).to_dicts()}
        self.setting = dict(pl.read_csv(folder / "setting.csv", infer_schema=False, glob=False).iter_rows())

    def chain(self, measure: str) -> dict[str, dict[str, Any]]:
        """The runs of the whole chain by tool, the fastest first."""
        found = [row for row in self.rows if row["measure"] == measure]
        return {row["tool"]: row for row in sorted(found, key=lambda row: row["seconds"])}

    def name(self, tool: str) -> str:
        return OTHER_NAMES.get(tool) or self.tools[tool]["name"]


def write() -> None:
    """Both from the results as they are now."""
    results = Results()
    text = README.read_text("utf-8")
    README.write_text(TABLES.sub(lambda marks: marks[1] + tables(results) + marks[2], text), "utf-8", newline="\n")
    with tempfile.TemporaryDirectory() as folder:
        export(graphic(results), Path(folder))
        for file in FILES:
            shutil.copyfile(Path(folder, file), HERE / file)


def tables(results: Results) -> str:
    """The part of README.md that is written."""
    paragraphs = (_setting(results), "\n".join(_chain_table(results)), "\n".join(_others_table(results)))
    return "\n" + "\n\n".join(paragraphs) + "\n\n"


def _setting(results: Results) -> str:
    setting = dict(results.setting)
    measured, notebooks, cores, system = map(setting.pop, ("measured", "notebooks", "cores", "system"))
    versions = ", ".join(f"{name} {version}" for name, version in setting.items())
    rounds = results.chain(DRAWN)[OURS]["rounds"]
    return f"{notebooks} notebooks, {cores} cores of a shared virtual machine, {measured} ({system}, {versions}): " + (
        f"medians of {rounds} rounds, with the least and the most." if rounds > 1 else "one run of each."
    )


def _chain_table(results: Results) -> Iterator[str]:
    """A line a tool, the fastest first; × is its time as a multiple of ours."""
    yield _line(
        "everything stale",
        "each drawing new, s",
        "×",
        "drawings cached, s",
        "×",
        "peak MB",
        "a process for each notebook",
        "files that differ from those published",
    )
    yield _line(*["---"] * 8)
    for tool in results.chain(CACHED):
        about, cells = results.tools[tool], []
        for measure in CHAINS:
            row, ours = results.chain(measure)[tool], results.chain(measure)[OURS]
            cells += [_seconds(row), f"{row['seconds'] / ours['seconds']:.1f}"]
        megabytes = f"{results.chain(MEMORY)[tool]['megabytes']:.0f}"
        yield _line(
            _versioned(about),
            *cells,
            megabytes,
            "yes" if about["own_process"] else "no",
            f"{about['different']} of {about['files']}",
        )
    for about in results.tools.values():
        if about["error"]:
            yield _line(_versioned(about), f"does not run: `{about['error']}`", *[""] * 6)


def _others_table(results: Results) -> Iterator[str]:
    yield _line("what", "with", "s", "")
    yield _line(*["---"] * 4)
    for row in results.rows:
        if row["measure"] in OTHERS:
            what, more = OTHERS[row["measure"]]
            yield _line(what.format(**row), results.name(row["tool"]), _seconds(row), more.format(**row))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _versioned(about: dict[str, Any]) -> str:
    return about["name"] if about["package"] == OURS else f"{about['name']} ({about['package']} {about['version']})"


def _seconds(row: dict[str, Any]) -> str:
    spread = f" ({row['low']:.2f}–{row['high']:.2f})" if row["rounds"] > 1 else ""
    return f"{row['seconds']:.2f}{spread}"


def graphic(results: Results) -> Graphic:
    """The chart of the whole chain, for the desktop in the light theme."""
    ledger = _ledger(results)
    meta = Meta.of("benchmarks", results.setting["measured"], ledger, "peers")
    built = Graphic.build("peers", lambda width, height: chart(results, width, height), _furniture(ledger), meta)
    return replace(built, specs={"desktop": built.specs["desktop"]})


def _ledger(results: Results) -> Ledger:
    """Every time as measured, what was run and on what, and how many times as long the usual way takes."""
    facts = {
        "notebooks": results.setting["notebooks"],
        "cores": results.setting["cores"],
        "files": results.tools[OURS]["files"],
        "rounds": results.chain(DRAWN)[OURS]["rounds"],
    }
    counted = [Entry(id, id, id, REPORTED, *[float(value)] * 3) for id, value in facts.items()]
    times = [
        Entry(
            f"{tool}_{measure}",
            f"{results.name(tool)}: {measure}",
            "seconds",
            REPORTED,
            row["seconds"],
            row["low"],
            row["high"],
            decimals=1,
        )
        for measure in CHAINS
        for tool, row in results.chain(measure).items()
    ]
    ledger = Ledger([*counted, *times])
    for measure in CHAINS:
        ledger.calculate(
            f"times_{measure}",
            f"{USUAL}_{measure} / {OURS}_{measure}",
            "ratio",
            f"Time of the usual way as a multiple of ours: {measure}",
            1,
        )
    return ledger


def _furniture(ledger: Ledger) -> Furniture:
    least, most = sorted((ledger[f"times_{measure}"] for measure in CHAINS), key=lambda entry: entry.value)
    return Furniture.render(
        ledger,
        "peers",
        least=least,
        most=most,
        headline="The chain runs {{ least }} to {{ most }} times as fast as with papermill’s own\u00a0command",
        deck=(
            "Seconds for the same {{ notebooks.words }} notebooks and the same {{ files }} files on {{ cores.words }} "
            "cores, everything stale: with the drawings in the cache, and with each drawn\u00a0anew."
        ),
        deck_brief="Seconds for the same notebooks and the same files, everything stale",
        note=(
            "Medians of {{ rounds.words }} rounds in which the tools took turns; lines are from the least to the most. "
            if ledger["rounds"].value > 1
            else "A single run of each tool, after another that does not count. "
        )
        + "The plain script leaves no executed notebooks.",
        source="Our own measurements.",
        credit="toll",
        alt=(
            "Bar chart of seconds to run {{ notebooks.words }} notebooks: toll run {{ toll_drawn }} with every drawing "
            "new and {{ toll_cached }} with drawings cached; papermill, a command for each notebook, "
            "{{ papermill_drawn }} and {{ papermill_cached }}."
        ),
        description=(
            "Two bars for each tool that runs the chain. With toll run it takes {{ toll_cached }} seconds with the "
            "drawings in the cache and {{ toll_drawn }} with each drawn anew; with a papermill command for each "
            "notebook {{ papermill_cached }} and {{ papermill_drawn }}; as one plain script {{ script_cached }} and "
            "{{ script_drawn }}."
        ),
    )


def chart(results: Results, width: float, height: float | None) -> alt.LayerChart:
    """A bar for each tool under its name: on the time with every drawing new, that with the drawings cached."""
    em = canvas().label
    drawn, cached = (_bars(results, measure, em) for measure in CHAINS)
    bottom = drawn["foot"].max() + 1.5 * em
    across = alt.Scale(domain=[0, drawn["high"].max()], range=[0, width - 3 * em], nice=False)
    down = alt.Scale(domain=[0, bottom], range=[0, bottom], nice=False)
    x, y = partial(alt.X, axis=None, scale=across), partial(alt.Y, axis=None, scale=down)
    outside = {"align": "left", "dx": 0.4 * em, "fontWeight": BOLD}
    inside = {"align": "right", "dx": -0.4 * em, "fontWeight": BOLD, "color": "ground"}
    key = alt.Chart(drawn.tail(1)).encode(y("key:Q"))
    return alt.layer(
        alt.Chart(drawn).mark_text(fontWeight=BOLD).encode(alt.XValue(0), y("title:Q"), alt.Text("name:N")),
        *_measured(drawn, x, y, "red_80", "grid", "high:Q", outside),
        *_measured(cached, x, y, "red", "gray", "low:Q", inside),
        key.mark_text(text="drawings cached", color="ink_2").encode(alt.XValue(0)),
        key.mark_text(text="each drawn anew", color="ink_2", align="right").encode(x("seconds:Q")),
    ).properties(width=width, height=height or bottom)


def _bars(results: Results, measure: str, em: float) -> pl.DataFrame:
    """A row a tool: its times, and where its parts are from the top."""
    times = results.chain(measure)
    places = {"title": 0.7, "top": 1.4, "middle": 2.2, "foot": 3.0, "key": 3.8}
    return pl.DataFrame(
        {
            "name": results.name(tool),
            "ours": tool == OURS,
            "zero": 0.0,
            "shown": f"{times[tool]['seconds']:.1f}",
            **{part: times[tool][part] for part in ("seconds", "low", "high")},
            **{part: (3.7 * i + place) * em for part, place in places.items()},
        }
        for i, tool in enumerate(results.chain(CACHED))
    )


def _measured(
    bars: pl.DataFrame, x: partial, y: partial, ours: str, others: str, end: str, label: dict[str, Any]
) -> list[alt.Chart]:
    """Bars in one colour for us and another for others, the spread as a line, and the median beside its `end`."""
    base, middle = alt.Chart(bars), y("middle:Q")
    color = alt.condition(alt.datum.ours, alt.value(ours), alt.value(others))
    box = x("zero:Q"), alt.X2("seconds:Q"), y("top:Q"), alt.Y2("foot:Q")
    bar = base.mark_rect().encode(*box, color=color)
    spread = base.mark_rule().encode(x("low:Q"), alt.X2("high:Q"), middle)
    median = base.mark_text(**label).encode(x(end), middle, alt.Text("shown:N"))
    return [bar, spread, median]


if __name__ == "__main__":
    write()
