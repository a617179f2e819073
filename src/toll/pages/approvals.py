"""Who approved which graphic: approvals/EDITION/GRAPHIC.yml, a file that is committed with the project.

It lists the SHA-256 of each of the graphic's files, so it lapses when one of them changes. Projects without the folder
approve nothing, and nothing is said about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from toll import digests, yaml_lines
from toll.ledger import wording
from toll.pages import index
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run import editions

Sums = dict[str, str]  # SHA-256 by file


class Standing(NamedTuple):
    """Whether a graphic is approved, and what to say of it."""

    approved: bool
    text: str


def approve(project: Project, *, graphic: str, by: str, edition: str | None, date: str | None) -> int:
    """Keep that `by` approved a graphic as it is published now. Raises Problems."""
    name = edition or editions.default(project)
    editions.check_name(project, name, new=False)
    known = _published(project, name)
    if graphic not in known:
        hint = f"It has {', '.join(known)}." if known else f"Run `toll run {name}` first."
        raise _problem("toll approve", f"Edition {name} publishes no graphic {graphic}.", hint)
    if not by.strip() or not by.isprintable():
        raise _problem("--by", "An approval needs a name.", "Give it in one line, such as --by 'A. Editor'.")
    sums = known[graphic]
    if edited := [file for file, digest in _now(project, name, sums).items() if digest != sums[file]]:
        message = f"{', '.join(edited)} is not as the run made it."
        raise _problem(f"figures/{name}", message, f"Run `toll run {name} --force`, look again and approve that.")
    file = _file(project, name, graphic)
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"by: {_quoted(by.strip())}", *([f"date: {_quoted(_day(date))}"] if date else []), "files:"]
    lines += [f"  {file}: {digest}" for file, digest in sums.items()]
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")
    shown = file.relative_to(project.root).as_posix()
    print(f"{shown}: {len(sums)} files. Commit it; the next `toll run {name}` puts it on the page.")
    return 0


def standing(project: Project, edition: str, graphic: str, sums: Sums) -> Standing | None:
    """How a graphic with these files stands; None in a project without approvals. Raises Problems for a damaged one."""
    if not project.approvals.is_dir():
        return None
    file = _file(project, edition, graphic)
    if not file.is_file():
        return Standing(False, "Not approved.")
    shown = file.relative_to(project.root).as_posix()
    found = yaml_lines.load(file, shown)
    if not {"by", "files"} <= found.keys():
        raise _problem(shown, "This is no approval.", f"Restore it, or approve {graphic} again.")
    approved = {name: entry.node.value for name, entry in yaml_lines.mapping(found["files"].node, shown).items()}
    who = found["by"].node.value
    if changed := sorted(name for name in approved | sums if approved.get(name) != sums.get(name)):
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return Standing(False, f"Not approved: {changed[0]}{more} changed since {who} approved it.")
    day = f", {wording.full_date(date.fromisoformat(found['date'].node.value))}" if "date" in found else ""
    return Standing(True, f"Approved by {who}{day}.")


def marked(project: Project, edition: str, graphic: dict[str, Any]) -> dict[str, Any]:
    """A graphic of gallery.json with what its page says of its approval, if the project has any."""
    found = standing(project, edition, graphic["name"], sums_of(graphic))
    return graphic | ({"approval": found.text} if found else {})


def missing(project: Project, edition: str) -> Iterator[str]:
    """A sentence for each published graphic that is not approved as it is now."""
    for graphic, sums in _published(project, edition).items() if project.approvals.is_dir() else ():
        found = standing(project, edition, graphic, _now(project, edition, sums))
        if found and not found.approved:
            yield f"{graphic}: {found.text} See `toll approve --help`."


def sums_of(graphic: dict[str, Any]) -> Sums:
    """The files of a graphic as gallery.json lists them."""
    beside = [graphic[file] for file in index.OWN_FILES if file in graphic]
    return {file["name"]: file["sha256"] for file in sorted([*graphic["pictures"], *beside], key=lambda f: f["name"])}


def _published(project: Project, edition: str) -> dict[str, Sums]:
    if not (project.published(edition) / index.INDEX).is_file():
        return {}
    return {graphic["name"]: sums_of(graphic) for graphic in index.load(project, edition)["graphics"]}


def _now(project: Project, edition: str, sums: Sums) -> Sums:
    """The SHA-256 of these files as they are, empty for one that is missing."""
    files = {name: project.published(edition) / name for name in sums}
    return {name: digests.file_sha256(file) if file.is_file() else "" for name, file in files.items()}


def _file(project: Project, edition: str, graphic: str) -> Path:
    return project.approvals / edition / f"{graphic}.yml"


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _problem("--date", f"“{text}” is not a date.", "Write it as 2014-08-12.") from None


def _quoted(text: str) -> str:
    """A text that YAML reads as nothing else."""
    return json.dumps(text, ensure_ascii=False)


def _problem(place: str, message: str, hint: str) -> Problems:
    return Problems([Problem(Where(place), message, hint)])
