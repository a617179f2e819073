"""From an article's figures to published charts, through a ledger in which every printed number is an entry.

What a notebook may import is in `__all__`. It is loaded when it is first used: `import toll` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toll import tables
    from toll.graphics import marks
    from toll.ledger import disputed, estimate, wording
    from toll.source import raw
    from toll.story import Story, open
    from toll.tables import show

__all__ = ["Story", "disputed", "estimate", "marks", "open", "raw", "show", "tables", "wording"]
_MODULES = {
    "disputed": "toll.ledger.disputed",
    "estimate": "toll.ledger.estimate",
    "marks": "toll.graphics.marks",
    "raw": "toll.source.raw",
    "tables": "toll.tables",
    "wording": "toll.ledger.wording",
}
_OTHERS = {"Story": "toll.story", "open": "toll.story", "show": "toll.tables"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _OTHERS:
        return getattr(import_module(_OTHERS[name]), name)
    raise AttributeError(f"toll has no {name!r}; it has {', '.join(__all__)}")
