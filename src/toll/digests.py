"""Hashes, JSON and zips that come out the same on every machine and at any time."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path


def sha256(content: bytes) -> str:
    """The SHA-256 of `content`, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, read in pieces, so the file may be large. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short(content: bytes, digits: int = 12) -> str:
    """The first digits of the SHA-256: enough to tell versions apart, not to prove anything."""
    return sha256(content)[:digits]


def canonical_json(content: object, sort_keys: bool = False) -> bytes:
    """`content` as JSON: UTF-8, one space of indentation, LF at the end. Raises ValueError for NaN and infinity.

    Sort the keys where the JSON is hashed and the order of the keys carries no meaning.
    """
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=sort_keys, allow_nan=False)
    return f"{text}\n".encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of `files` by name: sorted, undated, and stored, because compressors differ from version to version."""
    import zipfile  # here, because most commands hash and few zip

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as bundle:
        for name, content in sorted(files.items()):
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = 3, 0o100644 << 16  # a plain file made on Unix
            bundle.writestr(member, content)
    return stream.getvalue()


def sums(digests: Mapping[str, str]) -> bytes:
    """A list of files and their SHA-256, by name, as `sha256sum -c` reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def read_sums(path: Path) -> dict[str, str]:
    """The SHA-256 of each file in a list that `sums` wrote. Skips damaged lines; a missing list is empty."""
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
    return {name: digest for digest, separator, name in (line.partition("  ") for line in lines) if separator}
