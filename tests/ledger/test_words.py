"""Templates: forms and conditions of entries, typed numbers refused, every printed entry noted."""

import math

import pytest

from support.entries import reported
from toll.ledger import words
from toll.ledger.entry import CALCULATED, REPORTED, Entry, LedgerError, Place

DECK, NOTE = Place("graphic", "staffing", "deck"), Place("graphic", "staffing", "note")


def test_text_takes_its_numbers_from_entries_and_notes_where(ledger):
    text = ledger.text(
        "{{ toll }} by {{ toll.end }} ({{ toll.ordinal }}), {{ bodies.qualified }} in {{ bodies.start_month }}",
        DECK,
        toll=ledger["killed"],
    )
    assert text == "102 by Aug. 7 (102nd), at least 201 in January"
    assert ledger.printed == {"killed": [DECK], "bodies": [DECK]}
    assert "officers" not in ledger.printed


@pytest.mark.parametrize(
    "template",
    [
        "in 2013",
        "six months",
        "the 102nd victim",
        "{{ killed }} of 166",
        "twenty million",
        "a fifth death",
        "1,524",
        "{{ 166 }}",
        "{{ 'six' if bodies.known else 'many' }}",
        "{% if killed > 5 %}many{% endif %}",
    ],
)
def test_a_template_that_types_a_number_is_refused(ledger, template):
    with pytest.raises(LedgerError, match="typed"):
        ledger.text(template, NOTE)


def test_words_put_into_a_template_cannot_bring_a_number(ledger):
    with pytest.raises(LedgerError, match="typed"):
        ledger.text("{{ verb }}", NOTE, verb="exceed 166")
    assert ledger.text("{{ verb }} one", NOTE, verb="exceed") == "exceed one"


def test_other_rooms_can_refuse_typed_numbers_too():
    words.refuse_typed_numbers("none, one or {{ killed_by_08_07 }}")
    with pytest.raises(LedgerError, match="“seventeen” is typed") as refused:
        words.refuse_typed_numbers("seventeen more")
    assert refused.value.word == "seventeen"


def test_white_space_folds_and_no_break_spaces_stay(ledger):
    template = """
        {% if bodies.known %}
        Some   {{ bodies.number }}\u00a0bodies
        {%- endif %}.
    """
    assert ledger.text(template, NOTE) == "Some 201\u00a0bodies."


def limited(ledger):
    ledger.add(reported("nothing", 0))
    ledger.add(reported("one", 1))
    ledger.add(Entry("few", "Few", "deaths", REPORTED, None, 3, 5, "range", as_reported="3 to 5"))
    ledger.add(Entry("most", "Most", "deaths", REPORTED, 50, 0, 50, "at most", as_reported="up to 50"))
    ledger.calculate("left", "officers - most", "officers", "Left", -2)
    ledger.add(reported("force", 7, 7, math.inf, qualifier="at least"))
    ledger.calculate("each", "people / force", "a head", "Each")
    ledger.add(Entry("sure", "Sure", "probability", CALCULATED, 0.9997, 0.9997, 1.0, "at least"))
    ledger.add(Entry("slim", "Slim", "probability", CALCULATED, 1e-55, 0.0, 1e-55, "at most"))
    ledger.add(
        Entry("few_percent", "Few", "share", REPORTED, 0.003, 0.003, 1.0, "at least", as_reported="at least 0.3%")
    )
    ledger.add(Entry("share", "Share", "share", CALCULATED, 0.33, 0.28, 0.4, "about"))
    return ledger


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ bodies }}", "at least 201"),
        ("{{ bodies.number }}", "201"),
        ("{{ most }}", "at most 50"),
        ("{{ most.qualified }}", "up to 50"),
        ("{{ few }}", "3 to 5"),
        ("{{ [most, killed] | range }}", "at most 102"),
        ("{{ left }} and {{ left.rounded }}", "at least 26,400 and at least 26,400"),
        ("{{ each.rounded }}", "at most 2.93 million"),
        ("{{ slim }} or {{ few_percent }}", "less than 1% or at least 0.3%"),
        ("{{ sure }}", "more than 99%"),
        ("{{ nothing.tally }} and {{ killed.tally }}", "none and 102"),
        ("{{ killed.about }}, {{ bodies.about }}, {{ few.about }}", "about 102, at least 201, 3 to 5"),
        ("{{ killed | counted('death') }}", "102 deaths"),
        ("{{ one | counted('body', 'bodies') }}", "1 body"),
        ("{{ one | counted('body', 'bodies', in_words=true) }}", "one body"),
        ("{{ nothing | counted('body', 'bodies') }}", "no bodies"),
        ("{{ bodies | counted('body', 'bodies') }}", "at least 201 bodies"),
        ("{{ guards | counted('officer') }}", "8,500 officers"),
        ("{{ one | noun('member') }} {{ few | noun('member') }}", "member members"),
        ("{{ [killed, guards] | range }}", "102 to 8,500"),
        ("{{ [killed, killed] | range }}", "102"),
        ("{{ [killed, bodies] | range('–') }}", "at least 102"),
        ("{{ [few, killed] | range }}", "3 to 102"),
        ("{{ [nothing, nothing] | range }}", "none"),
        ("{{ share.fraction }}", "about 33%"),
        (
            "{% if bodies.is_limit and not killed.is_limit and nothing.is_zero and killed.above_one %}yes{% endif %}",
            "yes",
        ),
        ("{% if killed == killed and killed != one and bodies != bodies %}yes{% endif %}", "yes"),
    ],
)
def test_what_a_count_leaves_open_is_printed_with_it(ledger, template, text):
    ledger = limited(ledger)
    assert ledger.text(template, NOTE) == text


def test_conditions_ask_without_printing(ledger):
    asked = "{% if bodies.is_minimum and killed.is_ordinal and killed.is_reported %}yes{% endif %}"
    assert ledger.text(asked, NOTE) == "yes"
    assert ledger.text("{% if killed < guards %}fewer{% elif guards > killed %}more{% endif %}", NOTE) == "fewer"
    assert ledger.printed == {}


def test_one_number_is_less_than_another_only_if_all_that_it_may_be_is(ledger):
    template = "{% if killed < bodies %}fewer{% else %}who knows{% endif %}"
    assert ledger.text(template, NOTE) == "fewer"
    assert ledger.text(template, NOTE, killed=ledger["officers"]) == "who knows"


def test_lists_are_printed_one_by_one_and_their_sources_once(ledger):
    template = "{% for each in counts %}{{ each }}{% if not loop.last %}, {% endif %}{% endfor %}"
    counts = [ledger["killed"], ledger["officers"], ledger["guards"]]
    assert ledger.text(template, DECK, counts=counts) == "102, 27,000, 8,500"
    assert ledger.text("{{ counts | citations }}", NOTE, counts=counts) == "A by B, 2014; C, 2014"
    assert ledger.printed == {"killed": [DECK, NOTE], "officers": [DECK, NOTE], "guards": [DECK]}


def test_the_first_letter_is_made_a_capital_and_the_rest_stays(ledger):
    assert ledger.text("{{ of | capitalize }}", NOTE, of="guards of V.I.P.s") == "Guards of V.I.P.s"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ kiled }}", "no entry “kiled”. Did you mean “killed”"),
        ("{% if killed.known %}{{ killed }}{% else %}{{ kiled }}{% endif %}", "no entry “kiled”"),
        ("{{ killed.ordnal }}", "There is no form “ordnal”. Did you mean “ordinal”"),
        ("{% for each in counts %}{{ loop.cycle }}{% endfor %}", "There is no form “cycle”"),
        ("{{ officers.year }}", "officers cannot be printed in the form “year”"),
        ("{{ killed", "is not a template"),
        ("{{ killed | upside_down }}", "is not a template: No filter named 'upside_down'"),
        ("{{ killed['_entry'] }}", "cannot be printed"),
    ],
)
def test_what_a_template_cannot_have_is_named(ledger, template, message):
    with pytest.raises(LedgerError, match=message):
        ledger.text(template, NOTE, counts=[])


def test_every_form_of_a_number_is_found_in_its_text(ledger):
    assert words.forms(ledger["killed"])[:2] == ["102", "102nd"]
    assert {"2014", "Jan. 1", "Aug. 7", "Aug. 7, 2014", "102"} <= set(words.forms(ledger["killed"]))
    assert "27,000th" in words.forms(ledger["officers"])
