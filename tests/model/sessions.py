"""All sessions that two rule sets could judge differently, as far as their listeners can tell them apart.

Of each fact the values of search.py are tried, of both rule sets; values of which the conditions of both listeners say
the same are tried once.  Where the combinations are too many, some of them are taken at random.
"""

import dataclasses
import itertools

import facts
import language
import search

STAGES = ("connect", "helo", "mail", "rcpt", "data")
NO_LISTENER = "451 4.3.5 No policy for this listener"
SIDES = range(2)


@dataclasses.dataclass(frozen=True)
class Door:
    """A pair of listeners that some connection gets; local is mail submitted on the machine alone."""

    listeners: tuple
    local: bool

    @property
    def names(self):
        return tuple(each and each["name"] for each in self.listeners)


@dataclasses.dataclass(frozen=True)
class Recipient:
    """A mailbox, and whether each side takes it for relay."""

    mailbox: facts.Mailbox
    relay: tuple


@dataclasses.dataclass(frozen=True)
class Session:
    """One value of each fact.  The client's name is None where it cannot be looked up."""

    client: object
    client_name: object
    helo: object
    sender: object
    login: search.Login
    bits: int
    size: int | None
    recipient: Recipient
    accepted: int


@dataclasses.dataclass(frozen=True)
class Judgment:
    """What one side says: the verdict, and the reply as the rule file writes it."""

    verdict: str
    reply: str | None
    listener: str | None

    def differs(self, other):
        named = self.reply is not None and "{listener}" in self.reply and None not in (self.listener, other.listener)
        return (self.verdict, self.reply) != (other.verdict, other.reply) or (named and self.listener != other.listener)


class Side:
    """One rule set with what is tried of it."""

    def __init__(self, rule_set):
        self.rule_set = rule_set
        self.tables = search.RememberedTables(rule_set)

    def choose(self, session, known):
        listeners = self.rule_set["listeners"]
        return next((each for each in listeners if language.listener_matches(self.tables, each, session, known)), None)


def merged(lists):
    return list(dict.fromkeys(itertools.chain.from_iterable(lists)))


def doors_of(sides):
    """Every pair of listeners that a connection gets: of what is for local mail alone, those that no other gets."""
    matches = [each.get("match", {}) for side in sides for each in side.rule_set["listeners"]]
    daemons = [None] + merged(search.entries_of(match["daemon"]) for match in matches if "daemon" in match)
    ports = [None] + merged(language.numbers_of(match["port"]) for match in matches if "port" in match)
    addresses = [None] + [str(first) for side in sides for first, _ in search.intervals(side.rule_set)]
    found = {}
    for local, daemon, port, address in itertools.product((False, True), daemons, ports, addresses):
        session = {"client": "192.0.2.1", "local": local, "daemon": daemon, "port": port}
        if address:
            session["address"] = address
        known = language.read_session(session)
        door = Door(tuple(Listener(side.choose(session, known)) for side in sides), local)
        if any(door.listeners) and Door(door.listeners, False) not in found:
            found[door] = door
    return list(found)


class Listener(dict):
    """A listener that is a key."""

    def __new__(cls, listener):
        return None if listener is None else super().__new__(cls)

    def __init__(self, listener):
        super().__init__(listener)
        self.original = listener

    def __hash__(self):
        return id(self.original)

    def __eq__(self, other):
        return isinstance(other, Listener) and self.original is other.original


class Sessions:
    """The sessions of a door."""

    def __init__(self, sides, door):
        self.sides = sides
        self.door = door
        self.judges = []
        self.asked = []
        for side, listener in zip(sides, door.listeners):
            known = language.read_session({"client": "192.0.2.1"})
            judge = language.Judge(side.rule_set, listener or {"name": ""}, known)
            judge.tables = side.tables
            self.judges.append(judge)
            self.asked.append(questions(listener) if listener else {})

    def known(self):
        return [judge.known for judge in self.judges]

    def distinct(self, values, put, *names):
        """One of the values for each set of answers."""
        found = {}
        for value in values:
            for side in SIDES:
                put(self.judges[side].known, value, side)
            told = tuple(
                language.CONDITIONS[name](self.sides[side].tables, asked, self.judges[side].known)
                for side in SIDES for name in names for asked in self.asked[side].get(name, [])
            )
            found.setdefault((told, kind(value)), value)
        return list(found.values())

    def axes(self, values):
        """The values of each fact, in the order of a session's fields."""
        asks_name = any("client_name" in asked for asked in self.asked)
        unknown = [None] if asks_name else []
        clients = [facts.read_address("127.0.0.1")] if self.door.local else values.clients
        words = self.distinct([search.Login("mail", word) for word in values.mechanisms], put_login, "mechanism")
        logins = self.distinct([search.Login(login, None) for login in values.logins], put_login, "user")
        bits, sizes, counts = (self.numbers(name) for name in ("tls", "size_over", "recipients_over"))
        return [
            self.distinct(clients, put_client, "client"),
            self.distinct([facts.NOBODY, *values.client_names], put_name, "client_name") + unknown,
            self.distinct([None, *values.names], put_helo, "helo"),
            self.distinct([facts.read_mailbox("<>"), *values.mailboxes], put_sender, "sender"),
            [search.Login(None, None)] + [search.Login(one.user, word.mechanism) for one in logins for word in words],
            self.distinct([0, *bits], put_bits, "tls"),
            self.distinct([None, *(each for each in sizes if each > 0)], put_size, "size_over"),
            self.distinct(self.recipients(values), put_recipient, "recipient", "relay"),
            self.distinct([each for each in (1, *counts) if each > 0], put_accepted, "recipients_over"),
        ]

    def numbers(self, name):
        """Numbers at, under and over each that is asked about."""
        asked = [int(each) for side in SIDES for each in self.asked[side].get(name, [])]
        return sorted({each + step for each in asked for step in (-1, 0, 1) if each + step >= 0} | {1})

    def recipients(self, values):
        """As they are written, as the MTA sends them on, and behind a source route."""
        for mailbox, relay in values.recipients:
            yield Recipient(mailbox, relay)
            yield Recipient(mailbox, (True, True))
            ignored = [bool(each) and each.get("resolved") == "ignore" for each in self.door.listeners]
            yield Recipient(mailbox, tuple(relay[side] if ignored[side] else True for side in SIDES))

    def of_product(self, axes, most, rng):
        """Sessions, and whether these are all."""
        total = 1
        for axis in axes:
            total *= len(axis)
        if total <= most:
            return [Session(*values) for values in itertools.product(*axes)], True
        return [Session(*(rng.choice(axis) for axis in axes)) for _ in range(most)], False

    def judge(self, session, side):
        listener = self.door.listeners[side]
        if listener is None:
            return Judgment("tempfail", NO_LISTENER, None)
        judge = self.judges[side]
        put_all(judge.known, session, side)
        for stage in STAGES:
            judge.known.helo = None if stage == "connect" else session.helo
            decision = judge.judge(stage)
            if decision.verdict != "accept":
                reply = decision.reply or language.DEFAULT_REPLY[decision.verdict]
                return Judgment(decision.verdict, reply, listener["name"])
        return Judgment("accept", None, listener["name"])


def kind(value):
    """What tells values apart besides what is asked of them."""
    if isinstance(value, search.Login):
        return value.user is not None
    return value.relay if isinstance(value, Recipient) else None


def questions(listener):
    """What the listener asks, by condition."""
    asked = {}
    rules = [rule for stage in STAGES for rule in listener.get(stage, [])]
    for conditions in [each for rule in rules for each in (rule, rule.get("unless", {}))]:
        for name, value in conditions.items():
            if name in language.CONDITIONS:
                asked.setdefault(name, []).append(value)
    for block, setting, name in search.BLOCK_LISTS:
        if setting in listener.get(block, {}):
            asked.setdefault(name, []).append(listener[block][setting])
    return asked


class Values:
    """What is tried of two rule sets, whatever the door."""

    def __init__(self, sides):
        sets = [side.rule_set for side in sides]
        self.clients = merged([first for first, _ in search.intervals(each)] for each in sets)
        self.names = [facts.read_name(name) for name in merged(search.names(each) for each in sets)]
        self.client_names = [name for name in self.names if name.text not in ("unknown", "[tempunavail]")]
        self.logins = merged(search.logins(each) for each in sets)
        listeners = [listener for each in sets for listener in each["listeners"]]
        words = merged(search.entries_of(each) for listener in listeners for each in questions(listener).get("mechanism", []))
        self.mechanisms = [None, "MAIL"] + [word for word in words if word.lower() != "anonymous"]
        self.mailboxes = list({(each.local, each.domain): each for both in sets for each in search.mailboxes(both)}.values())
        no_one = language.read_session({"client": "192.0.2.1"})
        self.recipients = [
            (mailbox, tuple(language.is_relay_as_written(side.rule_set, side.tables, mailbox, no_one) for side in sides))
            for mailbox in self.mailboxes
        ]


def put_client(known, value, _side):
    known.client = value


def put_name(known, value, _side):
    known.client_name = value


def put_helo(known, value, _side):
    known.helo = value


def put_sender(known, value, _side):
    known.sender = value


def put_login(known, value, _side):
    known.user, known.mechanism = value.user, value.mechanism


def put_bits(known, value, _side):
    known.bits = value


def put_size(known, value, _side):
    known.size = value


def put_recipient(known, value, side):
    known.recipient, known.relay = value.mailbox, value.relay[side]


def put_accepted(known, value, _side):
    known.accepted = value


PUTS = (put_client, put_name, put_helo, put_sender, put_login, put_bits, put_size, put_recipient, put_accepted)


def put_all(known, session, side):
    """Has the side know all of the session."""
    for put, field in zip(PUTS, dataclasses.fields(session)):
        put(known, getattr(session, field.name), side)
