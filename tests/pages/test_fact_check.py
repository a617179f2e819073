"""The fact check page: claims with their numbers, disputed counts, the story's own tables, graphics left out."""

import polars as pl
import pytest

from support.desk import AS_OF, FACT_CHECK, ledger
from toll import story_tables
from toll.graphics.graphic import LeftOut
from toll.pages import fact_check

DISPUTED = pl.DataFrame(
    {
        "text": ["70", "83"],
        "quantity": ["crossings cancelled"] * 2,
        "place": ["Lower Wend"] * 2,
        "start": ["2031-01-01"] * 2,
        "end": ["2031-06-29"] * 2,
        "spread": ["70 to 83"] * 2,
        "attributed_to": ["the company", "the union"],
        "citation": ["A report", "A letter"],
        "independent": [None, False],
        "caveat": ["", "Counted by hand."],
        "in_use": [True, False],
        "reason": ["Complete.", ""],
        "headline": ["", "Even fewer crossings are left"],
        "effect": ["", "left: 2,330 → 2,317"],
    }
)


@pytest.fixture
def page(desk):
    """Writes the page of an edition and returns it."""

    def write(edition="article", left_out=(), **tables):
        tested = {"fact-check": FACT_CHECK} | tables
        fact_check.write(desk.project, edition, AS_OF, ledger(), tested, left_out)
        return desk.read(edition, "fact-check.html")

    return write


def test_a_claim_has_its_verdict_its_source_and_the_numbers_behind_it(page):
    claim = page().xpath("//article[@id='claim-few']")[0].text_content()
    for part in (
        "Few crossings are cancelled.",
        "holds",
        "Source: The Lower Wend Post, June 30, 2031, paragraph 3.",
        "2,400",
        "“2,400 crossings”",
        "Attributed to the company.",
        "2400 − 70 = 2330",
    ):
        assert part in claim
    assert "1 of 1 claims" in page().xpath("string(//fieldset[@class='verdicts'])")


def test_without_claims_it_says_so(page):
    assert "No claim had been made by then." in page(**{"fact-check": FACT_CHECK.clear()}).text_content()


def test_a_disputed_count_says_what_would_change(page):
    rows = [row.text_content() for row in page(disputed=DISPUTED).xpath("//table[@class='disputed']/tbody/tr")]
    assert "In use. Complete." in rows[0]
    for part in (
        "83",
        "the union",
        "Not independent",
        "Even fewer crossings are left",
        "Crossings not cancelled: 2,330 → 2,317",
    ):
        assert part in rows[1]
    assert "No two sources" in page(disputed=DISPUTED.clear()).text_content()
    assert not page().xpath("//*[@id='disputed']")


def test_the_tables_of_the_story_are_shown_as_it_declares_them(desk, page):
    shown = pl.DataFrame({"Seen from": ["May 1"], "Range <b>": [None]})
    stem = desk.project.processed("article") / "forecast"
    story_tables.declare(stem, "How the forecast did", "Each day’s range.", {"day": "The day"}, shown)
    section = page().xpath("//h2[@id='forecast']/following-sibling::*")
    assert page().xpath("string(//h2[@id='forecast'])") == "How the forecast did"
    assert section[0].text_content() == "Each day’s range."
    assert [cell.text for cell in section[1].xpath(".//th | .//td")] == ["Seen from", "Range <b>", "May 1", None]
    story_tables.declare(stem, "How the forecast did", "Each day’s range.", {"day": "The day"}, shown.clear())
    assert "This edition has no rows for it." in page().text_content()


def test_a_graphic_that_is_left_out_is_named_with_the_reason(page):
    left_out = page(left_out=[LeftOut("boats", "the number of boats is not known")])
    assert left_out.xpath("string(//ul[@class='left'])").strip() == "Boats. The number of boats is not known."


@pytest.mark.parametrize("edition", ["article", "sweep/a"])
def test_it_leads_back_to_the_gallery(desk, page, edition):
    (back,) = page(edition).xpath("//a[. = 'All editions']/@href")
    assert (desk.project.published(edition) / back).resolve() == (desk.project.figures / "index.html").resolve()
