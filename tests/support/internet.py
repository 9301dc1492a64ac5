"""An internet around the private machine: a router, a LAN behind it, and a host outside.

The private machine is the server. Beside it stand network namespaces, wired as the real thing would be:

    internet ---- router ---- switch ---- server
                                 `------- lan

    Suite(__doc__, furnish=internet.build)      # before the MTA starts
    internet.route("rewrite")                   # how the router forwards from now on
    with internet.inside("lan"):                # sockets that are made in here belong to that host
        gate.play(lab.LAN, server=lab.SERVER)

The switch has a namespace of its own so that frames between the server and the LAN cannot meet the router's rules.
"""

import contextlib
import ctypes
import os
import socket
from pathlib import Path

from support import lab
from support.doors import Door, serve
from support.mta import CLEAR, UPSTREAM

PUBLIC = "203.0.113.1"
PUBLIC6 = "2001:db8:1::1"
ELSEWHERE = "198.51.100.7"  # a second address of the internet host

FORWARDED = (25, 587)       # ports of the public addresses that lead to the same ports of the server
BESIDE = CLEAR.port         # where the mode "beside" leads those that come to port 25
ANNOUNCED = UPSTREAM.port   # where "announce" does, by a proxy of the same port on the router

_LAN4, _LAN6 = "172.16.1.0/24", "fd00:1::/64"
_ADDRESSES = {
    ("internet", "wan"): (f"{lab.INTERNET}/24", f"{ELSEWHERE}/32", f"{lab.INTERNET6}/64"),
    ("router", "wan"): (f"{PUBLIC}/24", f"{PUBLIC6}/64"),
    ("router", "lan"): (f"{lab.ROUTER}/24", f"{lab.ROUTER6}/64"),
    ("lan", "lan"): (f"{lab.LAN}/24", f"{lab.LAN6}/64"),
    (None, "lan"): (f"{lab.SERVER}/24", f"{lab.SECOND_SERVER}/24", f"{lab.SERVER6}/64"),
}

_PORTS = "{ " + ", ".join(map(str, FORWARDED)) + " }"
_TO_SERVER = f"tcp dport {_PORTS} dnat ip to {lab.SERVER}", f"tcp dport {_PORTS} dnat ip6 to {lab.SERVER6}"
_FROM_WAN = tuple(f'iifname "wan" {rule}' for rule in _TO_SERVER)
_FROM_ANYWHERE = (f"ip daddr {PUBLIC} {_TO_SERVER[0]}", f"ip6 daddr {PUBLIC6} {_TO_SERVER[1]}")
_TO_BESIDE = (f'iifname "wan" tcp dport 25 dnat ip to {lab.SERVER}:{BESIDE}',
              f'iifname "wan" tcp dport 25 dnat ip6 to [{lab.SERVER6}]:{BESIDE}')
_TO_ANNOUNCED = (f'iifname "wan" tcp dport 25 redirect to :{ANNOUNCED}',)
_REWRITE = ('oifname "lan" ct status dnat masquerade',)
_REWRITE_OWN = (f'ip saddr {_LAN4} {_REWRITE[0]}', f'ip6 saddr {_LAN6} {_REWRITE[0]}')

# mode: (where connections go, whose source address becomes the router's)
_FORWARDING = {
    "forward": (_FROM_WAN, ()),                  # port forwarding alone
    "rewrite": (_FROM_WAN, _REWRITE),            # and what is forwarded seems to come from the router
    "hairpin": (_FROM_ANYWHERE, _REWRITE_OWN),   # the LAN may use the public address too
    "proxy": ((), ()),                           # nothing is forwarded: a program on the router accepts and connects
    "beside": (_TO_BESIDE, _REWRITE),            # as "rewrite", to a port of its own
    "announce": (_TO_ANNOUNCED, ()),             # as "proxy", by one that tells the server for whom it connects
}
MODES = tuple(_FORWARDING)

_CLONE_NEWNET = 0x40000000  # <sched.h>; Python has no os.setns() before 3.12


def build():
    """Builds it all, once, in place of the one interface on which a suite's clients otherwise live."""
    _clear_loopback()
    for host in ("internet", "router", "switch", "lan"):
        lab.run("ip", "netns", "add", host)
        lab.run("ip", "-n", host, "link", "set", "lo", "up")
    for host in ("internet", "router", "lan", "server"):
        with inside(host):  # a router without a proven link-local address would be silent for its first two seconds
            Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")
    lab.run("ip", "link", "add", "wan", "netns", "internet", "type", "veth", "peer", "name", "wan", "netns", "router")
    lab.run("ip", "-n", "switch", "link", "add", "switch", "type", "bridge", "mcast_snooping", "0")
    lab.run("ip", "-n", "switch", "link", "set", "switch", "up")
    for host in ("router", "lan", "server"):
        lab.run("ip", "link", "add", "lan", *(() if host == "server" else ("netns", host)),
                "type", "veth", "peer", "name", host, "netns", "switch")
        lab.run("ip", "-n", "switch", "link", "set", host, "master", "switch", "up")
    for (host, interface), addresses in _ADDRESSES.items():
        _ip(host, [f"address add {address} dev {interface}" for address in addresses] + [f"link set {interface} up"])
    for host in ("lan", None):
        _ip(host, [f"route add default via {lab.ROUTER}", f"route add ::/0 via {lab.ROUTER6}"])
    _ip("router", [f"route add {ELSEWHERE} dev wan"])
    with inside("router"):
        for setting in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            Path("/proc/sys/net", setting).write_text("1")
        serve([_proxy(address, port) for address in (PUBLIC, PUBLIC6) for port in (*FORWARDED, ANNOUNCED)])


def route(mode):
    """Lets the router forward so from now on."""
    destinations, sources = _FORWARDING[mode]
    closed = () if mode == "proxy" else (f"tcp dport {_PORTS} reject with tcp reset",)
    chains = (("input", "filter hook input priority filter", closed),
              ("destinations", "nat hook prerouting priority dstnat", destinations),
              ("sources", "nat hook postrouting priority srcnat", sources))
    text = "flush ruleset\ntable inet router {\n" + "".join(
        f"chain {name} {{\ntype {kind}\n" + "".join(rule + "\n" for rule in rules) + "}\n"
        for name, kind, rules in chains) + "}\n"
    with inside("router"):
        lab.run("nft", "-f", "-", input=text)


@contextlib.contextmanager
def inside(host):
    """This thread's new sockets, threads and processes belong to that host; "server" is the private machine itself."""
    if host == "server":
        yield
        return
    with open("/proc/thread-self/ns/net", encoding="ascii") as home, open(f"/run/netns/{host}", encoding="ascii") as there:
        _enter(there)
        try:
            yield
        finally:
            _enter(home)


def _enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), namespace.name)


def _clear_loopback():
    """Takes away what lab.enter() put on lo for clients that only bind."""
    for network in lab.CLIENT_NETWORKS:
        lab.run("ip", "route", "delete", "local", network, "dev", "lo")
    for family, loopback in (("-4", "127.0.0.1/8"), ("-6", "::1/128")):
        lab.run("ip", family, "address", "flush", "dev", "lo")
        lab.run("ip", family, "address", "add", loopback, "dev", "lo")


def _ip(host, lines):
    lab.run("ip", *(("-n", host) if host else ()), "-batch", "-", input="\n".join(lines) + "\n")


def _proxy(address, port):
    """A listener on the router which connects to the server, whatever the client's family, by IPv4."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind((address, port))
    listener.listen(64)
    return Door(port, lab.SERVER, port, lab.ROUTER, "a proxy on the router", announces=port == ANNOUNCED), listener
