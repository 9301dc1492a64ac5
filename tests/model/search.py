"""Exhaustive search for sessions that a listener accepts: what a proof says, found the slow way.

Of each fact some values are tried, far more than a rule file can tell apart: every address where a network begins or
ends, every name and login that an entry spells, what is below it and beside it, every address that can be made of
those.  Values that the conditions of the listener say the same of are tried once; all combinations of the others are
judged, stage by stage, by the model (language.py).

Sessions are those of the contract's "Never, and expect": a client chooses what it likes, any recipient may be relay,
and is local only where local_domains allows it.
"""

import dataclasses
import ipaddress
import itertools

import facts
import language
from tables import Tables, entries_of, is_regex

STAGES = ("connect", "helo", "mail", "rcpt")
BLOCK_LISTS = (("connection", "clients", "client"), ("connection", "names", "client_name"), ("auth", "users", "user"),
               ("auth", "mechanisms", "mechanism"), ("auth", "tls", "tls"), ("relay", "clients", "client"),
               ("relay", "names", "client_name"), ("relay", "users", "user"))
NAMES = ("mail", "example.org", "x.example", "a.b.c.test", "xn--bcher-kva.example", "[192.0.2.1]", "mail.example.com",
         "dyn7.example", "example.com", "a", "192.0.2.7")
LOGINS = ("mail", "mail@mail", "bob", "BOB", "bob@realm", "lll@realm", "LLL", "carol@realm", "b", "bxx", "Bxx", "x@y@z")
LOCAL_PARTS = ("mail", "bob", "a+b", "post", "postmaster", "x@y", "a%b", "a!b", 'q"q', "mailmailmailmailmail", "xours", "<x")
LAST = {4: 2**32 - 1, 6: 2**128 - 1}
TYPES = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}


class TooMany(Exception):
    """There are more combinations than the search may try."""


class RememberedTables(Tables):
    """Looks each value up once: a rule set that does not change any more."""

    def __init__(self, rule_set):
        super().__init__(rule_set)
        self.known = {}

    def match(self, group, value, fact):
        key = group, id(value), fact
        if key not in self.known:
            self.known[key] = super().match(group, value, fact)
        return self.known[key]


@dataclasses.dataclass(frozen=True)
class Login:
    """A login with its mechanism, or no login."""

    user: str | None
    mechanism: str | None


@dataclasses.dataclass(frozen=True)
class Recipient:
    """A recipient, as relay or as local."""

    mailbox: facts.Mailbox
    relay: bool


@dataclasses.dataclass(frozen=True)
class Accepted:
    """A session whose recipient was accepted."""

    client: object
    client_name: object
    helo: object
    sender: object
    login: Login
    bits: int
    size: int | None
    recipient: Recipient
    line: int | None


# What an entry leads to


def plain_entries(rule_set, group):
    """All entries of a group, wherever they stand, without their "!": those of domains, for addresses, too."""
    wanted = {"networks": ("client", "clients", "address"), "domains": ("client_name", "helo", "names", "local_domains"),
              "addresses": ("sender", "recipient"), "users": ("user", "users")}[group]

    def walk(value, name):
        if isinstance(value, dict):
            if "entries" in value:
                yield from value["entries"]
                return
            for key, each in value.items():
                yield from walk(each, key)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for each in value:
                yield from walk(each, None)
        elif name in wanted or name is ...:
            yield from entries_of(value)

    for table in rule_set.get(group, {}).values():
        yield from walk(table, ...)
    for name, value in rule_set.items():
        if name not in ("networks", "domains", "addresses", "users"):
            yield from walk(value, name)


def entries(rule_set, group):
    found = dict.fromkeys(entry.removeprefix("!") for entry in plain_entries(rule_set, group))
    return [entry for entry in found if not is_regex(entry) and not entry.startswith("@")]


def expressions(rule_set, group):
    found = dict.fromkeys(entry.removeprefix("!") for entry in plain_entries(rule_set, group))
    return [entry for entry in found if is_regex(entry)]


def names(rule_set):
    """Names that entries spell, what is below and above them, and some that none does."""
    spelt = entries(rule_set, "domains")
    for entry in entries(rule_set, "addresses"):
        if entry != "<>" and not entry.endswith("@"):
            spelt.append(facts.split_domain(entry)[1] or entry)
    found = list(NAMES)
    for entry in spelt:
        name = entry.removeprefix(".")
        found += [name, "mail." + name, "a.b." + name, "x" + name]
    return list(dict.fromkeys(found))


def logins(rule_set):
    found = list(LOGINS)
    for entry in entries(rule_set, "users"):
        found += [entry, entry.removesuffix("@"), entry.removesuffix("@") + "@mail", entry + "x", "x" + entry]
    return [login for login in dict.fromkeys(found) if login]


def mechanisms(listener, promises):
    found = ["MAIL"]
    for conditions in all_conditions(listener, promises):
        found += entries_of(conditions.get("mechanism", []))
    found += entries_of(listener.get("auth", {}).get("mechanisms", []))
    return [None] + [each for each in dict.fromkeys(found) if each.lower() != "anonymous"]


def quoted(local):
    escaped = local.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def mailboxes(rule_set):
    """Every local part at every name, and without one."""
    locals_ = list(LOCAL_PARTS)
    for entry in entries(rule_set, "addresses"):
        if entry.endswith("@") or facts.split_domain(entry)[1] is not None:
            locals_.append(facts.read_mailbox(entry.removesuffix("@")).local)
    for local in dict.fromkeys(locals_):
        for domain in [None] + names(rule_set):
            yield from readable(quoted(local) + ("" if domain is None else "@" + domain))


def readable(text):
    try:
        yield facts.read_mailbox(text)
    except facts.Unreadable:
        pass


# Addresses


def intervals(rule_set):
    """The address space in pieces that no network divides: first and last, as addresses."""
    starts = {4: {0}, 6: {0}}
    for entry in entries(rule_set, "networks"):
        network = facts.read_network(entry)
        starts[network.version] |= {int(network[0]), int(network[-1]) + 1}
    for version, last in LAST.items():
        cuts = sorted(start for start in starts[version] if start <= last)
        for first, behind in zip(cuts, cuts[1:] + [last + 1]):
            yield TYPES[version](first), TYPES[version](behind - 1)


# Judging


def all_conditions(listener, promises):
    """Every group of conditions that counts at the listener."""
    rules = [rule for stage in STAGES for rule in listener.get(stage, [])] + list(promises)
    for rule in rules:
        yield rule
        yield rule.get("unless", {})


class Values:
    """What is tried for a rule set, made once."""

    def __init__(self, rule_set):
        self.rule_set = rule_set
        self.tables = RememberedTables(rule_set)
        self.names = {name: facts.read_name(name) for name in names(rule_set)}
        self.mailboxes = list(mailboxes(rule_set))
        self.logins = logins(rule_set)
        self.intervals = list(intervals(rule_set))
        no_one = language.read_session({"client": "192.0.2.1"})
        self.local = [
            mailbox
            for mailbox in self.mailboxes
            if not language.is_relay_as_written(rule_set, self.tables, mailbox, no_one)
        ]


class Search:
    """The sessions of one listener."""

    def __init__(self, values, listener, promises=(), most=20000):
        rule_set = values.rule_set
        self.values = values
        self.listener = listener
        self.promises = promises
        self.most = most
        self.tried = 0
        self.axes = {}
        self.tables = values.tables
        known = language.read_session({"client": "192.0.2.1"})
        self.judge = language.Judge(rule_set, listener, known)
        self.judge.tables = self.tables
        self.asked = {}
        for conditions in all_conditions(listener, promises):
            for name, value in conditions.items():
                if name in language.CONDITIONS:
                    self.asked.setdefault(name, []).append(value)
        for block, setting, name in BLOCK_LISTS:
            if setting in listener.get(block, {}):
                self.asked.setdefault(name, []).append(listener[block][setting])

    @property
    def known(self):
        return self.judge.known

    def distinct(self, values, put, conditions):
        """One of the values for each set of answers to what the conditions ask."""
        found = {}
        for value in values:
            put(value)
            told = tuple(
                language.CONDITIONS[name](self.tables, asked, self.known)
                for name in conditions
                for asked in self.asked.get(name, [])
            )
            found.setdefault((told, self.sort(value)), value)
        return list(found.values())

    @staticmethod
    def sort(value):
        """What tells values apart besides what is asked of them."""
        if isinstance(value, Login):
            return value.user is not None
        if isinstance(value, Recipient):
            return value.relay
        return None

    def put_client(self, value):
        self.known.client = value

    def put_name(self, value):
        self.known.client_name = value

    def put_helo(self, value):
        self.known.helo = value

    def put_sender(self, value):
        self.known.sender = value

    def put_login(self, value):
        self.known.user, self.known.mechanism = value.user, value.mechanism

    def put_bits(self, value):
        self.known.bits = value

    def put_size(self, value):
        self.known.size = value

    def put_recipient(self, value):
        self.known.recipient, self.known.relay = value.mailbox, value.relay

    def clients(self):
        if self.listener.get("match", {}).get("local"):
            return [ipaddress.IPv4Address("127.0.0.1")]
        return self.distinct((first for first, _ in self.values.intervals), self.put_client, ["client"])

    def client_names(self):
        found = [name for name in self.values.names.values() if name.text != "unknown"]
        return self.distinct([facts.NOBODY] + found, self.put_name, ["client_name"])

    def helos(self):
        return self.distinct([None, *self.values.names.values()], self.put_helo, ["helo"])

    def senders(self):
        null = facts.read_mailbox("<>")
        return self.distinct([null, *self.values.mailboxes], self.put_sender, ["sender"])

    def logins(self):
        users = [Login(None, None)] + [Login(user, None) for user in self.values.logins]
        users = self.distinct(users, self.put_login, ["user"])
        words = self.distinct(
            [Login("mail", each) for each in mechanisms(self.listener, self.promises)], self.put_login, ["mechanism"]
        )
        return [users[0]] + [Login(user.user, word.mechanism) for user in users[1:] for word in words]

    def bits(self):
        bounds = [each for value in self.asked.get("tls", []) for each in ([value] if value not in (True, False) else [])]
        return self.distinct(sorted({0, 1, *bounds, *(each - 1 for each in bounds)}), self.put_bits, ["tls"])

    def sizes(self):
        bounds = self.asked.get("size_over", [])
        return self.distinct([None, *sorted({each + 1 for each in bounds})], self.put_size, ["size_over"])

    def recipients(self, relay):
        """Any may be relay: a route can be put before it.  Local is what the model takes for it."""
        found = (Recipient(mailbox, relay) for mailbox in (self.values.mailboxes if relay else self.values.local))
        return self.distinct(found, self.put_recipient, ["recipient"])

    def passes(self, stage):
        self.tried += 1
        if self.tried > self.most:
            raise TooMany
        decision = self.judge.judge(stage)
        return decision if decision.verdict == "accept" else None

    def axis(self, make, *arguments):
        """The values of a fact, found once."""
        key = make.__name__, *arguments
        if key not in self.axes:
            self.axes[key] = make(*arguments)
        return self.axes[key]

    def accepted(self, relay=True, client=None, logins_=None):
        """Every session, of those that differ, whose recipient is accepted: of all clients and logins, or of these."""
        self.tried = 0
        recipients = self.axis(self.recipients, relay)
        helos, senders = self.axis(self.helos), self.axis(self.senders)
        bits, sizes, client_names = self.axis(self.bits), self.axis(self.sizes), self.axis(self.client_names)
        logins_ = logins_ or self.axis(self.logins)
        clients = [client] if client else self.axis(self.clients)
        for client, name in itertools.product(clients, client_names):
            self.put_client(client)
            self.put_name(name)
            self.put_helo(None)
            if not self.passes("connect"):
                continue
            for helo in helos:
                self.put_helo(helo)
                if not self.passes("helo"):
                    continue
                for sender, login, tls, size in itertools.product(senders, logins_, bits, sizes):
                    self.put_sender(sender)
                    self.put_login(login)
                    self.put_bits(tls)
                    self.put_size(size)
                    if not self.passes("mail"):
                        continue
                    for recipient in recipients:
                        self.put_recipient(recipient)
                        decision = self.passes("rcpt")
                        if decision:
                            yield Accepted(client, name, helo, sender, login, tls, size, recipient, decision.line)

    def matches(self, promise, session):
        """Whether the promise speaks of the session."""
        for put, value in (
            (self.put_client, session.client), (self.put_name, session.client_name), (self.put_helo, session.helo),
            (self.put_sender, session.sender), (self.put_login, session.login), (self.put_bits, session.bits),
            (self.put_size, session.size), (self.put_recipient, session.recipient),
        ):
            put(value)
        truth = self.judge.conditions_truth({name: value for name, value in promise.items() if name != "listener"})
        if "unless" in promise:
            truth = language.both((truth, language.negation(self.judge.conditions_truth(promise["unless"]))))
        return truth is True

    def same_client(self, client):
        """What tells clients apart here."""
        self.put_client(client)
        return tuple(client_asked for client_asked in (
            language.client_holds(self.tables, asked, self.known) for asked in self.asked.get("client", [])
        ))
