#!/usr/bin/python3
"""The rule files that a document shows, so that what is printed is what is played.

    documents.py PAGE DIRECTORY     writes each into the directory, under the name that its first line gives it
"""

import re
import sys
from pathlib import Path

_BLOCK = re.compile(r"^```\n(# (\S+\.conf)\b.*?)^```$", re.MULTILINE | re.DOTALL)


def rule_files(page):
    """{name: text} of the fenced blocks that begin with "# NAME.conf"."""
    return {name: text for text, name in _BLOCK.findall(Path(page).read_text())}


def commands(page, word):
    """The commands that the page shows (indented lines) with that word in them."""
    lines = Path(page).read_text().splitlines()
    return [line.strip() for line in lines if line.startswith("    ") and word in line.split()]


if __name__ == "__main__":
    for file_name, rules in rule_files(sys.argv[1]).items():
        Path(sys.argv[2], file_name).write_text(rules)
