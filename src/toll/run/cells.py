"""A notebook's cells run in this very process, by the shell that an IPython kernel uses.

nbclient, which turns messages into a notebook's outputs, is left as it is: `Cells` answers it as a kernel's
client would, from a queue instead of sockets. So display updates, clear_output, tracebacks and merged streams
are those of the standard kernel because they are made by the same code.

What processes and native code write straight to file descriptors 1 and 2 keeps its place among what Python prints. A
pipe and a reading thread, as kernels use, lose what arrives late and shuffle the rest. A file cannot: each write to
sys.stdout first fetches what the file has gained, so the order is that of the writes, on every run.
"""

from __future__ import annotations

import builtins
import codecs
import ctypes
import fcntl
import getpass
import io
import os
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from queue import Empty
from threading import RLock
from types import SimpleNamespace

from ipykernel.compiler import XCachingCompiler
from ipykernel.kernelbase import Kernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.profiledir import ProfileDir
from jupyter_client.session import Session
from traitlets import Any
from traitlets.config import Config

Message = dict[str, object]


class Captured:
    """A file that stands in for file descriptor `fd` of this process and its children between `start` and
    `stop`."""

    def __init__(self, fd: int):
        self.fd = fd
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        fcntl.fcntl(self._file, fcntl.F_SETFL, os.O_APPEND)
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def start(self) -> None:
        self._saved = os.dup(self.fd)
        os.dup2(self._file.fileno(), self.fd)

    def stop(self) -> None:
        os.dup2(self._saved, self.fd)
        os.close(self._saved)

    def read(self) -> str:
        """The text that has arrived since the last call."""
        size = os.fstat(self._file.fileno()).st_size
        if size == self._offset:
            return ""
        data = os.pread(self._file.fileno(), size - self._offset, self._offset)
        self._offset += len(data)
        return self._decoder.decode(data)


def flush_native() -> None:
    """Empties the buffers of C's stdio and of Python's own first streams into their file descriptors."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    ctypes.CDLL(None).fflush(None)


class Channel(deque):
    """A queue of messages that is read as a kernel client's channel is."""

    async def get_msg(self, timeout: float | None = None) -> Message:
        if not self:
            raise Empty
        message = self.popleft()
        if isinstance(message["content"].get("text"), list):
            message["content"]["text"] = "".join(message["content"]["text"])
        return message


class Wire(Session):
    """Puts messages on a channel where a kernel's session would send them over a socket."""

    channel = Any()
    parent = Any()

    def send(self, stream, msg_or_type, content=None, parent=None, **_):
        message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content, parent)
        message["content"] = self.unpack(self.pack(message["content"]))  # as it would arrive: tuples become lists
        (self.channel if stream is None else stream).append(message)
        return message

    def text(self, name: str, text: str) -> None:
        """Adds to the stream's last message while nothing else has come since."""
        last = self.channel[-1] if self.channel else None
        if last is not None and last["msg_type"] == "stream" and last["content"]["name"] == name:
            last["content"]["text"].append(text)
        else:
            self.channel.append(self.msg("stream", {"name": name, "text": [text]}, self.parent))


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of the cells, with what arrives at its file descriptor."""

    encoding = "UTF-8"

    def __init__(self, name: str, fd: int, wire: Wire):
        self.name, self._wire, self.captured = name, wire, Captured(fd)
        self._pid, self._lock = os.getpid(), RLock()

    def writable(self) -> bool:
        return True

    def write(self, string: str) -> int:
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if os.getpid() != self._pid:  # a process that a cell has forked: by way of the file
            os.write(self.captured.fd, string.encode("utf-8", "replace"))
            return len(string)
        with self._lock:
            self._fetch()
            if string:
                self._wire.text(self.name, string)
        return len(string)

    def flush(self) -> None:
        if os.getpid() == self._pid:
            with self._lock:
                flush_native()
                self._fetch()

    def _fetch(self) -> None:
        if text := self.captured.read():
            self._wire.text(self.name, text)


class Cells:
    """Runs cells one by one and answers as a Jupyter kernel client does."""

    def __init__(self):
        self.shell_channel, self.iopub_channel = Channel(), Channel()
        self._wire = Wire(channel=self.iopub_channel)
        self._folder = tempfile.TemporaryDirectory(prefix="toll-")
        self._shell = self._start_shell()
        self._streams = Stream("stdout", 1, self._wire), Stream("stderr", 2, self._wire)
        if "" not in sys.path:  # the notebook's folder
            sys.path.insert(0, "")

    def _start_shell(self) -> ZMQInteractiveShell:
        config = Config({"HistoryManager": {"enabled": False}})
        shell = ZMQInteractiveShell.instance(
            config=config,
            profile_dir=ProfileDir.create_profile_dir(self._folder.name, config=config),
            kernel=SimpleNamespace(eventloop=None),
            compiler_class=XCachingCompiler,
            user_ns={},
        )
        shell.displayhook.session = shell.display_pub.session = self._wire
        shell.displayhook.topic = b"execute_result"
        return shell

    async def execute(self, source: str, **_) -> str:
        """Runs one cell to its end; its messages then wait in the channels. Returns the request's message id."""
        request = self._wire.msg("execute_request")
        self._wire.parent = request["header"]
        self._shell.set_parent(request)
        number = self._shell.execution_count
        self._wire.send(None, "execute_input", {"code": source, "execution_count": number}, request)
        with self._redirected():
            reply = await self._run(source)
        self._wire.send(self.shell_channel, "execute_reply", reply | {"execution_count": number}, request)
        self._wire.send(None, "status", {"execution_state": "idle"}, request)
        return request["msg_id"]

    @contextmanager
    def _redirected(self) -> Iterator[None]:
        """While a cell runs its output is the notebook's and nobody answers its questions."""
        saved = sys.stdout, sys.stderr, builtins.input, getpass.getpass
        nobody = SimpleNamespace(_allow_stdin=False)
        flush_native()
        for stream in self._streams:
            stream.captured.start()
        sys.stdout, sys.stderr = self._streams
        builtins.input, getpass.getpass = partial(Kernel.raw_input, nobody), partial(Kernel.getpass, nobody)
        try:
            yield
        finally:
            for stream in self._streams:
                stream.flush()
                stream.captured.stop()
            sys.stdout, sys.stderr, builtins.input, getpass.getpass = saved

    async def _run(self, source: str) -> Message:
        shell = self._shell
        try:
            cell = {"transformed_cell": shell.transform_cell(source), "preprocessing_exc_tuple": None}
        except Exception:
            cell = {"transformed_cell": source, "preprocessing_exc_tuple": sys.exc_info()}
        if shell.should_run_async(source, **cell):
            result = await shell.run_cell_async(source, store_history=True, **cell)
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        else:
            result = shell.run_cell(source, store_history=True)
        payload = shell.payload_manager.read_payload()
        shell.payload_manager.clear_payload()
        if result.success and not shell._last_traceback_during_displayhook:
            return {"status": "ok", "payload": payload}
        error = result.error_before_exec or result.error_in_exec
        return {
            "status": "error",
            "payload": payload,
            "ename": type(error).__name__,
            "evalue": str(error),
            "traceback": shell._last_traceback or [],
        }

    def kernel_info(self) -> str:
        request = self._wire.msg("kernel_info_request")
        self._wire.send(self.shell_channel, "kernel_info_reply", {"language_info": {"name": "python"}}, request)
        return request["msg_id"]

    def is_alive(self) -> bool:
        return True

    def close(self) -> None:
        self._folder.cleanup()
