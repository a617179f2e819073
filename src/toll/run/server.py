"""The process that starts the notebooks' processes: `python -m toll.run.server ENGINE`.

For `fork` it imports the stack once and forks a child for each notebook: the child starts with everything
imported and with nothing that another notebook left. It must only import: after one polars query or one
conversion here, a child would wait for ever for a thread that it does not have. So the threads are listed
before each fork, and if there is one that may hold a lock the notebook gets a fresh process instead. For
`kernel` it is always a fresh one.

Commands come as lines of JSON on standard input, {"start": SCRATCH} and {"kill": SCRATCH}; events leave on
standard output: {"ready": true} when the stack is imported, the workers' own (see `worker`),
{"job": SCRATCH, "exit": CODE} and {"note": TEXT}. At the end of its input the server ends everything that it
has started, and itself.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys

from toll.run import process, worker

STACK = (
    *("papermill", "toll.run.cells", "toll.run.engine", "polars", "altair", "vl_convert"),
    *("jinja2", "lxml.etree", "num2words", "pikepdf", "uharfbuzz", "fontTools.subset", "text_to_num"),
)


class Server:
    def __init__(self, engine: str):
        self.forks = engine == "fork"
        self.jobs: dict[int, str] = {}  # process id: scratch folder
        self.me = os.getpid()
        os.dup2(1, worker.REPORT)
        os.dup2(2, 1)
        process.adopt_orphans()
        if self.forks:
            import_stack()
        worker.report(ready=True)

    def serve(self) -> None:
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        pending = b""
        while True:
            readable, _, _ = select.select([0, woken], [], [])
            if woken in readable:
                os.read(woken, 4096)
                self.reap()
            if 0 in readable:
                received = os.read(0, 65536)
                if not received:
                    return
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    self.obey(**json.loads(line))

    def obey(self, start: str | None = None, kill: str | None = None) -> None:
        if start:
            self.jobs[self.start(start)] = start
        for pid in [pid for pid, scratch in self.jobs.items() if scratch == kill]:
            end(pid)

    def start(self, scratch: str) -> int:
        busy = process.busy_threads() if self.forks else []
        if self.forks and not busy:
            return os.fork() or self.become_worker(scratch)
        if busy:
            worker.report(note=f"a fresh process for a notebook: this one has the threads {', '.join(busy)}")
        command = process.python("toll.run.worker", scratch, str(self.me))
        return os.posix_spawn(sys.executable, command, os.environ)

    def become_worker(self, scratch: str) -> int:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            worker.main(scratch, self.me)
            code = 0
        finally:
            os._exit(code)

    def reap(self) -> None:
        """Reports the workers that have ended, and ends what they left running."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                pid, status = ended
                if pid in self.jobs:
                    end(pid)
                    worker.report(job=self.jobs.pop(pid), exit=os.waitstatus_to_exitcode(status))
        for stray in process.children() - self.jobs.keys():
            end(stray)

    def close(self) -> None:
        for pid in self.jobs:
            end(pid)
        while self.jobs or process.children():
            for stray in process.children():
                end(stray)
            try:
                self.jobs.pop(os.wait()[0], None)
            except ChildProcessError:
                return


def import_stack() -> None:
    """Imports what notebooks use; of all of it only two checkers are run, which are plain Python and slow to begin."""
    import gc

    with process.without_slow_imports():
        for module in STACK:
            importlib.import_module(module)
        nbformat, altair = (sys.modules[name] for name in ("nbformat", "altair"))
        nbformat.validate(nbformat.v4.new_notebook())
        altair.Chart().mark_point().to_dict()
    gc.collect()
    gc.freeze()  # children then share these pages


def end(pid: int) -> None:
    """Ends a process and its group, if they are still there."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    server = Server(sys.argv[1])
    try:
        server.serve()
    finally:
        server.close()
