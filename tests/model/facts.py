"""The facts of a session, as the rule language reads and compares them.

Client addresses, host names and mailboxes arrive as text that a stranger wrote.  This module says what each text means;
it knows nothing of tables, rules or verdicts.
"""

import ctypes
import dataclasses
import ipaddress
import re

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
HOST_NAME = re.compile(r"[A-Za-z0-9._-]*")
IPV4_IN_IPV6 = 96  # bits of the prefix that all IPv4-mapped IPv6 addresses share

IDN2_NFC_INPUT = 1
IDN2_NONTRANSITIONAL = 8
IDN2 = ctypes.CDLL("libidn2.so.0")
IDN2.idn2_lookup_u8.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_int]
IDN2.idn2_free.argtypes = [ctypes.c_void_p]


class Unreadable(Exception):
    """The text is not an address, even read leniently."""


# Network addresses


def read_address(text):
    """An IP address; an IPv4-mapped IPv6 address is IPv4."""
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def read_network(text):
    """A network; one of IPv4-mapped IPv6 addresses only is a network of IPv4, every other IPv6 network has no IPv4."""
    network = ipaddress.ip_network(text)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < IPV4_IN_IPV6:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - IPV4_IN_IPV6))


def read_literal(domain):
    """The address that a domain literal names, or None where it is none: `[192.0.2.1]`, `[IPv6:2001:db8::1]`."""
    inner = without_trailing_dot(domain)[1:-1]
    try:
        if not inner.lower().startswith("ipv6:"):
            return ipaddress.IPv4Address(inner)
        return None if "%" in inner else read_address(str(ipaddress.IPv6Address(inner[len("ipv6:"):])))
    except ValueError:
        return None


# Host names


@dataclasses.dataclass(frozen=True)
class Name:
    """A name in the form that is compared; `nobody` is the client without a verified name."""

    text: str
    converts: bool
    nobody: bool = False


NOBODY = Name("unknown", True, nobody=True)


def lower_ascii(text):
    """Lower case of the bytes: letters outside ASCII stay what they are."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def fold(text):
    """Without letter case, by full case folding; of bytes that are no UTF-8 only ASCII letters have any."""
    no_utf8 = any("\ud800" <= c <= "\udfff" for c in text)
    return lower_ascii(text) if no_utf8 else text.casefold()


def to_a_labels(name):
    """The name as A-labels by UTS #46, non-transitional, or None where it does not convert."""
    result = ctypes.c_void_p()
    source = name.encode("utf-8", "surrogateescape")
    if IDN2.idn2_lookup_u8(source, ctypes.byref(result), IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != 0:
        return None
    converted = ctypes.string_at(result.value).decode("utf-8", "surrogateescape")
    IDN2.idn2_free(result)
    return converted


def without_trailing_dot(name):
    return name[:-1] if name.endswith(".") else name


def read_name(text):
    """A name as it is compared: lower case, without one trailing dot, as A-labels; a literal only in lower case."""
    converted = None if text.startswith("[") else to_a_labels(text)
    if converted and not HOST_NAME.fullmatch(converted):
        converted = None
    name = lower_ascii(without_trailing_dot(text if converted is None else converted))
    return Name(name, converts=converted is not None and name != "")


# Mailboxes


@dataclasses.dataclass(frozen=True)
class Mailbox:
    """An address that was read.  `local` is as compared, `domain` as written."""

    written: str
    routed: bool
    local: str
    domain: str | None

    @property
    def null(self):
        """The null sender: the only mailbox without a local part."""
        return not self.local

    @property
    def compared(self):
        """What a regular expression is asked about."""
        return self.local if self.domain is None else f"{self.local}@{read_name(self.domain).text}"


def without_angle_brackets(text):
    """An address as replies and reports show it."""
    return text[1:-1] if text.startswith("<") and text.endswith(">") else text


def read_mailbox(text):
    """The mailbox that an envelope address names; `<>` is the null one.  Raises Unreadable."""
    written = without_angle_brackets(text)
    if CONTROL.search(written) or written.startswith("<"):
        raise Unreadable(text)
    if not written:
        return Mailbox("", False, "", None)
    route, rest = split_route(written)
    local, domain = split_domain(rest)
    local = fold(unquoted(local))
    if not local:
        raise Unreadable(text)
    if domain is not None:
        check_domain(domain)
    return Mailbox(written, route is not None, local, domain)


def split_route(written):
    """A source route ends at the first colon outside brackets: `@a,@[IPv6:::1]:user@b`."""
    if not written.startswith("@"):
        return None, written
    bracket = False
    for index, character in enumerate(written):
        if character == ":" and not bracket:
            return written[:index], written[index + 1:]
        bracket = character == "[" or (bracket and character != "]")
    if bracket:
        raise Unreadable(written)
    return None, written


def split_domain(address):
    """The domain is what follows the last `@` outside quotes; None where there is no such `@`."""
    at, quoted, escaped = None, False, False
    for index, character in enumerate(address):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "@" and not quoted:
            at = index
    if quoted:
        raise Unreadable(address)
    return (address, None) if at is None else (address[:at], address[at + 1:])


def unquoted(local):
    """The local part without its quotes, and without the backslashes inside them."""
    result, quoted, escaped = [], False, False
    for character in local:
        if escaped:
            escaped = False
            result.append(character)
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        else:
            result.append(character)
    return "".join(result)


def check_domain(domain):
    """Raises Unreadable where what follows the `@` cannot be a domain."""
    name = without_trailing_dot(domain)
    if name == "" or name.endswith(".") or name.rfind("[") > name.rfind("]"):
        raise Unreadable(domain)
    if name.startswith("[") and not name.endswith("]"):
        raise Unreadable(domain)
    if not read_name(domain).text:
        raise Unreadable(domain)  # IDNA maps all of it to nothing
