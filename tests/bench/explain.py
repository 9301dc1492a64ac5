#!/usr/bin/python3
"""How long `sallyport explain` takes from its start to its end, to a program that ends at once (true).

A shell loop over many sessions pays this for each of them.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

SESSION = ("--client", "203.0.113.10", "--recipient", "test@example.com")


def started(count, *command):
    """Milliseconds of one run, of so many one after the other."""
    command = [str(word) for word in command]
    begin = time.monotonic()
    for _ in range(count):
        process = os.posix_spawn(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
        if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) > 1:
            raise filters.Broken(" ".join(command))
    return (time.monotonic() - begin) * 1e3 / count


def main():
    arguments = measure.arguments(__doc__, "sallyport", rounds=7, count=20)
    true = subprocess.run(["sh", "-c", "command -v /bin/true || command -v /usr/bin/true"], capture_output=True,
                          text=True, check=True).stdout.strip()
    examples = {name: filters.EXAMPLES / f"{name}.conf" for name in
                dict.fromkeys(scenario.example for scenario in SCENARIOS)}
    turns = measure.in_turns(arguments.rounds, true=lambda: started(arguments.count, true), **{
        name: lambda path=path: started(arguments.count, arguments.sallyport, "explain", "-c", path, "--listener",
                                        _listener(path), *SESSION) for name, path in examples.items()})
    rows = [{"program": name, "ms": measure.spread(values), "ratio": measure.ratio(values, turns["true"])}
            for name, values in turns.items()]
    measure.table(["start to end", "ms", "to true"], [
        [row["program"], f"{row['ms']['median']:.2f}", f"{row['ratio']['median']:.1f}"] for row in rows])
    measure.keep(arguments.json, rows)


def _listener(path):
    """The name of a file's first listener."""
    return path.read_text().split("listeners = (")[1].split('name')[1].split('"')[1]


if __name__ == "__main__":
    main()
