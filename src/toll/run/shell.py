"""The IPython kernel of both engines: ipykernel's own, with what has to be the same on every run.

`kernel` starts it in a process of its own, as Jupyter does; `cells` calls it in this process. What processes and native
code write straight to file descriptors 1 and 2 keeps its place among what Python prints. A pipe and a reading thread,
as kernels use, lose what arrives late and shuffle the rest. A file cannot: each write to sys.stdout first fetches what
the file has gained, so the order is that of the writes.
"""

from __future__ import annotations

import codecs
import ctypes
import fcntl
import os
import re
import sys
import tempfile
from pathlib import PurePath
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session

from toll.run import process

with process.without_slow_imports():
    import ipykernel.debugger  # noqa: F401 - so that it doesn't look for debugpy when a kernel starts

DESCRIPTORS = {"stdout": 1, "stderr": 2}
# What Jupyter tells a kernel that it starts, and what only this machine or this run has.
OF_JUPYTER = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "PYDEVD_USE_FRAME_EVAL")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # part of a name in another encoding: not a character of any text


class Captured:
    """A file that stands in for file descriptor `fd` of this process and its children."""

    def __init__(self, fd: int):
        self.fd = fd
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        fcntl.fcntl(self._file, fcntl.F_SETFL, os.O_APPEND)
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._other = os.dup(self._file.fileno())

    def swap(self) -> None:
        """Put the file in the descriptor's place, or back again what was there; a cell may change what that is."""
        here = os.dup(self.fd)
        os.dup2(self._other, self.fd)
        os.close(self._other)
        self._other = here

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


class Stream(OutStream):
    """sys.stdout or sys.stderr of the cells, with what arrives at its file descriptor."""

    def __init__(self, session, pub_thread, name, **options):
        super().__init__(session, pub_thread, name, **options)
        self.captured = Captured(DESCRIPTORS[name])

    def fileno(self) -> int:
        return self.captured.fd

    def write(self, string: str) -> int | None:
        if isinstance(string, str) and not self._is_master_process():  # one that a cell has forked: through the file
            os.write(self.captured.fd, string.encode("utf-8", "replace"))
            return len(string)
        self._fetch()
        return super().write(string)

    def flush(self) -> None:
        if self._is_master_process():
            flush_native()
            self._fetch()
            super().flush()

    def _fetch(self) -> None:
        if text := self.captured.read():
            super().write(text)


class Compiler(XCachingCompiler):
    """Gives a cell's code a file name that is the same on every run: warnings and tracebacks print it."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        return f"ipykernel_cell/{PurePath(super().get_code_name(raw_code, code, number)).name}"


class Kernel(IPythonKernel):
    compiler_class = Compiler


class App(IPKernelApp):
    """Starts the kernel, its shell and its streams."""

    kernel_class = Kernel
    outstream_class = f"{__name__}.Stream"
    capture_fd_output = False  # by a thread

    def init_path(self) -> None:
        """Find the notebook's modules, after those of Python. IPython leaves that out under the flag -P."""
        packages = [at for at, entry in enumerate(sys.path) if entry.endswith(("site-packages", "dist-packages"))]
        sys.path.insert(min(packages, default=len(sys.path)), "")

    def initialize(self, argv: list[str] | None = None) -> None:
        self.session.pack = pack
        super().initialize([*(argv or ()), "--HistoryManager.enabled=False"])
        streams: list[Any] = [sys.stdout, sys.stderr]
        self.captured = [stream.captured for stream in streams]
        sys.argv[:] = [""]  # as in Python's own shell
        sys.breakpointhook = lambda *_, **__: None  # there is nobody to debug
        for name in OF_JUPYTER:
            os.environ.pop(name, None)


def pack(message: object) -> bytes:
    """A message as JSON; what is not a character is shown as such."""
    try:
        return _PACK(message)
    except UnicodeEncodeError:
        return _PACK(_readable(message))


def _readable(value: object) -> object:
    if isinstance(value, str):
        return LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_readable(key): _readable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(each) for each in value]
    return value


_PACK = Session.pack.default_value
