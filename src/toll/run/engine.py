"""The two ways to run a notebook's cells under papermill; both give the same bytes.

`fork` (a registered papermill engine) runs the cells in the process it is called in: no kernel to start, no sockets.
The server in `toll.run.server` forks such a process for each notebook, with everything imported. `kernel` is
papermill's standard engine with the standard IPython kernel over private IPC sockets.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from papermill.exceptions import PapermillException
from papermill.log import logger

from toll.run import notebook_file, process


class ForkEngine(Engine):
    """Runs the cells of one notebook in this process; a second notebook needs a second process.

    It writes the notebook as far as it has come to `keep` before each cell, in case the cell ends the process.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, keep: Path | None = None, **options: Any) -> Any:
        from IPython.core.interactiveshell import InteractiveShell

        from toll.run.cells import Cells

        if (language := notebook_file.language(nb_man.nb)) != "python":
            raise PapermillException(
                f"engine fork: the notebook is in {language}, and this engine runs Python. Leave out --engine fork."
            )
        if InteractiveShell.initialized():
            raise PapermillException("engine fork: this process has a shell already; run one notebook per process")
        traits = PapermillNotebookClient.class_trait_names()
        client = _Client(nb_man, log=logger, **{name: value for name, value in options.items() if name in traits})
        client.kc, client.keep = Cells(), keep
        try:
            return client.execute()
        finally:
            client.kc.close()


class _Client(PapermillNotebookClient):
    """papermill's notebook client when the cells run here: there is no kernel to set up or to shut down."""

    keep: Path | None

    def execute_cell(self, cell: Any, *arguments: Any, **options: Any) -> Any:
        if self.keep:
            self.keep.write_text(json.dumps(self.nb))
        return super().execute_cell(cell, *arguments, **options)

    def setup_kernel(self, **_: Any) -> Any:
        return nullcontext()


def kernel_options() -> dict[str, object]:
    """What papermill's standard engine needs to use a private kernel that is ended at once."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    folder = tempfile.mkdtemp(prefix="toll-", dir=process.socket_folder())
    os.environ.update(IPYTHONDIR=folder, JUPYTER_RUNTIME_DIR=folder)

    class PrivateKernel(AsyncKernelManager):
        def __init__(self, **options: Any):
            super().__init__(**options)
            command = process.python("toll.run.kernel", "-f", "{connection_file}")
            self._kernel_spec = KernelSpec(argv=command, display_name="Python 3", language="python")
            self.transport, self.ip = "ipc", f"{folder}/socket"

    return {"kernel_manager_class": PrivateKernel, "shutdown_kernel": "immediate"}
