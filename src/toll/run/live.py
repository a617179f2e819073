"""Serves `figures/` on a loopback address, with drafts in place of what they will replace, to pages that keep up.

The files on disk stay as they are. As it is served, a page gets one more script, which shows the drafts, marked as
such, and reloads the page when they are published.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from functools import lru_cache
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

EVENTS, SCRIPT = "/.toll/events", "/.toll/live.js"  # no published file begins with a dot
LOOK_EVERY = 0.02  # seconds
NOTHING_YET = (
    b"<!doctype html><html lang=en><head><title>toll</title></head><body><p>Nothing is published yet.</p></body>"
)
POLICY = {  # of the pages: what the script needs
    b"default-src 'none'": b"default-src 'none'; connect-src 'self'",
    b"script-src ": b"script-src 'self' ",
}


class Site:
    """`drafts` is a folder like `figures`, of files that are shown until something is published."""

    def __init__(self, figures: Path, drafts: Path, port: int = 0):
        self.figures, self.drafts = figures, drafts
        self.version, self.message = time.time_ns(), ""
        shutil.rmtree(drafts, ignore_errors=True)
        drafts.mkdir(parents=True)
        handler = type("Handler", (_Handler,), {"site": self})
        try:
            self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError:  # the port is taken
            self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self) -> Site:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.drafts, ignore_errors=True)

    def tell(self, message: str) -> None:
        """Show a message on open pages."""
        self.message = message

    def published(self) -> None:
        """Everything has passed: forget the drafts, and reload open pages if anything was shown on them."""
        if self.message or any(self.drafts.iterdir()):
            shutil.rmtree(self.drafts)
            self.drafts.mkdir()
            self.version, self.message = time.time_ns(), ""

    def state(self) -> dict[str, Any]:
        """What open pages should show: `drafts` has the version of each draft that differs from what is published."""
        versions = {
            f"/{file.relative_to(self.drafts).as_posix()}": _version(file, self.figures / file.relative_to(self.drafts))
            for file in self.drafts.glob("**/[!.]*.*")
        }
        drafts = {name: version for name, version in versions.items() if version}
        return {"version": str(self.version), "message": self.message, "drafts": drafts}


def _version(draft: Path, published: Path) -> str:
    """What changes when the draft does; nothing if the draft is what is published already."""
    try:
        return _compared(draft, published, draft.stat().st_mtime_ns, published.stat().st_mtime_ns)
    except FileNotFoundError:
        return str(draft.stat().st_mtime_ns) if draft.exists() else ""


@lru_cache
def _compared(draft: Path, published: Path, drawn: int, put: int) -> str:
    return "" if draft.read_bytes() == published.read_bytes() else str(drawn)


class _Handler(SimpleHTTPRequestHandler):
    site: Site
    server: ThreadingHTTPServer

    def _read(self) -> tuple[str, bytes] | None:
        """Name and content of the draft, if there is one, else of the published file. Drafts may go at any moment."""
        for folder in (self.site.drafts, self.site.figures):
            self.directory = str(folder)
            file = Path(self.translate_path(self.path))
            file = file / "index.html" if file.is_dir() else file
            with contextlib.suppress(OSError):
                return file.name, file.read_bytes()
        return None

    def do_HEAD(self) -> None:
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        hosts = {f"{name}:{self.site.server.server_port}" for name in ("127.0.0.1", "localhost")}
        if self.headers.get("Host") not in hosts:  # a page from elsewhere that has this address by another name
            self.send_error(HTTPStatus.FORBIDDEN)
        elif path == EVENTS:
            self._send_events()
        elif path == SCRIPT:
            self._send(Path(__file__).with_name("live.js").read_bytes(), "text/javascript")
        elif found := self._read() or (("index.html", NOTHING_YET) if path == "/" else None):
            name, content = found
            if name.endswith(".html"):
                self._send(_live(content), "text/html; charset=utf-8")
            else:
                self._send(content, self.guess_type(name))
        elif path == "/favicon.ico":  # browsers ask for one
            self._send(b"", "image/x-icon")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, content: bytes, type_: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def _send_events(self) -> None:
        """Send what the page should show, whenever that changes, until the page is gone."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
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
    if b"script-src " not in page:
        page = page.replace(b"default-src 'none'", b"default-src 'none'; script-src ", 1)
    for before, after in POLICY.items():
        page = page.replace(before, after, 1)
    return page.replace(b"</head>", f'<script src="{SCRIPT}" defer></script></head>'.encode(), 1)
