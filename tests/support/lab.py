"""A private machine for one suite.

A suite must be free to use port 25, to come from any address and to run an MTA as root, and must neither meet the
machine's own mail system nor leave anything behind. So it goes on in namespaces of its own: no packet leaves (net), no
path of ours is seen outside (mount), and when the suite ends, however it ends, the kernel ends every process that it
started (pid).

    lab.enter()          # returns inside the private machine
    lab.DIRECTORY        # a private tmpfs, gone with the machine
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

HOST_NAME = "mx.lab.example"

# What the server answers on: a LAN address, a second one (a second virtual server), IPv6, and loopback.
SERVER = "172.16.1.11"
SECOND_SERVER = "172.16.1.12"
SERVER6 = "fd00:1::11"
SERVER_ADDRESSES = (SERVER, SECOND_SERVER, SERVER6, "127.0.0.1", "::1")

# Who may call: addresses as of a gateway behind a NAT router. They all lie on lo, so that a client only has to bind; of
# these IPv4 networks every address does.
CLIENT_NETWORKS = ("172.16.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
ROUTER = "172.16.1.1"
ROUTER6 = "fd00:1::1"
LAN = "172.16.1.51"
LAN6 = "fd00:1::51"
INTERNET = "203.0.113.10"
INTERNET6 = "2001:db8:1::10"
FORGED = "198.51.100.7"       # its name does not lead back to it
NAMELESS = "198.51.100.8"     # has no name
UNANSWERED = "198.51.100.9"   # its name server does not answer just now
HALF_ANSWERED = "198.51.100.6"  # has a name, but that one's name server does not answer just now
_ON_LO = (SERVER, SECOND_SERVER, SERVER6, ROUTER6, LAN6, INTERNET6)

DIRECTORY = Path("/run/lab")

# <sched.h> and <sys/prctl.h>; Python has no names for them before 3.12
_NAMESPACES = {"CLONE_NEWNS": 0x00020000, "CLONE_NEWUTS": 0x04000000, "CLONE_NEWIPC": 0x08000000,
               "CLONE_NEWPID": 0x20000000, "CLONE_NEWNET": 0x40000000}
_PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """Only root can have a private machine."""


def require_root():
    """Raises Unavailable where the caller is not root."""
    if os.geteuid() != 0:
        raise Unavailable("needs root: for a network of its own, and for an MTA in it")


def enter():
    """Goes on in a private machine: returns there, in a new process. The old one waits, and exits as the new one does.

    Files and sockets that are open stay open: a socket of the machine outside stays one. Returns the process id that
    the private machine's first process has outside. Raises Unavailable where the caller is not root; that root cannot
    have one (in a container without CAP_SYS_ADMIN, say) is an error, lest suites pass that never ran.
    """
    require_root()
    sys.stdout.flush()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(sum(_NAMESPACES.values())) != 0:
        raise RuntimeError("no private machine without namespaces (CAP_SYS_ADMIN, CAP_NET_ADMIN): unshare: "
                           + os.strerror(ctypes.get_errno()))
    first = os.fork()
    if first:
        os._exit(_mind(first))
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # whoever kills the old process means all of us
    outside = int(os.readlink("/proc/self"))
    suite = os.fork()
    if suite:
        os._exit(_mind(suite))
    _furnish()
    return outside


def _mind(child):
    """Waits for a child, reaping all others and passing signals on; returns its status as a shell would."""
    def pass_on(number, _frame):
        try:
            os.kill(child, number)
        except ProcessLookupError:
            pass

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    signal.signal(signal.SIGINT, lambda *_: None)  # a terminal sends it to the child as well
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def run(*command, **options):
    """Runs a command that must succeed; its complaint becomes the exception's text."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=options.pop("stdin", subprocess.DEVNULL) if "input" not in options else None,
                          capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: exit {done.returncode}: {(done.stdout + done.stderr).strip()}")
    return done.stdout


def copy_readable(source, target):
    """Copies a directory of files so that any user can read them, whatever the modes of the originals."""
    target.mkdir(exist_ok=True)
    for path in source.iterdir():
        if path.is_file():
            copy = target / path.name
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o644)


def _furnish():
    """Mounts, addresses and names, before any other process lives here."""
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ["LC_ALL"] = "C"
    # Socket activation and readiness of whoever started us are not ours to answer.
    for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID"):
        os.environ.pop(name, None)
    os.umask(0o022)
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "proc", "proc", "/proc")
    socket.sethostname(HOST_NAME)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "lab", "/run")
    DIRECTORY.mkdir()
    # Postfix's log daemon logs to its own socket, too: where it is full, it waits for itself.
    Path("/proc/sys/net/unix/max_dgram_qlen").write_text("4096")
    # It lies among the ports that the kernel gives to clients: one of them may have it when a listener wants it.
    Path("/proc/sys/net/ipv4/ip_local_reserved_ports").write_text("60025")
    run("ip", "link", "set", "lo", "up")
    for address in _ON_LO:
        run("ip", "address", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo")
    for network in CLIENT_NETWORKS:
        run("ip", "route", "add", "local", network, "dev", "lo")
    # Who sends an answer in two pieces, as Sendmail does, waits for the first to be acknowledged: 40 ms each time.
    for route in run("ip", "-4", "route", "show", "table", "local", "type", "local").splitlines():
        run("ip", "route", "change", "table", "local", *route.split(), "quickack", "1")
    _replace("/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n{SERVER} {HOST_NAME} mx\n")
    _replace("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n")
    # One question, one answer: a name server that fails must not be asked for half a minute. And no search list: glibc
    # goes on to the name in that domain, and where that does not exist, says the same of what could not be looked up.
    _replace("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch .\noptions timeout:1 attempts:1\n")


def _replace(path, text):
    """Puts text in a system file's place, in this mount namespace alone."""
    real = Path(os.path.realpath(path))
    if real.is_relative_to("/run"):  # where systemd-resolved keeps resolv.conf; /run is ours already
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(text)
        return
    if not real.exists():  # without resolv.conf the resolver asks 127.0.0.1, which is what we want
        return
    ours = DIRECTORY / ("etc." + real.name)
    ours.write_text(text)
    run("mount", "--bind", ours, real)
