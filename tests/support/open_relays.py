"""An MTA that was opened on purpose, each in another way: what `sallyport probe` must find."""

import itertools
from dataclasses import dataclass

from support import lab
from support.mta import Listener

PORT = 2610
LISTENER = Listener(PORT, "opened")
WITH_LOGIN = Listener(PORT, "opened", login=True, login_in_clear=True)
_NUMBER = itertools.count()
_ACCESS = lab.DIRECTORY / "access"


@dataclass(frozen=True)
class Way:
    """A way to open an MTA; `forms` are those that go through, `but` all but these."""

    title: str
    settings: str
    forms: frozenset = None
    but: frozenset = None
    listener: Listener = LISTENER
    access: str = ""  # of Sendmail's access table


def start(mta_class, sink, way):
    """Starts it on a port of its own; returns the MTA, which the caller stops."""
    _ACCESS.write_text(way.access)
    directory = lab.DIRECTORY / f"opened{next(_NUMBER)}"
    mta = mta_class("unix:/nowhere", sink, (way.listener,), directory, unguarded=way.settings)
    mta.start()
    return mta


_WITHOUT_LOGIN = frozenset({"auth-parameter", "failed-login", "anonymous-login", "xclient", "second-message"})

POSTFIX = (
    Way("mynetworks are all networks", "mynetworks = 0.0.0.0/0 [::]/0",
        but=_WITHOUT_LOGIN | {"display-name", "ipv4-bare"}),
    Way("a sender at its own domain is enough",
        "smtpd_relay_restrictions = check_sender_access inline:{ example.net=OK }, reject_unauth_destination",
        forms=frozenset({"postmaster-sender", "local-sender", "bare-sender"})),
    Way("HELO localhost is enough",
        "smtpd_relay_restrictions = check_helo_access inline:{ localhost=OK }, reject_unauth_destination",
        forms=frozenset({"helo-localhost"})),
    Way("routes in local parts are left to the next host",
        "allow_percent_hack = no\nswap_bangpath = no\nallow_untrusted_routing = yes",
        forms=frozenset({
            "percent-hack", "percent-greeted", "percent-literal", "percent-localhost", "percent-bare", "percent-chain",
            "bang-path", "bang-own", "bang-literal", "bang-chain", "bang-percent", "bang-percent-own",
            "source-route-percent", "quoted-percent-bare", "quoted-percent-own", "quoted-bang-own",
            "trailing-dot-percent", "utf8-percent"})),
    Way("its own domain is looked for anywhere in a recipient",
        "smtpd_relay_restrictions = check_recipient_access regexp:{ { /example\\.net/ OK } }, reject_unauth_destination",
        forms=frozenset({"own-at-end", "own-at-front"})),
    Way("XCLIENT is for everybody", "smtpd_authorized_xclient_hosts = static:all", forms=frozenset({"xclient"})),
)

# Sendmail lacks SMTPUTF8, and cannot read two @. The lab's Sendmail takes any local user, one with a backslash, too.
_UNREADABLE = frozenset({"double-at", "double-at-literal", "double-at-outside", "trailing-at-percent", "display-name",
                         "u-label", "utf8-local", "utf8-wide", "utf8-percent"})
_ANY_USER = frozenset({"quoted-pair"})

SENDMAIL = (
    Way("promiscuous_relay", "FEATURE(`promiscuous_relay')", but=_WITHOUT_LOGIN | _UNREADABLE),
    Way("relay_local_from", "FEATURE(`relay_local_from')", forms=_ANY_USER | {
        "postmaster-sender", "local-sender", "greeted-sender", "literal-sender", "localhost-sender"}),
    Way("the access table relays to the outside domain", "FEATURE(`access_db', `text -k0 -v1 /run/lab/access')",
        access="To:example.com RELAY\n", but=_WITHOUT_LOGIN | _UNREADABLE | {
            "a-label", "ipv4-bare", "ipv4-literal", "ipv6-literal", "mapped-literal", "own-at-end", "trailing-at"}),
    Way("the access table relays for the outsider's network",
        "FEATURE(`access_db', `text -k0 -v1 /run/lab/access')", access="Connect:203.0.113 RELAY\n",
        but=_WITHOUT_LOGIN | _UNREADABLE),
    Way("a login as nobody is a login", "", forms=_ANY_USER | {"anonymous-login"}, listener=WITH_LOGIN),
)

WAYS = {"postfix": POSTFIX, "sendmail": SENDMAIL}
