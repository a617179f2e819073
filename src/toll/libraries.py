"""The libraries that requirements.lock pins, and whether the installed ones match."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata

from packaging.requirements import Requirement

PIN = re.compile(r"^[A-Za-z0-9][^\\#\n]*==[^\\#\n]*", re.MULTILINE)


def pinned(lock: str) -> list[Requirement]:
    """Every pin in the text of a lock, those for other systems and Python versions included."""
    return [Requirement(pin.strip()) for pin in PIN.findall(lock)]


def version(pin: Requirement) -> str:
    """The version that a pin asks for."""
    return str(pin.specifier).removeprefix("==")


@cache
def version_mismatches(lock: str) -> list[str]:
    """The installed libraries that differ from the lock, as “polars 2.1.0, not 2.2.0”."""
    wanted = [pin for pin in pinned(lock) if pin.marker is None or pin.marker.evaluate()]
    installed = {pin.name: next(iter(metadata.distributions(name=pin.name)), None) for pin in wanted}
    return [
        f"{pin.name} {found.version if found else 'not installed'}, not {version(pin)}"
        for pin in wanted
        if (found := installed[pin.name]) is None or not pin.specifier.contains(found.version, prereleases=True)
    ]
