"""The words of this story's graphics are sound, and their README lists what the code knows."""

import runpy

import pytest
import yaml

from support.checkout import ROOT
from toll import claims, words_file
from toll.project import Project

FILES = sorted((ROOT / "words").glob("*.yml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_block_is_sound(file):
    parts = claims.PARTS if file.stem == claims.FACT_CHECK else words_file.PARTS
    for form in yaml.safe_load(file.read_text("utf-8")):
        assert words_file.load(Project(ROOT), file.stem, form, parts).graphic == file.stem


def test_every_graphic_has_words():
    named = yaml.safe_load((ROOT / "editions/article.yml").read_text("utf-8"))["graphics"].split()
    assert sorted([*named, claims.FACT_CHECK]) == [file.stem for file in FILES]


def test_the_readme_lists_every_form_as_the_code_prints_it():
    tool = runpy.run_path(str(ROOT / "tools/words_readme.py"))
    text = tool["README"].read_text("utf-8")
    assert tool["with_tables"](text) == text, "run python tools/words_readme.py"
    assert all(f"| `{part}` |" in text for part in (*words_file.PARTS, words_file.LABELS))
