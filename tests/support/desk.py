"""A desk with a made-up story, published without running notebooks: everything a run leaves, in a second."""

import functools
import json
import math
import shutil
from datetime import date

import altair as alt
import polars as pl
from lxml import html

from support.checkout import ROOT
from support.toy import notebook
from toll import tables
from toll.graphics.export import export
from toll.graphics.graphic import Furniture, Graphic, Meta
from toll.ledger.entry import REPORTED, Entry
from toll.ledger.ledger import Ledger
from toll.pages import gallery, shared
from toll.project import Project
from toll.run import editions

RAW = ROOT / "tests/story/second_story/data/raw"
AS_OF = "2031-06-30"
META = Meta("article", AS_OF, "https://creativecommons.org/licenses/by/4.0/", "sha256:12ab")
FURNITURE = Furniture(
    headline="Fewer crossings are left for the\u00a0rest",
    deck="Crossings in 2031, by what became of them.",
    deck_brief="Crossings in 2031.",
    note="Bold figures were reported.",
    source="A report, June 30, 2031",
    credit="Desk & Sons",
    description="Two bars.",
    alt="Bar chart: 2,400 crossings, of which 70 were “cancelled” & 2,330 were not.",
)
DATA = pl.DataFrame(
    {"what": ["planned", "not cancelled"], "crossings": [2_400, 2_330], "entry": ["planned_2031", "left"]}
)
FACT_CHECK = pl.DataFrame(
    {
        "id": ["few"],
        "claim": ["Few crossings are cancelled."],
        "verdict": ["holds"],
        "result": ["Of 2,400 crossings, 2,330 are left."],
        "how_sure": ["Sure."],
        "source": ["article"],
        "paragraph": [3],
        "inputs": ["planned_2031 left"],
    }
)


def chart(width, height):
    bars = alt.Chart(DATA).mark_bar(color="blue")
    return bars.encode(y=alt.Y("what", axis=None), x=alt.X("crossings", axis=None)).properties(height=height or 120)


def build():
    return Graphic.build("ferry", chart, FURNITURE, META, ledger=ledger())


def drawn(folder, cache):
    """The desk's graphic, the records of its files, and `folder`, which holds them."""
    graphic = build()
    return graphic, export(graphic, folder, cache=cache), folder


def ledger(planned=2_400):
    reported = functools.partial(
        Entry, status=REPORTED, unit="crossings", source="article", citation="A report, June 30, 2031", locator=3
    )
    made = Ledger(
        [
            reported(
                "planned_2031",
                "Crossings planned",
                value=planned,
                low=planned - 50,
                high=planned + 50,
                as_reported=f"{planned:,}",
                attributed_to="the company",
                exact=f"{planned:,} crossings",
                caveat="Tugs included.",
            ),
            reported(
                "cancelled_2031",
                "Crossings cancelled",
                value=70,
                low=65,
                high=75,
                as_reported="about 70",
                attributed_to="the company",
                exact="about 70 crossings",
            ),
            reported(
                "cancelled_no_crew",
                "Crossings cancelled for want of a crew",
                value=11,
                low=11,
                high=math.inf,
                as_reported="at least 11",
                attributed_to="the union",
                exact="At least 11 of the crossings",
                start=date(2031, 1, 1),
                end=date(2031, 6, 29),
            ),
        ]
    )
    made.calculate("left", "planned_2031 - cancelled_2031", "crossings", "Crossings not cancelled", decimals=-1)
    made.choose("level", 0.8, "share", "Level of the range")
    made.text("{{ planned_2031 }} {{ left }}", "ferry: alt")
    made.text("{{ left }} {{ level }}", "ferry: plot")
    made.text("{{ left }}", "fact-check: few")
    made.text("{{ left }}", "crossings notebook: finding")
    return made


class Desk:
    """A project in which one graphic can be published again and again, with other words and numbers."""

    def __init__(self, root, graphic, records, pictures):
        self.project, self.graphic, self.records, self.pictures = Project(root), graphic, records, pictures
        shutil.copytree(RAW, self.project.raw)
        for folder in (self.project.notebooks, self.project.editions):
            folder.mkdir()
        self.project.chain.write_text("01-crossings:\n  reads: [data/raw]\n  writes: []\n")
        shutil.copy(ROOT / "requirements.lock", root)
        (root / "README.md").write_text("# Ferry\n<!-- findings: by toll run -->\n<!-- end of findings -->\nOurs.\n")
        self.add_edition("article")

    def add_edition(self, name):
        (self.project.editions / f"{name}.yml").write_text(f"edition: {name}\n")

    def publish(self, edition="article", graphic=None, ledger=ledger, fact_check=FACT_CHECK, **more):
        """Publish the folder of an edition, as its last notebook would."""
        graphic, numbers, processed = graphic or self.graphic, ledger(), self.project.processed(edition)
        shutil.copytree(self.pictures, self.project.published(edition), dirs_exist_ok=True)
        graphic.save(processed / "graphics")
        tables.write(numbers.frame(), processed / "ledger")
        tables.write(fact_check, processed / "fact-check")
        self._execute(edition, numbers)
        records = [record | {"graphic": graphic.name} for record in self.records]
        gallery.publish(self.project, edition, [graphic], records, numbers, fact_check, AS_OF, **more)
        return self.project.published(edition)

    def _execute(self, edition, numbers):
        """The notebook as a run leaves it: parameters injected, the finding shown."""
        document = json.loads(notebook("Markdown('…')", parameters='edition = "article"\nspread = 1.0'))
        finding = document["cells"][1]
        shown = f"{numbers['left'].text} crossings are left." if "left" in numbers else "None are left."
        finding |= {"id": "finding", "execution_count": 2}
        finding["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"text/markdown": [shown]}}]
        if edition != "article":
            injected = {"tags": ["injected-parameters"]}
            source = f'edition = "{edition}"\nspread = 3.0'
            document["cells"].insert(
                1, document["cells"][0] | {"id": "injected", "metadata": injected, "source": source}
            )
        file = self.project.root / editions.executed(self.project, edition, "notebooks/01-crossings.ipynb")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")

    def share(self):
        """Write the pages that editions share, as a run does after them; returns the front page."""
        names = editions.published(self.project)
        shared.write(self.project, names, lambda edition: editions.executed_notebooks(self.project, edition))
        return self.project.figures / "index.html"

    def front(self):
        return html.fromstring(self.share().read_text("utf-8"))

    def read(self, edition="article", page="index.html"):
        return html.fromstring((self.project.published(edition) / page).read_text("utf-8"))

    def correct(self, *rows):
        """Corrections of wordings, each as DATE,FIGURE,WAS,NOW,REASON."""
        lines = ["date,table,id,field,was,now,reason"]
        for row in rows:
            day, figure, rest = row.split(",", 2)
            lines.append(f"{day},figures,{figure},as_reported,{rest}")
        (self.project.raw / "corrections.csv").write_text("".join(f"{line}\n" for line in lines))
