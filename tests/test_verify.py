"""`toll verify` names each published file that a clean rebuild does not give."""

import argparse
import shutil
from pathlib import Path

import pytest

from toll.paths import Project
from toll.review import verify

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("data", "editions", "figures", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("README.md", "CORRECTIONS.md", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    return Project(folder)


def found(checkout, capsys):
    code = verify.verify(checkout, argparse.Namespace())
    return code, [line for line in capsys.readouterr().out.splitlines() if ": " in line]


def test_what_is_committed_is_verified(checkout, capsys):
    assert found(checkout, capsys) == (0, [])


def test_each_difference_is_named(checkout, capsys):
    edited = checkout.published("article") / "staffing.csv"
    edited.write_text(edited.read_text().replace("27000", "28000"))
    (checkout.published("article") / "extra.png").write_bytes(b"not ours")
    (checkout.processed("article") / "ledger.csv").unlink()
    code, lines = found(checkout, capsys)
    assert code == 1
    assert [line.split(": ") for line in lines] == [
        ["data/processed/article/ledger.csv", "is missing from what is published"],
        ["figures/article/extra.png", "is published, but no run makes it"],
        [
            "figures/article/staffing.csv",
            "differs from a clean rebuild (edited by hand, or made by other code or libraries)",
        ],
    ]


def test_a_variation_without_an_edition_file_is_left_out(checkout, tmp_path):
    for root in (tmp_path / "ours", tmp_path / "theirs"):
        (root / "figures/article").mkdir(parents=True)
        (root / "figures/article/a.svg").write_text("a")
    (tmp_path / "ours/figures/try").mkdir()
    (tmp_path / "ours/figures/try/a.svg").write_text("b")
    assert list(verify.differences(tmp_path / "ours", tmp_path / "theirs", ["article"])) == []
