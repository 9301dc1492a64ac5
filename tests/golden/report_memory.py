#!/usr/bin/env python3
"""report_memory.py SALLYPORT: whether "sallyport report" takes no more memory for more lines.  The output is TAP."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.gateway_log import Gateway  # noqa: E402  (the path comes first)

# The shorter one fills all that is bounded: 2048 clients and senders, a slot for each hour.
SHORT, LONG = 30_000, 200_000
MOST_GROWTH = 4096  # KiB; a line has 0.7 of them
CLIENTS = 200_000


def log(folder, lines):
    path = pathlib.Path(folder) / f"{lines}.log"
    with open(path, "w", encoding="ascii") as file:
        file.writelines(Gateway(1, CLIENTS).lines(lines, datetime.datetime(2026, 11, 2), 20))
    return path


def run(sallyport, path):
    """Returns the records that were counted, and the most memory that it took, in KiB."""
    # A sanitizer keeps what is freed for a while: not here.
    environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                   ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
    with subprocess.Popen([sallyport, "report", "--json", path], stdout=subprocess.PIPE, env=environment) as process:
        found = json.load(process.stdout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"exit status {process.returncode}")
    return found, usage.ru_maxrss


def main(sallyport):
    with tempfile.TemporaryDirectory() as folder:
        runs = {lines: run(sallyport, log(folder, lines)) for lines in (SHORT, LONG)}
    counted = all(found["period"]["records"] == lines for lines, (found, _) in runs.items())
    full = runs[SHORT][0]["clients"]["known"] == runs[LONG][0]["clients"]["known"] == 2048
    growth = runs[LONG][1] - runs[SHORT][1]
    print("TAP version 13\n1..3")
    print(f"{'ok' if counted else 'not ok'} 1 - every line is counted")
    print(f"{'ok' if full else 'not ok'} 2 - what is bounded is full")
    print(f"{'ok' if growth < MOST_GROWTH else 'not ok'} 3 - {LONG} lines take no more memory than {SHORT}")
    print(f"# {runs[SHORT][1]} KiB, {runs[LONG][1]} KiB")
    return 0 if counted and full and growth < MOST_GROWTH else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
