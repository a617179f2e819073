"""`toll sign`: Content Credentials (C2PA) on copies of an edition's pictures, and the check of such copies.

The newsroom's own certificate signs: who published the picture, that it is made from data, its words, its edition and
the hashes of all that it was made from. Nothing is fetched, and only a time-stamp authority that the user names is
asked for the time; without one a signature counts for as long as its certificate does.

Specification: https://spec.c2pa.org, by way of c2pa-python, in the extra `sign`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toll.graphics.metadata import DIGITAL_SOURCE, NAMESPACES
from toll.pages import crate, gallery
from toll.problems import Problem, Problems
from toll.project import Project
from toll.run import editions

if TYPE_CHECKING:
    from c2pa import Context, Signer
    from cryptography.x509 import Certificate

COMMAND = "toll sign"
TYPES = {suffix: crate.MEDIA_TYPES[suffix] for suffix in (".pdf", ".png", ".svg")}
OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
CHANGED = {"assertion.dataHash.mismatch", "assertion.boxesHash.mismatch", "assertion.hashedURI.mismatch"}
UNTRUSTED = "signingCredential.untrusted"


def sign(project: Project, *, edition: str | None, **args: str | None) -> int:
    """Signs copies into --out, or checks those in --check. Exit 1 if a checked file is not fine. Raises Problems."""
    try:
        import c2pa  # noqa: F401
        import cryptography  # noqa: F401
    except ImportError as error:
        raise Problems(
            [
                Problem.old(
                    COMMAND,
                    None,
                    None,
                    f"no {error.name}",
                    "what signs and checks, the extra `sign`",
                    "Run: pip install 'toll[sign]'",
                )
            ]
        ) from None
    if args["check"]:
        return check(Path(args["check"]), Path(args["trust"]) if args["trust"] else None)
    names = ("out", "certificate", "key")
    if missing := [name for name in names if not args[name]]:
        raise Problems(
            Problem.old(COMMAND, None, f"--{name}", "nothing", "a path", f"Add --{name} PATH.") for name in missing
        )
    out = Path(args["out"])
    _refuse_place(project, out)
    signer, whose = _signer(Path(args["certificate"]), Path(args["key"]), args["timestamps"])
    orders = list(_orders(project, edition or editions.default(project)))
    _write(orders, signer, out)
    print(f"{len(orders)} files in {out}, signed by {whose}.")
    return 0


def check(folder: Path, trust: Path | None) -> int:
    """Prints for each picture in `folder` whether it is unchanged and who signed it; `trust` holds root certificates.

    Returns 1 if one is changed, unsigned or, with `trust`, signed by somebody whom no root vouches for.
    """
    from c2pa import Context

    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in TYPES) if folder.is_dir() else []
    if not files:
        raise Problems(
            [
                Problem.old(
                    str(folder),
                    None,
                    "--check",
                    "no picture",
                    "a folder with PNG, SVG or PDF files",
                    "Give the folder of the signed files.",
                )
            ]
        )
    roots = {"trust": {"trust_anchors": _roots(trust)}} if trust else {}
    verdicts = []
    with Context.from_dict({"verify": OFFLINE, **roots}) as context:
        for file in files:
            fine, said = _verdict(file, context, trust)
            verdicts.append(fine)
            print(f"{file.relative_to(folder).as_posix()}: {said}")
    if trust is None and any(verdicts):
        print("Whether a signer is who they say was not checked: --trust ROOT.pem does.")
    return 0 if all(verdicts) else 1


def _verdict(file: Path, context: Context, trust: Path | None) -> tuple[bool, str]:
    from c2pa import C2paError, Reader

    try:
        with file.open("rb") as stream, Reader(TYPES[file.suffix.lower()], stream, context=context) as reader:
            told = json.loads(reader.json())
    except C2paError.ManifestNotFound:
        return False, "not signed"
    except C2paError as error:
        return False, f"cannot be read ({error})"
    signature = told["manifests"][told["active_manifest"]]["signature_info"]
    signer = " of ".join(part for part in (signature.get("common_name"), signature.get("issuer")) if part)
    failures = told.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    codes = {failure["code"] for failure in failures}
    if codes & CHANGED:
        return False, f"CHANGED since {signer} signed it"
    if codes - {UNTRUSTED} or told["validation_state"] == "Invalid":
        return False, f"signature of {signer} does not hold: {'; '.join(sorted(f['explanation'] for f in failures))}"
    if trust and told["validation_state"] != "Trusted":
        return False, f"unchanged, but {trust} does not vouch for its signer, {signer}"
    return True, f"unchanged, signed by {signer}"


# --- What is signed ---


def _orders(project: Project, edition: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each picture of an edition, as it was published, with the manifest for it."""
    folder = project.published(edition)
    try:
        graphics = json.loads((folder / gallery.INDEX).read_text("utf-8"))["graphics"]
        provenance = _provenance(project, edition)
    except (FileNotFoundError, KeyError):
        raise Problems(
            [
                Problem.old(
                    f"figures/{edition}",
                    None,
                    None,
                    "nothing published, or not with its manifest",
                    "the name of an edition",
                    f"Run toll run {edition}.",
                )
            ]
        ) from None
    problems = []
    for graphic in graphics:
        for picture in graphic["pictures"]:
            file = folder / picture["name"]
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != picture["sha256"]:
                problems.append(
                    Problem.old(
                        f"figures/{edition}/{file.name}",
                        None,
                        None,
                        "another file than was published",
                        f"SHA-256 {picture['sha256']}",
                        f"Run toll run {edition}.",
                    )
                )
            own = {"digest": graphic["digest"], "published_sha256": picture["sha256"]}
            yield file, _manifest(graphic, file, provenance | own)
    if problems:
        raise Problems(problems)


def _provenance(project: Project, edition: str) -> dict[str, Any]:
    """The edition, the date of its data, and the hashes of all that its run read, from the manifest of figures/."""
    content = (project.figures / crate.NAME).read_bytes()
    entities = {entity["@id"]: entity for entity in json.loads(content)["@graph"]}
    read = [entities[entity["@id"]] for entity in entities[f"#run-{edition}"]["object"]]
    return {
        "edition": edition,
        "as_of": entities[f"{edition}/"]["dateModified"],
        "inputs": [{"name": file["name"], "sha256": file["sha256"]} for file in read if "sha256" in file],
        "manifest": {"name": crate.NAME, "sha256": hashlib.sha256(content).hexdigest()},
    }


def _manifest(graphic: dict[str, Any], file: Path, provenance: dict[str, Any]) -> dict[str, Any]:
    tool = {"name": "toll", "version": metadata.version("toll")}
    words = graphic["furniture"]
    created = {"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE, "softwareAgent": tool}
    told = {
        "dc:title": words["headline"],
        "dc:description": words["description"],
        "dc:rights": graphic["licence"],
        "dc:source": words["source"],
        "Iptc4xmpCore:AltTextAccessibility": words["alt"],
        "photoshop:Credit": words["credit"],
        "photoshop:DateCreated": provenance["as_of"],
        "prism:edition": provenance["edition"],
    }
    prefixes = sorted({name.partition(":")[0] for name in told})
    context = {"@context": {prefix: NAMESPACES[prefix] for prefix in prefixes}}
    return {
        "claim_generator_info": [tool],
        "title": words["headline"],
        "format": TYPES[file.suffix],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": "cawg.metadata", "kind": "Json", "data": context | told},
            {"label": "toll.provenance", "data": provenance},
        ],
    }


def _write(orders: list[tuple[Path, dict[str, Any]]], signer: Signer, out: Path) -> None:
    """Signs into a folder beside `out`, which becomes `out` when it is complete."""
    from c2pa import Builder, C2paError, Context

    settings = {"verify": OFFLINE, "builder": {"thumbnail": {"enabled": False}}}
    with (
        tempfile.TemporaryDirectory(dir=out.parent, prefix=".toll-sign-") as scratch,
        Context.from_dict(settings) as context,
        signer,
    ):
        made = Path(scratch) / "signed"
        made.mkdir()
        for file, manifest in orders:
            try:
                with (
                    Builder(manifest, context=context) as builder,
                    file.open("rb") as source,
                    (made / file.name).open("w+b") as target,
                ):
                    builder.sign(signer, manifest["format"], source, target)
            except C2paError as error:
                raise Problems(
                    [
                        Problem.old(
                            file.name,
                            None,
                            None,
                            f"that it cannot be signed ({error})",
                            "a certificate for signing documents (extended key usage) and, with --timestamps, an "
                            "authority that answers",
                            "Nothing was written. Ask whoever issued the certificate.",
                        )
                    ]
                ) from None
        if out.exists():
            out.rmdir()
        made.rename(out)


def _refuse_place(project: Project, out: Path) -> None:
    problem = None
    if out.resolve().is_relative_to(project.figures.resolve()):
        problem = "a folder inside figures/", "one elsewhere, as only runs write there", "Choose another folder."
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        problem = "something there already", "a new or an empty folder", "Choose another, or empty it."
    elif not out.absolute().parent.is_dir():
        problem = f"no folder {out.parent}", "a place that exists", "Make the folder, or correct the path."
    if problem:
        raise Problems([Problem.old(str(out), None, "--out", *problem)])


# --- Who signs ---


def _signer(certificate: Path, key: Path, timestamps: str | None) -> tuple[Signer, str]:
    """What signs, and the name on the certificate. Raises Problems for a pair that cannot sign."""
    from c2pa import C2paError, C2paSignerInfo, Signer
    from cryptography.hazmat.primitives import serialization

    chain, leaf = _certificates(certificate, "--certificate")
    secret = _read(key, "--key")
    try:
        private = serialization.load_pem_private_key(secret, password=None)
    except TypeError:
        raise _refused(
            key, "--key", "a key with a passphrase", "one without", "Save an open copy to sign with."
        ) from None
    except ValueError:
        raise _refused(key, "--key", "no private key in PEM", "a private key in PEM", "Check the file.") from None
    if private.public_key() != leaf.public_key():
        raise _refused(
            key,
            "--key",
            "the key of another certificate",
            f"the key of {certificate}",
            "Give the key that belongs to the first certificate of the chain.",
        )
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if not first <= datetime.now(UTC) <= last:
        raise _refused(
            certificate,
            "--certificate",
            f"that it is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d}",
            "a certificate that is valid today",
            "Renew it.",
        )
    try:
        info = C2paSignerInfo(_algorithm(private, key), chain, secret, timestamps)
        return Signer.from_info(info), leaf.subject.rfc4514_string()
    except C2paError as error:
        raise _refused(
            certificate,
            "--certificate",
            str(error),
            "a chain of certificates for signing documents, the signer's first",
            "Ask whoever issued the certificate.",
        ) from None


def _algorithm(private: object, key: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    match private:
        case ec.EllipticCurvePrivateKey() if private.curve.name in CURVES:
            return CURVES[private.curve.name]
        case rsa.RSAPrivateKey():
            return "ps256"
        case ed25519.Ed25519PrivateKey():
            return "ed25519"
    raise _refused(
        key,
        "--key",
        "a kind of key that C2PA does not allow",
        "ECDSA (P-256, P-384, P-521), RSA or Ed25519",
        "Ask for one of these.",
    )


def _certificates(file: Path, option: str) -> tuple[bytes, Certificate]:
    """The certificates in a file as they are, and the first of them."""
    from cryptography.x509 import load_pem_x509_certificates

    content = _read(file, option)
    try:
        return content, load_pem_x509_certificates(content)[0]
    except ValueError:
        raise _refused(file, option, "no certificate in PEM", "certificates in PEM", "Check the file.") from None


def _roots(file: Path) -> str:
    return _certificates(file, "--trust")[0].decode()


def _read(file: Path, option: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _refused(file, option, error.strerror or str(error), "a file in PEM", "Check the path.") from None


def _refused(file: Path, option: str, found: str, expected: str, do: str) -> Problems:
    return Problems([Problem.old(str(file), None, option, found, expected, f"{do} Nothing was written.")])
