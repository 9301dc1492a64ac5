#!/usr/bin/python3
"""Whole sessions over the milter protocol: sallyport under each example, and an empty filter that negotiates the same.

The load generator plays the MTA, at 1, 16 and 100 connections, to sessions that end at RCPT and to whole messages; those
that are refused end there. Sessions a second and processor time of the filter for each, as ratios to the empty filter's
in the same round. For comparison: the empty filter that wants every step and answer. sallyport reads ahead what an MTA
says in one piece (milter/readahead.h); in the empty filter libmilter reads by itself, two system calls and three questions
for each command: so ratios may be better than 1.
"""

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

CONNECTIONS = (1, 16, 100)
_NR_MAIL = 0x4000  # of <libmilter/mfdef.h>
_WARM_UP = ("--warm-up", 200)


def figures(reports):
    return {"sessions_per_second": measure.spread([report["sessions_per_second"] for report in reports]),
            "cpu_us": measure.spread([report["cpu_us_per_session"] for report in reports]),
            "p50_us": measure.spread([report["session_us"]["p50"] for report in reports]),
            "p99_us": measure.spread([report["session_us"]["p99"] for report in reports])}


def compared(reports, base):
    """The ratios to the base line, and both."""
    def ratio(name):
        return measure.ratio([report[name] for report in reports], [report[name] for report in base])

    return {"speed": ratio("sessions_per_second"), "cpu": ratio("cpu_us_per_session"), "sallyport": figures(reports),
            "empty": figures(base)}


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments

    def play(self, milter_socket, process, connections, *words):
        return filters.generate(self.arguments.generator, "--socket", milter_socket, "--pid", process.pid,
                                "--connections", connections, "--seconds", self.arguments.seconds, *_WARM_UP, *words)

    def scenario(self, scenario):
        """Yields a row for each end and number of connections."""
        with filters.room() as directory, contextlib.ExitStack() as stack:
            rules = filters.examples(directory) / f"{scenario.example}.conf"
            daemon = stack.enter_context(filters.sallyport(self.arguments.sallyport, rules, directory))
            ours = f"unix:{directory}/sallyport"
            asked = filters.generate(self.arguments.generator, "--socket", ours, "--sessions", 1,
                                     *scenario.session, *scenario.expected)
            empty = stack.enter_context(filters.empty(self.arguments.empty, directory, asked))
            refusing = None
            for until in self._ends(scenario, asked):
                step = ("--until", until, *scenario.session)
                ways = {"sallyport": (ours, daemon, *step, *scenario.expected),
                        "empty": (f"unix:{directory}/empty", empty, *step)}
                if scenario.refused:
                    refusing = stack.enter_context(filters.empty(self.arguments.empty, directory, asked,
                                                                 refuse=(until, scenario.refused[1])))
                    refusal = (f"--{until}-refused", scenario.refused[1].replace("-", " ", 1))
                    ways["refusing"] = (f"unix:{directory}/refusing", refusing, *step, *refusal)
                for connections in CONNECTIONS:
                    reports = measure.in_turns(self.arguments.rounds, **{
                        way: lambda told=told: self.play(told[0], told[1], connections, *told[2:])
                        for way, told in ways.items()})
                    row = {"scenario": scenario.title, "example": scenario.example, "refused": bool(scenario.refused),
                           "until": until, "connections": connections, "steps": asked["steps"],
                           "round_trips": 1 + reports["sallyport"][0]["exchanges"],
                           **compared(reports["sallyport"], reports["empty"])}
                    if refusing:
                        row["to_refusing"] = compared(reports["sallyport"], reports["refusing"])
                    yield row

    def _ends(self, scenario, asked):
        """How far the session goes."""
        if not scenario.refused:
            return ("rcpt", "message")
        step = scenario.refused[0]
        if step == "mail" and int(asked["steps"], 16) & _NR_MAIL:
            step = "rcpt"  # the refusal waits for the next step that is answered
        return (step,)

    def every_step(self):
        """Yields rows: the empty filter that wants every step and answer, to the one that negotiates as sallyport."""
        scenario = SCENARIOS[0]
        with filters.room() as directory, filters.room() as elsewhere:
            rules = filters.examples(directory) / f"{scenario.example}.conf"
            with filters.sallyport(self.arguments.sallyport, rules, directory):
                asked = filters.generate(self.arguments.generator, "--socket", f"unix:{directory}/sallyport",
                                         "--sessions", 1, *scenario.session)
            with filters.empty(self.arguments.empty, directory) as every, \
                    filters.empty(self.arguments.empty, elsewhere, asked) as empty:
                for until in ("rcpt", "message"):
                    for connections in CONNECTIONS:
                        reports = measure.in_turns(
                            self.arguments.rounds,
                            every=lambda: self.play(f"unix:{directory}/empty", every, connections, "--until", until),
                            empty=lambda: self.play(f"unix:{elsewhere}/empty", empty, connections, "--until", until))
                        yield {"scenario": "empty filter, every step", "until": until, "connections": connections,
                               "round_trips": 1 + reports["every"][0]["exchanges"],
                               **compared(reports["every"], reports["empty"])}


def show(rows):
    """One line for each scenario and end."""
    heads = ["to the empty filter that negotiates the same", "until", "round trips"]
    for connections in CONNECTIONS:
        heads += [f"speed at {connections}", "cpu"]
    lines = {}
    refused = [{**row, **row["to_refusing"], "scenario": f"{row['scenario']}, to one that refuses"} for row in rows
               if "to_refusing" in row]
    for row in [*rows, *refused]:
        line = lines.setdefault((row["scenario"], row["until"]), [row["scenario"], row["until"], row["round_trips"]])
        line += [f"{row['speed']['median']:.2f} ({row['speed']['low']:.2f}-{row['speed']['high']:.2f})",
                 f"{row['cpu']['median']:.2f}"]
    measure.table(heads, lines.values())
    base = [row for row in rows if row["scenario"] == SCENARIOS[0].title]
    print()
    measure.table(["the empty filter itself", "connections", "sessions/s", "cpu us", "p50 us", "p99 us"], [
        [f"until {row['until']}", row["connections"], f"{row['empty']['sessions_per_second']['median']:.0f}",
         *(f"{row['empty'][name]['median']:.0f}" for name in ("cpu_us", "p50_us", "p99_us"))] for row in base])


def main():
    arguments = measure.arguments(__doc__, "sallyport", "generator", "empty", rounds=5, seconds=0.15, only="")
    bench = Bench(arguments)
    rows = [row for scenario in SCENARIOS if arguments.only in scenario.title for row in bench.scenario(scenario)]
    if arguments.only in "every step":
        rows += bench.every_step()
    show(rows)
    measure.keep(arguments.json, rows)


if __name__ == "__main__":
    main()
