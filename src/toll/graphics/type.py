"""Type: a private copy of Libre Franklin, measured, wrapped, subset and outlined with HarfBuzz.

The family is renamed so that no font on a reader's machine can stand in for it. A font, weight or glyph that is
missing is an error: the renderer would leave the text out without a word.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import math
import re
import shutil
import tempfile
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from importlib import metadata, resources
from itertools import accumulate
from pathlib import Path

import uharfbuzz as hb
from fontTools.pens.svgPathPen import SVGPathPen

from toll.graphics.theme import FAMILY, WEIGHTS
from toll.problems import Problem, Problems, Where, quoted
from toll.project import user_cache

PACKAGE = "fontpkg_libre_franklin"
FILE = "files/LibreFranklin[wght].ttf"
RECIPE = "2"  # part of the folder's name: raise it when what `_instance` writes changes
LICENCE_NAMES = {0, 5, 13, 14}  # copyright, version, licence, its address: must stay in every copy (OFL)
# 20 million, Aug. 7
TOGETHER = re.compile(r"\d (?=[mb]illion\b)|\b(?:[A-Z][a-z]{2,3}\.|March|April|May|June|July) (?=\d{1,2}\b)")
NUMBER = re.compile(r"[“($]?(?!(?:19|20)\d\d$)\d[\d,.–]*\d|[“($]?\d")  # and no year
YEAR = re.compile(r"(?:19|20)\d\d\b")
NAME = re.compile(r"(?:[a-z]+-)?[A-Z]")
STUB = 0.3  # of the width: no paragraph ends on less
INVISIBLE = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")  # kinds of characters that show as nothing, or as what they are not
FEATURES = ("ccmp", "kern", "liga", "locl", "mark", "mkmk")  # what browsers, PDF and PNG apply by default

RESPELL = "Write it with other letters, in the words or in the table it comes from."


class TypeProblem(Problems):
    """A font, a weight or a glyph is missing; the message names it."""

    def __init__(self, message: str, hint: str):
        super().__init__([Problem(Where("type"), message, hint)])


@contextlib.contextmanager
def drawing(where: str) -> Iterator[None]:
    """What is measured and drawn here is at `where`: so say the problems with its letters."""
    try:
        yield
    except TypeProblem as error:
        raise Problems(problem._replace(where=Where(where)) for problem in error.problems) from error


@functools.cache
def fonts() -> Path:
    """Folder with one static TTF a weight, built from the font package when it is not there.

    It lies in the user's cache under the hash of what made it, so it can be deleted at any time.
    """
    source = _source()
    recipe = f"{FAMILY} {sorted(WEIGHTS)} {RECIPE} {metadata.version('uharfbuzz')}"
    name = hashlib.sha256(source + recipe.encode()).hexdigest()[:16]
    folder = user_cache() / "fonts" / name
    if not folder.is_dir():
        _build(source, folder)
    return folder


def font_file(weight: int) -> Path:
    """The TTF of one weight; a weight that the house does not use is a `TypeProblem`."""
    file = fonts() / f"{weight}.ttf"
    if weight not in WEIGHTS or not file.is_file():
        hint = f"Use {', '.join(map(str, WEIGHTS))}, or delete {fonts()} to have it built again."
        raise TypeProblem(f"There is no weight {weight} of {FAMILY}.", hint)
    return file


@functools.cache
def measure(text: str, size: float, weight: int = 400) -> float:
    """Advance width of one line, in the unit of `size`."""
    _, positions = _shape(text, weight)
    return sum(p.x_advance for p in positions) / _font(weight).face.upem * size


@functools.cache
def ink(text: str, size: float, weight: int = 400) -> tuple[float, float]:
    """How far the line's ink reaches above and below its baseline (both positive upwards)."""
    font = _font(weight)
    infos, _ = _shape(text, weight)
    boxes = [box for info in infos if (box := font.get_glyph_extents(info.codepoint)) and box.height]
    scale = size / font.face.upem
    top = max((box.y_bearing for box in boxes), default=0)
    bottom = min((box.y_bearing + box.height for box in boxes), default=0)
    return top * scale, bottom * scale


def unfit(text: str, drawn: bool = True) -> tuple[str, str] | None:
    """The first character that a text cannot have, and a sentence on it. Text that is not `drawn` needs no glyphs."""
    before = " "
    for character in () if text.isascii() and text.isprintable() else unicodedata.normalize("NFC", text):
        kind, name = unicodedata.category(character), unicodedata.name(character, "without a name")
        code = f"U+{ord(character):04X}, {name}"
        if character == "\n":
            pass
        elif kind in INVISIBLE:
            return character, f"{quoted(text)} has an invisible character ({code})."
        elif kind[0] == "M" and before.isspace():
            return character, f"{quoted(text)} has an accent without a letter ({code})."
        elif drawn and ord(character) not in _letters():
            return character, f"{FAMILY} cannot draw “{character}” ({code}) in {quoted(text)}."
        before = character
    return None


def wrap(text: str, width: float, size: float, weight: int = 400, balance: bool = False) -> list[str]:
    """Lines no wider than `width`; a newline starts a new paragraph, a no-break space holds words together.

    So does the space of a large count and of a short date. No paragraph ends on a stub; with `balance` its
    lines are as even as the same number of lines allows.
    """
    text = TOGETHER.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
    lines = [
        line
        for paragraph in text.split("\n")
        for line in _paragraph(paragraph.split(" "), width, size, weight, balance)
    ]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def glyphs(text: str, weight: int) -> list[tuple[int, int, int]]:
    """The glyphs of one line as (number, x, y) in font units, y upwards, from the start of its baseline."""
    placed, x = [], 0
    for info, position in zip(*_shape(text, weight), strict=True):
        placed.append((info.codepoint, x + position.x_offset, position.y_offset))
        x += position.x_advance
    return placed


@functools.cache
def outline(glyph: int, weight: int) -> str:
    """SVG path data of a glyph in font units, y upwards; empty for a space."""
    pen = SVGPathPen(None, ntos=lambda number: str(round(number)))
    _font(weight).draw_glyph_with_pen(glyph, pen)
    return pen.getCommands()


def units_per_em(weight: int) -> int:
    return _font(weight).face.upem


def font_face(characters: dict[int, set[str]]) -> str:
    """CSS that embeds the glyphs of `characters`, a set for each weight, as WOFF2."""
    return "".join(
        f"@font-face{{font-family:'{FAMILY}';font-weight:{weight};"
        f"src:url(data:font/woff2;base64,{_woff2(weight, ''.join(sorted(used)))})format('woff2')}}"
        for weight, used in sorted(characters.items())
    )


def _paragraph(words: list[str], width: float, size: float, weight: int, balance: bool) -> list[str]:
    """As few lines as hold the words, broken where that costs least (Knuth and Plass, 1981)."""
    count, space = len(words), measure(" ", size, weight)
    ends = [0.0, *accumulate(measure(word, size, weight) + space for word in words)]
    # by the lines used and the words on them: the cost, and where the last line begins
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    while count not in best[-1]:
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _) in best[-1].items():
            for end in range(start + 1, count + 1):
                length = ends[end] - ends[start] - space
                if abs(length - width) < space:  # kerning with the space may decide
                    length = measure(" ".join(words[start:end]), size, weight)
                if length > width and end > start + 1:
                    break
                total = cost + _raggedness(length / width, end == count, balance)
                total += _tearing(words[end - 1], words[end]) if end < count else 0
                reached[end] = min(reached.get(end, (math.inf, 0)), (total, start))
        best.append(reached)
    lines: list[str] = []
    end = count
    for reached in reversed(best[1:]):
        start = reached[end][1]
        lines.insert(0, " ".join(words[start:end]))
        end = start
    return lines


def _raggedness(filled: float, last: bool, balance: bool) -> float:
    """What a line costs that fills so much of the width; the last may end early, but not on a stub."""
    if last and not balance:
        return 0.5 if filled < STUB else 0
    return (1 - filled) ** 2


def _tearing(before: str, after: str) -> float:
    """What a break between two words costs; less than nothing where a clause ends."""
    if (NUMBER.fullmatch(before) and after[:1].islower()) or (before[-1:] == "," and YEAR.match(after)):
        return 0.3  # 102 killed; Aug. 11, 2014
    if NAME.match(before) and NAME.match(after) and before[-1:].isalpha():
        return 0.15
    if before[-1:] in ".;:—":
        return -0.06
    return -0.03 if before[-1:] == "," else 0.06 * (before.islower() and len(before) < 4)


def _shape(text: str, weight: int) -> tuple[list, list]:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(_font(weight), buffer)
    if any(info.codepoint == 0 for info in buffer.glyph_infos or ()):
        _, message = unfit(text) or ("", f"{FAMILY} {weight} cannot draw {quoted(text)}.")
        raise TypeProblem(message, RESPELL)
    return buffer.glyph_infos or [], buffer.glyph_positions or []


@functools.cache
def _letters() -> frozenset[int]:
    return frozenset(_font(min(WEIGHTS)).face.unicodes)


@functools.cache
def _font(weight: int) -> hb.Font:
    return hb.Font(hb.Face(hb.Blob.from_file_path(str(font_file(weight)))))


@functools.cache
def _woff2(weight: int, characters: str) -> str:
    """The font with these characters alone, in base64."""
    from fontTools.ttLib import TTFont

    subset = _subset(_font(weight).face, map(ord, characters))
    font = TTFont(io.BytesIO(subset), recalcTimestamp=False, recalcBBoxes=False)
    font.flavor = "woff2"
    stream = io.BytesIO()
    font.save(stream, reorderTables=False)
    return b64encode(stream.getvalue()).decode()


def _subset(face: hb.Face, characters: Iterable[int], weight: int | None = None) -> bytes:
    """The face with these characters and what is always done to text alone; of a variable one, at one weight."""
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(characters)
    wanted.name_id_set.update(LICENCE_NAMES)
    wanted.layout_feature_tag_set.clear()
    wanted.layout_feature_tag_set.update(int.from_bytes(feature.encode()) for feature in FEATURES)
    if weight is not None:
        wanted.pin_axis_location(face, "wght", weight)
    return hb.subset(face, wanted).blob.data


def _source() -> bytes:
    try:
        return (resources.files(PACKAGE) / FILE).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        message = f"The font Libre Franklin is missing: the package {PACKAGE} has no {FILE}."
        raise TypeProblem(message, "Install the requirements again: make clean, then make.") from error


def _build(source: bytes, folder: Path) -> None:
    """Several processes may start at once: each builds aside, the first rename wins."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for weight in WEIGHTS:
            (aside / f"{weight}.ttf").write_bytes(_instance(source, weight))
        try:
            aside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _instance(source: bytes, weight: int) -> bytes:
    from fontTools.ttLib import TTFont

    face = hb.Face(source)
    font = TTFont(io.BytesIO(_subset(face, face.unicodes, weight)), recalcTimestamp=False)
    style = WEIGHTS[weight]
    with_own_family = style not in ("Regular", "Bold")  # a family of old-style names has these two only
    names = {
        1: f"{FAMILY} {style}" if with_own_family else FAMILY,
        2: "Regular" if with_own_family else style,
        3: f"{FAMILY} {style} {RECIPE}",
        4: f"{FAMILY} {style}",
        6: f"{FAMILY.replace(' ', '')}-{style}",
        16: FAMILY,
        17: style,
    }
    table = font["name"]
    for number, text in names.items():
        table.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    bold = style == "Bold"
    font["OS/2"].fsSelection = font["OS/2"].fsSelection & ~0b110_0001 | (0b10_0000 if bold else 0b100_0000)
    font["head"].macStyle = int(bold)
    del font["STAT"]
    stream = io.BytesIO()
    font.save(stream)
    return stream.getvalue()
