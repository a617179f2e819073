"""The pages as editors use them, in a real browser; any complaint of the browser fails the test."""

import functools
import hashlib
import http.server
import threading
import urllib.request
from pathlib import Path

import polars as pl
import pytest
from lxml import html

from support.browser import accessibility_faults, needs_chromium
from support.desk import AS_OF, FACT_CHECK, FURNITURE, Desk, ledger
from toll.ledger.verdicts import VERDICTS
from toll.pages import fact_check

pytestmark = needs_chromium
LOOKS = [(1200, "light"), (375, "dark")]  # each width and each theme once


@pytest.fixture(scope="module")
def shop(tmp_path_factory, pictures):
    """Two editions, published once for all tests that only look."""
    desk = Desk(tmp_path_factory.mktemp("shop") / "desk", *pictures)
    desk.publish()
    desk.publish("sweep/slow", base_url="https://example.org/old/")
    desk.share()
    return desk


@pytest.fixture(scope="module")
def address(shop):
    """Where the folder `figures` is served."""
    handler = functools.partial(Quiet, directory=shop.project.figures)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/favicon.ico":  # browsers ask every site for it
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def visit(browser, shop):
    """Opens a page, by default from its file; fails if the browser complains or asks for anything outside."""
    opened, faults = [], []

    def visit(width=1200, scheme="light", url=None, at="article", unfold=True, **more):
        root = url or shop.project.figures.as_uri()
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(root) else faults.append(asked.url))
        page.on("requestfailed", lambda asked: faults.append(f"failed: {asked.url}"))
        file = "" if at.endswith(".html") else "index.html"
        page.goto("/".join(part for part in (root.rstrip("/"), at, file) if part))
        if unfold:
            page.evaluate("for (const graphic of document.querySelectorAll('.fold')) graphic.open = true")
        return page

    yield visit
    for context in opened:
        context.close()
    assert not faults


def shown(page):
    """Name and width of the pictures visible on the stage of the first graphic, all loaded."""
    visible = [picture for picture in page.locator(".stage").first.locator("img").all() if picture.is_visible()]
    for picture in visible:
        picture.evaluate("picture => picture.decode()")  # rejects what is no picture
    return [(Path(picture.get_attribute("src")).name, picture.bounding_box()["width"]) for picture in visible]


def test_each_size_and_theme_shows_its_own_crop_at_its_real_size(visit):
    page = visit()
    choose = page.locator(".switch").first.get_by_text
    for label, name, width in (("Desktop", "desktop", 640), ("Mobile", "mobile", 375)):
        choose(label, exact=True).click()
        choose("Dark", exact=True).click()
        assert shown(page) == [(f"ferry-{name}-dark.svg", width)]
        choose("Light", exact=True).click()
        assert shown(page) == [(f"ferry-{name}.svg", width)]
    light_only = (("Social", "social", 600), ("Square", "square", 540), ("Print, 85 mm", "print-85mm", 321))
    for label, name, width in light_only:
        choose(label, exact=True).click()
        assert shown(page) == [(f"ferry-{name}.png", width)]
    choose("Dark", exact=True).click()
    assert shown(page) == [("ferry-print-85mm.png", 321)]
    assert [note.is_visible() for note in page.locator(".one-theme").all()] == [False, False, True]


@pytest.mark.parametrize(("at", "count"), [("", 2), ("article", 8), ("sweep/slow", 8)])
def test_all_pictures_load(visit, at, count):
    page = visit(at=at)
    page.evaluate("Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode(); }))")
    assert page.locator("img").count() == count


def test_each_download_has_the_stated_checksum(visit, address):
    page = visit(url=address)
    rows = page.evaluate(
        "[...document.querySelectorAll('.downloads tr:has(a)')]"
        ".map(row => [row.querySelector('a').href, row.querySelector('code').textContent])"
    )
    assert len(rows) == 21 + 4
    for url, digest in rows:
        with urllib.request.urlopen(url) as answer:
            assert hashlib.sha256(answer.read()).hexdigest() == digest, url


def test_a_click_saves_a_file_under_its_name(visit, address, shop):
    page = visit(url=address)
    for name in ("ferry-mobile-dark.svg", "ferry-square.png", "ferry-print-85mm-cmyk.pdf", "ferry.csv"):
        with page.expect_download() as download:
            page.locator(f"a[href='{name}']").click()
        assert download.value.suggested_filename == name
        assert Path(download.value.path()).read_bytes() == (shop.project.published("article") / name).read_bytes()


def test_the_zip_is_one_click_away_from_a_file_too(visit, shop):
    page = visit()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything for this graphic").first.click()
    assert Path(download.value.path()).read_bytes() == (shop.project.published("article") / "ferry.zip").read_bytes()


def test_copy_buttons_copy_the_words(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    copied = {}
    page.get_by_text("Picture plain HTML").first.click()
    for what in ("alt text", "caption", "embed code"):
        page.get_by_role("button", name=f"Copy {what}: Fewer crossings").first.click()
        page.get_by_role("button", name=f"Copied {what}").first.wait_for()
        copied[what] = page.evaluate("navigator.clipboard.readText()")
    assert copied["alt text"] == FURNITURE.alt
    assert copied["caption"] == (
        "Fewer crossings are left for the rest. Crossings in 2031, by what became of them. "
        "Source: A report, June 30, 2031. Graphic: Desk & Sons."
    )
    (picture,) = html.fromstring(copied["embed code"]).xpath("//img")
    assert (picture.get("alt"), picture.get("src")) == (FURNITURE.alt, "article/ferry-desktop.svg")


def test_copying_works_where_scripts_may_not_use_the_clipboard(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.get_by_role("button", name="Copy alt text").first.click()
    page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == FURNITURE.alt


def test_the_embed_code_works_in_an_empty_page_in_another_folder(visit, address, browser, tmp_path):
    page = visit()
    field, code = page.locator(".base input").first, page.locator("[id='ferry-embed']")
    before = code.text_content()
    for wrong in ("javascript:alert(1)", "example.org/figures", "//example.org/"):
        field.fill(wrong)
        assert page.get_by_text("Enter an address that begins with").first.is_visible(), wrong
        assert code.text_content() == before
    field.fill(address.rstrip("/"))
    assert page.get_by_text("Enter an address that begins with").first.is_hidden()
    (tmp_path / "empty.html").write_text(f"<!doctype html><title>empty</title>{code.text_content()}")
    there = browser.new_page()
    for width, scheme, file in (
        (1200, "light", "desktop"),
        (1200, "dark", "desktop-dark"),
        (375, "light", "mobile"),
        (375, "dark", "mobile-dark"),
    ):
        there.set_viewport_size({"width": width, "height": 900})
        there.emulate_media(color_scheme=scheme)
        there.goto((tmp_path / "empty.html").as_uri())
        there.evaluate("document.images[0].decode()")
        assert there.evaluate("document.images[0].currentSrc") == f"{address}article/ferry-{file}.svg"
        assert there.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert there.get_by_role("img", name=FURNITURE.alt).is_visible()
    there.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("at", ["", "article"])
def test_the_pages_are_accessible(visit, width, scheme, at):
    page = visit(width, scheme, at=at, bypass_csp=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert accessibility_faults(page) == {}


def test_axe_would_notice(visit):
    page = visit(at="", bypass_csp=True)
    page.evaluate("document.images[1].removeAttribute('alt'); document.querySelector('h2 a').style.color = '#eee'")
    assert accessibility_faults(page).keys() >= {"color-contrast", "image-alt"}


FOCUS = """() => {
  const focused = document.activeElement, ring = focused.matches("[type=radio]") ? focused.parentElement : focused;
  return [focused.tagName, (focused.dataset.size || focused.textContent).trim(),
          getComputedStyle(ring).outlineStyle !== "none"];
}"""


def test_the_keyboard_reaches_and_works_everything(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"], unfold=False)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[1] == "Skip to the graphics"
    page.keyboard.press("Enter")
    seen, closed = [], page.locator("details").count()
    for _ in range(60):
        page.keyboard.press("Tab")
        tag, text, ringed = page.evaluate(FOCUS)
        assert ringed, (tag, text)
        seen.append(tag)
        if text == "desktop":
            page.keyboard.press("ArrowRight")
            assert shown(page) == [("ferry-mobile.svg", 375)]
        elif text.startswith("Copy alt text"):
            page.keyboard.press("Enter")
            page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
            assert page.evaluate("navigator.clipboard.readText()") == FURNITURE.alt
        elif tag == "SUMMARY":
            page.keyboard.press("Enter")
        elif text == "Back to all graphics":
            break
    assert text == "Back to all graphics"
    assert {"A", "INPUT", "BUTTON", "SUMMARY"} <= set(seen)
    assert page.locator("details[open]").count() == closed


def test_a_number_in_a_sentence_or_formula_leads_to_its_row(visit):
    page = visit()
    assert page.locator("[id='ferry-left']").is_hidden()
    page.locator("[id='ferry-alt']").get_by_role("link", name="2,330").click()
    page.locator("[id='ferry-left']").wait_for(state="visible")
    assert page.evaluate("document.querySelector(':target').id") == "ferry-left"
    page.locator("[id='ferry-left']").get_by_role("link", name="70").click()
    assert page.evaluate("document.querySelector(':target').id") == "ferry-cancelled_2031"


def test_the_front_page_leads_to_each_graphic_and_the_edition_back(visit):
    page = visit(at="")
    page.get_by_role("link", name="Fewer crossings").nth(1).click()
    assert page.url.endswith("sweep/slow/index.html#ferry")
    page.get_by_role("link", name="All editions").click()
    assert page.get_by_role("heading", name="Graphics for editors").is_visible()


def test_everything_can_be_read_and_seen_without_scripts(visit):
    page = visit(java_script_enabled=False)
    page.get_by_text("Picture plain HTML").first.click()
    for text in (FURNITURE.alt, "<picture>", "Data as of", "None."):
        assert page.get_by_text(text).first.is_visible()
    page.get_by_text("Every number and its source").first.click()
    assert page.get_by_text("“2,400 crossings”").first.is_visible()
    assert page.get_by_role("button").count() == 0
    page.locator(".switch").first.get_by_text("Square").click()
    assert page.locator("img[src='ferry-square.png']").is_visible()


# --- What editors take and find ---


def test_a_page_is_short_and_dark_pages_show_dark_pictures(visit):
    page = visit(375, "dark", unfold=False)
    assert page.evaluate("document.documentElement.scrollHeight") <= 8_000
    assert page.locator("details[open]").count() == 0
    page.locator("nav").get_by_role("link", name="Fewer crossings").click()
    assert shown(page) == [("ferry-mobile-dark.svg", page.locator(".stage img:visible").bounding_box()["width"])]
    thumbnail = page.locator("nav img").first.evaluate("image => image.decode().then(() => image.currentSrc)")
    assert thumbnail.endswith("ferry-desktop-dark.svg")
    page.locator(".switch").first.get_by_text("Light", exact=True).click()
    assert shown(page)[0][0] == "ferry-mobile.svg"


def test_a_link_to_a_graphic_unfolds_it_without_script_too(visit):
    page = visit(java_script_enabled=False, unfold=False)
    page.locator("nav").get_by_role("link", name="Fewer crossings").click()
    assert page.locator("[id='ferry-alt']").is_visible()


def test_the_picture_shown_is_copied_as_png(visit, address):
    page = visit(url=address, permissions=["clipboard-read", "clipboard-write"])
    page.locator(".switch").first.get_by_text("Mobile", exact=True).click()
    page.get_by_role("button", name="Copy picture of: Fewer crossings").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("""async () => {
      const [item] = await navigator.clipboard.read(), blob = await item.getType("image/png");
      const image = await createImageBitmap(blob);
      return [item.types, image.width];
    }""")
    assert copied == [["image/png"], 3 * 375]


def test_a_page_opened_from_a_file_says_how_else_to_copy_the_picture(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy picture of: Fewer crossings").click()
    page.get_by_role("button", name="Right-click the picture to copy it").wait_for()


def test_the_table_is_copied_for_a_spreadsheet(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.locator("summary", has_text="Data plotted").click()
    page.get_by_role("button", name="Copy table: Fewer crossings").click()
    page.get_by_role("button", name="Copied").wait_for()
    rows = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").splitlines()]
    assert rows == [
        ["series", "what", "value", "status", "number"],
        ["crossings", "planned", "2400", "reported", "Crossings planned"],
        ["crossings", "not cancelled", "2330", "calculated", "Crossings not cancelled"],
    ]


def test_links_to_take_are_as_large_as_a_finger(visit):
    page = visit(375, has_touch=True)
    boxes = [link.bounding_box() for link in page.locator(".downloads td a").all()]
    assert boxes
    assert all(box["width"] >= 44 and box["height"] >= 44 for box in boxes)


@pytest.mark.parametrize("script", [True, False])
def test_the_fact_check_is_filtered_by_verdict(visit, shop, script):
    claims = pl.concat(
        FACT_CHECK.with_columns(id=pl.lit(f"claim_{i}"), verdict=pl.lit(verdict)) for i, verdict in enumerate(VERDICTS)
    )
    fact_check.write(shop.project, "all", AS_OF, ledger(), {"fact-check": claims}, [])
    page = visit(375, at="all/fact-check.html", unfold=False, java_script_enabled=script)
    assert page.locator(".claim:visible").count() == len(VERDICTS)
    page.get_by_text("All claims").click()
    for i, verdict in enumerate(VERDICTS):
        page.locator(f"[value='{verdict.replace(' ', '-')}']").check()
        assert [claim.get_attribute("id") for claim in page.locator(".claim:visible").all()] == [f"claim-claim_{i}"]
        assert page.locator("nav ol li:visible").count() == 1
    page.get_by_role("radio", name="all").check()
    page.locator("nav ol a").last.click()
    assert page.url.endswith(f"#claim-claim_{len(VERDICTS) - 1}")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_fact_check_is_accessible(visit, shop, width, scheme):
    fact_check.write(shop.project, "one", AS_OF, ledger(), {"fact-check": FACT_CHECK}, [])
    page = visit(width, scheme, at="one/fact-check.html", bypass_csp=True)
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert accessibility_faults(page) == {}
