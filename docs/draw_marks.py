"""Draws the pictures of marks.md from the code on that page: .venv/bin/python docs/draw_marks.py"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from toll.graphics.formats import Picture
from toll.graphics.graphic import Furniture, Graphic, Meta

PAGE = Path(__file__).with_name("marks.md")
BLOCK = re.compile(r"(?:!\[([^\]]+)\]\(marks/(\w+)\.svg\)\n\n)?```python\n(.*?)```", re.DOTALL)
META = Meta("docs", "2031-07-01", "https://creativecommons.org/licenses/by/4.0/", "0" * 12)


def graphics() -> Iterator[Graphic]:
    """The example of each mark, in all sizes. Code blocks without a picture make the data that the others share."""
    names: dict = {}
    for alt, name, code in BLOCK.findall(PAGE.read_text("utf-8")):
        exec(code, names)
        if name:
            words = Furniture(
                headline=alt,
                deck="Made-up data, drawn by the code below.",
                deck_brief="Made-up data.",
                note="",
                source="docs/marks.md",
                credit="toll",
                alt=alt,
                description=alt,
            )
            yield Graphic.build(name.replace("_", "-"), names["chart"], words, META)


def draw(folder: Path) -> list[Path]:
    """Writes the desktop picture of each mark into `folder`."""
    files = []
    for graphic in graphics():
        file = folder / f"{graphic.name.replace('-', '_')}.svg"
        file.write_bytes(Picture.draw(graphic.tasks()[0]).svg())
        files.append(file)
    return files


if __name__ == "__main__":
    draw(PAGE.with_name("marks"))
