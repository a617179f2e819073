"""What the quantities of a text look like: patterns, from the parts of a number up to names, dates and figures."""

from __future__ import annotations

import re

from toll.source.date_words import MONTHS, WEEKDAYS
from toll.source.numerals import ABBREVIATIONS, CURRENCIES, ONES, ORDINALS, PARTS, SCALES, TEENS, TENS
from toll.source.quantity import AFTER, BEFORE, COUNTED


def either(*words: str) -> str:
    """A pattern for any of these, the longest first."""
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# --- Numbers ---

BIG = either(*(name for name in SCALES if name not in ("", "percent")))
NOUNS = (  # what can be counted, by its ending
    r"(?:(?:people|men|women|children|staff|troops|personnel|percent|per cent|feet|degrees)\b|"
    rf"(?!(?:was|is|has|as|its|his|this|says|does|us|plus|versus|across)\b)[a-z][a-z-]*s\b|{BIG}\b)"
)
UP = "(?-i:[A-Z])"
SMALL = either(*ONES, *TEENS, rf"{either(*TENS)}(?:[ -]{either(*ONES)}\b)?")
NUMERAL = r"(?:[0-9]{1,3}(?:,[0-9]{2,3})+|[0-9]+|(?=[.][0-9]))(?:[.][0-9]+)?(?![0-9])"
SPELLED = rf"(?:{SMALL}|an?(?= {BIG}\b))(?:[ -]{BIG}\b(?:(?: and)? {SMALL}\b(?![ -]and[ -]a[ -]half))?)*(?![a-z])"
LARGE = rf"(?:[ -]{BIG}\b|(?:bn|mn|tn)\b)"
PERCENTS = r"(?: ?%| per ?cent\b|pc\b)"
SIGN = either(*CURRENCIES.values())
MONEY = rf"{SIGN}{NUMERAL}(?:{either(*ABBREVIATIONS)}\b|{LARGE})?"
PLAIN = (
    rf"(?:(?<!or )minus |[−-](?=[0-9]))?(?:{NUMERAL}[¼½¾]?(?: and a half)?(?:{LARGE}|[mk](?= {NOUNS}))?"
    rf"|half[ -](?:an? )?{BIG}\b|{SPELLED}(?:[ -]and[ -]a[ -]half\b(?:[ -]{BIG}\b)?)?)"
)
AMOUNT = rf"(?:{MONEY}|{PLAIN}{PERCENTS}?)"
YEAR = r"(?:1[0-9]|2[01])[0-9]{2}(?![\w%]|[.,:][0-9]|[–/-][0-9])"
COMPARED = "of|as|more|less|fewer|lower|higher|to|from|are|were|is|was|had|have|in|by|below|above|since|said"
COMPARING = "(?:(?<=by )|(?<=to )|(?<=than )|(?<=about )|(?<=nearly )|(?<=almost )|(?<=only ))"
FRACTION = (
    rf"(?:{either(*ONES)}[ -]{either(*PARTS)}s?|an? (?:half|quarter)|half(?! (?:an? )?{BIG}\b)"
    rf"|an? {either(*PARTS)}(?= (?:{COMPARED})\b)|{COMPARING}an? {either(*PARTS)}(?![\w\s]))(?![\w-])"
)
ORDINAL = rf"[0-9][0-9,]*(?:st|nd|rd|th)(?![a-z])|(?:{either(*TENS)}-)?{either(*ORDINALS)}(?![a-z])"

# --- What is measured, and not counted: “more than 30” miles begins at 30 ---

MEASURES = {
    "years": "years?",
    "months": "months?",
    "weeks": "weeks?",
    "days": "days?",
    "hours": "hours?|hrs?",
    "minutes": "minutes?|mins?",
    "seconds": "seconds?|secs?",
    "percentage points": "percentage points?",
    "kilometers": "kilomet(?:er|re)s?|kms?",
    "meters": "met(?:er|re)s?|m",
    "centimeters": "centimet(?:er|re)s?|cms?",
    "millimeters": "millimet(?:er|re)s?|mm",
    "miles": "miles?",
    "light-years": "light-years?",
    "feet": "feet|foot|ft",
    "inches": "inch(?:es)?",
    "acres": "acres?",
    "hectares": "hectares?|ha",
    "kilograms": "kilograms?|kilos?|kgs?",
    "grams": "grams?|g",
    "milligrams": "milligrams?|mg",
    "tons": "tonnes?|tons?",
    "liters": "lit(?:er|re)s?",
    "gallons": "gallons?",
    "degrees": "degrees?|°?(?-i:[CF])|°",
    "miles an hour": "mph",
    "kilometers an hour": "km/h|kmh|kph",
    "magnitude": "magnitude",
    "megawatts": "megawatts?|mw",
    "US dollars": "dollars?",
    "cents": "cents?|(?-i:c)",
    "pence": "pence|p",
    "euros": "euros?",
    "rupees": "rupees?",
}
MEASURED = compiled(rf"[ ‑-]?(?P<power>square |cubic )?(?P<measure>{either(*MEASURES.values())})(?!\w|-half)")
UNITS = [(compiled(words), unit) for unit, words in MEASURES.items()]
ATTACHED = "(?-i:mph|km/h|kmh|kph|kms?|cms?|mm|m|ft|in|kgs?|mg|g|ha|[KMG]W|p|c|°?[CF]|°)"
ENDS = rf"(?:(?![\w]|[.,:/][0-9])|(?={ATTACHED}(?!\w)))"
AGED = compiled(r"\b(?:aged?|(?:children|people|men|women|those|adults|boys|girls|anyone)(?: aged)?) $")

THE = "(?:(?:the|its|their|his|her|every) )?"

# --- Names with digits, and “one” where it counts nothing ---

ID = r"[A-Z]?-?[0-9]+[A-Za-z]?(?:-[A-Z]\b)?(?![\w%]|[.,][0-9])"
IDS = rf"(?:no\. ?)?{ID}(?:(?:, | and | or | & |[/–-]){ID}(?! {NOUNS}))*(?: of [0-9]+)?(?!{LARGE}|{PERCENTS})"
NUMBERED = (  # things with a number for a name
    "section|article|clause|paragraph|page|chapter|route|flight|category|phase|runway|highway|resolution|grade|mile|"
    "platform"
)
ALSO_NUMBERED = (  # the same, if no noun follows, or with a capital
    "act|annex|apartment|appendix|area|band|battalion|bay|bill|block|box|building|bus|camp|case|cell|channel|circuit|"
    "class|courtroom|day|district|division|dock|door|exit|figure|flat|form|formula|game|gate|group|hall|hole|house|"
    "interstate|junction|lane|lap|level|line|lot|mark|model|motorway|order|part|pier|plot|proposition|reactor|room|"
    "round|rule|schedule|sector|site|stage|street|studio|suite|table|terminal|tier|tower|track|train|type|unit|version|"
    "volume|ward|week|zone"
)
PEOPLES = rf"{UP}\w+(?:an|i|ish|ese)\b"  # the 100th Canadian is counted; the 18th Amendment is a name
AFTER_ONE = (  # words that no noun, but a pronoun, has after it
    "another|who|that|which|to|could|can|should|would|must|might|may|has|had|is|never|always|or|does|will|"
    "thing|such|said|says|knows|needs|wants|way|time|side|hand|for|as|and|but"
)
_NAMES = (
    # addresses and telephone numbers
    r"(?:https?://|www\.|doi:)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\w-]+\.(?:com|org|net|gov|edu)\b\S*",
    r"\(?\+[0-9]{1,3}\)?[ -]?\(?[0-9][0-9 ()-]{5,}[0-9]|\(?0[0-9]{2,4}\)?(?:[ -][0-9]{2,8})+|0[0-9]{5,}",
    r"\(?[0-9]{3}\)?[- ][0-9]{3}-[0-9]{3,4}|555-[0-9]{4}|[0-9]{5}-[0-9]{7}(?:-[0-9])?|1-?800[0-9-]+",
    r"(?:call(?:ed|ing|s)?|dial(?:ed|ing|led)?|helpline|hotline|phone|extension|fax)(?: number| on| at|:|,)* "
    rf"[0-9][0-9 -]*(?<=[0-9])(?!,?[0-9]| {NOUNS})",
    # numbers of things
    rf"{either(*NUMBERED.split('|'))}s? {IDS}|{either(*ALSO_NUMBERED.split('|'))}(?:s|es)? {IDS}(?! {NOUNS})",
    rf"{either(*NUMBERED.split('|'))} {SMALL}\b(?! {NOUNS})",
    rf"{UP}{either(*(name[1:] for name in ALSO_NUMBERED.split('|')))}(?:s|es)? {IDS}",
    r"(?:nos?|nr|vol|pp?)\. ?[0-9]+(?:(?:, | and | to |[-/])[0-9]+)*|#[0-9]+|isbn \S+",
    rf"(?-i:No) [0-9]{{1,2}}(?: to [0-9]+)?(?! {NOUNS})|[.][0-9]{{2,3}}(?:-cal\w*|s)?(?![\w%]| ?per)",
    rf"(?:911|999) (?:call|operator|emergency)|number (?:one|two|[0-9]+)|(?!{YEAR})[0-9]+[’']s\b|[0-9]+ block\b",
    rf"[0-9]+[A-Z]? (?:{UP}[\w’'.]+ )+(?-i:Street|Road|Avenue|Lane|Drive|Boulevard|Terrace|Square|Place|Way|St|Ave)\b",
    # letters and digits in one word, such as an aircraft's
    rf"(?!{SIGN}[0-9])(?!(?:mid|pre|post|early|late|end)-)[a-z]+(?:[.-][a-z]+)*[-‑.]?[0-9](?:[\w/+-]|[.][0-9])*",
    rf"{YEAR} {UP}+[0-9]\w*",
    rf"[0-9]+-{UP}\w+|(?![0-9]+(?:st|nd|rd|th|s|am|pm|pc|(?-i:{'|'.join(ABBREVIATIONS)})|{ATTACHED})\b)[0-9]+[a-z]\w*",
    rf"(?:[0-9]+(?:st|nd|rd|th)|(?-i:{either(*(word.title() for word in ORDINALS))})) (?!{PEOPLES}){UP}[\w-]+",
    # scores, notes, versions
    r"[0-9]{1,2}-[0-9]{1,2}(?:, [0-9]{1,2}-[0-9]{1,2})+|[0-9]+ for [0-9]{1,2}(?! [a-z])|[0-9]+ for [0-9] after",
    r"\[[0-9]+\]|\([0-9]\)|v?[0-9]+(?:\.[0-9]+){2,}|[0-9]+/[0-9]+(?!/)",
    # the pronoun
    r"(?:no|every|each|this|that|which|another|big|new|latest|good|bad|any|right) one(?![\w-])",
    r"one(?:[’']s|-time|-way|-sided|-off|-on-one|-to-one)\b|one by one|one after another|one at a time|one in which",
    r"(?<!for )(?<!in )(?<!than )one day(?![-\w])",
    rf"(?:the|only) one(?![\w-])(?= (?:{AFTER_ONE}|of)\b|[^\w\s]|$)|one[.,;:?!”\"]",
    rf"one,? (?:{AFTER_ONE}|of)\b(?! (?:more|fewer|less|a half)\b| {THE}(?:{NUMERAL}|{SPELLED}))",
)
NAMES = tuple(map(compiled, _NAMES))

SCORE = compiled(r"(?P<first>[0-9]{1,3})[-–](?P<second>[0-9]{1,3})(?![\w%,.]*[0-9%])")
TITLED = re.compile(  # a word with a capital and a number, or a number with a capital
    r"[a-z]?[A-Z][\w’'&.-]* (?P<number>[0-9]{1,4}(?: and [0-9]{1,4})?|[0-9]{1,2}\.[0-9])"
    rf"(?![\w%]|[.,:/–-][0-9]|-[a-z]|{LARGE}| ?%)|{either(*(word.title() for word in (*ONES, *TEENS, *TENS)))}(?!\w)"
)
SENTENCE = re.compile(r"(?:^|[.!?:;—–-])[\s“”\"‘’'(]*$|[“\"‘(]$")  # where a sentence or a quotation begins

# --- Words that give no number to compute with ---

CLOCK = (
    r"[0-9]{1,2}(?:[:.][0-9]{2})? ?(?:a\.m\.?|p\.m\.?|am\b|pm\b|o[’']clock)|"
    r"[0-9]{1,2}(?::[0-9]{2}){1,2}(?:\.[0-9]+)?(?![0-9:])|[0-2][0-9]{3}(?= (?:GMT|UTC|hours|hrs)\b)"
)
SHORT_MONTHS = (rf"{month[:3].title()}[.]?" for month in MONTHS if len(month) > 3)
MONTH = f"(?-i:{either(*(month.title() for month in MONTHS), *SHORT_MONTHS, 'Sept[.]?')})(?![a-z])"
DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?(?![\w%]|[.,:][0-9])"
DAYS = rf"[0-9]{{1,2}} ?(?:[–-]|to|and) ?{DAY}"
_REASONS = {
    "It gives no number to compute with.": (
        r"(?:(?:tens|hundreds|thousands) of )?(?:dozens|hundreds|thousands|lakhs|crores|millions|billions)\b|"
        r"scores of\b|several\b|decades\b|an? (?:few|couple|handful|number of)\b"
    ),
    "It is a time of day.": rf"(?:(?:about|around|nearly|almost) )?(?:{CLOCK})",
    "It is a decade of a century or a life.": (
        r"(?:(?:early|mid|late)[ -])?[0-9]{1,3}0s\b|(?:twen|thir|for|fif|six|seven|eigh|nine)ties\b"
    ),
    "It is a multiple of another number.": (
        r"(?:twice|thrice|(?:re)?doubl(?:ed|ing)|tripl(?:ed|ing)|quadrupled|halv(?:ed|ing))\b"
    ),
    "It names a part, a rank or a beginning.": (
        r"(?:[0-9]+(?:st|nd|rd|th)|first|second|third|fourth|final|last)[ -]"
        r"(?:half|quarter|century|grade|floor|lady|place|name|aid|class|degree|hand|person)\b|"
        rf"first[ -](?:time|ever|rate|few|of all)\b|first(?=[ -](?:{NUMERAL}|{SMALL}\b))"
    ),
    "It is several days. Enter the first and the last.": (
        rf"{MONTH}[–-]{MONTH}|{MONTH} {DAYS}(?! {UP})|(?:between )?{DAYS} {MONTH}"
    ),
    "It is several years. Enter the first and the last.": r"(?:1[5-9]|20)[0-9]{2}[/–-](?:[0-9]{2}){1,2}(?![\w-])",
    "It does not say which is the day and which the month.": r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}",
}

LEFT_OUT = {why: compiled(pattern) for why, pattern in _REASONS.items()}

# --- Dates ---

WEEKDAY = f"(?-i:{either(*(day.title() for day in WEEKDAYS))})"
_DATES = (
    rf"(?:{WEEKDAY},? )?(?:{MONTH} {DAY}(?:,? {YEAR})?|{DAY}(?: of)? {MONTH}(?:,? {YEAR})?)",
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-[0-3][0-9](?![\w-])",
    rf"{MONTH},? {YEAR}|{WEEKDAY}\b|past year(?![\w-])",
)
DATES = tuple(map(compiled, _DATES))
MONTH_ALONE = compiled(rf"(?-i:{either(*(month.title() for month in MONTHS))})(?![\w-])")
YEAR_ALONE = compiled(YEAR)
TIMES = r"in|since|of|by|until|till|from|last|this|next|early|late|every|and|to|through|during|before|after|between|mid"
BEFORE_MONTH = compiled(rf"\b(?:{TIMES})[ -]$")
BEFORE_YEAR = compiled(
    r"(?:\b(?:in|since|during|until|till|the|early|late|mid|fiscal)|[’']s|\b(?:1[5-9]|20)[0-9]{2}(?:,| and| or| to))"
    r"[ -]$"
)

# --- Figures ---

EITHER = f"(?:{FRACTION}|{AMOUNT})"
QUALIFIER = f"(?P<before>{either(*BEFORE)} )?"
LOW = rf"(?:{AMOUNT}(?<!%)(?<!cent)|{AMOUNT}(?=[^a-z0-9]*(?:to |or )?{NUMERAL}{PERCENTS}))"  # not 4% to 5, but 4% to 5%
_FIGURES = (
    rf"(?:one|1){COUNTED} (?:for every|for each|per(?! cent)) {AMOUNT}{ENDS}|{NUMERAL}:1(?![0-9:])",
    rf"{QUALIFIER}(?P<share>{PLAIN} in (?:every )?{PLAIN}|one [a-z]+ in (?:every )?(?!{YEAR}){PLAIN}(?! {NOUNS}))"
    rf"{ENDS}(?!{MEASURED.pattern})",
    rf"{PLAIN} (?:out of|of) {THE}{PLAIN}{ENDS}(?!{LARGE}|{PERCENTS})",
    rf"{QUALIFIER}between (?!{YEAR} and {YEAR}(?! {NOUNS})){EITHER} and {EITHER}{ENDS}",
    rf"{QUALIFIER}(?P<low>{LOW})(?: to | or | ?[–-] ?){AMOUNT}{ENDS}",
    rf"{QUALIFIER}(?P<fraction>{FRACTION}(?: (?:to|or) {FRACTION})?)",
    rf"{QUALIFIER}{AMOUNT}(?:(?: {either(*AFTER)}|-plus)\b|\+)?{ENDS}",
)
FIGURES = tuple(map(compiled, _FIGURES))
SPAN = compiled(r" ?\S*[- ](?:hours?|days?|weeks?|months?|years?|decades?)\b")
LASTS = compiled(r"\b(?:for|in|of|after|takes?|took|lasted|lasting|just|well|a|been|spent|served) $")
CHANGES = compiled(
    r"\b(?:rise|rose|grow|grew|increas|f[ae]ll|drop|declin|up|down|cut|jump|climb|went|slip|rais|chang|plung|surg|shrank)"
    r"\w*(?: [\w’'-]+){0,6} from $|\b(?:rose|fell|grew|climbed|jumped|slipped|dropped|gained|up|down)(?: by)? $"
)
SCORES = compiled(
    r"\b(?:won|wins?|lost|los[es]|beat\w*|defeat\w*|drew|draws?|victory|scor\w+|le[ad]d?|vot\w+|match)\b"
    r"(?: [\w’'-]+){0,4} $"
)
OPENER = compiled(
    r"(?:in|on|at|by|of|to|for|from|since|until|after|before|during|between|with|and|but|or|about|around|some|over|under|"
    r"above|below|beyond|circa|maximum|minimum|"
    r"only|just|all|another|other|these|those|the|its|his|her|their|our|almost|up|more|another|least|than|as|if|when|"
    r"while|where|that|this|perhaps|maybe|even|still|then|now|today|including|add|a|an|each|every|no|not|so|yet|last|next|"
    r"per|like|within|among|following|because|although|though|once|there|it|he|she|they|we|you|i|who|which|\w+ly|"
    r"\w+ing) "
)
NOUN = compiled(f" {NOUNS}")
PERCENTAGE = compiled(f"{PERCENTS}$")
ARTICLE = compiled(r"(?:\b(?:the|a|an|his|her|its|their|our|my|your|only|every|this|that)|[’']s|s[’'])(?: \w+ly)? $")
MONTH_OR_DAY = re.compile(rf"(?:{MONTH}|{WEEKDAY}|{SIGN})(?![a-z])", re.IGNORECASE)
JOINED = compiled(r"-(?!\w+est\b|most|year|day|ever)")  # a first-class ticket
ORDINALS_ALONE = compiled(ORDINAL)

# --- Where a look at the text begins, and what is passed over where nothing can be read ---

START = re.compile(r"(?<![\w.])[.](?=[0-9])|(?<![^\W_])[^\W_]|[$£€₹₨¥#\[(+](?=[0-9])|(?<![^\s(])[−-](?=[0-9])")
REST = re.compile(r"[0-9][\w.,:/-]*\w|\w+|.")
