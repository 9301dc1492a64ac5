"""The words that random rule sets and sessions are made of.

There are few of them, and most differ from another one by a single bit, letter, label or quote: there the faults are.
"""

NETWORKS = (
    "192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "192.0.2.7", "192.0.2.6/31", "192.0.2.8/29", "192.0.2.7/32",
    "198.51.100.0/24", "10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/15", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0",
    "127.0.0.1", "127.0.0.0/8", "255.255.255.255", "::ffff:192.0.2.0/120", "::ffff:0:0/96", "::ffff:10.0.0.0/104",
    "::ffff:192.0.2.7", "::ffff:c000:207/128", "::/0", "::1", "::/1", "8000::/1", "::fffe:0:0/95", "2001:db8::/32",
    "2001:db8::/33", "2001:db8:8000::/33", "2001:db8::7", "2001:db8::6/127", "2001:DB8:0::8/125", "fe80::/10",
)
CLIENTS = (
    "192.0.2.0", "192.0.2.6", "192.0.2.7", "192.0.2.8", "192.0.2.127", "192.0.2.128", "192.0.2.255", "192.0.3.0",
    "192.0.1.255", "198.51.100.1", "9.255.255.255", "10.0.0.1", "10.1.2.3", "10.2.0.0", "10.4.0.0", "127.0.0.1",
    "127.255.255.255", "128.0.0.0", "255.255.255.255", "0.0.0.0", "::ffff:192.0.2.7", "::ffff:10.1.0.1",
    "::FFFF:c000:207", "::1", "::", "::fffe:c000:207", "2001:db8::6", "2001:db8::7", "2001:DB8::0:8",
    "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "2001:db8:8000::", "2001:db9::", "fe80::1", "7fff::1", "8000::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)
PLACES = ("192.0.2.7", "10.1.2.3", "127.255.255.255", "2001:db8::7", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff")
LOCAL_ADDRESSES = ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "127.0.0.1", "::1", "10.1.2.3")

NAMES = (
    "example.com", "mail.example.com", "a.mail.example.com", "mailexample.com", "example.org", "ours.example",
    "sub.ours.example", "notours.example", "bücher.example", "a.bücher.example", "straße.example", "strasse.example",
    "localhost", "unknown", "sub.unknown", "com", "example", "host_1.example.com", "a-very-long-name.example.org",
    "ab--cd.example.com", "-a.example", "b" * 64 + ".ours.example", "xn--a.example", "x..example.com", "192.0.2.7",
)
LABELS = (  # other forms of the same label, and one that is another name
    ("bücher", "xn--bcher-kva"), ("straße", "xn--strae-oqa"), ("xn--bcher-kva", "BU\u0308CHER"),
    ("example.", "ｅｘample."), ("ß", "ss"), ("bücher", "BÜCHER"), ("ours.", "ours。"),
)
DOMAIN_REGEXES = (
    r"/^mail\./", r"/example\.(com|org)$/", "/^xn--/", r"/\.example$/", "/OURS/", "/^[a-m]/", r"/^\[/", "/[0-9]+/",
    "/./", "/^unknown$/", "/^.{1,11}$/", r"/^[^.]+$/", r"/\.$/", "/[A-Z]\\d?$/", '/"|b{64}/', "/example#/",
)
SUFFIXES = (".example.com", ".com", ".example", ".ours.example", ".mail.example.com", ".bücher.example", ".unknown")
HELO_LITERALS = ("[192.0.2.7]", "[IPv6:2001:db8::7]", "[IPv6:2001:DB8:0::7]", "[192.0.2.007]")
HELOS = HELO_LITERALS + ("{client}", "a b", "foo?bar", "h" * 300, "h" * 257, "i" * 256, "tab\there", "-", "[]", "é\x7f")

LOCAL_PARTS = (
    "bob", "Bob", "alice", "sales", "postmaster", "o'neil", "foo..bar.", "user+tag", '"bob"', '"b\\ob"', '"Alice B"',
    'b"o"b', "a b", "a#b", "{sender}", "[bob]", "bob:x", "bücher", "b" * 260, "!", "-bob",
)
LITERALS = (
    "[192.0.2.7]", "[192.0.2.8]", "[127.0.0.1]", "[IPv6:2001:db8::7]", "[ipv6:2001:DB8:0::7]", "[2001:db8::7]",
    "[IPv6:::ffff:192.0.2.7]", "[IPv6:192.0.2.7]", "[IPv6:::1]", "[192.0.2.07]", "[192.0.2]", "[]", "[ours.example]",
    "[192.0.2.7].", "[IPv6:fe80::1%lo]", "[ 192.0.2.7]",
)
DETOURS = (  # formats of `local`, `domain` and both as `address`
    "@relay.example:{address}", "@ours.example,@b:{address}", "@[192.0.2.7]:{address}", "@[IPv6:2001:db8::7]:{address}",
    "@[IPv6:::1],@ours.example:{local}", "@[:{address}", "@{address}", "@:{address}", "@ours.example:@{domain}",
    "{local}%other.example@{domain}", "{local}%other.example", "other.example!{address}", "{local}!x@{domain}",
    '"bob@other.example"@{domain}', '"bob%other"@{domain}', '"other!bob"@{domain}', '"bob\\@x"@{domain}',
    '"bob@{domain}"',
    "{local}@other.example@{domain}", "{address}@ours.example", "{local}", "{local}@", "@{domain}", "{address}.",
    "{address}..", "{local}@.", "{local}@..", '"{address}', '{local}"@{domain}', '""@{domain}', '"\\"bob"@{domain}',
    '"bob\\"@{domain}', "{local}@[{domain}", "{local}@{domain}]", "{local}@a[b", "bob\x01@{domain}", "bob\x7f@{domain}",
    "<{address}", "bob@[IPv6:a@{domain}]", "{local}@.{domain}", "@a@b:{address}", "bob@{domain}%x", "bob@{domain}!x",
)
EDGES = (
    "postmaster", "PostMaster", "<postmaster>", "@", "<@>", '""', "<", ".", "bob.", "<bob", "bob@ours.example",
)

ADDRESSES = (
    "bob@example.com", "bob@ours.example", "Bob@Ours.Example", "sales@ours.example", "alice@mail.example.com",
    "bob@bücher.example", "bob@xn--bcher-kva.example", "foo..bar.@ours.example", "postmaster@ours.example",
    "a#b@ours.example", "user+tag@ours.example", "bob@[192.0.2.7]", "b\\ob@ours.example",
)
LOCAL_PART_ENTRIES = ("bob@", "ALICE@", "postmaster@", "o'neil@", "foo..bar.@", '"alice b"@', "a b@", "[bob]@")
ADDRESS_REGEXES = (
    "/^bob@/", r"/@example\.com$/", "/%/", "/^[^@]+$/", r"/\+/", "/^$/", "/./", "/@.*@/", "/^POST/", "/@$/", r"/\.$/",
    "/[\"\\\\]/", "/^.{1,15}$/", "/!|:/", "/^@/", "/ours/", "/</",
)

USERS = (
    "bob", "Bob", "alice", "bob@example.com", "bob@EXAMPLE", "bob@", "bob@x@y", "carol@realm", "carol", "ANONYMOUS", "",
    "bob@example.com@realm", "a b", "u" * 257, "eve\r\n250 ok", "müller",
)
USER_ENTRIES = (
    "bob", "bob@", "alice@", "Alice", "bob@example.com", "bob@example.com@", "carol@realm", "carol@", "/^b/", "/^B/",
    "/@realm$/", "/^[^@]+$/", "/L/", "a b", "ANONYMOUS",
)
MECHANISMS = ("PLAIN", "login", "Gssapi", "NTLM", "ANONYMOUS", "anonymous")
USED_MECHANISMS = ("PLAIN", "plain", "Plain", "LOGIN", "GSSAPI", "ntlm", "ANONYMOUS", "anonymous", "PLAINX")

SIZES = (0, 1, 999, 1000, 2147483647, 2147483648, 9999999998)
DECLARED_SIZES = (0, 1, 2, 999, 1000, 1001, 2147483647, 2147483648, 2147483649, 9999999999)
DAEMONS = ("smtpd", "submission", "MTA", "MSA")
PORTS = (25, 587, 465)

DOMAINS = NAMES[:19] + SUFFIXES * 2 + HELO_LITERALS[:3] + DOMAIN_REGEXES
ENTRIES = {
    "networks": NETWORKS,
    "domains": DOMAINS,
    "addresses": ADDRESSES * 2 + LOCAL_PART_ENTRIES * 2 + ADDRESS_REGEXES + NAMES[:12] + SUFFIXES + ("<>",) * 4,
    "users": USER_ENTRIES,
}
