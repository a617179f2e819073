"""The benchmarks' tables and chart show what was measured; what they compare is really compared. Nothing is timed."""

import re
import shutil
from pathlib import Path

import peers
import polars as pl
import pytest
import report
import timeline

from support.checkout import ROOT
from toll.project import Project
from toll.run.progress import DONE, EXECUTING, PUBLISHING, STARTING, Event
from toll.source import raw


@pytest.fixture
def results(tmp_path):
    """A copy of the results, to be changed."""
    return Path(shutil.copytree(report.RESULTS, tmp_path / "results"))


def change(table, **columns):
    """Writes the table anew, with these columns in place of its own."""
    pl.read_csv(table).with_columns(**columns).write_csv(table)


def test_the_tables_are_those_of_the_results(results):
    readme = report.README.read_text()
    assert report.tables(report.Results()) in readme
    change(results / "runs.csv", seconds=pl.col("seconds") + 1)
    assert report.tables(report.Results(results)) not in readme


def test_the_chart_shows_every_median():
    svg = (ROOT / "benchmarks/peers-desktop.svg").read_text()
    texts = re.findall(r"<text\b[^>]*>([^<]*)</text>", svg)
    for measure in report.CHAINS:
        medians = [f"{row['seconds']:.1f}" for row in report.Results().chain(measure).values()]
        assert set(medians) <= set(texts)


def test_a_tool_that_does_not_run_is_in_the_table_with_its_error(results):
    runs = pl.read_csv(results / "runs.csv").filter(pl.col("tool") != "nbmake")
    runs.write_csv(results / "runs.csv")
    failed = pl.when(tool="nbmake").then(pl.lit("ImportError: no module")).otherwise("error").alias("error")
    change(results / "tools.csv", error=failed)
    lines = report.tables(report.Results(results)).splitlines()
    assert [line for line in lines if "nbmake" in line and "does not run: `ImportError: no module`" in line]
    report.graphic(report.Results(results))


def test_the_headline_takes_its_numbers_from_the_results(results):
    change(results / "runs.csv", seconds=pl.when(tool="papermill").then(77.0).otherwise(11.0))
    headline = report.graphic(report.Results(results)).furniture.headline
    assert headline.startswith("The chain runs 7.0 to 7.0 times as fast")


@pytest.mark.parametrize("fault", ["edited", "deleted", "added", None])
def test_files_are_compared_byte_for_byte(tmp_path, fault):
    for copy in ("project", "copy"):
        for folder in peers.COMPARED:
            (tmp_path / copy / folder / "deep").mkdir(parents=True)
            (tmp_path / copy / folder / "deep/a.csv").write_text("1\n")
    file = tmp_path / "copy" / peers.COMPARED[1] / "deep/a.csv"
    {
        "edited": lambda: file.write_text("2\n"),
        "deleted": file.unlink,
        "added": lambda: (file.parent / "b.csv").write_text("1\n"),
        None: lambda: None,
    }[fault]()
    found = peers.compared(tmp_path / "copy", tmp_path / "project")
    assert found == {"files": 3 if fault == "added" else 2, "different": 1 if fault else 0}


def test_the_plain_script_has_every_cell_and_is_python():
    script = peers.plain_script(ROOT / "notebooks")
    compile(script, "script.py", "exec")
    assert script.count("story = toll.open(") == len(list((ROOT / "notebooks").glob("*.ipynb")))


def test_the_changed_figure_passes_the_gate(tmp_path):
    shutil.copytree(ROOT / "data/raw", tmp_path / "data/raw")
    before = {figure.id: figure for figure in raw.read(Project(tmp_path)).figures}
    peers.raise_figure(tmp_path)
    after = {figure.id: figure for figure in raw.read(Project(tmp_path)).figures}
    assert [id for id in before if before[id] != after[id]] == [peers.FIGURE]
    assert after[peers.FIGURE].reading.value == before[peers.FIGURE].reading.value + 1


@pytest.mark.parametrize("pins", sorted(peers.PEERS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_peer_is_pinned(pins):
    lines = [line for line in pins.read_text().splitlines() if not line.startswith("#")]
    assert lines and all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", line) for line in lines)
    used = {tool.pins for tool in (*peers.TOOLS.values(), peers.DOIT)}
    assert pins.stem in used


def test_a_lane_of_the_timeline_does_one_thing_until_its_next_event():
    events = [
        Event(0, "a", "one", STARTING),
        Event(1, "a", "one", EXECUTING, 1, 2),
        Event(3, "a", "one", EXECUTING, 2, 2),
        Event(4, "a", "one", DONE),
        Event(5, "a", "", PUBLISHING),
    ]
    spans = timeline.spans(events, 6)
    assert [tuple(span) for span in spans] == [
        ("a/one", STARTING, 0, 0, 1),
        ("a/one", EXECUTING, 1, 1, 3),
        ("a/one", EXECUTING, 2, 3, 4),
        ("a", PUBLISHING, 0, 5, 6),
    ]
    _, first, cells, edition = timeline.text(spans).splitlines()
    assert first.split("|")[1] == "s" * 10 + "#" * 30 + " " * 20
    assert first.endswith("starting 1.00, executing 3.00")
    assert cells.endswith("cells: [1] 2.00, [2] 1.00")
    assert edition.split("|")[1] == " " * 50 + "P" * 10
