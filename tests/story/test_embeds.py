"""The embeds of this story's published graphics: small, and answering for every number in them."""

import gzip
import json
import re

import pytest
from lxml import html

from support.checkout import ROOT
from toll import tables
from toll.graphics.graphic import Graphic
from toll.ledger.ledger import Ledger
from toll.pages import edition_page, embed, gallery

GRAPHICS = [
    (edition, graphic)
    for edition in ("article", "hindsight")
    for graphic in json.loads((ROOT / f"figures/{edition}/gallery.json").read_text("utf-8"))["graphics"]
]


@pytest.fixture(scope="module", params=GRAPHICS, ids=[f"{edition}-{graphic['name']}" for edition, graphic in GRAPHICS])
def made(request):
    """What is told of a graphic, and its embed, made from what is published."""
    edition, told = request.param
    processed, published = ROOT / "data/processed" / edition, ROOT / "figures" / edition
    graphic = Graphic.load(processed / f"graphics/{told['name']}.json")
    ledger = Ledger.from_frames(tables.read(processed / "ledger"))
    told = told | {"numbers": gallery.numbers(ledger, told["name"], told["data"])}
    claims = tables.read(processed / "fact-check").to_dicts()
    return told, embed.render(graphic, told, lambda name: (published / name).read_bytes(), ledger, claims)


def test_it_weighs_at_most_60_kb_on_the_way(made):
    for content in made[1]:
        assert len(gzip.compress(content)) <= 60_000


def test_every_number_in_its_words_is_a_button_but_for_years_and_forms_that_two_share(made):
    page = html.fromstring(made[1].page.decode())
    for words in page.xpath("//h1 | //p[@class = 'deck']"):
        left = "".join(words.xpath(".//text()[not(ancestor::button)]"))
        assert re.findall(r"\d[\d,.]*", re.sub(r"\b(19|20)\d\d\b", "", left)) == [], words.text_content()


def test_every_number_drawn_has_a_ring_in_both_forms_and_a_button(made):
    told, files = made
    page = html.fromstring(files.page.decode())
    column = told["data"]["columns"].index("entry")
    drawn = {row[column] for row in told["data"]["rows"]} - {""}
    assert drawn
    assert set(page.xpath("//*[@class = 'points']//@data-number")) == drawn
    for form in ("mobile", "desktop"):
        rings = page.xpath(f"//*[local-name() = 'svg'][@class = '{form}']//*[@class = 'ring']")
        assert {ring.get("data-number") for ring in rings} == drawn


def test_every_button_opens_what_is_there(made):
    for content in made[1]:
        page = html.fromstring(content.decode())
        opened = set(page.xpath("//@popovertarget"))
        opened |= {f"n-{id}" for id in page.xpath("//@data-number")}
        assert opened <= set(page.xpath("//*[@popover]/@id"))
        assert len(page.xpath("//@id")) == len(set(page.xpath("//@id")))


@pytest.mark.parametrize("edition", ["article", "hindsight"])
def test_the_page_of_an_edition_weighs_at_most_200_kb_without_its_pictures(edition):
    told = json.loads((ROOT / f"figures/{edition}/gallery.json").read_text("utf-8"))
    ledger = Ledger.from_frames(tables.read(ROOT / "data/processed" / edition / "ledger"))
    files = {form: {"name": f"a-graphic.{form}.html", "bytes": 60_000} for form in ("embed", "inline")}
    told["graphics"] = [
        files | graphic | {"numbers": gallery.numbers(ledger, graphic["name"], graphic["data"])}
        for graphic in told["graphics"]
    ]
    assert len(edition_page.render(edition, told, ledger)) <= 200_000
