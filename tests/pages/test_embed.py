"""The embed as readers meet it: framed or pasted, by mouse, finger or keyboard, without script, on paper."""

import functools
import gzip
import http.server
import json
import re
import threading
from dataclasses import replace

import pytest
from lxml import etree, html

from support.browser import CHROMIUM, CHROMIUM_OPTIONS, accessibility_faults, needs_chromium
from support.desk import FURNITURE, Desk, ledger

WORDS = replace(
    FURNITURE,
    deck="Of 2,400 crossings, 2,330 are left.",
    note="The level is 80%; bold figures were reported.",
    description="Two bars, of 2,400 and 2,330 crossings.",
)
HOSTILE = """<style>
* { all: revert; font: 9px serif !important; color: red !important; text-transform: uppercase !important;
    letter-spacing: 5px !important; line-height: 3 !important; float: left !important; border: 2px solid lime }
svg, button, p, h2, figure { display: none !important } div, toll-graphic { display: inline-flex }
body { direction: rtl; visibility: visible; word-spacing: 9px; cursor: wait } path { fill: lime !important }
#headline, .plot, .toll, .n { position: absolute; transform: rotate(9deg); opacity: .2 }
:root { --ink: lime; --p0: lime }
</style>"""


ON_SCREEN = "text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a"


def numbers():
    made = ledger()
    for part in ("deck", "description"):
        made.text("{{ planned_2031 }} {{ left }}", f"ferry: {part}")
    made.text("{{ level }}", "ferry: note")
    return made


@pytest.fixture(scope="module")
def published(tmp_path_factory, pictures):
    """The folder of an edition with one graphic whose words print numbers."""
    graphic, records, folder = pictures
    desk = Desk(tmp_path_factory.mktemp("embed") / "desk", replace(graphic, furniture=WORDS), records, folder)
    return desk.publish(ledger=numbers)


@pytest.fixture(scope="module")
def part(published):
    return (published / "ferry.inline.html").read_text("utf-8")


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a file, or a page of the HTML given; fails if the browser complains or asks for anything."""
    opened, faults = [], []

    def visit(page, width=1400, query="", scheme="light", browser=browser, **more):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        opened.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith(("file:", "data:")) else 0)
        if isinstance(page, str):
            file = tmp_path / f"page-{len(opened)}.html"
            file.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title>{page}', "utf-8")
            page = file
        tab.goto(page.as_uri() + query)
        return tab

    yield visit
    for context in opened:
        context.close()
    assert not faults


def boxed(part, width):
    return f'<main><h1>News</h1><div style="width:{width}px">{part}</div></main>'


def opened(tab):
    return tab.locator("[popover]:popover-open")


# --- What is in the file ---


def test_the_file_is_light_asks_for_nothing_and_names_its_script_by_hash(published):
    for name in ("ferry.html", "ferry.inline.html"):
        content = (published / name).read_bytes()
        assert len(gzip.compress(content)) <= 60_000
        page = html.fromstring(content.decode())
        assert page.xpath("//@src | //*[local-name() = 'link' or local-name() = 'base' or local-name() = 'img']") == []
        assert set(re.findall(r"url\(([^)]{5})", content.decode())) == {"data:"}
    policy = html.parse(str(published / "ferry.html")).xpath("string(//meta[@http-equiv]/@content)")
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/=]+';", policy)
    assert "unsafe" not in policy


def test_what_is_told_comes_from_ledger_and_fact_check(published):
    page = html.parse(str(published / "ferry.html")).getroot()
    told = {each.get("id")[2:]: " ".join(each.text_content().split()) for each in page.xpath("//*[@popover]")}
    for words in ("“2,400 crossings”", "Paragraph 3", "the company", "A report, June 30, 2031", "Tugs included"):
        assert words in told["planned_2031"]
    assert "2400 − 70 = 2330" in told["left"]
    assert "70 Crossings cancelled" in told["left"]
    assert "Fact check: holds. Few crossings are cancelled." in told["left"]
    assert "Fact check" not in told["cancelled_2031"]
    assert "Chosen for this edition" in told["level"]


def test_the_table_has_the_plotted_values_and_no_raw_ids(published):
    page = html.parse(str(published / "ferry.html")).getroot()
    (table,) = page.xpath("//table")
    rows = [[cell.text for cell in row] for row in table.xpath(".//tr")]
    assert rows == [
        ["series", "what", "value", "status"],
        ["crossings", "planned", "2400", "reported"],
        ["crossings", "not cancelled", "2330", "calculated"],
    ]
    assert "planned_2031" not in page.xpath("string(//figure)")


def test_each_number_drawn_has_its_ring_in_both_forms_where_it_is_drawn(published):
    page = html.parse(str(published / "ferry.html")).getroot()
    for form in ("mobile", "desktop"):
        (plot,) = page.xpath(f"//*[local-name() = 'svg'][@class = '{form}']")
        rings = {ring.get("data-number"): ring for ring in plot.xpath(".//*[@class = 'ring']")}
        assert set(rings) == {"planned_2031", "left"}
        left, width = float(plot.get("viewbox").split()[0]), float(plot.get("width"))
        ends = {id: (float(ring.get("cx")) - left) / width for id, ring in rings.items()}
        assert ends["left"] / ends["planned_2031"] == pytest.approx(2330 / 2400, abs=0.02)


def test_the_embed_is_among_the_files_of_its_edition(published):
    (graphic,) = json.loads((published / "gallery.json").read_text("utf-8"))["graphics"]
    sums = (published / "SHA256SUMS").read_text("utf-8")
    for name in ("embed", "inline"):
        assert f"{graphic[name]['sha256']}  {graphic[name]['name']}" in sums


# --- In a browser ---


@needs_chromium
@pytest.mark.parametrize(("width", "form"), [(320, "mobile"), (600, "desktop"), (1000, "desktop")])
@pytest.mark.parametrize("way", ["frame", "pasted"])
def test_the_width_of_the_container_chooses_the_form(visit, published, part, width, form, way):
    frame = f'<iframe src="{(published / "ferry.html").as_uri()}" style="width:{width}px;border:0"></iframe>'
    tab = visit(frame if way == "frame" else boxed(part, width))
    at = tab.frame_locator("iframe") if way == "frame" else tab
    shown = [plot.get_attribute("class") for plot in at.locator("svg").all() if plot.is_visible()]
    assert shown == [form]
    texts = [text for text in at.locator("svg:visible text").all() if text.text_content().strip()]
    assert all(text.evaluate(ON_SCREEN) >= 12 for text in texts)  # px, whatever the drawing is scaled by
    outer = at.locator(".toll").bounding_box()
    assert outer["width"] == width
    for inner in at.locator(".toll :is(svg, h1, h2, p, summary):visible").all():
        box = inner.bounding_box()
        assert box["x"] >= outer["x"] and box["x"] + box["width"] <= outer["x"] + width + 0.5


@needs_chromium
@pytest.mark.parametrize("way", ["mouse", "finger", "keyboard"])
def test_a_number_in_the_text_shows_where_it_comes_from(visit, published, way):
    tab = visit(published / "ferry.html", width=375, has_touch=way == "finger")
    number = tab.locator(".deck").get_by_role("button", name="2,330")
    {"mouse": number.click, "finger": number.tap, "keyboard": lambda: number.press("Enter")}[way]()
    opened(tab).wait_for()
    assert "2400 − 70 = 2330" in opened(tab).text_content()
    box = opened(tab).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 375
    assert box["y"] > number.bounding_box()["y"]
    opened(tab).get_by_role("button", name="70").click()  # what it is calculated from
    tab.get_by_text("“about 70 crossings”").wait_for()
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    assert opened(tab).count() == 0
    tab.locator(".deck .n:focus").wait_for()


@needs_chromium
@pytest.mark.parametrize("way", ["mouse", "finger"])
@pytest.mark.parametrize("width", [375, 1000])
def test_a_point_of_the_chart_shows_where_it_comes_from(visit, part, width, way):
    tab = visit(boxed(part, width), has_touch=way == "finger")
    place = tab.locator("svg:visible .ring[data-number=planned_2031]").bounding_box()
    x, y = place["x"] + place["width"] / 2 - 5, place["y"] + place["height"] / 2 - 5
    tab.mouse.click(x, y) if way == "mouse" else tab.touchscreen.tap(x, y)
    opened(tab).wait_for()
    assert "“2,400 crossings”" in opened(tab).text_content()
    tab.mouse.click(1390, 890)
    assert opened(tab).count() == 0


@needs_chromium
def test_arrow_keys_step_through_the_points_and_say_their_values(visit, published):
    tab = visit(published / "ferry.html", width=700)
    said = []
    for _ in range(20):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.matches('.points button')"):
            break
    names = ["2,400 Crossings planned", "2,330 Crossings not cancelled"]
    for key, name in (("ArrowRight", names[0]), ("ArrowLeft", names[1]), ("End", names[0]), ("Home", names[1])):
        button = tab.get_by_role("group", name="Numbers in the chart").get_by_role("button", name=name)
        assert button.evaluate("each => each === document.activeElement")
        assert button.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
        assert button.bounding_box()["width"] > 100  # the one in focus can be read
        rings = tab.locator("svg:visible .ring.on")
        assert rings.count() == 1
        assert rings.evaluate("ring => getComputedStyle(ring).stroke") == "rgb(29, 79, 124)"
        said.append(rings.get_attribute("data-number"))
        tab.keyboard.press(key)
    assert said == ["planned_2031", "left", "planned_2031", "left"]
    tab.keyboard.press("Enter")
    opened(tab).wait_for()
    assert tab.evaluate("document.activeElement.id") == "n-planned_2031"
    tab.keyboard.press("Escape")
    tab.keyboard.press("Tab")
    assert not tab.evaluate("document.activeElement.matches('.points button')")  # one stop for all points


@needs_chromium
def test_everything_can_be_reached_by_keyboard_alone(visit, published):
    tab, seen = visit(published / "ferry.html"), []
    for _ in range(40):
        tab.keyboard.press("Tab")
        text, ringed = tab.evaluate(
            "[document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]"
        )
        if text == "" or tab.evaluate("document.activeElement === document.body"):
            break
        assert ringed != "none", text
        seen.append(text)
        if tab.evaluate("document.activeElement.localName") == "summary":
            tab.keyboard.press("Enter")
    for name in ("2,330", "80%", "License", "Description of the chart", "The values as a table"):
        assert name in seen, name


@needs_chromium
def test_two_embeds_in_one_page_answer_each_for_itself(visit, part):
    tab = visit(boxed(part, 400) + boxed(part, 700))
    first, second = tab.locator("toll-graphic").all()
    second.locator(".deck").get_by_role("button", name="2,330").click()
    opened(tab).wait_for()
    assert opened(second).count() == 1
    assert opened(first).count() == 0
    assert first.locator("svg.mobile").is_visible()
    assert second.locator("svg.desktop").is_visible()
    tab.keyboard.press("Escape")
    first.locator(".points button").first.focus()
    assert (first.locator(".ring.on").count(), second.locator(".ring.on").count()) == (2, 0)


@needs_chromium
@pytest.mark.parametrize("width", [320, 1000])
def test_the_styles_of_a_hostile_page_do_not_reach_it(visit, part, width):
    def look(around):
        place = f"position:absolute;left:8px;top:8px;margin:0;border:0;width:{width}px".replace(";", " !important;")
        tab = visit(f'{around}<section style="{place} !important">{part}</section>')
        tab.evaluate("document.fonts.ready")
        return tab, tab.locator("toll-graphic").screenshot()

    (calm, expected), (hostile, found) = look(""), look(HOSTILE)
    sizes = [tab.locator("toll-graphic").bounding_box() for tab in (calm, hostile)]
    assert [(size["width"], size["height"]) for size in sizes] == [(width, sizes[0]["height"])] * 2
    assert found == expected
    hostile.locator(".deck").get_by_role("button", name="2,330").click()
    assert "2400 − 70 = 2330" in opened(hostile).text_content()


@needs_chromium
@pytest.mark.parametrize("width", [320, 600, 1000])
def test_text_can_be_twice_as_large(browser, visit, part, width):
    large = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*CHROMIUM_OPTIONS, "--blink-settings=defaultFontSize=32"]
    )
    try:
        tab = visit(boxed(part, width), browser=large)
        figure = tab.locator(".toll")
        assert figure.evaluate("each => parseFloat(getComputedStyle(each).fontSize)") == 32
        assert figure.evaluate("each => each.scrollWidth") <= width
        for words in tab.locator("h2, .deck, .foot, #hint").all():
            assert words.evaluate("each => each.scrollWidth <= each.clientWidth")
        tab.locator(".deck").get_by_role("button", name="2,330").click()
        assert opened(tab).bounding_box()["width"] <= max(width, 1400)
        tab.context.close()
    finally:
        large.close()


@needs_chromium
@pytest.mark.parametrize(
    ("query", "scheme", "ground"),
    [
        ("", "dark", "rgb(255, 255, 255)"),
        ("?theme=dark", "light", "rgb(18, 18, 18)"),
        ("?theme=auto", "dark", "rgb(18, 18, 18)"),
        ("?theme=auto", "light", "rgb(255, 255, 255)"),
        ("?theme=<script>", "light", "rgb(255, 255, 255)"),
    ],
)
def test_it_is_light_unless_dark_is_asked_for(visit, published, query, scheme, ground):
    tab = visit(published / "ferry.html", query=query, scheme=scheme)
    assert tab.locator(".toll").evaluate("each => getComputedStyle(each).backgroundColor") == ground
    bar = tab.locator("svg.desktop path").first.evaluate("each => getComputedStyle(each).fill")
    assert bar == ("rgb(106, 174, 230)" if ground == "rgb(18, 18, 18)" else "rgb(29, 79, 124)")


@needs_chromium
@pytest.mark.parametrize(("width", "query"), [(320, ""), (1000, "?theme=dark")])
def test_it_is_accessible(visit, published, width, query):
    tab = visit(published / "ferry.html", width=width, query=query, bypass_csp=True)
    assert accessibility_faults(tab) == {}
    tab.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert accessibility_faults(tab) == {}
    tab.evaluate("for (const details of document.querySelectorAll('details')) details.open = false")
    tab.locator(".deck .n").first.click()
    tab.locator(".points button").first.focus()
    assert accessibility_faults(tab) == {}


@needs_chromium
def test_the_reader_s_own_colors_leave_it_legible(visit, published):
    tab = visit(published / "ferry.html", scheme="dark")
    tab.emulate_media(forced_colors="active")
    assert tab.locator("svg:visible").evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.locator(".toll").evaluate("each => getComputedStyle(each).color") != "rgb(18, 18, 18)"


@needs_chromium
def test_it_is_accessible_pasted_twice(visit, part):
    assert accessibility_faults(visit(f"<main><h1>News</h1>{part}{part}</main>")) == {}


@needs_chromium
def test_the_accessibility_tree_tells_the_picture_once(visit, published):
    tree = visit(published / "ferry.html").locator("main").aria_snapshot()
    assert tree.count(f'img "{FURNITURE.alt}"') == 1
    for said in ('heading "Fewer crossings are left for the rest"', 'button "2,400 Crossings planned"'):
        assert said in tree


@needs_chromium
@pytest.mark.parametrize("way", ["page", "pasted"])
def test_it_can_be_read_without_script(visit, published, part, way):
    tab = visit(published / "ferry.html" if way == "page" else boxed(part, 700), java_script_enabled=False)
    for words in (FURNITURE.headline.replace("\u00a0", " "), "The level is", "A report, June 30, 2031"):
        assert tab.get_by_text(words).first.is_visible()
    assert tab.locator("svg:visible").count() == 1
    tab.get_by_text("The values as a table").click()
    assert tab.get_by_role("cell", name="2330").is_visible()
    tab.get_by_text("Every number and its source").click()
    assert tab.get_by_text("“about 70 crossings”").is_visible()
    tab.get_by_text("Every number and its source").click()
    tab.locator(".deck").get_by_role("button", name="2,400").click()
    assert tab.get_by_text("“2,400 crossings”").is_visible()
    tab.get_by_role("button", name="Close").click()
    assert tab.get_by_text("“2,400 crossings”").is_hidden()


@needs_chromium
def test_paper_has_the_picture_its_words_and_every_source_in_light_colors(visit, published):
    tab = visit(published / "ferry.html", query="?theme=dark")
    tab.emulate_media(media="print")
    assert tab.locator(".toll").evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"
    for words in ("2400 − 70 = 2330", "“2,400 crossings”", "Two bars"):
        assert tab.get_by_text(words).first.is_visible(), words
    assert [name for name in ("points", "close") if tab.locator(f".{name}").first.is_visible()] == []


# --- The frame's height ---


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(published):
    handler = functools.partial(Quiet, directory=published.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@needs_chromium
def test_the_frame_takes_the_height_of_its_content_from_its_own_origin_alone(browser, published, address, tmp_path):
    code = html.parse(str(published / "index.html")).xpath("string(//pre[@id = 'ferry-frame'])")
    code = code.replace('src="', f'src="{address}')
    page = tmp_path / "story.html"
    page.write_text(
        f'<!doctype html><title>Story</title><div style="width:700px">{code}</div>'
        f'<div style="width:330px">{code}</div>',
        "utf-8",
    )
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.goto(page.as_uri())
    wide, narrow = (tab.locator("iframe").nth(i) for i in (0, 1))
    for frame in (wide, narrow):
        frame.scroll_into_view_if_needed()
        inside = frame.content_frame.locator("html")
        inside.locator("svg:visible").wait_for()
        height = inside.evaluate("each => each.offsetHeight")
        tab.wait_for_function(f"document.querySelectorAll('iframe')[{0 if frame is wide else 1}].height == {height}")
    assert wide.get_attribute("height") != narrow.get_attribute("height")
    before = wide.get_attribute("height")
    wide.content_frame.get_by_text("The values as a table").click()
    tab.wait_for_function(f"document.querySelector('iframe').height > {before}")
    before = wide.get_attribute("height")
    tab.evaluate("heard = []; addEventListener('message', ({data}) => heard.push(data.height))")
    tab.evaluate("postMessage({height: 7}, '*')")  # not from the frame
    tab.evaluate("""() => {
      const other = document.createElement("iframe");
      other.srcdoc = "<script>parent.postMessage({height: 9}, '*')</" + "script>";
      document.body.append(other);
    }""")
    (published.parent / "other.html").write_text("<script>parent.postMessage({height: 8}, '*')</script>other", "utf-8")
    elsewhere = address.replace("127.0.0.1", "localhost") + "other.html"  # another origin, in the same frame
    wide.evaluate("(frame, address) => { frame.contentWindow.location = address; }", elsewhere)
    tab.wait_for_function("[7, 8, 9].every(height => heard.includes(height))")
    assert wide.get_attribute("height") == before
    tab.close()


def test_colors_become_variables_that_both_themes_set(published):
    page = html.parse(str(published / "ferry.html")).getroot()
    painted = set(page.xpath("//*[local-name() = 'svg']//@fill | //*[local-name() = 'svg']//@stroke"))
    assert painted - {"none"} and all(value == "none" or value.startswith("var(--p") for value in painted)
    style = page.xpath("string(//style[2])")
    for variable in {value[4:-1] for value in painted if value != "none"}:
        assert style.count(f"{variable}:#") == 3  # light, dark, following the reader


def test_a_picture_with_anything_active_in_it_is_not_taken_over(published, pictures, tmp_path):
    from toll.graphics import inline
    from toll.problems import Problems

    graphic, *_ = pictures
    svg = etree.fromstring((published / "ferry-desktop.svg").read_bytes())
    etree.SubElement(svg, "{http://www.w3.org/2000/svg}script")
    with pytest.raises(Problems, match="script"):
        inline.plot(graphic, "desktop", lambda *_: etree.tostring(svg), {}, lambda text: [(text, None)])
