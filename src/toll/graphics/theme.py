"""The house style as data: sizes, themes, weights, print recipes. Change the look here and nowhere else.

Everything is drawn in px. Print is drawn at twice its size and then scaled down, so a label is 13 to 15 px in every
size and a chart can use plain numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

FAMILY = "Toll Sans"
FALLBACK = "'Libre Franklin', Arial, Helvetica, sans-serif"
WEIGHTS = {400: "Regular", 600: "SemiBold", 700: "Bold"}
BOLD, REGULAR = 700, 400  # bold is for what matters most; what is ours says “est.”

LICENCE = "https://creativecommons.org/licenses/by/4.0/"  # of data and graphics
LICENCE_TITLE = "Creative Commons Attribution 4.0 International"
UNDRAWN = ("alt", "description")  # words that only files and readers of screens have
ALT_TEXT_LIMIT = 250  # IPTC, AltTextAccessibility
LABELS = {"note": "Note: ", "source": "Source: ", "credit": "Graphic: "}
TINT = re.compile(r"(\w+) (\d{1,2})%")


@dataclass(frozen=True)
class Theme:
    """Colors by purpose. `red_80` and `red_95` are the bands of `red`; `on_blue` is for text on `blue`."""

    ground: str
    ink: str
    ink_2: str
    ink_3: str
    grid: str
    red: str
    red_80: str
    red_95: str
    blue: str
    on_blue: str
    gold: str
    on_gold: str
    gold_ink: str
    gray: str
    dot: str

    def color(self, name: str) -> str | None:
        """The color called `name`, as #rrggbb; None if there is none.

        A percentage mixes a color with the ground: "dot 30%" is 30% dot. Mixed colors are opaque, because print
        cannot flatten transparency.
        """
        base, share = (tint[1], int(tint[2])) if (tint := TINT.fullmatch(name)) else (name, 100)
        if base not in COLORS:
            return None
        return mix(getattr(self, base), self.ground, share)


COLORS = tuple(field.name for field in fields(Theme))


def mix(color: str, ground: str, percent: int) -> str:
    """So many percent of `color`, the rest `ground`."""
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + bytes(round(under + (over - under) * percent / 100) for over, under in pairs).hex()


THEMES = {
    "light": Theme(
        ground="#ffffff",
        ink="#121212",
        ink_2="#4d4d4d",
        ink_3="#666666",
        grid="#e2e2e2",
        red="#b5172a",
        red_80="#e8a6a0",
        red_95="#f6d9d5",
        blue="#1d4f7c",
        on_blue="#ffffff",
        gold="#c98500",
        on_gold="#121212",
        gold_ink="#7a5600",
        gray="#767676",
        dot="#2b2b2b",
    ),
    "dark": Theme(
        ground="#121212",
        ink="#f5f5f5",
        ink_2="#cccccc",
        ink_3="#a8a8a8",
        grid="#363636",
        red="#ff7a75",
        red_80="#8f3f3f",
        red_95="#4f2727",
        blue="#6aaee6",
        on_blue="#121212",
        gold="#f2b93b",
        on_gold="#121212",
        gold_ink="#f2b93b",
        gray="#9a9a9a",
        dot="#e6e6e6",
    ),
}

# Percent of C, M, Y, K. Neutral grays go on K alone and need no line here.
CMYK = {
    "#b5172a": (15, 100, 85, 5),
    "#e8a6a0": (2, 40, 28, 0),
    "#f6d9d5": (0, 17, 10, 0),
    "#1d4f7c": (95, 65, 20, 15),
    "#c98500": (12, 45, 100, 8),
    "#7a5600": (30, 55, 100, 35),
    "#121212": (0, 0, 0, 100),
}
TINTS = {
    mix(color, "#ffffff", percent): tuple(share * percent / 100 for share in recipe)
    for percent in range(1, 100)
    for color, recipe in CMYK.items()
}


def inks(color: str) -> tuple[float, ...] | None:
    """Percent of C, M, Y, K for a color of the light theme or a share of one; None for any other color."""
    if color in CMYK:
        return CMYK[color]
    levels = bytes.fromhex(color[1:])
    if len(set(levels)) == 1:
        return 0, 0, 0, 100 - levels[0] / 2.55
    return TINTS.get(color)


@dataclass(frozen=True)
class Size:
    """One canvas. Lengths are in px; pairs are (font size, line height).

    `height` is None where the canvas grows with what is on it. `words` is "full", "brief" for the short deck and no
    note, or "none" for the plot alone. `transparent` leaves out the ground. `shrink` is what the drawing is scaled by
    in the end: print is published in points, at half of what is drawn.
    """

    name: str
    use: str
    width: float
    height: float | None
    margin: float
    headline: tuple[float, float]
    deck: tuple[float, float]
    label: float
    annotation: tuple[float, float]
    footer: tuple[float, float]
    ppi: int
    formats: tuple[str, ...]
    themes: tuple[str, ...] = ("light",)
    words: str = "full"
    transparent: bool = False
    shrink: float = 1

    @property
    def brief(self) -> bool:
        """Whether no note can explain what is drawn."""
        return self.words != "full"

    @property
    def inner(self) -> float:
        """The width of the plot."""
        return self.width - 2 * self.margin

    @property
    def wide(self) -> bool:
        """Whether long labels have room beside the plot."""
        return self.width >= 500


_web = partial(Size, use="web", height=None, formats=("svg", "outlined.svg", "png", "pdf"), themes=("light", "dark"))
_social = partial(Size, use="social", ppi=144, formats=("png",), words="brief")
SCREENS = (
    _web(
        name="desktop",
        width=640,
        margin=20,
        headline=(25, 30),
        deck=(16, 21.5),
        label=14,
        annotation=(13.5, 18),
        footer=(12, 16),
        ppi=144,
    ),
    _web(
        name="mobile",
        width=375,
        margin=16,
        headline=(21.5, 26),
        deck=(15, 20),
        label=13.5,
        annotation=(13, 17),
        footer=(12, 16),
        ppi=216,
    ),
    _social(
        name="social",
        width=600,
        height=315,
        margin=24,
        headline=(24, 28),
        deck=(14, 18.5),
        label=13,
        annotation=(12.5, 16),
        footer=(10.5, 13.5),
    ),
    _social(
        name="square",
        width=540,
        height=540,
        margin=28,
        headline=(28, 33),
        deck=(16.5, 22),
        label=15,
        annotation=(14.5, 19),
        footer=(12, 15.5),
    ),
)
DEFAULT_HEIGHT = 320  # of a plot that says nothing about its height where it may choose
PRINT = "print-{:g}mm"
FREE = re.compile(r"(\d+)px(?:-(brief|none))?(-transparent)?")  # a size of any width
NARROWEST, WIDEST = 240, 2000  # px
EXTRA_SIZE = "toll_extra_size"  # the name under which a notebook is told of a size to draw besides the usual ones
PRINT_WIDTHS = (85,)


def print_size(millimetres: float) -> Size:
    """The canvas of a column that is so many millimeters wide; type keeps its size at any width."""
    return Size(
        name=PRINT.format(millimetres),
        use="print",
        width=round(2 * millimetres * 72 / 25.4, 3),
        height=None,
        margin=0,
        headline=(26, 30),
        deck=(17.2, 21.6),
        label=15.2,
        annotation=(14.8, 18.8),
        footer=(12.8, 16),
        ppi=300,
        formats=("pdf", "cmyk.pdf", "png"),
        shrink=0.5,
    )


def free_size(width: int, words: str = "full", transparent: bool = False) -> Size:
    """A canvas for the screen of any width, with the type of the phone's where it is narrow, else of the desktop's.

    Without words it has no margin either: whoever sets the words sets that.
    """
    of = SCREENS[0] if replace(SCREENS[0], width=width).wide else SCREENS[1]
    name = f"{width}px" + (f"-{words}" if words != "full" else "") + ("-transparent" if transparent else "")
    margin = 0 if words == "none" else of.margin
    return replace(of, name=name, width=width, margin=margin, words=words, transparent=transparent)


def size(name: str) -> Size:
    """The canvas called "desktop", "mobile", "social", "square" or, for any width, "print-85mm" or "720px-brief"."""
    if free := FREE.fullmatch(name):
        return free_size(int(free[1]), free[2] or "full", bool(free[3]))
    if printed := re.fullmatch(r"print-([\d.]+)mm", name):
        return print_size(float(printed[1]))
    return {screen.name: screen for screen in SCREENS}[name]


def sizes(print_widths: tuple[float, ...] = PRINT_WIDTHS) -> list[Size]:
    """Every canvas, in the order in which a gallery shows them."""
    return [*SCREENS, *map(print_size, print_widths)]


_canvas: ContextVar[Size] = ContextVar("canvas", default=SCREENS[0])


def canvas() -> Size:
    """The canvas that a chart is being made for; the desktop's outside of a build."""
    return _canvas.get()


@contextmanager
def drawing_on(size: Size) -> Iterator[None]:
    """Makes `size` what `canvas` returns inside the block."""
    before = _canvas.set(size)
    try:
        yield
    finally:
        _canvas.reset(before)


def config(size: Size) -> dict[str, Any]:
    """The Vega-Lite configuration of the house: type, axes, no frame. A chart's own configuration wins over it."""
    label = size.label
    opaque: Any = {
        "opacity": 1,
        "filled": True,
    }  # Vega-Lite's points are see-through, which print would have to flatten
    return {
        "font": FAMILY,
        "background": None,
        "view": {"stroke": None},
        "mark": {"color": "blue"},
        "axis": {
            # No rounding to whole px: marks are not rounded, and a grid line has to lie where its value does.
            "tickRound": False,
            "translate": 0,
            "title": None,
            "labelFontSize": label,
            "labelColor": "ink_2",
            "labelPadding": 8,
            "labelLimit": 0,
            "labelOverlap": False,
            "domain": False,
            "ticks": False,
            "grid": False,
            "domainColor": "ink",
            "tickColor": "ink",
            "gridColor": "grid",
        },
        "axisX": {"domain": True, "ticks": True, "tickSize": 0.4 * label, "labelPadding": 0.35 * label},
        # Vega's middle is that of lower-case letters; figures are taller.
        "axisY": {"grid": True, "labelOffset": 0.06 * label},
        "axisQuantitative": {"tickCount": 5},
        "text": {
            "fontSize": label,
            "color": "ink",
            "align": "left",
            "baseline": "middle",
            "dy": 0.07 * label,
            "limit": 0,
        },
        "rule": {"color": "ink"},
        "line": {"strokeWidth": 2.2, "strokeCap": "round"},
        "point": opaque,
        "circle": opaque,
        "square": opaque,
        "area": {"opacity": 1},
        "tick": {"opacity": 1},
    }
