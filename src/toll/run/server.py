"""The process that starts the processes of a run: `python -m toll.run.server OWNER LISTENER`, two descriptors.

For the engine `fork` it imports the stack once and forks a child for each notebook and each helper: a child starts
with everything imported and with nothing left over from another. The server must only import. After one polars query
or one conversion here, a child would wait for ever for a thread that it does not have. So the server lists its threads
before each fork, and if one of them may hold a lock, the child is a fresh process instead. For `kernel` it always is.

`multiprocessing` gives the connections. Its own fork server does not fit: workers inherit the descriptor that keeps it
alive, so when a run is killed, the server, its workers and what their cells have started would all stay behind. This
one ends everything that it has started when its owner is gone, and adopts what dead workers leave.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import inf
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, NoReturn

from toll.run import process, worker
from toll.run.calls import Answer, Call
from toll.run.pool import Message, Settings

NOTEBOOKS = ("papermill", "toll.run.cells", "toll.run.engine")
TRIES = 2  # helpers that may die of one call


@dataclass(eq=False)
class Job:
    """A notebook that is running in a process of its own. `result` is what that said at its end."""

    connection: Connection
    scratch: Path
    deadline: float = inf  # until its first cell
    late: bool = False
    result: worker.Result | None = None


@dataclass(eq=False)
class Task:
    """A call, and those who wait for it."""

    call: Call
    clients: list[Connection] = field(default_factory=list)
    tries: int = 0


@dataclass(eq=False)
class Helper:
    connection: Connection
    polite: bool
    task: Task | None = None


class Server:
    """`sources` has what to do when something arrives at each connection, `now` the tasks that someone waits for."""

    def __init__(self, owner: Connection, listener: socket.socket, settings: Settings):
        self.owner, self.listener, self.settings = owner, listener, settings
        self.jobs: dict[int, Job] = {}  # by process id
        self.helpers: dict[int, Helper] = {}
        self.now: dict[str, Task] = {}  # by key
        self.later: dict[str, Task] = {}
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        process.adopt_orphans()
        self.sources: dict[Any, Callable[[], None]] = {
            owner: self.obey,
            listener: self.accept,
            self.woken: self.reap,
        }

    def serve(self) -> None:
        """Work until the owner is gone."""
        while self.owner in self.sources:
            self.hand_out_tasks()
            deadline = min((job.deadline for job in self.jobs.values()), default=inf)
            for source in wait(self.sources, None if deadline == inf else max(0.0, deadline - time.monotonic())):
                if source in self.sources:
                    self.sources[source]()
            for pid, job in self.jobs.items():
                if job.deadline <= time.monotonic():
                    job.late, job.deadline = True, inf
                    process.end(pid)

    def receive(self, connection: Connection) -> Any:
        """The next message; None when the other end is closed."""
        try:
            return connection.recv()
        except (EOFError, OSError):
            del self.sources[connection]
            connection.close()
            return None

    # --- Processes ---

    def obey(self) -> None:
        """Start a job, or end it."""
        order = self.receive(self.owner)
        if order and order[0] == "start":
            _, scratch, job = order
            # The limit in the worker, for kernels, is later than ours: ours ends the process whatever it does.
            job |= {"engine": self.settings.engine, "timeout": int(self.settings.cell_seconds) + 5}
            pid, connection = self.start("notebook", scratch, job)
            self.jobs[pid] = own = Job(connection, scratch)
            self.sources[connection] = partial(self.hear, own)
        elif order:
            for pid in [pid for pid, job in self.jobs.items() if job.scratch == order[1]]:
                process.end(pid)

    def start(self, *order: Any) -> tuple[int, Connection]:
        """Start a process and tell it what it is for."""
        ours, theirs = Pipe()
        me, forks = os.getpid(), self.settings.engine != "kernel"
        if busy := process.busy_threads() if forks else []:
            print(f"A fresh process for a worker: the server has the threads {', '.join(busy)}.", file=sys.stderr)
        if forks and not busy:
            pid = os.fork() or self.become_worker(theirs, me, unused=ours)
        else:
            os.set_inheritable(theirs.fileno(), True)
            pid = os.posix_spawn(sys.executable, process.python("toll.run.worker", theirs.fileno(), me), os.environ)
        theirs.close()
        with contextlib.suppress(OSError):  # it has ended already, and `reap` will see it
            ours.send(order)
        return pid, ours

    def become_worker(self, connection: Connection, parent: int, unused: Connection) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for source in (unused, *(self.sources.keys() - {self.woken})):
                source.close()
            worker.main(connection, parent)
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)

    def tell(self, message: Message) -> None:
        with contextlib.suppress(OSError):  # it is gone, and `serve` will see it
            self.owner.send(message)

    def hear(self, job: Job) -> None:
        """Pass on which cell began, or keep what the notebook said at its end."""
        said = self.receive(job.connection)
        if isinstance(said, int):
            job.deadline = time.monotonic() + self.settings.cell_seconds
            self.tell(Message(job.scratch, cell=said))
        elif said is not None:
            job.result = said

    def reap(self) -> None:
        """Say which workers have ended, and end what they left running."""
        os.read(self.woken, 4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                pid, code = ended[0], os.waitstatus_to_exitcode(ended[1])
                if job := self.jobs.pop(pid, None):
                    process.end(pid)  # its group
                    while job.connection in self.sources and job.connection.poll():
                        self.hear(job)
                    self.drop(job.connection)
                    self.tell(Message(job.scratch, exit=code, late=job.late, result=job.result))
                elif helper := self.helpers.pop(pid, None):
                    self.drop(helper.connection)
                    if helper.task:
                        self.try_again(helper.task, code)
        for stray in process.children() - self.jobs.keys() - self.helpers.keys():
            process.end(stray)

    def drop(self, connection: Connection) -> None:
        if self.sources.pop(connection, None):
            connection.close()

    # --- Calls ---

    def accept(self) -> None:
        client = Connection(self.listener.accept()[0].detach())
        self.sources[client] = partial(self.take_calls, client)

    def take_calls(self, client: Connection) -> None:
        """Queue what a client wants called; if it is gone, nobody waits for its calls any more."""
        request = self.receive(client)
        if request is None:
            for task in self.now.values():
                task.clients = [other for other in task.clients if other is not client]
            self.now = {key: task for key, task in self.now.items() if task.clients}
            return
        urgent, calls = request
        under_way = {one.task.call.key: one.task for one in self.helpers.values() if one.task}
        for call in calls:
            task = under_way.get(call.key) or self.now.get(call.key)
            if urgent and not task:
                task = self.now[call.key] = self.later.pop(call.key, None) or Task(call)
            if urgent:
                task.clients.append(client)
            elif not task and self.settings.polite:
                self.later.setdefault(call.key, Task(call))

    def hand_out_tasks(self) -> None:
        """Give tasks to idle helpers, those that someone waits for first, and start helpers while there are too few."""
        while queue := self.now or self.later:
            urgent = queue is self.now
            idle = [one for one in self.helpers.values() if not one.task and (urgent or one.polite)]
            helper = min(idle, key=lambda one: one.polite, default=None) or self.new_helper(urgent)
            if not helper:
                return
            helper.task = queue.pop(next(iter(queue)))
            with contextlib.suppress(OSError):  # it is dead, and `reap` will see it
                helper.connection.send(helper.task.call)

    def new_helper(self, urgent: bool) -> Helper | None:
        """One more helper of the kind that is needed, unless there are enough."""
        for polite, most in ((False, self.settings.prompt), (True, self.settings.polite)):
            if (urgent or polite) and sum(one.polite == polite for one in self.helpers.values()) < most:
                pid, connection = self.start("calls", self.settings.warm_up, polite)
                self.helpers[pid] = helper = Helper(connection, polite)
                self.sources[connection] = partial(self.finish, helper)
                return helper
        return None

    def finish(self, helper: Helper) -> None:
        """Pass an answer on to all who wait for it."""
        answer, task = self.receive(helper.connection), helper.task
        if answer and task:
            helper.task = None
            self.answer(task, answer)

    def answer(self, task: Task, answer: Answer) -> None:
        for client in task.clients:
            with contextlib.suppress(OSError):  # it waits no longer
                client.send(answer)

    def try_again(self, task: Task, code: int) -> None:
        """Let another helper make the call of one that died, or give up."""
        task.tries += 1
        if task.tries < TRIES:
            (self.now if task.clients else self.later)[task.call.key] = task
        else:
            self.answer(task, Answer([], f"A helper process {process.cause(code)} during {task.call.function}."))

    def close(self) -> None:
        """End everything that this process has started or adopted."""
        while pids := self.jobs.keys() | self.helpers.keys() | process.children():
            for pid in pids:
                process.end(pid)
            try:
                ended = os.wait()[0]
            except ChildProcessError:
                return
            self.jobs.pop(ended, None)
            self.helpers.pop(ended, None)


def import_stack(settings: Settings) -> None:
    """Import what notebooks and helpers use, so that each child starts with it."""
    with process.without_slow_imports():
        for module in NOTEBOOKS if settings.engine else ():
            importlib.import_module(module)
        if settings.preload:
            process.function(settings.preload)()
        if settings.warm_up:
            process.function(settings.warm_up)  # which imports it
    gc.collect()
    gc.freeze()  # children then share these pages


def main(owner: Connection, listener: socket.socket) -> None:
    settings: Settings = owner.recv()
    if settings.engine != "kernel":
        import_stack(settings)
    server = Server(owner, listener, settings)
    try:
        server.serve()
    finally:
        server.close()


if __name__ == "__main__":
    os.dup2(2, 1)
    main(Connection(int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2])))
