"""`toll watch`: runs again what is saved, with everything that depends on it, and serves what comes out.

A picture is shown as soon as it is drawn, as a draft beside what is published, which changes only when everything has
passed. A run whose inputs are saved again is given up, so that the next one starts at once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial

from toll.problems import Problems
from toll.project import Project
from toll.run import files, plan, runner
from toll.run.live import Site
from toll.run.plan import Hooks
from toll.run.pool import DRAFTS, Pool
from toll.run.progress import progress

LOOK_EVERY = 0.05  # seconds
SETTLED = 0.02  # seconds: whoever is still writing is waited for
PORT = "TOLL_PORT"


def watch(project: Project, hooks: Hooks, names: Callable[[], list[str]]) -> None:
    """Keep the editions that `names` gives up to date, until the package's own code changes: that takes a new start."""
    site = Site(project.figures, project.work / "drafts", int(os.environ.get(PORT, 0)))
    with site, runner.terminable(), Pool(runner.Options(hooks).settings(), **{DRAFTS: str(site.drafts)}) as pool:
        print(f"Watching; {site.address} shows what comes out. Ctrl-C ends.", file=sys.stderr)
        code, seen = files.look(files.PACKAGE), None
        while files.look(files.PACKAGE) == code:
            now = _look(project)
            if now == seen:
                time.sleep(LOOK_EVERY)
                continue
            time.sleep(SETTLED)
            if now == _look(project):
                seen = now
                _react(project, hooks, names, pool, site, partial(_changed, project, now))
    os.environ[PORT] = site.address.rpartition(":")[2].strip("/")  # for the pages that are open
    os.execv(sys.executable, [sys.executable, "-m", "toll", *sys.argv[1:]])


def _changed(project: Project, then: files.Look) -> bool:
    return _look(project) != then


def _look(project: Project) -> files.Look:
    return files.look(project.root, project.figures, project.processed("."), files.PACKAGE)


def _react(
    project: Project,
    hooks: Hooks,
    names: Callable[[], list[str]],
    pool: Pool,
    site: Site,
    changed: Callable[[], bool],
) -> None:
    """Run what is stale now. What is wrong is told, and can be mended."""
    options = runner.Options(hooks, changed=changed)
    try:
        wanted = [plan.plan_edition(project, name) for name in names()]
        if stale := plan.stale(project, wanted, hooks):
            site.tell("Running …")
            plan.check(project, stale, hooks)
            print("".join(f"Warning: {problem}\n" for problem in hooks.warn(project)), end="", file=sys.stderr)
            with progress(len(stale)) as options.emit:
                reports = runner.run(project, stale, options, pool)
            runner.tell(project, reports, options)
        site.published()
    except (Problems, OSError) as error:
        print(error, file=sys.stderr)
        site.tell(str(error))
    sys.stdout.flush()
