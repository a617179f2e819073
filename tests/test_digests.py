"""Digests, JSON and zips are the same on every machine, and other tools read them."""

import hashlib
import io
import json
import os
import subprocess
import time
import zipfile

import pytest

from toll import digests

FILES = {"b/two.txt": b"two", "a.txt": "eins – één".encode()}


def test_a_file_has_the_digest_of_its_content(tmp_path):
    (tmp_path / "file").write_bytes(b"content" * 100_000)
    assert digests.file_sha256(tmp_path / "file") == digests.sha256(b"content" * 100_000)
    assert digests.sha256(b"content") == hashlib.sha256(b"content").hexdigest()
    assert digests.sha256(b"content").startswith(digests.short(b"content"))


def test_json_keeps_the_order_of_keys_unless_told_to_sort():
    content = {"b": "‘one’ – é", "a": [1, 2.5, None, True]}
    assert json.loads(digests.canonical_json(content)) == content
    assert digests.canonical_json(content) != digests.canonical_json(dict(sorted(content.items())))
    assert digests.canonical_json(content, sort_keys=True) == digests.canonical_json(dict(sorted(content.items())))
    assert "‘one’ – é".encode() in digests.canonical_json(content)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_refuses_numbers_that_other_programs_cannot_read(number):
    with pytest.raises(ValueError):
        digests.canonical_json({"number": number})


def test_a_zip_holds_its_files_and_does_not_depend_on_time_zone_or_order(monkeypatch):
    before = digests.zipped(FILES)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert digests.zipped(dict(reversed(FILES.items()))) == before
    monkeypatch.undo()
    time.tzset()
    with zipfile.ZipFile(io.BytesIO(before)) as bundle:
        assert {name: bundle.read(name) for name in bundle.namelist()} == FILES
        assert bundle.namelist() == sorted(FILES)


def test_sha256sum_checks_a_list_and_it_reads_back(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    listed = {name: digests.sha256(content) for name, content in FILES.items()}
    (tmp_path / "SHA256SUMS").write_bytes(digests.sums(listed))
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True, env=dict(os.environ))
    assert digests.read_sums(tmp_path / "SHA256SUMS") == listed
    assert digests.read_sums(tmp_path / "missing") == {}
