#!/usr/bin/python3
"""Sessions while a large rule file is read again and again, to sessions while it is not, in the same round.

200 tables of 1,000,000 networks; SIGHUP as soon as the reload before it has ended. Told are the median and the 99th
percentile of a whole session's time, sessions a second, and how many reloads that were.

Sessions come as clients come to a server, at half the number that the machine can judge, each counted from when it was
due; or one after the other on so many connections, which leaves no processor free: then whatever else is done delays.
"""

import contextlib
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
import rule_files  # noqa: E402

# Connections, and the share of what the machine can do; None: all of it.
LOADS = ((16, 0.5), (1, None), (16, None))
NAMES = ("p50", "p99", "speed")


class Reloads:
    """SIGHUP after SIGHUP, while it is entered."""

    def __init__(self, process, log):
        self.count = 0
        self._process = process
        self._log = log
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._over.set()
        self._thread.join()

    def _ended(self):
        return self._log.read_bytes().count(b"\nreloaded ") + self._log.read_bytes().count(b" reloaded ")

    def _go_on(self):
        while not self._over.is_set():
            before = self._ended()
            self._process.send_signal(signal.SIGHUP)
            while self._ended() == before:
                if self._process.poll() is not None:
                    return
                time.sleep(0.25)  # seldom: who looks takes time from who is measured
            self.count += 1


def told(report):
    return {"p50": report["session_us"]["p50"], "p99": report["session_us"]["p99"],
            "speed": report["sessions_per_second"]}


def main():
    arguments = measure.arguments(__doc__, "sallyport", "generator", rounds=3, seconds=2.0, tables=200,
                                  networks=1000000)
    rows, kept = [], []
    with filters.room() as directory, contextlib.ExitStack() as stack:
        rules = rule_files.made(directory, arguments.tables, arguments.tables, arguments.networks)
        process = stack.enter_context(filters.sallyport(arguments.sallyport, rules, directory))

        def generate(connections, *words):
            return told(filters.generate(
                arguments.generator, "--socket", f"unix:{directory}/sallyport", "--pid", process.pid, "--connections",
                connections, "--seconds", arguments.seconds, "--warm-up", 200, *words))

        for connections, share in LOADS:
            reloads = []
            rate = () if share is None else ("--rate", f"{generate(connections)['speed'] * share:.0f}")

            def play():
                return generate(connections, *rate)

            def storm():
                with Reloads(process, directory / "sallyport.log") as going_on:
                    report = play()
                reloads.append(going_on.count)
                return report

            reports = measure.in_turns(arguments.rounds, quiet=play, storm=storm)
            values = {way: {name: [report[name] for report in reports[way]] for name in NAMES} for way in reports}
            ratios = {name: measure.ratio(values["storm"][name], values["quiet"][name]) for name in NAMES}
            rows.append([connections, rate[1] if rate else "all", sum(reloads),
                         *(f"{measure.spread(values[way][name])['median']:.0f}" for name in ("p50", "p99")
                           for way in ("quiet", "storm")),
                         *(f"{ratios[name]['median']:.2f} ({ratios[name]['low']:.2f}-{ratios[name]['high']:.2f})"
                           for name in NAMES)])
            kept.append({"connections": connections, "share": share, "reloads": sum(reloads), "ratios": ratios})
    measure.table(["connections", "sessions/s asked", "reloads", "p50 us quiet", "during", "p99 us quiet", "during", "p50 ratio", "p99 ratio",
                   "speed ratio"], rows)
    measure.keep(arguments.json, kept)


if __name__ == "__main__":
    main()
