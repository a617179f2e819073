"""Graphics: the house style, a builder for every size and theme, and the files that editors take."""

from toll.graphics.files import export
from toll.graphics.graphic import Furniture, Graphic, LeftOut, Meta, Style

__all__ = ["Furniture", "Graphic", "LeftOut", "Meta", "Style", "export"]
