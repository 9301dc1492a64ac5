"""Strangers whom a list lets because of where the host stands: its default gateways, and bridges of containers.

The gateways and bridges are real ones, of the private machine.
"""

import subprocess

from rules import OURS
from support import lab
from support.gate import RELAY
from support.suite import Suite

GATEWAY, GATEWAY6, SECOND, OF_A_TABLE = "172.21.1.1", "fd00:21::1", "172.21.2.1", "172.21.3.1"
DOCKER, DOCKER6, EMPTY, LAN_BRIDGE = "172.17.0.1", "fd00:17::1", "172.18.0.1", "172.20.0.1"


def furnish():
    """Networks, two of them with routers; bridges with a container, with nothing yet, and with a network card."""
    for device, *addresses in (("up0", "172.21.1.11/24", "fd00:21::11/64"),
                               ("up1", "172.21.2.11/24", "172.21.3.11/24")):
        lab.run("ip", "link", "add", device, "type", "veth", "peer", "name", f"{device}peer")
        _up(device, *addresses)
        _up(f"{device}peer")
    lab.run("ip", "route", "add", "default", "proto", "static", "nexthop", "via", GATEWAY, "dev", "up0",
            "nexthop", "via", SECOND, "dev", "up1")
    lab.run("ip", "route", "add", "default", "via", OF_A_TABLE, "dev", "up1", "table", "100")
    lab.run("ip", "route", "add", "198.51.100.0/25", "via", "172.21.1.7", "dev", "up0")
    lab.run("ip", "-6", "route", "add", "default", "via", GATEWAY6, "dev", "up0")
    lab.run("ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "up1", "metric", "2048")
    for bridge in ("docker0", "lxcbr0", "br0"):
        lab.run("ip", "link", "add", bridge, "type", "bridge")
    lab.run("ip", "link", "add", "veth1", "type", "veth", "peer", "name", "veth1peer")
    lab.run("ip", "link", "set", "veth1", "master", "docker0")
    # No veth and no tap, as a network card is none.
    lab.run("ip", "link", "add", "link", "up1peer", "name", "card", "type", "macvlan")
    lab.run("ip", "link", "set", "card", "master", "br0")
    _up("docker0", f"{DOCKER}/16", f"{DOCKER6}/64")
    _up("lxcbr0", f"{EMPTY}/24")
    _up("br0", f"{LAN_BRIDGE}/24")


def _up(device, *addresses):
    lab.run("ip", "link", "set", device, "up")
    for address in addresses:
        lab.run("ip", "address", "add", address, "dev", device, *(("nodad",) if ":" in address else ()))


suite = Suite(__doc__, furnish=furnish)

INSIDE = '"127.0.0.0/8", "172.16.0.0/12", "fd00::/8", "fe80::/10"'
FOUND = {f"{address} is-gateway" for address in (GATEWAY, SECOND, OF_A_TABLE, GATEWAY6)} | \
        {f"{address} is-bridge" for address in (DOCKER, DOCKER6, EMPTY)}


def listener(text):
    """A rule file with one listener, whose only block or rule stands at line 3."""
    return (f'local_domains = [ "{OURS}" ];\nlisteners = ( {{ name = "inbound"; direction = "inbound";\n'
            f"{text}\n}} );\n")


def list_of(mode, clients):
    return listener(f'relay = {{ mode = "{mode}"; clients = [ {clients} ]; }};')


def rule(condition):
    return listener(f'rcpt = ( {{ verdict = "accept"; relay = true; client = [ "{GATEWAY}" ]; {condition} }} );')


def said(lines):
    """{"ADDRESS is-gateway", ...} of warnings, which must all stand at line 3."""
    found = set()
    for line in lines:
        if " may relay without a login, and is this host's " not in line:
            continue
        place, words = line.split(": warning: ")
        assert place.endswith(":3"), line
        found.add(f"{words.split()[0]} is-{'gateway' if 'default gateway' in words else 'bridge'}")
    return found


def check(gate, text, *options):
    path = gate.directory / "checked.conf"
    path.write_text(text)
    done = subprocess.run([gate.executable, "check", *options, path], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.splitlines()


@suite.case("a list with all private networks: every gateway and bridge of containers is told, and nothing else")
def _(gate):
    status, lines = check(gate, list_of("only", INSIDE))
    assert status == 0 and said(lines) == FOUND and len(lines) == len(FOUND), lines
    assert any(f"{SECOND} " in line and "(by up1)" in line for line in lines), lines
    assert any(f"{DOCKER} " in line and "bridge docker0" in line for line in lines), lines


@suite.case("they are mistakes under --strict, and not looked for under --elsewhere")
def _(gate):
    text = list_of("only", INSIDE)
    assert check(gate, text, "--strict")[0] == 1
    assert check(gate, text, "--strict", "--elsewhere") == (0, [])


@suite.case("a list that takes them out is sound")
def _(gate):
    out = ", ".join(f'"!{each.split()[0]}"' for each in sorted(FOUND))
    assert check(gate, list_of("only", f"{INSIDE}, {out}"), "--strict") == (0, [])


@suite.case("all except some: those that are not listed are told")
def _(gate):
    status, lines = check(gate, list_of("all-except", f'"{GATEWAY}", "{GATEWAY6}"'))
    assert said(lines) == FOUND - {f"{GATEWAY} is-gateway", f"{GATEWAY6} is-gateway"} and status == 0, lines
    assert all("put it on the list" in line for line in lines), lines


@suite.case("a rule that has them relay is told, whatever else of what a stranger says himself it asks for")
def _(gate):
    for condition in ("", 'helo = [ ".example" ];', 'sender = [ "boss@ours.example" ];', "tls = true;"):
        _status, lines = check(gate, rule(condition))
        assert said(lines) == {f"{GATEWAY} is-gateway"}, (condition, lines)


@suite.case("a rule that asks for a login, a verified name or a recipient of a list is not")
def _(gate):
    for condition in ("authenticated = true;", 'client_name = [ "mx.example" ];', 'recipient = [ "partner.example" ];'):
        assert check(gate, rule(condition), "--strict") == (0, []), condition


@suite.case("the daemon says it at its start and at a reload, and judges all the same")
def _(gate):
    gate.rules(list_of("only", f'"{GATEWAY}", "{lab.LAN}"'))
    gate.play(lab.LAN, recipients=[RELAY]).accepted()
    assert said(gate.daemon.since()) == {f"{GATEWAY} is-gateway"}, gate.daemon.since()
    mark = gate.daemon.mark()
    gate.rules(list_of("only", f'"{DOCKER}", "{lab.LAN}"'))
    gate.play(lab.LAN, recipients=[RELAY]).accepted()
    assert said(gate.daemon.since(mark)) == {f"{DOCKER} is-bridge"}, gate.daemon.since(mark)
