"""Both engines give the same bytes: each kind of output, each way to fail, on the same small notebooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.toy import notebook
from toll.run import notebook_file
from toll.run.pool import Pool
from toll.run.worker import Outcome, Settings

# By case: its cells. A notebook ends at its first failing cell.
CASES = {
    "results": [
        "1",
        "'text'",
        "[1, (2,)]",
        "None",
        "{'a': {1}}",
        "a = 2\na;",
        "_",
        "Out[2]",
        "%%capture\n1",
        "!echo x",
    ],
    "streams": [
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('more')",
        "for i in range(1000):\n    print(i, end=' ', flush=True)",
        "print('10%\\r20%\\rdone')\nprint('abc\\b\\bd')",
        "print('ü→😀')\nprint('a', end='')\nprint('b')",
        "import logging\nlogging.warning('warned')",
        "sys.stdout.write('x'), sys.stdout.isatty(), sys.stdout.encoding, sys.stdin.read()",
    ],
    "descriptors": [
        "import os, subprocess, sys",
        "print('a')\nos.system('echo b; echo c >&2')\nprint('d')",
        "subprocess.run(['sh', '-c', 'printf x; sleep 0.1; printf y'])\nprint('z')",
        "os.write(1, b'raw\\n')\nos.write(2, b'\\xff\\n')",
        "import ctypes\nctypes.CDLL(None).printf(b'native\\n')\nprint('after')",
        "sys.__stdout__.write('first stream\\n')",
        "pid = os.fork()\nif not pid:\n    os.write(1, b'forked\\n')\n    os._exit(0)\nos.waitpid(pid, 0)[1]",
        "%%bash\necho from bash",
        "subprocess.Popen(['sleep', '60']).poll()",
    ],
    "displays": [
        "from IPython.display import HTML, Image, JSON, Markdown, SVG, clear_output, display, update_display",
        "print('before')\ndisplay(HTML('<b>x</b>'), metadata={'text/html': {'a': 1}})\nprint('after')",
        "handle = display(1, display_id='one')\nupdate_display(2, display_id='one')\nhandle.update(HTML('three'))",
        "handle.update('four')\n'in another cell'",
        "print('gone')\nclear_output()\nprint('stays')",
        "display('gone')\nclear_output(wait=True)\ndisplay('stays')",
        "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'), Markdown('*m*'), JSON({'a': (1, 2)}))",
        "import base64\nImage(base64.b64decode('iVBORw0KGgo='), format='png')",
        "display({'text/plain': 'raw', 'application/json': {'b': [1, None, 1.5]}}, raw=True)",
        "class Odd:\n    def _repr_html_(self): return '<i>odd</i>'\n    def __repr__(self): return 'odd'\nOdd()",
    ],
    "stack": [
        "import polars as pl\npl.DataFrame({'year': [2013, 2014], 'dead': [166, None]})",
        "import altair as alt\nalt.Chart(pl.DataFrame({'a': [1]})).mark_bar().encode(x='a').to_dict()['mark']",
        "import vl_convert\nlen(vl_convert.vega_to_svg({'width': 9, 'height': 9, 'marks': []})) > 9",
    ],
    "warnings": [
        "import warnings\nwarnings.warn('careful')",
        "def old():\n    warnings.warn('old', DeprecationWarning, stacklevel=2)\nold()",
        "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
        "asyncio.get_running_loop().is_running()",
        "__name__, '__file__' in globals(), get_ipython().__class__.__name__",
        "hash('seed'), __import__('os').environ['TZ'], __import__('os').environ.get('TERM')",
    ],
    "raises": ["def inner(x):\n    return 1 / x", "print('before')\ninner(0)", "print('never')"],
    "chained": ["try:\n    {}['key']\nexcept KeyError as error:\n    raise ValueError('wörse') from error"],
    "syntax": ["print('a'\n", "1"],
    "indented": ["if True:\n1"],
    "repr raises": ["class Bad:\n    def __repr__(self): raise RuntimeError('no repr')\nBad()", "1"],
    "input": ["input('name? ')"],
    "getpass": ["import getpass\ngetpass.getpass()"],
    "exits": ["import sys\nsys.exit(0)", "1"],
    "exits badly": ["raise SystemExit('bad')", "1"],
    "asyncio.run": ["import asyncio\nasyncio.run(asyncio.sleep(0))"],
}
FAILING = list(CASES)[6:]
# Cases that do not fail share notebooks. The first has the first cells: what it shows depends on their numbers.
TOGETHER = (("results", "displays", "warnings"), ("streams", "descriptors", "stack"))
NOTEBOOKS = {cases[0]: [cell for case in cases for cell in CASES[case]] for cases in TOGETHER}
NOTEBOOKS |= {case: CASES[case] for case in FAILING}


Executed = dict[str, tuple[str, Outcome]]  # by notebook: as executed, and how it ended


def execute(engine: str, folder: Path, notebooks: dict[str, list[str]]) -> Executed:
    """Run notebooks of these cells, three at a time."""
    found: Executed = {}
    waiting = list(notebooks)

    def start() -> None:
        if waiting:
            own = folder / waiting.pop()
            own.mkdir()
            source = notebook_file.source(json.loads(notebook(*notebooks[own.name])))
            (own / "in.ipynb").write_text(notebook_file.dumps(source))
            pool.start(own, notebook=own / "in.ipynb", output=own / "out.ipynb", cwd=own, parameters={})

    with Pool(Settings(engine, 60)) as pool:
        for _ in range(3):
            start()
        for message in pool.messages():
            if message.outcome:
                own = Path(message.key)
                found[own.name] = (own / "out.ipynb").read_text(), message.outcome
                start()
    return found


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> Executed:
    return execute("fork", tmp_path_factory.mktemp("fork"), NOTEBOOKS)


def test_both_engines_give_the_same_bytes(executed, tmp_path, capfd):
    kernel = execute("kernel", tmp_path, NOTEBOOKS)
    assert [name for name in NOTEBOOKS if executed[name][0] != kernel[name][0]] == []
    assert {name: executed[name][1] for name in NOTEBOOKS} == {name: kernel[name][1] for name in NOTEBOOKS}
    assert "A fresh process" not in capfd.readouterr().err


def test_cases_fail_that_should(executed):
    assert [name for name in NOTEBOOKS if executed[name][1].error] == FAILING


def outputs(executed, case: str, number: int) -> list[dict]:
    """The outputs of a case's cell, counted from 1."""
    (cases,) = [cases for cases in TOGETHER if case in cases]
    before = sum(len(CASES[other]) for other in cases[: cases.index(case)])
    cells = notebook_file.code_cells(json.loads(executed[cases[0]][0]))
    return cells[before + number]["outputs"]


def text(output: dict) -> str:
    return "".join(output["text"])


def test_what_is_written_to_descriptors_keeps_its_place(executed):
    assert [text(output) for output in outputs(executed, "descriptors", 2)[:2]] == ["a\nb\nd\n", "c\n"]
    assert text(outputs(executed, "descriptors", 3)[0]) == "xyz\n"
    assert [text(output) for output in outputs(executed, "descriptors", 4)[:2]] == ["raw\n", "�\n"]
    assert text(outputs(executed, "descriptors", 5)[0]) == "after\nnative\n"  # as C's own buffer has it
    assert text(outputs(executed, "descriptors", 7)[0]) == "forked\n"


def test_a_display_is_updated_where_it_stands(executed):
    (output,) = outputs(executed, "displays", 3)
    assert output["data"]["text/plain"] == ["'four'"]


def test_a_warning_does_not_name_a_process_or_a_temporary_folder(executed):
    assert text(outputs(executed, "warnings", 1)[0]).startswith("cell-")


def test_sys_exit_zero_is_not_success(executed):
    assert executed["exits"][1].cell == 2
    assert executed["exits"][1].error.startswith("SystemExit")


def test_executed_notebooks_carry_no_trace_of_the_run(executed):
    for name in NOTEBOOKS.keys() - set(FAILING):
        notebook = json.loads(executed[name][0])
        assert notebook["metadata"] == {"kernelspec": notebook_file.KERNELSPEC, "language_info": {"name": "python"}}
        assert all(cell["metadata"] in ({}, {"tags": ["parameters"]}) for cell in notebook["cells"])
        assert notebook_file.dumps(notebook_file.clean(notebook)) == executed[name][0]


def test_nothing_leaks_from_one_notebook_to_the_next(tmp_path):
    """The second notebook would see the first one's names, modules, folder or environment if they shared a process."""
    first = ["import os, sys\nleak = 1\nsys.leak = os.environ['LEAK'] = 'x'\nos.chdir('/')\nsys.path.append('leak')"]
    second = [
        "import os, sys\n('leak' in globals(), hasattr(sys, 'leak'), 'LEAK' in os.environ, os.getcwd() == '/',\n"
        " 'leak' in sys.path)"
    ]
    execute("fork", tmp_path, {"second": second, "first": first})
    cells = json.loads((tmp_path / "second/out.ipynb").read_text())["cells"]
    assert "".join(cells[-1]["outputs"][0]["data"]["text/plain"]) == "(False, False, False, False, False)"


def test_the_engine_is_registered_with_papermill(tmp_path):
    (tmp_path / "in.ipynb").write_text(notebook_file.dumps(notebook_file.source(json.loads(notebook("word * 2")))))
    command = [
        sys.executable,
        "-m",
        "papermill",
        "in.ipynb",
        "out.ipynb",
        "--engine",
        "fork",
        "--no-progress-bar",
    ]
    subprocess.run([*command, "-p", "word", "ab"], cwd=tmp_path, check=True, capture_output=True)
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert cells[-1]["outputs"][0]["data"]["text/plain"] == ["'abab'"]


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
    (tmp_path / "in.ipynb").write_text(notebook_file.dumps(notebook_file.source(json.loads(notebook(*cells)))))
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
