"""Random rule sets and sessions, from one seed: small alphabets, so that what is asked for is often there.

Everything here is lawful: the rule files load, though they may earn warnings.  What a client says need not be lawful.
"""

import ipaddress

import vocabulary as words

STAGES = ("connect", "helo", "mail", "rcpt", "data")
PLACEHOLDERS = {
    "connect": ("client", "client_name", "listener"),
    "helo": ("client", "client_name", "listener", "helo"),
    "mail": ("client", "client_name", "listener", "helo", "user", "sender"),
    "rcpt": ("client", "client_name", "listener", "helo", "user", "sender", "recipient"),
    "data": ("client", "client_name", "listener", "helo", "user", "sender"),
}
CONDITIONS = {
    "connect": ("client", "client_name"),
    "helo": ("client", "client_name", "helo"),
    "mail": ("client", "client_name", "helo", "sender", "authenticated", "user", "mechanism", "tls", "size_over"),
    "rcpt": (
        "client", "client_name", "helo", "sender", "authenticated", "user", "mechanism", "tls", "size_over",
        "recipient", "recipient", "recipient", "relay", "relay",
    ),
    "data": (
        "client", "client_name", "helo", "sender", "authenticated", "user", "mechanism", "tls", "size_over",
        "recipients_over", "recipients_over", "recipients_over",
    ),
}
REJECT_CODES = ("550 5.7.1", "554 5.7.0", "553 5.1.8", "571 5.7.26", "502 5.5.1")
TEMPFAIL_CODES = ("450 4.7.1", "451 4.3.0", "452 4.5.3", "471 4.7.25")
GROUP_OF = {"client": "networks", "client_name": "domains", "helo": "domains", "user": "users"}


class Generator:
    """Makes one rule set, and sessions for it."""

    def __init__(self, rng):
        self.rng = rng
        self.tables = {"networks": {}, "domains": {}, "addresses": {}, "users": {}}
        self.labels = 0
        self.large = rng.random() < 0.08  # many entries, many tables
        self.edges = []  # the first and last addresses of the networks that were made up

    def chance(self, share):
        return self.rng.random() < share

    # Tables and values

    def entry(self, group):
        """One entry that is not a reference, spelt in some way."""
        if group == "networks" and self.chance(0.4):
            return self.network()
        if group in ("domains", "addresses") and self.chance(0.15):
            return self.rng.choice(("", ".")) + self.deep_name()
        entry = self.rng.choice(words.ENTRIES[group])
        if group in ("domains", "addresses") and not entry.startswith("/"):
            return self.spelt(entry)
        return entry

    def network(self):
        """A network of any length in one of the few places where networks meet."""
        address = self.rng.choice(words.PLACES)
        bits = 32 if "." in address else 128
        length = self.rng.randint(bits - (9 if self.chance(0.7) else bits), bits)
        network = ipaddress.ip_network((address, length), strict=False)
        self.edges += [network[0], network[-1]]
        return str(network) if length < bits or self.chance(0.3) else str(network[0])

    def client(self):
        """An address that is often just inside or just outside a network."""
        if not self.edges or self.chance(0.4):
            return self.rng.choice(words.CLIENTS)
        edge = self.rng.choice(self.edges)
        number = int(edge) + self.rng.choice((-1, 0, 0, 1))
        address = type(edge)(min(max(number, 0), 2**edge.max_prefixlen - 1))
        mapped = address.version == 4 and self.chance(0.1)
        return f"::ffff:{address}" if mapped else str(address)

    def deep_name(self):
        """A name of a few short labels."""
        labels = [self.rng.choice("ab") for _ in range(self.rng.randint(1, 4))]
        return ".".join(labels + [self.rng.choice(("example", "a"))])

    def reference(self, group):
        """An `@` to a table that exists, or None; addresses may borrow from the domains."""
        names = list(self.tables[group])
        if group == "addresses":
            names += list(self.tables["domains"])
        return "@" + self.rng.choice(names) if names else None

    def entries(self, group, most=4):
        """An array's entries, at least one of which is not a `!`."""
        result = []
        for number in range(self.rng.randint(1, most)):
            entry = (self.reference(group) if self.chance(0.35) else None) or self.entry(group)
            result.append("!" + entry if number and self.chance(0.35) else entry)
        self.rng.shuffle(result)
        return result

    def add_tables(self, group):
        for number in range(self.rng.randint(8, 12) if self.large else self.rng.randint(0, 3)):
            name = self.rng.choice((f"{group[0]}{number}", f"{group}-{number}", f"{group[:3].upper()}_{number}"))
            self.tables[group][name] = self.table(group, name)

    def table(self, group, name):
        """A table's value: mostly an array, but also one string or a file."""
        if self.chance(0.1):
            return self.entry(group)
        if self.chance(0.25):
            entries = [entry for entry in self.entries(group, 80 if self.large else 6) if " #" not in entry]
            if any(not entry.startswith("!") for entry in entries):
                return {"file": f"{name}.{group}", "entries": entries}
        return self.entries(group)

    def value(self, group):
        """The value of a condition or of a block's list: seldom empty, or one entry without an array."""
        if self.chance(0.03):
            return []
        return self.entry(group) if self.chance(0.05) else self.entries(group, 3)

    def some(self, choices, most):
        """Some of the choices, or one of them without an array."""
        some = self.rng.sample(choices, self.rng.randint(1, most))
        return some[0] if self.chance(0.1) else some

    # Rules

    def condition(self, name):
        """A value for the condition."""
        if name in ("sender", "recipient"):
            return self.value("addresses")
        if name in GROUP_OF:
            return self.value(GROUP_OF[name])
        if name == "mechanism":
            return self.some(words.MECHANISMS, 2)
        if name in ("authenticated", "relay"):
            return self.chance(0.5)
        if name == "tls":
            return self.rng.choice((True, False, 1, 56, 128, 129, 256))
        return self.rng.choice(words.SIZES if name == "size_over" else (0, 1, 2))

    def conditions(self, stage, fewest, most):
        names = dict.fromkeys(self.rng.choice(CONDITIONS[stage]) for _ in range(self.rng.randint(fewest, most)))
        return {name: self.condition(name) for name in names}

    def rule(self, stage):
        rule = self.conditions(stage, 0 if self.chance(0.15) else 1, 3 if self.chance(0.25) else 2)
        if self.chance(0.35):
            rule["unless"] = self.conditions(stage, 1, 2)
        early = stage in ("connect", "helo", "mail")
        rule["verdict"] = self.rng.choice(("accept",) * (4 if early else 2) + ("reject", "reject", "tempfail"))
        if self.chance(0.3):
            self.labels += 1
            rule["name"] = self.rng.choice(('rule "{}"', "r{}", "no spoofing, please {}")).format(self.labels)
        if rule["verdict"] != "accept" and self.chance(0.5):
            rule["reply"] = self.reply(stage, rule["verdict"])
        return rule

    def reply(self, stage, verdict):
        codes = REJECT_CODES if verdict == "reject" else TEMPFAIL_CODES
        lines = (self.reply_line(stage) for _ in range(self.rng.choice((1, 1, 1, 2, 3))))
        return self.rng.choice(codes) + " " + "\n".join(lines)

    def reply_line(self, stage):
        pieces = ["No"]
        for _ in range(self.rng.randint(0, 2)):
            placeholder = "{%s}" % self.rng.choice(PLACEHOLDERS[stage])
            pieces.append(self.rng.choice((placeholder, placeholder, '"#', "//", "50% off", "\\n")))
        return self.rng.choice((" ", " ", ":")).join(pieces)

    # Blocks

    def connection(self):
        block = {"mode": self.rng.choice(("only", "all-except", "all-except"))}
        if self.chance(0.8):
            block["clients"] = self.value("networks")
        if self.chance(0.4):
            block["names"] = self.value("domains")
        return block

    def auth(self):
        block = {"mode": self.rng.choice(("optional", "optional", "required", "forbidden"))}
        if self.chance(0.2):
            del block["mode"]
        if self.chance(0.5):
            block["users"] = self.value("users")
        if self.chance(0.4):
            block["mechanisms"] = self.some(words.MECHANISMS, 4)
        if self.chance(0.4):
            block["tls"] = self.rng.choice((True, False, 1, 128, 129))
        return block

    def relay(self):
        block = {"mode": self.rng.choice(("only", "only", "all-except"))}
        if self.chance(0.7):
            block["clients"] = self.value("networks")
        if block["mode"] == "only" and self.chance(0.4):
            block["names"] = self.value("domains")
        if self.chance(0.5):
            block["authenticated"] = self.chance(0.8)
        if block.get("authenticated") and self.chance(0.5):
            block["users"] = self.value("users")
        return block

    # Listeners

    def match(self):
        match = {}
        if self.chance(0.3):
            match["daemon"] = self.some(words.DAEMONS, 2)
        if self.chance(0.6):
            match["port"] = self.some(words.PORTS, 2)
        if self.chance(0.3):
            match["address"] = self.value("networks")
        if self.chance(0.95 if not match else 0.15):
            match["local"] = self.chance(0.7)
        return match

    def listener(self, number, last):
        listener = {"name": self.rng.choice(("in{}", "listener {}", "OUT-{}")).format(number)}
        listener["direction"] = self.rng.choice(("inbound", "outbound"))
        if not last or self.chance(0.5):
            listener["match"] = self.match()
        if self.chance(0.2):
            listener["resolved"] = "ignore"
        for stage, name, make, share in (
            ("connect", "connection", self.connection, 0.35),
            ("mail", "auth", self.auth, 0.5),
            ("rcpt", "relay", self.relay, 0.6),
        ):
            if self.chance(share):
                listener[name] = make()
                if self.chance(0.3):
                    listener[name]["reply"] = self.reply(stage, "reject")
        for stage in STAGES:
            if self.chance(0.75 if stage in ("rcpt", "data") else 0.4):
                most = 12 if self.large else 4 if stage == "rcpt" else 2
                listener[stage] = [self.rule(stage) for _ in range(self.rng.randint(1, most))]
        return listener

    def rule_set(self):
        for group in self.tables if self.chance(0.9) else ():
            self.add_tables(group)
        rule_set = {group: tables for group, tables in self.tables.items() if tables}
        if self.chance(0.95):
            rule_set["local_domains"] = ["ours.example"] * self.chance(0.8) + self.entries("domains", 3)
        count = self.rng.randint(1, 3)
        rule_set["listeners"] = [self.listener(number, number == count) for number in range(1, count + 1)]
        return rule_set

    # Sessions

    def spelt(self, name):
        """The same name, mostly: other case, a trailing dot, another form of a label."""
        if self.chance(0.15):
            name = "".join(self.rng.choice((letter.upper(), letter)) if letter.isascii() else letter for letter in name)
        if self.chance(0.1):
            for one, other in words.LABELS:
                name = name.replace(one, other)
        last = name[-1:]
        return name + "." if last.isalnum() and last.isascii() and "/" not in name and self.chance(0.08) else name

    def name(self):
        if self.chance(0.15):
            return self.deep_name()
        return self.spelt(self.rng.choice(words.NAMES))

    def client_name(self):
        """A verified name, or one of the two ways not to have one."""
        name = self.name()
        if name.lower().strip(".") == "unknown":
            return "unknown"
        return name if self.chance(0.6) else self.rng.choice(("unknown", "[TEMPUNAVAIL]"))

    def address(self):
        """A recipient or sender in one of the ways that people, and those who mean harm, write them."""
        local = self.rng.choice(words.LOCAL_PARTS)
        domain = "ours.example" if self.chance(0.3) else self.name()
        if self.chance(0.12):
            domain = self.rng.choice(words.LITERALS)
        address = f"{local}@{self.spelt(domain)}"
        if self.chance(0.2):
            address = self.rng.choice(words.DETOURS).format(local=local, domain=domain, address=address)
        if self.chance(0.1):
            address = self.spelt(address)
        return f"<{address}>" if self.chance(0.4) else address

    def recipient(self):
        recipient = {"recipient": self.address() if self.chance(0.97) else self.rng.choice(words.EDGES)}
        if self.chance(0.2):
            recipient["resolved"] = self.address()
        return recipient

    def sender(self):
        return self.rng.choice(("<>", "<>", "<>", "") + words.EDGES) if self.chance(0.25) else self.address()

    def where(self, rule_set):
        """Which listener: by its name, or as the MTA tells it."""
        if self.chance(0.7):
            return {"listener": self.rng.choice(rule_set["listeners"])["name"]}
        where = {}
        if self.chance(0.7):
            where["daemon"] = self.rng.choice(words.DAEMONS)
        if self.chance(0.2):
            where["local"] = True
        if self.chance(0.3 if "local" in where else 0.8):
            where["port"] = self.rng.choice(words.PORTS)
        return where

    def session(self, rule_set):
        session = self.where(rule_set)
        if "local" not in session:
            session["client"] = self.client()
        optional = {
            "address": lambda: self.rng.choice(words.LOCAL_ADDRESSES),
            "client_name": self.client_name,
            "helo": lambda: self.rng.choice(words.HELOS) if self.chance(0.3) else self.name(),
            "sender": self.sender,
            "tls": lambda: self.rng.choice((0, 1, 56, 127, 128, 129, 256)),
            "size": lambda: self.rng.choice(words.DECLARED_SIZES),
        }
        for name, make in optional.items():
            if self.chance(0.6):
                session[name] = make()
        session.update(self.login())
        session["recipients"] = [self.recipient() for _ in range(self.rng.choice((0, 1, 1, 1, 1, 2, 3)))]
        return session

    def login(self):
        login = {}
        if self.chance(0.55):
            login["user"] = self.rng.choice(words.USERS)
        if self.chance(0.8 if login else 0.1):
            login["mechanism"] = self.rng.choice(words.USED_MECHANISMS)
        return login


def generate(rng, sessions):
    """A rule set and that many sessions."""
    generator = Generator(rng)
    rule_set = generator.rule_set()
    return rule_set, [generator.session(rule_set) for _ in range(sessions)]


def options(session):
    """The session as the command line of `explain` has it."""
    result = []
    for name, value in session.items():
        if name == "local":
            result.append("--local")
        elif name != "recipients":
            result += ["--" + name.replace("_", "-"), str(value)]
    for recipient in session.get("recipients", []):
        for name, value in recipient.items():
            result += ["--" + name, value]
    return result
