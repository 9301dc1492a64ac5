"""A reload that would open the relay does not take effect, and one that works says what it changed."""

import json
import shlex
import subprocess

from rules import OURS
from support import lab, wait
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.suite import Suite

suite = Suite(__doc__)

EX_CONFIG = 78
UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"

PROMISED = f"""
networks = {{
  lan    = [ "127.0.0.0/8", "::1", "172.16.0.0/16", "!@router" ];
  router = [ "{lab.ROUTER}" ];
}};
local_domains = [ "{OURS}" ];
listeners = ( {{
  name = "inbound"; direction = "inbound";
  relay = {{ mode = "only"; clients = [ "@lan" ]; authenticated = true; }};
}} );
never = ( {{ name = "not the router"; relay = true; authenticated = false; client = [ "@router" ]; }},
          {{ name = "no open relay"; relay = true; authenticated = false;
            unless = {{ client = [ "172.16.0.0/12", "127.0.0.0/8", "::1" ]; }}; }} );
"""

# What an administrator does to it in a hurry, and the promise that keeps it out.
OPENED = {
    "the router is not taken out any more": (', "!@router"', "", "not the router"),
    "a list became its opposite": ('mode = "only"', 'mode = "all-except"', "not the router"),
    "a prefix has lost a digit": ("172.16.0.0/16", "0.0.0.0/1", "no open relay"),
}


def replaced(before, after):
    assert before in PROMISED
    return PROMISED.replace(before, after)


def still_closed(gate):
    """The old rules are in force: the LAN relays, the router and the internet do not."""
    gate.sink.forget()
    for client in (lab.ROUTER, lab.INTERNET, lab.INTERNET6):
        gate.play(client, recipients=[RELAY]).refused("rcpt", UNABLE)
    gate.play(lab.LAN, recipients=[RELAY], deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [RELAY])], gate.delivered()


def fails_to_reload(gate, text):
    """Has the daemon read these rules, which it must not take; returns what it logged."""
    gate.write_rules(text)
    mark = gate.daemon.mark()
    line, succeeded = gate.daemon.reload()
    assert not succeeded, line
    return gate.daemon.since(mark)


for what, (before, after, promise) in OPENED.items():
    @suite.case(f"{what}: refused, with the session that breaks the promise; mail goes on under the old rules")
    def _(gate, before=before, after=after, promise=promise):
        gate.rules(PROMISED)
        with gate.connect(lab.ROUTER) as session:
            session.ehlo()
            accepted(session.mail(SENDER))
            lines = fails_to_reload(gate, replaced(before, after))
            refused(session.rcpt(RELAY), UNABLE)
            accepted(session.rcpt(LOCAL))
        (shown,) = (line for line in lines if f'promise "{promise}" is broken' in line)
        assert "test.conf:11: error: " in shown or "test.conf:12: error: " in shown, shown
        words = shlex.split(shown.split('"sallyport ')[1].split('" shows')[0])
        explained = subprocess.run([gate.executable, *words], capture_output=True, text=True, check=False)
        assert explained.returncode == 0, (words, explained.stdout, explained.stderr)
        assert any(text.startswith("STATUS=Reload failed") and promise in text
                   for text in gate.daemon.notifications), gate.daemon.notifications
        still_closed(gate)


REFUSE_ROUTER = '    { verdict = "reject"; relay = true; client = [ "@router" ]; },\n'
ACCEPT_LAN = '    { verdict = "accept"; relay = true; client = [ "172.16.0.0/16" ]; },\n'
ORDERED = f"""
networks = {{ router = [ "{lab.ROUTER}" ]; }};
local_domains = [ "{OURS}" ];
listeners = ( {{
  name = "inbound"; direction = "inbound";
  rcpt = (
{REFUSE_ROUTER}{ACCEPT_LAN}    {{ verdict = "reject"; recipient = [ "nobody@{OURS}" ]; }}
  );
}} );
never = ( {{ name = "not the router"; relay = true; client = [ "@router" ]; }} );
"""
MOVED = ORDERED.replace(REFUSE_ROUTER + ACCEPT_LAN, ACCEPT_LAN + REFUSE_ROUTER)


@suite.case("one line moved, so that it opens the relay: refused, log and status have the session; mail goes on as before")
def _(gate):
    assert sorted(MOVED.splitlines()) == sorted(ORDERED.splitlines()) and MOVED != ORDERED
    gate.rules(ORDERED)
    with gate.connect(lab.ROUTER) as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        lines = fails_to_reload(gate, MOVED)
        refused(session.rcpt(RELAY), "550 5.7.1 Refused by policy")
    session = f"--listener inbound --client {lab.ROUTER} --recipient "
    assert any('error: the promise "not the router" is broken' in line and session in line for line in lines), lines
    (failed,) = (line for line in lines if line.startswith("reload failed "))
    stays = failed.split("rules of ")[1].split(" stay")[0]
    wait.until(lambda: any(text.startswith(f"STATUS=Reload failed, {stays} of ") and session in text
                           for text in gate.daemon.notifications), "the status of the reload that failed")
    gate.play(lab.ROUTER, recipients=[RELAY]).refused("rcpt", "550 5.7.1 Refused by policy")
    gate.play(lab.INTERNET, recipients=[RELAY]).refused("rcpt", UNABLE)
    gate.play(lab.LAN, recipients=[RELAY], deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [RELAY])], gate.delivered()


@suite.case("the log as JSON: the promise that is broken with its line, and what a reload that worked changed")
def _(gate):
    gate.rules(PROMISED, log="json")
    gate.write_rules(replaced(', "!@router"', ""), log="json")
    assert not gate.daemon.reload()[1]
    gate.write_rules(replaced('"::1", "172', '"172'), log="json")
    assert gate.daemon.reload()[1]
    entries = [json.loads(line) for line in gate.daemon.since(gate.daemon_mark)]
    broken = [entry for entry in entries if entry["event"] == "diagnostic" and entry["severity"] == "error"]
    assert broken and all(entry["file"] == str(gate.rule_file) and entry["line"] in (11, 12)
                          and f"--client {lab.ROUTER}" in entry["message"] for entry in broken), broken
    (reloaded,) = (entry for entry in entries if entry["event"] == "reloaded")
    assert reloaded["relay"] == "inbound closes to ::1", reloaded


@suite.case("the session that is shown is accepted by a server with these rules, sent as it is shown")
def _(gate):
    gate.rules(PROMISED)
    opened = replaced(', "!@router"', "")
    (shown,) = (line for line in fails_to_reload(gate, opened) if "not the router" in line)
    words = shlex.split(shown.split('"sallyport ')[1].split('" shows')[0])
    value = dict(zip(words, words[1:]))
    gate.rules(opened.split("never = ")[0])
    gate.play(value["--client"], sender="", recipients=[value["--recipient"]], deliver=True).accepted()
    assert gate.delivered() == [("", [value["--recipient"]])], gate.delivered()


@suite.case("a promise about one table is kept when another file brings the network in")
def _(gate):
    table = gate.directory / "partners.networks"
    table.write_text("198.51.100.0/24\n")
    text = replaced('"@lan" ]; auth', '"@lan", "@partners" ]; auth')
    text = text.replace("networks = {", 'networks = { partners = { file = "partners.networks"; };')
    text = text.replace('"::1" ]; }; } );', '"::1", "198.51.100.0/24" ]; }; } );')
    gate.rules(text)
    gate.play("198.51.100.7", recipients=[RELAY]).accepted()
    table.write_text("198.51.100.0/24\n203.0.113.0/25\n")
    lines = fails_to_reload(gate, text)
    assert any("no open relay" in line and "--client 203.0.113." in line for line in lines), lines
    gate.play(lab.INTERNET, recipients=[RELAY]).refused("rcpt", UNABLE)


@suite.case("a promise that is broken at start: exit 78, and the session is shown")
def _(gate):
    gate.rules(PROMISED)
    path = gate.directory / "opened.conf"
    path.write_text(replaced(', "!@router"', "") + gate.settings())
    started = subprocess.run([gate.executable, "run", "-c", path], capture_output=True, text=True, check=False)
    assert started.returncode == EX_CONFIG, started
    assert "opened.conf:12: error: " in started.stderr or "opened.conf:11: error: " in started.stderr, started.stderr
    assert "--client 172.16.1.1" in started.stderr, started.stderr


# What a reload says that it changed in who may relay.
CHANGES = {
    "the same rules in another order and other words": (
        PROMISED.replace("lan ", "inside ").replace("@lan", "@inside")
        .replace("127.0.0.0/8", '127.0.0.0/9", "127.128.0.0/9', 1),
        "relay=unchanged"),
    "a network more": (
        replaced('"::1", "172', '"::1", "172.17.0.0/16", "172'), 'relay="inbound opens to 172.17.0.0/16"'),
    "a network less": (replaced('"::1", "172', '"172'), 'relay="inbound closes to ::1"'),
    "logins no more": (replaced("authenticated = true; }", "}"), "inbound closes with a login to most of IPv4, most of IPv6"),
    "another name": (replaced('name = "inbound";', 'name = "front";'), "relay=unchanged"),
}

for what, (text, change) in CHANGES.items():
    @suite.case(f"{what}: the log of the reload says what it changed in who may relay")
    def _(gate, text=text, change=change):
        gate.rules(PROMISED)
        gate.write_rules(text)
        line, succeeded = gate.daemon.reload()
        assert succeeded and change in line, line


def server(relay, rest="", match="", name="server"):
    match = f"match = {{ {match} }};" if match else ""
    return f'{{ name = "{name}"; direction = "inbound"; {match} relay = {{ mode = "only"; {relay} }}; {rest} }}'


def ruled(*listeners, tables=""):
    return f'{tables}\nlocal_domains = [ "{OURS}" ];\nlisteners = ( {", ".join(listeners)} );\n'


NOBODY = ruled(server(""))
LISTED = 'clients = [ "172.16.0.0/16" ];'
MANY = [f"customer-{number:02}-with-a-long-name" for number in range(40)]
TOO_MANY = "helo = ( %s );" % ", ".join(
    f'{{ verdict = "reject"; helo = [ "/x{each:02}.*y/" ]; }}' for each in range(20))

# The rules before and after, and what the line has; what it may not have.
MORE_CHANGES = {
    "logins, with a list of them": (
        NOBODY, ruled(server('authenticated = true; users = [ "alice", "bob" ];')),
        'relay="server opens with some logins to most of IPv4, most of IPv6"', "opens to"),
    "a sender that must not be": (
        NOBODY, ruled(server(LISTED, 'mail = ( { verdict = "reject"; sender = [ "<>" ]; } );')),
        'relay="server opens to 172.16.0.0/16 under conditions; '
        'server opens with a login to 172.16.0.0/16 under conditions"', "perhaps"),
    "two reasons that end together": (
        ruled(server("", 'mail = ( { verdict = "reject"; sender = [ "<>" ]; } );')), ruled(server(LISTED)),
        'relay="server opens to 172.16.0.0/16 under conditions; '
        'server opens with a login to 172.16.0.0/16 under conditions"', "perhaps"),
    "only what is local": (
        ruled(server("", 'rcpt = ( { verdict = "reject"; recipient = [ "postmaster@" ]; relay = false; } );')), NOBODY,
        "relay=unchanged", "opens"),
    "mail of the machine itself": (
        ruled(server("clients = [];", match="local = true;", name="machine"), server("")),
        ruled(server('clients = [ "127.0.0.1" ];', match="local = true;", name="machine"), server("")),
        'relay="machine opens to 127.0.0.1; machine opens with a login to 127.0.0.1"', "server"),
    "a listener more, at another port": (
        ruled(server("", match="port = 2525;")),
        ruled(server("", match="port = 2525;"), server(LISTED, match="port = 2526;", name="second")),
        'relay="second opens to 172.16.0.0/16; second opens with a login to 172.16.0.0/16"', "server"),
    "a listener less": (
        ruled(server("", match="port = 2525;"), server(LISTED, match="port = 2526;", name="second")),
        ruled(server("", match="port = 2525;")),
        'relay="second closes to 172.16.0.0/16; second closes with a login to 172.16.0.0/16"', "server"),
    "an expression of which no example is found": (
        NOBODY, ruled(server("", 'rcpt = ( { verdict = "accept"; relay = true; sender = [ "/(?=never)ever/" ]; } );')),
        "server perhaps opens to most of IPv4, most of IPv6", "server opens"),
    "more expressions than can be tried together": (
        ruled(server(LISTED, TOO_MANY)), ruled(server('clients = [ "172.16.0.0/17" ];', TOO_MANY)),
        '; not all could be compared"', "unchanged"),
    "more networks than a line should have": (
        NOBODY, ruled(server("clients = [ %s ];" % ", ".join(f'"10.{2 * each}.0.0/16"' for each in range(30)))),
        'relay="server opens to 10.0.0.0/16, 10.2.0.0/16, 10.4.0.0/16 and 27 more; ', "10.6.0.0"),
    "more listeners than a line should have": (
        ruled(*(server("", match=f"port = {3000 + each};", name=name) for each, name in enumerate(MANY))),
        ruled(*(server(LISTED, match=f"port = {3000 + each};", name=name) for each, name in enumerate(MANY))),
        f'relay="{MANY[0]} opens to 172.16.0.0/16; ', MANY[-1]),
}

for what, (before, after, change, absent) in MORE_CHANGES.items():
    @suite.case(f"{what}: the log of the reload says so")
    def _(gate, before=before, after=after, change=change, absent=absent):
        gate.rules(before)
        gate.write_rules(after)
        line, succeeded = gate.daemon.reload()
        assert succeeded and change in line and absent not in line, line
        assert len(line) < 1200, line


@suite.case("what does not fit in the line is counted")
def _(gate):
    before, after, _, _ = MORE_CHANGES["more listeners than a line should have"]
    gate.rules(before)
    gate.write_rules(after)
    line, succeeded = gate.daemon.reload()
    shown = line.count(" opens ")
    assert succeeded and f'; and {2 * len(MANY) - shown} more"' in line and shown > 10, line
