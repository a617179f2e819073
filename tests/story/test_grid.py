"""Whatever figure, wording or day: what the check accepts is published in words that are true of it.

A sample of the grid of docs/grid.md; `python benchmarks/grid.py` runs all of it. The lints are shown to fail, too.
"""

import pytest

from support import cells, lints
from support.grid import Chain, Outcome


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    made = Chain(tmp_path_factory.mktemp("grid") / "project")
    for edition in ("article", "hindsight"):
        made.prepare(cells.ALL, edition)
    return made


@pytest.mark.parametrize("cell", cells.sample(), ids=lambda cell: cell.name)
def test_what_the_check_accepts_is_published_truly(chain, cell):
    outcome = chain.run(cell.notebooks, cell.changes, cell.edition, **dict(cell.parameters))
    assert outcome.how in ("published", "refused"), outcome.message
    assert outcome.how == "refused" or lints.faults(outcome) == []


@pytest.mark.parametrize("figure", cells.DRAWN)
def test_a_number_far_off_still_fits_into_every_picture(chain, figure):
    """One of the numbers that `benchmarks/grid.py` draws, all of which must pass the layout check."""
    graphic, numbers = cells.DRAWN[figure]
    cell = cells.Cell(figure, {figure: numbers[len(numbers) // 3]})
    assert chain.run(cell.notebooks[:-1], cell.changes).how == "published"
    assert chain.clashes("article", graphic) == []


REFUSED = {
    "police_killed_2014": "hundreds",
    "officers": "27.000",
    "inhabitants_per_officer": "one per 0",
    "police_killed_2014_100th": "90 to 110",
    "population": "1,000 to 2,000 million",
    "bodies_period_months": "five",
}


@pytest.mark.parametrize("figure", REFUSED)
def test_what_cannot_be_published_is_refused_by_the_check(chain, figure):
    outcome = chain.run([], {figure: REFUSED[figure]})
    assert outcome.how == "refused"
    assert "data/raw/" in outcome.message


SAID = {
    "number_and_noun_agree": {"death-tolls: deck": "In 2014, 1 deaths."},
    "no_count_of_people_is_negative_or_zero": {"death-tolls: deck": "There were −3 deaths."},
    "nothing_prints_as_no_number": {"death-tolls: note": "The chance is 100%."},
    "no_word_is_doubled": {"death-tolls: note": "It is the the toll."},
    "nothing_is_compared_with_itself": {"record: headline": "2013, not 2013, was the worst"},
    "superlatives_are_bounded": {"record: headline": "2013 was the deadliest year"},
    "record_is_the_articles_word": {"death-tolls: headline": "Past 2013’s record"},
    "open_ends_are_told_of_open_counts_only": {"extrajudicial-bodies: alt": "The count is a minimum."},
    "headline_deck_and_verdict_agree": {
        "death-tolls: headline": "Killings were on pace to stay below 2013’s toll",
        "death-tolls: deck": "With roughly an 8-in-10 chance of exceeding it.",
    },
    "every_interval_says_its_level": {"death-tolls: label 0": "151–192"},
    "what_was_expected_is_told_in_the_past": {"death-tolls: deck": "Killings are on pace for more."},
    "sentences_are_whole": {"death-tolls: deck": "102 killed by Aug. 7 ."},
}


def test_every_lint_has_words_that_it_refuses():
    assert list(SAID) == [lint.__name__ for lint in lints.LINTS]


@pytest.mark.parametrize("lint", lints.LINTS, ids=lambda lint: lint.__name__)
def test_each_lint_fails_when_it_should(lint):
    assert list(lint(Outcome("published", said=SAID[lint.__name__])))
    assert not list(lint(Outcome("published", said={"death-tolls: deck": "102 officers had been killed by Aug. 7."})))
