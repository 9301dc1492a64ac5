#!/usr/bin/python3
"""Instructions of a decision, counted by callgrind: what does not depend on the machine's clock, or on who else is there.

The gateway example as it is shipped; with 200 more tables of 1,000,000 networks, which rules of another listener ask for;
and with 100 more rules that are asked about each recipient. Ratios are to the example as it is shipped.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
import rule_files  # noqa: E402

COUNT = 200
RULES = 100
SESSION = ("--client", "172.16.1.51", "--recipient", "test@example.com")


def instructions(arguments, rules, what, directory):
    """Of one decision: what a longer run takes more than a shorter one, so that beginning and end do not count."""
    totals = []
    for count in (COUNT, 2 * COUNT):
        profile = directory / "callgrind.out"
        done = subprocess.run(["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={profile}",
                               arguments.judge, "--rules", rules, "--what", what, "--count", str(count), *SESSION],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise filters.Broken(f"{rules}: {done.stderr.strip()}")
        if json.loads(done.stdout)["verdict"] != "accept":
            raise filters.Broken(f"{rules}: {done.stdout.strip()}")
        totals.append(int(re.search(r"^totals: (\d+)", profile.read_text(), re.MULTILINE)[1]))
    return (totals[1] - totals[0]) / COUNT


def main():
    arguments = measure.arguments(__doc__, "judge", rounds=1, tables=200, networks=1000000)
    with filters.room() as directory:
        examples = filters.examples(directory)
        paths = {"the example": rule_files.gateway(directory, examples, "shipped"),
                 f"{arguments.tables} tables, {arguments.networks:,} networks":
                     rule_files.gateway(directory, examples, "tables", arguments.tables, arguments.networks),
                 f"{RULES} more rules": rule_files.gateway(directory, examples, "rules", rules=RULES)}
        rows = [{"rules": name, **{what: instructions(arguments, path, what, directory)
                                   for what in ("rcpt", "session")}} for name, path in paths.items()]
    for row in rows:
        row.update({f"{what}_ratio": row[what] / rows[0][what] for what in ("rcpt", "session")})
    figures = {"rows": rows, "per_rule": (rows[2]["rcpt"] - rows[0]["rcpt"]) / RULES,
               "tables_ratio": rows[1]["rcpt_ratio"]}
    measure.table(["instructions", "a recipient", "ratio", "a session", "ratio"], [
        [row["rules"], f"{row['rcpt']:.0f}", f"{row['rcpt_ratio']:.3f}", f"{row['session']:.0f}",
         f"{row['session_ratio']:.3f}"] for row in rows])
    print(f"each rule that is asked and does not match: {figures['per_rule']:.1f} instructions")
    measure.keep(arguments.json, figures)


if __name__ == "__main__":
    main()
