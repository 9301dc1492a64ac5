"""Rounds of a comparison: one for each seed, each told as it ends.

Round number K of seed S is round number 0 of seed S + K, so that it is played again alone with `--seed S+K` and one
round.
"""

import os
import pathlib
import random
import sys
import tempfile


def play(name, what, rounds, options, compare, counts):
    """Has `compare(seed, options, top, counts)` play that many rounds of `what`, and exits: 1 where one differs.

    options: sallyport, seed (None: a new one) and tap.  counts: names of what compare counts.  What it writes below top
    stays only where something differs.
    """
    options.sallyport = str(pathlib.Path(options.sallyport).resolve())
    if not os.access(options.sallyport, os.X_OK):
        sys.exit(f"{name}.py: no program at {options.sallyport}")
    seed = random.randrange(1_000_000_000) if options.seed is None else options.seed
    mark = "# " if options.tap else ""
    if options.tap:
        print(f"1..{rounds}")
    print(f"{mark}seed {seed}", flush=True)
    top = pathlib.Path(tempfile.mkdtemp(prefix=f"sallyport-{name}-"))
    counts = dict.fromkeys(counts, 0)
    failed = 0
    for number in range(1, rounds + 1):
        difference = compare(seed + number - 1, options, top, counts)
        failed += difference is not None
        if options.tap:
            print(f"{'not ok' if difference else 'ok'} {number} - {what} of seed {seed + number - 1}")
        if difference:
            print(mark + f"seed {seed + number - 1}: {difference}".replace("\n", "\n" + mark), flush=True)
    if not failed:
        top.rmdir()
    print(mark + ", ".join(f"{count} {each}" for each, count in counts.items()))
    print(f"{mark}{rounds - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
