"""Behind a router, for real: an internet, a LAN and a router that forwards as routers and container proxies do.

The rule files are those that contrib/nat.md prints. What must come out stands in tables: a row for each place that mail
can come from, a column for each way in which the router forwards (internet.MODES).
"""

import socket
from pathlib import Path

from support import internet, lab, wait
from support.documents import commands, rule_files
from support.doors import Door, serve
from support.gate import LOCAL, RELAY, accepted, refused
from support.mta import OURS, SUBMISSION, Listener
from support.postfix import Postfix
from support.suite import Suite

suite = Suite(__doc__, furnish=internet.build)

NAT = Path(__file__).resolve().parents[2] / "contrib" / "nat.md"
PAGE = rule_files(NAT)
UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"

# place: (host, the client's address there, the address that it calls)
PLACES = {
    "internet":       ("internet", lab.INTERNET, internet.PUBLIC),
    "elsewhere":      ("internet", internet.ELSEWHERE, internet.PUBLIC),
    "internet6":      ("internet", lab.INTERNET6, internet.PUBLIC6),
    "lan":            ("lan", lab.LAN, lab.SERVER),
    "lan6":           ("lan", lab.LAN6, lab.SERVER6),
    "lan-public":     ("lan", lab.LAN, internet.PUBLIC),
    "lan6-public":    ("lan", lab.LAN6, internet.PUBLIC6),
    "server":         ("server", lab.SERVER, lab.SERVER),
    "server6":        ("server", lab.SERVER6, lab.SERVER6),
    "server-public":  ("server", lab.SERVER, internet.PUBLIC),
    "server6-public": ("server", lab.SERVER6, internet.PUBLIC6),
    "loopback":       ("server", "127.0.0.1", "127.0.0.1"),
    "loopback6":      ("server", "::1", "::1"),
    "router":         ("router", lab.ROUTER, lab.SERVER),
    "router6":        ("router", lab.ROUTER6, lab.SERVER6),
}

NOT_REACHED, REFUSED, RELAYED = "-", "refused", "RELAYED"


def table(text):
    """{mode: {place: what}} of a table whose head names the modes."""
    head, *rows = (line.split() for line in text.strip().splitlines())
    assert [row[0] for row in rows] == list(PLACES), rows
    return {mode: {row[0]: row[column] for row in rows} for column, mode in enumerate(head, 1)}


# The client's address that the MTA tells.
SEEN = table("""
                    forward         rewrite      hairpin         proxy
    internet        203.0.113.10    172.16.1.1   203.0.113.10    172.16.1.1
    elsewhere       198.51.100.7    172.16.1.1   198.51.100.7    172.16.1.1
    internet6       2001:db8:1::10  fd00:1::1    2001:db8:1::10  172.16.1.1
    lan             172.16.1.51     172.16.1.51  172.16.1.51     172.16.1.51
    lan6            fd00:1::51      fd00:1::51   fd00:1::51      fd00:1::51
    lan-public      -               -            172.16.1.1      172.16.1.1
    lan6-public     -               -            fd00:1::1       172.16.1.1
    server          172.16.1.11     172.16.1.11  172.16.1.11     172.16.1.11
    server6         fd00:1::11      fd00:1::11   fd00:1::11      fd00:1::11
    server-public   -               -            172.16.1.1      172.16.1.1
    server6-public  -               -            fd00:1::1       172.16.1.1
    loopback        127.0.0.1       127.0.0.1    127.0.0.1       127.0.0.1
    loopback6       ::1             ::1          ::1             ::1
    router          172.16.1.1      172.16.1.1   172.16.1.1      172.16.1.1
    router6         fd00:1::1       fd00:1::1    fd00:1::1       fd00:1::1
""")

ONLY_LIST = table("""
                    forward  rewrite  hairpin  proxy
    internet        refused  refused  refused  refused
    elsewhere       refused  refused  refused  refused
    internet6       refused  refused  refused  refused
    lan             RELAYED  RELAYED  RELAYED  RELAYED
    lan6            RELAYED  RELAYED  RELAYED  RELAYED
    lan-public      -        -        refused  refused
    lan6-public     -        -        refused  refused
    server          RELAYED  RELAYED  RELAYED  RELAYED
    server6         RELAYED  RELAYED  RELAYED  RELAYED
    server-public   -        -        refused  refused
    server6-public  -        -        refused  refused
    loopback        RELAYED  RELAYED  RELAYED  RELAYED
    loopback6       RELAYED  RELAYED  RELAYED  RELAYED
    router          refused  refused  refused  refused
    router6         refused  refused  refused  refused
""")

# Where clients of the internet keep their addresses they are "all", and this is the wrong rule.
ALL_EXCEPT = table("""
                    forward  rewrite  hairpin  proxy
    internet        RELAYED  refused  RELAYED  refused
    elsewhere       RELAYED  refused  RELAYED  refused
    internet6       RELAYED  refused  RELAYED  refused
    lan             RELAYED  RELAYED  RELAYED  RELAYED
    lan6            RELAYED  RELAYED  RELAYED  RELAYED
    lan-public      -        -        refused  refused
    lan6-public     -        -        refused  refused
    server          RELAYED  RELAYED  RELAYED  RELAYED
    server6         RELAYED  RELAYED  RELAYED  RELAYED
    server-public   -        -        refused  refused
    server6-public  -        -        refused  refused
    loopback        RELAYED  RELAYED  RELAYED  RELAYED
    loopback6       RELAYED  RELAYED  RELAYED  RELAYED
    router          refused  refused  refused  refused
    router6         refused  refused  refused  refused
""")

LOGINS_ONLY = table("""
                    forward  rewrite  hairpin  proxy
    internet        refused  refused  refused  refused
    elsewhere       refused  refused  refused  refused
    internet6       refused  refused  refused  refused
    lan             refused  refused  refused  refused
    lan6            refused  refused  refused  refused
    lan-public      -        -        refused  refused
    lan6-public     -        -        refused  refused
    server          refused  refused  refused  refused
    server6         refused  refused  refused  refused
    server-public   -        -        refused  refused
    server6-public  -        -        refused  refused
    loopback        refused  refused  refused  refused
    loopback6       refused  refused  refused  refused
    router          refused  refused  refused  refused
    router6         refused  refused  refused  refused
""")

TWO_PORTS = table("""
                    beside
    internet        refused
    elsewhere       refused
    internet6       refused
    lan             RELAYED
    lan6            RELAYED
    lan-public      -
    lan6-public     -
    server          RELAYED
    server6         RELAYED
    server-public   -
    server6-public  -
    loopback        RELAYED
    loopback6       RELAYED
    router          RELAYED
    router6         RELAYED
""")

# The mistake: the router in the LAN that may relay. One that rewrites makes it an open relay.
ROUTER_ON_THE_LIST = table("""
                    forward  rewrite  hairpin  proxy
    internet        refused  RELAYED  refused  RELAYED
    elsewhere       refused  RELAYED  refused  RELAYED
    internet6       refused  RELAYED  refused  RELAYED
    lan             RELAYED  RELAYED  RELAYED  RELAYED
    lan6            RELAYED  RELAYED  RELAYED  RELAYED
    lan-public      -        -        RELAYED  RELAYED
    lan6-public     -        -        RELAYED  RELAYED
    server          RELAYED  RELAYED  RELAYED  RELAYED
    server6         RELAYED  RELAYED  RELAYED  RELAYED
    server-public   -        -        RELAYED  RELAYED
    server6-public  -        -        RELAYED  RELAYED
    loopback        RELAYED  RELAYED  RELAYED  RELAYED
    loopback6       RELAYED  RELAYED  RELAYED  RELAYED
    router          RELAYED  RELAYED  RELAYED  RELAYED
    router6         RELAYED  RELAYED  RELAYED  RELAYED
""")

# The same mistake by half: the router is taken out by its IPv4 address alone.
ROUTER6_ON_THE_LIST = table("""
                    rewrite  proxy
    internet        refused  refused
    elsewhere       refused  refused
    internet6       RELAYED  refused
    lan             RELAYED  RELAYED
    lan6            RELAYED  RELAYED
    lan-public      -        refused
    lan6-public     -        refused
    server          RELAYED  RELAYED
    server6         RELAYED  RELAYED
    server-public   -        refused
    server6-public  -        refused
    loopback        RELAYED  RELAYED
    loopback6       RELAYED  RELAYED
    router          refused  refused
    router6         RELAYED  RELAYED
""")

# The other mistake: all but nobody.
ROUTER_NOT_EXCEPTED = table("""
                    forward  rewrite  hairpin  proxy
    internet        RELAYED  RELAYED  RELAYED  RELAYED
    elsewhere       RELAYED  RELAYED  RELAYED  RELAYED
    internet6       RELAYED  RELAYED  RELAYED  RELAYED
    lan             RELAYED  RELAYED  RELAYED  RELAYED
    lan6            RELAYED  RELAYED  RELAYED  RELAYED
    lan-public      -        -        RELAYED  RELAYED
    lan6-public     -        -        RELAYED  RELAYED
    server          RELAYED  RELAYED  RELAYED  RELAYED
    server6         RELAYED  RELAYED  RELAYED  RELAYED
    server-public   -        -        RELAYED  RELAYED
    server6-public  -        -        RELAYED  RELAYED
    loopback        RELAYED  RELAYED  RELAYED  RELAYED
    loopback6       RELAYED  RELAYED  RELAYED  RELAYED
    router          RELAYED  RELAYED  RELAYED  RELAYED
    router6         RELAYED  RELAYED  RELAYED  RELAYED
""")


def mistaken(name, right, wrong):
    """A rule file of the page with a mistake in it, and without its examples, which would not let it pass."""
    text, _, _examples = PAGE[name].partition("expect = (")
    assert text.count(right) == 1, f"{name} does not have {right!r} once"
    return text.replace(right, wrong)


def call(gate, place):
    """A session from that place, or None where it does not reach the server."""
    host, client, server = PLACES[place]
    with internet.inside(host):
        try:
            return gate.connect(client, server=server)
        except ConnectionRefusedError:
            return None


def play(gate, place, recipient):
    """The manual relay check from there, to the message's end where it is accepted; what came of it."""
    session = call(gate, place)
    if session is None:
        return NOT_REACHED
    with session:
        accepted(session.helo("localhost"))
        accepted(session.mail(f"{place}@example.org"))
        answer = session.rcpt(recipient)
        if answer.code == 250:
            accepted(session.data())
        else:
            refused(answer, f"550 5.7.1 Unable to relay for {recipient}")
        session.quit()
    return RELAYED if answer.code == 250 else REFUSED


def play_all(gate, expected):
    """Plays the relay check from all places; also what came to the next hop must be as the table has it."""
    outcome = {place: play(gate, place, RELAY) for place in PLACES}
    assert outcome == expected, differences(outcome, expected)
    came = {sender.partition("@")[0] for sender, recipients in gate.delivered() if recipients == [RELAY]}
    assert came == {place for place in PLACES if expected[place] == RELAYED}, came


def differences(outcome, expected):
    return "\n".join(f"{place}: expected {expected[place]}, was {outcome[place]}"
                     for place in expected if outcome[place] != expected[place])


def takes_local_mail(gate, expected):
    """Mail for our own domains comes in from wherever the server is reached."""
    gate.sink.forget()
    places = [place for place in PLACES if expected[place] != NOT_REACHED]
    for place in places:
        assert play(gate, place, LOCAL) == RELAYED, place
    assert gate.delivered() == sorted((f"{place}@example.org", [LOCAL]) for place in places), gate.delivered()


for mode in ("forward", "rewrite", "hairpin", "proxy"):
    @suite.case(f"{mode}: the address that the MTA tells of each place is the one that was measured")
    def _(gate, mode=mode):
        internet.route(mode)
        gate.rules('listeners = ( { name = "all"; direction = "inbound"; mail = ( { verdict = "reject"; '
                   'reply = "550 5.7.1 You are {client}"; } ); } );')
        seen = {}
        for place in PLACES:
            session = call(gate, place)
            if session is None:
                seen[place] = NOT_REACHED
                continue
            with session:
                session.ehlo()
                seen[place] = session.mail("").words.removeprefix("550 5.7.1 You are ")
                session.quit()
        assert seen == SEEN[mode], differences(seen, SEEN[mode])


def right_rules(name, about, expected):
    """Cases of a rule file as the page has it."""
    for mode in expected:
        @suite.case(f"{mode}, {name}: {about}")
        def _(gate, mode=mode):
            internet.route(mode)
            gate.rules(PAGE[name])
            play_all(gate, expected[mode])
            takes_local_mail(gate, expected[mode])


def wrong_rules(about, rules, expected):
    """Cases of a rule file with a mistake: seen to open the relay, so that the others are known to be able to fail."""
    for mode in expected:
        @suite.case(f"{mode}, the mistake: {about}")
        def _(gate, mode=mode):
            internet.route(mode)
            gate.rules(rules)
            play_all(gate, expected[mode])


right_rules("only-list.conf", "the listed relay by their own address, the router and the internet never", ONLY_LIST)
right_rules("all-except.conf", "all relay but who comes by the router's address", ALL_EXCEPT)
right_rules("logins-only.conf", "nobody relays by an address", LOGINS_ONLY)
right_rules("two-ports.conf", "what the router forwards does not relay, though its address is on the list", TWO_PORTS)

wrong_rules("the router in the LAN that may relay", mistaken("only-list.conf", ', "!@router"', ""), ROUTER_ON_THE_LIST)
wrong_rules("the router taken out by its IPv4 address alone", mistaken("only-list.conf", ', "fd00:1::1"', ""),
            ROUTER6_ON_THE_LIST)
wrong_rules("all except a list without the router", mistaken("all-except.conf", '"172.16.1.1", "fd00:1::1"', '"192.0.2.1"'),
            ROUTER_NOT_EXCEPTED)


@suite.case("a login from the internet relays, however the router forwards, and only a login does")
def _(gate):
    for name in ("only-list.conf", "logins-only.conf"):
        gate.rules(PAGE[name])
        for mode in ("forward", "rewrite", "hairpin", "proxy"):
            internet.route(mode)
            for place in ("internet", "internet6"):
                host, client, server = PLACES[place]
                gate.sink.forget()
                session = {"port": SUBMISSION.port, "server": server, "tls": True, "recipients": [RELAY]}
                with internet.inside(host):
                    gate.play(client, login="alice", deliver=True, **session).accepted()
                    gate.play(client, **session).refused("rcpt", UNABLE)
                assert [recipients for _, recipients in gate.delivered()] == [[RELAY]], (name, mode, place)


@suite.case("a proxy on the server itself makes clients 127.0.0.1: a list with it opens, logins-only.conf does not")
def _(gate):
    listener = socket.create_server((lab.SERVER, 8025))
    serve([(Door(8025, "127.0.0.1", 25, "127.0.0.1", "a proxy on the server"), listener)])
    for name, outcome in (("only-list.conf", RELAYED), ("logins-only.conf", REFUSED)):
        gate.rules(PAGE[name])
        with internet.inside("lan"):
            answer = gate.play(lab.LAN, port=8025, server=lab.SERVER, recipients=[RELAY], deliver=True)
        if outcome == RELAYED:
            answer.accepted()
            assert len(gate.delivered()) == 1
            gate.sink.forget()
        else:
            answer.refused("rcpt", UNABLE)
            assert gate.delivered() == []


@suite.case("logins-only.conf lets out what a program on the server submits without a connection", needs={"local"})
def _(gate):
    gate.rules(PAGE["logins-only.conf"])
    gate.mta.submit(f"root@{OURS}", [RELAY])
    assert gate.delivered() == [(f"root@{OURS}", [RELAY])], gate.delivered()


@suite.case("announce: a proxy that speaks the PROXY protocol gives the strangers their addresses back", needs={"upstream"})
def _(gate):
    internet.route("announce")
    gate.rules(PAGE["only-list.conf"])
    for place, client in (("internet", lab.INTERNET), ("elsewhere", internet.ELSEWHERE), ("internet6", lab.INTERNET6)):
        before = gate.daemon.mark()
        assert play(gate, place, RELAY) == REFUSED
        gate.daemon.await_line(f"^refused .* client={client} ", before)
        assert play(gate, place, LOCAL) == RELAYED


@suite.case("rewrite: the logs tell it as contrib/nat.md says, and its commands find it there")
def _(gate):
    internet.route("rewrite")
    gate.rules(PAGE["only-list.conf"])
    before = gate.daemon.mark(), len(gate.mta.log)
    for place in ("internet6", "internet", "elsewhere"):
        assert play(gate, place, RELAY) == REFUSED
    gate.daemon.await_line(f'^refused .* client={lab.ROUTER} .* reply="{UNABLE}"', before[0])
    (command,) = commands(NAT, gate.mta.name.capitalize())
    log = lab.DIRECTORY / "mail.log"
    assert "/var/log/mail.log" in command

    def most_frequent():
        log.write_text("\n".join(gate.mta.log[before[1]:]) + "\n")
        lines = lab.run("sh", "-c", command.replace("/var/log/mail.log", str(log))).splitlines()
        return len(lines) == 2 and lines[0].split()[0] == "2" and lines[0].endswith(f"[{lab.ROUTER}]")

    wait.until(most_frequent, "the router to lead the list of clients")


@suite.case("without sallyport Postfix itself refuses the router by the mynetworks of contrib/nat.md", needs={"networks"})
def _(gate):
    internet.route("rewrite")
    (ours,) = commands(NAT, "mynetworks")
    _, _, networks = ours.partition(" = ")
    listeners = {"as it says": Listener(2600, "out", networks=networks),
                 "the router after its network": Listener(2601, "late", networks="172.16.1.0/24 !172.16.1.1"),
                 "with the router": Listener(2602, "in", networks="172.16.1.0/24")}
    mta = Postfix(gate.socket, gate.sink, tuple(listeners.values()), lab.DIRECTORY / "second")
    mta.start()

    def relays(name, host, client, server):
        with internet.inside(host), gate.connect(client, listeners[name].port, server) as session:
            session.helo()
            accepted(session.mail("someone@example.org"))
            return session.rcpt(RELAY).code == 250

    try:
        for place in ("lan", "lan6", "server", "server6", "loopback", "loopback6"):
            assert relays("as it says", *PLACES[place]), place
        for place in ("router", "router6"):
            assert not relays("as it says", *PLACES[place]), place
        for name in ("the router after its network", "with the router"):
            assert relays(name, *PLACES["router"]), name
    finally:
        mta.stop()
