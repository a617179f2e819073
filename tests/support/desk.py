"""Shared by tests."""

import functools
import math
import shutil
from datetime import date

import altair as alt
import polars as pl
from lxml import html

from support.checkout import ROOT
from toll.graphics.graphic import Furniture
from toll.ledger.ledger import REPORTED, Entry, Ledger
from toll.pages.gallery import publish, render
from toll.project import Project

RAW = ROOT / "data" / "raw"


FURNITURE = Furniture(
    headline="Fewer officers guard\u00a0the rest",
    deck="Officers in 2014, by what they do.",
    deck_brief="Officers in 2014.",
    note="Bold figures were reported.",
    source="A report, Aug. 11, 2014",
    credit="Desk & Sons",
    description="Two bars.",
    alt="Bar chart: 27,000 officers, of whom 8,500 are “guards” & 18,500 are not.",
)


DATA = pl.DataFrame({"what": ["all", "not guards"], "officers": [27_000, 18_500]})


def chart(width, height, style):
    bars = alt.Chart(DATA).mark_bar(color=style.theme.blue)
    return bars.encode(y=alt.Y("what", axis=None), x=alt.X("officers", axis=None)).properties(height=height or 120)


def ledger():
    reported = functools.partial(Entry, status=REPORTED, source="report", citation="A report, Aug. 11, 2014")
    made = Ledger(
        [
            reported(
                "officers",
                "Officers",
                "officers",
                value=27_000,
                low=26_500,
                high=27_500,
                as_reported="27,000",
                attributed_to="the police",
                locator=29,
                exact="27,000 officers",
                caveat="Clerks included.",
            ),
            reported(
                "officers_vip",
                "Guards",
                "officers",
                value=8_500,
                low=8_450,
                high=8_550,
                locator=29,
                as_reported="about 8,500",
                exact="about 8,500 are",
                attributed_to="the police",
            ),
            reported(
                "bodies_found_2014h1",
                "Bodies",
                "bodies",
                value=201,
                low=201,
                high=math.inf,
                locator=8,
                as_reported="at least 201",
                exact="At least 201 bodies",
                start=date(2014, 1, 1),
                end=date(2014, 6, 30),
            ),
        ]
    )
    made.calculate("left", "officers - officers_vip", "officers", "Not guards", decimals=-2)
    made.choose("level", 0.8, "share", "Level of the range")
    made.text("{{ officers }} {{ left }}", "guards: alt")
    made.text("{{ left }} {{ level }}", "guards: plot")
    return made


FACT_CHECK = pl.DataFrame({"claim": ["A third are guards."], "verdict": ["holds"]})


class Desk:
    """A project in which one graphic, exported for real, can be published again and again."""

    def __init__(self, root, graphic, records, pictures):
        self.project, self.graphic, self.records, self.pictures = Project(root), graphic, records, pictures
        shutil.copytree(RAW, self.project.raw)

    def publish(self, edition="article", graphic=None, ledger=ledger, fact_check=FACT_CHECK, **more):
        graphic = graphic or self.graphic
        shutil.copytree(self.pictures, self.project.published(edition), dirs_exist_ok=True)
        graphic.save(self.project.processed(edition) / "graphics")
        records = [record | {"graphic": graphic.name} for record in self.records]
        publish(self.project, edition, [graphic], records, ledger(), fact_check, "2014-08-11", **more)
        return self.project.published(edition)

    def page(self):
        render(self.project)
        return self.project.figures / "index.html"

    def front(self):
        return html.fromstring(self.page().read_text("utf-8"))

    def read(self, edition="article"):
        return html.fromstring((self.project.published(edition) / "index.html").read_text("utf-8"))

    def correct(self, *rows):
        text = "date,figure,was,now,reason\n" + "".join(f"{row}\n" for row in rows)
        (self.project.raw / "corrections.csv").write_text(text)
