"""`toll read` finds the quantities of a text, reads them as the raw gate does, and says which are accounted for."""

import csv
import io
import json
import math
import re
import shutil
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.checkout import ROOT
from toll import cli
from toll.project import Project
from toll.source import quantity, raw
from toll.source.finder import find
from toll.source.schema import FIGURES

TEXTS = sorted((Path(__file__).parent / "texts").glob("*.txt"))
ASIDE = sorted((Path(__file__).parent / "texts/aside").glob("*.txt"))
MARK = re.compile(r"\[([^\[\]=]+) = ([^\]]+)\]")


def paragraphs(file: Path):
    """The paragraphs of a marked text without its marks, with the (start, words, answer) of each."""
    for marked in file.read_text("utf-8").split("\n\n"):
        text, at, answers = "", 0, []
        for mark in MARK.finditer(marked):
            text += marked[at : mark.start()]
            answers.append((len(text), mark[1], answer(mark[2])))
            text, at = text + mark[1], mark.end()
        yield text + marked[at:], answers


def answer(marked: str):
    if marked in ("date", "left out", "unread"):
        return marked
    head, _, bounds = marked.partition(", ")
    qualifier, _, number = head.rpartition(" ")
    if head == "range":
        qualifier, number = head, None
    ends = bounds.split(" to ") if bounds else (number, number)
    return (qualifier or "exact", number and float(number), *map(float, ends))


def said(found):
    if found.kind != "figure":
        return found.kind
    if found.is_unread:
        return "unread"
    return (found.quantity.qualifier, found.quantity.value, found.quantity.low, found.quantity.high)


def alike(one, other) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    close = (
        a == b or (None not in (a, b) and math.isclose(a, b, rel_tol=2e-3))
        for a, b in zip(one[1:], other[1:], strict=True)
    )
    return one[0] == other[0] and all(close)


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_a_text_is_read_as_it_is_by_hand(file):
    for text, answers in paragraphs(file):
        items = {found.start: found for found in find(text)}
        for start, words, right in answers:
            assert start in items, words
            assert items[start].words == words
            assert alike(right, said(items[start])), (words, right, said(items[start]))
        marked = {start for start, _, _ in answers}
        assert [found.words for found in items.values() if found.start not in marked and found.kind != "left out"] == []


def test_texts_that_were_kept_aside_are_read_about_as_well():
    marked = found = right = extra = 0
    for text, answers in (each for file in ASIDE for each in paragraphs(file)):
        left = find(text)
        for start, words, expected in answers:
            hit = next((item for item in left if item.start < start + len(words) and start < item.end), None)
            marked += 1
            if hit:
                left.remove(hit)
                found += 1
                right += hit.words == words and alike(expected, said(hit))
        extra += sum(item.kind != "left out" for item in left)
    assert marked > 70
    assert (found / marked, right / marked) >= (0.98, 0.9)
    assert right / marked >= 0.9 and extra / marked <= 0.02


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_what_is_found_can_be_entered_as_it_stands(file):
    for text, _ in paragraphs(file):
        for found in find(text):
            assert text[found.start : found.end] == found.words
            if found.quantity and found.words[0] not in "-−":
                assert quantity.parse(found.words, found.unit, whole=False).qualifier == found.quantity.qualifier
                assert quantity.core(found.words) in found.words.lower()


PIECES = re.findall(r"\S+", "12 1,000 $ Rs one of half in at least two dozen – to 2014 May May. % No. ’ ( -")


@given(st.lists(st.sampled_from(PIECES)))
def test_any_text_is_read_without_a_fault_and_nothing_is_found_twice(words):
    text = " ".join(words)
    items = find(text)
    assert all(text[item.start : item.end] == item.words for item in items)
    assert all(first.end <= second.start for first, second in pairwise(items))


# --- The command, on a made-up text that holds what the tables quote ---


FRONT = "Rain and Other News\n\nBy A Reporter\n\nMay 3, 2012"


@pytest.fixture
def story(tmp_path, monkeypatch) -> Project:
    """A copy of the committed tables that leaves out nothing but the year of a toll and the day of the text."""
    project = Project(tmp_path)
    shutil.copytree(Project(ROOT).raw, project.raw)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/chain.yml").write_text("")
    rows = '0,"May 3, 2012",It is the day of the text.\n1,2013 toll of,It is the period of a toll.\n'
    (project.raw / "left_out.csv").write_text("paragraph,words,reason\n" + rows)
    monkeypatch.chdir(tmp_path)
    return project


def write(project: Project, *more: str, name: str = "copy.txt") -> str:
    """A text with all that the figures quote, and more paragraphs."""
    tables = raw.read(project)
    figures = [figure for figure in tables.figures if figure.source == tables.full_texts[0].id]
    last = max(figure.locator for figure in figures)
    texts = [
        "; ".join(["It begins", *(figure.exact for figure in figures if figure.locator == number), "it ends."])
        for number in range(1, last + 1)
    ]
    (project.root / name).write_text("\n\n".join([FRONT, *texts, *more]) + "\n", "utf-8")
    return name


def listed(capsys) -> list[dict]:
    return json.loads(capsys.readouterr().out)


def test_a_text_whose_quantities_are_all_entered_or_left_out_passes(story, capsys):
    assert cli.main(["read", write(story)]) == 0
    sum = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"\d+ quantities: \d+ claimed, \d+ left out, 0 open", sum)
    assert cli.main(["read", "copy.txt", "--json"]) == 0
    claimed = {id for item in listed(capsys) for id in item["claimed_by"]}
    tables = raw.read(story)
    assert claimed == {figure.id for figure in tables.figures if figure.source == tables.full_texts[0].id}


def test_what_is_open_is_marked_and_fails(story, capsys):
    text = write(story, "Rain fell on at least 17 days of several months, says Route 9.")
    assert cli.main(["read", text]) == 3
    out = capsys.readouterr().out
    assert "Rain fell on [[at least 17]] days of several months, says Route 9." in out
    assert "left out: “several”. It gives no number to compute with." in out
    assert out.endswith(" 1 open\n")
    assert cli.main(["check", "--article", text]) == 1
    assert "paragraph 34: “at least 17” is neither in figures.csv nor in left_out.csv." in capsys.readouterr().err


def test_the_list_for_programs_counts_blocks_and_has_null_for_an_open_bound(story, capsys):
    block = "Rain  fell on at least 17 days,\nand one year in April."
    assert cli.main(["read", write(story, block), "--json"]) == 3
    *_, rain, year, month = listed(capsys)
    assert rain == {
        "paragraph": 37,  # three blocks stand above the first paragraph
        "start": block.index("at least"),
        "words": "at least 17",
        "value": 17,
        "low": 17,
        "high": None,
        "qualifier": "at least",
        "kind": "figure",
        "claimed_by": [],
        "why": None,
    }
    assert (year["start"], year["value"]) == (block.index("one"), 1)
    assert (month["kind"], month["qualifier"], month["value"], month["low"]) == ("date", "date", None, None)


def test_a_claimed_number_is_read_as_its_row_reads_it(story, capsys):
    cli.main(["read", write(story), "--json"])
    (item,) = (item for item in listed(capsys) if item["words"] == "20 million")
    assert (item["qualifier"], item["low"], item["high"]) == ("about", 19.5e6, 20.5e6)


def test_a_row_claims_only_in_its_own_paragraph_and_only_its_own_number(story, capsys):
    text = write(story, "A megalopolis of 20 million people.", "It rained on June 30 and July 30.")
    assert cli.main(["read", text, "--json"]) == 3
    *_, people, june, july = listed(capsys)
    assert [item["claimed_by"] for item in (people, june, july)] == [[], [], []]
    (story.root / text).write_text((story.root / text).read_text("utf-8").replace("It begins", "In 1999"), "utf-8")
    cli.main(["read", text, "--json"])
    years = [item["claimed_by"] for item in listed(capsys) if item["words"] == "1999"]
    assert years and not any(years)


def test_a_draft_can_be_pasted_and_needs_only_what_the_text_does_not_say(story, capsys):
    sentence = "About $2.5 million, a third of it, went to 40 towns and 40 farms in over 30 years by 15 May."
    assert cli.main(["read", write(story, sentence), "--draft"]) == 3
    rows = [dict(zip(FIGURES.columns, row, strict=True)) for row in csv.reader(io.StringIO(capsys.readouterr().out))]
    assert [(row["as_reported"], row["unit"], row["exact"]) for row in rows] == [
        ("About $2.5 million", "US dollars", "$2.5 million"),
        ("a third", "share", "a third"),
        ("40", "", "40 towns"),
        ("40", "", "40 farms"),
        ("over 30", "years", "30"),
        ("15 May", "date", "15 May"),
    ]
    assert {row["locator"] for row in rows} == {"34"}
    assert len({row["id"] for row in rows}) == len(rows)
    filled = {"id", "as_reported", "unit", "locator", "exact"}
    assert {column for row in rows for column, cell in row.items() if cell} == filled


def test_leaving_out_needs_words_that_are_there_and_a_reason(story, capsys):
    text = write(story, "Rain fell on 17 days.")
    table = story.raw / "left_out.csv"
    kept = table.read_text()
    table.write_text(f"{kept}34,17 days,It is only an example.\n")
    assert cli.main(["read", text]) == 0
    table.write_text(f"{kept}34,18 days,It is only an example.\n34,17,\n")
    assert cli.main(["check"]) == 1
    assert "left_out.csv, line 5, reason: The cell is empty." in capsys.readouterr().err
    table.write_text(f"{kept}34,18 days,It is only an example.\n")
    assert cli.main(["check", "--article", text]) == 1
    assert "left_out.csv, line 4, words: “18 days” contains no quantity of paragraph 34." in capsys.readouterr().err
    table.unlink()
    assert cli.main(["check"]) == 0
    assert cli.main(["read", text]) == 3


# --- Web pages, Word documents, and files that are neither ---


def test_a_web_page_and_a_word_document_are_read_as_their_plain_text(story, capsys):
    text = write(story, "Rain fell on at least 17 days – at “Café & Co”.")
    blocks = (story.root / text).read_text("utf-8").strip().split("\n\n")
    escaped = [block.replace("&", "&amp;") for block in blocks]
    body = "".join(f"<p>{block}</p>\n" for block in escaped).replace("17", "<b>17</b>")
    page = (
        f"<html><head><title>9 lives</title><script>var a = 99;</script></head><body><nav>88</nav>{body}</body></html>"
    )
    (story.root / "copy.html").write_text(page, "utf-8")
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    runs = "".join(
        f"<w:p><w:r><w:t>{block[:9]}</w:t></w:r><w:r><w:t>{block[9:]}</w:t></w:r></w:p>" for block in escaped
    )
    with zipfile.ZipFile(story.root / "copy.docx", "w") as file:
        file.writestr("word/document.xml", f'<w:document xmlns:w="{word}"><w:body>{runs}</w:body></w:document>')
    cli.main(["read", text, "--json"])
    plain = listed(capsys)
    for name in ("copy.html", "copy.docx"):
        assert cli.main(["read", name, "--json"]) == 3
        assert listed(capsys) == plain


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("none.txt", None, "cannot be read"),
        ("latin.txt", "caf\xe9".encode("latin-1"), "not UTF-8"),
        ("broken.docx", b"PK", "not a Word document"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(story, capsys, name, data, message):
    if data is not None:
        (story.root / name).write_bytes(data)
    assert cli.main(["read", name]) == 1
    told = capsys.readouterr().err
    assert told.startswith(name) and message in told and "Traceback" not in told
