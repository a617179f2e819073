"""Words of a graphic: read from their file, and every mistake named with its line and what to do."""

import pytest

from support.entries import reported
from toll import words_file
from toll.ledger.entry import Place
from toll.ledger.ledger import Ledger
from toll.problems import Problems
from toll.project import Project

RAIN = """\
so_far:  # the year is not over
  headline: >-
    {{ wet }} wet days in~{{ place }}
  deck: >-
    It rained on {{ wet }} days,
    {% if wet > dry %}more{% else %}less{% endif %} often
    than it did not.
  deck_brief: Wet days, so far
  note: ""
  source: "{{ wet.citation }}."
  alt: Bar chart of {{ wet }} wet and {{ dry }} dry days.
  description: Two bars.
  labels:
    wet: "{{ wet }} wet"
    dry: "{{ day }} dry"
none:
  left_out: it rained on {{ wet }} days, which is no chart
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "words").mkdir()
    return Project(tmp_path)


@pytest.fixture
def ledger():
    return Ledger([reported("wet", 120, unit="days", citation="The Almanac"), reported("dry", 92, unit="days")])


def load(project, form="so_far", old="", new=""):
    assert old in RAIN
    (project.words / "rain.yml").write_text(RAIN.replace(old, new, 1), "utf-8")
    return words_file.load(project, "rain", form)


def test_a_block_gives_the_texts_and_notes_where_each_number_is_printed(project, ledger):
    block = load(project)
    texts = block.render(ledger, place="Wendport")
    assert list(texts) == list(words_file.PARTS)
    assert texts["headline"] == "120 wet days in\u00a0Wendport"
    assert texts["deck"] == "It rained on 120 days, more often than it did not."
    assert texts["note"] == ""
    assert block.label(ledger, "dry", day=ledger["dry"]) == "92 dry"
    assert ledger.printed["dry"] == [Place("graphic", "rain", part) for part in ("alt", "labels")]


def test_a_tilde_inside_a_condition_is_not_a_space(project, ledger):
    block = load(project, old="{{ place }}", new="{{ place ~ '~' }}")
    assert block.render(ledger, place="Wendport")["headline"] == "120 wet days in\u00a0Wendport~"


def test_a_form_can_be_without_a_graphic(project, ledger):
    assert load(project, "none").render(ledger) == {"left_out": "it rained on 120 days, which is no chart"}


def test_what_was_not_known_leaves_the_graphic_out_and_notes_nothing(project, ledger):
    wet = ledger.unknown("wet days", "nobody has counted them")
    assert load(project).render(ledger, place="Wendport", wet=wet) == {"left_out": "nobody has counted them"}
    assert ledger.printed == {}


def test_the_only_block_needs_no_name(project, ledger):
    only = RAIN.partition("none:")[0]
    (project.words / "rain.yml").write_text(only, "utf-8")
    assert words_file.load(project, "rain").parts.keys() == set(words_file.PARTS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("more{", "120 more{", "line 6, deck: The number “120” is typed here. Name the ledger's entry instead."),
        ("it did not", "six do", "line 7, deck: The number “six” is typed here. Name the ledger's entry instead."),
        ("wet and", "{{ wet.ordnal }}", "line 11, alt: There is no form “ordnal”. Did you mean “ordinal”?"),
        ('"{{ day }} dry"', "nine dry", "line 15, dry: The number “nine” is typed here."),
        ("{% endif %}", "", "line 4, deck: “It rained"),
        ("headline:", "headlin:", "line 2, headlin: “headlin” is no part of this block. Did you mean “headline”?"),
        ("headline:", "headlin:", "line 1, headline: This part is missing. Add it to the block."),
        ("Two bars.", "[two, bars]", "line 12, description: a list is not a text. Put it in quotes."),
        ("Two bars.", "yes", "line 12, description: 'yes' is not a text. Put it in quotes."),
        ("left_out:", "headline: None\n  left_out:", "line 17, headline: “headline” is no part of this block."),
    ],
)
def test_a_mistake_in_any_block_is_named_with_its_line(project, old, new, message):
    with pytest.raises(Problems) as found:
        load(project, old=old, new=new)
    assert f"words/rain.yml, {message}" in str(found.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{% else %}", "{% elif wte > dry %}", "line 6, deck: The ledger has no entry “wte”. Did you mean “wet”?"),
        ("Bar chart", "Bar chart " + "x" * 250, "line 11, alt: The alt text has 288 characters, and 250 is the limit."),
        ("so far", "{{ wet.year }}", "line 8, deck_brief: wet cannot be printed in the form “year”."),
    ],
)
def test_a_mistake_that_only_the_ledger_shows_is_named_with_its_line(project, ledger, old, new, message):
    with pytest.raises(Problems) as found:
        load(project, old=old, new=new).render(ledger, place="Wendport")
    assert f"words/rain.yml, {message}" in str(found.value)
    assert ledger.printed == {} or "alt" in message


def test_all_mistakes_are_named_at_once(project):
    with pytest.raises(Problems) as found:
        load(project, old="Wet days, so far\n", new="Ten days\n  notes: Eleven\n")
    assert len(found.value.problems) == 3


def test_a_form_or_a_label_that_is_not_there_is_named(project, ledger):
    with pytest.raises(Problems, match=r"words/rain\.yml: There is no block “ended”\. The file has: so_far, none\."):
        load(project, "ended")
    with pytest.raises(Problems, match="There is not just one block, so a form is needed"):
        load(project, None)
    with pytest.raises(Problems, match="line 2, labels: This block has no label “wett”"):
        load(project).label(ledger, "wett")
    with pytest.raises(Problems, match="line 15, dry: The ledger has no entry “day”"):
        load(project).label(ledger, "dry")


def test_a_file_that_is_not_there_is_named(project):
    with pytest.raises(Problems, match=r"words/snow\.yml"):
        words_file.load(project, "snow")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "often",
            "often بارش",
            r"words/rain.yml, line 6, deck: Toll Sans cannot draw “ب” \(U\+0628, ARABIC LETTER BEH\)",
        ),
        (
            "Two bars",
            "Two\u200b bars",
            r"words/rain.yml, line 12, description: .* has an invisible character \(U\+200B",
        ),
        ("{{ place }}", "{{ far }}", r"words/rain.yml, line 2, headline: Toll Sans cannot draw “ک” \(U\+06A9"),
    ],
)
def test_letters_that_no_picture_could_show_are_named_with_their_line(project, ledger, old, new, message):
    with pytest.raises(Problems, match=message):
        load(project, old=old, new=new).render(ledger, place="Wendport", far="کراچی")


def test_letters_of_a_label_are_named_with_their_line(project, ledger):
    block = load(project, old="{{ day }} dry", new="{{ day }} خشک")
    with pytest.raises(Problems, match=r"words/rain.yml, line 15, dry: Toll Sans cannot draw “خ”"):
        block.label(ledger, "dry", day=ledger["dry"])


def test_alt_text_may_have_letters_that_are_not_drawn(project, ledger):
    assert "بارش" in load(project, old="Two bars", new="Two bars, بارش").render(ledger, place="Wendport")["description"]
