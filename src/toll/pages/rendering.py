"""Templates become pages: one style, a strict content security policy, nothing loaded from elsewhere."""

from __future__ import annotations

import math
from base64 import b64encode
from datetime import date
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from toll.digests import sha256
from toll.graphics.theme import THEMES
from toll.ledger import wording

TEMPLATES = Path(__file__).parent / "templates"


def render(name: str, folder: Path = TEMPLATES, **values: object) -> bytes:
    """The page that the template NAME.html.j2 makes of `values`.

    NAME.css and NAME.js beside the template go into the page too. A template in another `folder` may extend
    page.html.j2.
    """
    jinja = environment(folder)
    shared = jinja.get_template("page.css.j2").render(themes=THEMES)
    style, script = Markup(shared + _text(folder / f"{name}.css")), Markup(_text(folder / f"{name}.js"))
    return jinja.get_template(f"{name}.html.j2").render(style=style, script=script, **values).encode()


def environment(folder: Path = TEMPLATES) -> jinja2.Environment:
    """What renders our templates, those in `folder` too."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader([TEMPLATES, folder]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "csp_hash": _csp_hash,
        "day": lambda text: wording.full_date(date.fromisoformat(text)),
        "path": quote,
        "sentence": lambda text: f"{text[:1].upper()}{text[1:].removesuffix('.')}.",
        "weight": _weight,
    }
    return found


def _text(file: Path) -> str:
    return file.read_text("utf-8") if file.is_file() else ""


def _csp_hash(code: Markup) -> Markup:
    return Markup("'sha256-{}'").format(b64encode(bytes.fromhex(sha256(code.encode()))).decode())


def _weight(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{math.ceil(size / 1e3)} kB"
