"""What must never stand in a sentence, headline, label or verdict, whatever the figures are.

Each lint gives what is wrong with the words of one outcome of `support.grid`, as "place: words". They know grammar and
numbers, and the direction that headline, deck and verdict point to; they do not know which figure was changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from support.grid import Outcome

ONE = re.compile(
    r"(?<![\d,.–−-])(?:1|[Oo]ne) (?:[a-z]+ )?"
    r"(deaths|bodies|officers|months|inhabitants|residents|stations|dots)\b(?! per)"
)
MANY = re.compile(
    r"(?<!one in )\b(?:[2-9]|\d\d+|\d{1,3}(?:,\d{3})+) (death|body|officer|month|inhabitant|resident|dot)\b"
)
DAY = re.compile(r"\b(?:[A-Z][a-z]{2,3}\.|March|April|May|June|July) \d{1,2}\b")
NO_COUNT = re.compile(
    r"(?:^|[\s(])(?:−\d[\d,]*|0(?:\.0+)?) (?:deaths?|bod|officers?|residents?|inhabitants?|police|killed)"
)
NOT_A_NUMBER = re.compile(
    r"\b(?:nan|inf|None(?! is| of)|NaN|null)\b|p 0\.00\b|\b100%|(?<![\d.])0%|no limit|not known to|ZeroDiv"
)
DOUBLED = re.compile(r"\b(the the|at at|at least at least|about about|about at least|the at least|of of|a a)\b")
ITSELF = re.compile(r"\b(\d{4}), not \1\b|in (\d{4}) than in \2\b|from (\d\S*) to \3\b|from (\w+) through \4\b")
SUPERLATIVE = re.compile(r"\bdeadliest year\b(?!.*\bsince\b)|\ball-time\b|\bever\b")
RECORD = re.compile(r"\brecord\b")
INTERVAL = re.compile(r"\d–\d")


def number_and_noun_agree(outcome: Outcome) -> Iterator[str]:
    yield from _found(outcome, lambda words: ONE.search(words) or MANY.search(DAY.sub("", words)))


def no_count_of_people_is_negative_or_zero(outcome: Outcome) -> Iterator[str]:
    yield from _found(outcome, NO_COUNT.search)


def nothing_prints_as_no_number(outcome: Outcome) -> Iterator[str]:
    yield from _found(outcome, NOT_A_NUMBER.search)


def no_word_is_doubled(outcome: Outcome) -> Iterator[str]:
    yield from _found(outcome, DOUBLED.search)


def nothing_is_compared_with_itself(outcome: Outcome) -> Iterator[str]:
    yield from _found(outcome, ITSELF.search)


def superlatives_are_bounded(outcome: Outcome) -> Iterator[str]:
    yield from _found(outcome, SUPERLATIVE.search)


def record_is_the_articles_word(outcome: Outcome) -> Iterator[str]:
    """Only the claim itself, its verdict and a sentence that says who calls it so may use the word."""
    for place, words in outcome.said.items():
        said_so = "article" in words or place.startswith("fact-check: record")
        if RECORD.search(words) and not said_so:
            yield f"{place}: {words}"


def open_ends_are_told_of_open_counts_only(outcome: Outcome) -> Iterator[str]:
    """ "Minimum" and "may be higher" stand where a count has no upper limit, and nowhere else."""
    open_ended = outcome.ledger.get("bodies_found_2014h1", {}).get("high", "").upper() == "INF"
    for place, words in outcome.said.items():
        told = place.startswith("extrajudicial-bodies: ") and re.search("minimum|may be higher|fading", words)
        if told and not open_ended:
            yield f"{place}: {words}"


def headline_deck_and_verdict_agree(outcome: Outcome) -> Iterator[str]:
    """Past, above, below or open: what the headline says is what chance and verdict say."""
    headline, deck = (outcome.said.get(f"death-tolls: {part}", "") for part in ("headline", "deck"))
    verdict = outcome.said.get("fact-check: on_track, verdict", "")
    allowed = {
        "had passed": ("holds",),
        "go past": ("holds",),
        "edge past": ("holds with a caveat",),
        "stay below": ("contradicted",),
        "come close to": ("not supported",),
        "leave open": ("not supported",),
    }
    for words, verdicts in allowed.items():
        if words in headline:
            if verdict and verdict not in verdicts:
                yield f"“{headline}” beside “{verdict}”"
            odds = [int(tenths) for tenths in re.findall(r"(\d+)-in-10", deck)]
            if ("past" in words and min(odds, default=10) < 5) or ("below" in words and max(odds, default=0) > 5):
                yield f"“{headline}” beside “{deck}”"
            if words == "had passed" and odds:
                yield f"“{headline}” with a chance: “{deck}”"


def every_interval_says_its_level(outcome: Outcome) -> Iterator[str]:
    """A graphic that prints the two ends of a projection prints its level, too."""
    labels = [words for place, words in outcome.said.items() if place.startswith("death-tolls: label")]
    if any(INTERVAL.search(words) for words in labels) and not any("% range" in words for words in labels):
        yield "death-tolls: an interval without its level"


def what_was_expected_is_told_in_the_past(outcome: Outcome) -> Iterator[str]:
    """The edition's day lies after every figure, so that the year's course is told as seen then."""
    present = re.compile(r"\b(?:are|is) on (?:pace|track)\b|\bwill (?:end|pass|exceed)\b")
    for place, words in outcome.said.items():
        if place.startswith("death-tolls") and present.search(words):
            yield f"{place}: {words}"


def sentences_are_whole(outcome: Outcome) -> Iterator[str]:
    """No space before a full stop, none doubled, none without its first capital, no empty brackets."""
    for place, words in outcome.said.items():
        if re.search(r" [.,;:]|\.\.|\(\)|  |,,|^[.,;]|\{\{|\}\}|\{%", words):
            yield f"{place}: {words}"
        if re.search(r"(headline|deck|note|alt|description)$", place) and re.match("[a-z]", words):
            yield f"{place}: {words}"


LINTS = (
    number_and_noun_agree,
    no_count_of_people_is_negative_or_zero,
    nothing_prints_as_no_number,
    no_word_is_doubled,
    nothing_is_compared_with_itself,
    superlatives_are_bounded,
    record_is_the_articles_word,
    open_ends_are_told_of_open_counts_only,
    headline_deck_and_verdict_agree,
    every_interval_says_its_level,
    what_was_expected_is_told_in_the_past,
    sentences_are_whole,
)


def faults(outcome: Outcome) -> list[str]:
    """What every lint finds in a published outcome."""
    return [f"{lint.__name__}: {fault}" for lint in LINTS for fault in lint(outcome)]


def _found(outcome: Outcome, wrong: Callable[[str], object]) -> Iterator[str]:
    for place, words in outcome.said.items():
        if wrong(words):
            yield f"{place}: {words}"
