"""What `diff --json` says in words, as what it means: each text that a rule file's values can make, with its meaning.

A meaning takes a session and tells whether the words are true of it.
"""

import language
from tables import entries_of, is_regex

NOUNS = {"client_name": "verified name", "helo": "HELO", "sender": "sender", "user": "login", "mechanism": "mechanism",
         "recipient": "recipient"}
GROUPS = {"client_name": "domains", "helo": "domains", "sender": "addresses", "recipient": "addresses", "user": "users"}
MARKS = (" (old)", " (new)")


class Wording:
    """The words of two rule sets, about the sessions of a door (sessions.Sessions)."""

    def __init__(self, sides, sessions):
        self.sides = sides
        self.sessions = sessions
        self.atoms = {}
        for side, asked in enumerate(sessions.asked):
            for name, values in asked.items():
                for value in values:
                    if name in NOUNS:
                        self.add_value(side, name, value)
                    else:
                        self.add_number(side, name, value)
        self.longest = sorted(self.atoms, key=len, reverse=True)

    def add(self, text, meaning):
        self.atoms.setdefault(text, []).append(meaning)

    def holds(self, side, name, value):
        """Whether the condition holds; of a name that cannot be looked up nothing is said."""
        known = self.sessions.judges[side].known
        return language.CONDITIONS[name](self.sides[side].tables, value, known)

    def add_value(self, side, name, value):
        texts = [self.entry_text(side, name, entry) for entry in entries_of(value)]
        if not texts:
            return
        yes = lambda: self.holds(side, name, value) is True
        no = lambda: self.holds(side, name, value) is False
        if name == "client_name" and self.sides[side].tables.match("domains", value, language.NOBODY):
            rest = [text for entry, text in zip(entries_of(value), texts) if entry != "unknown"]
            alone = texts == ["unknown"]
            self.add("no verified name" + ("" if alone else ", or one in " + ", ".join(rest)), yes)
            self.add("a verified name" + ("" if alone else " that is not in " + ", ".join(rest)), no)
            return
        are, are_not = verbs(name, entries_of(value))
        self.add(f"{NOUNS[name]} {are} {listed(name, texts)}", yes)
        self.add(f"{NOUNS[name]} {are_not} {listed(name, texts)}", no)

    def add_number(self, side, name, value):
        meaning = lambda: self.holds(side, name, value)
        against = lambda: not self.holds(side, name, value)
        if name == "tls":
            if value is False:
                meaning, against = against, meaning
            bits = "" if int(value) <= 1 else f" of at least {value} bits"
            self.add("TLS" + bits, meaning)
            self.add("no TLS" + bits, against)
        elif name == "size_over":
            over = "" if value == 0 else f" over {value} bytes"
            self.add("a declared size" + over, meaning)
            self.add("no declared size" + over, against)
        elif name == "recipients_over":
            self.add(f"more than {value} recipients", meaning)
            self.add(f"at most {value} recipients", against)

    def entry_text(self, side, name, entry):
        """An entry as the program prints it: a table that both files have with other entries is said to be of one."""
        bare = entry.removeprefix("!")
        if not bare.startswith("@"):
            return entry
        return entry + (MARKS[side] if self.tables_differ(side, GROUPS[name], bare[1:]) else "")

    def tables_differ(self, side, group, table):
        own, other = self.sides[side].rule_set, self.sides[1 - side].rule_set
        if table not in own.get(group, {}):
            group = "domains"
        return table in other.get(group, {}) and not same_table(own, other, group, table)

    def parse(self, text):
        """The alternatives of a text, each with the meanings of its parts, or None where it says something else."""
        return self.parse_from(text, 0, [[]])

    def parse_from(self, text, start, said):
        for atom in self.longest:
            if not text.startswith(atom, start):
                continue
            end = start + len(atom)
            here = said[:-1] + [said[-1] + [atom]]
            if end == len(text):
                return here
            for separator, behind in ((" and ", here), ("; or ", here + [[]])):
                if text.startswith(separator, end):
                    found = self.parse_from(text, end + len(separator), behind)
                    if found:
                        return found
        return None

    def is_true(self, alternatives):
        """Of the session that the sides know.  Raises ValueError where the same words mean one thing and another."""
        return any(all([self.atom_is_true(atom) for atom in each]) for each in alternatives)

    def atom_is_true(self, atom):
        truths = {meaning() for meaning in self.atoms[atom]}
        if len(truths) > 1:
            raise ValueError(f"{atom!r} is true in one file, and not in the other")
        return truths.pop()


def same_table(one, other, group, table):
    ours, theirs = entries_of(one[group][table]), entries_of(other[group][table])
    if ours != theirs:
        return False
    return all(
        same_named(one, other, group, entry.removeprefix("!")[1:]) for entry in ours
        if entry.removeprefix("!").startswith("@")
    )


def same_named(one, other, group, table):
    group = group if table in one.get(group, {}) else "domains"
    return table in other.get(group, {}) and same_table(one, other, group, table)


def is_exact(name, entry):
    if entry.startswith(("!", "@", "/")):
        return False
    if name == "mechanism" or entry == "<>":
        return True
    return not entry.startswith(".") and not entry.endswith("@")


def verbs(name, entries):
    if len(entries) == 1 and is_regex(entries[0]):
        return "matches", "does not match"
    if name == "mechanism" or (len(entries) == 1 and is_exact(name, entries[0])):
        return "is", "is not"
    return "is in", "is not in"


def listed(name, texts):
    if name == "mechanism" and len(texts) > 1:
        return ", ".join(texts[:-1]) + " or " + texts[-1]
    return ", ".join(texts)
