#!/usr/bin/python3
"""A real Postfix under smtp-source: without a milter, with an empty one, and with sallyport under each example.

Three listeners of one private Postfix take the same messages in turns: one without a milter, one with the empty filter,
which negotiates as sallyport does, and one with sallyport. Each message is a connection of its own. What is accepted
is thrown away by Postfix itself, and its queue is empty before the next turn. The empty filter has two turns in each
round: how far these are apart is the noise.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402
from support import lab  # noqa: E402
from support.postfix import Postfix  # noqa: E402
from support.sink import Sink  # noqa: E402

# Loopback addresses: a client's own is 127.0.0.1, whichever it calls.
PLAIN, EMPTY, OURS = "127.0.0.2", "127.0.0.3", "127.0.0.4"
SESSIONS = 16  # at once
LETTER = 3000  # bytes of a message
# A sender and a recipient whom every example lets through.
ENVELOPE = ("-f", "somebody@example.org", "-t", "info@example.net")

MILTERS = lab.DIRECTORY / "milters"  # where the filters listen

_SETTINGS = """
inet_interfaces = all
default_transport = discard:
local_transport = discard:
relay_transport = discard:
transport_maps =
"""


class ThreeDoors(Postfix):
    """The lab's Postfix, with a listener for each way."""

    def _main_cf(self):
        ours = {line.partition("=")[0].strip() for line in _SETTINGS.splitlines()}
        kept = [line for line in super()._main_cf().splitlines() if line.partition("=")[0].strip() not in ours
                or not line.strip()]
        return "\n".join(kept) + _SETTINGS

    def _master_cf(self):
        doors = {PLAIN: "", EMPTY: f"unix:{MILTERS}/empty", OURS: f"unix:{MILTERS}/sallyport"}
        self.served = []  # none of the lab's own
        return super()._master_cf() + "".join(
            f"{address}:25 inet n - n - - smtpd\n  -o smtpd_milters={milter}\n" for address, milter in doors.items())


def start():
    """The lab's Postfix, and where its milters will listen."""
    MILTERS.mkdir()
    shutil.chown(MILTERS, "nobody")
    mta = ThreeDoors(f"unix:{MILTERS}/sallyport", Sink())
    try:
        mta.start()
    except RuntimeError as reason:
        sys.exit(f"{reason}\n" + "\n".join(mta.log))
    return mta


class Bench:
    def __init__(self, arguments, mta):
        self.arguments = arguments
        self.mta = mta

    def send(self, address, process=None):
        """One turn; returns its messages a second, and the filter's processor time for each in microseconds."""
        count = self.arguments.messages
        cpu = filters.cpu_seconds(process.pid) if process else 0.0
        begin = time.monotonic()
        done = subprocess.run(["smtp-source", "-s", str(SESSIONS), "-m", str(count), "-l", str(LETTER), *ENVELOPE,
                               f"inet:{address}:25"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        seconds = time.monotonic() - begin
        if done.returncode != 0:
            raise filters.Broken(f"smtp-source: {done.stderr.strip()}\n" + "\n".join(self.mta.log[-5:]))
        cpu = (filters.cpu_seconds(process.pid) - cpu) * 1e6 / count if process else 0.0
        if process and cpu < 5:
            raise filters.Broken(f"{count} messages took {process.args[0]} {cpu:.1f} us each: Postfix did not ask it")
        self.mta.await_idle()
        return count / seconds, cpu

    def example(self, name):
        rules = filters.examples(MILTERS) / f"{name}.conf"
        with filters.sallyport(self.arguments.sallyport, rules, MILTERS, group="postfix") as daemon:
            asked = filters.generate(self.arguments.generator, "--socket", f"unix:{MILTERS}/sallyport",
                                     "--sessions", 1, "--client", "127.0.0.1", "--recipient", "info@example.net")
            with filters.empty(self.arguments.empty, MILTERS, asked) as empty:
                turns = measure.in_turns(
                    self.arguments.rounds, none=lambda: self.send(PLAIN), empty=lambda: self.send(EMPTY, empty),
                    sallyport=lambda: self.send(OURS, daemon), again=lambda: self.send(EMPTY, empty))
        speeds = {way: [speed for speed, _ in results] for way, results in turns.items()}
        cpu = {way: [cpu for _, cpu in results] for way, results in turns.items()}
        # The base line is the mean of the empty filter's two turns.
        base = [(one + other) / 2 for one, other in zip(speeds["empty"], speeds["again"], strict=True)]
        return {"example": name, "messages_per_second": {way: measure.spread(values) for way, values in speeds.items()},
                "sallyport": measure.ratio(speeds["sallyport"], base), "none": measure.ratio(speeds["none"], base),
                "noise": measure.ratio(speeds["again"], speeds["empty"]),
                "cpu_us": {way: measure.spread(cpu[way]) for way in ("empty", "sallyport")},
                "cpu": measure.ratio(cpu["sallyport"], cpu["empty"])}


def show(rows):
    def told(figures):
        return f"{figures['median']:.2f} ({figures['low']:.2f}-{figures['high']:.2f})"

    print(f"messages a second, {SESSIONS} connections at once, as ratios to the empty filter in the same round")
    measure.table(["example", "no milter", "sallyport", "noise", "messages/s: none", "empty", "sallyport",
                   "filter's cpu us: empty", "sallyport"], [
        [row["example"], told(row["none"]), told(row["sallyport"]), told(row["noise"]),
         *(f"{row['messages_per_second'][way]['median']:.0f}" for way in ("none", "empty", "sallyport")),
         *(f"{row['cpu_us'][way]['median']:.0f}" for way in ("empty", "sallyport"))] for row in rows])


def main():
    arguments = measure.arguments(__doc__, "sallyport", "generator", "empty", rounds=5, messages=300, only="")
    try:
        lab.enter()
    except lab.Unavailable as reason:
        sys.exit(f"postfix: {reason}")
    mta = start()
    bench = Bench(arguments, mta)
    examples = dict.fromkeys(scenario.example for scenario in SCENARIOS)
    rows = [bench.example(name) for name in examples if arguments.only in name]
    mta.stop()
    show(rows)
    measure.keep(arguments.json, rows)


if __name__ == "__main__":
    main()
