#!/usr/bin/python3
"""Plays one suite of this directory: play.py SUITE --sallyport PATH [--only TEXT] [--verbose]."""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main():
    suites = sorted(path.stem for path in Path(__file__).parent.glob("*.py")
                    if path.stem not in ("play", "rules"))
    if len(sys.argv) < 2 or sys.argv[1] not in suites:
        sys.exit(__doc__ + "\nSuites: " + ", ".join(suites))
    importlib.import_module(sys.argv[1]).suite.main(sys.argv[2:])


if __name__ == "__main__":
    main()
