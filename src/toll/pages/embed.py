"""A graphic as a page of its own that answers questions: NAME.html to be framed, NAME.inline.html to be pasted.

Both ask nothing of anybody: plot, font, style and script are inside. What is pasted lives in a shadow tree, which the
styles of the page around it do not reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from lxml import etree, html
from markupsafe import Markup

from toll.graphics import inline
from toll.graphics.theme import FALLBACK, FAMILY, THEMES
from toll.graphics.type import font_face
from toll.pages import pieces, values
from toll.pages.rendering import TEMPLATES, environment

if TYPE_CHECKING:
    from toll.graphics.graphic import Graphic
    from toll.ledger.ledger import Ledger

FORMS = ("mobile", "desktop")
WORDS = ("headline", "deck", "note", "description")
IN_THE_PLOT = {"labels", "plot"}


class Embed(NamedTuple):
    """The page, and what is pasted into one."""

    page: bytes
    inline: bytes


def render(
    graphic: Graphic,
    told: dict[str, Any],
    files: Callable[[str], bytes],
    ledger: Ledger,
    claims: Iterable[dict[str, Any]],
) -> Embed:
    """`told` is its part of gallery.json, `files` gives its pictures by name, `claims` are those of the fact check."""
    palette: inline.Palette = {}
    in_plot = pieces.finder(told["numbers"], IN_THE_PLOT, ledger)
    names = {(each["size"], each["theme"]): each["name"] for each in told["pictures"] if each["format"] == "svg"}
    plots = [inline.plot(graphic, form, lambda *picture: files(names[picture]), palette, in_plot) for form in FORMS]
    numbers = _numbers(told["numbers"], ledger, list(claims))
    jinja = environment()
    figure = partial(
        jinja.get_template("embed-figure.html.j2").render,
        graphic=told | {"as_of": graphic.meta.as_of},
        words={part: pieces.of(told, part, ledger) for part in WORDS},
        plots=[Markup(etree.tostring(plot, encoding="unicode", with_tail=False)) for plot in plots],
        numbers=numbers,
        points=[number for number in numbers.values() if number["drawn"]],
        table=values.table(told["data"], values.printed),
    )
    family = Markup(f"'{FAMILY}', {FALLBACK}")
    style = jinja.get_template("embed.css.j2").render(family=family, palette=palette, themes=THEMES)
    shared = {"style": style, "font": _font(figure(heading="h1")), "script": _read("embed.js")}

    def page(name: str, heading: str) -> bytes:
        parts = {part: Markup(text) for part, text in (shared | {"figure": figure(heading=heading)}).items()}
        return jinja.get_template(f"{name}.html.j2").render(headline=told["furniture"]["headline"], **parts).encode()

    return Embed(page("embed", "h1"), page("embed-inline", "h2"))


def _numbers(told: list[dict[str, Any]], ledger: Ledger, claims: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By id, each number with its formula in numbers, the entries in that, and the claims whose verdict rests on it."""
    numbers = {}
    for number in told:
        decided = [claim for claim in claims if number["id"] in claim["inputs"].split()]
        numbers[number["id"]] = number | values.origin(ledger, number["id"]) | {"claims": decided}
    return numbers


def _font(figure: str) -> str:
    """The font with what is printed in the figure alone, in the two weights that its style uses."""
    letters = set(html.fromstring(figure).text_content()) - {"\n"}
    return font_face(dict.fromkeys((400, 700), letters))


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")
