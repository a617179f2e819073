"""What a fact check may say of a claim. Three questions are kept apart, because one answer does not decide the others.

Do the numbers fit? Is it as the source says? Did it come to pass?
"""

VERDICTS = {
    "adds up": "The numbers fit together. Whether they are right is another question.",
    "does not add up": "The numbers do not fit together.",
    "holds": "The figures known by then support it.",
    "holds with a caveat": "The figures support it, within the limits stated below.",
    "not supported": "The figures that should support it do not.",
    "contradicted": "Other figures say otherwise.",
    "came to pass": "What was expected happened.",
    "did not come to pass": "What was expected did not happen. That does not make the expectation wrong.",
    "cannot be checked": "What it takes to check it was not known by the date of the data.",
}
UNDECIDED = "cannot be checked"
