"""papermill in one process: a loop over the notebooks, each with a kernel of its own."""

from pathlib import Path

import papermill

for notebook in sorted(Path().glob("*.ipynb")):
    papermill.execute_notebook(notebook, Path("../executed") / notebook, progress_bar=False)
