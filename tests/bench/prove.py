#!/usr/bin/python3
"""What a proof of many networks takes: seconds and peak memory of check, prove and diff, to those of loading the file.

Loading is what explain takes, which proves nothing. The file is made up, the same one each time: tables of random
networks in files of their own, and listeners of which each asks for five of them; the other file of diff lets one more
table relay at every listener (diff), or logins at none (diff, logins).
"""

import os
import random
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import measure  # noqa: E402

SESSION = ("--listener", "l0", "--client", "203.0.113.10", "--recipient", "test@example.com")
PROMISE = ('never = ( { name = "lists alone"; relay = true; authenticated = false; listener = "l0";\n'
           '  unless = { client = [ "@t0", "@t1" ]; }; } );\n')


def network(numbers, ipv6):
    """One of IPv4 or, so often of a hundred, IPv6; most are small, as in lists of addresses."""
    if numbers.randrange(100) < ipv6:
        length = numbers.choice((32, 40, 48, 48, 56, 64, 64, 128))
        base = numbers.getrandbits(length) << 128 - length
        base = base & ~(0xffff << 112) | numbers.choice((0x2001, 0x2400, 0x2600, 0x2a00)) << 112
        return f"{socket.inet_ntop(socket.AF_INET6, base.to_bytes(16, 'big'))}/{length}"
    length = numbers.choice((16, 20, 22, 24, 24, 24, 28, 32, 32, 32))
    return f"{socket.inet_ntoa(struct.pack('!I', numbers.getrandbits(length) << 32 - length))}/{length}"


def write_tables(directory, arguments, numbers):
    each = arguments.networks // arguments.tables
    for table in range(arguments.tables):
        lines = (network(numbers, arguments.ipv6) for _ in range(each))
        (directory / f"t{table}.networks").write_text("\n".join(lines) + "\n")


def rules(arguments, numbers, promises="", more=False, logins=True):
    """The text of a file, the same for the same state of numbers but for what is told."""
    text = ["networks = {\n"]
    text += [f'  t{table} = {{ file = "t{table}.networks"; }};\n' for table in range(arguments.tables)]
    text += ["};\nlisteners = (\n"]
    for listener in range(arguments.listeners):
        refused, exempt, one, other, out, added = (f"@t{numbers.randrange(arguments.tables)}" for _ in range(6))
        relay = f'"{one}", "{other}", "!{out}"' + (f', "{added}"' if more else "")
        text.append(f"""{',' if listener > 0 else ''}  {{
    name = "l{listener}"; direction = "inbound"; match = {{ port = {10000 + listener}; }};
    connection = {{ mode = "all-except"; clients = [ "{refused}" ]; }};
    mail = ( {{ verdict = "reject"; sender = [ "ours.example", ".ours.example" ];
      unless = {{ client = [ "{exempt}" ]; }}; }} );
    relay = {{ mode = "only"; clients = [ {relay} ]; authenticated = {str(logins).lower()}; }};
  }}
""")
    return "".join(text) + ");\n" + promises


def write_files(directory, arguments):
    write_tables(directory, arguments, random.Random(arguments.seed))
    for name, what in {"plain": {}, "promises": {"promises": PROMISE}, "more": {"more": True},
                       "logins": {"logins": False}}.items():
        (directory / f"{name}.conf").write_text(rules(arguments, random.Random(arguments.seed), **what))


def run(*command):
    """Seconds and peak memory of a command, which may find something to tell, but no trouble."""
    command = [str(word) for word in command]
    begin = time.monotonic()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, descriptor, "/dev/null", os.O_WRONLY, 0) for descriptor in (1, 2)])
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise RuntimeError(f"{' '.join(command)}: {os.waitstatus_to_exitcode(status)}")
    return {"seconds": time.monotonic() - begin, "cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}


def main():
    arguments = measure.arguments(__doc__, "sallyport", rounds=3, listeners=50, tables=200, networks=1_000_000, ipv6=0,
                                  seed=1)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_files(directory, arguments)
        files = {path.stem: path for path in directory.glob("*.conf")}
        commands = {
            "load": ("explain", "-c", files["plain"], *SESSION),
            "check": ("check", "--elsewhere", files["plain"]),
            "check, a promise": ("check", "--elsewhere", files["promises"]),
            "prove": ("prove", files["promises"]),
            "prove --json": ("prove", "--json", files["promises"]),
            "diff": ("diff", files["plain"], files["more"]),
            "diff --json": ("diff", "--json", files["plain"], files["more"]),
            "diff, logins": ("diff", files["plain"], files["logins"]),
            "diff --json, logins": ("diff", "--json", files["plain"], files["logins"]),
        }
        turns = measure.in_turns(arguments.rounds, **{
            name: lambda words=words: run(arguments.sallyport, *words) for name, words in commands.items()})
    load = [report["cpu"] for report in turns["load"]]
    rows = [{"command": name, "seconds": measure.spread([report["seconds"] for report in reports]),
             "cpu": measure.spread([report["cpu"] for report in reports]),
             "ratio": measure.ratio([report["cpu"] for report in reports], load),
             "mib": max(report["mib"] for report in reports)} for name, reports in turns.items()]
    measure.table(["command", "seconds", "processor", "to load", "MiB"], [
        [row["command"], f"{row['seconds']['median']:.2f}", f"{row['cpu']['median']:.2f}",
         f"{row['ratio']['median']:.1f}", f"{row['mib']:.0f}"] for row in rows])
    measure.keep(arguments.json, rows)


if __name__ == "__main__":
    main()
