"""Raw text is data: whatever it says, it cannot run in the gallery, in an embed code or in a table."""

from dataclasses import asdict, replace

import polars as pl
import pytest
from lxml import html

from support.browser import needs_chromium
from support.desk import DATA, FACT_CHECK, FURNITURE, Desk, chart, ledger
from toll.graphics.graphic import Furniture, Graphic, Meta
from toll.ledger.entry import Place
from toll.ledger.ledger import Ledger
from toll.problems import Problems

META = Meta("article", "2014-08-11", "https://example.org/licence", "sha256:12ab")
TITLE = "Edition article: graphics for editors"
RUN = "document.title='run'"
ATTACKS = {
    "script": f"</script><script>{RUN}</script>",
    "style": "</style><style>body{display:none}</style>",
    "double quote": f'"><img src=x onerror="{RUN}">',
    "single quote": f"'><svg onload='{RUN}'>",
    "handler": f'" onfocus="{RUN}" autofocus="',
    "address": f"javascript:{RUN}",
    "raw text": f"</pre></textarea></title><body onload={RUN}>",
    "comment": "<!-- --!> ]]> <![CDATA[",
    "entity": "&lt;script&gt; &quot;&#34; &amp;amp;",
    "template": "{{ 7 * 7 }} {% raw %} ${7 * 7} ` \\",
}
STAND_INS = [  # size, use, theme, format
    ("desktop", "web", "light", "svg"),
    ("desktop", "web", "dark", "svg"),
    ("mobile", "web", "light", "svg"),
    ("mobile", "web", "dark", "svg"),
    ("social", "social", "light", "png"),
]
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'


@pytest.fixture(scope="module")
def graphic():
    return Graphic.build("guards", chart, FURNITURE, DATA, META)


@pytest.fixture
def desk(tmp_path, graphic):
    """A project whose pictures are stand-ins: what is tested here is the text around them."""
    pictures, records = tmp_path / "pictures", []
    pictures.mkdir()
    for size, use, theme, kind in STAND_INS:
        name = f"guards-{size}-{theme}.svg"
        (pictures / name).write_bytes(PICTURE)
        records.append(
            {
                "name": name,
                "use": use,
                "size": size,
                "theme": theme,
                "format": kind,
                "width": 4,
                "height": 3,
                "unit": "px",
                "bytes": len(PICTURE),
                "sha256": "0" * 64,
            }
        )
    return Desk(tmp_path / "project", graphic, records, pictures)


def everywhere(graphic, attack):
    """The graphic and the ledger with `attack` in every text that they hold."""

    def attacked():
        entries = {entry.id: entry for entry in ledger()}
        fields = ("label", "as_reported", "attributed_to", "source", "citation", "exact", "caveat")
        made = Ledger(replace(entry, **dict.fromkeys(fields, attack)) for entry in entries.values())
        made.printed = {"officers": [Place.parse(f"guards: {attack}")], "left": [Place.parse("guards: alt")]}
        return made

    furniture = Furniture(**dict.fromkeys(asdict(FURNITURE), attack))
    meta = replace(META, licence=attack, digest=attack)
    data = pl.DataFrame({"what": [attack], attack: [1]})
    return replace(graphic, furniture=furniture, meta=meta, data=data), attacked


@needs_chromium
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nothing_that_a_text_says_is_done(desk, browser, tmp_path, attack):
    desk.correct(f'2014-08-12,officers_vip,"{attack.replace(chr(34), chr(34) * 2)}","about 8,500",Misread.')
    graphic, attacked = everywhere(desk.graphic, attack)
    desk.publish(graphic=graphic, ledger=attacked, fact_check=FACT_CHECK.with_columns(claim=pl.lit(attack)))
    page, complaints = browser.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda asked: asked.url.startswith("file://") or complaints.append(asked.url))
    desk.correct(f'2014-08-13,officers_vip,"{attack.replace(chr(34), chr(34) * 2)}","about 8,500",Misread.')
    page.goto(desk.page().as_uri())
    assert attack in page.locator(".pending").text_content()
    assert (page.title(), complaints) == ("Graphics for editors", [])
    assert page.evaluate("[document.scripts.length, document.styleSheets.length]") == [0, 1]
    page.goto((desk.project.published("article") / "index.html").as_uri())
    page.locator(".base input").fill("../figures/")
    assert (page.title(), complaints) == (TITLE, [])
    assert page.evaluate("[document.scripts.length, document.styleSheets.length]") == [1, 1]
    assert page.evaluate("document.querySelectorAll('[onload], [onerror], [onfocus]').length") == 0
    addresses = page.evaluate("[...document.links].map(link => link.protocol)")
    assert set(addresses) <= {"file:", "https:"}
    assert page.locator("[id='guards-alt']").text_content() == attack
    assert page.locator(".record").text_content().count(attack) == 4  # correction, credit, licence and digest
    numbers = page.locator(".numbers tbody").text_content()
    assert all(f"{before}{attack}" in numbers for before in ("in: ", "“", "Attributed to "))
    (tmp_path / "empty.html").write_text(page.locator("pre").text_content(), "utf-8")
    page.goto((tmp_path / "empty.html").as_uri())
    assert page.title() == ""
    assert page.evaluate("[document.images.length, document.scripts.length]") == [1, 0]
    assert page.evaluate("document.images[0].alt") == attack
    page.close()


@needs_chromium
@pytest.mark.parametrize("name", ["script", "double quote", "handler", "raw text"])
def test_an_attack_works_where_it_is_let_in(browser, tmp_path, name):
    (tmp_path / "open.html").write_text(f'<title>calm</title><input value="{ATTACKS[name]}">{ATTACKS[name]}', "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "open.html").as_uri())
    page.wait_for_function("document.title === 'run'")
    page.close()


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_no_base_url(desk, attack):
    with pytest.raises(Problems, match="base_url"):
        desk.publish(base_url=attack)


@pytest.mark.parametrize("field", ["label", "as_reported", "attributed_to", "citation", "exact", "caveat"])
def test_no_field_of_the_ledger_brings_a_formula_into_a_table(desk, field):
    def attacked():
        first, *rest = ledger()
        return Ledger([replace(first, **{field: "+1+cmd|' /C calc'!A0"}), *rest])

    with pytest.raises(Problems, match=rf"numbers\.csv, line 2, column {field}: found"):
        desk.publish(ledger=attacked)
    assert not (desk.project.published("article") / "numbers.csv").exists()


def test_a_policy_forbids_every_other_script_style_and_address(desk):
    desk.publish()
    (policy,) = desk.read().xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "'self' file:"
    assert all(rules[kind].startswith("'sha256-") and " " not in rules[kind] for kind in ("script-src", "style-src"))


@needs_chromium
@pytest.mark.parametrize(("folder", "title"), [("", "Graphics for editors"), ("article", TITLE)])
def test_the_policy_stops_a_script_that_was_slipped_in(desk, browser, folder, title):
    desk.publish()
    path = desk.page().parent / folder / "index.html"
    path.write_text(path.read_text("utf-8").replace("</main>", f"<script>{RUN}</script></main>"), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.title() == title
    page.close()


def test_only_a_web_address_becomes_the_link_of_the_licence(desk):
    def licence():
        return desk.read().xpath("//dl[@class='record']//a/@href")

    desk.publish()
    assert licence() == ["https://example.org/licence"]
    desk.publish(graphic=replace(desk.graphic, meta=replace(META, licence=ATTACKS["address"])))
    assert licence() == []
    assert html.tostring(desk.read(), encoding="unicode").count(ATTACKS["address"]) == 1
