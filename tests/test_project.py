"""What the project says of itself in several places is the same in all of them."""

import ast
import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
import urllib.request

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from text_to_num import alpha2digit

from support.checkout import ROOT
from support.processes import wait_for

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()


def cells(notebook, kind):
    return [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == kind]


def parameters(notebook):
    [cell] = [c for c in cells(notebook, "code") if "parameters" in c["metadata"].get("tags", [])]
    return "".join(cell["source"])


def locked():
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", LOCK, re.MULTILINE))


def required():
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    return [Requirement(line) for lines in (PYPROJECT["project"]["dependencies"], *extras) for line in lines]


@pytest.mark.parametrize("requirement", required(), ids=lambda requirement: requirement.name)
def test_the_lock_satisfies_what_pyproject_asks_for(requirement):
    version = locked()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: run `make lock`"


def test_every_locked_package_has_a_hash():
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK)
    assert len(blocks) > 100
    assert [block.split(" ")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_conda_installs_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["--require-hashes", "-r requirements.lock"]}
    assert conda == [f"python{PYPROJECT['project']['requires-python']}", "pip"]


def test_no_committed_file_names_a_package_registry():
    registries = ["pypi" + ".org", "python" + "hosted", "npm" + "js.", "deb." + "debian"]
    found = subprocess.run(
        ["git", "grep", "-lIE", "|".join(map(re.escape, registries))], cwd=ROOT, capture_output=True, text=True
    )
    assert found.stdout == ""


def test_a_clone_has_the_committed_bytes_whatever_git_does_with_line_ends(tmp_path):
    def git(*arguments, **options):
        return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, **options).stdout

    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout")
    git("clone", "-q", "-c", "core.autocrlf=true", ROOT, tmp_path / "clone")
    committed = dict(re.findall(r"^\d+ (\w+) 0\t(.+)$", git("-C", tmp_path / "clone", "ls-files", "-s"), re.MULTILINE))
    files = "\n".join(committed.values())
    found = git("hash-object", "--no-filters", "--stdin-paths", cwd=tmp_path / "clone", input=files)
    assert found.split() == list(committed)


def test_the_chain_has_each_notebook_once_and_no_other():
    chain = yaml.safe_load((ROOT / "notebooks/chain.yml").read_text())
    assert list(chain) == [notebook.stem for notebook in NOTEBOOKS]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_defaults_are_those_of_the_article_edition_and_documented(notebook):
    article = yaml.safe_load((ROOT / "editions/article.yml").read_text())
    source = parameters(notebook)
    assignments = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(source).body}
    assert assignments == {name: article[name] for name in assignments}
    assert all(re.search(r"  # \w", line) for line in source.splitlines()), "a parameter has no comment"


def test_every_parameter_of_the_article_edition_is_declared_somewhere():
    article = yaml.safe_load((ROOT / "editions/article.yml").read_text())
    declared = "\n".join(parameters(notebook) for notebook in NOTEBOOKS)
    assert {name for name in article if not re.search(rf"^{name} = ", declared, re.MULTILINE)} == set()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_markdown_cells_type_no_number(notebook):
    for cell in cells(notebook, "markdown"):
        source = "".join(cell["source"])
        assert not re.search(r"\d", source), source
        assert [word for word in re.findall(r"[A-Za-z-]+", source) if alpha2digit(word, "en") != word] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_prose_saved_in_order_and_clean(notebook):
    document = json.loads(notebook.read_text())
    kinds = [cell["cell_type"] for cell in document["cells"]]
    assert kinds[0] == "markdown"
    assert all("markdown" in pair for pair in itertools.pairwise(kinds[1:])), "a code cell has no reason"
    counts = [cell["execution_count"] for cell in cells(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in cells(notebook, "code") for output in cell["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
    assert "papermill" not in document["metadata"]


def test_lab_serves_the_notebooks(tmp_path):
    """JupyterLab starts in the folder of the notebooks, as the command starts it, but without a browser window."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"ip": "127.0.0.1", "port": port, "open_browser": False, "allow_root": True, "token": "known"}
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": settings}))
    own = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "HOME": str(tmp_path)}
    lab = subprocess.Popen(
        [sys.executable, "-m", "toll", "lab"],
        cwd=ROOT,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def names():
        url = f"http://127.0.0.1:{port}/api/contents?token=known"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=30) as answer:
            return {entry["name"] for entry in json.load(answer)["content"]}

    try:
        wait_for(lambda: names() or lab.poll() is not None, seconds=90)
        assert names() >= {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    finally:
        lab.terminate()
        lab.wait()
