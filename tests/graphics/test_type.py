"""Type: widths, line breaks, and every way in which text could get lost."""

import os
import subprocess
import sys

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from toll.graphics import type as text
from toll.graphics.theme import FAMILY, WEIGHTS
from toll.graphics.type import TypeProblem, font_face, font_file, measure, wrap

WORDS = st.lists(st.text("abcdefghijklmno0123456789", min_size=1, max_size=9), min_size=1, max_size=30)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_family_is_private_and_each_weight_is_itself(weight):
    font = TTFont(font_file(weight))
    assert font["name"].getBestFamilyName() == FAMILY
    assert font["OS/2"].usWeightClass == weight
    assert "fvar" not in font
    assert "SIL Open Font License" in font["name"].getDebugName(13)


def test_heavier_is_wider():
    assert measure("Killed", 20, 400) < measure("Killed", 20, 600) < measure("Killed", 20, 700)


def test_kerning_counts():
    assert measure("AVAVA", 100) < sum(measure(letter, 100) for letter in "AVAVA")


def test_a_missing_glyph_is_named():
    with pytest.raises(TypeProblem, match=r"cannot draw “漢” \(U\+6F22, CJK .*\) in “漢 1”"):
        measure("漢 1", 12)


def test_a_missing_weight_is_named():
    with pytest.raises(TypeProblem, match="There is no weight 500 of Toll Sans"):
        measure("a", 12, 500)


def test_a_missing_font_is_named(monkeypatch):
    monkeypatch.setattr(text, "FILE", "files/Gone.ttf")
    text.fonts.cache_clear()
    with pytest.raises(TypeProblem, match=r"the package fontpkg_libre_franklin has no files/Gone.ttf"):
        text.fonts()
    monkeypatch.undo()
    text.fonts.cache_clear()
    assert text.fonts().is_dir()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(text, "PACKAGE", "fontpkg_gone")
    text.fonts.cache_clear()
    with pytest.raises(TypeProblem, match="the package fontpkg_gone has no"):
        text.fonts()
    monkeypatch.undo()
    text.fonts.cache_clear()


def test_processes_that_start_at_once_build_the_same_fonts(tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    code = "from toll.graphics.type import fonts; print(fonts())"
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) for _ in range(2)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    (built,) = (tmp_path / "toll" / "fonts").iterdir()
    for weight in WEIGHTS:
        assert (built / f"{weight}.ttf").read_bytes() == font_file(weight).read_bytes()


@settings(max_examples=60, deadline=None)
@given(WORDS, st.sampled_from([120, 200, 343]), st.booleans())
def test_wrapping_keeps_every_word_and_no_line_is_too_wide(words, width, balance):
    lines = wrap(" ".join(words), width, 14, balance=balance)
    assert " ".join(lines).split() == words
    assert all(measure(line, 14) <= width or " " not in line for line in lines)


def test_no_paragraph_ends_on_a_stub():
    paragraph = "The dotted line assumes an even pace; attacks that kill several officers would widen the range a bit"
    for width in range(200, 500, 7):
        lines = wrap(paragraph, width, 12)
        assert len(lines) == 1 or measure(lines[-1], 12) > 0.2 * width, (width, lines)


def test_balanced_lines_are_about_as_long():
    first, second = wrap("Nearly a third of the officers of the city guard other people", 600, 25, 700, balance=True)
    assert measure(second, 25, 700) > 0.8 * measure(first, 25, 700)


def test_a_no_break_space_holds_words_together():
    lines = wrap("by year’s end\N{NO-BREAK SPACE}— and more", measure("by year’s end", 14) + 1, 14)
    assert lines[:2] == ["by year’s", "end — and"]


@pytest.mark.parametrize("kept", ["14.9 million", "Aug. 7", "July 15"])
def test_counts_and_dates_are_not_torn(kept):
    for width in range(80, 400, 7):
        lines = wrap(f"Officers that were killed in all until {kept} of the year 2014", width, 14)
        assert [line for line in lines if kept in line], lines


@pytest.mark.parametrize("kept", ["102 officers", "Aug. 11, 2014", "Declan Walsh"])
def test_numbers_keep_their_nouns_dates_their_years_and_names_their_parts(kept):
    words = f"All of those who were killed, or {kept}, are counted here"
    first = words[: words.index(kept) + kept.rindex(" ")]  # would fill the first line
    assert kept in "\n".join(wrap(words, measure(first, 14) + 1, 14))


def test_a_line_rather_ends_with_a_clause():
    words = "The count is a minimum; the newspapers count less"
    assert wrap(words, measure("The count is a minimum; the", 14) + 1, 14)[0] == "The count is a minimum;"


def test_the_end_of_a_sentence_may_end_a_line():
    assert wrap("It is over. 102 died", measure("It is over.", 14) + 1, 14) == ["It is over.", "102 died"]


def test_only_the_glyphs_in_use_are_embedded_and_kerning_stays(tmp_path):
    import base64
    import io
    import re

    (data,) = re.findall(r"base64,([^)]+)\)", font_face({700: set("AV1")}))
    font = TTFont(io.BytesIO(base64.b64decode(data)))
    assert set(map(chr, font.getBestCmap())) == set("AV1")
    assert font.flavor == "woff2"
    assert "GPOS" in font
    assert len(data) < 4000
