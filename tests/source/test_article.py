"""Every figure and claim is where the tables say it is in the article, and no figure of the article is left out.

A copy of the article is told apart, figure by figure: unchanged, changed elsewhere, changed around, moved, gone.
"""

import csv
import re
import shutil
from pathlib import Path

import pytest

from support.checkout import ROOT
from toll import cli
from toll.problems import Problems
from toll.project import Project
from toll.source import article as anchors
from toll.source.article import AROUND, GONE, MOVED, NEW, UNCHANGED, WINDOW, fingerprint, paragraphs
from toll.source.raw import check, read, read_table
from toll.source.read import unaccounted
from toll.source.schema import LEFT_OUT_TABLE

TEXT = ROOT.parent / "shared/source/article.txt"

with_article = pytest.mark.skipif(not TEXT.is_file(), reason="the article is copyright and is not in this checkout")


def quotes() -> list:
    raw = read(Project(ROOT))
    (source,) = raw.full_texts
    return [row for row in (*raw.figures, *raw.claims) if row.source == source.id]


@with_article
def test_every_figure_and_claim_is_in_its_paragraph():
    assert anchors.check(Project(ROOT), TEXT) == ([], {UNCHANGED: len(quotes())})


@with_article
def test_the_committed_anchors_are_those_of_the_article(copy):
    anchors.record(copy, TEXT)
    assert (copy.raw / "anchors.csv").read_bytes() == (Project(ROOT).raw / "anchors.csv").read_bytes()


# paragraph, words: no figure of their own, for left_out.csv or because they state no quantity
STATE_NONE = [(15, "both sides"), (28, "just one")]

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
CARDINALS = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]+teen|twenty|thirty|forty|fifty"
ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
OTHERS = "once a|twice|thrice|half|quarter|both|dozens?|hundreds?|thousands?|millions?|billions?|past year"
NUMBERS = re.compile(rf"[0-9][0-9,.]*[0-9]|[0-9]|\b(?:{MONTHS}|{DAYS})\b|\b(?i:one|{CARDINALS}|{ORDINALS}|{OTHERS})\b")


def spans(text: str, words: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(re.escape(words), text)]


def uncovered(texts: list[str], covered: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The numbers of the text that none of the (paragraph, words) holds."""
    left = []
    for paragraph, text in enumerate(texts, 1):
        held = [span for number, words in covered if number == paragraph for span in spans(text, words)]
        for match in NUMBERS.finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in held):
                left.append((paragraph, match.group()))
    return left


def left_out() -> list:
    return list(read_table(Project(ROOT), LEFT_OUT_TABLE))


@with_article
def test_no_figure_of_the_article_is_left_out():
    texts = paragraphs(TEXT.read_text(encoding="utf-8"))
    figures = [(row.locator, row.exact) for row in quotes() if hasattr(row, "as_reported")]
    excluded = [*((row.paragraph, row.words) for row in left_out()), *STATE_NONE]
    assert uncovered(texts, [*figures, *excluded]) == []
    assert uncovered(texts, [*figures[1:], *excluded]) == [(1, "100")]


@with_article
def test_every_quantity_that_is_found_in_the_article_is_entered_or_left_out_and_every_exclusion_is_needed(copy):
    assert unaccounted(copy, TEXT) == []
    table = copy.raw / "left_out.csv"
    header, *rows = table.read_text().splitlines(True)
    for n in range(len(rows)):
        table.write_text("".join([header, *rows[:n], *rows[n + 1 :]]))
        assert len(unaccounted(copy, TEXT)) == 1, rows[n]


# --- A made-up text that holds what the tables quote: what the check would say of another copy ---


def made_up() -> list[str]:
    """Paragraphs that hold the quoted strings, and no other word of the article."""
    texts = [["Paragraph", str(n), "begins."] for n in range(1, 1 + max(row.locator for row in quotes()))]
    exacts = {(row.locator, row.exact) for row in quotes()}
    for number, exact in sorted(exacts):
        if not any(number == other and exact in longer and exact != longer for other, longer in exacts):
            texts[number - 1] += [exact, "and"]
    return [" ".join([*words, "so it ends."]) for words in texts]


@pytest.fixture
def copy(tmp_path) -> Project:
    shutil.copytree(Project(ROOT).raw, Project(tmp_path).raw)
    return Project(tmp_path)


FRONT = "By A Reporter\n\nMay 3, 2012\n\n"


def write(project: Project, texts: list[str], front: str = FRONT) -> Path:
    article = project.root / "copy.txt"
    article.write_text(front + "\n\n".join(texts) + "\n", encoding="utf-8")
    return article


def compared(project: Project, texts: list[str], front: str = FRONT) -> list:
    """The problems of a project with the anchors of the made-up article, whose text is now this one.

    Its sha256 is entered as that of the text used, so that what is told is about figures; neighbours of a change,
    which are told to be read again, are left out.
    """
    anchors.record(project, write(project, made_up()))
    article = write(project, texts, front)
    sources = project.raw / "sources.csv"
    known = read(project).sources[0].text_sha256
    text = article.read_text(encoding="utf-8")
    sources.write_text(sources.read_text(encoding="utf-8").replace(known, fingerprint(text)), encoding="utf-8")
    return [p for p in anchors.check(project, article)[0] if not p.message.startswith("What surrounds")]


def test_a_text_that_holds_all_quoted_strings_passes(copy):
    assert compared(copy, made_up()) == []


def test_a_changed_number_is_named(copy):
    texts = made_up()
    texts[0] = texts[0].replace("166", "170")
    (problem,) = compared(copy, texts)
    assert (problem.where.file, problem.where.line, problem.where.column) == ("data/raw/figures.csv", 3, "exact")
    assert problem.message == "“2013 toll of 166” is not in the text; it should be in paragraph 1."


def test_a_number_inside_a_longer_number_is_not_found(copy):
    texts = made_up()
    texts[28] = texts[28].replace("27,000", "127,000")
    assert [(p.where.column, "27,000 officers" in p.message) for p in compared(copy, texts)] == [("exact", True)]


def test_a_moved_paragraph_is_named_with_where_it_is_now(copy):
    texts = made_up()
    texts[1], texts[2] = texts[2], texts[1]
    problems = compared(copy, texts)
    assert {p.where.column for p in problems} == {"locator"}
    assert {p.message.rpartition("”")[2] for p in problems} == {
        " is in paragraph 3, not 2.",
        " is in paragraph 2, not 3.",
    }


def test_a_paragraph_put_in_front_moves_all(copy):
    problems = compared(copy, ["It begins otherwise.", *made_up()])
    assert len(problems) == len(quotes())
    assert {p.where.column for p in problems} == {"locator"}


def test_gone_words_of_a_claim_are_named(copy):
    texts = made_up()
    texts[0] = texts[0].replace("on track to exceed", "")
    (problem,) = compared(copy, texts)
    assert (problem.where.file, problem.where.line, problem.where.column) == ("data/raw/claims.csv", 2, "exact")


def test_a_locator_beyond_the_text_is_named(copy):
    assert {p.where.column for p in compared(copy, made_up()[:-1])} == {"exact"}


def test_words_that_are_there_twice_are_named(copy):
    texts = made_up()
    texts[1] += " A megalopolis of 20 million people."
    (problem,) = compared(copy, texts)
    assert problem.message == "Paragraph 2 has “megalopolis of 20 million people” 2 times."


def test_straight_quotes_are_not_curly_ones(copy):
    texts = [text.replace("“", '"').replace("”", '"') for text in made_up()]
    (problem,) = compared(copy, texts)
    assert problem.where.file == "data/raw/claims.csv" and "quotation marks" in problem.hint


def test_white_space_composition_headlines_and_line_ends_make_no_difference(copy):
    texts = [text.replace(" ", "\n", 3) for text in made_up()]
    assert compared(copy, texts, front="A Headline\n\nBy A Reporter\n\n") == []
    assert compared(copy, texts, front="") == []
    article = copy.root / "copy.txt"
    article.write_bytes(b"\xef\xbb\xbf" + article.read_bytes().replace(b"\n", b"\r\n"))
    assert anchors.check(copy, article)[0] == []
    assert fingerprint("Cafe\u0301\n\n and\u00a0bar ") == fingerprint("Café and bar")


def test_another_text_is_named_with_the_verdicts(copy):
    anchors.record(copy, write(copy, made_up()))
    texts = made_up()
    texts[0] = texts[0].replace("166", "170")
    article = write(copy, texts)
    problems, verdicts = anchors.check(copy, article)
    text = next(p for p in problems if not p.where.file.startswith("data"))
    assert text.where.file == str(article) and "1 gone" in text.message
    assert fingerprint(article.read_text(encoding="utf-8")) in text.message
    assert read(copy).sources[0].text_sha256 in text.message
    assert verdicts[GONE] == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("article,,,,2014-08-11,day,,,excerpt,,,", "No source is a full text."),
        ("other,,,,2014-08-12,day,,,full text,,,", "Several sources are full texts: article, other."),
    ],
)
def test_there_must_be_one_full_text_to_compare_with(copy, row, message):
    sources = copy.raw / "sources.csv"
    id = row.partition(",")[0]
    others = [line for line in sources.read_text().splitlines() if not line.startswith(f"{id},")]
    sources.write_text("\n".join([*others, row, ""]))
    assert [problem.message for problem in anchors.check(copy, copy.root / "copy.txt")[0]] == [message]


@pytest.mark.parametrize("data", [None, b"", b"caf\xe9"], ids=["no file", "empty", "Latin-1"])
def test_a_text_that_cannot_be_read_is_named(copy, data):
    article = copy.root / "copy.txt"
    if data is not None:
        article.write_bytes(data)
    problems, _ = anchors.check(copy, article)
    assert problems and "copy.txt" in str(problems[-1]) + str(problems[0])


def test_broken_tables_are_named_first(copy):
    (copy.raw / "claims.csv").unlink()
    assert anchors.check(copy, copy.root / "none.txt")[0] == check(copy) != []


# --- The verdicts ---


@pytest.fixture
def anchored(copy):
    """A project with the anchors of the made-up article, a copy of which can be changed and judged."""
    anchors.record(copy, write(copy, made_up()))

    def judge(*changes):
        texts = made_up()
        for paragraph, old, new in changes:
            assert old in texts[paragraph - 1]
            texts[paragraph - 1] = texts[paragraph - 1].replace(old, new)
        problems, verdicts = anchors.check(copy, write(copy, texts))
        return {problem.where.line: problem for problem in problems if problem.where.file.startswith("data")}, verdicts

    return judge


def test_a_change_elsewhere_touches_no_figure(anchored, copy):
    problems, verdicts = anchored((4, "begins.", "begins anew."))
    assert (problems, verdicts) == ({}, {UNCHANGED: len(quotes())})
    (told,) = anchors.check(copy, copy.root / "copy.txt")[0]
    assert "changed elsewhere only" in told.message


def test_a_change_within_the_window_is_told_from_one_beyond_it(anchored):
    far = "word " * WINDOW
    problems, verdicts = anchored((2, "Paragraph 2 begins.", "Paragraph 2 ends."))
    assert verdicts[AROUND] == 1
    (problem,) = problems.values()
    assert (problem.where.column, "20 million" in problem.message, "paragraph 2" in problem.hint) == (
        "exact",
        True,
        True,
    )
    problems, verdicts = anchored((2, "so it ends.", f"so it ends. {far}"))
    assert verdicts.get(AROUND, 0) <= 1  # the paragraph's end was within the window
    assert set(verdicts) <= {UNCHANGED, AROUND}


def test_a_qualifier_slipped_in_before_the_words_is_seen(anchored):
    """The words stand, the meaning does not: the case for which there are windows."""
    problems, verdicts = anchored((1, "2013 toll of 166", "wrongly reported 2013 toll of 166"))
    assert verdicts[AROUND] >= 1 and any("2013 toll of 166" in problem.message for problem in problems.values())


def test_gone_and_moved_words_are_told_apart(anchored):
    assert anchored((2, "20 million", "21 million"))[1][GONE] == 1
    problems, verdicts = anchored(
        (2, "megalopolis of 20 million people", ""), (3, "begins.", "megalopolis of 20 million people")
    )
    assert verdicts[MOVED] == 1
    (moved,) = (problem for problem in problems.values() if problem.where.column == "locator")
    assert moved.message.endswith("is in paragraph 3, not 2.") and "read it there" in moved.hint


def test_a_row_without_an_anchor_is_told_and_can_be_anchored(copy, capsys, monkeypatch):
    article = write(copy, made_up())
    anchors.record(copy, article)
    table = copy.raw / "anchors.csv"
    complete = table.read_text()
    table.write_text("".join(line for line in complete.splitlines(True) if ",officers," not in line))
    problems, verdicts = anchors.check(copy, article)
    assert verdicts[NEW] == 1 and any(problem.message == "There is no anchor for officers." for problem in problems)
    (copy.root / "notebooks").mkdir()
    (copy.root / "notebooks/chain.yml").write_text("")
    monkeypatch.chdir(copy.root)
    assert cli.main(["check"]) == 0
    assert "Not anchored in the full text: officers." in capsys.readouterr().err
    cli.main(["check", "--article", str(article), "--anchor"])
    assert table.read_text() == complete
    assert cli.main(["check", "--anchor"]) == 1


def test_nothing_is_anchored_where_a_quote_is_not_found(copy):
    table = copy.raw / "anchors.csv"
    before = table.read_bytes()
    with pytest.raises(Problems, match="is not in the text"):
        anchors.record(copy, write(copy, made_up()[:-1]))
    assert table.read_bytes() == before


def test_an_anchor_holds_no_words_of_the_text():
    with (Project(ROOT).raw / "anchors.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["table", "id", "paragraph", "offset", "window_sha256"]
    assert all(re.fullmatch("[0-9a-f]{64}", row[-1]) for row in rows)
    assert {row[1] for row in rows} == {row.id for row in quotes()}


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("figures,officers,0,1," + 64 * "a", "paragraph"),
        ("figures,officers,1,-1," + 64 * "a", "offset"),
        ("figures,officers,1,1,aa", "window_sha256"),
        ("others,officers,1,1," + 64 * "a", "table"),
    ],
)
def test_a_damaged_anchor_is_named(copy, line, column):
    (copy.raw / "anchors.csv").write_text(f"table,id,paragraph,offset,window_sha256\n{line}\n")
    (problem,) = anchors.check(copy, copy.root / "none.txt")[0]
    assert (problem.where.file, problem.where.line, problem.where.column) == ("data/raw/anchors.csv", 2, column)
