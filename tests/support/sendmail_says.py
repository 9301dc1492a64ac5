"""What Sendmail says in its own words: the one table of its differences."""

import re

# Sendmail puts the address at hand before a milter's words, as the client wrote it.
_ADDRESS = re.compile(r"(\d{3} \d\.\d+\.\d+ )(?:<.*>|[^ ]*)\.\.\. ", re.DOTALL)

# How it refuses what it cannot read, before any milter is asked: (words, an address of which it says so).
_OWN = (
    (r"553 5\.1\.3 Invalid route address", "test@example.com@example.net"),
    (r"553 5\.1\.3 User address required", "%test@example.net"),
    (r"553 5\.1\.0 Address .* too long \(255 bytes max\)", "256 bytes"),
    (r"501 5\.1\.3 Syntax error in mailbox address .* \(non-printable character\)", r'"in\x01fo"@example.net'),
)


def bare(words):
    """A reply's words without the address that Sendmail puts before them."""
    return _ADDRESS.sub(r"\1", words, count=1)


def its_own(words):
    """Are these words, which are bare, of Sendmail's own?"""
    return any(re.match(pattern, words, re.DOTALL) for pattern, _address in _OWN)
