"""A notebook's cells run in this very process, by the kernel that IPython has, without its sockets.

nbclient, which turns messages into a notebook's outputs, is left as it is: `Cells` answers it as a kernel's client
would, from a queue. So display updates, widgets, tracebacks and merged streams are those of the standard kernel because
they are made by the same code.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from queue import Empty
from threading import Thread
from types import SimpleNamespace

from ipykernel.iostream import IOPubThread
from jupyter_client.session import Session
from traitlets import Any

from toll.run.shell import App, Kernel, flush_native

Message = dict[str, object]


class Channel(deque):
    """A queue of messages that is read as a kernel client's channel is; `sent` are those in the other direction."""

    def __init__(self) -> None:
        self.sent: deque[Message] = deque()

    def send(self, message: Message) -> None:
        self.sent.append(message)

    async def get_msg(self, timeout: float | None = None) -> Message:
        if not self:
            raise Empty
        return self.popleft()


class Wire(Session):
    """Puts messages on a channel where a kernel's session would send them over a socket."""

    iopub = Any()

    def send(self, stream, msg_or_type, content=None, parent=None, metadata=None, buffers=None, **_):
        message = (
            msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content, parent, None, metadata)
        )
        message["content"] = self.unpack(self.pack(message["content"]))  # as it would arrive: tuples become lists
        message["buffers"] = [memoryview(buffer) for buffer in buffers or ()]
        (stream if isinstance(stream, Channel) else self.iopub).append(message)
        return message

    def feed_identities(self, message, copy=True):
        return [], message

    def deserialize(self, message, content=True, copy=True):
        return message


class AtOnce(IOPubThread):
    """Sends what is printed when it is flushed, where a kernel has a thread for that."""

    def __init__(self):
        self.thread = Thread()  # which never starts
        self.io_loop = SimpleNamespace(call_later=lambda *_: None)


class KernelHere(Kernel):
    shell_stream = Any()
    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits while a cell runs."""


def _here() -> int:
    """A descriptor of the current folder, which stays even if that is removed."""
    return os.open(".", os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY))


def _nothing(self: object) -> None:
    pass


class AppHere(App):
    """The kernel without sockets, and so without what belongs to them."""

    kernel_class = KernelHere
    init_connection_file = init_poller = init_sockets = init_heartbeat = _nothing
    write_connection_file = log_connection_info = init_signal = _nothing

    def init_kernel(self) -> None:
        self.kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            shell_stream=Channel(),
            shell_channel_thread=SimpleNamespace(parent_thread=None),
            iopub_thread=self.iopub_thread,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
            log=self.log,
        )
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count


class Cells:
    """Runs cells one by one and answers as a Jupyter kernel client does.

    The cells have a context, standard streams and a current folder of their own, which last from one to the next.
    """

    def __init__(self) -> None:
        self.iopub_channel = Channel()
        self.session = Wire(iopub=self.iopub_channel)
        self._context = copy_context()
        self._folder = tempfile.TemporaryDirectory(prefix="toll-")
        self._app = AppHere.instance(session=self.session, iopub_thread=AtOnce())
        outside = sys.stdout, sys.stderr
        self._context.run(self._app.initialize, [f"--ipython-dir={self._folder.name}"])
        sys.stdout, sys.stderr, self._others = *outside, (sys.stdout, sys.stderr)
        self._elsewhere = _here()
        self.shell_channel = self._app.kernel.shell_stream

    async def execute(self, source: str, stop_on_error: bool = True, **_) -> str:
        """Run one cell to its end; its messages then wait in the channels. Returns the request's message id."""
        request = self.session.msg("execute_request", {"code": source, "stop_on_error": stop_on_error})
        while self.shell_channel.sent:  # by widgets of nbclient
            await self._handle(self.shell_channel.sent.popleft())
        await self._handle(request)
        return request["header"]["msg_id"]

    async def _handle(self, message: Message) -> None:
        with self._inside():
            await asyncio.create_task(self._app.kernel.dispatch_shell(message), context=self._context)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """The streams and the current folder are the notebook's while a cell runs, and otherwise those of papermill."""
        flush_native()
        self._swap()
        try:
            yield
        finally:
            flush_native()
            self._swap()

    def _swap(self) -> None:
        for captured in self._app.captured:
            captured.swap()
        sys.stdout, sys.stderr, self._others = *self._others, (sys.stdout, sys.stderr)
        there, self._elsewhere = self._elsewhere, _here()
        os.fchdir(there)
        os.close(there)

    def kernel_info(self) -> str:
        request = self.session.msg("kernel_info_request")
        self.session.send(self.shell_channel, "kernel_info_reply", {"language_info": {"name": "python"}}, request)
        return request["header"]["msg_id"]

    def is_alive(self) -> bool:
        return True

    def close(self) -> None:
        sys.displayhook, sys.excepthook = sys.__displayhook__, sys.__excepthook__
        self._folder.cleanup()
