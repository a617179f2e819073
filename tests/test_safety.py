"""Raw text is data: whatever it says, it cannot run in the gallery, in an embed code or in a table."""

from dataclasses import asdict, replace

import polars as pl
import pytest
from lxml import html

from support.browser import needs_chromium
from support.desk import DATA, FACT_CHECK, FURNITURE, Desk, build, ledger
from toll.graphics.graphic import Furniture
from toll.ledger.entry import Place
from toll.ledger.ledger import Ledger
from toll.problems import Problems

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
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="900"/>'
MEASURES = {"width": 4, "height": 3, "unit": "px", "bytes": len(PICTURE), "sha256": "0" * 64}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A desk whose pictures are stand-ins: what is tested here is the text around them."""
    folder, records = tmp_path_factory.mktemp("safety"), []
    (folder / "pictures").mkdir()
    for size, use, theme, kind in STAND_INS:
        name = f"ferry-{size}-{theme}.svg"
        (folder / "pictures" / name).write_bytes(PICTURE)
        records.append({"name": name, "use": use, "size": size, "theme": theme, "format": kind} | MEASURES)
    return Desk(folder / "desk", build(), records, folder / "pictures")


@pytest.fixture(scope="module")
def tab(browser):
    page = browser.new_page()
    yield page
    page.close()


def everywhere(graphic, attack):
    """The graphic and the ledger with `attack` in every text that they hold."""

    def attacked():
        entries = {entry.id: entry for entry in ledger()}
        fields = ("label", "as_reported", "attributed_to", "source", "citation", "exact", "caveat")
        made = Ledger(replace(entry, **dict.fromkeys(fields, attack)) for entry in entries.values())
        made.printed = {"planned_2031": [Place.parse(f"ferry: {attack}")], "left": [Place.parse("ferry: alt")]}
        return made

    furniture = Furniture(**dict.fromkeys(asdict(FURNITURE), attack))
    meta = replace(graphic.meta, licence=attack, digest=attack)
    data = DATA.with_columns(pl.lit(attack).alias(attack), what=pl.lit(attack))
    return replace(graphic, furniture=furniture, meta=meta, data=data), attacked


@needs_chromium
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_text_can_run_or_load_anything(desk, tab, tmp_path, attack):
    complaints = []
    note, watch = lambda message: complaints.append(message.text), lambda asked: complaints.append(asked.url)
    tab.on("console", note)
    tab.on("request", watch)
    correction = ',cancelled_2031,"{}",70,Misread.'.format(attack.replace('"', '""'))
    desk.correct(f"2031-07-01{correction}")
    graphic, attacked = everywhere(desk.graphic, attack)
    desk.publish(graphic=graphic, ledger=attacked, fact_check=FACT_CHECK.with_columns(claim=pl.lit(attack)))
    desk.correct(f"2031-07-02{correction}")  # not yet in the files
    tab.goto(desk.share().as_uri())
    assert attack in tab.locator(".pending").text_content()
    assert tab.title() == "Graphics for editors"
    assert tab.evaluate("[document.scripts.length, document.styleSheets.length]") == [0, 1]
    tab.goto((desk.project.published("article") / "index.html").as_uri())
    tab.evaluate("for (const each of document.querySelectorAll('.fold')) each.open = true")
    tab.locator(".base input").fill("../figures/")
    assert tab.title() == TITLE
    assert tab.evaluate("[document.scripts.length, document.styleSheets.length]") == [1, 1]
    assert tab.evaluate("document.querySelectorAll('[onload], [onerror], [onfocus]').length") == 0
    assert set(tab.evaluate("[...document.links].map(link => link.protocol)")) <= {"file:", "https:"}
    assert tab.locator("[id='ferry-alt']").text_content() == attack
    assert (
        tab.locator(".record").text_content().count(attack) == 5
    )  # correction and its number, credit, license, digest
    numbers = tab.locator(".numbers tbody").text_content()
    assert all(f"{before}{attack}" in numbers for before in ("in: ", "“", "Attributed to "))
    tab.remove_listener("console", note)
    tab.remove_listener("request", watch)
    assert [complaint for complaint in complaints if not complaint.startswith("file://")] == []
    (tmp_path / "empty.html").write_text(tab.locator("[id='ferry-embed']").text_content(), "utf-8")
    tab.goto((tmp_path / "empty.html").as_uri())
    assert tab.title() == ""
    assert tab.evaluate("[document.images.length, document.scripts.length]") == [1, 0]
    assert tab.evaluate("document.images[0].alt") == attack


@needs_chromium
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_text_can_run_in_an_embed(desk, tab, tmp_path, attack):
    complaints = []
    note = lambda message: complaints.append(message.text)  # noqa: E731
    tab.on("console", note)
    graphic, attacked = everywhere(desk.graphic, attack)
    folder = desk.publish(graphic=graphic, ledger=attacked, fact_check=FACT_CHECK.with_columns(claim=pl.lit(attack)))
    tab.goto((folder / "ferry.html").as_uri())
    assert tab.title() == " ".join(attack.split())
    assert tab.evaluate("[document.scripts.length, document.styleSheets.length]") == [1, 2]
    assert tab.locator("h1").text_content() == attack
    assert tab.locator(".deck").text_content() == attack
    assert attack in tab.locator("[id='n-planned_2031']").text_content()
    calm = "<!doctype html><title>calm</title><p>Before.</p>"
    (tmp_path / "pasted.html").write_text(calm + (folder / "ferry.inline.html").read_text("utf-8"), "utf-8")
    tab.goto((tmp_path / "pasted.html").as_uri())
    assert tab.title() == "calm"
    assert tab.evaluate("[document.scripts.length, document.styleSheets.length]") == [1, 1]
    assert tab.locator(".deck").text_content() == attack  # in the shadow tree
    for found in ("[onload], [onerror], [onfocus], img, iframe", "a[href]:not([href^='https://'])"):
        assert tab.locator(found).count() == 0
    tab.remove_listener("console", note)
    assert complaints == []


@needs_chromium
@pytest.mark.parametrize("name", ["script", "double quote", "handler", "raw text"])
def test_an_attack_works_where_it_is_let_in(tab, tmp_path, name):
    (tmp_path / "open.html").write_text(f'<title>calm</title><input value="{ATTACKS[name]}">{ATTACKS[name]}', "utf-8")
    tab.goto((tmp_path / "open.html").as_uri())
    tab.wait_for_function("document.title === 'run'")


@needs_chromium
@pytest.mark.parametrize(
    ("folder", "page", "title"),
    [
        ("", "index.html", "Graphics for editors"),
        ("article", "index.html", TITLE),
        ("article", "ferry.html", "Fewer crossings are left for the rest"),
    ],
)
def test_the_policy_stops_a_script_that_was_slipped_in(desk, tab, folder, page, title):
    desk.correct()
    desk.publish()
    path = desk.share().parent / folder / page
    path.write_text(path.read_text("utf-8").replace("</main>", f"<script>{RUN}</script></main>"), "utf-8")
    tab.goto(path.as_uri())
    assert tab.title() == title


def test_a_policy_forbids_every_other_script_style_and_address(desk):
    desk.publish()
    (policy,) = desk.read().xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "'self' file:"
    assert all(rules[kind].startswith("'sha256-") and " " not in rules[kind] for kind in ("script-src", "style-src"))


def test_only_a_web_address_becomes_the_link_of_the_license(desk):
    def license():
        return desk.read().xpath("//dl[@class='record']//a/@href")

    desk.publish()
    assert license() == [desk.graphic.meta.licence]
    desk.publish(graphic=replace(desk.graphic, meta=replace(desk.graphic.meta, licence=ATTACKS["address"])))
    assert license() == []
    assert html.tostring(desk.read(), encoding="unicode").count(ATTACKS["address"]) == 1


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_not_a_base_url(desk, attack):
    with pytest.raises(Problems, match="base_url"):
        desk.publish(base_url=attack)


@pytest.mark.parametrize("field", ["label", "as_reported", "attributed_to", "citation", "exact", "caveat"])
def test_no_field_of_the_ledger_brings_a_formula_into_a_table(desk, field):
    def attacked():
        first, *rest = ledger()
        return Ledger([replace(first, **{field: "+1+cmd|' /C calc'!A0"}), *rest])

    before = desk.publish() / "numbers.csv"
    content = before.read_bytes()
    with pytest.raises(Problems, match=rf"numbers\.csv, line 2, {field}: A spreadsheet would run"):
        desk.publish(ledger=attacked)
    assert before.read_bytes() == content
