"""The notebooks stay readable: the limits of tools/notebook_report.py hold, and it notices when they do not."""

import importlib.util
import json
import sys

import pytest

from support.checkout import ROOT

spec = importlib.util.spec_from_file_location("notebook_report", ROOT / "tools/notebook_report.py")
notebook_report = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = notebook_report
spec.loader.exec_module(notebook_report)

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TOPICS = ("death-tolls", "back-test", "record", "extrajudicial-bodies", "staffing", "fact-check")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_notebook_is_within_the_limits(notebook):
    assert notebook_report.report(notebook).faults == []


def test_topics_take_little_code():
    topics = [path for path in NOTEBOOKS if path.stem.partition("-")[2] in TOPICS]
    assert len(topics) == len(TOPICS)
    assert sum(notebook_report.report(path).code_lines for path in topics) <= 1250


def code(*lines, outputs=()):
    return {"cell_type": "code", "metadata": {}, "source": "\n".join(lines), "outputs": list(outputs)}


NUMBER = {"output_type": "execute_result", "data": {"text/plain": "102"}}
PICTURE = {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "text/plain": ""}}


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([code("x", outputs=[NUMBER])] * 56, "cells 56"),
        ([code(*["x"] * 26, outputs=[NUMBER])], "longest_cell 26"),
        ([code("x", outputs=[NUMBER])] * 6 + [code("x")] * 6, "silent_run 6"),
        ([code("x")] * 2 + [code("x", outputs=[NUMBER])], "showing 33%"),
        ([code("x", outputs=[{"data": {}}])] * 8 + [code("x", outputs=[NUMBER])], "first_number 9"),
        ([code("x", outputs=[NUMBER])] * 2 + [code("x", outputs=[PICTURE])], "first_picture 3"),
    ],
)
def test_what_is_over_a_limit_is_named(tmp_path, cells, fault):
    (tmp_path / "one.ipynb").write_text(json.dumps({"cells": cells}))
    assert any(found.startswith(fault) for found in notebook_report.report(tmp_path / "one.ipynb").faults)


def test_the_cell_that_papermill_puts_in_and_comments_do_not_count(tmp_path):
    injected = code("x = 1") | {"metadata": {"tags": ["injected-parameters"]}}
    cells = [injected, code("# why", "", "x", outputs=[NUMBER])]
    (tmp_path / "one.ipynb").write_text(json.dumps({"cells": cells}))
    found = notebook_report.report(tmp_path / "one.ipynb")
    assert (found.cells, found.code_lines, found.first_number) == (1, 1, 1)
