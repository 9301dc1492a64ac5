"""The meaning of a rule file, written as directly as the rule language is worded.

This is a test oracle: it is slow, it shares nothing but libidn2 with the program, and where they differ one is wrong.
A rule set is plain data, shaped as its file is: groups of tables and a list of listeners, of dicts, lists, strings,
numbers and booleans.  Besides, whatever a decision can name (rule, block, listener) has its "line", and a table that
stands in a file of its own is {"file": PATH, "entries": [...]}.  A session is a dict of explain's options; its
"recipients" are dicts of "recipient" and, where the MTA resolved it, "resolved".  `explain` judges a session and
returns what `sallyport explain --json` prints.

Where the language leaves a choice, these are the choices:

 1. An IPv6 network shorter than ::ffff:0:0/96 has no IPv4 in it, as ::/0 has none.
 2. Regular expressions on logins mind upper and lower case, for logins are compared exactly; all others do not.
 3. A name that begins with "[" is compared in lower case and without one trailing dot, and is never given to IDNA.
 4. Only the entry `unknown`, in any case, matches a client without a verified name; in `helo` it is a name like others.
 5. An empty list of names does not ask for the name, so an unavailable name does not matter to it.
 6. A session without a login (ANONYMOUS, say) has no user and no mechanism; a login may lack a mechanism, and is then
    not in `mechanisms`.
 7. In the auth block absent `users` or `mechanisms` admit everyone, empty ones nobody; `tls = false` asks for nothing.
    All of the three are asked of logins only.
 8. A control byte anywhere makes an address unreadable, and so does a domain of dots alone.  Brackets count in domains
    and source routes, not in local parts, and a domain that begins with one ends with one.  A backslash quotes inside
    quotes only.
 9. `@a@b` without a colon has no source route: its local part is `@a`.
10. A domain literal loses one trailing dot, may spell its tag "IPv6:" in any case, and is IPv4 where it is a mapped
    address.  No entry of `local_domains` makes it local, and one that names no address (`[2001:db8::1]` without the tag,
    `[IPv6:192.0.2.1]` with it) is relay.  A recipient that was resolved to the null address is relay, too.
11. `relay = true` lets an accept rule speak of relay recipients only as a condition of the rule, not inside `unless`.
12. A regular expression that an address table borrows from a domain table is asked about the domain.
13. With `local`, `address` is whatever the session says, and `daemon` is compared exactly.
14. {client} shows the address in its canonical form, IPv4 for a mapped one; an unavailable name shows as `unknown`.
15. Without a recipient, a session that no stage refused is accepted.
16. A name converts only if it becomes letters, digits, "-", "_" and dots.  The trailing dot
    that a name loses may be any that IDNA takes for a dot.
17. `.example.com` is not a name below example.com: it has no label of its own.
"""

import dataclasses
import ipaddress
import re

import facts
from facts import NOBODY, Mailbox, Name, Unreadable
from tables import Tables, entries_of

SEVERITY = ("accept", "tempfail", "reject")
NOT_CONDITIONS = ("name", "verdict", "reply", "unless", "line")
DEFAULT_REPLY = {"reject": "550 5.7.1 Refused by policy", "tempfail": "451 4.7.1 Try again later"}
NO_POLICY = "451 4.3.5 No policy for this listener"
NAME_UNAVAILABLE = "450 4.7.1 Cannot look up your name, try again later"
BAD_SENDER = "501 5.1.7 Bad sender address syntax"
BAD_RECIPIENT = "501 5.1.3 Bad recipient address syntax"
RELAY_DENIED = "550 5.7.1 Unable to relay for {recipient}"
LONGEST_PLACEHOLDER = 256


# Three-valued logic: None is "it depends on the client's name, which could not be looked up"


def both(truths):
    """False wins over unknown: what is false anyway need not ask for the name."""
    truths = list(truths)
    return False if False in truths else None if None in truths else True


def either(truths):
    """True wins over unknown."""
    truths = list(truths)
    return True if True in truths else None if None in truths else False


def negation(truth):
    return None if truth is None else not truth


# Sessions


@dataclasses.dataclass
class Facts:
    """What is known of a session.  None is a fact that it does not have, but for the client's name: not available."""

    client: ipaddress.IPv4Address | ipaddress.IPv6Address
    local_address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    client_name: Name | None
    helo: Name | None
    user: str | None
    mechanism: str | None
    bits: int
    size: int | None
    texts: dict  # what the placeholders stand for
    sender: Mailbox | None = None
    recipient: Mailbox | None = None
    relay: bool = True
    accepted: int = 0

    @property
    def authenticated(self):
        return self.user is not None


def read_client_name(text):
    if text in (None, "unknown"):
        return NOBODY
    return None if text == "[TEMPUNAVAIL]" else facts.read_name(text)


def read_session(session):
    """The facts of a session before its first recipient."""
    client = facts.read_address("127.0.0.1" if session.get("local") else session["client"])
    name = session.get("client_name")
    mechanism = session.get("mechanism")
    user = session.get("user") or None
    if user is None or (mechanism or "").lower() == "anonymous":
        user = mechanism = None
    helo = session.get("helo")
    sender = session.get("sender", "<>")
    texts = {
        "client": str(client),
        "client_name": "unknown" if name in (None, "[TEMPUNAVAIL]") else name,
        "helo": helo or "",
        "user": user or "",
        "sender": facts.without_angle_brackets(sender),
        "recipient": "",
    }
    return Facts(
        client=client,
        local_address=facts.read_address(session["address"]) if "address" in session else None,
        client_name=read_client_name(name),
        helo=None if helo is None else facts.read_name(helo),
        user=user,
        mechanism=mechanism,
        bits=session.get("tls", 0),
        size=session.get("size"),
        texts=texts,
    )


# Conditions


def client_holds(tables, value, known):
    return tables.match("networks", value, known.client)


def client_name_holds(tables, value, known):
    if known.client_name is None:
        return None if entries_of(value) else False
    return tables.match("domains", value, known.client_name)


def helo_holds(tables, value, known):
    return known.helo is not None and tables.match("domains", value, known.helo)


def sender_holds(tables, value, known):
    return tables.match("addresses", value, known.sender)


def authenticated_holds(_tables, value, known):
    return known.authenticated == value


def user_holds(tables, value, known):
    return known.authenticated and tables.match("users", value, known.user)


def mechanism_holds(_tables, value, known):
    return known.mechanism is not None and known.mechanism.lower() in [each.lower() for each in entries_of(value)]


def tls_holds(_tables, value, known):
    if isinstance(value, bool):
        return (known.bits > 0) == value
    return known.bits >= value


def size_over_holds(_tables, value, known):
    return known.size is not None and known.size > value


def recipient_holds(tables, value, known):
    return tables.match("addresses", value, known.recipient)


def relay_holds(_tables, value, known):
    return known.relay == value


def recipients_over_holds(_tables, value, known):
    return known.accepted > value


CONDITIONS = {
    "client": client_holds,
    "client_name": client_name_holds,
    "helo": helo_holds,
    "sender": sender_holds,
    "authenticated": authenticated_holds,
    "user": user_holds,
    "mechanism": mechanism_holds,
    "tls": tls_holds,
    "size_over": size_over_holds,
    "recipient": recipient_holds,
    "relay": relay_holds,
    "recipients_over": recipients_over_holds,
}


# Replies


def cleaned(text):
    """A text of the client's that cannot forge a reply line, nor make one too long."""
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in text.encode("utf-8", "surrogateescape"))
    return text if len(text) <= LONGEST_PLACEHOLDER else text[: LONGEST_PLACEHOLDER - 3] + "..."


def written_reply(reply, texts):
    """A reply as the client sees it: each line with its codes, all but the last with a hyphen."""
    code, enhanced, text = reply.split(" ", 2)
    lines = [re.sub(r"\{([a-z_]+)\}", lambda match: cleaned(texts[match[1]]), line) for line in text.split("\n")]
    return "\n".join([f"{code}-{enhanced} {line}" for line in lines[:-1]] + [f"{code} {enhanced} {lines[-1]}"])


# Local or relay


def names_local_host(rule_set, tables, domain, known):
    """Whether a domain (None: there is none) is one that this machine takes mail for."""
    if domain is None:
        return True
    if domain.startswith("["):
        literal = facts.read_literal(domain)
        return literal is not None and literal == known.local_address
    name = facts.read_name(domain)
    return name.converts and tables.match("domains", rule_set.get("local_domains", []), name)


def is_relay_as_written(rule_set, tables, mailbox, known):
    """Whether the address itself leads to another host, by its domain or by a route in it."""
    routing = mailbox.routed or any(character in mailbox.local for character in "%!@")
    return routing or not names_local_host(rule_set, tables, mailbox.domain, known)


def is_relay_as_resolved(rule_set, tables, resolved, known):
    """Whether the MTA resolved the recipient to another host; only the domain counts."""
    try:
        mailbox = facts.read_mailbox(resolved)
    except Unreadable:
        return True
    return mailbox.null or not names_local_host(rule_set, tables, mailbox.domain, known)


# Judging


@dataclasses.dataclass
class Decision:
    """What a stage came to.  `line` is None where no line of the file decided."""

    verdict: str
    rule: str | None
    line: int | None
    reply: str | None = None


class Judge:
    """One session before one listener."""

    def __init__(self, rule_set, listener, known):
        self.rule_set = rule_set
        self.tables = Tables(rule_set)
        self.listener = listener
        self.known = known
        known.texts["listener"] = listener["name"]

    def judge(self, stage):
        """The first rule that matches decides the stage; where none does, its block; else it accepts."""
        for number, rule in enumerate(self.listener.get(stage, []), 1):
            truth = self.rule_truth(stage, rule)
            label = rule.get("name", f"{stage}[{number}]")
            if truth is None:
                return Decision("tempfail", label, rule["line"], NAME_UNAVAILABLE)
            if truth:
                return Decision(rule["verdict"], label, rule["line"], rule.get("reply"))
        return BLOCKS[stage](self) if stage in BLOCKS else Decision("accept", None, None)

    def rule_truth(self, stage, rule):
        """A rule matches when all its conditions hold and not all those in its `unless`."""
        truths = [self.conditions_truth(rule)]
        if "unless" in rule:
            truths.append(negation(self.conditions_truth(rule["unless"])))
        if stage == "rcpt" and rule["verdict"] == "accept" and rule.get("relay") is not True:
            truths.append(not self.known.relay)
        return both(truths)

    def conditions_truth(self, conditions):
        return both(
            CONDITIONS[name](self.tables, value, self.known)
            for name, value in conditions.items()
            if name not in NOT_CONDITIONS
        )

    def listed(self, block):
        """Whether the client is in the block's lists, by address or by name."""
        return either(
            (
                client_holds(self.tables, block.get("clients", []), self.known),
                client_name_holds(self.tables, block.get("names", []), self.known),
            )
        )

    def admitted(self, block):
        """Whether the block's mode lets the client through."""
        return self.listed(block) if block["mode"] == "only" else negation(self.listed(block))

    def judge_connection(self):
        block = self.listener.get("connection")
        if block is None:
            return Decision("accept", None, None)
        return self.block_decision("connection", block, self.admitted(block), "550 5.7.1 Access denied for {client}")

    def judge_auth(self):
        block = self.listener.get("auth")
        if block is None:
            return Decision("accept", None, None)
        refusal = self.auth_refusal(block)
        return self.block_decision("auth", block, refusal is None, refusal)

    def auth_refusal(self, block):
        """The reply of the first demand that is not met, or None."""
        mode = block.get("mode", "optional")
        if not self.known.authenticated:
            return "530 5.7.0 Authentication required" if mode == "required" else None
        if mode == "forbidden":
            return "550 5.7.1 Authentication is not accepted here"
        if "users" in block and not user_holds(self.tables, block["users"], self.known):
            return "550 5.7.1 {user} may not send here"
        if "mechanisms" in block and not mechanism_holds(self.tables, block["mechanisms"], self.known):
            return "550 5.7.1 {user} may not log in this way"
        if block.get("tls", False) is not False and not tls_holds(self.tables, block["tls"], self.known):
            return "530 5.7.0 Must issue a STARTTLS command first"
        return None

    def judge_relay(self):
        block = self.listener.get("relay")
        if block is None:
            if self.known.relay:
                return Decision("reject", "relay", self.listener["line"], RELAY_DENIED)
            return Decision("accept", None, None)
        may = either((not self.known.relay, self.login_may_relay(block), self.admitted(block)))
        return self.block_decision("relay", block, may, RELAY_DENIED)

    def login_may_relay(self, block):
        """A login that the auth block would admit, and that is in the relay block's users where it has any."""
        if not (block.get("authenticated", False) and self.known.authenticated):
            return False
        if self.auth_refusal(self.listener.get("auth", {})) is not None:
            return False
        return "users" not in block or user_holds(self.tables, block["users"], self.known)

    @staticmethod
    def block_decision(name, block, truth, reply):
        if truth is None:
            return Decision("tempfail", name, block["line"], NAME_UNAVAILABLE)
        if truth:
            return Decision("accept", name, block["line"])
        return Decision("reject", name, block["line"], block.get("reply", reply))

    def judge_mail(self, sender):
        """An unreadable sender is rejected before any rule is asked."""
        try:
            self.known.sender = facts.read_mailbox(sender)
        except Unreadable:
            return Decision("reject", "syntax", None, BAD_SENDER)
        return self.judge("mail")

    def judge_recipient(self, recipient, resolved):
        """One recipient, who may be unreadable or the null address, and is then relay."""
        self.known.texts["recipient"] = facts.without_angle_brackets(recipient)
        self.known.relay = True
        try:
            self.known.recipient = facts.read_mailbox(recipient)
        except Unreadable:
            self.known.recipient = None
        if self.known.recipient is None or self.known.recipient.null:
            return Decision("reject", "syntax", None, BAD_RECIPIENT)
        self.find_relay(resolved)
        return self.judge("rcpt")

    def find_relay(self, resolved):
        """Local or relay; the replies name the address that made the recipient relay."""
        where = (self.rule_set, self.tables)
        self.known.relay = is_relay_as_written(*where, self.known.recipient, self.known)
        if self.known.relay or resolved is None or self.listener.get("resolved") == "ignore":
            return
        self.known.relay = is_relay_as_resolved(*where, resolved, self.known)
        if self.known.relay:
            self.known.texts["recipient"] = facts.without_angle_brackets(resolved)


BLOCKS = {"connect": Judge.judge_connection, "mail": Judge.judge_auth, "rcpt": Judge.judge_relay}


# Listeners


def numbers_of(value):
    return [value] if isinstance(value, int) else value


def listener_matches(tables, listener, session, known):
    """All that a `match` gives must hold, and no `local` means false; without a `match` it takes everything."""
    match = listener.get("match")
    if match is None:
        return True
    return (
        match.get("local", False) == session.get("local", False)
        and ("daemon" not in match or session.get("daemon") in entries_of(match["daemon"]))
        and ("port" not in match or session.get("port") in numbers_of(match["port"]))
        and (
            "address" not in match
            or (known.local_address is not None and tables.match("networks", match["address"], known.local_address))
        )
    )


def choose_listener(rule_set, session, known):
    """The listener that the session names, else the first that matches, else None."""
    listeners = rule_set["listeners"]
    if "listener" in session:
        return next(listener for listener in listeners if listener["name"] == session["listener"])
    tables = Tables(rule_set)
    return next((each for each in listeners if listener_matches(tables, each, session, known)), None)


# Explain


def explain(rule_set, session):
    """What `sallyport explain --json` prints for the session."""
    known = read_session(session)
    listener = choose_listener(rule_set, session, known)
    if listener is None:
        stage = {"stage": "connect", "verdict": "tempfail", "reply": NO_POLICY, "by": None, "rule": None}
        return {"listener": None, "verdict": "tempfail", "stages": [stage]}
    judge = Judge(rule_set, listener, known)
    stages = list(judge_stages(judge, session))
    worst = max((stage["verdict"] for stage in stages), key=SEVERITY.index)
    return {"listener": listener["name"], "verdict": worst, "stages": stages}


def judge_stages(judge, session):
    """The stages as far as the session gets: a refusal before the recipients ends it."""
    for stage in ("connect", "helo", "mail"):
        if stage == "mail":
            decision = judge.judge_mail(session.get("sender", "<>"))
        else:
            decision = judge.judge(stage)
        yield stage_object(judge, stage, decision)
        if decision.verdict != "accept":
            return
    for each in session.get("recipients", []):
        decision = judge.judge_recipient(each["recipient"], each.get("resolved"))
        judge.known.accepted += decision.verdict == "accept"
        shown = {"recipient": facts.without_angle_brackets(each["recipient"]), "relay": judge.known.relay}
        yield {**stage_object(judge, "rcpt", decision), **shown}
    if judge.known.accepted:
        yield stage_object(judge, "data", judge.judge("data"))


def stage_object(judge, stage, decision):
    """One entry of explain's `stages`."""
    by = None if decision.line is None else f"{judge.rule_set['file']}:{decision.line}"
    result = {"stage": stage, "verdict": decision.verdict, "by": by, "rule": decision.rule}
    if decision.verdict != "accept":
        reply = decision.reply or DEFAULT_REPLY[decision.verdict]
        result["reply"] = written_reply(reply, judge.known.texts)
    return result
