"""What no MTA says: the daemon at the end of a milter protocol spoken badly, late, sparsely or not to the end."""

import contextlib
import struct
from pathlib import Path

from rules import HOLDS, OPEN, listener, one, refuse, rule_file
from support import lab, wait
from support.gate import LOCAL, RELAY, SENDER
from support.milter_client import ALL_ACTIONS, ALL_STEPS, ASK_FOR_MACROS, Conversation, Gone
from support.suite import Suite

suite = Suite(__doc__)

CANNOT = "451 4.3.0 Cannot judge this just now, try again later"
NO_CLIENT = "451 4.3.0 Client address unknown"
NO_MACROS = "451 4.3.5 The policy service cannot ask for what it needs"
NO_POLICY = "451 4.3.5 No policy for this listener"
UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"

CLIENT = "192.0.2.1"  # may not relay

# What a listener of an MTA tells of itself.
TOLD = {"j": lab.HOST_NAME, "{daemon_name}": "smtp", "{daemon_port}": "25", "{daemon_addr}": lab.SERVER,
        "{client_resolve}": "OK"}

# One listener for that, and one for the machine itself: what is neither has no policy.
RULES = rule_file(listener('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; authenticated = true; };',
                           name="mx",
                           match=f'port = [ 25 ]; address = [ "{lab.SERVER}" ]; daemon = [ "smtp" ];'),
                  listener('relay = { mode = "only"; clients = [ "127.0.0.1" ]; };', name="machine",
                           match="local = true;"))


def conversation(gate, negotiates=True, **offer):
    each = Conversation(gate.socket.removeprefix("unix:"))
    if negotiates:
        each.negotiate(**offer)
    return each


def begin(gate, told=None, address=CLIENT, host="client.example", port=40000, family=None, **offer):
    """A conversation up to HELO, of a client whose connection comes with these macros, or with none (None: TOLD)."""
    each = conversation(gate, **offer)
    told = TOLD if told is None else told
    if told:
        each.macros("C", told)
    assert each.connect(host, address, port, family) == "c"
    assert each.command("H", "client.example") == "c"
    return each


def mail(each, told=None, *parameters):
    if told is not None:
        each.macros("M", told)
    return each.command("M", f"<{SENDER}>", *parameters)


def rcpt(each, recipient=RELAY, told=None):
    if told is not None:
        each.macros("R", told)
    return each.command("R", f"<{recipient}>")


# Negotiation

@suite.case("what an MTA says in one piece is read in one: libmilter's own reads would be two for each command")
def _(gate):
    gate.rules(RULES)
    with conversation(gate) as each:
        reads = gate.daemon.reads
        with each.in_one_piece():
            each.macros("C", TOLD)
            each.send("C", b"client.example\x004" + b"\x9c\x40" + CLIENT.encode() + b"\0")
            each.macros("H", {"j": lab.HOST_NAME})
            each.send("H", b"client.example\0")
            each.macros("M", {"j": lab.HOST_NAME, "{mail_addr}": SENDER})
            each.send("M", f"<{SENDER}>\0".encode())
        assert not each.awaits("C") and not each.awaits("H")
        assert each.answer("M") == "c"
        # Of six packets by itself it would be twelve; libmilter also reads a pipe of its own, now and then.
        assert gate.daemon.reads - reads < 6, gate.daemon.reads - reads


@suite.case("it asks for the macros that it needs, and for nothing else")
def _(gate):
    gate.rules(RULES)
    with conversation(gate, negotiates=False) as each:
        version, actions, _steps = each.negotiate()
        assert version == 6 and actions == ASK_FOR_MACROS
        assert sorted(each.asked) == list(range(7)), each.asked
        assert all("j" in names.split() for names in each.asked.values()), each.asked
        assert {"{daemon_port}", "{client_resolve}"} <= set(each.asked[0].split()), each.asked


@suite.case("an MTA that does not let it ask is not judged by: 451 4.3.5 at every MAIL, whatever it tells by itself")
def _(gate):
    gate.rules(one(OPEN))
    for version in (2, 3, 4, 6):
        for told in ({}, TOLD):
            mark = gate.daemon.mark()
            with begin(gate, told, version=version, actions=ALL_ACTIONS & ~ASK_FOR_MACROS) as each:
                assert not each.asked
                assert mail(each) == NO_MACROS
                assert mail(each, {"{auth_authen}": "alice", "{auth_type}": "PLAIN"}) == NO_MACROS
            gate.daemon.await_line("^error: the MTA does not let us ask for its macros", mark)
    with begin(gate) as each:
        assert mail(each) == "c"


@suite.case("an MTA that lets it ask, and tells nothing: what a listener must have is missing, so no policy")
def _(gate):
    gate.rules(RULES)
    for told in ({}, {"j": lab.HOST_NAME}, dict.fromkeys(TOLD, "")):
        with begin(gate, told) as each:
            assert mail(each, {}) == NO_POLICY


@suite.case("an MTA that tells nothing: a listener that takes everything judges by what the events say")
def _(gate):
    gate.rules(one('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; names = [ "client.example" ]; '
                   'authenticated = true; };'))
    for address, answer in ((CLIENT, UNABLE), (lab.LAN, "c"), (lab.INTERNET6, UNABLE), (f"::ffff:{lab.LAN}", "c")):
        with begin(gate, {}, address) as each:
            assert mail(each) == "c"
            assert rcpt(each, LOCAL) == "c"
            assert rcpt(each) == answer


@suite.case("fewer steps, or none, are no way around a rule")
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;")))
    for version, steps in ((6, ALL_STEPS), (6, 0), (4, 0x7F), (2, 0x7F), (2, 0)):
        for end in ("T", "E") if version > 3 else ("E",):
            with begin(gate, version=version, steps=steps) as each:
                assert mail(each) == "c"
                assert rcpt(each) == UNABLE
                assert rcpt(each, LOCAL) == "c"
                assert rcpt(each, LOCAL) == "c"
                assert each.command(end) == HOLDS, (version, steps, end)


# The client

@suite.case("a client without an address: 451 4.3.0, but for localhost, which is the machine itself")
def _(gate):
    gate.rules(RULES)
    for host, address, family in (("unknown", None, None), ("client.example", None, None), ("127.0.0.1", None, None),
                                  ("", None, None), ("[127.0.0.1]", None, None), ("localhost.example", None, None),
                                  ("localhost", "/run/client", "L"), ("unknown", "/run/client", "L")):
        with begin(gate, address=address, host=host, family=family) as each:
            assert mail(each) == NO_CLIENT, (host, address)
            assert mail(each, {"{auth_authen}": "alice"}) == NO_CLIENT, (host, address)
    with begin(gate, {}, address=None, host="localhost") as each:
        assert mail(each) == "c"
        assert rcpt(each) == "c"


@suite.case("a client at 127.0.0.1 is the machine itself only where its mail is queued already, and no port is told")
def _(gate):
    gate.rules(RULES)
    for told, host, port, answer in (({"i": "4ABC"}, "localhost", 0, "c"), ({}, "localhost", 0, NO_POLICY),
                                     ({"i": "4ABC"}, "localhost", 1, NO_POLICY),
                                     ({"i": "4ABC"}, "client.example", 0, NO_POLICY),
                                     ({"i": "4ABC", "{daemon_port}": "26"}, "localhost", 0, NO_POLICY)):
        with begin(gate, told, "127.0.0.1", host, port) as each:
            assert mail(each) == answer, (told, host, port)


@suite.case("an address that is none, or of a family that is none: libmilter hangs up")
def _(gate):
    gate.rules(RULES)
    for address, family in (("unknown", "4"), ("unknown", "6"), ("fe80::1%eth0", "6"), ("999.0.0.1", "4"), ("", "4"),
                            (CLIENT, "6"), ("::1", "4"), (CLIENT, "X"), (CLIENT, "\0")):
        with conversation(gate) as each:
            each.macros("C", TOLD)
            try:
                each.connect("client.example", address, family=family)
                answer = mail(each)
            except (Gone, ConnectionError):
                continue
            raise AssertionError(f"{family} {address}: {answer}")


# Macros

GARBAGE = ("", " ", "0", "-1", "65536", "99999999999999999999", "25x", " 25", "0x19", "25\n", "\x01", b"\xff\xfe",
           "%s%n", "fe80::1%eth0", "IPv6:", "IPv6:::1::", "999.1.1.1", "[172.16.1.11]", "x" * 30000)


@suite.case("garbage for the listener's name, port or address: it is not that listener")
def _(gate):
    gate.rules(RULES)
    for name in ("{daemon_name}", "{daemon_port}", "{daemon_addr}"):
        for value in GARBAGE:
            with begin(gate, {**TOLD, name: value}) as each:
                assert mail(each) == NO_POLICY, (name, value)
    for value in GARBAGE:
        with begin(gate, {**TOLD, "{if_addr}": value}) as each:
            assert mail(each) == "c", value
            assert rcpt(each) == UNABLE, value


@suite.case("garbage for what was looked up: the client has no name")
def _(gate):
    gate.rules(one('relay = { mode = "only"; names = [ "client.example" ]; };'))
    for value in GARBAGE + ("ok", "OK ", "FORGED", "FAIL"):
        with begin(gate, {**TOLD, "{client_resolve}": value}) as each:
            assert mail(each) == "c"
            assert rcpt(each) == UNABLE, value
    for host in ("", "[192.0.2.1]", b"\xff\xfe", "client.example\n", "x" * 60000):
        with begin(gate, host=host) as each:
            assert mail(each) == "c"
            assert rcpt(each) == UNABLE, host
    with begin(gate) as each:
        assert mail(each) == "c"
        assert rcpt(each) == "c"


@suite.case("garbage for the bits: encrypted by one; for the version too: what is empty is not encrypted")
def _(gate):
    gate.rules(one(refuse("mail", "tls = 2;"), refuse("rcpt", "tls = true;")))
    for value in GARBAGE:
        with begin(gate) as each:
            assert mail(each, {"{tls_version}": "TLSv1.3", "{cipher_bits}": value}) == "c", value
            assert rcpt(each, LOCAL) == HOLDS, value
        with begin(gate) as each:
            assert mail(each, {"{tls_version}": "", "{cipher_bits}": value}) == "c", value
            assert rcpt(each, LOCAL) == "c", value


@suite.case("garbage for the login: a name that no table has, and no second line in a reply or in the log")
def _(gate):
    gate.rules(one('auth = { mode = "optional"; users = [ "alice" ]; reply = "550 5.7.1 you are {user}"; };'))
    for value in GARBAGE[1:] + ("alice\n550 x", "alice\r\nrefused session=1", "ALICE", " alice", "alice@"):
        mark = gate.daemon.mark()
        with begin(gate) as each:
            answer = mail(each, {"{auth_authen}": value, "{auth_type}": value})
        assert answer.startswith("550 5.7.1 you are ") and answer.isascii() and answer.isprintable(), (value, answer)
        line = gate.daemon.await_line("^refused ", mark)
        assert line.isascii() and len(gate.daemon.since(mark)) == 1, gate.daemon.since(mark)


@suite.case("garbage for what the MTA reads in a recipient opens nothing")
def _(gate):
    gate.rules(RULES)
    for value in GARBAGE + (RELAY, f"<{RELAY}>", "@", "a@", "@example.com", '"', "a@b@example.com", "a@[192.0.2.1"):
        with begin(gate) as each:
            assert mail(each) == "c"
            assert rcpt(each, RELAY, {"{rcpt_addr}": value}) == UNABLE, value
            assert rcpt(each, LOCAL, {"{rcpt_addr}": f"test%example.com@{RELAY}"}).startswith("550 5.7.1 Unable"), value


@suite.case("what the MTA told of one message, or recipient, is not there for the next one")
def _(gate):
    gate.rules(RULES)
    with begin(gate) as each:
        assert mail(each, {"j": "x", "{auth_authen}": "alice", "{auth_type}": "PLAIN"}) == "c"
        assert rcpt(each, RELAY, {"j": "x", "{rcpt_addr}": RELAY}) == "c"
        assert each.command("T") == "a"
        assert mail(each, {"j": "x"}) == "c"
        assert rcpt(each, LOCAL, {"j": "x"}) == "c"
        assert rcpt(each, RELAY, {"j": "x"}) == UNABLE


# Order

# Letters of commands, R a local recipient, r a relay one; what is answered: "-" nothing at all.
ORDERS = (
    ("C M R T", ("c", "c", "c", "a")),
    ("C H M R T", ("c", "c", "c", "c", "a")),
    ("C H H M r", ("c", "c", "c", "c", UNABLE)),
    ("C H M M r R T", ("c", "c", "c", "c", UNABLE, "c", "a")),
    ("C H M R E", ("c", "c", "c", "c", "a")),
    ("C H M R R T", ("c", "c", "c", "c", "c", HOLDS)),
    ("C H M R R E", ("c", "c", "c", "c", "c", HOLDS)),
    ("C H M R M R T", ("c", "c", "c", "c", "c", "c", "a")),
    ("C H M R T M R R T", ("c", "c", "c", "c", "a", "c", "c", "c", HOLDS)),
    ("H M r", ("c", CANNOT, "-")),
    ("M r T E", (CANNOT, "-", "-", "-")),
    ("r", "-"),
    ("T", "-"),
    ("E", "-"),
    ("C r T", ("c", "-", "-")),
    ("C H r T", ("c", "c", "-", "-")),
    ("C H M T", ("c", "c", "c", "-")),
    ("C H M H r T", ("c", "c", "c", "c", "-", "-")),
    ("C H M r T", ("c", "c", "c", UNABLE, CANNOT)),
    ("C H M R T r T", ("c", "c", "c", "c", "a", "-", "-")),
    ("C H M R C M r", ("c", "c", "c", "c", "-", "c", UNABLE)),
    ("A C H M", ("-", "-", "c", CANNOT)),
    ("C A H A M r", ("c", "-", "c", "-", "c", UNABLE)),
    ("C H M A r T", ("c", "c", "c", "-", CANNOT, CANNOT)),
    ("C H M R A r T", ("c", "c", "c", "c", "-", CANNOT, CANNOT)),
    ("C H M R A M r", ("c", "c", "c", "c", "-", "c", UNABLE)),
    ("C H M R T A M r", ("c", "c", "c", "c", "a", "-", "c", UNABLE)),
    ("K C H M", ("-", "-", "c", CANNOT)),
    ("C H M R K C", ("c", "c", "c", "c", "-", "-")),
)

ARGUMENTS = {"H": ("client.example",), "M": (f"<{SENDER}>",), "R": (f"<{LOCAL}>",), "r": (f"<{RELAY}>",)}


def say(each, letter):
    """Sends the event of that letter, without waiting."""
    if letter == "C":
        each.macros("C", TOLD)
        each.send("C", b"client.example\0004" + struct.pack("!H", 40000) + CLIENT.encode() + b"\0")
    else:
        each.send(letter.upper(), b"".join(argument.encode() + b"\0" for argument in ARGUMENTS.get(letter, ())))


@suite.case("events in an order that no MTA has: what nobody was asked about is refused, or not answered")
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;")))
    for letters, answers in ORDERS:
        with conversation(gate) as each:
            for letter, expected in zip(letters.split(), answers, strict=True):
                say(each, letter)
                if expected != "-":
                    answer = each.answer(letter)
                    assert answer == expected, f"{letters}: {letter} was answered {answer}"
            each.send("Q")
            each.closed()  # with that, nothing else was answered


@suite.case("without negotiation nothing is judged")
def _(gate):
    gate.rules(one(OPEN))
    with conversation(gate, negotiates=False) as each:
        for letter, expected in zip("CHMrT", ("-", "c", "t", "-", "-")):
            say(each, letter)
            if expected != "-":
                assert each.answer() == expected, letter
        each.send("Q")
        each.closed()


# Hanging up

WHOLE = "C H M R r T M R E".split()


def hang_up(gate, count, part=None):
    """Says so many events of a session, then so many octets of one more, and hangs up."""
    with conversation(gate) as each:
        for letter in WHOLE[:count]:
            say(each, letter)
            each.answer(letter)
        if part is not None:
            each.socket.sendall((struct.pack("!I", 30) + b"M<someone@example.org>\0")[:part])


def conversations(gate):
    """How many there are still, for the kernel."""
    path = gate.socket.removeprefix("unix:")
    lines = Path("/proc/net/unix").read_text().splitlines()
    return sum(line.endswith(" " + path) for line in lines) - 1  # less the listening socket


@contextlib.contextmanager
def nothing_left(gate):
    """Asserts that the daemon has no more descriptors in the end than it had, when all conversations are over."""
    wait.until(lambda: conversations(gate) == 0, "all conversations to be over")
    before = gate.daemon.descriptors
    yield
    wait.until(lambda: conversations(gate) == 0 and gate.daemon.descriptors <= before, f"{before} descriptors again")


@suite.case("an MTA that hangs up, at each place, and within a packet, leaves nothing behind")
def _(gate):
    gate.rules(one())
    with nothing_left(gate):
        conversation(gate, negotiates=False).close()
        for count in range(len(WHOLE) + 1):
            for part in (None, 1, 4, 5, 12):
                hang_up(gate, count, part)
    gate.play().accepted()


@suite.case("sixteen connections dropped at once in mid session, at each place, again and again")
def _(gate):
    gate.rules(one())
    sizes = []
    with nothing_left(gate):
        for _round in range(8):
            for count in range(1, len(WHOLE)):
                some = [conversation(gate) for _ in range(16)]
                for letter in WHOLE[:count]:
                    for each in some:
                        say(each, letter)
                    for each in some:
                        each.answer(letter)
                for each in some:
                    each.close()
            wait.until(lambda: conversations(gate) == 0, "all conversations to be over")
            sizes.append(gate.daemon.resident_kib)
    gate.play().accepted()
    if not gate.sanitized:
        assert sizes[-1] <= sizes[2] + 512, sizes


@suite.case("sixteen connections dropped at once with answers under way")
def _(gate):
    gate.rules(one())
    with nothing_left(gate):
        for _round in range(20):
            some = [conversation(gate) for _ in range(16)]
            for each in some:
                for letter in WHOLE:
                    say(each, letter)
            for each in some:
                each.close()
    gate.play().accepted()


# Malformed packets

MALFORMED = (
    struct.pack("!I", 0), struct.pack("!I", 0x7FFFFFFF) + b"M", struct.pack("!I", 0xFFFFFFFF) + b"M", b"\0\0\0\1Z",
    b"\0\0\0\1M", b"\0\0\0\1R", b"\0\0\0\1H", b"\0\0\0\1L", b"\0\0\0\1C", b"\0\0\0\1O", b"\0\0\0\1D", b"\0\0\0\2DC",
    b"\0\0\0\2M<", b"\0\0\0\2R<", b"\0\0\0\2Hx", b"\0\0\0\3Lx\0", b"\0\0\0\4Cabc", b"\0\0\0\5Cabc\0",
    b"\0\0\0\6Cabc\0004",
    b"\0\0\0\7Cabc\0004\0", b"\0\0\0\3O\0\0", b"\0\0\0\4Axyz", b"\0\0\0\4Qxyz", b"\0\0\0\3M\0\0", b"\0\0\0\3R\0\0",
    b"\0\0\0\6DZj\0x\0", b"\0\0\0\6D\xffj\0x\0",
)


@suite.case("packets that are none: libmilter hangs up, or goes on, and nobody else notices")
def _(gate):
    gate.rules(RULES)
    with nothing_left(gate):
        for octets in MALFORMED:
            for count in range(4):
                with conversation(gate, negotiates=count > 0) as each:
                    for letter in WHOLE[:count]:
                        say(each, letter)
                        each.answer(letter)
                    each.socket.sendall(octets)
                    try:
                        each.send("Q")
                    except OSError:
                        pass
    with begin(gate) as each:
        assert mail(each) == "c"
        assert rcpt(each) == UNABLE


@suite.case("arguments of 60,000 octets are judged as any others; what libmilter does not take it hangs up at")
def _(gate):
    gate.rules(RULES)
    long = "x" * 60000
    with begin(gate) as each:
        assert each.command("H", long) == "c"
        assert mail(each, None, *["SIZE=1"] * 1000) == "c"
        assert rcpt(each, f"{long}@example.com").startswith("550 5.7.1 Unable to relay for xxx")
        assert each.command("M", f"<{long}@example.org>") == "c"
        assert rcpt(each, f"user@{long}").startswith("550 5.7.1 Unable to relay for user@xxx")
    with begin(gate) as each:
        try:
            answer = each.command("M", "<" + "x" * 2000000 + ">")
        except (Gone, ConnectionError):
            return
        raise AssertionError(f"taken: {answer}")
