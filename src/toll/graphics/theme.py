"""The house style as data: sizes, themes, weights, print recipes. Change the look here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

FAMILY = "Toll Sans"
FALLBACK = "'Libre Franklin', Arial, Helvetica, sans-serif"
WEIGHTS = {400: "Regular", 600: "SemiBold", 700: "Bold"}
REPORTED, HEADING, CALCULATED = 700, 600, 400

LICENCE = "https://creativecommons.org/licenses/by/4.0/"  # of data and graphics
LICENCE_TITLE = "Creative Commons Attribution 4.0 International"
ALT_TEXT_LIMIT = 250  # IPTC, AltTextAccessibility
LABELS = {"note": "Note: ", "source": "Source: ", "credit": "Graphic: "}


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for. `red_80` and `red_95` are the bands of `red`."""

    name: str
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
    hatch: str
    dot: str

    def fade(self, share: float) -> str:
        """The dot's colour, `share` of the way to the ground. Opaque: print cannot flatten transparency."""
        pairs = zip(bytes.fromhex(self.dot[1:]), bytes.fromhex(self.ground[1:]), strict=True)
        return "#" + bytes(round(dot + (ground - dot) * share) for dot, ground in pairs).hex()


THEMES = {
    "light": Theme(
        name="light",
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
        hatch="#767676",
        dot="#2b2b2b",
    ),
    "dark": Theme(
        name="dark",
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
        hatch="#9a9a9a",
        dot="#e6e6e6",
    ),
}

# Percent of C, M, Y, K. Neutral greys, black text among them, go on K alone and need no line here.
CMYK = {
    "#b5172a": (15, 100, 85, 5),
    "#e8a6a0": (2, 40, 28, 0),
    "#f6d9d5": (0, 17, 10, 0),
    "#1d4f7c": (95, 65, 20, 15),
    "#c98500": (12, 45, 100, 8),
    "#7a5600": (30, 55, 100, 35),
    "#121212": (0, 0, 0, 100),
}


@dataclass(frozen=True)
class Size:
    """One canvas. Lengths are in px, or in points where `unit` is mm; pairs are (font size, line height).

    `height` is None where the canvas grows with what is on it. `scale` is pixels of the PNG per px or point.
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
    scale: float
    formats: tuple[str, ...]
    themes: tuple[str, ...] = ("light",)
    hairline: float = 1
    brief: bool = False
    unit: str = "px"

    @property
    def inner(self) -> float:
        return self.width - 2 * self.margin


def print_size(millimetres: float) -> Size:
    """The canvas of a column that is so many millimetres wide; type keeps its size, whatever the width."""
    return Size(
        name=f"print-{millimetres:g}mm",
        use="print",
        width=round(millimetres * 72 / 25.4, 3),
        height=None,
        margin=0,
        headline=(13, 15),
        deck=(8.6, 10.8),
        label=7.6,
        annotation=(7.4, 9.4),
        footer=(6.4, 8),
        scale=300 / 72,
        formats=("pdf", "cmyk.pdf", "png"),
        hairline=0.5,
        unit="mm",
    )


PRINT_WIDTHS = (85,)

SCREENS = (
    Size(
        name="desktop",
        use="web",
        width=640,
        height=None,
        margin=20,
        headline=(25, 30),
        deck=(16, 21.5),
        label=14,
        annotation=(13.5, 18),
        footer=(12, 16),
        scale=2,
        formats=("svg", "outlined.svg", "png", "pdf"),
        themes=("light", "dark"),
    ),
    Size(
        name="mobile",
        use="web",
        width=375,
        height=None,
        margin=16,
        headline=(21.5, 26),
        deck=(15, 20),
        label=13.5,
        annotation=(13, 17),
        footer=(12, 16),
        scale=3,
        formats=("svg", "outlined.svg", "png", "pdf"),
        themes=("light", "dark"),
    ),
    Size(
        name="social",
        use="social",
        width=600,
        height=315,
        margin=24,
        headline=(24, 28),
        deck=(14, 18.5),
        label=13,
        annotation=(12.5, 16),
        footer=(10.5, 13.5),
        scale=2,
        formats=("png",),
        brief=True,
    ),
    Size(
        name="square",
        use="social",
        width=540,
        height=540,
        margin=28,
        headline=(28, 33),
        deck=(16.5, 22),
        label=15,
        annotation=(14.5, 19),
        footer=(12, 15.5),
        scale=2,
        formats=("png",),
        brief=True,
    ),
)


def sizes(print_widths: tuple[float, ...] = PRINT_WIDTHS) -> dict[str, Size]:
    """Every canvas by name, in the order in which a gallery shows them."""
    return {size.name: size for size in (*SCREENS, *map(print_size, print_widths))}
