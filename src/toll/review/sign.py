"""`toll sign`: Content Credentials (C2PA) on copies of an edition's pictures, and the check of such copies.

The newsroom's own certificate signs: who published the picture, that it is made from data, its words, its edition and
the hashes of everything it was made from. Nothing is fetched; only a time-stamp authority that you name is asked for
the time. Without one, a signature is valid as long as its certificate.

Specification: https://spec.c2pa.org, by way of c2pa-python, in the extra `sign`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toll import digests
from toll.graphics.metadata import DIGITAL_SOURCE, NAMESPACES
from toll.pages import crate, index
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.review import certificates
from toll.run import editions

if TYPE_CHECKING:
    from c2pa import Context, Signer

TYPES = {suffix: crate.MEDIA_TYPES[suffix] for suffix in (".pdf", ".png", ".svg")}
OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}
CHANGED = {"assertion.dataHash.mismatch", "assertion.boxesHash.mismatch", "assertion.hashedURI.mismatch"}
UNTRUSTED = "signingCredential.untrusted"


def sign(
    project: Project,
    *,
    edition: str | None = None,
    out: str | None = None,
    certificate: str | None = None,
    key: str | None = None,
    timestamps: str | None = None,
    check: str | None = None,
    trust: str | None = None,
) -> int:
    """Sign copies of an edition's pictures (default: the default edition's) into `out`, or check those in `check`.

    `certificate`, `key` and `trust` are PEM files, `timestamps` is the address of a time-stamp authority. Returns 1 if
    a checked file is not fine. Raises Problems.
    """
    try:
        import c2pa  # noqa: F401
        import cryptography  # noqa: F401
    except ImportError as error:
        message = f"The library {error.name} is not installed."
        raise Problems([Problem(Where("toll sign"), message, "Run `pip install 'toll[sign]'`.")]) from None
    if check:
        return check_folder(Path(check), Path(trust) if trust else None)
    if not (out and certificate and key):
        needed = {"--out": out, "--certificate": certificate, "--key": key}
        missing = " and ".join(option for option, value in needed.items() if not value)
        message = f"Signing needs {missing} too, or --check to check signed files."
        raise Problems([Problem(Where("toll sign"), message, "See `toll sign --help`.")])
    _refuse_place(project, Path(out))
    signer, who = certificates.signer(Path(certificate), Path(key), timestamps)
    orders = list(_orders(project, edition or editions.default(project)))
    _write(orders, signer, Path(out))
    print(f"{len(orders)} files in {out}, signed by {who}.")
    return 0


def check_folder(folder: Path, trust: Path | None) -> int:
    """Print for each picture in `folder` whether it is unchanged and who signed it; `trust` holds root certificates.

    Returns 1 if one is changed, unsigned or, with `trust`, signed by someone no root vouches for.
    """
    from c2pa import Context

    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in TYPES) if folder.is_dir() else []
    if not files:
        where = Where(str(folder), column="--check")
        raise Problems([Problem(where, "No PNG, SVG or PDF file is there.", "Give the folder of the signed files.")])
    roots = {"trust": {"trust_anchors": certificates.roots(trust)}} if trust else {}
    verdicts = []
    with Context.from_dict({"verify": OFFLINE, **roots}) as context:
        for file in files:
            fine, verdict = _verdict(file, context, trust)
            verdicts.append(fine)
            print(f"{file.relative_to(folder).as_posix()}: {verdict}")
    if trust is None and any(verdicts):
        print("We did not check whether signers are who they say they are. Add --trust ROOT.pem to check it.")
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
        why = "; ".join(sorted(failure["explanation"] for failure in failures))
        return False, f"the signature of {signer} is not valid: {why}"
    if trust and told["validation_state"] != "Trusted":
        return False, f"unchanged, but {trust} does not vouch for its signer, {signer}"
    return True, f"unchanged, signed by {signer}"


# --- What is signed ---


def _orders(project: Project, edition: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each picture of an edition, as it was published, with its manifest."""
    folder = project.published(edition)
    try:
        graphics = index.load(project, edition)["graphics"]
        provenance = _provenance(project, edition)
    except (FileNotFoundError, KeyError):
        message = "This edition has not been published, or figures/ has no manifest of it."
        raise Problems([Problem(Where(f"figures/{edition}"), message, f"Run `toll run {edition}`.")]) from None
    changed = []
    for graphic in graphics:
        for picture in graphic["pictures"]:
            file, digest = folder / picture["name"], picture["sha256"]
            if not file.is_file() or digests.file_sha256(file) != digest:
                changed.append(file)
            yield file, _manifest(graphic, file, provenance | {"digest": graphic["digest"], "published_sha256": digest})
    message, hint = "This is not the file that was published.", f"Run `toll run {edition}`."
    if changed:
        raise Problems(Problem(Where(f"figures/{edition}/{file.name}"), message, hint) for file in changed)


def _provenance(project: Project, edition: str) -> dict[str, Any]:
    """The edition, the date of its data and the hashes of all that its run read, from the manifest of figures/."""
    content = (project.figures / crate.NAME).read_bytes()
    entities = {entity["@id"]: entity for entity in json.loads(content)["@graph"]}
    read = [entities[entity["@id"]] for entity in entities[f"#run-{edition}"]["object"]]
    return {
        "edition": edition,
        "as_of": entities[f"{edition}/"]["dateModified"],
        "inputs": [{"name": file["name"], "sha256": file["sha256"]} for file in read if "sha256" in file],
        "manifest": {"name": crate.NAME, "sha256": digests.sha256(content)},
    }


def _manifest(graphic: dict[str, Any], file: Path, provenance: dict[str, Any]) -> dict[str, Any]:
    tool = {"name": "toll", "version": metadata.version("toll")}
    words = graphic["furniture"]
    created = {"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE, "softwareAgent": tool}
    described = {
        "dc:title": words["headline"],
        "dc:description": words["description"],
        "dc:rights": graphic["licence"],
        "dc:source": words["source"],
        "Iptc4xmpCore:AltTextAccessibility": words["alt"],
        "photoshop:Credit": words["credit"],
        "photoshop:DateCreated": provenance["as_of"],
        "prism:edition": provenance["edition"],
    }
    prefixes = sorted({name.partition(":")[0] for name in described})
    context = {"@context": {prefix: NAMESPACES[prefix] for prefix in prefixes}}
    return {
        "claim_generator_info": [tool],
        "title": words["headline"],
        "format": TYPES[file.suffix],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": "cawg.metadata", "kind": "Json", "data": context | described},
            {"label": "toll.provenance", "data": provenance},
        ],
    }


# --- Files ---


def _refuse_place(project: Project, out: Path) -> None:
    if out.resolve().is_relative_to(project.figures.resolve()):
        message = "Only `toll run` writes into figures/."
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = "Something is there already."
    elif not out.absolute().parent.is_dir():
        message = f"There is no folder {out.parent}."
    else:
        return
    raise Problems([Problem(Where(str(out), column="--out"), message, "Choose a new or an empty folder elsewhere.")])


def _write(orders: list[tuple[Path, dict[str, Any]]], signer: Signer, out: Path) -> None:
    """Sign into a folder beside `out`, which becomes `out` when it is complete."""
    from c2pa import C2paError, Context

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
                _sign(file, manifest, signer, context, made / file.name)
            except C2paError as error:
                hint = (
                    "The certificate must be for signing documents (extended key usage), and a time-stamp authority "
                    "must answer. Nothing was written."
                )
                raise Problems([Problem(Where(file.name), f"The file cannot be signed ({error}).", hint)]) from None
        if out.exists():
            out.rmdir()
        made.rename(out)


def _sign(file: Path, manifest: dict[str, Any], signer: Signer, context: Context, target: Path) -> None:
    from c2pa import Builder

    with (
        Builder(manifest, context=context) as builder,
        file.open("rb") as source,
        target.open("w+b") as signed,
    ):
        builder.sign(signer, manifest["format"], source, signed)
