"""Measuring two things or more on a machine that does other things too.

What is compared runs in turns, each round in another order, so that what slows the machine for a while slows all of
them. A ratio is taken within a round; what is told is the median of all rounds, with the quartiles as its noise.
"""

import argparse
import json
import os
import statistics
from pathlib import Path


def program(path):
    """What an argument names: found wherever it is started."""
    return Path(path).resolve(strict=True)


def arguments(about, *programs, rounds, **numbers):
    """The command line of a benchmark: its programs, how often, and where to leave the figures for a page."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in programs:
        parser.add_argument(f"--{name}", required=True, type=program)
    parser.add_argument("--rounds", type=int, default=rounds, help="default: %(default)s")
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help="default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the figures there as well")
    os.environ.pop("MALLOC_PERTURB_", None)  # tests are run with it, and it costs time
    return parser.parse_args()


def in_turns(rounds, **measured):
    """Calls each function once a round; returns name -> what it returned, a list in the order of the rounds."""
    results = {name: [] for name in measured}
    names = list(measured)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            results[name].append(measured[name]())
    return results


def spread(values):
    """The median and the quartiles."""
    if len(values) == 1:
        return {"median": values[0], "low": values[0], "high": values[0]}
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": statistics.median(values), "low": low, "high": high}


def ratio(values, base):
    """Of two lists, round by round."""
    return spread([value / other for value, other in zip(values, base, strict=True)])


def keep(path, figures):
    """Leaves the figures for a page, where one is wanted."""
    if path is not None:
        path.write_text(json.dumps(figures, indent=1) + "\n")


def table(heads, rows):
    """Prints columns; the first is text, the others are aligned to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    for row in [heads, *rows]:
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip())
