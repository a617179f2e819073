"""The palette, measured: contrast of text (WCAG 2.2) and distance of colors (CAM02-UCS) under four kinds of vision."""

from dataclasses import fields
from itertools import combinations, pairwise

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from daltonlens import simulate

from toll.graphics.theme import CMYK, SCREENS, THEMES, print_size, sizes

TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3
APART, APART_IN_GREY = 13, 10
TEXT_ON_GROUND = ("ink", "ink_2", "ink_3", "red", "gold_ink")
TEXT_ON_MARK = (("on_blue", "blue"), ("on_gold", "gold"), ("ink", "red_95"))
TOLD_APART = (
    ("blue", "gold"),
    ("red", "ink"),
    ("red", "red_80"),
    ("red_80", "red_95"),
    ("blue", "gray"),
    ("gold", "gray"),
    ("blue", "ground"),
    ("gold", "ground"),
    ("dot", "ground"),
)
VISIONS = ("normal", "deuteranomaly", "protanomaly", "tritanomaly")


def rgb(color: str) -> np.ndarray:
    return np.array(list(bytes.fromhex(color[1:]))) / 255


def contrast(a: str, b: str) -> float:
    def luminance(color: str) -> float:
        linear = np.where(rgb(color) <= 0.04045, rgb(color) / 12.92, ((rgb(color) + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    darker, lighter = sorted((luminance(a), luminance(b)))
    return (lighter + 0.05) / (darker + 0.05)


def machado(color: str, vision: str) -> np.ndarray:
    if vision == "normal":
        return rgb(color)
    space = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
    return np.clip(cspace_convert(rgb(color), space, "sRGB1"), 0, 1)


def daltonlens(color: str, vision: str) -> np.ndarray:
    simulator, deficiency = {
        "normal": (None, None),
        "deuteranomaly": (simulate.Simulator_Vienot1999, simulate.Deficiency.DEUTAN),
        "protanomaly": (simulate.Simulator_Vienot1999, simulate.Deficiency.PROTAN),
        "tritanomaly": (simulate.Simulator_Brettel1997, simulate.Deficiency.TRITAN),
    }[vision]
    if simulator is None:
        return rgb(color)
    pixel = np.array([[rgb(color) * 255]]).round().astype(np.uint8)
    return simulator().simulate_cvd(pixel, deficiency, severity=1.0)[0, 0] / 255


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(deltaE(a, b, input_space="sRGB1", uniform_space="CAM02-UCS"))


theme_of_each = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


@theme_of_each
def test_text_can_be_read_on_the_ground(theme):
    measured = {name: contrast(getattr(theme, name), theme.ground) for name in TEXT_ON_GROUND}
    assert min(measured.values()) >= TEXT_CONTRAST, measured


@theme_of_each
def test_labels_can_be_read_on_their_marks(theme):
    measured = {pair: contrast(*(getattr(theme, name) for name in pair)) for pair in TEXT_ON_MARK}
    assert min(measured.values()) >= TEXT_CONTRAST, measured


@theme_of_each
def test_marks_stand_out_from_the_ground(theme):
    measured = {name: contrast(getattr(theme, name), theme.ground) for name in ("red", "blue", "gray", "dot")}
    assert min(measured.values()) >= MARK_CONTRAST, measured


@theme_of_each
@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("simulated", [machado, daltonlens])
def test_colors_can_be_told_apart(theme, vision, simulated):
    measured = {
        (a, b): distance(simulated(getattr(theme, a), vision), simulated(getattr(theme, b), vision))
        for a, b in TOLD_APART
    }
    assert min(measured.values()) >= APART, measured


@theme_of_each
def test_bands_and_blocks_differ_in_grey(theme):
    def lightness(color):
        return float(cspace_convert(rgb(color), "sRGB1", "CAM02-UCS")[0])

    pairs = (("blue", "gold"), ("red", "red_80"), ("red_80", "red_95"))
    measured = {pair: abs(lightness(getattr(theme, pair[0])) - lightness(getattr(theme, pair[1]))) for pair in pairs}
    assert min(measured.values()) >= APART_IN_GREY, measured


def test_the_measure_notices_colors_that_are_too_near():
    assert distance(machado("#c0392b", "deuteranomaly"), machado("#27852e", "deuteranomaly")) < APART * 1.5
    assert distance(machado("#b5172a", "normal"), machado("#b01a2d", "normal")) < APART
    assert contrast("#999999", "#ffffff") < TEXT_CONTRAST
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_every_color_that_is_printed_has_a_recipe():
    colors = {getattr(THEMES["light"], field.name) for field in fields(THEMES["light"])}
    neutral = {color for color in colors if len(set(bytes.fromhex(color[1:]))) == 1}
    assert colors - neutral <= set(CMYK)


def test_recipes_keep_within_what_newsprint_holds():
    assert all(0 <= percent <= 100 for recipe in CMYK.values() for percent in recipe)
    assert max(map(sum, CMYK.values())) <= 240


def test_a_share_of_a_color_lies_between_it_and_the_ground():
    theme = THEMES["light"]
    shades = [theme.color(f"dot {percent}%") for percent in (99, 70, 40, 10)]
    assert all(contrast(a, theme.ground) > contrast(b, theme.ground) for a, b in pairwise([theme.dot, *shades]))
    assert theme.color("dot") == theme.dot
    assert theme.color("dot 100%") is theme.color("purple") is theme.color("purple 30%") is None


def test_sizes_are_the_ones_agreed():
    assert [(s.name, s.width * s.ppi / 72, s.height and s.height * s.ppi / 72) for s in SCREENS] == [
        ("desktop", 1280, None),
        ("mobile", 1125, None),
        ("social", 1200, 630),
        ("square", 1080, 1080),
    ]
    assert print_size(85).width * print_size(85).shrink == pytest.approx(85 / 25.4 * 72, abs=1e-3)
    assert all(13 <= size.label < 15.5 for size in sizes())
    assert all(a.name != b.name for a, b in combinations([*SCREENS, print_size(85), print_size(128.5)], 2))
