"""What chart functions of (width, height, style) are given. Until the notebooks move to (width, height)."""

from __future__ import annotations

from dataclasses import dataclass

from toll.graphics.place import spread
from toll.graphics.theme import CALCULATED, FAMILY, HEADING, REPORTED, Size
from toll.graphics.type import measure, wrap


class Names:
    """Each color of the theme is its own name, which the builder replaces."""

    def __getattr__(self, name: str) -> str:
        return {"hatch": "gray"}.get(name, name)

    def fade(self, share: float) -> str:
        return f"dot {min(99, round(100 * (1 - share)))}%"


@dataclass(frozen=True)
class Style:
    size: Size
    theme = Names()
    family = FAMILY
    reported = REPORTED
    heading = HEADING
    calculated = CALCULATED
    hairline = 1

    @property
    def label(self) -> float:
        return self.size.label

    @property
    def brief(self) -> bool:
        return self.size.brief

    def text_width(self, text: str, size: float | None = None, weight: int = CALCULATED) -> float:
        return measure(text, size or self.label, weight)

    def wrap(self, text: str, width: float, size: float | None = None, weight: int = CALCULATED) -> list[str]:
        return wrap(text, width, size or self.label, weight)

    def spread(self, positions: list[float], gap: float) -> list[float]:
        return spread(positions, [gap] * len(positions))
