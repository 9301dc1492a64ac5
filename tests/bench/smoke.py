#!/usr/bin/python3
"""Does the load generator speak to milters as an MTA does, and see every answer that is not as it must be?

    smoke.py --sallyport PATH --generator PATH --empty PATH

A few sessions each; nothing is measured. Reported as TAP.
"""

import argparse
import socket
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

FEW = ("--sessions", "40", "--connections", "4", "--warm-up", "4")

# Of <libmilter/mfdef.h>.
NO_BODY, NO_HEADERS, NO_HEADERS_END, NO_DATA = 0x10, 0x20, 0x40, 0x200
NR_HEADER, NR_CONNECT, NR_HELO, NR_MAIL, NR_RCPT, NR_DATA = 0x80, 0x1000, 0x2000, 0x4000, 0x8000, 0x10000
NR_HEADERS_END, NR_BODY = 0x40000, 0x80000
SET_LISTS = 0x100

# Bits, and the steps that are then answered before the end of a message: its own answer is always there.
NEGOTIATIONS = (
    ("everything is told and answered", 0, 16),
    ("no body, no headers", NO_BODY | NO_HEADERS | NO_HEADERS_END, 6),
    ("no answers but at the end", NR_HEADER | NR_CONNECT | NR_HELO | NR_MAIL | NR_RCPT | NR_DATA | NR_HEADERS_END
     | NR_BODY, 1),
    ("only MAIL, RCPT and the end", NO_BODY | NO_HEADERS | NO_HEADERS_END | NO_DATA | NR_CONNECT | NR_HELO, 3),
)


class Cases:
    def __init__(self, arguments):
        self.arguments = arguments
        self.count = 0
        self.failures = 0

    def run(self, title, case, *words):
        self.count += 1
        try:
            with filters.room() as directory:
                case(directory, *words)
            print(f"ok {self.count} - {title}")
        except Exception:
            self.failures += 1
            print(f"not ok {self.count} - {title}")
            for line in traceback.format_exc().splitlines():
                print("#", line, file=sys.stderr)

    def negotiation(self, directory, steps, answers):
        wanted = {"steps": hex(steps), "actions": hex(SET_LISTS), "macros": {"0": "j _", "3": "{rcpt_addr} i"}}
        with filters.empty(self.arguments.empty, directory, wanted) as process:
            report = filters.generate(self.arguments.generator, "--socket", f"unix:{directory}/empty", "--pid",
                                      process.pid, "--until", "message", *FEW)
        assert report["exchanges"] == answers, report
        assert report["sessions"] == 40 and report["refusals"] == 0, report
        assert {name: report[name] for name in wanted} == wanted, report
        assert report["cpu_us_per_session"] > 0, report

    def refusing(self, directory):
        for step, reply in (("mail", "530 5.7.0"), ("rcpt", "450 4.7.1")):
            with filters.empty(self.arguments.empty, directory, refuse=(step, reply)):
                report = filters.generate(self.arguments.generator, "--socket", f"unix:{directory}/refusing", "--until",
                                          step, f"--{step}-refused", reply, *FEW)
                assert report["refusals"] > 30, report

    def idle(self, directory):
        with filters.empty(self.arguments.empty, directory) as process:
            report = filters.generate(self.arguments.generator, "--socket", f"unix:{directory}/empty", "--pid",
                                      process.pid, "--idle", "200", *FEW)
        assert report["sessions"] == 40, report

    def tcp(self, directory):
        with socket.create_server(("127.0.0.1", 0)) as free:
            milter_socket = f"inet:{free.getsockname()[1]}@127.0.0.1"
        with filters.empty(self.arguments.empty, directory, milter_socket=milter_socket):
            report = filters.generate(self.arguments.generator, "--socket", milter_socket, *FEW)
        assert report["sessions"] == 40, report

    def rate(self, directory):
        with filters.empty(self.arguments.empty, directory):
            words = ("--socket", f"unix:{directory}/empty", *FEW)
            slow = filters.generate(self.arguments.generator, *words, "--rate", "400")
            hurried = filters.generate(self.arguments.generator, *words, "--connections", "1", "--rate", "1000000")
        assert slow["sessions_per_second"] < 440, slow
        # All are due at once, and wait for the one connection that there is: the last waits for all others.
        assert hurried["session_us"]["max"] > hurried["seconds"] * 1e6 * 0.9, hurried

    def refusal_that_does_not_come(self, directory):
        with filters.empty(self.arguments.empty, directory):
            self._must_be_wrong(f"unix:{directory}/empty", "must come here did not", "--rcpt-refused", "550")

    def refusal_that_must_not_come(self, directory):
        scenario = next(scenario for scenario in SCENARIOS if scenario.refused)
        with self._sallyport(directory, scenario):
            self._must_be_wrong(f"unix:{directory}/sallyport", "must be let through", *scenario.session)
            self._must_be_wrong(f"unix:{directory}/sallyport", "must come here did not", *scenario.session,
                                "--rcpt-refused", "551")

    def example(self, directory, scenario):
        with self._sallyport(directory, scenario) as process:
            for until in ("rcpt", "message"):
                report = filters.generate(self.arguments.generator, "--socket", f"unix:{directory}/sallyport", "--pid",
                                          process.pid, "--until", until, *scenario.session, *scenario.expected, *FEW)
                assert report["sessions"] == 40, report
                # Those in flight where counting begins and ends are counted in part.
                assert abs(report["refusals"] - (40 if scenario.refused else 0)) <= (4 if scenario.refused else 0), report

    def _sallyport(self, directory, scenario):
        rules = filters.examples(directory) / f"{scenario.example}.conf"
        return filters.sallyport(self.arguments.sallyport, rules, directory)

    def _must_be_wrong(self, milter_socket, why, *words):
        try:
            report = filters.generate(self.arguments.generator, "--socket", milter_socket, *words, *FEW)
        except filters.Broken as reason:
            assert why in str(reason), reason
        else:
            raise AssertionError(f"a wrong answer was not seen: {report}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for program in ("sallyport", "generator", "empty"):
        parser.add_argument(f"--{program}", required=True, type=measure.program)
    cases = Cases(parser.parse_args())
    print("TAP version 13")
    for title, steps, answers in NEGOTIATIONS:
        cases.run(f"negotiation is kept to: {title}", cases.negotiation, steps, answers)
    cases.run("an empty filter may refuse, too", cases.refusing)
    cases.run("sessions stay open beside those that play", cases.idle)
    cases.run("a filter that listens at a port", cases.tcp)
    cases.run("sessions come at the rate that is asked for, and are timed from when they are due", cases.rate)
    cases.run("a refusal that does not come is seen", cases.refusal_that_does_not_come)
    cases.run("a refusal that must not come is seen, and one in other words", cases.refusal_that_must_not_come)
    for scenario in SCENARIOS:
        cases.run(scenario.title, cases.example, scenario)
    print(f"1..{cases.count}")
    sys.exit(1 if cases.failures else 0)


if __name__ == "__main__":
    main()
