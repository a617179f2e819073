"""From an article's figures to published charts, through a ledger in which every printed number is an entry.

What a notebook may import is in `__all__`. It is loaded when it is first used: `import toll` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toll.ledger import disputed, estimate, wording
    from toll.story import Story, open
    from toll.tables import show

__all__ = ["Story", "disputed", "estimate", "marks", "open", "show", "wording"]
_HOMES = {"Story": "toll.story", "open": "toll.story", "show": "toll.tables", "marks": "toll.graphics"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"toll has no {name!r}; it has {', '.join(__all__)}")
    home = _HOMES.get(name, "toll.ledger")
    module = import_module(home)
    return getattr(module, name) if hasattr(module, name) else import_module(f"{home}.{name}")
