"""Templates: text that takes its numbers from entries, in the forms that newspapers print.

Templates are Jinja. `{{ toll }}` prints an entry as itself, `{{ toll.ordinal }}` in another of its `FORMS`, and
`{% if toll.is_minimum %}` asks for one of its `CONDITIONS`. White space folds, as on a web page. Typed numbers, in
digits or in words, are refused.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from toll.ledger import wording
from toll.ledger.entry import Entry, LedgerError
from toll.source.numerals import is_number_word

Meaning = Entry | Sequence[Entry] | str | bool  # what a name in a template may stand for


class NotKnown(Exception):
    """Something that was not known would have to be printed. The message says what, and why not."""


class Form(NamedTuple):
    """A way to print an entry, or a condition that it may meet."""

    what: str
    of: Callable[[Any], Any]


FORMS = {
    "text": Form("the number itself, as without a form; a limit with its “at least” or “at most”", lambda e: e.text),
    "number": Form("the bare number, without “at least” or “at most”", lambda e: e.bare),
    "about": Form("with “about” before it, unless a limit or a range stands there", lambda e: _about(e)),
    "tally": Form("the number, or “none” where it is zero", lambda e: "none" if _zero(e) else e.text),
    "rounded": Form("rounded to three digits, for a headline", lambda e: _rounded(e)),
    "qualified": Form("with its qualifier, in the source's own words if reported", lambda e: e.qualified),
    "label": Form("what it is", lambda e: e.label),
    "year": Form("the year in which its period ends", lambda e: str((e.end or e.start).year)),
    "start_year": Form("the year in which its period begins", lambda e: str(e.start.year)),
    "start": Form("the first day of its period", lambda e: wording.day(e.start)),
    "end": Form("the last day of its period", lambda e: wording.day(e.end)),
    "date": Form("the last day of its period, with the year", lambda e: wording.full_date(e.end)),
    "start_month": Form("the month in which its period begins", lambda e: wording.FULL_MONTHS[e.start.month - 1]),
    "end_month": Form("the month in which its period ends", lambda e: wording.FULL_MONTHS[e.end.month - 1]),
    "low": Form("its lower bound", lambda e: e.number(e.low)),
    "high": Form("its upper bound", lambda e: e.number(e.high)),
    "whole": Form("the number that it is a part of", lambda e: e.number(e.whole)),
    "words": Form("a whole number, in words below ten", lambda e: _limited(e, wording.words(e.printed_value))),
    "ordinal": Form("a whole number as an ordinal", lambda e: wording.ordinal(e.value)),
    "chance": Form(
        "a probability to the nearest tenth; what its bounds leave open is said",
        lambda e: wording.chance(e.low, e.high, e.value),
    ),
    "fraction": Form("a share as the nearest common fraction, where that fits all it may be", lambda e: _fraction(e)),
    "floor": Form("the whole number that it surely exceeds, in words below ten", lambda e: wording.words(_floor(e))),
    "citation": Form("its source", lambda e: e.citation),
    "outlet": Form("its source without the authors", lambda e: wording.outlet(e.citation)),
    "attributed_to": Form("who says so in the source", lambda e: e.attributed_to),
    "who": Form("who counts: the voice in the source, or the source itself", lambda e: _who(e)),
    "paragraph": Form("where in the source", lambda e: str(e.locator)),
    "place": Form("the place that it counts", lambda e: e.place),
}
CONDITIONS = {
    "known": Form("it was known by the edition's date", lambda e: e.known),
    "is_minimum": Form("it has no upper limit: “at least”", lambda e: e.high == math.inf),
    "is_limit": Form("only a limit is known: “at least”, “at most”", lambda e: e.is_limit),
    "is_share": Form("it is a part of a whole: “five of fifteen”", lambda e: e.whole is not None),
    "is_range": Form("only its two ends are known", lambda e: e.value is None and not e.is_minimum),
    "is_approximate": Form("its source says “about”", lambda e: e.is_reported and e.qualifier == "about"),
    "is_zero": Form("it is zero", lambda e: _zero(e)),
    "above_zero": Form("all that it may be is above zero", lambda e: e.low is not None and e.low > 0),
    "above_one": Form("all that it may be is above one", lambda e: e.low is not None and e.low > 1),
    "is_ordinal": Form("its source gives it as an ordinal", lambda e: e.qualifier == "ordinal"),
    "is_reported": Form("a source reports it; it is neither calculated nor chosen", lambda e: e.is_reported),
}
_OF_ALL = (*("text", "number", "qualified", "rounded", "low", "high"), *("year", "start_year", "start", "end", "date"))
_OF_SHARES = ("chance", "fraction")
_OF_COUNTS = ("whole", "words", "ordinal", "floor")
MARKUP = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
UNFIT = (AttributeError, TypeError, ValueError, OverflowError)  # what a form raises that an entry does not have


def _who(entry: Entry) -> str:
    named = entry.attributed_to not in ("", "the article")
    return entry.attributed_to if named else wording.outlet(entry.citation).replace("The article", "the article")


def _zero(entry: Entry) -> bool:
    return (entry.low, entry.high) == (0, 0)


def _about(entry: Entry) -> str:
    as_it_is = entry.is_limit or entry.value is None or entry.text.startswith((wording.LESS, wording.MORE))
    return entry.text if as_it_is else f"about {entry.text}"


def _limited(entry: Entry, text: str) -> str:
    return f"{entry.qualifier} {text}" if entry.is_limit else text


def _fraction(entry: Entry) -> str:
    """In words only where these fit all that the share may be."""
    if entry.value is None or entry.is_limit:
        return entry.text
    [words, *others] = {wording.fraction(end) for end in (entry.low or 0.0, entry.value, entry.high or 0.0)}
    return _about(entry) if others else words


def _rounded(entry: Entry) -> str:
    if entry.printed_value is None:
        return entry.text
    digits = 2 - math.floor(math.log10(max(abs(entry.printed_value), 1.0)))
    return _limited(entry, wording.number(entry.printed_value, entry.unit, min(entry.decimals, digits)))


def _floor(entry: Entry) -> float:
    """The largest whole number below the lower bound."""
    return math.ceil(entry.low or 0.0) - 1


def forms(entry: Entry) -> list[str]:
    """Every form in which a template can print the number or a day of its period; the number itself first."""
    found: dict[str, None] = {}
    for name in (*_OF_ALL, *(_OF_SHARES if entry.unit in wording.SHARES else _OF_COUNTS)):
        with contextlib.suppress(*UNFIT):
            found[FORMS[name].of(entry)] = None
    return list(found)


def render(template: str, meaning: Callable[[str], Meaning], note: Callable[[Entry], object]) -> str:
    """The text of `template`.

    `meaning` gives what a name stands for, and `note` hears of each entry that is printed. Raises NotKnown, and
    LedgerError for a typed number, an unknown name or an unknown form.
    """
    jinja, names = compiled(template)
    scope = {name: meaning(name) for name in names}
    for words in scope.values():
        if isinstance(words, str):
            refuse_typed_numbers(words)
    try:
        text = jinja.render({name: _printed(each, note) for name, each in scope.items()})
    except jinja2.TemplateRuntimeError as error:
        raise LedgerError(f"“{template}” cannot be printed: {error.message}.") from None
    return re.sub(r"[ \n]+", " ", text).strip(" ")


def refuse_typed_numbers(template: str) -> None:
    """LedgerError if the template types a number, in its text or inside its markup."""
    prose = MARKUP.sub(lambda markup: " ".join(_QUOTED.findall(markup[0])) or " ", template)
    digits = re.search(r"\d[\d,.]*", prose) or re.search(r"(?<!\w)\d[\d,.]*", template)
    words = filter(is_number_word, re.findall(r"[A-Za-z-]+", prose))
    if typed := digits[0] if digits else next(words, None):
        raise LedgerError(f"The number “{typed}” is typed here. Name the ledger's entry instead.", typed)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question about the most similar of the `known` words, to end a message with; nothing if none is similar."""
    similar = difflib.get_close_matches(word, known, 1)
    return f" Did you mean “{similar[0]}”?" if similar else ""


class _Printed:
    """An entry inside a template: every way to print it notes that it was printed; asking for a condition does not."""

    def __init__(self, entry: Entry, note: Callable[[Entry], object]):
        self._entry, self._note = entry, note

    def __str__(self) -> str:
        return self.text

    def __getattr__(self, name: str) -> Any:
        if name in CONDITIONS:
            return CONDITIONS[name].of(self._entry)
        if name not in FORMS:
            raise AttributeError(name)
        if not self._entry.known:
            raise NotKnown(self._entry.caveat)
        self._note(self._entry)
        try:
            return FORMS[name].of(self._entry)
        except UNFIT:
            raise LedgerError(f"{self._entry.id} cannot be printed in the form “{name}”.", name) from None

    def __eq__(self, other: object) -> bool:
        """Whether both are exact, and the same number."""
        ends = {*self._entry.bounds, *other._entry.bounds} if isinstance(other, _Printed) else ()
        return len(ends) == 1

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: _Printed) -> bool:
        return self._entry.surely_below(other._entry)

    def __gt__(self, other: _Printed) -> bool:
        return other._entry.surely_below(self._entry)


def _printed(meaning: Meaning, note: Callable[[Entry], object]) -> object:
    if isinstance(meaning, Entry):
        return _Printed(meaning, note)
    return meaning if isinstance(meaning, str | bool) else [_Printed(entry, note) for entry in meaning]


def _citations(printed: Iterable[_Printed]) -> str:
    """The sources of several entries, each once."""
    first: dict[str, _Printed] = {}
    for each in printed:
        first.setdefault(each._entry.citation, each)
    return "; ".join(each.citation for each in first.values())


def _counted(printed: _Printed, one: str, several: str = "", in_words: bool = False) -> str:
    """A count with its noun, which agrees with it: "102 deaths", "at least 1 death", "no deaths", "six months"."""
    several = several or f"{one}s"
    if printed.is_zero:
        printed.number  # noted as printed, though in a word  # noqa: B018
        return f"no {several}"
    told = printed.words if in_words else printed.qualified if printed.is_approximate else printed.text
    return f"{told} {_noun(printed, one, several)}"


def _noun(printed: _Printed, one: str, several: str = "") -> str:
    """The noun alone, where the count stands elsewhere."""
    is_one = printed._entry.whole is None and printed._entry.text.split()[-1:] == ["1"]
    return one if is_one else several or f"{one}s"


def _range(ends: Sequence[_Printed], joined: str = " to ", rounded: bool = False) -> str:
    """From the first to the last: "151 to 192"; the one number where they are alike, one limit where an end is open."""
    first, last = ends[0], ends[-1]
    if first == last:
        return first.tally
    if first._entry.is_upper_limit:  # it may be nothing
        return f"at most {last.high}"
    number = attrgetter("rounded" if rounded else "number")
    low = first.low if first._entry.value is None or first._entry.is_minimum else number(first)
    if last._entry.is_minimum or first._entry.is_minimum:
        return f"at least {low}"
    return joined.join(dict.fromkeys((low, last.high if last._entry.value is None else number(last))))


# Plain text (pages escape it), and no way from an entry to the rest of Python: claims come from a table.
_JINJA = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
_JINJA.globals.clear()
_JINJA.filters |= {
    "citations": _citations,
    "counted": _counted,
    "noun": _noun,
    "range": _range,
    "capitalize": lambda text: str(text)[:1].upper() + str(text)[1:],
}


@functools.cache
def compiled(template: str) -> tuple[jinja2.Template, list[str]]:
    """The template, and the names that it needs. LedgerError for wrong syntax, a typed number or an unknown form."""
    refuse_typed_numbers(template)
    try:
        tree = _JINJA.parse(template)
        found = _JINJA.from_string(tree)
    except jinja2.TemplateSyntaxError as error:
        raise LedgerError(f"“{template}” is not a template: {error.message}.") from None
    for form in tree.find_all(nodes.Getattr):
        in_loop = isinstance(form.node, nodes.Name) and form.node.name == "loop"
        known = ("first", "last") if in_loop else (*FORMS, *CONDITIONS)
        if form.attr not in known:
            raise LedgerError(f"There is no form “{form.attr}”.{did_you_mean(form.attr, known)}", form.attr)
    return found, sorted(meta.find_undeclared_variables(tree))
