"""A graphic: a chart function, its furniture and its data, built once for every size and theme.

    graphic = Graphic.build("death-tolls", toll_chart, furniture, data, meta)
    graphic                     # in a notebook: the finished picture, as it will be published
    graphic.save(folder)        # what `export` makes every file from

A chart function takes (width, height, style) and returns an `alt.Chart` without headline, note or source. `height`
is None where the chart may choose its own, and a number where the canvas is fixed. Width and height are those of
the whole plot, axis labels included: Vega fits the scales into them.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toll.graphics.compose import frame
from toll.graphics.theme import (
    ALT_TEXT_LIMIT,
    CALCULATED,
    FAMILY,
    HEADING,
    LICENCE,
    PRINT_WIDTHS,
    REPORTED,
    THEMES,
    Size,
    Theme,
    sizes,
)
from toll.graphics.type import measure, wrap
from toll.problems import Problem, Problems

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

    from toll.ledger.ledger import Entry, Ledger

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")  # it names files and ids
DEFAULT_HEIGHT = 300  # of a plot that says nothing about its height where it may choose
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run such a cell


@dataclass(frozen=True)
class Furniture:
    """The words around a plot and in its files, complete and plain.

    `deck_brief` stands on the social sizes, which carry no note. `alt` is at most 250 characters; `description`
    is the long one. Note, source and credit come without their labels.
    """

    headline: str
    deck: str
    deck_brief: str
    note: str
    source: str
    credit: str
    alt: str
    description: str

    @classmethod
    def render(
        cls,
        ledger: Ledger,
        graphic: str,
        *,
        headline: str,
        deck: str,
        deck_brief: str,
        note: str,
        source: str,
        credit: str,
        alt: str,
        description: str,
        **names: Entry | str,
    ) -> Furniture | LeftOut:
        """Furniture from templates of the ledger, which notes for each entry that it is printed there.

        `names` are the templates' names for entries. The credit is the desk's own and no template. A graphic whose
        words name something that is not known is left out.
        """
        templates = {
            "headline": headline,
            "deck": deck,
            "deck_brief": deck_brief,
            "note": note,
            "source": source,
            "alt": alt,
            "description": description,
        }
        if why := ledger.gaps(*templates.values(), **names):
            return LeftOut(graphic, why)
        words = {part: ledger.text(text, f"{graphic}: {part}", **names) for part, text in templates.items()}
        return cls(credit=credit, **words)


@dataclass(frozen=True)
class LeftOut:
    """A graphic that cannot be drawn, and why not."""

    name: str
    why: str

    def save(self, folder: Path) -> list[Path]:
        """Writes NAME.json and NAME.csv as `Graphic.save` does, with the reason in them instead."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stored = json.dumps({"name": self.name, "left_out": self.why}, ensure_ascii=False, indent=1) + "\n"
        specification, table = folder / f"{self.name}.json", folder / f"{self.name}.csv"
        specification.write_text(stored, "utf-8", newline="\n")
        table.write_text(f'left_out\n"{self.why}"\n', "utf-8", newline="\n")
        return [specification, table]

    def _repr_markdown_(self) -> str:
        return f"*The graphic `{self.name}` is left out: {self.why}.*"


@dataclass(frozen=True)
class Meta:
    """What the files say of their making: edition, the data's own date (ISO), licence (address), run digest."""

    edition: str
    as_of: str
    licence: str
    digest: str

    @classmethod
    def of(cls, edition: str, as_of: str, ledger: Ledger, graphic: str) -> Meta:
        """The digest is that of the graphic's numbers: it changes with any of them or its origin, and no other."""
        return cls(edition, as_of, LICENCE, ledger.digest(graphic))


@dataclass(frozen=True)
class Style:
    """What a chart function needs to know of the canvas that it draws on; lengths are in the unit of `width`."""

    size: Size
    theme: Theme
    family = FAMILY
    reported = REPORTED
    heading = HEADING
    calculated = CALCULATED

    @property
    def label(self) -> float:
        return self.size.label

    @property
    def hairline(self) -> float:
        return self.size.hairline

    @property
    def brief(self) -> bool:
        return self.size.brief

    def text_width(self, text: str, size: float | None = None, weight: int = CALCULATED) -> float:
        return measure(text, size or self.label, weight)

    def wrap(self, text: str, width: float, size: float | None = None, weight: int = CALCULATED) -> list[str]:
        """`text` in lines of at most `width`."""
        return wrap(text, width, size or self.label, weight)

    def spread(self, positions: list[float], gap: float) -> list[float]:
        """The positions, ascending, moved as little as keeps neighbours `gap` apart, each cluster centred.

        Pool adjacent violators (isotonic regression; Barlow et al., 1972) after taking `gap` off each step.
        """
        pools: list[list[float]] = []
        for i, position in enumerate(positions):
            pools.append([position - i * gap])
            while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
                pools[-2:] = [pools[-2] + pools[-1]]
        return [_mean(pool) + i * gap for i, pool in enumerate(pool for pool in pools for _ in pool)]


ChartFunction = Callable[[float, float | None, Style], "alt.Chart"]


@dataclass(frozen=True, eq=False)
class Graphic:
    """A graphic as specified: `specs` holds one Vega-Lite specification for each "size/theme"."""

    name: str
    furniture: Furniture
    meta: Meta
    specs: dict[str, dict[str, Any]]
    print_widths: tuple[float, ...]
    data: pl.DataFrame | None = None

    @classmethod
    def build(
        cls,
        name: str,
        chart: ChartFunction,
        furniture: Furniture | LeftOut,
        data: pl.DataFrame,
        meta: Meta,
        print_widths: tuple[float, ...] = PRINT_WIDTHS,
    ) -> Graphic | LeftOut:
        """Draws `chart` for every size and theme; `data` is what it plots and prints.

        `Problems` when the alt text is too long or a fixed canvas leaves no room for the plot. Where the furniture
        is left out, so is the graphic.
        """
        if isinstance(furniture, LeftOut):
            return furniture
        if faults := _faults(name, furniture, meta):
            raise Problems(faults)
        specs: dict[str, dict[str, Any]] = {}
        for size in sizes(print_widths).values():
            for theme in size.themes:
                where = f"{name}, {size.name}"
                # Altair's checks take longer than all else; one chart function, one check, of its parts and as a whole
                specs[f"{size.name}/{theme}"] = _spec(chart, furniture, size, THEMES[theme], where, checked=not specs)
        return cls(name, furniture, meta, specs, tuple(print_widths), data)

    @classmethod
    def load(cls, path: Path) -> Graphic | LeftOut:
        """The graphic that `save` wrote to `path`, without its data."""
        stored = json.loads(Path(path).read_text("utf-8"))
        if why := stored.get("left_out"):
            return LeftOut(stored["name"], why)
        return cls(
            stored["name"],
            Furniture(**stored["furniture"]),
            Meta(**stored["meta"]),
            stored["specs"],
            tuple(stored["print_widths"]),
        )

    def save(self, folder: Path) -> list[Path]:
        """Writes NAME.json, which `export` reads, and NAME.csv, the data plotted and printed.

        Renderers that run already begin with the files that `export` will want.
        """
        from toll.graphics.export import draw_ahead

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stored = {
            "name": self.name,
            "furniture": asdict(self.furniture),
            "meta": asdict(self.meta),
            "print_widths": self.print_widths,
            "specs": self.specs,
        }
        specification, table = folder / f"{self.name}.json", folder / f"{self.name}.csv"
        specification.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", "utf-8", newline="\n")
        table.write_bytes(_csv(self.name, self.data))
        draw_ahead(self.tasks())
        return [specification, table]

    def tasks(self) -> list[dict[str, Any]]:
        """One task for each size and theme: all that its files are made from."""
        shared = {"name": self.name, "furniture": asdict(self.furniture), "meta": asdict(self.meta)}
        canvases = sizes(self.print_widths)
        return [
            {**shared, "size": asdict(canvases[size]), "theme": theme, "spec": spec}
            for key, spec in self.specs.items()
            for size, theme in [key.split("/")]
        ]

    @cached_property
    def svg(self) -> str:
        """The finished picture for the desktop in the light theme, byte for byte the file that is published."""
        return self._desktop("svg").decode()

    def _desktop(self, format: str) -> bytes:
        from toll.graphics.export import drawing

        return drawing(self.tasks()[0], f"{self.name}-desktop.{format}")

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
        """The picture as SVG, which is compared in checks, and as PNG for viewers that show no foreign SVG.

        JupyterLab is one, as long as a notebook that somebody else ran is not trusted.
        """
        width = self.tasks()[0]["size"]["width"]
        png = b64encode(self._desktop("png")).decode()
        pictures = {"image/svg+xml": self.svg, "image/png": png, "text/plain": self.furniture.alt}
        return pictures, {"image/png": {"width": width}}


def house_config(style: Style) -> dict[str, Any]:
    """The Vega-Lite configuration of the house: type, axes, no frame. A chart's own configuration goes before it."""
    theme, label, hairline = style.theme, style.label, style.hairline
    opaque = {"opacity": 1, "filled": True}  # Vega-Lite's points are see-through, which print would have to flatten
    return {
        "font": FAMILY,
        "background": None,
        "view": {"stroke": None},
        "axis": {
            # No rounding to whole px: marks are not rounded, and a grid line has to lie where its value does.
            "tickRound": False,
            "translate": 0,
            "title": None,
            "labelFontSize": label,
            "labelColor": theme.ink_2,
            "labelPadding": 8 * hairline,
            "labelLimit": 0,
            "labelOverlap": False,
            "domain": False,
            "ticks": False,
            "grid": False,
            "domainColor": theme.ink,
            "domainWidth": hairline,
            "tickColor": theme.ink,
            "tickWidth": hairline,
            "gridColor": theme.grid,
            "gridWidth": hairline,
        },
        "axisX": {"domain": True, "ticks": True, "tickSize": 0.4 * label, "labelPadding": 0.35 * label},
        # Vega's middle is that of lower-case letters; figures are taller.
        "axisY": {"grid": True, "labelOffset": 0.06 * label},
        "text": {
            "fontSize": label,
            "color": theme.ink,
            "align": "left",
            "baseline": "middle",
            "dy": 0.07 * label,
            "limit": 0,
        },
        "rule": {"color": theme.ink, "strokeWidth": hairline},
        "line": {"strokeWidth": 2.2 * hairline, "strokeCap": "round"},
        "point": opaque,
        "circle": opaque,
        "square": opaque,
        "area": {"opacity": 1},
        "tick": {"opacity": 1},
    }


def _spec(
    chart: ChartFunction, furniture: Furniture, size: Size, theme: Theme, where: str, checked: bool
) -> dict[str, Any]:
    """The specification; `checked` against Vega-Lite's schema."""
    from altair.utils.schemapi import debug_mode

    style = Style(size, theme)
    room = frame(asdict(furniture), size, theme, where).room
    with debug_mode(checked):
        spec = chart(size.inner, room, style).to_dict(validate=checked)
    spec |= {"width": size.inner, "padding": 0, "autosize": {"type": "fit", "contains": "padding"}}
    spec.setdefault("height", room or DEFAULT_HEIGHT)
    spec["config"] = _merge(house_config(style), spec.get("config", {}), {"background": None})
    return spec


def _merge(*configs: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for config in configs:
        for key, value in config.items():
            old = merged.get(key)
            merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _faults(name: str, furniture: Furniture, meta: Meta) -> list[Problem]:
    faults = [
        Problem.old(name, None, field.name, "nothing", "some text", "Write it.")
        for part in (furniture, meta)
        for field in fields(part)
        if field.name != "note" and not getattr(part, field.name).strip()
    ]
    if not NAME.fullmatch(name):
        faults.append(
            Problem.old(
                name,
                None,
                "name",
                repr(name),
                "lower-case letters, digits and hyphens",
                "Rename the graphic.",
            )
        )
    if (length := len(furniture.alt)) > ALT_TEXT_LIMIT:
        faults.append(
            Problem.old(
                name,
                None,
                "alt",
                f"{length} characters",
                f"{ALT_TEXT_LIMIT} at most",
                "Shorten the alt text.",
            )
        )
    return faults


def _csv(name: str, data: pl.DataFrame) -> bytes:
    from toll import tables  # and polars with it, which those who only draw do not need

    for column, values in data.to_dict(as_series=False).items():
        for line, value in enumerate(values, start=2):
            if isinstance(value, str) and value.startswith(FORMULA_STARTS):
                raise Problems(
                    [
                        Problem.old(
                            f"{name}.csv",
                            line,
                            column,
                            repr(value),
                            "text that no spreadsheet takes for a formula",
                            "Begin it with a letter or a digit.",
                        )
                    ]
                )
    return tables.csv(data)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
