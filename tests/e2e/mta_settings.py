"""The settings that `sallyport mta` prints for the shipped rule files, loaded by each MTA."""

import contextlib
import ipaddress
import json
import re
import subprocess
from pathlib import Path

from support import credentials, lab, wait
from support.gate import EXAMPLES, LOCAL, RELAY, SENDER
from support.printed import PrintedPostfix, PrintedSendmail
from support.suite import Suite

suite = Suite(__doc__, mtas=(PrintedPostfix, PrintedSendmail))

# What leads away from here, though most of it looks like an address of ours.
AWAY = ("test%example.com@example.net", "test@example.com@example.net", '"test@example.com"@example.net',
        "@example.net:test@example.com", "example.com!test@example.net", r"test\@example.com@example.net")

VERDICTS = {"accept": 2, "reject": 5, "tempfail": 4}
CLASSES = {code: verdict for verdict, code in VERDICTS.items()}

SOMEBODY = (lab.INTERNET, lab.INTERNET6, lab.NAMELESS, lab.ROUTER, lab.ROUTER6, lab.LAN, lab.LAN6, "127.0.0.1", "::1")


# Beside the shipped files one that asks for everything: listeners by address and name, lists that end anywhere.
EVERYTHING = Path(__file__).resolve().parents[1] / "golden" / "settings" / "everything.conf"
FILES = (*sorted(EXAMPLES.glob("*.conf")), EVERYTHING)


def said(gate, *words):
    """What a command prints for programs."""
    return json.loads(subprocess.run([gate.executable, *words], capture_output=True, text=True, check=True).stdout)


def for_each(title, files=FILES):
    """Registers a case for each rule file, with the settings that go with it loaded."""
    def register(function):
        for path in files:
            @suite.case(f"{path.name}: {title}")
            def _(gate, path=path):
                if gate.daemon is not None:
                    gate.daemon.stop()
                    gate.daemon = None
                settings = said(gate, "mta", "--json", gate.mta.name, path)
                gate.mta.load(settings)
                function(gate, path, settings)
    return register


def attach(gate, path):
    """Puts the rules in force."""
    if path is EVERYTHING:
        gate.rules(path.read_text())
    else:
        gate.example(path.name)


def services(listener):
    """The sockets of a listener, but for those that wait for an administrator, and for TLS from the start."""
    return [each for each in listener["services"] if each["complete"] and each["port"] != 465]


def connect(gate, client, service):
    return gate.connect(client, service["port"], service["address"])


def reaches(client, service):
    """Can the client reach a socket that is bound to an address?"""
    return service["address"] is None or (":" in client) == (":" in service["address"])


def arrived(gate):
    return sorted(recipient for _, recipients in gate.delivered() for recipient in recipients)


# The examples of a rule file

def expected(path):
    """The sessions that a shipped rule file expects, each a dictionary of its settings."""
    text = path.read_text().partition("\nexpect = (")[2]
    for example in re.findall(r"\{(.*?)\}(?=,|\n|\s*\))", text, re.DOTALL):
        yield {name: text if text else number
               for name, text, number in re.findall(r'(\w+) *= *(?:"((?:[^"\\]|\\.)*)"|(\w+))', example)}


def playable(example):
    """Only explain can say of a client without a name server's answer that it has none just now."""
    return example.get("client_name") != "[TEMPUNAVAIL]" and "recipient" in example


def came_out(gate, port, example):
    """The verdict that the MTA comes to."""
    client, login = example["client"], example.get("user")
    with gate.connect(client, port) as session:
        replies = [session.ehlo(example.get("helo", "client.example"))]
        if "tls" in example:
            replies += [session.starttls(), session.ehlo(example.get("helo", "client.example"))]
        if login is not None:
            known = login.partition("@")[0] if login.partition("@")[0] in credentials.USERS else "bob"
            replies.append(session.auth("PLAIN", known, credentials.password(known)))
        if replies[-1].code < 400:
            replies.append(session.mail(example.get("sender", SENDER).strip("<>")))
        if replies[-1].code < 400:
            replies.append(session.rcpt(example["recipient"]))
        session.quit()
    return CLASSES[replies[-1].code // 100]


@contextlib.contextmanager
def named(gate, example):
    """While it lasts, the example's client has its name."""
    pointers = dict(gate.resolver.pointers)
    if "client_name" in example:
        gate.resolver.give(example["client"], example["client_name"])
    try:
        yield
    finally:
        gate.resolver.pointers.clear()
        gate.resolver.pointers.update(pointers)


def submitted(gate, example):
    gate.sink.forget()
    gate.mta.submit("boss@example.net", [example["recipient"]])
    wait.until(lambda: gate.sink.messages, "the submitted message")
    return "accept"


@for_each("with sallyport attached its examples come out as they shall", FILES[:-1])
def _(gate, path, settings):
    attach(gate, path)
    ports = {each["name"]: [service["port"] for service in services(each)] for each in settings["listeners"]}
    examples = [example for example in expected(path) if playable(example)]
    assert len(examples) > 3, examples
    for example in examples:
        with named(gate, example):
            for port in ports[example["listener"]]:
                verdict = came_out(gate, port, example)
                assert verdict == example["verdict"], f"{example} at port {port}: {verdict}"
            if not ports[example["listener"]]:
                assert submitted(gate, example) == example["verdict"], example


# Without sallyport

def takes_nothing(gate, client, service, login=None):
    """The first refusal is for now, or asks for a login; and what the client says in spite of it leads nowhere."""
    with connect(gate, client, service) as session:
        replies = [session.ehlo()]
        if login:
            replies += [session.starttls(), session.ehlo(), session.auth("PLAIN", login, credentials.password(login))]
        replies.append(session.mail(SENDER))
        led = [session.rcpt(RELAY), session.rcpt(LOCAL), session.data()]
    refusal = next(reply for reply in replies + led if reply.code >= 400)
    assert refusal.code in ((451, 454) if login else (451, 530)), f"{client} at {service}: {refusal}"
    assert all(reply.code >= 400 for reply in led), f"{client} at {service}: {led}"


@for_each("sallyport killed: no port takes anything, with a login or without")
def _(gate, path, settings):
    attach(gate, path)
    gate.daemon.kill()
    gate.daemon = None
    for listener in settings["listeners"]:
        for service in services(listener):
            for client in SOMEBODY:
                if reaches(client, service):
                    takes_nothing(gate, client, service)
            if listener["logins"]:
                takes_nothing(gate, lab.INTERNET, service, login="alice")
    assert gate.sink.messages == []


@for_each("sallyport killed: what is submitted waits, and goes when it is back", FILES[:-1])
def _(gate, path, settings):
    assert settings["local"] is not None
    logged = len(gate.mta.log)
    gate.mta.submit("boss@example.net", [RELAY])
    wait.until(lambda: gate.mta.tried_in_vain(gate.mta.log[logged:]), "the MTA to ask a milter that is not there")
    assert (gate.mta.waiting(), gate.sink.messages) == (1, []), (gate.mta.waiting(), gate.sink.messages)
    attach(gate, path)
    gate.mta.wake()
    wait.until(lambda: gate.mta.waiting() == 0, "the submitted message to go")
    assert arrived(gate) == [RELAY], arrived(gate)


@for_each("no listener takes what is submitted: who is not root cannot submit", FILES[-1:])
def _(gate, path, settings):
    assert settings["local"] is None
    if gate.mta.name == "postfix":  # all that Sendmail lets programs submit comes by port 25
        as_nobody = ('mount --bind "$0" /etc/postfix && exec setpriv --reuid nobody --regid nogroup --clear-groups '
                     'sendmail -i "$1"')
        tried = subprocess.run(["unshare", "--mount", "sh", "-c", as_nobody, gate.mta.directory / "etc", RELAY],
                               input="A test.", text=True, capture_output=True, check=False)
        assert tried.returncode != 0 and "not allowed to submit mail" in tried.stderr, tried


# The second wall alone

def networks(texts):
    return [ipaddress.ip_network(text) for text in texts]


def inside(address, texts):
    address = ipaddress.ip_address(address)
    return any(address.version == each.version and address in each for each in networks(texts))


def can_call(address):
    """Can a client have it? Those of IPv6 that stand for others cannot."""
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if address.version == 4:
        return not address.is_reserved and address.packed[0] != 0
    return address.ipv4_mapped is None and (address.is_loopback or int(address) >> 32 != 0)


def places(proof):
    """Clients of every kind: inside each network, and on both sides of every boundary.

    But not the server itself: Sendmail relays for whoever has one of its own names or addresses.
    """
    found = {ipaddress.ip_address(each) for each in SOMEBODY}
    for row in (row for listener in proof["listeners"] for row in listener["relay"]):
        for network in networks(row["clients"]):
            first, last = int(network[0]), int(network[-1])
            numbers = {first, last, first + (last - first) // 3}
            numbers |= {number for number in (first - 1, last + 1) if 0 <= number < 2 ** network.max_prefixlen}
            found |= {type(network[0])(number) for number in numbers}
    found -= {each for each in map(ipaddress.ip_address, lab.SERVER_ADDRESSES) if not each.is_loopback}
    return sorted(map(str, filter(can_call, found)), key=lambda text: (":" in text, ipaddress.ip_address(text)))


def relayed(gate, client, service, login=None):
    """Does the MTA take a message that leads away?"""
    with connect(gate, client, service) as session:
        session.ehlo()
        if login:
            assert session.starttls().code == 220
            session.ehlo()
            assert session.auth("PLAIN", login, credentials.password(login)).code == 235
        taken = session.mail(SENDER).code == 250 and session.rcpt(RELAY).code == 250
        session.quit()
    return taken


def clients(rows, authenticated, sure=None):
    """The networks of some rows of a proof; if `sure`, of those that need no more, if not, of those that do."""
    return [text for row in rows if row["authenticated"] == authenticated for text in row["clients"]
            if sure is None or sure == (not row["when"] and row["users"] is None)]


def gaps(listener, authenticated):
    """The clients that are named, by what is named of them."""
    named = {}
    for gap in listener["unasked"]:
        if gap["authenticated"] == authenticated and gap["kind"] != "submitted":
            named.setdefault(gap["kind"], []).extend(gap["clients"])
    return named


def come(client):
    """Lets a client have the address, without making it one of the server's own where that can be."""
    address = ipaddress.ip_address(client)
    if address.is_loopback:
        return
    if address.version == 4:
        lab.run("ip", "route", "replace", "local", client, "dev", "lo")
    else:
        lab.run("ip", "address", "replace", f"{client}/128", "dev", "lo", "nodad")


@for_each("the milter taken out: who relays by address is who may, and who is named")
def _(gate, path, settings):
    proof = said(gate, "prove", "--json", path)
    rows = {each["name"]: each["relay"] for each in proof["listeners"]}
    callers = places(proof)
    for client in callers:
        come(client)
    taken = 0
    with gate.mta.changed("bypassed"):
        for listener in settings["listeners"]:
            may, might = (clients(rows[listener["name"]], False, sure) for sure in (True, False))
            named = gaps(listener, False)
            assert sorted(listener["clients"]) == sorted(may)
            assert sorted(might) == sorted(named.get("condition", [])), "what needs more is named, and nothing else"
            refused = named.get("loopback", []) + named.get("other-listener", [])
            for service in services(listener):
                for client in (each for each in callers if reaches(each, service)):
                    assert not (inside(client, may + might) and inside(client, refused)), client
                    allowed = inside(client, may + might + refused)
                    assert relayed(gate, client, service) == allowed, f"{client} at {service}: not {allowed}"
                    taken += allowed
    assert taken > 0 and len(callers) > 10, (taken, len(callers))


@for_each("the milter taken out: which login relays is which may, and which is named")
def _(gate, path, settings):
    rows = {each["name"]: each["relay"] for each in said(gate, "prove", "--json", path)["listeners"]}
    with gate.mta.changed("bypassed"):
        for listener in settings["listeners"]:
            may = clients(rows[listener["name"]], True) + clients(rows[listener["name"]], False)
            named = [client for each in gaps(listener, True).values() for client in each]
            for service in services(listener):
                callers = [client for client in SOMEBODY if reaches(client, service)]
                with connect(gate, callers[0], service) as session:
                    assert "AUTH" not in session.ehlo().keywords
                    encrypted = session.starttls().code == 220
                    offered = "AUTH" in session.ehlo().keywords
                assert encrypted and offered or not listener["logins"], listener
                for client in callers if offered else ():
                    for login in ("alice", "carol"):
                        taken = relayed(gate, client, service, login)
                        assert taken == inside(client, may + named), f"{login} from {client} at {service}: {taken}"


@for_each("the milter taken out: nothing routes on by an address of ours, and what is ours is taken")
def _(gate, path, settings):
    with gate.mta.changed("bypassed"):
        for listener in settings["listeners"]:
            may = [client for each in gaps(listener, False).values() for client in each] + listener["clients"]
            for service in services(listener):
                for client in SOMEBODY:
                    if reaches(client, service) and not inside(client, may):
                        takes_ours_alone(gate, client, service, listener["login-demanded"])


def takes_ours_alone(gate, client, service, login_demanded):
    gate.sink.forget()
    outcome = gate.play(client, service["port"], service["address"], recipients=[*AWAY, LOCAL], deliver=True)
    if login_demanded:
        assert outcome.mail.code == 530 or all(reply.code >= 500 for reply in outcome.rcpt), f"{client} at {service}"
        return
    assert all(reply.code // 100 == 5 for reply in outcome.rcpt[:-1]), f"{client} at {service}: {outcome.rcpt}"
    assert outcome.data is not None and outcome.data.code == 250, f"{client} at {service}"
    assert arrived(gate) == [LOCAL], arrived(gate)


# What is shipped, and what is printed

CONTRIB = EXAMPLES.parents[1] / "contrib"
SHIPPED = {"postfix": ("main.cf", "master.cf"), "sendmail": ("sallyport.m4", "access")}
LABELS = ("Name=", "-o syslog_name=", "-o milter_macro_daemon_name=")  # two ports of one listener may have two names


def effective(texts):
    """What the files set, in one form: no comments, networks without those that are taken out, no labels."""
    return {name: settings_of(name, text) for name, text in texts.items()}


def settings_of(name, text):
    if name == "main.cf":
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        pairs = dict(re.split(r" *= *", line, maxsplit=1)
                     for line in re.sub(r"\n +", " ", "\n".join(lines)).splitlines())
        pairs["mynetworks"] = addresses(pairs["mynetworks"])
        pairs.pop("relay_domains", None)  # in a comment, of what is printed
        return pairs
    mark = "dnl" if name.endswith(".m4") else "#"
    lines = [re.sub(r"\bdnl$", "", line) for line in text.splitlines() if line and not re.match(mark, line)]
    if name == "access":
        return {tuple(line.split()) for line in lines if line.startswith("Connect:")}
    lines = (re.sub(r"Name=\w+, ", "", " ".join(line.split())) for line in lines)
    return sorted(line for line in lines if not line.startswith(LABELS))


def addresses(texts):
    """The networks of a list of Postfix's, of which the first that matches decides."""
    found = {4: [], 6: []}
    for text in reversed(re.split(r"[,\s]+", texts.strip())):
        network = ipaddress.ip_network(text.lstrip("!").replace("[", "").replace("]", ""))
        kept = [rest for each in found[network.version] if each != network
                for rest in (each.address_exclude(network) if network.subnet_of(each) else [each])]
        found[network.version] = kept + ([] if text.startswith("!") else [network])
    return [list(ipaddress.collapse_addresses(found[version])) for version in found]


@suite.case("gateway.conf: contrib's settings and those that are printed say the same")
def _(gate):
    mta = gate.mta.name
    printed = said(gate, "mta", "--json", mta, EXAMPLES / "gateway.conf")
    shipped = {name: (CONTRIB / mta / name).read_text() for name in SHIPPED[mta]}
    ours, theirs = (effective(texts) for texts in (shipped, {each["name"]: each["text"] for each in printed["files"]}))
    assert ours == theirs, f"contrib: {ours}\nprinted: {theirs}"
