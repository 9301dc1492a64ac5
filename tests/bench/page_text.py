"""What the page says: tables in Markdown, of the figures that the benchmarks left."""

import os
import platform
import re
import statistics
import subprocess
from pathlib import Path


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---", *["---:"] * (len(heads) - 1)]) + " |"]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def _told(figures):
    return f"{figures['median']:.2f} ({figures['low']:.2f} to {figures['high']:.2f})"


def _range(figures, form=".2f"):
    """The median, the least and the greatest of some medians."""
    medians = [each["median"] for each in figures]
    low, middle, high = (format(value, form) for value in (min(medians), statistics.median(medians), max(medians)))
    return middle if low == high else f"{middle} ({low} to {high})"


def machine():
    """What the figures depend on, and no date."""
    words = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", words, re.MULTILINE)
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)

    def version(package):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
        return done.stdout.strip() or "?"

    return [f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores",
            f"{release['PRETTY_NAME'].strip(chr(34))}, Linux {platform.release()}",
            f"libmilter {version('libmilter1.0.1')}, Postfix {version('postfix')}, GCC {version('gcc-12')}, "
            f"Valgrind {version('valgrind')}; a release build of sallyport"]


def _busy(rows):
    """Those of 16 and 100 connections: one alone is at the mercy of the scheduler."""
    return [row for row in rows if row["connections"] > 1]


def _kinds(rows):
    every = [row for row in rows if row["scenario"].startswith("empty")]
    ours = [row for row in rows if not row["scenario"].startswith("empty")]
    return {"rcpt": [row for row in ours if not row["refused"] and row["until"] == "rcpt"],
            "message": [row for row in ours if row["until"] == "message"],
            "refused": [row for row in ours if row["refused"]],
            "every": [row for row in every if row["until"] == "message"]}


def summary(figures):
    """The short table of the project's README."""
    kinds = {name: _busy(rows) for name, rows in _kinds(figures["sessions"]).items()}
    base = [row["empty"] for row in kinds["message"]]

    def line(name, rows):
        return (name, _range(row["speed"] for row in rows), _range(row["cpu"] for row in rows))

    rows = [("an empty libmilter program that negotiates as sallyport does",
             f"1, which is {_range((row['sessions_per_second'] for row in base), ',.0f')} a second",
             f"1, which is {_range((row['cpu_us'] for row in base), '.0f')} us"),
            line("sallyport, whole messages", kinds["message"]),
            line("sallyport, sessions that end at RCPT", kinds["rcpt"]),
            line("sallyport, sessions that it refuses, and logs", kinds["refused"]),
            line("an empty libmilter program that wants every step, whole messages", kinds["every"])]
    text = table(("", "sessions a second", "processor time per session"), rows)
    through = figures["postfix"]
    more = [f"Over all shipped examples, at 16 and 100 connections: median, least and greatest; on {machine()[0]}.",
            "Messages a second through a real Postfix, with sallyport to with the empty program: "
            f"{_range(row['sallyport'] for row in through)}; the empty program to itself: "
            f"{_range(row['noise'] for row in through)}.",
            f"A recipient takes {figures['instructions']['rows'][0]['rcpt']:,.0f} instructions under the gateway "
            f"example, and {figures['instructions']['tables_ratio']:.2f} times that beside "
            f"{figures['instructions']['rows'][1]['rules']}."]
    return text + "\n" + "\n".join(more) + "\n"


def _sessions(rows):
    kinds = _kinds(rows)
    lines = {}
    for row in rows:
        name = row["scenario"] if row.get("refused") else f"{row['scenario']}, until {row['until']}"
        line = lines.setdefault(name, [name, row["round_trips"]])
        line += [_told(row["speed"]), f"{row['cpu']['median']:.2f}"]
    heads = ["", "round trips", *(head for connections in (1, 16, 100)
                                  for head in (f"speed, {connections}", "cpu"))]
    base = [row for row in kinds["rcpt"] + kinds["message"] if row["scenario"] == kinds["rcpt"][0]["scenario"]]
    absolute = table(("empty filter", "connections", "sessions/s", "cpu, us", "p50, us", "p99, us",
                      "sallyport: p50, us", "p99, us"), [
        (f"until {row['until']}", row["connections"], f"{row['empty']['sessions_per_second']['median']:,.0f}",
         f"{row['empty']['cpu_us']['median']:.0f}",
         *(f"{row[way][name]['median']:,.0f}" for way in ("empty", "sallyport") for name in ("p50_us", "p99_us")))
        for row in base])
    refused = [row for row in _busy(rows) if "to_refusing" in row]
    to_refusing = ("To an empty filter that refuses in the same steps, and does not log it, the refused sessions come at "
                   f"{_range(row['to_refusing']['speed'] for row in refused)} of the speed, for "
                   f"{_range(row['to_refusing']['cpu'] for row in refused)} of the processor time "
                   "(16 and 100 connections).\n")
    return table(heads, lines.values()) + "\n" + to_refusing + f"\nThe base line itself, as under {base[0]['example']}:\n\n" + absolute


def _postfix(rows):
    return table(("example", "no milter", "sallyport", "noise", "messages/s: none", "empty", "sallyport",
                  "filter's cpu: empty, us", "sallyport, us"), [
        (row["example"], _told(row["none"]), _told(row["sallyport"]), _told(row["noise"]),
         *(f"{row['messages_per_second'][way]['median']:,.0f}" for way in ("none", "empty", "sallyport")),
         *(f"{row['cpu_us'][way]['median']:.0f}" for way in ("empty", "sallyport"))) for row in rows])


def _decisions(rows):
    return table(("rules", "tables", "networks", "a recipient, ns", "ratio", "a session, ns", "ratio"), [
        (f"{row['rules']:,}", row["tables"], f"{row['networks']:,}", f"{row['rcpt_ns']['median']:,.0f}",
         f"{row['rcpt']['median']:.2f}", f"{row['session_ns']['median']:,.0f}", f"{row['session']['median']:.2f}")
        for row in rows])


def _instructions(figures):
    text = table(("", "a recipient", "ratio", "a session", "ratio"), [
        (row["rules"], f"{row['rcpt']:,.0f}", f"{row['rcpt_ratio']:.3f}", f"{row['session']:,.0f}",
         f"{row['session_ratio']:.3f}") for row in figures["rows"]])
    return text + f"\nEach rule that is asked and does not match: {figures['per_rule']:.0f} instructions.\n"


def _explain(rows):
    return table(("start to end", "ms", "to `true`"), [
        (row["program"], f"{row['ms']['median']:.2f}", f"{row['ratio']['median']:.1f}") for row in rows])


_SECTIONS = {"sessions": ("Whole sessions over the milter protocol", _sessions),
             "postfix": ("Through a real Postfix", _postfix),
             "instructions": ("Instructions of a decision", _instructions),
             "decisions": ("Decisions in one process", _decisions),
             "explain": ("The start of explain", _explain)}


def page(figures, abouts, printed):
    """The whole page. abouts: what each benchmark says of itself; printed: what those print that leave no figures."""
    parts = ["# Measurements\n", "`tests/bench/page` has made this page and its plot; nothing in it is written by hand. "
             "`meson test --benchmark -C build` prints the same, and no benchmark fails because of time.\n",
             "\n".join(f"- {line}" for line in machine()) + "\n",
             "Ratios are taken within a round, in which all that is compared has its turn; told are the median and, in "
             "brackets, the quartiles of all rounds.\n"]
    for name, (title, text) in _SECTIONS.items():
        parts.append(f"## {title}\n")
        parts.append(abouts[name].strip() + "\n")
        if name == "sessions":
            parts.append("![Sessions a second, and processor time, to an empty filter](sessions.svg)\n")
        parts.append(text(figures[name]))
    for name, text in printed.items():
        parts.append(f"## {name[:1].upper()}{name[1:]}\n")
        parts.append("```\n" + text.strip("\n") + "\n```\n")
    return "\n".join(parts)
