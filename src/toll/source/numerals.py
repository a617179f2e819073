"""Numerals and number words as exact decimals: "1,524", "two dozen", "5 crore", "33%", "a third"."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from text_to_num import alpha2digit

from toll.problems import quoted

SHARE = "share"
PERCENT = "percent"  # the unit of what may pass the whole: prices rose 150 percent
CURRENCIES = {
    "US dollars": r"(?:us)?\$ ?|usd ?",
    "euros": "€ ?|eur ?",
    "pounds": "£ ?|gbp ?",
    "Australian dollars": r"au?\$ ?",
    "Canadian dollars": r"c(?:an)?\$ ?",
    "New Zealand dollars": r"nz\$ ?",
    "yen": "¥ ?",
    "rupees": r"[₨₹] ?|rs\.? ?|pkr ?|inr ?",
}
LARGEST = Decimal(2**53)  # beyond this a float no longer holds every whole number
FRACTION_WITHIN = Decimal("0.05")  # how far from "a third" a number may be that is said to be about a third

SCALES = {
    "": Decimal(1),
    "percent": Decimal("0.01"),
    "dozen": Decimal(12),
    "hundred": Decimal(100),
    "thousand": Decimal(1_000),
    "lakh": Decimal(100_000),
    "million": Decimal(1_000_000),
    "crore": Decimal(10_000_000),
    "billion": Decimal(1_000_000_000),
    "trillion": Decimal(1_000_000_000_000),
    "lakh crore": Decimal(1_000_000_000_000),
}
ABBREVIATIONS = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "tn": "trillion"}
_ABBREVIATED = re.compile(rf"(?<=[0-9])({'|'.join(ABBREVIATIONS)})$")
UNKNOWN_TO_TEXT2NUM = ("percent", "dozen", "lakh", "crore", "trillion")
_PERCENT = re.compile(r"(?: ?%| per ?cent|(?<=[0-9])pc)$")
_VAGUE = re.compile(r"(?:dozens|scores|hundreds|thousands|lakhs|crores|millions|billions|several|a few|a couple)\b")
_HALF_A = re.compile(r"^half[ -](?:an? )?(?=[a-z]+$)")
_AND_A_HALF = re.compile(r"^(.+?)(?:[ -]and[ -]a[ -]half|(?=[¼½¾]))(?P<sign>[¼½¾]?)(?=[ -]|$)")
_SIGNS = {"": ".5", "¼": ".25", "½": ".5", "¾": ".75"}
_WESTERN = r"[1-9][0-9]{0,2}(?:,[0-9]{3})+"
_INDIAN = r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"  # 1,00,000 is a lakh
_NUMERAL = re.compile(rf"(?:0|[1-9][0-9]*|{_WESTERN}|{_INDIAN})(?:\.[0-9]+)?")
PARTS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
_FRACTION = re.compile(rf"(?:(?P<count>[a-z]+)[ -])?(?P<part>half|(?:{'|'.join(PARTS)})(?P<plural>s?))")
ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "zero",
    "ten",
    "eleven",
    "twelve",
    *(f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine")),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", *(f"{word}th" for word in TEENS[4:])),
    *(f"{word[:-1]}ieth" for word in TENS),
    *("hundredth", "thousandth", "millionth"),
)
_NUMBER_WORDS = {*ONES[2:], *TEENS, *TENS, *ORDINALS[2:], *(name for name in SCALES if name not in ("", PERCENT))}
_ORDINAL = re.compile(r"(?P<numeral>[0-9][0-9,]*)(?P<suffix>st|nd|rd|th)")


class Numeral(NamedTuple):
    """A number, and the unit of the last digit its source meant: 100 for 4,500, 12 for "two dozen"."""

    value: Decimal
    step: Decimal


def scale(words: str) -> Decimal:
    """What the number is multiplied by that these words begin with: a million in "2 million"."""
    return SCALES.get(_PERCENT.sub(" percent", words).rpartition(" ")[2], Decimal(1))


def read(words: str, unit: str = "") -> Numeral:
    """The number that the words, in lower case, give. ValueError, with a sentence, where they give none."""
    if found := _VAGUE.search(words):
        hint = "Enter it when a source gives a number, such as at least 200."
        raise ValueError(f"{quoted(found[0])} gives no number to compute with. {hint}")
    if fraction := _fraction(words):
        if unit != SHARE:
            raise ValueError(f"{quoted(words)} is a share, so its unit is “{SHARE}”, not “{unit or 'none'}”.")
        return Numeral(fraction, 2 * FRACTION_WITHIN)
    words = re.sub("^[.](?=[0-9])", "0.", words)
    if words.startswith("minus "):
        below = read(words.removeprefix("minus "), unit)
        return Numeral(-below.value, below.step)
    words = _PERCENT.sub(
        "" if unit == PERCENT else " percent",
        re.sub(f"^(?:{CURRENCIES[unit]})" if unit in CURRENCIES else "^", "", words),
    )
    words = _ABBREVIATED.sub(lambda short: f" {ABBREVIATIONS[short[0]]}", words)
    words = _AND_A_HALF.sub(lambda mixed: f"{digits(mixed[1])}{_SIGNS[mixed['sign']]}", _HALF_A.sub("0.5 ", words))
    words = re.sub("^an? ", "one ", re.sub("(?<=[0-9])-(?=[a-z])", " ", words))
    if words[:1].isascii() and words[:1].isdigit():
        numeral, _, named = words.partition(" ")
    else:
        numeral, _, named = words.rpartition(" ")
        if named in UNKNOWN_TO_TEXT2NUM:
            numeral = digits(numeral)
        else:
            numeral, named = digits(words), ""
    if named not in SCALES or not re.fullmatch("[0-9.,]+", numeral) or (named == "percent" and unit != SHARE):
        raise ValueError(f"{quoted(words)} cannot be read as a number.")
    if not named and re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", numeral):
        raise ValueError(
            f"{quoted(words)} has a point before exactly three digits. Write {numeral.replace('.', ',')} if it groups "
            f"thousands, or {numeral}0 if it is a decimal point."
        )
    value = decimal(numeral) * SCALES[named]
    if value > LARGEST:
        raise ValueError(f"{quoted(words)} is larger than any number that can be kept exactly.")
    return Numeral(value, _step(numeral) * SCALES[named])


def ordinal(words: str) -> Decimal | None:
    """The number of an ordinal, "102nd" or "sixtieth"; None if the words are none. ValueError for a wrong ending."""
    stem = "sixty" if words == "sixtieth" else words  # the one that text2num does not know
    found = _ORDINAL.fullmatch(digits(stem) + ("th" if stem != words else ""))
    if not found:
        return None
    value, suffix = decimal(found["numeral"]), found["suffix"]
    teens = 10 <= value % 100 <= 20
    if suffix != ("th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(int(value % 10), "th")):
        raise ValueError(f"{found[0]} does not end as an ordinal does. Write 1st, 2nd, 3rd or 4th.")
    if not value:
        raise ValueError(f"{found[0]} is the number of no event. Ordinals begin with 1st.")
    return value


def decimal(numeral: str) -> Decimal:
    """Digits with commas and a point as a number. ValueError where they are not written as one."""
    if not _NUMERAL.fullmatch(numeral):
        raise ValueError(
            f"{quoted(numeral)} is not written as a number. Put a comma before each group of three digits (or as in "
            "1,00,000 for a lakh), or none at all, a point before decimals, and no zero in front."
        )
    return Decimal(numeral.replace(",", ""))


def digits(words: str) -> str:
    """Number words as digits: "one hundred" → "100", "twenty-first" → "21st"."""
    return alpha2digit(words, "en", threshold=0)


def is_number_word(word: str) -> bool:
    """Whether a word alone is a number. One and two, first and second are not: they may count nothing."""
    return any(part in _NUMBER_WORDS for part in word.lower().split("-"))


def _fraction(words: str) -> Decimal | None:
    """A part of one: "a third", "half", "two-fifths", "one in eight". None for any other words, such as "third"."""
    part, _, whole = (digits(words) if " in " in words else "").replace("in every ", "in ").partition(" in ")
    part, whole = re.sub("^1 [a-z]+$", "1", part), whole.replace(",", "")  # “one person in eight”
    if part.isdigit() and whole.isdigit() and int(part) <= int(whole) > 0:
        return Decimal(int(part)) / int(whole)
    found = _FRACTION.fullmatch(words)
    if not found or (found["part"] != "half" and not found["count"]):
        return None
    count = digits("one" if found["count"] in (None, "a", "an") else found["count"])
    parts = PARTS[found["part"].removesuffix("s")]
    if not count.isdigit() or not 0 < int(count) <= parts or (int(count) > 1) != bool(found["plural"]):
        return None
    return Decimal(int(count)) / parts


def _step(numeral: str) -> Decimal:
    """The unit of the last digit that says something: 100 for 4,500, 0.1 for 2.5."""
    whole, _, decimals = numeral.replace(",", "").partition(".")
    zeros = len(whole) - len(whole.rstrip("0")) if whole.strip("0") else 0
    return Decimal(10) ** (-len(decimals) if decimals else zeros)
