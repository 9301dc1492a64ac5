#!/usr/bin/python3
"""Decisions in one process: a recipient, and a whole session, by the number of rules, of tables and of networks.

None of the rules matches, so that all are asked. Nanoseconds and, in brackets, the ratio to one rule, one table and one
network in the same round. Whole sessions come from everywhere in IPv4: their look-ups find nothing in the caches.
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
import rule_files  # noqa: E402

# Rules, tables, networks.
SIZES = ((1, 1, 1), (10, 1, 1), (100, 1, 1), (1000, 1, 1), (200, 1, 1000), (200, 200, 1000), (200, 200, 1000000))


def judge(arguments, rules, *words):
    done = subprocess.run([arguments.judge, "--rules", rules, *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise filters.Broken(f"{rules}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    arguments = measure.arguments(__doc__, "judge", rounds=3, count=20000)
    count = ("--count", str(arguments.count))
    with filters.room() as directory:
        paths = {size: rule_files.made(directory, *size) for size in SIZES}
        turns = measure.in_turns(arguments.rounds, **{
            f"{size}": lambda path=path: (judge(arguments, path, "--what", "rcpt", *count)["ns"],
                                          judge(arguments, path, "--what", "session", "--scatter", *count)["ns"])
            for size, path in paths.items()})
    rows = []
    for rules, tables, networks in SIZES:
        row = {"rules": rules, "tables": tables, "networks": networks}
        for index, name in enumerate(("rcpt", "session")):
            values = [pair[index] for pair in turns[f"{(rules, tables, networks)}"]]
            base = [pair[index] for pair in turns[f"{SIZES[0]}"]]
            row[f"{name}_ns"] = measure.spread(values)
            row[name] = measure.ratio(values, base)
        rows.append(row)
    measure.table(["rules", "tables", "networks", "rcpt, ns", "ratio", "session, ns", "ratio"], [
        [row["rules"], row["tables"], row["networks"], f"{row['rcpt_ns']['median']:.0f}",
         f"{row['rcpt']['median']:.2f}", f"{row['session_ns']['median']:.0f}", f"{row['session']['median']:.2f}"]
        for row in rows])
    measure.keep(arguments.json, rows)


if __name__ == "__main__":
    main()
