"""Serves `figures/` on a loopback address, with drafts in place of what they will replace, to pages that keep up.

The files on disk stay as they are. A page gets one more script as it is served, which shows the drafts, marked as
such, and reloads the page when they are published.
"""

from __future__ import annotations

import json
import mimetypes
import re
import shutil
import threading
import time
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

OWN = "/.toll/"  # no published file begins with a dot
SCRIPT = Path(__file__).with_name("live.js")
LOOK_EVERY = 0.02  # seconds
NOTHING_YET = (
    b"<!doctype html><html lang=en><head><title>toll</title></head><body><p>Nothing is published yet.</p></body>"
)


class Site:
    """`drafts` is a folder like `figures`, of files that are shown until something is published."""

    def __init__(self, figures: Path, drafts: Path, port: int = 0):
        self.figures, self.drafts = figures.resolve(), drafts
        self.version, self.message = time.time_ns(), ""
        shutil.rmtree(drafts, ignore_errors=True)
        drafts.mkdir(parents=True)
        handler = type("Handler", (_Handler,), {"site": self})
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError:  # the port is taken
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Site:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self.drafts, ignore_errors=True)

    def tell(self, message: str) -> None:
        """Show a message on open pages."""
        self.message = message

    def published(self) -> None:
        """Everything has passed: forget the drafts and reload open pages, if anything was shown on them."""
        if self.message or any(self.drafts.iterdir()):
            shutil.rmtree(self.drafts)
            self.drafts.mkdir()
            self.version, self.message = time.time_ns(), ""

    def state(self) -> dict[str, Any]:
        """What open pages should show: `drafts` has the version of each draft that differs from what is published."""
        drafts = {}
        for file in self.drafts.glob("**/[!.]*.*"):
            name = file.relative_to(self.drafts)
            if time_ := _differs(file, self.figures / name, _time(file), _time(self.figures / name)):
                drafts[f"/{name.as_posix()}"] = time_
        return {"version": str(self.version), "message": self.message, "drafts": drafts}

    def content(self, path: str) -> tuple[bytes, str] | None:
        """What is served at a path, and its type."""
        name = path.lstrip("/") + ("index.html" if path.endswith("/") else "")
        for folder in (self.drafts, self.figures):
            file = (folder / name).resolve()
            if file.is_relative_to(folder.resolve()) and file.is_file():
                return file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return (NOTHING_YET, "text/html") if path == "/" else None


def _time(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache
def _differs(draft: Path, published: Path, drawn: int, put: int) -> str:
    """The version of a draft, or nothing if it is what is published already."""
    try:
        return "" if put and draft.read_bytes() == published.read_bytes() else str(drawn)
    except OSError:
        return ""


class _Handler(BaseHTTPRequestHandler):
    site: Site
    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        hosts = {f"{name}:{self.server.server_port}" for name in ("127.0.0.1", "localhost")}
        if self.headers.get("Host") not in hosts:  # a page from elsewhere that has this address by another name
            self.send_error(HTTPStatus.FORBIDDEN)
        elif path == f"{OWN}events":
            self._events()
        elif path == f"{OWN}live.js":
            self._send(SCRIPT.read_bytes(), "text/javascript")
        elif found := self.site.content(path):
            self._send(_live(found[0]) if found[1] == "text/html" else found[0], found[1])
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, content: bytes, type_: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{type_}; charset=utf-8" if type_.startswith("text/") else type_)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def _events(self) -> None:
        """Send what the page should show, whenever that changes, until the page is gone."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        sent = None
        try:
            while True:
                if (state := self.site.state()) != sent:
                    self.wfile.write(f"data: {json.dumps(state)}\n\n".encode())
                    sent = state
                time.sleep(LOOK_EVERY)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        pass


def _live(page: bytes) -> bytes:
    """A page with the script that keeps it up to date, which its security policy then has to allow."""
    page = re.sub(rb"default-src 'none';", rb"default-src 'none'; connect-src 'self';", page, count=1)
    if b"script-src " in page:
        page = page.replace(b"script-src ", b"script-src 'self' ", 1)
    else:
        page = page.replace(b"connect-src 'self';", b"connect-src 'self'; script-src 'self';", 1)
    return page.replace(b"</head>", f'<script src="{OWN}live.js" defer></script></head>'.encode(), 1)
