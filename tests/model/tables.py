"""The tables of a rule set: which entry matches what, and what `@` and `!` do to them."""

import re

import facts


def entries_of(value):
    """A value's entries: of an array, of one string, or of a file."""
    if isinstance(value, dict):
        return value["entries"]
    return [value] if isinstance(value, str) else value


def is_regex(entry):
    return len(entry) >= 2 and entry.startswith("/") and entry.endswith("/")


def found(entry, text, flags=re.IGNORECASE):
    """Whether the /REGEX/ finds something; in bytes, for that is what a session sends."""
    return re.search(entry[1:-1].encode(), text.encode("utf-8", "surrogateescape"), flags) is not None


def network_entry_matches(entry, address):
    return address in facts.read_network(entry)


def domain_entry_matches(entry, name):
    if is_regex(entry):
        return not name.nobody and found(entry, name.text)
    if entry.startswith("."):
        suffix = "." + facts.read_name(entry[1:]).text
        return not name.nobody and name.text.endswith(suffix) and name.text != suffix
    return name.text == facts.read_name(entry).text


def is_same_mailbox(left, right):
    """Both parts are compared apart: `"user@example.com"` without a domain is not `user@example.com`."""
    if left.local != right.local or left.domain is None or right.domain is None:
        return False
    return facts.read_name(left.domain).text == facts.read_name(right.domain).text


def address_entry_matches(entry, mailbox):
    if entry == "<>":
        return mailbox.null
    if mailbox.null:
        return False
    if is_regex(entry):
        return found(entry, mailbox.compared)
    if entry.endswith("@"):
        return mailbox.local == facts.read_mailbox(entry[:-1]).local
    if "@" in entry:
        return is_same_mailbox(mailbox, facts.read_mailbox(entry))
    return mailbox.domain is not None and domain_entry_matches(entry, facts.read_name(mailbox.domain))


def user_entry_matches(entry, login):
    if is_regex(entry):
        return found(entry, login, flags=0)
    if not entry.endswith("@"):
        return login == entry
    realm = login[len(entry):]
    return login == entry[:-1] or (login.startswith(entry) and realm != "" and "@" not in realm)


ENTRY_MATCHES = {
    "networks": network_entry_matches,
    "domains": domain_entry_matches,
    "addresses": address_entry_matches,
    "users": user_entry_matches,
}


class Tables:
    """The named tables of a rule set."""

    def __init__(self, rule_set):
        self.groups = {group: rule_set.get(group, {}) for group in ENTRY_MATCHES}

    def match(self, group, value, fact):
        """A value is what its other entries match, less what its `!` entries match, in whatever order."""
        entries = entries_of(value)
        inside = [entry for entry in entries if not entry.startswith("!")]
        outside = [entry[1:] for entry in entries if entry.startswith("!")]
        return self.any_matches(group, inside, fact) and not self.any_matches(group, outside, fact)

    def any_matches(self, group, entries, fact):
        return any(self.entry_matches(group, entry, fact) for entry in entries)

    def entry_matches(self, group, entry, fact):
        if entry.startswith("@"):
            return self.table_matches(group, entry[1:], fact)
        return ENTRY_MATCHES[group](entry, fact)

    def table_matches(self, group, table, fact):
        """A table of domains used for addresses is asked about the domain, if there is one."""
        if group == "addresses" and table in self.groups["domains"]:
            if fact.domain is None:
                return False
            group, fact = "domains", facts.read_name(fact.domain)
        return self.match(group, self.groups[group][table], fact)
