"""`toll sign` with certificates made here: what it writes, what it refuses, and what its check notices."""

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pikepdf
import pytest
from PIL import Image, ImageChops

from toll.cli import main
from toll.digests import file_sha256
from toll.pages import crate

pytest.importorskip("c2pa", reason="the extra sign is not installed")
import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from support.desk import FURNITURE, Desk

NAMES = ("ferry-social.png", "ferry-mobile.svg", "ferry-print-85mm-cmyk.pdf")
DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/dataDrivenMedia"
NOW = datetime.now(UTC)
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Authority:
    """A root certificate that issues certificates to sign documents with."""

    def __init__(self, folder, name):
        self.folder, self.name, self.key = folder, name, ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.issue(self.key.public_key(), name, (-3650, 3650), {"key_cert_sign", "crl_sign"}, None)
        self.pem = folder / f"{name}.pem"
        self.pem.write_bytes(pem(self.certificate))

    def issue(self, public, common_name, days, usages, purpose):
        newsroom = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "The Newsroom")
        subject, issuer = (
            x509.Name([newsroom, x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (common_name, self.name)
        )
        begin, end = (NOW + timedelta(days=number) for number in days)
        identity = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(purpose is None, None), critical=True)
            .add_extension(x509.KeyUsage(**{usage: usage in usages for usage in USAGES}), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(identity, critical=False)
        )
        if purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def pair(self, name, key=None, days=(-1, 365), purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION):
        """Options of `toll sign` for a new certificate, its chain and key."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        leaf = self.issue(key.public_key(), name, days, {"digital_signature"}, purpose)
        chain, secret = self.folder / f"{name}-chain.pem", self.folder / f"{name}-key.pem"
        chain.write_bytes(pem(leaf) + pem(self.certificate))
        private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        secret.write_bytes(key.private_bytes(*private))
        return ["--certificate", chain, "--key", secret]


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def toll(project, *arguments):
    """`toll sign` in a project: its exit code, and what it said."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(project), redirect_stdout(out), redirect_stderr(err):
        code = main(["sign", *map(str, arguments)])
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture(scope="module")
def project(tmp_path_factory, pictures):
    """A project that has published one graphic, of which three files are to be signed."""
    desk = Desk(tmp_path_factory.mktemp("sign") / "desk", *pictures)
    index = desk.publish() / "gallery.json"
    desk.share()
    content = json.loads(index.read_text())
    [graphic] = content["graphics"]
    graphic["pictures"] = [picture for picture in graphic["pictures"] if picture["name"] in NAMES]
    index.write_text(json.dumps(content))
    return desk.project.root


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "Root")


@pytest.fixture(scope="module")
def signed_once(project, authority, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "signed"
    done = toll(project, "article", "--out", out, *authority.pair("Graphics desk"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"3 files in {out}, signed by CN=Graphics desk,O=The Newsroom.\n"
    return out


@pytest.fixture
def signed(signed_once, tmp_path):
    return Path(shutil.copytree(signed_once, tmp_path / "signed"))


def manifest(file):
    kind = crate.MEDIA_TYPES[file.suffix]
    with c2pa.Reader(kind, io.BytesIO(file.read_bytes())) as reader:
        told = json.loads(reader.json())
    own = told["manifests"][told["active_manifest"]]
    return own, {assertion["label"]: assertion["data"] for assertion in own["assertions"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_credentials_say_what_the_picture_is_and_what_it_was_made_from(project, signed, name):
    own, assertions = manifest(signed / name)
    [action] = assertions["c2pa.actions.v2"]["actions"]
    provenance, words = assertions["toll.provenance"], assertions["cawg.metadata"]
    assert action["digitalSourceType"] == DIGITAL_SOURCE
    assert own["title"] == words["dc:title"] == "Fewer crossings are left for the rest"
    assert words["Iptc4xmpCore:AltTextAccessibility"] == FURNITURE.alt
    assert (provenance["edition"], provenance["as_of"]) == ("article", "2031-06-30")
    assert provenance["published_sha256"] == file_sha256(project / "figures/article" / name)
    raw = file_sha256(project / "data/raw/figures.csv")
    assert {"name": "data/raw/figures.csv", "sha256": raw} in provenance["inputs"]
    assert "time" not in own["signature_info"]


def test_the_pictures_look_as_before(project, signed):
    published = project / "figures/article"
    before, after = (Image.open(folder / NAMES[0]).convert("RGB") for folder in (published, signed))
    assert ImageChops.difference(before, after).getbbox() is None
    drawing = (published / NAMES[1]).read_text().split("</metadata>")[-1]
    assert (signed / NAMES[1]).read_text().endswith(drawing)
    with pikepdf.open(published / NAMES[2]) as before, pikepdf.open(signed / NAMES[2]) as after:
        assert before.pages[0].Contents.read_bytes() == after.pages[0].Contents.read_bytes()


def test_only_the_folder_that_was_asked_for_is_written(project, authority, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    toll(project, "--out", tmp_path / "out", *authority.pair("Desk"))
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(NAMES)


def test_the_check_says_who_signed_and_that_nothing_changed(project, authority, signed):
    done = toll(project, "--check", signed, "--trust", authority.pem)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{name}: unchanged, signed by Graphics desk of The Newsroom" for name in sorted(NAMES)
    ]
    careless = toll(project, "--check", signed)
    assert careless.returncode == 0
    assert "Add --trust ROOT.pem" in careless.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_byte_is_noticed(project, authority, signed, name):
    content = bytearray((signed / name).read_bytes())
    if name.endswith("svg"):
        content = content.replace(b"A report", b"No report", 1)
    else:
        content[-40 if name.endswith("png") else content.index(b"stream\n") + 20] ^= 1
    (signed / name).write_bytes(content)
    done = toll(project, "--check", signed, "--trust", authority.pem)
    assert done.returncode == 1
    assert f"{name}: CHANGED since Graphics desk of The Newsroom signed it" in done.stdout.splitlines()
    assert done.stdout.count(": unchanged") == 2


def test_what_is_not_signed_is_named(project, authority, signed):
    shutil.copy(project / "figures/article/ferry-square.png", signed)
    (signed / "cut.png").write_bytes((signed / NAMES[0]).read_bytes()[:200])
    done = toll(project, "--check", signed, "--trust", authority.pem)
    assert done.returncode == 1
    assert "ferry-square.png: not signed" in done.stdout
    assert "cut.png: unchanged" not in done.stdout


def test_a_signer_for_whom_no_root_vouches_is_named(project, signed, tmp_path):
    other = Authority(tmp_path, "Another root")
    done = toll(project, "--check", signed, "--trust", other.pem)
    assert done.returncode == 1
    assert f"unchanged, but {other.pem} does not vouch for its signer, Graphics desk of The Newsroom" in done.stdout


@pytest.mark.parametrize(
    "make",
    [
        lambda: ec.generate_private_key(ec.SECP384R1()),
        lambda: rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate,
    ],
    ids=["P-384", "RSA", "Ed25519"],
)
def test_other_kinds_of_key_sign_too(project, authority, tmp_path, make):
    assert toll(project, "--out", tmp_path / "out", *authority.pair("Desk", make())).returncode == 0
    assert toll(project, "--check", tmp_path / "out", "--trust", authority.pem).returncode == 0


def wrong_key(authority):
    return [*authority.pair("One")[:2], *authority.pair("Two")[2:]]


def damaged(option):
    def options(authority):
        pair = authority.pair("Damaged")
        Path(pair[pair.index(option) + 1]).write_text("not PEM")
        return pair

    return options


def locked(authority):
    key = ec.generate_private_key(ec.SECP256R1())
    pair = authority.pair("Locked", key)
    secret = serialization.BestAvailableEncryption(b"secret")
    pair[3].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    return pair


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (wrong_key, "The key belongs to another certificate"),
        (lambda authority: authority.pair("Late", days=(-30, -1)), "The certificate is valid from"),
        (lambda authority: authority.pair("Early", days=(2, 30)), "The certificate is valid from"),
        (lambda authority: authority.pair("Server", purpose=ExtendedKeyUsageOID.SERVER_AUTH), "cannot be signed"),
        (
            lambda authority: authority.pair("Old", ec.generate_private_key(ec.SECP256K1())),
            "C2PA does not allow this kind of key",
        ),
        (locked, "The key has a passphrase"),
        (damaged("--certificate"), "has no certificate in PEM"),
        (damaged("--key"), "has no private key in PEM"),
        (lambda authority: ["--certificate", "no-such.pem", "--key", "no-such.pem"], "No such file"),
        (lambda authority: [*authority.pair("Desk"), "--timestamps", "http://127.0.0.1:9/"], "cannot be signed"),
        (lambda authority: authority.pair("Desk")[:2], "Signing needs --key too"),
    ],
)
def test_what_cannot_sign_is_refused_and_nothing_is_written(project, authority, tmp_path, options, complaint):
    done = toll(project, "--out", tmp_path / "out", *options(authority))
    assert done.returncode == 1
    assert complaint in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_unsuitable_folders_and_names_are_refused(project, authority, tmp_path):
    pair = authority.pair("Desk")
    (tmp_path / "mine.txt").write_text("mine")
    for place, complaint in {
        project / "figures/signed": "Only `toll run` writes into figures/",
        tmp_path: "Something is there already",
        tmp_path / "a/b": "There is no folder",
    }.items():
        done = toll(project, "--out", place, *pair)
        assert (done.returncode, complaint in done.stderr) == (1, True), done.stderr
    assert "has not been published" in toll(project, "hindsite", "--out", tmp_path / "out", *pair).stderr
    assert "No PNG, SVG or PDF" in toll(project, "--check", tmp_path).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_that_is_not_what_was_published_is_not_signed(project, authority, tmp_path):
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    with (copy / "figures/article" / NAMES[1]).open("a") as file:
        file.write("<!-- -->")
    done = toll(copy, "--out", tmp_path / "out", *authority.pair("Desk"))
    assert done.returncode == 1
    assert f"figures/article/{NAMES[1]}: This is not the file that was published" in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_the_extra_it_says_how_to_install_it(project, tmp_path):
    (tmp_path / "c2pa.py").write_text("raise ModuleNotFoundError(name='c2pa')")
    done = subprocess.run(
        [sys.executable, "-m", "toll", "sign", "--check", tmp_path],
        cwd=project,
        text=True,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == ("toll sign: The library c2pa is not installed. Run `pip install 'toll[sign]'`.\n")
