"""The words of a graphic, from `words/GRAPHIC.yml`: a block for each form that the graphic takes.

A block has a template for each of the `PARTS`, and under `labels` those of the words inside the chart; or `left_out`
alone, which says why there is no graphic in this form. `~` is a no-break space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from toll import yaml_lines
from toll.graphics.theme import ALT_TEXT_LIMIT, UNDRAWN
from toll.graphics.type import RESPELL, unfit
from toll.ledger.entry import LedgerError, Place
from toll.ledger.ledger import Ledger
from toll.ledger.words import MARKUP, Meaning, compiled, did_you_mean
from toll.problems import Problem, Problems, Where
from toll.project import Project

PARTS = ("headline", "deck", "deck_brief", "note", "source", "alt", "description")
LEFT_OUT, LABELS = "left_out", "labels"
_TILDE = re.compile(f"({MARKUP.pattern})|~", re.DOTALL)


@dataclass(frozen=True)
class Template:
    """A text of the file. `lines` are the file's from the text's name on, and `where` has the number of the first."""

    text: str
    where: Where
    lines: list[str]

    def problem(self, error: LedgerError) -> Problem:
        """`error`, with the line that has the word at fault."""
        word = re.compile(rf"(?<!\w){re.escape(error.word)}(?!\w)")
        found = (at for at, line in enumerate(self.lines) if word.search(line))
        at = next(found, 0) if error.word and word.search(self.text) else 0
        return Problem(self.where._replace(line=(self.where.line or 1) + at), str(error))

    def check(self, text: str, drawn: bool = True) -> str:
        """`text`, which this template gave. Raises Problems, with the line, for a character that it cannot have."""
        if fault := unfit(text, drawn):
            character, message = fault
            at = (
                next((at for at, line in enumerate(self.lines) if character in line), 0)
                if character in self.text
                else 0
            )
            raise Problems([Problem(self.where._replace(line=(self.where.line or 1) + at), message, RESPELL)])
        return text


@dataclass(frozen=True)
class Block:
    """The words of one form of a graphic: templates by part, and by label."""

    graphic: str
    parts: Mapping[str, Template]
    labels: Mapping[str, Template] = field(default_factory=dict)

    def render(self, ledger: Ledger, /, **names: Meaning) -> dict[str, str]:
        """The text of each part, noted in the ledger as printed there.

        `left_out` alone, with the reason, where the block says so or a part would print what is not known. Raises
        Problems, with lines, for what a template cannot have.
        """
        gaps, problems = [], []
        for template in self.parts.values():
            try:
                gaps.append(ledger.gaps(template.text, **names))
            except LedgerError as error:
                problems.append(template.problem(error))
        if problems:
            raise Problems(problems)
        if any(gaps):
            return {LEFT_OUT: next(filter(None, gaps))}
        texts = {
            part: each.check(ledger.text(each.text, self._place(part), **names), drawn=part not in UNDRAWN)
            for part, each in self.parts.items()
        }
        if (length := len(texts.get("alt", ""))) > ALT_TEXT_LIMIT:
            message = f"The alt text has {length} characters, and {ALT_TEXT_LIMIT} is the limit."
            raise Problems([Problem(self.parts["alt"].where, message, "Shorten it.")])
        return texts

    def label(self, ledger: Ledger, name: str, /, **names: Meaning) -> str:
        """The words of one label inside the chart, noted in the ledger as printed there. Raises Problems."""
        if name not in self.labels:
            where = next(iter(self.parts.values())).where._replace(column=LABELS)
            message = f"This block has no label “{name}”.{did_you_mean(name, self.labels)}"
            raise Problems([Problem(where, message, "Add it under labels.")])
        try:
            return self.labels[name].check(ledger.text(self.labels[name].text, self._place(LABELS), **names))
        except LedgerError as error:
            raise Problems([self.labels[name].problem(error)]) from None

    def _place(self, part: str) -> Place:
        return Place("graphic", self.graphic, part)


def load(project: Project, graphic: str, form: str | None = None, parts: tuple[str, ...] = PARTS) -> Block:
    """The block of a form, or the only one. Raises Problems for the faults of every block."""
    blocks, shown = _blocks(project, graphic, parts)
    if form not in blocks and (form or len(blocks) != 1):
        message = f"There is no block “{form}”." if form else "There is not just one block, so a form is needed."
        raise Problems([Problem(Where(shown), message, f"The file has: {', '.join(blocks) or 'none'}.")])
    return blocks[form] if form else next(iter(blocks.values()))


def find(project: Project, graphic: str, form: str, parts: tuple[str, ...] = PARTS) -> Block | None:
    """The block of a form, if the file has one. Raises Problems for the faults of every block."""
    return _blocks(project, graphic, parts)[0].get(form)


def _blocks(project: Project, graphic: str, parts: tuple[str, ...]) -> tuple[dict[str, Block], str]:
    """The blocks of a file by form, and what the file is called in messages."""
    path = project.words / f"{graphic}.yml"
    shown = path.relative_to(project.root).as_posix()
    entries = yaml_lines.load(path, shown)
    lines = path.read_text("utf-8").splitlines()
    problems: list[Problem] = []
    blocks = {name: _block(graphic, entry, shown, lines, problems, parts) for name, entry in entries.items()}
    if problems:
        raise Problems(problems)
    return blocks, shown


def _block(
    graphic: str,
    entry: yaml_lines.Entry,
    shown: str,
    lines: list[str],
    problems: list[Problem],
    parts: tuple[str, ...],
) -> Block:
    """The block; adds what is wrong with it to `problems`."""
    found = yaml_lines.mapping(entry.node, shown)
    labels = yaml_lines.mapping(found.pop(LABELS).node, shown) if LABELS in found else {}
    wanted = (LEFT_OUT,) if LEFT_OUT in found else parts
    for part in found.keys() - wanted:
        message = f"“{part}” is no part of this block.{did_you_mean(part, (*wanted, LABELS))}"
        problems.append(Problem(Where(shown, found[part].line, part), message))
    for part in [part for part in wanted if part not in found]:
        problems.append(Problem(Where(shown, entry.line, part), "This part is missing.", "Add it to the block."))
    return Block(graphic, *(_templates(each, shown, lines, problems) for each in (found, labels)))


def _templates(
    entries: dict[str, yaml_lines.Entry], shown: str, lines: list[str], problems: list[Problem]
) -> dict[str, Template]:
    found = {}
    for name, (node, line) in entries.items():
        where = Where(shown, line, name)
        if node.kind != "str":
            problems.append(Problem(where, f"{yaml_lines.describe(node)} is not a text.", "Put it in quotes."))
            continue
        text = _TILDE.sub(lambda markup: markup[1] or "\u00a0", node.value)
        found[name] = Template(text, where, lines[line - 1 :])
        try:
            compiled(text)
        except LedgerError as error:
            problems.append(found[name].problem(error))
    return found
