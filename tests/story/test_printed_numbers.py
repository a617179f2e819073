"""What is published: every number on it comes from the ledger, and what is drawn is what the table says."""

import ast
import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import polars as pl
import pytest
import yaml

from support.checkout import ROOT
from support.printed import NUMBER, PROCESSED, PUBLISHED, drawn_texts, forms, numbers
from toll import story_tables, tables
from toll.graphics import theme
from toll.ledger.entry import Place
from toll.ledger.ledger import CALCULATED, CHOSEN, REPORTED, Ledger
from toll.pages import datapackage

NAMED = yaml.safe_load((ROOT / "editions/article.yml").read_text())["graphics"].split()
GRAPHICS = [name for name in NAMED if (PUBLISHED / f"{name}.zip").exists()]  # without those left out
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def ledger():
    return Ledger.from_frames(tables.read(PROCESSED / "ledger"))


def furniture(name):
    return json.loads((PROCESSED / "graphics" / f"{name}.json").read_text())["furniture"]


@pytest.mark.parametrize("name", GRAPHICS)
@pytest.mark.parametrize("part", ["headline", "deck", "deck_brief", "note", "source", "alt", "description"])
def test_every_number_in_a_graphics_words_is_an_entry_printed_there(ledger, name, part):
    where = Place("graphic", name, part)
    entries = [ledger[id] for id, places in ledger.printed.items() if where in places]
    known = set().union(*(numbers(form) for entry in entries for form in forms(entry)))
    assert numbers(furniture(name)[part]) <= known


@pytest.mark.parametrize("name", GRAPHICS)
def test_every_number_in_a_picture_is_an_entry_or_a_tick_of_an_axis(ledger, name):
    root = ET.parse(PUBLISHED / f"{name}-desktop.svg").getroot()
    ticks = {number for label in root.iter() for number in axis_numbers(label)}
    known = ticks.union(*(numbers(form) for entry in ledger.provenance(name) for form in forms(entry)))
    for text in drawn_texts(PUBLISHED / f"{name}-desktop.svg"):
        assert numbers(text) <= known, text


def axis_numbers(element):
    """Round numbers of the axes that Vega describes ("Y-axis for a linear scale with values from 0 to 200")."""
    found = re.search(r"linear scale with values from (\d+) to (\d+)", element.get("aria-label", ""))
    return [str(n) for n in range(int(found[1]), int(found[2]) + 1, 50)] if found else []


def test_each_entry_says_where_it_comes_from(ledger):
    for entry in ledger:
        if entry.status == REPORTED:
            assert entry.source, entry.id
            assert entry.locator, entry.id
            assert entry.exact, entry.id
        elif entry.status == CALCULATED:
            assert entry.formula, entry.id
            assert all(id in ledger for id in entry.inputs.split()), entry.id
        else:
            assert entry.status == CHOSEN


def test_calculated_entries_are_what_their_formulas_give(ledger):
    again = Ledger(entry for entry in ledger if entry.status != CALCULATED)
    for entry in ledger:
        if entry.status == CALCULATED:
            result = again.calculate(entry.id, entry.formula, entry.unit, entry.label, entry.decimals)
            assert result == entry


def test_every_printed_number_leads_back_to_reported_figures(ledger):
    def origins(id):
        entry = ledger[id]
        return {entry.status} if not entry.inputs else set().union(*map(origins, entry.inputs.split()))

    for id in ledger.printed:
        assert REPORTED in origins(id) or ledger[id].status == CHOSEN, id


def test_tables_are_described_column_by_column():
    package = json.loads((PROCESSED / "datapackage.json").read_text())
    described = [resource["name"] for resource in package["resources"]]
    known = [*datapackage.TABLES, *story_tables.read(PROCESSED)]
    assert described == [name for name in known if (PROCESSED / f"{name}.csv").exists()]
    for resource in package["resources"]:
        path = PROCESSED / resource["path"]
        header = next(csv.reader(io.StringIO(path.read_text())))
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        assert all(field["description"] for field in resource["schema"]["fields"])
        parquet = pl.read_parquet(path.with_suffix(".parquet"), glob=False)
        assert parquet.height == len(list(csv.reader(io.StringIO(path.read_text())))) - 1
        for key in resource["schema"].get("primaryKey", ()):
            assert parquet[key].is_unique().all()


def not_prose(tree):
    """Arguments that are text for a program, Vega's expressions and the ledger's formulas; and docstrings."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="labelExpr", value=expression):
                yield expression
            case ast.Call(func=ast.Attribute(attr="when"), args=[expression]):
                yield expression
            case ast.Call(func=ast.Attribute(attr="calculate"), args=[_, formula, *_]):
                yield formula
            case ast.Tuple(elts=[*_, ast.Constant(value=str(text)), _, _]) if is_formula(text):
                yield node.elts[-3]
            case ast.FunctionDef(body=[ast.Expr(value=docstring), *_]):
                yield docstring


def is_formula(text):
    """Whether a text is a call or a calculation; “killed in 2014” is Python, too, but neither."""
    try:
        return isinstance(ast.parse(text, mode="eval").body, ast.Call | ast.BinOp)
    except SyntaxError:
        return False


ID = re.compile(r"\w+_\w+")


def typed_numbers(source):
    """Numbers in the texts of code that people could read: strings of several words, or of a number alone."""
    tree = ast.parse(source)
    left_out = {id(part) for text in not_prose(tree) for part in ast.walk(text)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    texts = (re.sub(r"{{.*?}}", " ", node.value, flags=re.DOTALL) for node in strings if id(node) not in left_out)
    words = (ID.sub("", text).strip() for text in texts if not theme.TINT.fullmatch(text))
    prose = (text for text in words if " " in text or NUMBER.fullmatch(text))
    return set().union(*map(numbers, prose))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_text_in_a_notebooks_code_types_a_number(notebook):
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", []):
            source = "".join(cell["source"])
            assert typed_numbers(source) == set(), source


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ('Markdown("There were 166 deaths")', "166"),
        ('Markdown("166")', "166"),
        ('Markdown("There were seventeen deaths")', "17"),
        ('Markdown(f"{toll} of 166 deaths")', "166"),
        ('Markdown("{{ toll }} of 166 deaths")', "166"),
        ('label("killed in 2014")', "2014"),  # valid Python, but no formula
        ('for row in [("id", "killed in 2014", "deaths", "Deaths")]: ...', "2014"),
        ('label("datum.killed was 166")', "166"),
        ('alt.when("datum.index == 0").then(alt.value("the first 50"))', "50"),
        ('alt.Axis(labelExpr="datum.value == 1", title="Deaths in 2014")', "2014"),
        ('ledger.calculate("id", "toll / 2", "deaths", "Half of 166")', "166"),
        ('label("red 55% of them")', "55"),
    ],
)
def test_a_number_typed_in_a_notebooks_text_is_noticed(code, number):
    assert typed_numbers(code) == {number}
