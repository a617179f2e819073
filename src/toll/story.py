"""What a notebook opens: its parameters checked, the ledger of its topic, the words of its graphics, and one save.

story = toll.open(globals(), "rain", topic="weather")
story.say("The {{ wet_days }} wet days by {{ wet_days.end }} point to {{ even_pace_total }}.")
story.graphic("rain", chart, form="on_the_way")
story.save()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from toll import parameters, story_tables, tables, words_file
from toll.claims import Claims
from toll.graphics import plain
from toll.graphics.graphic import Furniture, Graphic, LeftOut, Meta
from toll.graphics.theme import EXTRA_SIZE
from toll.ledger import disputed
from toll.ledger.entry import Place
from toll.ledger.ledger import Ledger
from toll.ledger.words import Meaning
from toll.problems import Problem, Problems, Where
from toll.project import Project

CELL = "parameters cell"


@dataclass
class Story:
    """A part of the story, which has a topic; or, without one, the whole, which rests on all figures and other parts.

    `parameters` are those of the notebook, `extra_sizes` are drawn besides the usual ones.
    """

    name: str
    topic: str | None
    parts: tuple[str, ...]
    project: Project
    parameters: dict[str, parameters.Value]
    extra_sizes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._said: dict[str, Place] = {}
        self._graphics: dict[str, Graphic | LeftOut] = {}
        self._tables: dict[str, pl.DataFrame] = {}
        self._meanings: dict[str, dict[str, Any]] = {}

    @cached_property
    def figures(self) -> pl.DataFrame:
        """The cleaned table of the topic, or of all."""
        return self.read(f"topics/{self.topic}" if self.topic else "figures")

    @cached_property
    def ledger(self) -> Ledger:
        """The figures that are known, what the parts made of them, and the numbers that the parameters choose."""
        ledger = Ledger.from_figures(self.figures).join(*(self.read(f"parts/{part}") for part in self.parts))
        declared = parameters.declared(self.project)
        for name, value in self.parameters.items():
            if declared[name].unit:
                ledger.choose(name, float(value), declared[name].unit, declared[name].label)
        return ledger

    @property
    def edition(self) -> str:
        return self.parameter("edition")

    @property
    def as_of(self) -> str:
        """The date of the data (ISO)."""
        return self.parameter("as_of")

    def parameter(self, name: str) -> Any:
        """The value of a parameter that is needed. Raises Problems if the notebook does not declare it."""
        if name not in self.parameters:
            problem = Problem(Where(CELL, column=name), f"{name} is needed and not declared.", "Add it to the cell.")
            raise Problems([problem])
        return self.parameters[name]

    def read(self, name: str) -> pl.DataFrame:
        """The edition's processed table `name`, such as "claims" or "parts/rain". Raises Problems."""
        stem = self.project.processed(self.edition) / name
        try:
            return tables.read(stem)
        except FileNotFoundError:
            where = Where(stem.with_suffix(".parquet").relative_to(self.project.root).as_posix())
            hint = "Run the notebook that writes it, and name it in notebooks/chain.yml among what this one reads."
            raise Problems([Problem(where, "There is no such table.", hint)]) from None

    def say(self, template: str, /, **names: Meaning) -> tables.Said:
        """A sentence for the reader, its numbers noted as printed in this notebook: "finding", "finding 2", …"""
        number = len(self._said) + 1
        new = Place("notebook", self.name, f"finding {number}" if number > 1 else "finding")
        place = self._said.setdefault(f"{template} {names}", new)  # the same one where a cell is run again
        return tables.Said(self.ledger.text(template, place, **names), place)

    def labels(self, graphic: str, /, form: str | None = None, **names: Meaning) -> Callable[..., str]:
        """A function that gives the words inside a chart: `label("killed")`, or `label("half", half=entry)`."""
        block = words_file.load(self.project, graphic, form)
        return lambda label, /, **more: block.label(self.ledger, label, **{**names, **more})

    def graphic(
        self, graphic: str, chart: Callable[..., Any], /, form: str | None = None, **names: Meaning
    ) -> Graphic | LeftOut:
        """The graphic of `chart` with its words in that form, or why it is left out. `save` writes either."""
        texts = words_file.load(self.project, graphic, form).render(self.ledger, **names)
        why = texts.get(words_file.LEFT_OUT)
        self._graphics[graphic] = LeftOut(graphic, why) if why else self._draw(graphic, chart, texts)
        return self._graphics[graphic]

    def _draw(self, graphic: str, chart: Callable[..., Any], texts: dict[str, str]) -> Graphic | LeftOut:
        furniture = Furniture(credit=self.parameter("credit"), **texts)
        meta = Meta.of(self.edition, self.as_of, self.ledger, graphic)
        width = self.parameters.get("print_width")
        widths: dict[str, Any] = {"print_widths": (width,)} if width else {}
        return Graphic.build(graphic, chart, furniture, meta, ledger=self.ledger, extra=self.extra_sizes, **widths)

    def claims(self) -> Claims:
        """The claims that had been made by the edition's date, to be checked."""
        return Claims(self.project, self.ledger, self.read("claims"))

    def table(self, name: str, frame: pl.DataFrame, **meaning: Any) -> tables.Shown:
        """Shows a table, which `save` writes under its name.

        A table that only this story has needs its `meaning`: title, note, and columns with what each is; see
        `toll.story_tables`. The fact check page then shows it.
        """
        self._tables[name] = frame
        if meaning:
            self._meanings[name] = meaning
        return tables.show(frame)

    def disputed(self) -> pl.DataFrame:
        """The counts that sources dispute, with what each would change: those of the parts, then the others."""
        parts = [self.read(f"parts/{part}-disputed") for part in self.parts]
        told = [id for part in parts for id in part["id"]]
        others = self.figures.filter(~pl.col("id").is_in(told))
        return disputed.joined(*parts, disputed.table(self.ledger, others, *self._graphics))

    def save(self) -> None:
        """Write graphics, tables, disputed counts and ledger: those of a part to parts/, those of the whole as such."""
        folder = self.project.processed(self.edition)
        for graphic in self._graphics.values():
            graphic.save(folder / "graphics")
        stem = f"parts/{self.name}" if self.topic else "ledger"
        own = {
            stem: self.ledger.frame(unknown=bool(self.topic)),
            f"{stem}-disputed" if self.topic else "disputed": self.disputed(),
        }
        for name, frame in (own | self._tables).items():
            tables.write(frame, folder / name)
        for name, meaning in self._meanings.items():
            story_tables.declare(folder / name, shown=self._tables[name], **meaning)


def open(namespace: Mapping[str, Any], name: str, topic: str | None = None, parts: Iterable[str] = ()) -> Story:
    """Open a notebook's part of the story, called `name`.

    `namespace` is the notebook's `globals()`: the parameters in it are checked (raises Problems), and those that have
    a unit are entered in the ledger as chosen. The ledger has the figures of `topic`, or all of them, and the entries
    of the `parts` that other notebooks saved. From here on a plain Altair chart is shown as a picture.
    """
    project = Project.find()
    declared = parameters.declared(project)
    values = {each: value for each in declared if isinstance(value := namespace.get(each), parameters.Value)}
    parameters.check(values, project)
    plain.enable()
    extra = (namespace[EXTRA_SIZE],) if EXTRA_SIZE in namespace else ()  # as `toll export` asks
    return Story(name, topic, tuple(parts), project, values, extra)
