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
from typing import Any, NoReturn

from toll.run import process, worker
from toll.run.worker import END, NOTEBOOK, NOW, Call, Message, Outcome, Settings

NOTEBOOKS = ("toll.run.execute", "toll.run.cells")


@dataclass(eq=False)
class Task:
    """A call, and those who wait for it. `deadline` is that of the notebook's cell."""

    call: Call
    clients: list[Connection] = field(default_factory=list)
    deadline: float = inf
    outcome: Outcome | None = None


@dataclass(eq=False)
class Worker:
    """A process and what it is doing."""

    connection: Connection
    is_helper: bool
    task: Task | None = None


class Server:
    """`sources` has what to do when something arrives at each connection, `now` the tasks that someone waits for."""

    def __init__(self, owner: Connection, listener: socket.socket, settings: Settings):
        self.owner, self.listener, self.settings = owner, listener, settings
        self.workers: dict[int, Worker] = {}  # by process id
        self.now: dict[str, Task] = {}  # by key
        self.later: dict[str, Task] = {}
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        process.adopt_orphans()
        self.sources: dict[Any, Callable[[], None]] = {listener: self.accept, self.woken: self.reap}
        self.sources[owner] = partial(self.obey, owner)

    def serve(self) -> None:
        """Work until the owner is gone."""
        while self.owner in self.sources:
            self.hand_out_tasks()
            running = {pid: one.task for pid, one in self.workers.items() if one.task}
            deadline = min((task.deadline for task in running.values()), default=inf)
            for source in wait(self.sources, None if deadline == inf else max(0.0, deadline - time.monotonic())):
                if source in self.sources:
                    self.sources[source]()
            for pid, task in running.items():
                if task.deadline <= time.monotonic() and not task.outcome:
                    limit = self.settings.cell_seconds
                    task.outcome = Outcome([], f"The cell ran longer than {limit:g} seconds and was ended.")
                    task.deadline = inf
                    process.end(pid)

    def receive(self, connection: Connection) -> Any:
        """The next message; None when the other end is closed."""
        try:
            return connection.recv()
        except (EOFError, OSError):
            self.drop(connection)
            return None

    def drop(self, connection: Connection) -> None:
        if self.sources.pop(connection, None):
            connection.close()

    # --- What is wanted ---

    def accept(self) -> None:
        client = Connection(self.listener.accept()[0].detach())
        self.sources[client] = partial(self.obey, client)

    def obey(self, client: Connection) -> None:
        """Start, queue or end what a client wants; if the client is gone, no one waits for its calls any more."""
        request = self.receive(client)
        if request is None:
            for task in self.now.values():
                task.clients = [other for other in task.clients if other is not client]
            self.now = {key: task for key, task in self.now.items() if task.clients}
            return
        what, calls = request
        for call in calls:
            under_way = {one.task.call.key: (pid, one.task) for pid, one in self.workers.items() if one.task}
            if what == END and call.key in under_way:
                process.end(under_way[call.key][0])
            elif what == NOTEBOOK:
                self.give(self.start(), Task(call, [client]))
            elif call.key in under_way:
                under_way[call.key][1].clients += [client] if what == NOW else []
            elif what == NOW:
                task = self.now.get(call.key) or self.later.pop(call.key, Task(call))
                task.clients.append(client)
                self.now[call.key] = task
            elif self.settings.ahead and call.key not in self.now:
                self.later.setdefault(call.key, Task(call))

    def hand_out_tasks(self) -> None:
        """Give tasks to helpers, those that someone waits for first. The others leave one helper free for these."""
        while queue := self.now or self.later:
            helpers = [one for one in self.workers.values() if one.is_helper]
            idle = [one for one in helpers if not one.task]
            free = len(idle) + self.settings.helpers - len(helpers)
            if free < (1 if queue is self.now else 2):
                return
            self.give(idle[0] if idle else self.start(self.settings.warm_up), queue.pop(next(iter(queue))))

    # --- Processes ---

    def start(self, warm_up: str = "") -> Worker:
        """A new process: a helper, if there is something to warm up."""
        ours, theirs = Pipe()
        me, forks = os.getpid(), self.settings.engine != "kernel"
        if busy := process.busy_threads() if forks else []:
            print(f"A fresh process for a worker: the server has the threads {', '.join(busy)}.", file=sys.stderr)
        if forks and not busy:
            pid = os.fork() or self.become_worker(theirs, me, warm_up, unused=ours)
        else:
            os.set_inheritable(theirs.fileno(), True)
            command = process.python("toll.run.worker", theirs.fileno(), me, warm_up)
            pid = os.posix_spawn(sys.executable, command, os.environ)
        theirs.close()
        self.workers[pid] = own = Worker(ours, is_helper=bool(warm_up))
        self.sources[ours] = partial(self.hear, own)
        return own

    def become_worker(self, connection: Connection, parent: int, warm_up: str, unused: Connection) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for source in (unused, *(self.sources.keys() - {self.woken})):
                source.close()
            worker.main(connection, parent, warm_up)
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)

    def give(self, own: Worker, task: Task) -> None:
        own.task = task
        self.send(own.connection, task.call)

    def send(self, connection: Connection, message: Any) -> None:
        with contextlib.suppress(OSError):  # the other end is gone, and `serve` will see it
            connection.send(message)

    def hear(self, own: Worker) -> None:
        """Pass on which cell begins, or how a call ended. Of a notebook, that counts when its process has ended."""
        said, task = self.receive(own.connection), own.task
        if isinstance(said, int) and task:
            task.deadline = time.monotonic() + self.settings.cell_seconds
            self.tell(task, Message(task.call.key, cell=said))
        elif said and task:
            task.outcome = task.outcome or said
            if own.is_helper:
                own.task = None
                self.tell(task, Message(task.call.key, outcome=task.outcome))
            else:
                self.drop(own.connection)

    def tell(self, task: Task, message: Message) -> None:
        for client in task.clients:
            self.send(client, message)

    def reap(self) -> None:
        """Say which workers have ended, and end what they left running."""
        os.read(self.woken, 4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                if own := self.workers.get(ended[0]):
                    process.end(ended[0])  # its group
                    while own.connection in self.sources and own.connection.poll():
                        self.hear(own)
                    self.drop(own.connection)
                    del self.workers[ended[0]]
                    if task := own.task:
                        died = Outcome([], f"The process {process.cause(os.waitstatus_to_exitcode(ended[1]))}.")
                        self.tell(task, Message(task.call.key, outcome=task.outcome or died))
        for stray in process.children() - self.workers.keys():
            process.end(stray)

    def close(self) -> None:
        """End everything that this process has started or adopted."""
        while pids := self.workers.keys() | process.children():
            for pid in pids:
                process.end(pid)
            try:
                self.workers.pop(os.wait()[0], None)
            except ChildProcessError:
                return


def main(owner: Connection, listener: socket.socket) -> None:
    settings: Settings = owner.recv()
    if settings.engine != "kernel":
        with process.without_slow_imports():
            for module in NOTEBOOKS if settings.engine else ():
                importlib.import_module(module)
            if settings.preload:
                process.function(settings.preload)()
            if settings.warm_up:
                process.function(settings.warm_up)  # which imports it
        gc.collect()
        gc.freeze()  # children then share these pages
    server = Server(owner, listener, settings)
    try:
        server.serve()
    finally:
        server.close()


if __name__ == "__main__":
    os.dup2(2, 1)
    main(Connection(int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2])))
