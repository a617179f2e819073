"""What the engines show, how they fail and that they keep notebooks apart; `test_parity` compares them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import papermill
import pytest
from papermill.exceptions import PapermillException

from support.engines import Executed, execute, notebook
from toll.run import notebook_file
from toll.run.worker import Outcome

ENGINES = ("fork", "kernel")
SHOWN = {
    "descriptors": [
        "import ctypes, os, subprocess, sys",
        "print('a')\nos.system('echo b; echo c >&2')\nprint('d')",
        "subprocess.run(['sh', '-c', 'printf x; sleep 0.1; printf y'], stdout=sys.stdout)\nprint('z')",
        "os.write(1, b'raw\\n')\nos.write(2, b'\\xff\\n');",
        "ctypes.CDLL(None).printf(b'native\\n')\nprint('after')",
        "if not (pid := os.fork()):\n    print('forked')\n    os._exit(0)\nos.waitpid(pid, 0);",
        "print('a file named \\udcfc.csv, half a pair \\ud83d')",
        "from IPython.display import HTML\nHTML('half a pair \\ud83d')",
    ],
    "displays": [
        "from IPython.display import HTML, display, update_display",
        "handle = display(1, display_id='one')\nupdate_display(2, display_id='one')\nhandle.update(HTML('three'))",
        "handle.update('four')",
        "import warnings\nwarnings.warn('careful')",
        "view = {'text/plain': 'IntSlider(value=0)', 'application/vnd.jupyter.widget-view+json': {'model_id': 'a1'}}\n"
        "display(view, raw=True)",
        "from tqdm import tqdm\nfor _ in tqdm(range(3)): pass",
    ],
}
FAILING = {  # by its last cell: what is said of it
    "import sys; sys.exit(0)": "SystemExit: 0",
    "%mistyped": "UsageError: Line magic function `%mistyped` not found.",
    "raise ExceptionGroup('several', [ValueError(1)])": "ExceptionGroup: several (1 sub-exception)",
    "assert False": "AssertionError",
    "type('Picture', (), {'_repr_mimebundle_': lambda *_, **__: 1 / 0})()": "ZeroDivisionError: division by zero",
    "raise ValueError('no name \\udcfc')": "ValueError: no name \N{REPLACEMENT CHARACTER}",
    "import os; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); os.getcwd()": (
        "FileNotFoundError: [Errno 2] No such file or directory"
    ),
}
NOTEBOOKS = {name: notebook(cells) for name, cells in SHOWN.items()}
NOTEBOOKS |= {f"failing {at}": notebook(["1", cell, "2"]) for at, cell in enumerate(FAILING)}


@pytest.fixture(scope="module", params=ENGINES)
def executed(request, tmp_path_factory) -> dict[str, Executed]:
    return execute(request.param, tmp_path_factory.mktemp(request.param), NOTEBOOKS)


def text(output: dict) -> str:
    return "".join(output["text"])


def test_what_is_written_to_descriptors_keeps_its_place(executed):
    _, system, run, raw, native, forked, *_ = executed["descriptors"].outputs
    assert list(map(text, system)) == ["a\nb\nd\n", "c\n"]
    assert text(run[-1]) == "xyz\n"
    assert list(map(text, raw)) == ["raw\n", "\N{REPLACEMENT CHARACTER}\n"]
    assert text(native[0]) == "after\nnative\n"  # as C's own buffer has it
    assert text(forked[0]) == "forked\n"


def test_what_is_not_a_character_is_shown_as_such(executed):
    *_, printed, displayed = executed["descriptors"].outputs
    assert text(printed[0]) == "a file named \N{REPLACEMENT CHARACTER}.csv, half a pair \N{REPLACEMENT CHARACTER}\n"
    assert displayed[0]["data"]["text/html"] == ["half a pair \N{REPLACEMENT CHARACTER}"]


def test_a_display_is_updated_where_it_stands(executed):
    [output] = executed["displays"].outputs[1]
    assert output["data"]["text/plain"] == ["'four'"]


def test_a_warning_names_its_cell_and_no_process_or_temporary_folder(executed):
    [output] = executed["displays"].outputs[3]
    assert text(output).startswith("ipykernel_cell/")


def test_a_widget_leaves_its_text_and_a_progress_bar_nothing(executed):
    widget, bar = executed["displays"].outputs[4:]
    assert widget[0]["data"] == {"text/plain": ["IntSlider(value=0)"]}
    assert bar == []


@pytest.mark.parametrize("at", range(len(FAILING)))
def test_a_failing_cell_is_told_with_its_error_and_nothing_runs_after_it(executed, at):
    ran = executed[f"failing {at}"]
    assert ran.outcome == Outcome([], list(FAILING.values())[at], 2)
    assert ran.outputs[2] == []
    assert notebook_file.dumps(notebook_file.clean(json.loads(ran.text))) == ran.text


@pytest.mark.parametrize("engine", ENGINES)
def test_tags_let_a_cell_fail_or_stay_out(engine, tmp_path):
    made = notebook(
        ["1 / 0", "%mistyped", "1 / 0", "2"], [["raises-exception"], ["raises-exception"], ["skip-execution"], []]
    )
    ran = execute(engine, tmp_path, {"tagged": made})["tagged"]
    assert ran.outcome == Outcome([])
    failed, _, skipped, last = ran.outputs
    assert failed[0]["ename"] == "ZeroDivisionError"
    assert skipped == []
    assert last[0]["execution_count"] == 3
    assert len(json.loads(ran.text)["cells"]) == 4  # none of papermill's notes about an error


def test_executed_notebooks_carry_no_trace_of_the_run(executed):
    for name in SHOWN:
        ran = json.loads(executed[name].text)
        assert ran["metadata"] == {"kernelspec": notebook_file.KERNELSPEC, "language_info": {"name": "python"}}
        assert all(cell["metadata"] == {} for cell in ran["cells"])
        assert notebook_file.dumps(notebook_file.clean(ran)) == executed[name].text


def test_nothing_leaks_from_one_notebook_to_the_next(tmp_path):
    """The second notebook would see the first one's names, modules, folder or environment if they shared a process."""
    first = ["import os, sys\nleak = 1\nsys.leak = os.environ['LEAK'] = 'x'\nos.chdir('/')\nsys.path.append('leak')"]
    second = [
        "import os, sys\n('leak' in globals(), hasattr(sys, 'leak'), 'LEAK' in os.environ, os.getcwd() == '/',\n"
        " 'leak' in sys.path)"
    ]
    ran = execute("fork", tmp_path, {"second": notebook(second), "first": notebook(first)})
    assert ran["second"].outputs[0][0]["data"]["text/plain"] == ["(False, False, False, False, False)"]


def test_nbval_finds_the_same_warning(tmp_path):
    """Its kernel is the standard one, which prints a warning with a folder of its own."""
    execute("fork", tmp_path, {"warned": notebook(["import warnings\nwarnings.warn('careful')"])})
    names = ("--nbval-sanitize-with", Path(__file__).parents[2] / "docs/nbval.cfg", "out.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", *names]
    outcome = subprocess.run(command, cwd=tmp_path / "warned", capture_output=True, text=True)
    assert "1 passed" in outcome.stdout


def test_the_engine_is_registered_with_papermill(tmp_path):
    (tmp_path / "in.ipynb").write_text(notebook_file.dumps(notebook(["word = 'a'", "word * 2"], [["parameters"], []])))
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "--engine", "fork", "--kernel", "python3"]
    subprocess.run([*command, "-p", "word", "ab"], cwd=tmp_path, check=True, capture_output=True)
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert cells[-1]["outputs"][0]["data"]["text/plain"] == ["'abab'"]


@pytest.mark.parametrize(
    "metadata",
    [{"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, {"language_info": {"name": "R"}}],
)
def test_the_engine_refuses_a_notebook_of_another_language(metadata, tmp_path):
    (tmp_path / "in.ipynb").write_text(json.dumps(notebook(["x <- 1"]) | {"metadata": metadata}))
    with pytest.raises(PapermillException, match="engine fork: the notebook is in R, and this engine runs Python"):
        papermill.execute_notebook(str(tmp_path / "in.ipynb"), None, engine_name="fork", kernel_name="python3")


def test_a_server_with_busy_threads_does_not_fork(tmp_path):
    """A server in which a polars query ran has such threads: its children would wait for ever."""
    server = tmp_path / "busy.py"
    server.write_text(
        "import polars\n"
        "def preload():\n"
        "    from toll.run import process\n"
        "    assert process.busy_threads() == [], process.busy_threads()\n"
        "    polars.LazyFrame({'a': range(9)}).group_by('a').len().collect()\n"
        "    assert process.busy_threads()\n"
    )
    cells = ["import polars\npolars.DataFrame({'a': [2, 1]}).sort('a')['a'].to_list()"]
    code = (
        "import sys; from pathlib import Path; from toll.run.worker import Outcome, Settings\n"
        "from toll.run.pool import Pool\n"
        "folder = Path(sys.argv[1])\n"
        "with Pool(Settings('fork', 60, 'busy:preload')) as pool:\n"
        "    pool.start(folder, notebook=folder / 'in.ipynb', output=folder / 'out.ipynb', cwd=folder, parameters={})\n"
        "    print(list(pool.messages())[-1].outcome)\n"
    )
    (tmp_path / "in.ipynb").write_text(notebook_file.dumps(notebook(cells)))
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "A fresh process for a worker: the server has the threads" in said.stderr
    assert "error=''" in said.stdout
    assert '"[1, 2]"' in (tmp_path / "out.ipynb").read_text()
