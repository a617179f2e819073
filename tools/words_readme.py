"""Write the tables of words/README.md, which list every form and condition that a template may use."""

import math
from datetime import date
from pathlib import Path

from toll.ledger.entry import CALCULATED, REPORTED, Entry
from toll.ledger.words import CONDITIONS, FORMS

README = Path(__file__).parent.parent / "words" / "README.md"
TOLL = Entry(
    "toll",
    "Crossings canceled",
    "crossings",
    REPORTED,
    value=102,
    low=102,
    high=math.inf,
    place="Wendport",
    start=date(2031, 1, 1),
    end=date(2031, 8, 7),
    qualifier="at least",
    as_reported="at least 102",
    attributed_to="the ferry company",
    citation="The Courier by Ann Reed, Aug. 11, 2031",
    locator=4,
)
CREW = Entry("crew", "Crew", "people", CALCULATED, 8530, 8450, 8610, "about", decimals=-2)
SAFE = Entry("safe", "Safe boats", "boats", REPORTED, 5, whole=15)
SHARE = Entry("share", "Share", "share", CALCULATED, 0.31, 0.31, 0.31)
CHANCE = Entry("chance", "Chance", "probability", CALCULATED, 0.63, 0.63, 0.63)
PACE = Entry("pace", "Crossings canceled a day", "a day", CALCULATED, 1.1, 1.1, 1.1)
BIG = Entry("city", "Inhabitants", "people", CALCULATED, 16_126_000, 16_126_000, 16_126_000)
NONE = Entry("calm", "Days without wind", "days", REPORTED, 0, 0, 0)
EXAMPLES = {
    "about": CREW,
    "tally": NONE,
    "rounded": BIG,
    "low": CREW,
    "high": CREW,
    "whole": SAFE,
    "words": SAFE,
    "fraction": SHARE,
    "chance": CHANCE,
    "floor": PACE,
}


def tables() -> str:
    """The tables in Markdown. Each form has an example that the code prints."""
    lines = ["| in a template | prints | which is |", "|---|---|---|"]
    lines += [f"| `{{{{ {entry.id} }}}}` | {entry.text} | the number itself |" for entry in (TOLL, CREW, SHARE)]
    for name, form in FORMS.items():
        entry = EXAMPLES.get(name, TOLL)
        lines.append(f"| `{{{{ {entry.id}.{name} }}}}` | {form.of(entry)} | {form.what} |")
    lines += ["", "| in a template | asks whether |", "|---|---|"]
    lines += [f"| `{{% if toll.{name} %}}` | {condition.what} |" for name, condition in CONDITIONS.items()]
    return "\n".join(lines) + "\n"


def with_tables(text: str) -> str:
    """The README with its tables written anew, between the two comments."""
    before, start, rest = text.partition("<!-- tables -->\n")
    _, end, after = rest.partition("<!-- end of tables -->\n")
    return f"{before}{start}{tables()}{end}{after}"


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8", newline="\n")
