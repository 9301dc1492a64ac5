"""Clients that come by something else: a front that speaks for them, a proxy, postscreen; and clients that are gone."""

import contextlib
import socket
import struct

from rules import HOLDS, OPEN, listener, one, refuse, rule_file
from support import lab, wait
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import FRONT, INBOUND, REMOTE, SCREENED, SCREENED_UPSTREAM, SUBMISSION, UPSTREAM
from support.smtp import Closed
from support.suite import Suite

suite = Suite(__doc__)

UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"

# Who is on the LAN may relay.
LAN_RELAYS = one('relay = { mode = "only"; clients = [ "172.16.0.0/16", "fd00:1::/64" ]; };')

# Mail of the machine may go anywhere; nobody else's may.
MACHINE_RELAYS = rule_file(listener('relay = { mode = "only"; clients = [ "127.0.0.1" ]; };', name="machine",
                                    match="local = true;"),
                           listener('relay = { mode = "only"; };', name="rest"))


@contextlib.contextmanager
def by_front(gate, *announcements, client=lab.INTERNET):
    """A session whose front has made these announcements, one after the other, each greeted anew."""
    with gate.connect(client, FRONT.port) as session:
        session.ehlo()
        for announcement in announcements:
            accepted(session.command(f"XCLIENT {announcement}"))
            session.ehlo()
        yield session


def relays(session):
    """Does this session get a relay recipient accepted? Else it must be refused for that."""
    accepted(session.mail(SENDER))
    reply = session.rcpt(RELAY)
    if reply.code != 250:
        refused(reply, UNABLE)
    return reply.code == 250


@suite.case("XCLIENT: whom the front names may relay or not, whoever the front is", needs={"xclient"})
def _(gate):
    gate.rules(LAN_RELAYS)
    for front, named, expected in ((lab.INTERNET, lab.LAN, True), (lab.LAN, lab.INTERNET, False),
                                   (lab.INTERNET, f"IPV6:{lab.LAN6}", True), (lab.LAN, f"IPV6:{lab.INTERNET6}", False)):
        with by_front(gate, f"ADDR={named}", client=front) as session:
            assert relays(session) == expected, named


@suite.case("XCLIENT: the second one's address counts, not the first one's", needs={"xclient"})
def _(gate):
    gate.rules(LAN_RELAYS)
    with by_front(gate, f"ADDR={lab.LAN}", f"ADDR={lab.INTERNET}") as session:
        assert not relays(session)
    with by_front(gate, f"ADDR={lab.INTERNET}", f"ADDR={lab.LAN}") as session:
        assert relays(session)


@suite.case("XCLIENT: after a message of one client that of another is judged by itself", needs={"xclient"})
def _(gate):
    gate.rules(LAN_RELAYS)
    with by_front(gate, f"ADDR={lab.LAN}") as session:
        for address, expected in ((lab.LAN, True), (lab.INTERNET, False), (lab.LAN, True)):
            accepted(session.command(f"XCLIENT ADDR={address}"))
            session.ehlo()
            assert relays(session) == expected
            accepted(session.rcpt(LOCAL))
            accepted(session.data())
    assert gate.delivered() == [(SENDER, [LOCAL])] + [(SENDER, [LOCAL, RELAY])] * 2


@suite.case("XCLIENT: a login that the second one does not repeat, or takes back, is over", needs={"xclient"})
def _(gate):
    gate.rules(one('relay = { mode = "only"; authenticated = true; users = [ "alice" ]; };'))
    with by_front(gate, "LOGIN=alice") as session:
        assert relays(session)
    for second in (f"ADDR={lab.LAN}", "LOGIN=[UNAVAILABLE]", "LOGIN=bob"):
        with by_front(gate, "LOGIN=alice", second) as session:
            assert not relays(session), second


@suite.case("XCLIENT: a login does not help a client without an address", needs={"xclient"})
def _(gate):
    gate.rules(one('relay = { mode = "only"; authenticated = true; };'))
    for announcement in ("ADDR=[UNAVAILABLE] LOGIN=alice", "ADDR=[UNAVAILABLE] NAME=localhost LOGIN=alice"):
        with gate.connect(port=FRONT.port) as session:
            session.ehlo()
            session.command(f"XCLIENT {announcement}")
            session.ehlo()
            assert session.mail(SENDER).code == 451
            assert session.rcpt(RELAY).code == 503


@suite.case("XCLIENT: a front that says localhost, and no port at all, is not the machine itself", needs={"xclient"})
def _(gate):
    gate.rules(MACHINE_RELAYS)
    for ports in ("PORT=0", "PORT=0 DESTPORT=0", "PORT=[UNAVAILABLE] DESTPORT=[UNAVAILABLE]",
                  "PORT=0 DESTPORT=0 DESTADDR=127.0.0.1"):
        with by_front(gate, f"NAME=localhost ADDR=127.0.0.1 {ports}") as session:
            assert not relays(session), ports


@suite.case("XCLIENT: who is no front may not speak for anybody", needs={"xclient"})
def _(gate):
    gate.rules(LAN_RELAYS)
    with gate.connect(lab.INTERNET, INBOUND.port) as session:
        session.ehlo()
        assert session.command(f"XCLIENT ADDR={lab.LAN}").code == 550
        assert not relays(session)


def version1(client, server, client_port=40000, port=25):
    """A proxy's announcement in words."""
    family = "TCP6" if ":" in client else "TCP4"
    return f"PROXY {family} {client} {server} {client_port} {port}\r\n".encode()


def version2(client, server, client_port=40000, port=25):
    """A proxy's announcement in octets."""
    family, tag = (socket.AF_INET6, 0x21) if ":" in client else (socket.AF_INET, 0x11)
    return _version2(0x21, tag, socket.inet_pton(family, client) + socket.inet_pton(family, server)
                     + struct.pack("!HH", client_port, port))


def _version2(command, tag, addresses):
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, tag, len(addresses)) + addresses


ANNOUNCEMENTS = (version1, version2)
PROXIED = (UPSTREAM, SCREENED_UPSTREAM)


@suite.case("PROXY: whom the proxy announces may relay or not, whoever the proxy is", needs={"upstream", "screened"})
def _(gate):
    gate.rules(LAN_RELAYS)
    for each in PROXIED:
        for announce in ANNOUNCEMENTS:
            for proxy, client, expected in ((lab.INTERNET, lab.LAN, True), (lab.LAN, lab.INTERNET, False),
                                            (lab.INTERNET, lab.LAN6, True), (lab.LAN, lab.INTERNET6, False),
                                            (lab.INTERNET, f"::ffff:{lab.LAN}", True),
                                            (lab.LAN, f"::ffff:{lab.INTERNET}", False)):
                server = lab.SERVER6 if ":" in client else lab.SERVER
                with gate.connect(proxy, each.port, preface=announce(client, server)) as session:
                    session.ehlo()
                    assert relays(session) == expected, (each.name, announce.__name__, client)


@suite.case("PROXY: the address and port that the client reached choose the listener, its name is verified",
            needs={"upstream", "screened"})
def _(gate):
    chosen = f'address = [ "{lab.SECOND_SERVER}" ]; port = [ 25 ]; daemon = [ "{{}}" ];'
    for each in PROXIED:
        gate.rules(rule_file(listener(refuse("rcpt", 'client_name = [ "pc51.lan.example" ];'), name="second",
                                      match=chosen.format(each.name)), listener(name="rest")))
        for announce in ANNOUNCEMENTS:
            for client, server, code in ((lab.LAN, lab.SECOND_SERVER, 550), (lab.FORGED, lab.SECOND_SERVER, 250),
                                         (lab.LAN, lab.SERVER, 250)):
                with gate.connect(port=each.port, preface=announce(client, server)) as session:
                    session.ehlo()
                    accepted(session.mail(SENDER))
                    assert session.rcpt(LOCAL).code == code, (each.name, announce.__name__, client, server)


@suite.case("PROXY: a client on the proxy's own machine, with no port at all, is not this machine itself",
            needs={"upstream", "screened"})
def _(gate):
    gate.rules(MACHINE_RELAYS)
    for each in PROXIED:
        for announce in ANNOUNCEMENTS:
            for ports in ((0, 0), (0, 25), (40000, 0)):
                preface = announce("127.0.0.1", "127.0.0.1", *ports)
                with gate.connect(port=each.port, preface=preface) as session:
                    session.ehlo()
                    assert not relays(session), (each.name, ports)


@suite.case("PROXY: one that speaks for itself, to see whether we live, is judged", needs={"upstream", "screened"})
def _(gate):
    gate.rules(LAN_RELAYS)
    for each in PROXIED:
        for proxy, expected in ((lab.LAN, True), (lab.INTERNET, False)):
            with gate.connect(proxy, each.port, preface=_version2(0x20, 0x00, b"")) as session:
                session.ehlo()
                assert relays(session) == expected, each.name


@suite.case("PROXY: who announces nobody, nothing, or what is no client, gets nowhere", needs={"upstream", "screened"})
def _(gate):
    gate.rules(one(OPEN))
    for each in PROXIED:
        for preface in (b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN 172.16.1.51 172.16.1.11 40000 25\r\n",
                        _version2(0x21, 0x00, b""), _version2(0x21, 0x31, bytes(216)), b"EHLO client.example\r\n"):
            try:
                with gate.connect(lab.LAN, each.port, preface=preface) as session:
                    assert session.greeting.code == 421
                    assert session.ehlo().code >= 400
            except (Closed, ConnectionError):
                pass
    gate.play().accepted()


@suite.case("postscreen: a client that it hands over is judged as one that came by itself", needs={"screened"})
def _(gate):
    gate.rules(LAN_RELAYS)
    for client in (lab.LAN, lab.LAN6):
        gate.play(client, SCREENED.port, recipients=[RELAY]).accepted()
    for client in (lab.INTERNET, lab.INTERNET6, "127.0.0.1"):
        gate.play(client, SCREENED.port, recipients=[RELAY]).refused("rcpt", UNABLE)
    gate.rules(rule_file(listener(refuse("rcpt", 'client_name = [ "pc51.lan.example" ];'), name="screened",
                                  match=f'address = [ "{lab.SECOND_SERVER}" ]; port = [ {SCREENED.port} ]; '
                                  f'daemon = [ "{SCREENED.name}" ];'), listener(name="rest")))
    gate.play(lab.LAN, SCREENED.port, server=lab.SECOND_SERVER).refused("rcpt", HOLDS)
    gate.play(lab.LAN, SCREENED.port).accepted()


BLIND = "\r\n".join(("EHLO client.example", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RELAY}>", "DATA", "Subject: blind", "",
                     "Nobody waited for an answer.", ".", "QUIT", "")).encode()


def caller(client, server, port):
    """A connection whose end is not a farewell but a reset."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.bind((client, 0))
    connection.connect((server, port))
    return connection


@suite.case("a client that has gone before the MTA took its call, having said all that it came for, relays nothing")
def _(gate):
    gate.rules(MACHINE_RELAYS)
    for port in (SUBMISSION.port, REMOTE.port):  # by a socket for all addresses, and by one for each
        with gate.mta.paused():
            for server in (lab.SERVER, "127.0.0.1"):
                with caller(lab.INTERNET if server == lab.SERVER else "127.0.0.1", server, port) as connection:
                    connection.sendall(BLIND)
        gate.play(port=port).accepted()
    if gate.mta.name == "postfix":  # goes on all the same, and has no address to tell
        wait.until(lambda: len([line for line in gate.daemon.since(gate.daemon_mark)
                                if 'cause="no client address"' in line and "451 4.3.0" in line]) == 4, "four refusals")
    assert gate.delivered() == []


@suite.case("a client that goes in the middle of a command disturbs nobody")
def _(gate):
    gate.rules(MACHINE_RELAYS)
    lines = ["EHLO client.example", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{LOCAL}>", "DATA"]
    gate.play().accepted()
    for count, line in enumerate(lines):
        for part in (line[:3], line[:-1], line + "\r"):
            session = gate.connect()
            for said in lines[:count]:
                accepted(session.command(said))
            session.socket.sendall(part.encode())
            session.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            session.close()
    gate.play().accepted()
    assert gate.delivered() == []


def by_inetd(gate, client, gone=False):
    """Has an MTA that inetd would start serve one client, who says all that it came for; returns what it was told."""
    with socket.create_server((lab.SERVER, 2600)) as door:
        with caller(client, lab.SERVER, 2600) as connection:
            connection.settimeout(20)
            if gone:
                connection.sendall(BLIND)
                connection.close()
            taken, _address = door.accept()
            with gate.mta.serve(taken):
                taken.close()
                if gone:
                    return []
                stream = connection.makefile("rwb", buffering=0)
                told = []
                for line in [None, *BLIND.split(b"\r\n")[:3], b"QUIT"]:
                    if line is not None:
                        stream.write(line + b"\r\n")
                    while (reply := stream.readline())[3:4] == b"-":
                        pass
                    told.append(reply.decode().strip())
                return told


@suite.case("an MTA that inetd starts: its client is no program of this machine", needs={"inetd"})
def _(gate):
    gate.rules(MACHINE_RELAYS)
    for client in (lab.INTERNET, lab.SERVER):
        told = by_inetd(gate, client)
        assert told[2].startswith("250 ") and told[3].startswith("550 5.7.1 ") and "Unable to relay" in told[3], told


@suite.case("an MTA that inetd starts: a client that has gone relays nothing, though it is told as one of this machine",
            needs={"inetd"})
def _(gate):
    gate.rules(MACHINE_RELAYS)
    by_inetd(gate, lab.INTERNET, gone=True)
    assert gate.delivered() == []
