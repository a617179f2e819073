"""Times notebooks/ged.py on a made-up file as large as the world's: 400,000 events, 250 MB.

    python benchmarks/event_file.py [--rows 400000]

Peak memory is the resident set of the process that reads, one thread as in the chain (POLARS_MAX_THREADS=1).
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS = """
id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id conflict_name
dyad_dset_id dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a side_b_dset_id side_b_new_id side_b
number_of_sources source_article source_office source_date source_headline source_original where_prec
where_coordinates where_description adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id
region event_clarity date_prec date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high
low gwnoa gwnob
""".split()  # noqa: SIM905 -- as the header of the file has them
FIRST, DAYS = dt.date(1989, 1, 1), 36 * 365
ARTICLE = 'Made up,2014-03-05,"A report with ""quotes"",\nand a line break in it, of the length of a real citation"'


def write(path: Path, rows: int) -> None:
    """Writes a made-up file, always the same bytes: every 500th event is in the place, every third has line breaks."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, restval="Made-up text", lineterminator="\n")
        out.writeheader()
        for n in range(rows):
            start = FIRST + dt.timedelta(days=n * 7919 % DAYS)
            here = n % 500 == 0
            out.writerow(
                {
                    "id": n + 1,
                    "type_of_violence": n % 3 + 1,
                    "side_a": "Government of Somewhere",
                    "side_b": "Others",
                    "source_article": ARTICLE if n % 3 == 0 else "Made up",
                    "adm_1": f"Province {n % 40}",
                    "adm_2": "Harbour City district" if here else f"District {n % 900}",
                    "date_prec": n % 5 + 1,
                    "date_start": f"{start} 00:00:00.000",
                    "date_end": f"{start + dt.timedelta(days=n % 4)} 00:00:00.000",
                    "deaths_a": n % 5,
                    "deaths_b": 1,
                    "deaths_civilians": 0,
                    "deaths_unknown": 0,
                    "best": n % 5 + 1,
                    "high": n % 5 + 3,
                    "low": n % 5,
                }
            )


def measure(path: str) -> None:
    """One read in this process, measured."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "notebooks"))
    import ged

    started, used = time.perf_counter(), time.process_time()
    found = ged.read(Path(path), "Harbour City")
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {found.rows} | {found.table.height} | {wall:.2f} | {cpu:.2f} | {peak:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.csv"
        write(path, parser.parse_args().rows)
        print(f"{path.stat().st_size / 1e6:.0f} MB\n\n| rows | in the place | s | CPU s | peak MB |\n{'| --- ' * 5}|")
        command = [sys.executable, "-c", f"import event_file; event_file.measure({str(path)!r})"]
        for _ in range(3):
            subprocess.run(command, check=True, cwd=Path(__file__).parent, env=os.environ | {"POLARS_MAX_THREADS": "1"})


if __name__ == "__main__":
    main()
