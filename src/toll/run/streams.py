"""What processes and native code write straight to file descriptors 1 and 2, in its place among what Python
prints.

A pipe and a reading thread, as kernels use, lose what arrives late and shuffle the rest. A file cannot: each
write to sys.stdout first fetches what the file has gained, so the order is that of the writes, on every run.
"""

from __future__ import annotations

import codecs
import ctypes
import fcntl
import os
import sys
import tempfile


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
