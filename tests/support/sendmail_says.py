"""What Sendmail says in its own words: the one table of its differences."""

import re

# Sendmail puts the address at hand before a milter's words, as the client wrote it.
_ADDRESS = re.compile(r"(\d{3} \d\.\d+\.\d+ )(?:<.*>|[^ ]*)\.\.\. ", re.DOTALL)


def bare(words):
    """A reply's words without the address that Sendmail puts before them."""
    return _ADDRESS.sub(r"\1", words, count=1)
