"""`toll export`: one graphic at any width, checked as the published sizes are.

The notebook that makes the graphic runs once more, in a folder of its own, and draws one size more. So the chart itself
decides what to do with the width, and nothing that is published changes.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from toll import tables
from toll.graphics import theme as themes
from toll.graphics.graphic import Graphic, LeftOut
from toll.graphics.theme import EXTRA_SIZE, NARROWEST, WIDEST, Size
from toll.ledger.ledger import Ledger
from toll.pages import gallery
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run import editions, plan, publish, runner
from toll.run.editions import Edition
from toll.run.pool import Pool
from toll.run.stage import Stage
from toll.run.steps import Step, covers


def export(
    project: Project,
    *,
    hooks: plan.Hooks,
    graphic: str,
    width: int,
    theme: str,
    words: str,
    transparent: bool,
    format: str,
    edition: str | None,
    out: str | None,
) -> int:
    """Draw a graphic of an edition (default: the default edition) `width` px wide into the file `out`.

    Raises Problems, also for each text that does not fit; nothing has been written then.
    """
    from toll.graphics.formats import Picture

    if not NARROWEST <= width <= WIDEST:
        raise _problem("--width", f"{width} px is no width for a graphic.", f"Give {NARROWEST} to {WIDEST}.")
    size, name = themes.free_size(width, words, transparent), edition or editions.default(project)
    drawn = _drawn(project, hooks, name, graphic, size)
    task = next(task for task in drawn.tasks() if task["theme"] == theme)
    picture = Picture.draw(task)
    content: bytes = getattr(picture, format)()
    target = Path(out or f"{picture.stem}.{format}")
    _write(target, content)
    print(f"{target}: {width} × {float(picture.composed.get('height')):g} px")
    return 0


def _problem(place: str, message: str, hint: str) -> Problems:
    return Problems([Problem(Where(place), message, hint)])


def _drawn(project: Project, hooks: plan.Hooks, name: str, graphic: str, size: Size) -> Graphic:
    """The graphic as it is published, in this size alone. Raises Problems if it isn't published, or is out of date."""
    chain, edition = plan.plan_edition(project, name)
    path = f"data/processed/{name}/graphics/{graphic}.json"
    step = next((step for step in chain if any(covers(written, path) for written in step.writes)), None)
    if step is None or not (project.root / path).is_file():
        others = sorted(file.stem for file in (project.root / path).parent.glob("*.json"))
        hint = f"It has {', '.join(others)}." if others else f"Run `toll run {name}` first."
        raise _problem("toll export", f"Edition {name} has no graphic {graphic}.", hint)
    published = json.loads((project.root / path).read_text("utf-8"))
    made = _made_again(project, hooks, step, edition, size, path)
    extra = made.get("specs", {}).pop(size.name, None)
    if made != published:
        message = f"Edition {name} is older than its sources, so the picture would differ from the published one."
        raise _problem("toll export", message, f"Run `toll run {name}` first.")
    found = Graphic.of(made)
    if isinstance(found, LeftOut):
        raise _problem("toll export", f"Edition {name} leaves {graphic} out: {found.why}.", "")
    if edition.values.get("print_corrections"):
        found = gallery.corrected(project, found, Ledger.from_frames(tables.read(project.processed(name) / "ledger")))
    return replace(found, specs={size.name: extra})


def _made_again(
    project: Project, hooks: plan.Hooks, step: Step, edition: Edition, size: Size, path: str
) -> dict[str, Any]:
    """What the step now writes to `path`, asked for one size more. Raises Problems if it fails."""
    settings = runner.Options(plan.Hooks(preload=hooks.preload)).settings()
    with runner.terminable(), publish.sole_run(project), Pool(settings) as pool:
        stage = Stage(project, edition)
        try:
            stage.prepare(step, ())
            pool.start(
                stage.scratch(step),
                notebook=stage.scratch(step) / "source.ipynb",
                output=stage.executed(step),
                cwd=stage.tree(step) / "notebooks",
                parameters=edition.injected(step.name) | {EXTRA_SIZE: size.name},
            )
            outcome = next(message.outcome for message in pool.messages() if message and message.outcome)
            if outcome.error:
                raise _problem(step.notebook, outcome.error, "Nothing was written.")
            return json.loads((stage.tree(step) / path).read_text("utf-8"))
        finally:
            stage.remove()


def _write(target: Path, content: bytes) -> None:
    """Put a file in place, whole or not at all."""
    if not target.parent.is_dir():
        raise _problem("--out", f"There is no folder {target.parent}.", "Create it, or name another.")
    draft = target.with_name(f".{uuid.uuid4().hex}")
    draft.write_bytes(content)
    draft.replace(target)
