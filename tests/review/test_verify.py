"""`toll verify` names each published file that a clean rebuild does not give, and why it probably does not."""

import argparse
import json
import shutil
from pathlib import Path

import pytest

from support.checkout import ROOT
from toll.project import Project
from toll.review import verify
from toll.review.verify import differences

SUMS = "figures/article/SHA256SUMS"


def copied(folder):
    for name in ("data", "editions", "figures", "notebooks", "words"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("README.md", "CORRECTIONS.md", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    return Project(folder)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """What a clean rebuild gives: by the first test, the published files."""
    return copied(tmp_path_factory.mktemp("rebuilt"))


@pytest.fixture
def checkout(tmp_path):
    return copied(tmp_path / "checkout")


def test_what_is_committed_is_verified_and_a_changed_table_is_not(checkout, capsys):
    ledger = checkout.processed("article") / "ledger.csv"
    ledger.write_text(ledger.read_text().replace("27000.0,26500.0", "28000.0,26500.0"))
    assert verify.verify(checkout, argparse.Namespace()) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "Likely cause" in line] == [
        "data/processed/article/ledger.csv: differs from a clean rebuild. "
        "Likely cause: edited by hand: all that rests on it is as rebuilt."
    ]
    assert any("files match" in line for line in said) and said[-1] == "1 differences"


def swap(old, new):
    return lambda file: file.write_bytes(file.read_bytes().replace(old, new, 1))


def cut(file):
    file.write_bytes(file.read_bytes()[:-20])


def retype_output(file):
    notebook = json.loads(file.read_text())
    shown = next(
        output["data"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    )
    shown["text/markdown"] = ["Ten times as many."]
    file.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


BY_HAND, NOT_LISTED = "edited by hand: all that rests on it", "edited by hand: it is not the file of SHA256SUMS"
BROKEN = {
    "PNG": ("figures/article/staffing-social.png", cut, NOT_LISTED),
    "CSV": ("figures/article/staffing.csv", swap(b"27000", b"28000"), NOT_LISTED),
    "SVG": ("figures/article/staffing-desktop.svg", swap(b"27,000", b"28,000"), NOT_LISTED),
    "PDF": ("figures/article/staffing-desktop.pdf", cut, NOT_LISTED),
    "font": ("figures/article/staffing-mobile.svg", swap(b"base64,d09GMg", b"base64,d09GMk"), "another font"),
    "page": ("figures/article/index.html", swap(b"27,000", b"28,000"), NOT_LISTED),
    "front page": (
        "figures/index.html",
        swap(b"Graphics for", b"Pictures for"),
        "edited by hand, or older than data/raw",
    ),
    "Parquet": ("data/processed/article/ledger.parquet", cut, BY_HAND),
    "output": ("notebooks/04-staffing.ipynb", retype_output, "an output or a cell's number was edited by hand"),
    "findings": ("README.md", swap(b"170 by", b"180 by"), "the part that toll run writes was edited by hand"),
    "corrections": ("CORRECTIONS.md", swap(b"No figure", b"One figure"), "the part that toll run writes was edited"),
    "missing": ("figures/article/numbers.csv", Path.unlink, "it was deleted"),
    "list": (SUMS, swap(b"0", b"1"), "the list was edited by hand"),
    "line of the list": (SUMS, lambda file: file.write_text(file.read_text().split("\n", 1)[1]), "the list was edited"),
}


@pytest.mark.parametrize(("name", "harm", "cause"), BROKEN.values(), ids=BROKEN)
def test_each_broken_file_is_named_with_its_cause(checkout, rebuilt, name, harm, cause):
    harm(checkout.root / name)
    (found,) = differences(checkout, rebuilt, ["article"])
    assert found.file == name
    assert cause in found.cause


def test_several_broken_files_do_not_confuse_each_other(checkout, rebuilt):
    harmed = {name: cause for name, _, cause in BROKEN.values() if name != SUMS}
    for name, harm, _ in BROKEN.values():
        if name != SUMS:
            harm(checkout.root / name)
    found = {each.file: each.cause for each in differences(checkout, rebuilt, ["article"])}
    assert found.keys() == harmed.keys()
    assert all(harmed[name] in found[name] for name in harmed)


def test_an_extra_file_is_named(checkout, rebuilt):
    (checkout.published("article") / "extra.png").write_bytes(b"not ours")
    (found,) = differences(checkout, rebuilt, ["article"])
    assert (found.file, found.what) == ("figures/article/extra.png", "is published, but no run makes it")
    assert "put there by hand" in found.cause


def stale(rebuilt, folder):
    """A rebuild that gives another picture and, as it would, lists that one."""
    other = copied(folder)
    picture = other.published("article") / "staffing-social.png"
    before, _ = verify._digest(picture), cut(picture)
    sums = other.published("article") / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(before, verify._digest(picture)))
    return other


def test_what_was_published_from_other_sources_says_so(checkout, rebuilt, tmp_path):
    found = {each.file: each.cause for each in differences(checkout, stale(rebuilt, tmp_path / "new"), ["article"])}
    assert found.keys() == {"figures/article/staffing-social.png", SUMS}
    assert all("changed since they were published" in cause for cause in found.values())


def test_other_libraries_are_named(checkout, rebuilt, tmp_path):
    lock = checkout.lock.read_text()
    checkout.lock.write_text(lock.replace("altair==", "altair==9.").replace("polars==", "polars==8."))
    for each in differences(checkout, stale(rebuilt, tmp_path / "new"), ["article"]):
        assert "other libraries (altair " in each.cause and ", locked 9." in each.cause and "polars" in each.cause


def test_the_installed_libraries_are_the_locked_ones():
    assert verify._other_libraries(Project(ROOT)) == ""


def test_a_variation_without_an_edition_file_is_left_out(tmp_path):
    for root in (tmp_path / "ours", tmp_path / "theirs"):
        (root / "figures/article").mkdir(parents=True)
        (root / "figures/article/a.svg").write_text("a")
    (tmp_path / "ours/figures/try").mkdir()
    (tmp_path / "ours/figures/try/a.svg").write_text("b")
    assert list(differences(Project(tmp_path / "ours"), Project(tmp_path / "theirs"), ["article"])) == []
