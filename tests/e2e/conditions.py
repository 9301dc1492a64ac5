"""Every row of the table of conditions, and every kind of table entry, on the wire."""

from rules import HOLDS, OPEN, OURS, one, refuse
from support import lab
from support.gate import LOCAL, RELAY
from support.mta import CLEAR, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

# Where a client sees the refusal of a stage.
_SEEN_AT = {"connect": "mail", "helo": "mail", "mail": "mail", "rcpt": "rcpt", "data": "data"}


def holds(title, stage, conditions, yes, no, tables="", files=None):
    """A case: the conditions hold for each session of `yes` and for none of `no` (both as Gate.play's arguments)."""
    @suite.case(title)
    def _(gate):
        for name, text in (files or {}).items():
            (gate.directory / name).write_bytes(text)
        gate.rules(one(OPEN, refuse(stage, conditions), tables=tables))
        for session in yes:
            gate.play(**session, deliver=stage == "data").refused(_SEEN_AT[stage], HOLDS)
        for session in no:
            gate.play(**session, deliver=stage == "data").accepted()


def client(*addresses):
    return [{"client": address} for address in addresses]


def sender(*addresses):
    return [{"sender": address} for address in addresses]


def recipient(*addresses):
    return [{"recipients": [address]} for address in addresses]


def helo(*names):
    return [{"helo": name} for name in names]


# client, and networks

holds("client: a network, and nothing beside it", "connect", 'client = [ "172.16.1.0/24" ];',
      client(lab.LAN, lab.ROUTER, lab.SERVER), client(lab.INTERNET, "127.0.0.1", lab.LAN6))
holds("client: one address", "connect", f'client = [ "{lab.LAN}" ];',
      client(lab.LAN), client("172.16.1.52", lab.INTERNET))
holds("client: an IPv6 network and an IPv6 address", "connect", 'client = [ "2001:db8::/32", "::1" ];',
      client(lab.INTERNET6, "::1"), client(lab.LAN6, lab.INTERNET, "127.0.0.1"))
holds("client: ::/0 has no IPv4 in it, 0.0.0.0/0 no IPv6", "connect", 'client = [ "::/0" ];',
      client(lab.INTERNET6, lab.LAN6), client(lab.INTERNET, "127.0.0.1"))
holds("client: an IPv4-mapped network is the IPv4 one", "connect", 'client = [ "::ffff:172.16.1.0/120" ];',
      client(lab.LAN), client(lab.INTERNET, lab.LAN6))
holds("client: ! takes out, wherever it stands", "connect", 'client = [ "!172.16.1.51", "172.16.0.0/16" ];',
      client("172.16.1.52", lab.ROUTER), client(lab.LAN, lab.INTERNET))
holds("client: a list is or", "connect", f'client = [ "{lab.LAN}", "{lab.INTERNET}" ];',
      client(lab.LAN, lab.INTERNET), client("172.16.1.52"))
holds("client: @TABLE means what that table finally has", "connect", 'client = [ "@lan", "@gateways" ];',
      client("172.16.1.52", "198.51.100.10"), client(lab.LAN, lab.INTERNET),
      tables='networks = { lan = [ "172.16.0.0/16", "!172.16.1.51" ]; gateways = [ "198.51.100.10" ]; };')
holds("client: a ! counts in its own array only", "connect", 'client = [ "@lan", "@gateways" ];',
      client(lab.ROUTER, lab.LAN), client(lab.INTERNET),
      tables=f'networks = {{ lan = [ "172.16.0.0/16", "!@gateways" ]; gateways = [ "{lab.ROUTER}" ]; }};')
holds("client: a table in a file, with comments, blank lines, CRLF and a BOM", "connect", 'client = [ "@blocked" ];',
      client(lab.INTERNET, lab.LAN6), client(lab.LAN, "203.0.113.11"),
      tables='networks = { blocked = { file = "blocked.networks"; }; };',
      files={"blocked.networks": b"\xef\xbb\xbf# all that is blocked\r\n\r\n203.0.113.0/24   # the internet\r\n"
                                 b"!203.0.113.11\r\nfd00:1::/64\r\n"})

# helo, and domains

holds("helo: a name is exactly that name, in any case, with or without the dot at its end", "helo",
      'helo = [ "pc.example.com" ];', helo("pc.example.com", "PC.Example.COM", "pc.example.com."),
      helo("a.pc.example.com", "example.com", "pc.example.org"))
holds("helo: .NAME is every name below it, not itself", "helo", 'helo = [ ".example.com" ];',
      helo("pc.example.com", "a.b.EXAMPLE.com"), helo("example.com", "notexample.com"))
holds("helo: /REGEX/ is found in the name, whatever its case", "helo", 'helo = [ "/^pc[0-9]+[.]/" ];',
      helo("pc7.example.com", "PC12.example.org"), helo("pc.example.com", "xpc7.example.com"))
holds("helo: a literal as it was written", "helo", 'helo = [ "[192.0.2.1]" ];',
      helo("[192.0.2.1]"), helo("192.0.2.1", "[192.0.2.2]"))
holds("helo: ! takes names out", "helo", 'helo = [ ".example.com", "!good.example.com" ];',
      helo("bad.example.com"), helo("good.example.com", "example.com"))
holds("helo: an internationalised name compares as A-labels", "helo", 'helo = [ "bücher.example" ];',
      helo("xn--bcher-kva.example", "XN--BCHER-KVA.example"), helo("bucher.example"))

# sender, and addresses

holds("sender: user@domain is that address, in any case", "mail", 'sender = [ "boss@example.com" ];',
      sender("boss@example.com", "BOSS@Example.Com"), sender("boss@example.org", "a@example.com", ""))
holds("sender: user@ is that local part at any domain", "mail", 'sender = [ "boss@" ];',
      sender("boss@example.com", "boss@anywhere.example", "boss"), sender("aboss@example.com"))
holds("sender: a domain, and .domain", "mail", 'sender = [ "example.com", ".example.com" ];',
      sender("a@example.com", "b@sub.example.com"), sender("a@example.org", "a@notexample.com"))
holds("sender: .domain alone does not have the domain itself", "mail", 'sender = [ ".example.com" ];',
      sender("b@sub.example.com"), sender("a@example.com"))
holds("sender: /REGEX/ is found in local@domain", "mail", 'sender = [ "/^news-.*@example/" ];',
      sender("news-7@example.com", "NEWS-@example.org"), sender("news@example.com", "old-news-7@example.com"))
holds("sender: <> is the null sender, which nothing else matches", "mail", 'sender = [ "<>" ];',
      sender(""), sender("a@example.com"))
holds("sender: the null sender matches no other entry", "mail", 'sender = [ "/^/", "example.com", "boss@" ];',
      sender("a@example.com", "boss@example.org"), sender(""))
holds("sender: quoting and source route do not count", "mail", 'sender = [ "boss@example.com" ];',
      sender('"boss"@example.com', "@relay.example:boss@example.com"), sender('"boss "@example.com'))
holds("sender: a table of domains used for addresses speaks of the domain", "mail", 'sender = [ "@ours", "@aliases" ];',
      sender(f"a@{OURS}", "sales@other.example"), sender("info@other.example", f"a@sub.{OURS}"),
      tables=f'domains = {{ ours = [ "{OURS}" ]; }}; addresses = {{ aliases = [ "sales@other.example" ]; }};')

# authenticated, user, mechanism, tls, size_over

_alice = {"login": "alice", "port": CLEAR.port}
_bob = {"login": "bob", "port": CLEAR.port}
_nobody = {"port": CLEAR.port}

holds("authenticated = true", "mail", "authenticated = true;", [_alice, dict(_alice, mechanism="LOGIN")], [_nobody])
holds("authenticated = false", "mail", "authenticated = false;", [_nobody], [_alice])
holds("authenticated: ANONYMOUS is no login", "mail", "authenticated = true;", [_alice],
      [dict(_nobody, login="anonymous", mechanism="ANONYMOUS")])
holds("user: NAME@ is that login with whatever realm the MTA adds", "mail", 'user = [ "alice@" ];',
      [_alice], [_bob, _nobody])
holds("user: /REGEX/", "mail", 'user = [ "/^b/" ];', [_bob], [_alice, _nobody])
holds("user: a table, less one", "mail", 'user = [ "@staff", "!bob@" ];', [_alice], [_bob, _nobody],
      tables='users = { staff = [ "alice@", "bob@" ]; };')
holds("mechanism: in any case", "mail", 'mechanism = [ "login", "Cram-MD5" ];',
      [dict(_alice, mechanism="LOGIN"), dict(_alice, mechanism="CRAM-MD5")], [_alice, _nobody])
holds("tls = true", "mail", "tls = true;", [{"tls": True}], [{}])
holds("tls = false", "mail", "tls = false;", [{}], [{"tls": True}])
holds("tls = BITS: at least so many", "mail", "tls = 256;", [{"bits": 256}], [{"bits": 128}, {}])
holds("tls = 128 holds for 128 and for more", "mail", "tls = 128;", [{"bits": 128}, {"bits": 256}], [{}])
holds("size_over: a declared size that is larger", "mail", "size_over = 5000;", [{"parameters": ["SIZE=5001"]}],
      [{"parameters": ["SIZE=5000"]}, {"parameters": ["SIZE=1"]}, {}])


@suite.case("user: NAME is compared exactly, with the realm")
def _(gate):
    whole = gate.mta.login("alice")
    gate.rules(one(refuse("mail", f'user = [ "{whole}" ];')))
    gate.play(**_alice).refused("mail", HOLDS)
    gate.play(**_bob).accepted()
    gate.rules(one(refuse("mail", f'user = [ "{whole.upper()}", "{whole}.org" ];')))
    gate.play(**_alice).accepted()


# recipient, relay, recipients_over

holds("recipient: user@domain, user@, domain, .domain and /REGEX/", "rcpt",
      f'recipient = [ "info@{OURS}", "abuse@", "example.com", ".other.example", "/^x[0-9]/" ];',
      recipient(LOCAL, "abuse@example.org", RELAY, "a@sub.other.example", "x1@example.org"),
      recipient(f"sales@{OURS}", "a@sub.example.com", "a@other.example", "ax1@example.org"))
holds("recipient: compared without quoting and in any case", "rcpt", f'recipient = [ "sales@{OURS}" ];',
      recipient(f'"sales"@{OURS}', f"SALES@{OURS.upper()}", f'"s\\ales"@{OURS}'), recipient(f'"sales "@{OURS}'))
holds("recipient: each is judged by itself", "rcpt", f'recipient = [ "{LOCAL}" ];',
      [{"recipients": [f"sales@{OURS}", LOCAL]}], [{"recipients": [f"sales@{OURS}", "abuse@example.com"]}])
holds("relay = true", "rcpt", "relay = true;", recipient(RELAY), recipient(LOCAL))
holds("relay = false", "rcpt", "relay = false;", recipient(LOCAL, f"a@sub.{OURS}"), recipient(RELAY))
holds("recipients_over: more of this message than that were accepted here", "data", "recipients_over = 2;",
      [{"recipients": ["a@example.net", "b@example.net", "c@example.net"]}],
      [{"recipients": ["a@example.net", "b@example.net"]}])


@suite.case("recipients_over: recipients that were refused do not count")
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;")))
    outcome = gate.play(recipients=[RELAY, "other@other.example", LOCAL], deliver=True)
    assert [reply.code for reply in outcome.rcpt] == [550, 550, 250]
    assert outcome.data.code == 250, outcome.data


# Facts of one stage asked for in later ones, and conditions together

holds("the conditions of a rule are and", "rcpt",
      f'client = [ "{lab.LAN}" ]; helo = [ "pc.example" ]; sender = [ "example.org" ]; recipient = [ "info@" ];',
      [{"client": lab.LAN, "helo": "pc.example"}],
      [{"client": lab.INTERNET, "helo": "pc.example"}, {"client": lab.LAN},
       {"client": lab.LAN, "helo": "pc.example", "sender": "a@example.com"},
       {"client": lab.LAN, "helo": "pc.example", "recipients": [f"sales@{OURS}"]}])
holds("login and encryption can be asked for at rcpt", "rcpt", 'user = [ "alice@" ]; tls = true; relay = true;',
      [{"login": "alice", "tls": True, "port": SUBMISSION.port, "recipients": [RELAY]}],
      [{"login": "bob", "tls": True, "port": SUBMISSION.port, "recipients": [RELAY]}, dict(_alice, recipients=[RELAY])])
holds("what was known at connect, helo and mail can be asked for at data", "data",
      f'client = [ "{lab.LAN}" ]; helo = [ "pc.example" ]; sender = [ "example.org" ]; authenticated = false;',
      [{"client": lab.LAN, "helo": "pc.example"}],
      [{"client": lab.LAN}, {"client": lab.INTERNET, "helo": "pc.example"}])
