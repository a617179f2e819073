"""The cells of the grid: figures that notebooks read, in every class of wording, and days on which knowledge grew."""

from __future__ import annotations

from typing import Any, NamedTuple

DEATHS = ["01-clean-source-figures", "02-death-tolls", "03-back-test", "04-record"]
BODIES = ["01-clean-source-figures", "05-extrajudicial-bodies"]
STAFFING = ["01-clean-source-figures", "06-staffing"]
ALL = [*DEATHS, *BODIES[1:], *STAFFING[1:], "07-fact-check"]


TOPICS = {
    "police_killed": DEATHS,
    "bodies": BODIES,
    "officers": STAFFING,
    "population": STAFFING,
    "inhabitants": STAFFING,
}


class Cell(NamedTuple):
    """One run of the chain: changed wordings by figure, the edition, its parameters."""

    name: str
    changes: dict[str, str]
    edition: str = "article"
    parameters: tuple[tuple[str, Any], ...] = ()

    @property
    def notebooks(self) -> list[str]:
        """Those that the change reaches."""
        if not self.changes:
            return ALL
        topics = {
            name
            for figure in self.changes
            for prefix, names in TOPICS.items()
            if figure.startswith(prefix)
            for name in names
        }
        return [name for name in ALL if name in topics or name[:2] in ("01", "07")]


# Figures that a chart or a claim reads: about how many, and what they are compared with.
FIGURES = {
    "police_killed_2014": (102, 166),
    "police_killed_2013": (166, 170),
    "bodies_found_2014h1": (201, 181),
    "officers": (27_000, 8_500),
    "officers_vip": (8_500, 13_500),
    "population": (20_000_000, 28_194_000),
    "inhabitants_per_officer": (1_524, 1_081),
    "police_killed_2014_100th": (100, 102),
    "stations_safe": (5, 15),
    "former_soldiers": (1_000, 1),
    "officers_rehoused": (225, 1),
    "party_members_killed": (80, 1),
}
QUALIFIED = ("at least {}", "more than {}", "up to {}", "fewer than {}", "about {}", "almost {}", "{} or more")


def wordings(value: int, other: int) -> list[str]:
    """Every class of wording of a count of about `value`, which is compared with `other`."""
    numbers = dict.fromkeys((0, 1, 2, 5, value, other, other - 1, other + 1, 10 * value, max(value // 10, 3)))
    plain = [f"{number:,}" for number in numbers]
    limits = [words.format(f"{value:,}") for words in QUALIFIED] + ["at least 1", "up to 1", "about 100"]
    return [*plain, *limits, f"{value - value // 10:,} to {value + value // 10:,}", "zero"]


def figures() -> list[Cell]:
    """Every figure in every wording, in the article's edition."""
    found = []
    for figure, (value, other) in FIGURES.items():
        for words in wordings(value, other):
            told = f"one for every {words}" if figure == "inhabitants_per_officer" and words[0].isdigit() else words
            found.append(Cell(f"{figure}: {told}", {figure: told}))
    return found


def pairs() -> list[Cell]:
    """Two figures that are compared, each in the wordings that leave most open."""
    together = (
        ("police_killed_2014", "police_killed_2013"),
        ("officers", "officers_vip"),
        ("population", "inhabitants_per_officer"),
        ("officers", "population"),
    )
    found = []
    for first, second in together:
        ways = [
            [
                words.format(f"{FIGURES[figure][0]:,}")
                for words in ("at least {}", "about {}", "up to {}", "{}", "0", "1")
            ]
            for figure in (first, second)
        ]
        for a in ways[0]:
            for b in ways[1]:
                found.append(Cell(f"{first}: {a}; {second}: {b}", {first: a, second: b}))
    return found


DAYS = (
    *("2013-07-16", "2013-10-10", "2013-12-31", "2014-02-08", "2014-02-09", "2014-02-20", "2014-03-13", "2014-05-31"),
    *("2014-07-15", "2014-07-20", "2014-07-31", "2014-08-10", "2014-08-11", "2014-11-12", "2014-12-31", "2015-02-16"),
    *("2015-02-28", "2015-04-17", "2015-07-15", "2015-07-31", "2015-08-01", "2016-12-31", "2017-12-31", "2020-01-01"),
)


def days() -> list[Cell]:
    """Both editions' figures as they were known on each day on which knowledge grew."""
    return [
        Cell(f"{edition} as of {day}", {}, edition, (("as_of", day),))
        for day in DAYS
        for edition in ("hindsight", "article")
        if edition == "hindsight" or day >= "2014-08-11"
    ]


def hindsight() -> list[Cell]:
    """Figures of other sources, where they decide a headline or a verdict."""
    figures = {
        "police_killed_2014_official": (136, 170),
        "police_killed_1995_official": (261, 166),
        "officers_nation": (25_279, 27_000),
        "population_census": (14_900_000, 20_000_000),
        "bodies_found_2013h1": (101, 201),
    }
    return [
        Cell(f"hindsight, {figure}: {words}", {figure: words}, "hindsight")
        for figure, (value, other) in figures.items()
        for words in wordings(value, other)
    ]


DRAWN = {  # numbers that change what a chart looks like most, up to ten times and a tenth of what they are
    "police_killed_2014": ("death-tolls", ["10", "51", "110", "150", "166", "170", "180", "200", "400", "1,000"]),
    "police_killed_2013": ("death-tolls", ["17", "102", "130", "160", "170", "180", "190", "200", "400", "1,660"]),
    "bodies_found_2014h1": ("extrajudicial-bodies", ["1", "20", "100", "300", "666", "1,500", "2,010"]),
    "officers": ("staffing", ["9,000", "15,000", "20,000", "24,000", "35,000", "54,000", "100,000", "270,000"]),
    "officers_vip": ("staffing", ["850", "2,000", "5,000", "12,000", "15,000", "20,000"]),
    "population": ("staffing", ["2 million", "5 million", "15 million", "40 million", "200 million"]),
    "inhabitants_per_officer": ("staffing", ["one for every 152", "one for every 500", "one for every 15,240"]),
}


def everything() -> list[Cell]:
    return [*figures(), *pairs(), *days(), *hindsight()]


def sample(every: int = 18) -> list[Cell]:
    """A broad sample: every so many cells of the grid, the days of the README's examples, and a force of none."""
    cells = everything()
    names = ("hindsight as of 2015-08-01", "hindsight as of 2014-07-20", "hindsight, officers_nation: 0")
    examples = [cell for cell in cells if cell.name in names]
    return [*cells[::every], *examples]
