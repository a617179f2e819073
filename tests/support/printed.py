"""Shared by tests."""

import re
import xml.etree.ElementTree as ET

from text_to_num import alpha2digit

from support.checkout import ROOT
from toll.ledger.words import FORMS

PROCESSED, PUBLISHED = ROOT / "data/processed/article", ROOT / "figures/article"


NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def numbers(text):
    """Numbers of a text, in digits: number words above three are turned into digits first."""
    return set(NUMBER.findall(" ".join(alpha2digit(word, "en") for word in text.split())))


def forms(entry):
    """Every way in which an entry can be printed."""
    found = {entry.text}
    for form in FORMS.values():
        try:
            found.add(str(form.of(entry)))
        except (AttributeError, TypeError, ValueError):
            continue
    return found


def drawn_texts(svg):
    return ["".join(text.itertext()) for text in ET.parse(svg).iter("{http://www.w3.org/2000/svg}text")]
