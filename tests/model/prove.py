#!/usr/bin/python3
"""Holds `sallyport prove --json` against an exhaustive search by the model: random rule sets with random promises.

Rule set number K of seed S is that of seed S + K, so a difference is run again alone with `--seed S+K --rulesets 1`.
For each listener: no client is listed without a session that relays, none is missing that has one, each with exactly the
logins and the lines that let it; the networks of a listener are disjoint, and each row has the fewest.  A promise holds
exactly if the search finds no session that breaks it, and each session that is shown is confirmed by `explain`.
"""

import argparse
import ipaddress
import json
import random
import shlex
import shutil
import subprocess

import generate
import language
import printer
import rounds
import search
import tables

FILE = "rules.conf"
TIME_LIMIT = 60
PROMISED = ("client", "client_name", "helo", "sender", "authenticated", "user", "mechanism", "tls", "size_over",
            "recipient", "relay", "relay", "relay")


class Generator(generate.Generator):
    """Rule sets of a size that can be searched, and promises; without expressions where they are to be exact."""

    def __init__(self, rng, expressions):
        super().__init__(rng)
        self.large = False
        self.expressions = expressions

    def entry(self, group):
        entry = super().entry(group)
        while not self.expressions and tables.is_regex(entry):
            entry = super().entry(group)
        return entry

    def listener(self, number, last):
        """Fewer rules: what is asked of a fact multiplies what is to be tried."""
        listener = super().listener(number, last)
        for stage in generate.STAGES:
            if stage in listener and self.chance(0.5):
                listener[stage] = listener[stage][:1]
        return listener

    def promise(self, listeners):
        names = dict.fromkeys(self.rng.choice(PROMISED) for _ in range(self.rng.randint(1, 3)))
        promise = {name: self.condition(name) for name in names}
        if self.chance(0.3):
            promise["unless"] = self.conditions("rcpt", 1, 2)
        if self.chance(0.5):
            promise["name"] = f"promise {self.rng.randrange(1000)}"
        if self.chance(0.4):
            promise["listener"] = self.rng.choice(listeners)["name"]
        return promise

    def rule_set(self):
        rule_set = super().rule_set()
        rule_set["never"] = [self.promise(rule_set["listeners"]) for _ in range(self.rng.randint(1, 3))]
        return rule_set


class Differs(Exception):
    """What the program says is not what the search found."""


def ran(command, directory):
    return subprocess.run(command, cwd=directory, capture_output=True, timeout=TIME_LIMIT, check=False)


def prove(options, directory):
    command = [*options.prove, FILE] if options.prove else [options.sallyport, "prove", "--json", FILE]
    result = ran(command, directory)
    try:
        return json.loads(result.stdout), result.returncode
    except ValueError:
        told = (result.stdout + result.stderr).decode(errors="replace")
        raise Differs(f"no proof: exit {result.returncode}: {told}") from None


# Networks


def ranges_of(networks):
    return sorted((network.version, int(network[0]), int(network[-1])) for network in map(ipaddress.ip_network, networks))


def joined(ranges):
    """Ranges that meet or touch, as one."""
    result = []
    for version, first, last in sorted(ranges):
        if result and result[-1][0] == version and first <= result[-1][2] + 1:
            result[-1][2] = max(last, result[-1][2])
        else:
            result.append([version, first, last])
    return result


def fewest(ranges):
    """The networks of a range are as many as its binary decomposition needs."""
    total = 0
    for version, first, last in joined(ranges):
        address = search.TYPES[version]
        total += len(list(ipaddress.summarize_address_range(address(first), address(last))))
    return total


def check_networks(rows):
    """Rows of one kind are disjoint, in order, and have no more networks than they need."""
    everything = []
    for row in rows:
        ranges = ranges_of(row["clients"])
        everything += ranges
        order = [(each.version, each) for each in map(ipaddress.ip_network, row["clients"])]
        if order != sorted(order):
            raise Differs(f"networks are out of order: {row['clients']}")
        if len(row["clients"]) != fewest(ranges):
            raise Differs(f"{len(row['clients'])} networks where {fewest(ranges)} do: {row['clients']}")
    everything.sort()
    for before, behind in zip(everything, everything[1:]):
        if before[0] == behind[0] and behind[1] <= before[2]:
            raise Differs(f"networks meet: {before} and {behind}")


def row_of(rows, address):
    for row in rows:
        if any(address in ipaddress.ip_network(network) for network in row["clients"]):
            return row
    return None


# Listeners


class Found:
    """What the search found for a client, without a login or with one."""

    def __init__(self):
        self.lines = set()
        self.users = set()


def find_relayers(values, listener, most):
    """By what tells clients apart, and whether there is a login: what lets them relay."""
    searching = search.Search(values, listener, most=most)
    found = {}
    for session in searching.accepted():
        key = searching.same_client(session.client), session.login.user is not None
        known = found.setdefault(key, Found())
        known.lines.add(session.line)
        known.users.add(session.login.user)
    return searching, found


def users_hold(entries, login):
    """Whether the login is among the entries, as rules mean them."""
    inside = [entry for entry in entries if not entry.startswith("!")]
    outside = [entry[1:] for entry in entries if entry.startswith("!")]
    return any(tables.user_entry_matches(entry, login) for entry in inside) and not any(
        tables.user_entry_matches(entry, login) for entry in outside
    )


def says_more(row):
    """Whether a row has expressions of which not all logins may; what else must hold is then in words."""
    return any(tables.is_regex(entry) for entry in row["users"]) and any("login" in words for words in row["when"])


def check_users(searching, listener, row, address):
    """The entries listed are exactly those whose logins may, of every login that is tried; null: a stranger may."""
    rule_set = searching.values.rule_set
    named = search.entries(rule_set, "users") + search.expressions(rule_set, "users")
    words = dict.fromkeys(login.mechanism for login in searching.axis(searching.logins) if login.user)
    for login in searching.values.logins:
        ways = [search.Login(login, word) for word in words]
        may = next(searching.accepted(client=address, logins_=ways), None) is not None
        if row["users"] is None:
            if may and not any(tables.user_entry_matches(entry, login) for entry in named):
                return
        elif may != users_hold(row["users"], login) and (may or not says_more(row)):
            raise Differs(
                f"{listener['name']}: {login!r} {'may' if may else 'may not'} relay from {address}, "
                f"and the row says {row['users']}"
            )
    if row["users"] is None and not all(
        next(searching.accepted(client=address, logins_=[search.Login(login, word) for word in words]), None)
        for login in searching.values.logins
    ):
        raise Differs(f"{listener['name']}: any login may relay from {address}, says the row, and no stranger may")


def check_listener(values, listener, told, options, counts):
    if told["name"] != listener["name"]:
        raise Differs(f"{told['name']} in place of {listener['name']}")
    searching, found = find_relayers(values, listener, options.most)
    local = listener.get("match", {}).get("local")
    here = ipaddress.IPv4Address("127.0.0.1")
    places = [(here, here)] if local else values.intervals
    doubtful = {row["authenticated"]: row["clients"] for row in told.get("unproved", [])}
    for authenticated in (False, True):
        rows = [row for row in told["relay"] if row["authenticated"] is authenticated]
        check_networks(rows)
        if local and any(row["clients"] != ["127.0.0.1"] for row in rows):
            raise Differs(f"{listener['name']}: mail of the machine itself comes from 127.0.0.1: {rows}")
        looked = set()
        for first, last in places:
            expected = found.get((searching.same_client(first), authenticated))
            row = row_of(rows, first)
            if row_of(rows, last) is not row:
                raise Differs(f"{listener['name']}: {first} to {last} are told apart")
            where = f"{listener['name']}, {first} {'with' if authenticated else 'without'} a login"
            check_place(values.rule_set, where, first, expected, row, doubtful.get(authenticated, []), options, counts)
            if row and expected and id(row) not in looked and authenticated:
                looked.add(id(row))
                check_users(searching, listener, row, first)
    seen = {}
    for row in told["relay"]:
        key = json.dumps([row[name] for name in ("authenticated", "users", "when", "by")])
        if key in seen:
            raise Differs(f"{listener['name']}: two rows say the same: {key}")
        seen[key] = row


def check_place(rule_set, where, address, expected, row, doubtful, options, counts):
    if expected and not row:
        if any(address in ipaddress.ip_network(network) for network in doubtful):
            return
        raise Differs(f"{where} may relay by {sorted(expected.lines)}, and is not listed")
    if row and not expected and options.expressions:
        counts["found by the program alone"] += 1
        return
    if row and not expected:
        raise Differs(f"{where} may not relay, and is listed by {row['by']} when {row['when']}")
    if not row:
        return
    by = [f"{rule_set['file']}:{line}" for line in sorted(expected.lines)]
    if row["by"] != by and not (options.expressions and set(by) < set(row["by"])):
        raise Differs(f"{where} may relay by {by}, and the row says {row['by']}")


# Promises


def breaks(values, promise, options):
    """A session that breaks the promise, or None."""
    for listener in values.rule_set["listeners"]:
        if promise.get("listener", listener["name"]) != listener["name"]:
            continue
        searching = search.Search(values, listener, [promise], options.most)
        for relay in (True, False):
            for session in searching.accepted(relay):
                if searching.matches(promise, session):
                    return listener["name"], session
    return None


def session_of(words):
    """Explain's options as the model takes a session."""
    session = {"recipients": [{}]}
    words = list(words)
    while words:
        name = words.pop(0).removeprefix("--").replace("-", "_")
        if name == "local":
            session[name] = True
        elif name in ("recipient", "resolved"):
            session["recipients"][0][name] = words.pop(0)
        else:
            session[name] = int(words.pop(0)) if name in ("tls", "size") else words.pop(0)
    return session


def confirm(values, promise, words, options, directory):
    """The session that is shown is accepted, and is one that the promise speaks of."""
    told = ran([options.sallyport, "explain", "-c", FILE, "--json", *words], directory)
    rule_set, session = values.rule_set, session_of(words)
    judged = language.explain(rule_set, session)
    for says, stages in (("explain", json.loads(told.stdout or "{}").get("stages", [])), ("the model", judged["stages"])):
        if [stage["verdict"] for stage in stages[:4]] != ["accept"] * 4:
            raise Differs(f"the promise is broken by {shlex.join(words)}, and {says} says {stages} {told.stderr}")
    known = language.read_session(session)
    listener = language.choose_listener(rule_set, session, known)
    searching = search.Search(values, listener, [promise])
    recipient = search.facts.read_mailbox(session["recipients"][0]["recipient"])
    accepted = search.Accepted(
        known.client, known.client_name, known.helo, search.facts.read_mailbox(session.get("sender", "<>")),
        search.Login(known.user, known.mechanism), known.bits, known.size,
        search.Recipient(recipient, judged["stages"][3]["relay"]), None,
    )
    if not searching.matches(promise, accepted) or promise.get("listener", listener["name"]) != listener["name"]:
        raise Differs(f"the promise does not speak of {shlex.join(words)}")


def check_promise(values, promise, told, options, directory, counts):
    found = breaks(values, promise, options)
    name = promise.get("name", f"at line {promise['line']}")
    if told["session"] is not None:
        if told["holds"]:
            raise Differs(f"promise {name} holds, with a session")
        confirm(values, promise, told["session"], options, directory)
    if found and told["holds"]:
        raise Differs(f"promise {name} holds, and is broken by {found}")
    if not told["holds"] and told["session"] is None:
        if not options.expressions:
            raise Differs(f"promise {name} is not proved; the search found {found}")
        counts["not proved"] += 1
    if not found and told["session"] is not None:
        if not options.expressions:
            raise Differs(f"promise {name} is broken by {told['session']}, and the search found nothing")
        counts["found by the program alone"] += 1
    counts["broken" if told["session"] else "holds"] += 1


# Rule sets


def write_files(rule_set, directory):
    rng = random.Random(0)
    rule_set["file"] = FILE
    (directory / FILE).write_text(printer.print_rule_set(rule_set, rng, 0), encoding="utf-8", newline="")
    for path, entries in printer.table_files(rule_set):
        (directory / path).write_text(printer.print_table(entries, rng), encoding="utf-8", newline="")


def check_rule_set(rule_set, directory, options, counts):
    proof, status = prove(options, directory)
    if len(proof["listeners"]) != len(rule_set["listeners"]) or len(proof["never"]) != len(rule_set["never"]):
        raise Differs("not as many listeners or promises as the file has")
    values = search.Values(rule_set)
    for listener, told in zip(rule_set["listeners"], proof["listeners"]):
        try:
            check_listener(values, listener, told, options, counts)
            counts["listeners"] += 1
        except search.TooMany:
            counts["too large"] += 1
    for promise, told in zip(rule_set["never"], proof["never"]):
        try:
            check_promise(values, promise, told, options, directory, counts)
        except search.TooMany:
            counts["too large"] += 1
    if status != (0 if all(each["holds"] for each in proof["never"]) else 1) and not options.prove:
        raise Differs(f"exit status {status}")


def compare(seed, options, top, counts):
    """Returns what differs, or None; the directory stays if something does."""
    rng = random.Random(seed)
    rule_set = Generator(rng, options.expressions).rule_set()
    directory = top / f"seed-{seed}"
    directory.mkdir()
    write_files(rule_set, directory)
    try:
        check_rule_set(rule_set, directory, options, counts)
    except Differs as difference:
        return f"{directory / FILE}: {difference}"
    shutil.rmtree(directory)
    return None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    number = {"type": int, "metavar": "N"}
    parser.add_argument("--sallyport", required=True, metavar="PATH", help="the program to test")
    parser.add_argument("--prove", type=shlex.split, metavar="COMMAND", help="in place of `sallyport prove --json`")
    parser.add_argument("--seed", **number, help="of the first rule set (default: a new one each time)")
    parser.add_argument("--rulesets", **number, default=100, help="how many rule sets (default: %(default)s)")
    parser.add_argument("--most", **number, default=20000, help="decisions of one search (default: %(default)s)")
    parser.add_argument("--expressions", action="store_true", help="with regular expressions, of which less is exact")
    parser.add_argument("--tap", action="store_true", help="speak TAP, one line for each rule set")
    return parser.parse_args()


def main():
    options = arguments()
    rounds.play("prove", "rule set", options.rulesets, options, compare,
                ("listeners", "holds", "broken", "not proved", "found by the program alone", "too large"))


if __name__ == "__main__":
    main()
