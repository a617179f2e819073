"""The standard IPython kernel, for `--engine kernel`.

It ends with the process that started it, and keeps what is written straight to its file descriptors in order (see
`cells`).
"""

from __future__ import annotations

import os
import sys

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp

from toll.run.cells import Captured, flush_native
from toll.run.process import die_with

DESCRIPTORS = {"stdout": 1, "stderr": 2}


class Stream(OutStream):
    """The kernel's stream of one name, fed with its file descriptor too."""

    def __init__(self, session, pub_thread, name, **options):
        super().__init__(session, pub_thread, name, **options)
        self._captured = Captured(DESCRIPTORS[name])
        self._captured.start()

    def _fetch(self) -> None:
        if self._is_master_process() and (text := self._captured.read()):
            super().write(text)

    def write(self, string: str) -> int | None:
        self._fetch()
        return super().write(string)

    def flush(self) -> None:
        if self._is_master_process():
            flush_native()
            self._fetch()
        super().flush()


def main() -> None:
    if parent := os.environ.get("JPY_PARENT_PID"):
        die_with(int(parent))
    app = IPKernelApp.instance(outstream_class="toll.run.kernel.Stream", capture_fd_output=False)
    app.initialize()
    sys.path.insert(0, "")  # the notebook's folder, which the flag -P leaves out
    app.start()


if __name__ == "__main__":
    main()
