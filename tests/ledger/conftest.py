"""A small ledger: counts that are exact, at least, about; a ratio, a date."""

import math
from datetime import date

import pytest

from support.entries import reported
from toll.ledger.entry import REPORTED, Entry
from toll.ledger.ledger import Ledger


@pytest.fixture
def ledger():
    year = {"start": date(2014, 1, 1), "end": date(2014, 8, 7), "quantity": "police killed", "place": "Here"}
    half = {"start": date(2014, 1, 1), "end": date(2014, 6, 30), "unit": "bodies"}
    gone = {"start": date(2014, 6, 28), "end": date(2014, 6, 28), "qualifier": "date"}
    return Ledger(
        [
            reported("killed", 102, qualifier="ordinal", as_reported="102nd", citation="A by B, 2014", **year),
            reported("bodies", 201, high=math.inf, qualifier="at least", as_reported="at least 201", **half),
            reported("officers", 27_000, 26_500, 27_500, unit="officers", citation="C, 2014"),
            reported(
                "guards", 8_500, 8_450, 8_550, unit="officers", as_reported="about 8,500", citation="A by B, 2014"
            ),
            reported("people", 20_000_000, 19_500_000, 20_500_000, unit="people"),
            reported("ratio", 1_524, unit="inhabitants per officer"),
            reported("later", 9, unit="days"),
            Entry("gone", "gone", "date", REPORTED, **gone),
        ]
    )
