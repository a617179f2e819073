"""The kernel as a process of its own, for `--engine kernel`. It ends with the process that started it."""

from __future__ import annotations

import os
import sys

from toll.run.process import die_with
from toll.run.shell import App


def main() -> None:
    if parent := os.environ.get("JPY_PARENT_PID"):
        die_with(int(parent))
    app = App.instance()
    app.initialize(sys.argv[1:])
    for captured in app.captured:
        captured.swap()
    app.start()


if __name__ == "__main__":
    main()
