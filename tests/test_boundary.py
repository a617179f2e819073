"""The library knows no story: put another in its place, and no file of src/ changes."""

import re

from support.checkout import ROOT

STORY = re.compile(
    r"karachi|pakistan|sindh|police|officers?\b|inhabitants?\b|\bbodies\b|\bged_|dispersion_clustered|toll of",
    re.IGNORECASE,
)
TEXTS = {".py", ".j2", ".js", ".css", ".yml"}


def test_no_file_of_the_library_names_the_story():
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in sorted((ROOT / "src").rglob("*"))
        if file.suffix in TEXTS
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if STORY.search(line)
    ]
    assert not found, "\n".join(found)
