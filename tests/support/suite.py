"""A suite: cases in order, reported as TAP.

    suite = Suite(__doc__)

    @suite.case("what the case proves")
    def _(gate):
        gate.rules(...)
        ...

A case fails by an exception; the report then shows all that was said and logged since the case began.
"""

import argparse
import os
import sys
import time
import traceback

from support import lab
from support.gate import Gate
from support.mta import CAPABILITIES
from support.postfix import Postfix
from support.sendmail import Sendmail

_LONGEST = 200  # lines of one log in a report


class Suite:
    def __init__(self, about, mtas=(Postfix, Sendmail), furnish=None, prepare=None):
        """`mtas` are the classes that it plays on. `furnish` is called once in the private machine, before the MTA
        starts there."""
        self._about = about
        self._mtas = {mta.name: mta for mta in mtas}
        self._furnish = furnish
        self._prepare = prepare
        self._cases = []

    def case(self, title, needs=()):
        """Registers a case. `needs` are capabilities without which the MTA cannot play it: it is skipped then."""
        def register(function):
            self._cases.append((title, frozenset(needs), function))
            return function
        return register

    @property
    def titles(self):
        return [title for title, _needs, _function in self._cases]

    def main(self, words):
        """Runs the suite in a private machine and exits: 0 if all cases passed, else 1."""
        arguments = self._arguments(words)
        report = sys.stderr if arguments.report == "stderr" else sys.stdout
        try:
            _end(self._play(arguments, report))
        except lab.Unavailable as reason:
            print(f"1..0 # SKIP {reason}")
        except Exception as error:
            print("Bail out! the lab does not stand:", *str(error).splitlines())
            _comment("why", traceback.format_exc().splitlines(), report)
            _end(1)

    def _play(self, arguments, report):
        lab.require_root()
        self._mtas[arguments.mta].prepare()
        if self._prepare is not None:
            self._prepare()
        lab.enter()
        if self._furnish is not None:
            self._furnish()
        gate = Gate(arguments.sallyport, self._mtas[arguments.mta])
        print("TAP version 13")
        chosen = [case for case in self._cases if arguments.only in case[0]]
        failures = 0
        for number, case in enumerate(chosen, 1):
            failures += not self._run(number, case, gate, arguments.verbose, report)
        print(f"1..{len(chosen)}", flush=True)
        return 1 if failures else 0

    def _arguments(self, words):
        parser = argparse.ArgumentParser(description=self._about)
        parser.add_argument("--sallyport", required=True, metavar="PATH", help="the executable")
        parser.add_argument("--mta", choices=sorted(self._mtas), default="postfix")
        parser.add_argument("--only", default="", metavar="TEXT", help="only cases with this text in their title")
        parser.add_argument("--report", choices=("stdout", "stderr"), default="stdout",
                            help="where to explain failures; Meson shows only the latter")
        parser.add_argument("--verbose", action="store_true", help="show what was said and logged for every case")
        return parser.parse_args(words)

    @staticmethod
    def _run(number, case, gate, verbose, report):
        title, needs, function = case
        missing = needs - gate.mta.capabilities
        if missing:
            meant = " and ".join(CAPABILITIES[word] for word in sorted(missing))
            print(f"ok {number} - {title} # SKIP {gate.mta.name} lacks {meant}", flush=True)
            return True
        started = time.monotonic()
        trouble = None
        try:
            gate.begin_case()
            function(gate)
            gate.check_daemon()
        except Exception as error:
            trouble = error
        print(f"{'not ok' if trouble else 'ok'} {number} - {title}")
        if trouble or verbose:
            sys.stdout.flush()
            if trouble:
                _comment(type(trouble).__name__, str(trouble).splitlines() + _where(trouble), report)
            for heading, lines in gate.evidence():
                _comment(heading, lines, report)
            print(f"# {time.monotonic() - started:.2f} s", file=report)
        if trouble:
            gate.clean_up()
        sys.stdout.flush()
        return trouble is None


def _end(status):
    """Ends the process at once: threads that still read logs and answer clients must not meet an interpreter that is
    half taken down. What the suite started ends with its private machine."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _where(error):
    """The lines of the trace that lie in the suites, outermost first."""
    return [f"at {frame.filename}:{frame.lineno}: {frame.line}" for frame in traceback.extract_tb(error.__traceback__)
            if "/tests/" in frame.filename][1:]


def _comment(heading, lines, report):
    print(f"# --- {heading}", file=report)
    for line in lines[-_LONGEST:]:
        print("# " + line, file=report)
