"""Where machines that work together meet: bundles of files in a shared folder or at an fsspec URL.

A bundle is one object, a zip of its files whose bytes depend on them alone. It is there whole or not at all: an object
store shows an object once all of it has arrived, and in a folder it gets its name by rename.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from toll.digests import zipped


class Damaged(Exception):
    """A bundle whose bytes are not those that were put."""


class Store:
    """Bundles by name. What goes wrong beneath (no such bucket, no permission) is raised as fsspec raises it."""

    def __init__(self, url: str):
        self.url = url
        self._files, self._root = fsspec.url_to_fs(url, use_listings_cache=False)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}.zip"

    def holds(self, name: str) -> bool:
        return self._files.exists(self._path(name))

    def put(self, name: str, files: Mapping[str, bytes]) -> None:
        path, data = self._path(name), zipped(files)
        if isinstance(self._files, LocalFileSystem):
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            part = f"{path}.{uuid.uuid4().hex}"
            self._files.pipe_file(part, data)
            self._files.mv(part, path)
        else:
            self._files.pipe_file(path, data)

    def get(self, name: str, folder: Path) -> None:
        """Lay the files of a bundle out in `folder`. Raises FileNotFoundError, Damaged."""
        path = self._path(name)
        data = self._files.cat_file(path)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as bundle:
                bundle.extractall(folder)
        except OSError:  # the folder's fault, not the bundle's
            raise
        except Exception as error:  # a wrong byte can look like anything: another way of packing, a password
            raise Damaged(f"{path}: {error}") from None

    def drop(self, name: str) -> None:
        """Delete a bundle, if it is there."""
        if self.holds(name):
            self._files.rm_file(self._path(name))
