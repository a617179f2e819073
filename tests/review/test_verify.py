"""`toll verify` names each published file that a clean rebuild does not give, and its likely cause."""

import shutil
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.desk import RAW, Desk
from support.toy import FIND
from toll.digests import file_sha256
from toll.libraries import version_mismatches
from toll.project import Project
from toll.review import verify
from toll.review.verify import differences

SUMS = "figures/article/SHA256SUMS"


def test_what_a_run_made_is_verified_and_a_changed_table_is_not(toy, capsys):
    for old in (toy.project.chain, *toy.project.notebooks.glob("*.ipynb"), toy.project.editions / "other.yml"):
        old.unlink()
    shutil.copytree(RAW, toy.project.raw)
    (toy.project.notebooks / "parameters.yml").write_text("word: {kind: text, expected: any word}\n")
    count = "rows = len((project.raw / 'figures.csv').read_text().splitlines())"
    write = "(project.processed(edition) / '{0}.csv').write_text(f'{0}\\n{{rows}}\\n')"
    files = ("rows", "copy")
    cells = [FIND, count, *(write.format(name) for name in files)]
    toy.step("count", cells, ["data/raw"], [f"data/processed/{{edition}}/{name}.csv" for name in files])
    assert toy.toll("run").returncode == 0
    (toy.project.processed("article") / "rows.csv").write_text("rows\n7000\n")
    assert verify.verify(toy.project) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-3:] == [
        "data/processed/article/rows.csv differs from a clean rebuild. "
        "Likely cause: someone edited it; everything made from it is as rebuilt.",
        "figures/article/SHA256SUMS: 0 of 0 files match",
        "1 file differs from a clean rebuild.",
    ]


def test_the_copy_of_a_read_only_project_may_be_written(toy, tmp_path):
    made_read_only = (toy.project.notebooks, toy.project.chain)
    for path in made_read_only:
        path.chmod(path.stat().st_mode & ~0o222)
    verify.copy_sources(toy.root, tmp_path / "copy")
    for path in made_read_only:
        path.chmod(path.stat().st_mode | 0o200)
        assert (tmp_path / "copy" / path.relative_to(toy.root)).stat().st_mode & 0o200


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory, pictures):
    """A desk as a clean rebuild gives it."""
    desk = Desk(tmp_path_factory.mktemp("rebuilt") / "desk", *pictures)
    desk.publish()
    desk.share()
    return desk.project


@pytest.fixture
def checkout(rebuilt, tmp_path):
    return Project(shutil.copytree(rebuilt.root, tmp_path / "checkout"))


def swap(old, new):
    def harm(file):
        assert old in file.read_bytes()
        file.write_bytes(file.read_bytes().replace(old, new, 1))

    return harm


def cut(file):
    file.write_bytes(file.read_bytes()[:-20])


NOT_LISTED, AS_REBUILT = "someone edited it; SHA256SUMS lists another file", "everything made from it is as rebuilt"
BROKEN = {
    "PNG": ("figures/article/ferry-social.png", cut, NOT_LISTED),
    "CSV": ("figures/article/ferry.csv", swap(b"2400", b"2500"), NOT_LISTED),
    "SVG": ("figures/article/ferry-desktop.svg", swap(b"2,400", b"2,500"), NOT_LISTED),
    "PDF": ("figures/article/ferry-desktop.pdf", cut, NOT_LISTED),
    "font": ("figures/article/ferry-mobile.svg", swap(b"base64,d09GMg", b"base64,d09GMk"), "another font"),
    "page": ("figures/article/index.html", swap(b"2,400", b"2,500"), NOT_LISTED),
    "front page": ("figures/index.html", swap(b"Graphics for", b"Pictures for"), "it is older than data/raw"),
    "manifest": ("figures/ro-crate-metadata.json", swap(b"article", b"Article"), "it is older than what it describes"),
    "Parquet": ("data/processed/article/ledger.parquet", cut, AS_REBUILT),
    "output": ("notebooks/01-crossings.ipynb", swap(b"2,330", b"2,430"), "someone edited an output or a cell"),
    "findings": ("README.md", swap(b"Fewer", b"More"), "someone edited the part that `toll run` writes"),
    "corrections": ("CORRECTIONS.md", swap(b"Nothing has", b"Much has"), "someone edited the part that `toll run`"),
    "missing": ("figures/article/numbers.csv", Path.unlink, "someone deleted it"),
    "list": (SUMS, swap(b"0", b"1"), "someone edited the list; it is wrong about"),
    "line of the list": (SUMS, lambda file: file.write_text(file.read_text().split("\n", 1)[1]), "edited the list"),
}


def causes(checkout, rebuilt):
    return {each.file: each.cause for each in differences(checkout, rebuilt, ["article"])}


@pytest.mark.parametrize(("name", "harm", "cause"), BROKEN.values(), ids=BROKEN)
def test_each_broken_file_is_named_with_its_cause(checkout, rebuilt, name, harm, cause):
    harm(checkout.root / name)
    found = causes(checkout, rebuilt)
    assert list(found) == [name]
    assert cause in found[name]


def test_several_broken_files_do_not_confuse_each_other(checkout, rebuilt):
    harmed = {name: (harm, cause) for name, harm, cause in BROKEN.values() if name != SUMS}
    for name, (harm, _) in harmed.items():
        harm(checkout.root / name)
    found = causes(checkout, rebuilt)
    assert found.keys() == harmed.keys()
    assert all(cause in found[name] for name, (_, cause) in harmed.items())


def test_an_extra_file_is_named(checkout, rebuilt):
    (checkout.published("article") / "extra.png").write_bytes(b"not ours")
    (found,) = differences(checkout, rebuilt, ["article"])
    assert (found.file, found.what) == ("figures/article/extra.png", "is published, but no run makes it")
    assert "someone put it there" in found.cause


def test_a_repainted_picture_with_a_mended_list_is_not_put_down_to_a_font(checkout, rebuilt):
    picture, sums = checkout.published("article") / "ferry-desktop.png", checkout.root / SUMS
    before = file_sha256(picture)
    cut(picture)
    sums.write_text(sums.read_text().replace(before, file_sha256(picture)))
    cause = causes(checkout, rebuilt)["figures/article/ferry-desktop.png"]
    assert cause == "someone edited it and its line in SHA256SUMS; its SVG is as rebuilt"


@pytest.fixture
def redrawn(rebuilt, tmp_path):
    """A rebuild that gives another picture and, as it would, lists that one."""
    other = Project(shutil.copytree(rebuilt.root, tmp_path / "redrawn"))
    picture, sums = other.published("article") / "ferry-social.png", other.root / SUMS
    before = file_sha256(picture)
    cut(picture)
    sums.write_text(sums.read_text().replace(before, file_sha256(picture)))
    return other


def test_files_made_from_other_sources_are_told_apart_from_edited_ones(checkout, redrawn):
    found = causes(checkout, redrawn)
    assert found.keys() == {"figures/article/ferry-social.png", SUMS}
    assert all("has changed since. Run `toll run`" in cause for cause in found.values())


def test_other_libraries_are_named(checkout, redrawn):
    lock = checkout.lock.read_text()
    checkout.lock.write_text(lock.replace("altair==", "altair==9.").replace("polars==", "polars==8."))
    for cause in causes(checkout, redrawn).values():
        assert "other libraries (altair " in cause and ", not 9." in cause and "polars" in cause


@pytest.mark.parametrize(
    ("ours", "theirs", "cause"),
    [
        ("0.30000000000000004", "0.3", "another Python"),
        ("0.99999999999999989", "1.0", "another Python"),
        ("0.31", "0.3", AS_REBUILT),
        ("0.30000001000000001", "0.3", AS_REBUILT),
    ],
)
def test_numbers_that_differ_in_their_last_digits_are_put_down_to_another_python(
    checkout, rebuilt, tmp_path, ours, theirs, cause
):
    """As sums of decimals did when Python 3.12 came, in an untouched clone."""
    other = Project(shutil.copytree(rebuilt.root, tmp_path / "other"))
    for project, share in ((checkout, ours), (other, theirs)):
        (project.processed("article") / "shares.csv").write_text(f"part,share\na,{share}\n")
        (project.processed("article") / "shares.parquet").write_bytes(f"PAR1{share}".encode())
    found = causes(checkout, other)
    assert found.keys() == {f"data/processed/article/shares.{kind}" for kind in ("csv", "parquet")}
    assert all(cause in each for each in found.values())


def test_the_installed_libraries_are_the_locked_ones():
    assert version_mismatches((ROOT / "requirements.lock").read_text()) == []


def test_a_variation_without_an_edition_file_is_left_out(checkout, rebuilt):
    shutil.copytree(checkout.published("article"), checkout.published("try"))
    assert causes(checkout, rebuilt) == {}
