"""A name server of the lab's own on 127.0.0.1:53.

An MTA verifies a client's name by asking for the address's name and then for that name's addresses. Real answers, a
name that does not lead back, no name at all and a server that fails just now are all needed, and only a name server can
give the last. It answers A, AAAA and PTR over UDP from two dictionaries that a case may change.
"""

import ipaddress
import socket
import struct
import threading

_A, _PTR, _AAAA, _ANY = 1, 12, 28, 255
_NOERROR, _SERVFAIL, _NXDOMAIN = 0, 2, 3
_AUTHORITATIVE_ANSWER = 0x8480


class Resolver:
    """Serves from construction until the process ends.

    pointers: address -> the name that it claims.  addresses: name -> its addresses.
    failing: addresses and names for which the answer is SERVFAIL.
    """

    def __init__(self, pointers=None, addresses=None, failing=()):
        self.pointers = dict(pointers or {})
        self.addresses = dict(addresses or {})
        self.failing = set(failing)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def give(self, address, name):
        """From now on the address has this name, and it is verified."""
        self.addresses[name] = [address]
        self.pointers[address] = name

    def _serve(self):
        while True:
            query, client = self._socket.recvfrom(4096)
            try:
                self._socket.sendto(self._answer(query), client)
            except (ValueError, IndexError, struct.error):
                pass  # not a query that a stub resolver sends

    def _answer(self, query):
        (identifier,) = struct.unpack_from("!H", query)
        labels, position = [], 12
        while query[position]:
            length = query[position]
            labels.append(query[position + 1:position + 1 + length].decode("latin-1").lower())
            position += 1 + length
        (kind,) = struct.unpack_from("!H", query, position + 1)
        question = query[12:position + 5]
        code, records = self._look_up(".".join(labels), kind)
        head = struct.pack("!HHHHHH", identifier, _AUTHORITATIVE_ANSWER | code, 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(data)) + data for kind, data in records)
        return head + question + body

    def _look_up(self, name, kind):
        address = _address_of(name)
        if (address or name) in self.failing:
            return _SERVFAIL, []
        if address is not None:
            if address not in self.pointers:
                return _NXDOMAIN, []
            return _NOERROR, [(_PTR, _encode(self.pointers[address]))] if kind in (_PTR, _ANY) else []
        if name not in self.addresses:
            return _NXDOMAIN, []
        parsed = [ipaddress.ip_address(text) for text in self.addresses[name]]
        wanted = {_A: (4,), _AAAA: (6,), _ANY: (4, 6)}.get(kind, ())
        return _NOERROR, [(_A if one.version == 4 else _AAAA, one.packed) for one in parsed if one.version in wanted]


def _encode(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _address_of(name):
    """The address that a name below in-addr.arpa or ip6.arpa stands for, else None."""
    if name.endswith(".in-addr.arpa"):
        return ".".join(reversed(name[:-len(".in-addr.arpa")].split(".")))
    if name.endswith(".ip6.arpa"):
        digits = "".join(reversed(name[:-len(".ip6.arpa")].split(".")))
        return str(ipaddress.ip_address(int(digits, 16)))
    return None
