"""Shared by tests."""

from toll.ledger.entry import REPORTED, Entry


def reported(id, value, low=None, high=None, **more):
    """A reported entry with its bounds (by default, the value) and any other field."""
    low, high = value if low is None else low, value if high is None else high
    return Entry(id, id, more.pop("unit", "deaths"), REPORTED, value, low, high, **more)
