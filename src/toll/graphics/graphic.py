"""A graphic: a chart function and its furniture, built once for every size and theme.

    graphic = Graphic.build("death-tolls", chart, furniture, meta, ledger=ledger)
    graphic                     # in a notebook: the finished picture, as it will be published
    graphic.save(folder)        # what `export` makes every file from

A chart function takes (width, height) and returns an `alt.Chart` without headline, note or source. Lengths are px.
`height` is None where the chart may choose its own, and a number where the canvas is fixed. Width and height are
those of the whole plot, axis labels included: Vega fits the scales into them. Colors are names of the theme.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toll.graphics import colors, export, plotted, theme
from toll.graphics.compose import frame
from toll.graphics.theme import ALT_TEXT_LIMIT, DEFAULT_HEIGHT, LICENCE, PRINT_WIDTHS, UNDRAWN, Size
from toll.graphics.type import RESPELL, drawing, unfit
from toll.problems import Problem, Problems, Where

if TYPE_CHECKING:
    import altair as alt

    from toll.ledger.ledger import Entry, Ledger

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")  # it names files and ids


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
        cls, ledger: Ledger, graphic: str, *, credit: str, **templates_and_names: Entry | str
    ) -> Furniture | LeftOut:
        """Furniture from templates of the ledger, which notes for each entry that it is printed there.

        Besides the parts, `templates_and_names` holds the templates' names for entries. The credit is the desk's own
        and no template. A graphic whose words name something that is not known is left out.
        """
        parts = [field.name for field in fields(cls) if field.name != "credit"]
        templates = {part: str(templates_and_names.pop(part)) for part in parts}
        if why := ledger.gaps(*templates.values(), **templates_and_names):
            return LeftOut(graphic, why)
        words = {
            part: ledger.text(text, f"{graphic}: {part}", **templates_and_names) for part, text in templates.items()
        }
        return cls(credit=credit, **words)


@dataclass(frozen=True)
class LeftOut:
    """A graphic that cannot be drawn, and why not."""

    name: str
    why: str

    def save(self, folder: Path) -> list[Path]:
        """Writes NAME.json and NAME.csv as `Graphic.save` does, with the reason in them instead."""
        return _write(
            folder, self.name, {"name": self.name, "left_out": self.why}, f'left_out\n"{self.why}"\n'.encode()
        )

    def _repr_markdown_(self) -> str:
        return f"*The graphic `{self.name}` is left out: {self.why}.*"


@dataclass(frozen=True)
class Meta:
    """What the files say of their making: edition, the data's own date (ISO), license (address), run digest."""

    edition: str
    as_of: str
    licence: str
    digest: str

    @classmethod
    def of(cls, edition: str, as_of: str, ledger: Ledger, graphic: str) -> Meta:
        """The digest is that of the graphic's numbers: it changes with any of them or its origin, and no other."""
        return cls(edition, as_of, LICENCE, ledger.digest(graphic))


ChartFunction = Callable[[float, float | None], "alt.Chart"]


@dataclass(frozen=True, eq=False)
class Graphic:
    """A graphic as specified: `specs` holds one Vega-Lite specification for each size, its colors by name.

    `data` is the table of what the desktop's picture draws; None for a graphic that was loaded.
    """

    name: str
    furniture: Furniture
    meta: Meta
    specs: dict[str, dict[str, Any]]
    data: Any = None  # a pl.DataFrame

    @classmethod
    def build(
        cls,
        name: str,
        chart: ChartFunction,
        furniture: Furniture | LeftOut,
        meta: Meta,
        *,
        ledger: Ledger | None = None,
        print_widths: tuple[float, ...] = PRINT_WIDTHS,
        extra: tuple[str, ...] = (),
    ) -> Graphic | LeftOut:
        """Draws `chart` for every size, the `extra` ones too. Its table is what the desktop's draws, cited by `ledger`.

        `Problems` name what the files could not carry, what Vega would not draw, each color that is not one of the
        theme's names, and a fixed canvas without room for the plot. Where the furniture is left out, so is the graphic.
        """
        if isinstance(furniture, LeftOut):
            return furniture
        if faults := list(_faults(name, furniture, meta)):
            raise Problems(faults)
        specs: dict[str, dict[str, Any]] = {}
        for size in [*theme.sizes(print_widths), *map(theme.size, extra)]:
            # Altair's checks take longer than all else; one chart function, one check, of its parts and as a whole
            specs[size.name] = _spec(chart, furniture, size, f"{name}, {size.name}", checked=not specs)
            if len(specs) == 1:  # the desktop's, drawn in the background while the other sizes are specified
                export.draw_ahead(cls(name, furniture, meta, specs).tasks()[:1])
        data = plotted.table(specs["desktop"], name)
        return cls(name, furniture, meta, specs, ledger.cite(data) if ledger else data)

    @classmethod
    def load(cls, path: Path) -> Graphic | LeftOut:
        """The graphic that `save` wrote to `path`, without its data."""
        return cls.of(json.loads(Path(path).read_text("utf-8")))

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Graphic | LeftOut:
        """The same from what that file holds."""
        if why := stored.get("left_out"):
            return LeftOut(stored["name"], why)
        return cls(stored["name"], Furniture(**stored["furniture"]), Meta(**stored["meta"]), stored["specs"])

    def save(self, folder: Path) -> list[Path]:
        """Writes NAME.json, which `export` reads, and NAME.csv, the table of what is drawn, for a graphic just built.

        Where pictures are drawn in the background, those of this graphic are queued.
        """
        stored = {
            "name": self.name,
            "furniture": asdict(self.furniture),
            "meta": asdict(self.meta),
            "specs": self.specs,
        }
        files = _write(folder, self.name, stored, plotted.csv(self.name, self.data))
        export.draw_ahead(self.tasks())
        return files

    def tasks(self) -> list[dict[str, Any]]:
        """One task for each size and theme: all that its files are made from."""
        shared = {"name": self.name, "furniture": asdict(self.furniture), "meta": asdict(self.meta)}
        return [
            {**shared, "size": size, "theme": colors, "spec": spec}
            for size, spec in self.specs.items()
            for colors in theme.size(size).themes
        ]

    @cached_property
    def svg(self) -> str:
        """The finished picture for the desktop in the light theme, byte for byte the file that is published."""
        return self._desktop("svg").decode()

    def _desktop(self, format: str) -> bytes:
        return export.drawing(self.tasks()[0], f"{self.name}-desktop.{format}")

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
        """The picture as SVG, which is compared in checks, and as PNG for viewers that show no foreign SVG.

        JupyterLab is one, as long as a notebook that somebody else ran is not trusted.
        """
        png = b64encode(self._desktop("png")).decode()
        pictures = {"image/svg+xml": self.svg, "image/png": png, "text/plain": self.furniture.alt}
        return pictures, {"image/png": {"width": theme.size("desktop").width}}


def _spec(chart: ChartFunction, furniture: Furniture, size: Size, where: str, checked: bool) -> dict[str, Any]:
    """The specification of one size; `checked` against Vega-Lite's schema."""
    import altair as alt
    from altair.utils.schemapi import debug_mode

    room = frame(asdict(furniture), size, where).room
    # Altair's limit of rows is for notebooks that hold the chart's data
    unlimited = alt.data_transformers.enable("default", max_rows=None)
    with drawing(where), theme.drawing_on(size), debug_mode(checked), unlimited:
        spec = chart(size.inner, room).to_dict(validate=checked)
    spec |= {"width": size.inner, "padding": 0, "autosize": {"type": "fit", "contains": "padding"}}
    spec.setdefault("height", room or DEFAULT_HEIGHT)
    spec["config"] = _merge(theme.config(size), spec.get("config", {}), {"background": None})
    colors.check(spec, where)
    plotted.check(spec, where)
    return spec


def _merge(*configs: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for config in configs:
        for key, value in config.items():
            old = merged.get(key)
            merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _faults(name: str, furniture: Furniture, meta: Meta) -> Iterator[Problem]:
    if not NAME.fullmatch(name):
        hint = "Use lower-case letters, digits and hyphens: it names files."
        yield Problem(Where(name), f"A graphic cannot be called {name!r}.", hint)
    for part in (furniture, meta):
        for field in fields(part):
            text, where = getattr(part, field.name), Where(name, column=field.name)
            if field.name != "note" and not text.strip():
                yield Problem(where, "This part has no text.", "Write it.")
            elif fault := unfit(text, drawn=field.name not in UNDRAWN):
                yield Problem(where, fault[1], RESPELL)
    if (length := len(furniture.alt)) > ALT_TEXT_LIMIT:
        message = f"The alt text is {length} characters long; image files hold {ALT_TEXT_LIMIT}."
        yield Problem(Where(name, column="alt"), message, "Shorten it.")


def _write(folder: Path, name: str, stored: dict[str, Any], table: bytes) -> list[Path]:
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    specification, csv = folder / f"{name}.json", folder / f"{name}.csv"
    specification.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", "utf-8", newline="\n")
    csv.write_bytes(table)
    return [specification, csv]
