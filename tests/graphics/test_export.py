"""Every exported file, read back with tools that know nothing of how it was made."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import altair as alt
import pikepdf
import polars as pl
import pytest
from lxml import etree
from PIL import Image

from support.rain import FURNITURE, META, RAIN, rain_graphic, with_layer
from toll.graphics import allowlist, layout
from toll.graphics.export import export, load
from toll.graphics.formats import Picture
from toll.problems import Problems

SVG = "{http://www.w3.org/2000/svg}"


def tool(name, *arguments):
    """What a program of the system says; the test is skipped where there is none."""
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    return subprocess.run([name, *map(str, arguments)], check=True, capture_output=True, encoding="utf-8").stdout


def only(graphic, *sizes):
    """The graphic in these sizes alone: enough for most tests, and quick."""
    return replace(graphic, specs={size: graphic.specs[size] for size in sizes})


PRINT = "print-85mm"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folder of one full export, and its records by file name."""
    folder = tmp_path_factory.mktemp("export")
    records = export(rain_graphic(), folder / "files", cache=folder / "cache")
    return folder / "files", {record["name"]: record for record in records}


def test_every_size_theme_and_format_is_there_and_is_what_the_record_says(exported):
    folder, records = exported
    assert (
        sorted(records)
        == sorted(path.name for path in folder.iterdir())
        == [
            "rain-desktop-dark-outlined.svg",
            "rain-desktop-dark.pdf",
            "rain-desktop-dark.png",
            "rain-desktop-dark.svg",
            "rain-desktop-outlined.svg",
            "rain-desktop.pdf",
            "rain-desktop.png",
            "rain-desktop.svg",
            "rain-mobile-dark-outlined.svg",
            "rain-mobile-dark.pdf",
            "rain-mobile-dark.png",
            "rain-mobile-dark.svg",
            "rain-mobile-outlined.svg",
            "rain-mobile.pdf",
            "rain-mobile.png",
            "rain-mobile.svg",
            "rain-print-85mm-cmyk.pdf",
            "rain-print-85mm.pdf",
            "rain-print-85mm.png",
            "rain-social.png",
            "rain-square.png",
        ]
    )
    for name, record in records.items():
        content = (folder / name).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (record["bytes"], record["sha256"])
    assert {(r["size"], r["use"]) for r in records.values()} == {
        ("desktop", "web"),
        ("mobile", "web"),
        ("social", "social"),
        ("square", "social"),
        ("print-85mm", "print"),
    }
    assert records["rain-print-85mm-cmyk.pdf"]["format"] == "cmyk.pdf"


def test_pixels_resolution_and_weight(exported):
    folder, records = exported
    for name, record in records.items():
        if not name.endswith(".png"):
            continue
        with Image.open(folder / name) as image:
            ppi = {"desktop": 144, "mobile": 216, "social": 144, "square": 144, "print-85mm": 300}[record["size"]]
            assert image.info["dpi"][0] == pytest.approx(ppi, abs=0.1)
            if record["unit"] == "px":
                assert image.size == (record["width"], record["height"])
            else:
                assert image.width / 300 * 25.4 == pytest.approx(record["width"], abs=0.2)
    assert (records["rain-social.png"]["width"], records["rain-social.png"]["height"]) == (1200, 630)
    assert (records["rain-square.png"]["width"], records["rain-square.png"]["height"]) == (1080, 1080)
    assert records["rain-desktop.png"]["bytes"] <= 80_000
    assert records["rain-desktop.svg"]["bytes"] <= 60_000
    assert records["rain-print-85mm.pdf"]["width"] == 85


@pytest.mark.parametrize(
    "name", ["rain-desktop.png", "rain-social.png", "rain-desktop.pdf", "rain-print-85mm-cmyk.pdf"]
)
def test_metadata_as_exiftool_reads_it(exported, name):
    (read,) = json.loads(tool("exiftool", "-json", "-G1", "-n", exported[0] / name))
    assert read["XMP-photoshop:Headline"] == read["XMP-dc:Title"] == FURNITURE.headline
    assert read["XMP-dc:Description"] == read["XMP-iptcCore:ExtDescrAccessibility"] == FURNITURE.description
    assert read["XMP-iptcCore:AltTextAccessibility"] == FURNITURE.alt
    assert read["XMP-photoshop:Credit"] == read["XMP-dc:Creator"] == FURNITURE.credit
    assert read["XMP-photoshop:Source"] == read["XMP-dc:Source"] == FURNITURE.source
    assert read["XMP-xmpRights:WebStatement"] == META.licence
    assert read["XMP-iptcExt:DigitalSourceType"].endswith("/dataDrivenMedia")
    assert read["XMP-prism:Edition"] == META.edition
    assert read["XMP-photoshop:DateCreated"].replace(":", "-") == META.as_of
    assert read["XMP-dc:Identifier"] == META.digest
    assert not [key for key in read if re.search(r"(Create|Modify|Metadata)Date$", key) and "System" not in key]


def test_svg_metadata_as_a_parser_reads_it(exported):
    folder, records = exported
    for name in (name for name in records if name.endswith(".svg")):
        root = allowlist.check((folder / name).read_bytes(), name)
        assert root.get("role") == "img"
        assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
        title, description = (root.find(f"*[@id='{part}']") for part in root.get("aria-labelledby").split())
        assert (title.tag, title.text) == (f"{SVG}title", FURNITURE.headline)
        assert (description.tag, description.text) == (f"{SVG}desc", FURNITURE.alt)
        carried = "".join(root.find(f"{SVG}metadata").itertext())
        assert all(text in carried for text in (*vars(META).values(), FURNITURE.source, FURNITURE.credit))
        ids = Counter(element.get("id") for element in root.iter() if element.get("id"))
        assert set(ids.values()) == {1}


def test_the_outlined_svg_has_no_text_and_needs_no_font(exported):
    root = etree.parse(exported[0] / "rain-desktop-outlined.svg").getroot()
    assert not list(root.iter(f"{SVG}text", f"{SVG}style"))
    assert "font" not in etree.tostring(root).decode().split("</metadata>")[1]
    spoken = [group.get("aria-label") for group in root.iter(f"{SVG}g") if group.get("aria-label")]
    assert {"June", "130"} <= set(spoken)


def test_the_plotted_values_can_be_read_back_from_the_svg(exported):
    root = etree.parse(exported[0] / "rain-desktop.svg").getroot()
    labels = [path.get("aria-label") for path in root.iter(f"{SVG}path") if path.get("aria-label")]
    assert labels == [f"rain: {row['rain']}; month: {row['month']}" for row in RAIN.to_dicts()]


@pytest.mark.parametrize("name", ["rain-desktop.pdf", "rain-desktop-dark.pdf", "rain-print-85mm-cmyk.pdf"])
def test_pdf_as_other_programs_read_it(exported, name):
    path = exported[0] / name
    information = tool("pdfinfo", path)
    assert re.search(r"Tagged:\s+yes", information)
    assert re.search(rf"Title:\s+{FURNITURE.headline}", information)
    assert re.search(r"Pages:\s+1\b", information)
    assert "CreationDate" not in information
    text = " ".join(tool("pdftotext", path, "-").split())
    assert text.startswith(FURNITURE.headline)  # read in order: headline first
    assert FURNITURE.deck in text and FURNITURE.source in text
    assert text.count("130") == 1
    assert "No syntax or stream encoding errors" in tool("qpdf", "--check", path)
    fonts = tool("pdffonts", path).splitlines()[2:]
    assert fonts and all("TollSans" in line and re.search(r"yes yes yes", line) for line in fonts)
    structure = json.loads(tool("qpdf", "--json", path))
    objects = [value.get("value") for value in structure["qpdf"][1].values() if isinstance(value, dict)]
    assert any(isinstance(o, dict) and o.get("/S") == "/Figure" and o["/Alt"] == f"u:{FURNITURE.alt}" for o in objects)
    assert any(isinstance(o, dict) and o.get("/Type") == "/Catalog" and o["/Lang"] == "u:en" for o in objects)


def test_black_text_is_on_the_black_plate_alone(tmp_path, exported):
    def plates(path):
        return [float(share) for share in tool("gs", "-q", "-o", "-", "-sDEVICE=inkcov", path).split()[:4]]

    def no_bars(width, height):
        month = alt.Y("month:N", sort=None, axis=alt.Axis(grid=False))
        return alt.Chart(RAIN).mark_text(color="ink").encode(month, alt.Text("rain:Q")).properties(height=height or 160)

    export(only(rain_graphic("text", no_bars), PRINT), tmp_path, cache=tmp_path / "cache")
    *colors, black = plates(tmp_path / "text-print-85mm-cmyk.pdf")
    assert colors == [0, 0, 0] and black > 0.01
    assert min(plates(tmp_path / "text-print-85mm.pdf")) > 0.01  # so the gate can fail: RGB black is on four plates
    assert plates(exported[0] / "rain-print-85mm-cmyk.pdf")[0] > 0.01


def test_a_tint_is_printed_with_a_share_of_its_inks(tmp_path):
    def bars(width, height):
        return alt.Chart(RAIN).mark_bar(color="red 50%").encode(alt.Y("month:N", axis=None), alt.X("rain:Q", axis=None))

    export(only(rain_graphic(chart=bars), PRINT), tmp_path, cache=tmp_path / "cache")
    with pikepdf.open(tmp_path / "rain-print-85mm-cmyk.pdf") as pdf:
        drawn = [
            [float(ink) for ink in inks] for inks, k in pikepdf.parse_content_stream(pdf.pages[0]) if str(k) == "k"
        ]
    assert [0.075, 0.5, 0.425, 0.025] in drawn


def test_a_see_through_mark_is_refused_in_print(tmp_path):
    def glass(width, height):
        month = alt.Y("month:N", sort=None)
        return alt.Chart(RAIN).mark_bar(color="red", opacity=0.5).encode(alt.X("rain:Q", axis=None), month)

    with pytest.raises(Problems, match=r"print-85mm.* in its PDF, which print would have to flatten"):
        export(only(rain_graphic(chart=glass), PRINT), tmp_path, cache=tmp_path / "cache")


def test_bytes_are_the_same_wherever_and_in_whatever_order(exported, tmp_path):
    graphic = rain_graphic()
    graphic.save(tmp_path)
    code = (
        "import sys; from pathlib import Path; from toll.graphics.export import export;"
        "from toll.graphics.graphic import Graphic;"
        "export(Graphic.load(Path(sys.argv[1])), Path(sys.argv[2]), jobs=1, cache=Path(sys.argv[2] + ' cache'))"
    )
    elsewhere = {
        "TZ": "Asia/Karachi",
        "LC_ALL": "C",
        "HOME": str(tmp_path),
        "PYTHONHASHSEED": "7",
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
    }
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "rain.json"), str(tmp_path / "again")],
        check=True,
        env=os.environ | elsewhere,
    )
    folder, records = exported
    assert [n for n in records if (folder / n).read_bytes() != (tmp_path / "again" / n).read_bytes()] == []
    assert graphic.svg.encode() == (folder / "rain-desktop.svg").read_bytes()


def test_only_what_changed_is_drawn_again(tmp_path):
    cache = tmp_path / "cache"

    def drawn():
        return {path.name: path.stat().st_ino for path in cache.glob("[!.]*")}

    sizes = ("social", PRINT)
    rain, snow = only(rain_graphic(), *sizes), only(rain_graphic("snow"), *sizes)
    export([rain, snow], tmp_path / "a", cache=cache)
    first = drawn()
    export([rain, snow], tmp_path / "b", cache=cache)
    assert drawn() == first
    changed = only(rain_graphic("snow", furniture=replace(FURNITURE, source="Another log.")), *sizes)
    export([rain, changed], tmp_path / "c", cache=cache)
    second = drawn()
    assert first.items() <= second.items()
    assert len(second) - len(first) == len(changed.specs)


def swap_a_byte(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


HARMS = {
    "another text": lambda file: file.write_bytes(b"broken"),
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-9]),
    "one bit": swap_a_byte,
    "gone": Path.unlink,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_spoiled_cache_is_noticed_and_drawn_again(tmp_path, exported, harm):
    cache = tmp_path / "cache"
    shutil.copytree(exported[0].parent / "cache", cache)
    harm(min(cache.glob("[!.]*")))
    export(rain_graphic(), tmp_path / "files", cache=cache)
    for name in exported[1]:
        assert (tmp_path / "files" / name).read_bytes() == (exported[0] / name).read_bytes()


DRAW_AGAIN = """
import sys
from pathlib import Path
from toll.graphics.export import keep
from toll.graphics.graphic import Graphic

(task,) = Graphic.load(Path(sys.argv[1])).tasks()
for _ in range(20):
    keep(task, Path(sys.argv[2]))
"""


def test_a_drawing_stays_whole_while_another_checkout_draws_it_again(tmp_path):
    graphic = only(rain_graphic(), "social")
    graphic.save(tmp_path)
    export(graphic, tmp_path / "files", cache=tmp_path / "cache")
    (entry,) = (tmp_path / "cache").iterdir()
    command = [sys.executable, "-c", DRAW_AGAIN, tmp_path / "rain.json", entry]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as other:
        while other.poll() is None:
            assert load(entry)
        assert other.stderr.read() == b""


def test_the_cache_is_bounded_and_keeps_what_is_used(tmp_path, exported, monkeypatch):
    cache = tmp_path / "cache"
    shutil.copytree(exported[0].parent / "cache", cache)
    monkeypatch.setattr("toll.graphics.export.MOST_ENTRIES", 9)
    for number in range(5):
        (cache / f"old-{number}").touch()
        os.utime(cache / f"old-{number}", (number, number))
    export(rain_graphic(), tmp_path / "files", cache=cache)
    kept = {path.name for path in cache.glob("[!.]*")}
    assert len(kept) == 9
    assert {name for name in kept if name.startswith("old")} == {"old-3", "old-4"}


def test_all_problems_in_all_sizes_are_reported_at_once(tmp_path):
    def tiny(width, height):
        text = alt.Chart(pl.DataFrame({"text": ["tiny"]})).mark_text(fontSize=4)
        return text.encode(alt.Text("text:N"), alt.XValue(width - 20), alt.YValue(4))

    with pytest.raises(Problems) as raised:
        export(rain_graphic(chart=with_layer(tiny)), tmp_path, cache=tmp_path / "cache")
    where = {problem.where.file for problem in raised.value.problems}
    assert {"rain, desktop, light", "rain, mobile, dark", "rain, square, light", "rain, print-85mm, light"} <= where
    assert not list(tmp_path.glob("*.png"))


def test_a_process_that_dies_is_an_error_and_not_a_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("toll.graphics.export.WARM_UP", "os:abort")
    with pytest.raises(RuntimeError, match="The process was killed by SIGABRT"):
        export(only(rain_graphic(), PRINT), tmp_path, cache=tmp_path / "cache")


@pytest.fixture(scope="module")
def browser():
    executable = shutil.which("chromium")
    if not executable:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield instance
        instance.close()


@pytest.mark.parametrize("name", ["rain-desktop.svg", "rain-mobile-dark.svg", "rain-desktop-outlined.svg"])
def test_a_browser_sees_one_named_image_and_loads_the_font(browser, exported, name):
    page = browser.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((exported[0] / name).as_uri())
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    images = [node for node in tree if not node["ignored"] and node["role"]["value"] in ("image", "img")]
    assert [image["name"]["value"] for image in images] == [f"{FURNITURE.headline} {FURNITURE.alt}"]
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    if "outlined" not in name:
        page.evaluate("document.fonts.ready")
        loaded = page.evaluate("[...document.fonts].map(font => [font.family, font.weight, font.status])")
        assert sorted(loaded) == [["Toll Sans", "400", "loaded"], ["Toll Sans", "700", "loaded"]] or sorted(loaded) == [
            ['"Toll Sans"', "400", "loaded"],
            ['"Toll Sans"', "700", "loaded"],
        ]
    page.close()


def test_a_browser_sets_text_as_wide_as_it_was_measured(browser, exported):
    from toll.graphics.type import measure

    page = browser.new_page()
    page.goto((exported[0] / "rain-desktop.svg").as_uri())
    page.evaluate("document.fonts.ready")
    widths = page.evaluate(
        "[...document.querySelectorAll('text')].map(t => [t.textContent, parseFloat(t.getAttribute('font-size')),"
        "parseInt(t.getAttribute('font-weight') || 400), t.getComputedTextLength()])"
    )
    assert widths
    for text, size, weight, width in widths:
        assert width == pytest.approx(measure(text, size, weight), rel=0.003)
    page.close()


def test_raw_text_cannot_run_in_a_browser(browser, tmp_path):
    attacks = ["</title><script>document.title='run'</script>", '"><img src=x onerror="document.title=\'run\'">']
    graphic = rain_graphic(
        "attack", furniture=replace(FURNITURE, headline=attacks[0], source=attacks[1], alt=attacks[1])
    )
    path = tmp_path / "attack.svg"
    path.write_text(graphic.svg, "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("document.querySelector('title').textContent") == attacks[0]
    assert page.evaluate("document.scripts ? document.scripts.length : 0") == 0
    page.close()


# --- Of any width, for a layout of one's own ---


def free(name, **more):
    """The rain graphic drawn in a size of any width, as `toll export` draws it."""
    return Picture.draw(only(rain_graphic(extra=(name,), **more), name).tasks()[0])


def on_grid(width, height):
    """A chart whose label stands on a grid line, with a box of the ground behind it."""
    rain = alt.Y("rain:Q", scale=alt.Scale(domain=[0, 150]), axis=alt.Axis(values=[0, 50, 95, 130]))
    month = alt.X("month:N", axis=alt.Axis(labelAngle=0))
    label = alt.Chart(RAIN).mark_text(align="center", stroke="ground", strokeWidth=4)
    return label.encode(month, rain, alt.Text("rain:Q")).properties(height=height or 200)


def test_a_transparent_picture_has_clean_edges_and_neither_ground_nor_boxes_of_it():
    opaque, clear = free("500px", chart=on_grid).composed, free("500px-transparent", chart=on_grid)
    assert len(opaque.findall(f".//{SVG}rect")) == 1 + len(RAIN)
    assert opaque.findall(f".//{SVG}rect") and not clear.composed.findall(f".//{SVG}rect")
    with Image.open(io.BytesIO(clear.png())) as image:
        pixels = image.convert("RGBA").getcolors(maxcolors=1 << 20)
    light = [color for _, color in pixels if 20 < color[3] < 235]
    assert light and (0, 0, 0, 0) in {color for _, color in pixels}
    assert sum(max(color[:3]) <= color[3] for color in light) < len(light)  # else they were multiplied by their opacity


def test_grid_lines_make_room_for_labels_where_there_is_no_ground():
    before, after = (free(name, chart=on_grid).composed for name in ("500px", "500px-transparent"))
    (texts, marks), (_, whole) = layout.read(after, "rain"), layout.read(before, "rain")
    assert sum(mark.grid for mark in marks) == sum(mark.grid for mark in whole) + 2  # two are interrupted in the middle
    assert not [text.string for text in texts if text.crossed(marks)]


def test_a_picture_without_words_has_only_those_of_the_chart():
    full, plain = ({text.text for text in free(name).composed.iter(f"{SVG}text")} for name in ("500px", "500px-none"))
    assert plain and plain < full
    assert not any(word in " ".join(plain) for word in FURNITURE.headline.split())
