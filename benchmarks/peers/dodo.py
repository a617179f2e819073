"""The project's chain as doit tasks, one a notebook, each run by papermill: see notebooks/chain.yml."""

from pathlib import Path

import yaml

PAPERMILL = "papermill --no-progress-bar --cwd notebooks notebooks/{0}.ipynb executed/{0}.ipynb"


def task_notebook():
    edition = yaml.safe_load(Path("editions/article.yml").read_text())
    chain = yaml.safe_load(Path("notebooks/chain.yml").read_text().format(**edition))
    written = [path for step in chain.values() for path in step["writes"]]
    for name, step in chain.items():
        reads = [file for path in step["reads"] if path for file in files(path, written)]
        yield {
            "name": name,
            "actions": [PAPERMILL.format(name)],
            "file_dep": [f"notebooks/{name}.ipynb", *reads],
            "targets": [path for path in step["writes"] if Path(path).suffix],
        }


def files(path, written):
    """A folder stands for what is in it, or will be."""
    if Path(path).suffix:
        return [path]
    return [file for file in written if file.startswith(f"{path}/")] or sorted(map(str, Path(path).glob("*.csv")))
