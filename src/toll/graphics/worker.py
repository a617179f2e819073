"""One process of `export`: draws the tasks of the folder it is given and leaves there what was wrong."""

import json
import sys
from pathlib import Path

from toll.graphics.files import FOUND, ORDER, keep
from toll.problems import Problem, Problems


def main(folder: Path) -> None:
    problems: list[Problem] = []
    for entry, task in json.loads((folder / ORDER).read_text("utf-8")).items():
        try:
            keep(task, Path(entry))
        except Problems as found:
            problems += found.problems
    (folder / FOUND).write_text(json.dumps([problem.as_dict() for problem in problems]), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
