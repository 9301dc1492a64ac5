"""The NAT watch behind a router: where it rewrites, an address that the rules trust is told to be many; else none is.

One realistic mix of mail is played behind each way of forwarding: strangers of the internet with mail for us, a smarthost of
the LAN that forwards for many, an office whose machines have names of their own, users who log in. The rule file is that of
contrib/nat.md with the mistake in it: the router may relay.
"""

import json
import subprocess

from metrics import ADDRESS, counted
from router import PAGE, PLACES, UNABLE, mistaken
from support import decisions, internet, lab
from support.gate import LOCAL, RELAY
from support.mta import OURS, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__, furnish=internet.build)

MISTAKEN = mistaken("only-list.conf", ', "!@router"', "")
RIGHT = PAGE["only-list.conf"]
MANY = 30
PUT_OFF = f"451 4.7.1 Relaying from {lab.ROUTER} is put off for now"


_begun = []


def begin(gate, mode, text, setting="", more=""):
    """The router forwards so, and nothing was seen yet: each time the file is another one."""
    internet.route(mode)
    _begun.append(mode)
    gate.rules(f"{text}\n# {len(_begun)}", extra=(setting and f'nat_watch = "{setting}"; ') + more)


def play(gate, place, helo, sender, recipient=LOCAL, **session):
    host, client, server = PLACES[place]
    with internet.inside(host):
        return gate.play(client, server=server, helo=helo, sender=sender, recipients=[recipient], **session)


def strangers(gate):
    """What comes from the internet: mail for us, each from another server, and now and then a try to relay."""
    for number in range(MANY):
        place = ("internet", "elsewhere")[number % 2]
        play(gate, place, f"mx.stranger{number}.example", f"someone@stranger{number}.example",
             RELAY if number % 10 == 9 else LOCAL)


def friends(gate, office="lan"):
    """What the LAN sends: none of its addresses is many, though each shows a sign of it."""
    for number in range(MANY):
        play(gate, "server", "smarthost.lan.example", f"list@forwarded{number}.example", RELAY)
        play(gate, office, f"pc{number}.lan.example", f"user{number}@branch{number}.{OURS}", RELAY)
    for login in ("alice", "bob", "carol"):
        play(gate, "lan6", f"{login}.lan.example", f"{login}@{OURS}", RELAY, port=SUBMISSION.port, tls=True, login=login)


def warnings(gate):
    return [line for line in gate.daemon.since(gate.daemon_mark) if "does not look like one client" in line]


@suite.case("rewrite: the router is told to be many, once, with the figures, and nobody else is")
def _(gate):
    begin(gate, "rewrite", MISTAKEN)
    friends(gate)
    assert warnings(gate) == []
    strangers(gate)
    strangers(gate)
    line, = warnings(gate)
    assert f"warning: {lab.ROUTER} may relay without a login" in line and "the host's default gateway" in line, line
    fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
    assert fields["listener"] == "server" and fields["nat_watch"] == "warn", fields
    assert 5 <= int(fields["helo_names"]) <= 20 and 10 <= int(fields["sender_domains"]) <= 20, fields


for mode in ("forward", "hairpin"):
    @suite.case(f"{mode}: nobody is told to be many over the same mix, though the router may relay")
    def _(gate, mode=mode):
        begin(gate, mode, MISTAKEN)
        friends(gate, office="lan-public" if mode == "hairpin" else "lan")
        strangers(gate)
        strangers(gate)
        assert warnings(gate) == []


@suite.case("rewrite: a router that may not relay may be as many as it likes")
def _(gate):
    begin(gate, "rewrite", RIGHT)
    friends(gate)
    strangers(gate)
    strangers(gate)
    assert warnings(gate) == []
    play(gate, "internet", "mx.example.org", "someone@example.org", RELAY).refused("rcpt", UNABLE)


@suite.case("off: nobody is told of")
def _(gate):
    begin(gate, "rewrite", MISTAKEN, "off")
    strangers(gate)
    assert warnings(gate) == []


@suite.case("refuse: the router's relaying is put off, its mail for us and the LAN's relaying go on, and so does a login")
def _(gate):
    begin(gate, "rewrite", MISTAKEN, "refuse")
    play(gate, "internet", "mx.example.org", "someone@example.org", RELAY).accepted()
    strangers(gate)
    assert len(warnings(gate)) == 1
    for place in ("internet", "elsewhere", "router"):
        play(gate, place, "mx.example.org", "someone@example.org", RELAY).refused("rcpt", PUT_OFF)
        play(gate, place, "mx.example.org", "someone@example.org", LOCAL).accepted()
    for place in ("lan", "lan6", "server", "loopback"):
        play(gate, place, "pc.lan.example", f"someone@{OURS}", RELAY).accepted()
    play(gate, "internet", "laptop.example", f"alice@{OURS}", RELAY, port=SUBMISSION.port, tls=True, login="alice").accepted()
    gate.daemon.await_line(f'^refused .* verdict=tempfail rule="nat_watch" cause="nat watch" client={lab.ROUTER} ')


@suite.case("refuse: a reload of the same files, as logrotate asks for, lets nothing through; one of changed files does")
def _(gate):
    begin(gate, "rewrite", MISTAKEN, "refuse")
    strangers(gate)
    for _again in range(2):
        play(gate, "internet", "mx.example.org", "someone@example.org", RELAY).refused("rcpt", PUT_OFF)
        assert gate.daemon.reload()[1]
    mark = gate.daemon.mark()
    begin(gate, "rewrite", MISTAKEN, "refuse")
    gate.daemon.await_line("^nat_watch forgotten, as the rules have changed suspects=1$", mark)
    play(gate, "internet", "mx.example.org", "someone@example.org", RELAY).accepted()
    strangers(gate)
    play(gate, "internet", "mx.example.org", "someone@example.org", RELAY).refused("rcpt", PUT_OFF)
    begin(gate, "rewrite", RIGHT, "refuse")
    play(gate, "internet", "mx.example.org", "someone@example.org", RELAY).refused("rcpt", UNABLE)


@suite.case("the decision log, the report and the counters say of it what the daemon does; replay takes it for no rule's")
def _(gate):
    log = gate.directory / "watched"
    begin(gate, "rewrite", MISTAKEN, "refuse", f'decisions = "{log}"; metrics = "{ADDRESS}";')
    assert counted()["sallyport_nat_suspects", ()] == 0
    friends(gate)
    strangers(gate)
    play(gate, "internet", "mx.example.org", "someone@example.org", RELAY).refused("rcpt", PUT_OFF)
    lines = decisions.awaited(log, 3 * MANY + 4)
    warning, = warnings(gate)
    assert counted()["sallyport_nat_suspects", ()] == 1
    assert {(line["client"], line.get("trusted")) for line in lines} == {
        (lab.ROUTER, "gateway"), (lab.LAN, "address"), (lab.LAN6, "address"), (lab.SERVER, "address")}
    assert {line["sender"].rpartition(".")[2] for line in lines if line.get("outside")} == {"example", "org"}
    last = lines[-1]
    assert last["end"] == "refused" and last["stages"][-1] | {"recipient": RELAY, "relay": True, "verdict": "tempfail",
                                                              "rule": "nat_watch", "cause": "nat watch",
                                                              "reply": PUT_OFF} == last["stages"][-1], last
    report = json.loads(command(gate, "report", "--json", log).stdout)["nat_suspects"]
    suspect, = report["list"]
    assert report["known"] == 1 and suspect["client"] == lab.ROUTER and suspect["trusted"] == "gateway", report
    said = dict(word.split("=", 1) for word in warning.split() if "=" in word)
    assert suspect["listener"] == said["listener"] == "server"
    # The daemon told when it saw it first, by hashes of its own.
    assert MANY - 5 <= suspect["helo_names"] <= MANY + 5 and int(said["helo_names"]) <= suspect["helo_names"], suspect
    put_off = [line for line in lines if line["stages"][-1].get("rule") == "nat_watch"]
    replayed = json.loads(command(gate, "replay", "--json", "-c", gate.rule_file, log).stdout)
    assert (replayed["records"], replayed["no_rules"], replayed["different"]) == (len(lines), len(put_off), 0), replayed


def command(gate, *words):
    return subprocess.run([gate.executable, *map(str, words)], capture_output=True, text=True, check=True)
