#!/usr/bin/python3
"""Holds `sallyport diff --json` against an exhaustive search by the model: random rule sets, and random edits of them.

Pair number K of seed S is that of seed S + K, so a fault is run again alone with `--seed S+K --pairs 1`.  Every session
that the model judges differently lies in exactly one row, with the verdicts and replies of that row; no other session lies
in one; every row has a session.  Where only names and format changed there is no row, and the exit status is 0.
"""

import argparse
import ipaddress
import json
import random
import shutil
import subprocess

import printer
import prove
import rounds
import sessions
import wording

import mutate

OLD, NEW = "old.conf", "new.conf"
TIME_LIMIT = 60
FAILED = "the client's name cannot be looked up just now"
DONE = "the client's name can be looked up"
MOVED = {"the recipient was relay, and is local now": (True, False),
         "the recipient was local, and is relay now": (False, True)}


class Differs(Exception):
    """What the program says is not what the search found."""


class Row:
    """A row of what was printed, as something that a session lies in or not."""

    def __init__(self, told, words):
        self.told = told
        self.words = words
        self.networks = [ipaddress.ip_network(network) for network in told["clients"]]
        self.relay = (told["relay"], told["relay"])
        self.lookups = {True, False}
        self.parsed = []
        self.clients = {}
        for text in told["when"]:
            if text in MOVED:
                self.relay = MOVED[text]
            elif text in (FAILED, DONE):
                self.lookups = {text == DONE}
            else:
                self.parsed.append(words.parse(text))
                if not self.parsed[-1]:
                    raise Differs(f"what does this mean? {text!r} of {words.longest}")
        self.seen = False

    @property
    def judgments(self):
        return tuple(sessions.Judgment(self.told[side]["verdict"], self.told[side]["reply"], self.told[side]["listener"])
                     for side in ("old", "new"))

    def has_client(self, client):
        if client not in self.clients:
            self.clients[client] = any(client in network for network in self.networks)
        return self.clients[client]

    def has(self, session):
        """Of the session that both sides know."""
        login = session.login.user
        return (
            session.recipient.relay == self.relay
            and (login is not None) == self.told["authenticated"]
            and self.has_client(session.client)
            and (self.told["users"] is None or prove.users_hold(self.told["users"], login))
            and (session.client_name is not None) in self.lookups
            and all(self.words.is_true(each) for each in self.parsed)
        )


def run(options, directory, *files):
    result = subprocess.run([options.sallyport, "diff", "--json", *files], cwd=directory, capture_output=True,
                            timeout=TIME_LIMIT, check=False)
    if result.returncode == 2:
        return None, 2, result.stderr.decode(errors="replace")
    try:
        return json.loads(result.stdout), result.returncode, result.stderr.decode(errors="replace")
    except ValueError:
        raise Differs(f"no rows: exit {result.returncode}: {result.stdout[-500:]} {result.stderr[-500:]}") from None


def check_networks(rows):
    """As few as can be, in order, and of rows that say the same of the same sessions, disjoint."""
    for row in rows:
        prove.check_networks([row])
    known = set()
    for row in rows:
        key = json.dumps({name: value for name, value in row.items() if name not in ("clients", "unproved")})
        if (key, "unproved" in row) in known:
            raise Differs(f"two rows could be one: {row}")
        known.add((key, "unproved" in row))


def order(row):
    """What opens first, then what closes."""
    before, now = (row[side]["verdict"] == "accept" for side in ("old", "new"))
    return 0 if now and not before else 1 if before and not now else 2


def check_door(sides, values, door, told, options, rng, counts):
    here = [row for row in told if (row["old"]["listener"], row["new"]["listener"]) == door.names]
    if any(row["local"] is not door.local for row in here):
        raise Differs(f"{door.names}: local is {door.local}, and a row says otherwise")
    searching = sessions.Sessions(sides, door)
    words = wording.Wording(sides, searching)
    rows = [Row(row, words) for row in here if "unproved" not in row]
    doubtful = [Row(row | {"when": [text for text in row["when"] if text in (FAILED, DONE, *MOVED)]}, words)
                for row in here if "unproved" in row]
    found, complete = searching.of_product(searching.axes(values), options.most, rng)
    for session in found:
        judged = tuple(searching.judge(session, side) for side in sessions.SIDES)
        for side in sessions.SIDES:
            sessions.put_all(searching.judges[side].known, session, side)
        check_session(session, judged, [row for row in rows if row.has(session)], doubtful, options, counts)
    counts["all sessions" if complete else "some sessions"] += 1
    for row in rows:
        if complete and not row.seen:
            if not options.expressions:
                raise Differs(f"{door.names}: a row without a session: {row.told}")
            counts["found by the program alone"] += 1
    return len(here)


def check_session(session, judged, rows, doubtful, options, counts):
    changed = judged[0].differs(judged[1])
    counts["sessions"] += 1
    counts["judged differently"] += changed
    shown = f"{session}: {judged}"
    if not changed and rows:
        raise Differs(f"judged alike, and in a row: {shown}: {rows[0].told}")
    if not changed:
        return
    if not rows and any(row.has(session) and row.judgments == judged for row in doubtful):
        counts["in doubt"] += 1
        return
    if len(rows) != 1:
        if not rows and options.expressions:
            counts["not found"] += 1
            if options.show:
                print(f"not found: {shown}")
            return
        raise Differs(f"judged differently, and in {len(rows)} rows: {shown}: {[row.told for row in rows]}")
    if rows[0].judgments != judged:
        raise Differs(f"judged as in no row: {shown}: {rows[0].told}")
    rows[0].seen = True


def check_pair(old, new, directory, meaningful, options, rng, counts):
    told, status, messages = run(options, directory, OLD, NEW)
    if told is None:
        if not meaningful:
            raise Differs(f"exit 2: {messages}")
        if "error:" not in messages:
            raise Differs(f"exit 2 without an error: {messages}")
        counts["not lawful"] += 1
        return
    if told and "incomplete" in told[-1]:
        counts["incomplete"] += 1
        return
    if status != (1 if told else 0):
        raise Differs(f"exit status {status}, and {len(told)} rows")
    if not meaningful and told:
        raise Differs(f"only names and format changed: {told[0]}")
    if [order(row) for row in told] != sorted(order(row) for row in told):
        raise Differs("what opens is not first, or what closes not behind it")
    check_networks(told)
    sides = [sessions.Side(old), sessions.Side(new)]
    values = sessions.Values(sides)
    seen = sum(check_door(sides, values, door, told, options, rng, counts) for door in sessions.doors_of(sides))
    if seen != len(told):
        raise Differs("a row is of listeners that no connection gets")
    counts["pairs"] += 1
    counts["pairs that differ"] += bool(told)


def write_files(rule_set, name, directory, rng):
    rule_set["file"] = name
    (directory / name).write_text(printer.print_rule_set(rule_set, rng, rng.choice((0, 0, 1))), encoding="utf-8", newline="")
    for path, entries in printer.table_files(rule_set):
        (directory / path).write_text(printer.print_table(entries, rng), encoding="utf-8", newline="")


class Generator(prove.Generator):
    """Entries as the program prints them, so that its words can be read again."""

    def spelt(self, name):
        return name

    def entry(self, group):
        entry = super().entry(group)
        while not entry.isascii() or entry != entry.lower() or '"' in entry or "\\" in entry or entry.endswith(".") or " " in entry:
            entry = super().entry(group)
        return entry

    def rule_set(self):
        rule_set = super().rule_set()
        del rule_set["never"]
        return rule_set


def apart(rule_set, prefix):
    """Has the tables of a file stand in files of its own."""
    for value in (value for group in mutate.GROUPS for value in rule_set.get(group, {}).values()):
        if isinstance(value, dict):
            value["file"] = prefix + value["file"]


def compare(seed, options, top, counts):
    """Returns what differs, or None; the directory stays if something does."""
    rng = random.Random(seed)
    generator = Generator(rng, options.expressions)
    old = generator.rule_set()
    meaningful = rng.random() < 0.8
    mutation = mutate.Mutation(generator, old)
    edits = mutation.mutate(meaningful)
    new = mutation.rule_set
    apart(new, "new-")
    directory = top / f"seed-{seed}"
    directory.mkdir()
    write_files(old, OLD, directory, rng)
    write_files(new, NEW, directory, rng)
    try:
        check_pair(old, new, directory, meaningful, options, rng, counts)
    except (Differs, prove.Differs, ValueError, subprocess.TimeoutExpired) as difference:
        return f"{directory}: {', '.join(edits)}: {difference}"
    shutil.rmtree(directory)
    return None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    number = {"type": int, "metavar": "N"}
    parser.add_argument("--sallyport", required=True, metavar="PATH", help="the program to test")
    parser.add_argument("--seed", **number, help="of the first pair (default: a new one each time)")
    parser.add_argument("--pairs", **number, default=100, help="how many pairs (default: %(default)s)")
    parser.add_argument("--most", **number, default=3000, help="sessions of one door (default: %(default)s)")
    parser.add_argument("--expressions", action="store_true", help="with regular expressions, of which less is exact")
    parser.add_argument("--show", action="store_true", help="sessions that the program does not find")
    parser.add_argument("--tap", action="store_true", help="speak TAP, one line for each pair")
    return parser.parse_args()


def main():
    options = arguments()
    rounds.play("diff", "pair", options.pairs, options, compare,
                ("pairs", "pairs that differ", "not lawful", "incomplete", "sessions", "judged differently",
                 "all sessions", "some sessions", "in doubt", "not found", "found by the program alone"))


if __name__ == "__main__":
    main()
