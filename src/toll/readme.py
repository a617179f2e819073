"""The findings in README.md: the block between two comments that `toll run` writes. The rest is yours."""

from __future__ import annotations

import re

BLOCK = re.compile(r"(<!-- findings\b[^\n]*-->\n)(.*?)(<!-- end of findings -->)", re.DOTALL)


def findings(page: str) -> str:
    """What `toll run` wrote of a page: the block with its comments, or the whole page if it has no block."""
    found = BLOCK.search(page)
    return found[0] if found else page


def with_findings(page: str, text: str) -> str:
    """The page with `text` as its findings; a page without the comments stays as it is."""
    return BLOCK.sub(lambda block: block[1] + text + block[3], page)
