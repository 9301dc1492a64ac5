"""Edits of a rule file, as administrators make them: some that mean something, and some that mean nothing."""

import copy
import ipaddress

from generate import STAGES
from tables import entries_of

GROUPS = ("networks", "domains", "addresses", "users")
BLOCKS = ("connection", "auth", "relay")
GROUP_OF = {"client": "networks", "clients": "networks", "address": "networks", "client_name": "domains",
            "names": "domains", "helo": "domains", "local_domains": "domains", "sender": "addresses",
            "recipient": "addresses", "user": "users", "users": "users"}


class Mutation:
    """Changes a copy of a rule set.  generator makes new values (generate.Generator)."""

    def __init__(self, generator, rule_set):
        self.generator = generator
        self.rng = generator.rng
        self.rule_set = copy.deepcopy(rule_set)

    # Where things are

    def lists(self):
        """Every array of entries: its holder, its name there, and its group."""
        for group in GROUPS:
            for name in self.rule_set.get(group, {}):
                value = self.rule_set[group][name]
                if isinstance(value, dict):
                    yield value, "entries", group
                else:
                    yield self.rule_set[group], name, group
        if "local_domains" in self.rule_set:
            yield self.rule_set, "local_domains", "domains"
        for holder in self.holders():
            for name in holder:
                if name in GROUP_OF:
                    yield holder, name, GROUP_OF[name]

    def holders(self):
        """Everything in a listener that has values."""
        for listener in self.rule_set["listeners"]:
            yield listener.get("match", {})
            for block in BLOCKS:
                yield listener.get(block, {})
            for rule in self.rules(listener):
                yield rule
                yield rule.get("unless", {})

    @staticmethod
    def rules(listener):
        return [rule for stage in STAGES for rule in listener.get(stage, [])]

    def pick(self, found):
        found = list(found)
        return self.rng.choice(found) if found else None

    def pick_rules(self):
        """A listener's list of rules that is not empty."""
        return self.pick(listener[stage] for listener in self.rule_set["listeners"] for stage in STAGES if listener.get(stage))

    # What means something

    def add_entry(self):
        holder, name, group = self.pick(self.lists()) or (None, None, None)
        if holder is not None:
            entries = list(entries_of(holder[name]))
            entries.insert(self.rng.randint(0, len(entries)), self.generator.entry(group))
            holder[name] = entries

    def take_entry(self):
        holder, name, _ = self.pick(each for each in self.lists() if len(entries_of(each[0][each[1]])) > 1) or (None,) * 3
        if holder is not None:
            entries = list(entries_of(holder[name]))
            del entries[self.rng.randrange(len(entries))]
            if any(not entry.startswith("!") for entry in entries):
                holder[name] = entries

    def turn_entry(self):
        """Takes out what was in, or puts in what was taken out."""
        holder, name, _ = self.pick(each for each in self.lists() if len(entries_of(each[0][each[1]])) > 1) or (None,) * 3
        if holder is not None:
            entries = list(entries_of(holder[name]))
            index = self.rng.randrange(len(entries))
            entry = entries[index]
            entries[index] = entry[1:] if entry.startswith("!") else "!" + entry
            if any(not entry.startswith("!") for entry in entries):
                holder[name] = entries

    def move_rule(self):
        rules = self.pick_rules()
        if rules:
            rule = rules.pop(self.rng.randrange(len(rules)))
            rules.insert(self.rng.randint(0, len(rules)), rule)

    def take_rule(self):
        rules = self.pick_rules()
        if rules:
            del rules[self.rng.randrange(len(rules))]

    def add_rule(self):
        listener = self.pick(self.rule_set["listeners"])
        stage = self.rng.choice(STAGES)
        rules = listener.setdefault(stage, [])
        rule = self.generator.rule(stage)
        rule.pop("name", None)
        rules.insert(self.rng.randint(0, len(rules)), rule)

    def flip_verdict(self):
        rule = self.pick(rule for listener in self.rule_set["listeners"] for rule in self.rules(listener))
        if rule:
            rule["verdict"] = self.rng.choice([each for each in ("accept", "reject", "tempfail") if each != rule["verdict"]])
            rule.pop("reply", None)

    def change_reply(self):
        rule = self.pick(rule for listener in self.rule_set["listeners"] for rule in self.rules(listener)
                         if rule["verdict"] != "accept")
        if rule:
            rule["reply"] = ("550 5.7.1 " if rule["verdict"] == "reject" else "451 4.7.1 ") + self.rng.choice(
                ("Another\nline", "Go away {listener}", "Never"))

    def take_condition(self):
        rule = self.pick(rule for listener in self.rule_set["listeners"] for rule in self.rules(listener))
        name = rule and self.pick(name for name in rule if name not in ("verdict", "reply", "name", "line"))
        if name:
            del rule[name]

    def change_block(self):
        listener = self.pick(self.rule_set["listeners"])
        block = self.rng.choice(BLOCKS)
        if block in listener and self.rng.random() < 0.3:
            del listener[block]
        elif self.rng.random() < 0.5 and "mode" in listener.get(block, {}) and block != "auth":
            listener[block]["mode"] = {"only": "all-except", "all-except": "only"}[listener[block]["mode"]]
        else:
            listener[block] = getattr(self.generator, block)()

    def change_match(self):
        listener = self.pick(each for each in self.rule_set["listeners"] if "match" in each)
        if listener:
            listener["match"] = self.generator.match()

    def change_resolved(self):
        listener = self.pick(self.rule_set["listeners"])
        if listener.pop("resolved", None) is None:
            listener["resolved"] = "ignore"

    def add_listener(self):
        listeners = self.rule_set["listeners"]
        listener = self.generator.listener(90, False)
        listeners.insert(self.rng.randint(0, len(listeners)), listener)

    def take_listener(self):
        listeners = self.rule_set["listeners"]
        if len(listeners) > 1:
            del listeners[self.rng.randrange(len(listeners))]

    def move_listener(self):
        listeners = self.rule_set["listeners"]
        listeners.insert(self.rng.randint(0, len(listeners)), listeners.pop(self.rng.randrange(len(listeners))))

    MEANINGFUL = (add_entry, take_entry, turn_entry, move_rule, take_rule, add_rule, flip_verdict, change_reply,
                  take_condition, change_block, change_match, change_resolved, add_listener, take_listener, move_listener)

    # What means nothing

    def rename_tables(self):
        """Every table gets another name, and so does every reference."""
        names = {name: f"t-{number}" for number, name in
                 enumerate(name for group in GROUPS for name in self.rule_set.get(group, {}))}

        def renamed(entry):
            mark = "!" if entry.startswith("!") else ""
            bare = entry.removeprefix("!")
            return mark + ("@" + names[bare[1:]] if bare.startswith("@") else bare)

        for holder, name, _ in list(self.lists()):
            value = holder[name]
            holder[name] = renamed(value) if isinstance(value, str) else [renamed(entry) for entry in value]
        for group in GROUPS:
            if group in self.rule_set:
                self.rule_set[group] = {names[name]: value for name, value in self.rule_set[group].items()}

    def rename_listeners(self):
        for number, listener in enumerate(self.rule_set["listeners"]):
            replies = [each.get("reply", "") for each in self.rules(listener)]
            replies += [listener.get(block, {}).get("reply", "") for block in BLOCKS]
            if not any("{listener}" in reply for reply in replies):
                listener["name"] = f"renamed {number}"

    def shuffle_entries(self):
        for holder, name, _ in list(self.lists()):
            if not isinstance(holder[name], str):
                holder[name] = self.rng.sample(holder[name], len(holder[name]))

    def repeat_entries(self):
        for holder, name, _ in list(self.lists()):
            if not isinstance(holder[name], str) and holder[name]:
                holder[name] = holder[name] + [self.rng.choice(holder[name])]

    def split_networks(self):
        for holder, name, group in list(self.lists()):
            if group == "networks" and not isinstance(holder[name], str):
                holder[name] = [half for entry in holder[name] for half in halves(entry)]

    def inline_tables(self):
        """A table without "!" is what its entries are, wherever it stands."""
        for holder, name, group in list(self.lists()):
            if not isinstance(holder[name], str):
                holder[name] = [each for entry in holder[name] for each in self.inlined(entry, group)]

    def inlined(self, entry, group):
        mark = "!" if entry.startswith("!") else ""
        table = self.rule_set.get(group, {}).get(entry.removeprefix("!")[1:]) if entry.removeprefix("!")[:1] == "@" else None
        if table is None or any(each.startswith("!") for each in entries_of(table)):
            return [entry]
        return [mark + each for each in entries_of(table)]

    MEANINGLESS = (rename_tables, rename_listeners, shuffle_entries, repeat_entries, split_networks, inline_tables)

    def mutate(self, meaningful):
        """Applies some edits, and returns their names."""
        edits = [self.rng.choice(self.MEANINGFUL) for _ in range(self.rng.choice((1, 1, 1, 2, 3)) if meaningful else 0)]
        if not meaningful or self.rng.random() < 0.3:
            edits += self.rng.sample(self.MEANINGLESS, self.rng.randint(1, 3))
        for edit in edits:
            edit(self)
        return [edit.__name__ for edit in edits]


def halves(entry):
    mark, bare = ("!", entry[1:]) if entry.startswith("!") else ("", entry)
    if bare.startswith("@"):
        return [entry]
    network = ipaddress.ip_network(bare)
    if network.prefixlen == network.max_prefixlen or bare == "::fffe:0:0/95":  # half of it would be all of IPv4
        return [entry]
    return [mark + str(half) for half in network.subnets()]
