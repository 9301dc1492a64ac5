"""A private Sendmail, unpacked beside the Postfix that is installed."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from support import credentials, lab, sendmail_says, wait
from support.daemon import listening
from support.mta import OURS, VIRTUAL, Mta
from support.syslog import Syslog

_PACKAGES = Path(__file__).resolve().parents[2] / "contrib" / "packages"

# The local mailer is a real one in all that a milter sees (it is called "local", and its recipients have no domain any
# more), but takes whatever user there is, and hands the message to the sink.
_MC = r"""
define(`_USE_ETC_MAIL_')define(`MAIL_SETTINGS_DIR', `{etc}/')include(`{cf}/m4/cf.m4')
OSTYPE(`linux')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
FEATURE(`nocanonify')
undefine(`ALIAS_FILE')
define(`confDOMAIN_NAME', `{host}')
define(`QUEUE_DIR', `{queue}')
define(`confPID_FILE', `{directory}/pid')
define(`STATUS_FILE', `')
define(`HELP_FILE', `')
define(`confTO_IDENT', `0s')
define(`confQUEUE_LA', `1000')
define(`confREFUSE_LA', `1000')
define(`confDELAY_LA', `1000')
define(`confDELIVERY_MODE', `interactive')
define(`confMILTER_LOG_LEVEL', `14')
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit,GroupReadableSASLDBFile')
define(`SMART_HOST', `relay:[{sink_address}]')
define(`RELAY_MAILER_ARGS', `TCP $h {sink_port}')
define(`_DEF_LOCAL_MAILER_FLAGS', `lsDFMA5:/|@q')
define(`LOCAL_MAILER_FLAGS', `mnX9')
define(`LOCAL_MAILER_PATH', `[IPC]')
define(`LOCAL_MAILER_ARGS', `TCP [{sink_address}] {sink_port}')
define(`LOCAL_MAILER_EOL', `\r\n')
define(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE', `SMTP')
define(`confCACERT_PATH', `{etc}')
define(`confCACERT', `{etc}/certificate.pem')
define(`confSERVER_CERT', `{etc}/certificate.pem')
define(`confSERVER_KEY', `{etc}/key.pem')
define(`confAUTH_REALM', `{realm}')
{judged}
MAILER(`local')
MAILER(`smtp')
LOCAL_CONFIG
ESASL_CONF_PATH={sasl}
"""

# The policy alone decides what is accepted.
_POLICY = r"""
FEATURE(`no_default_msa')
{relays}
FEATURE(`virtusertable', `text -k0 -v1 {etc}/virtusertable')
define(`ALIAS_FILE', `text:-k0 -v1 -z: {etc}/aliases')
LOCAL_DOMAIN(`{ours} {virtual} {host} localhost')
define(`confAUTH_MECHANISMS', `{mechanisms}')
TRUST_AUTH_MECH(`{mechanisms}')
{filters}
{daemons}
define(`confINPUT_MAIL_FILTERS', `{default_filter}')
"""

_FILTER = "MAIL_FILTER(`{name}', `S={socket}, F=T, T=C:{timeout}s;S:{timeout}s;R:{timeout}s;E:{end}s')"
_DAEMON = "DAEMON_OPTIONS(`Name={name}, Family={family}, {address}Port={port}, {login}InputMailFilters={milter}')"


class Sendmail(Mta):
    name = "sendmail"
    capabilities = frozenset({"local", "inetd"})
    resolves_aliases = True
    _syslog = None  # one for all
    _families = ("inet", "inet6")  # of each listener's sockets

    @classmethod
    def prepare(cls):
        """Unpacks it, once for all suites and for all times."""
        cls._unpacked = Path(lab.run("sh", "-eu", "-c", '. "$1"; unpack_sendmail >&2; echo "$sendmail_directory"', "sh",
                                     _PACKAGES).strip())

    def start(self):
        self._etc = self.directory / "etc"
        self._queue = self.directory / "queue"
        if Sendmail._syslog is None:
            Sendmail._syslog = Syslog()
        sasl = self._etc / "sasl"
        for directory in (sasl, self._queue):
            directory.mkdir(parents=True)
        self._queue.chmod(0o700)
        credentials.make_users(sasl / "sasldb2")
        (sasl / "sasldb2").chmod(0o600)
        (sasl / "Sendmail.conf").write_text("pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                                            f"sasldb_path: {sasl}/sasldb2\nmech_list: {credentials.MECHANISMS}\n")
        credentials.make_certificate(self._etc)
        (self._etc / "key.pem").chmod(0o600)
        (self._etc / "virtusertable").write_text(f"outward@{OURS} someone@example.com\n"
                                                 f"onward@{OURS} outward@{OURS}\n@{VIRTUAL} someone@example.com\n")
        (self._etc / "aliases").write_text("forwarded: someone@example.com\n")
        self._settings = {
            "directory": self.directory, "etc": self._etc, "queue": self._queue, "sasl": sasl, "host": lab.HOST_NAME,
            "ours": OURS, "virtual": VIRTUAL, "cf": self._unpacked / "usr/share/sendmail/cf",
            "realm": credentials.REALM, "mechanisms": credentials.MECHANISMS, "sink_address": self.sink.address,
            "sink_port": self.sink.port}
        # Without this a listener for all IPv6 addresses would take the port for IPv4, too.
        Path("/proc/sys/net/ipv6/bindv6only").write_text("1" if "inet" in self._families else "0")
        self._run()

    def _run(self):
        """Writes its configuration, and starts it."""
        self._cf = self._etc / "sendmail.cf"
        self._cf.write_text(lab.run("m4", f"-D_CF_DIR_={self._settings['cf']}/", "-",
                                    input=_MC.format(judged=self._judged(), **self._settings)))
        lab.run(self._program, "-C", self._cf, "-L", "sendmail", "-bd")
        wait.until(lambda: all(listening(f"{family}:{listener.port}@") for listener in self.served
                               for family in self._families), "Sendmail to listen")

    def stop(self):
        pid = self.pid
        os.kill(pid, signal.SIGTERM)
        wait.until(lambda: not Path(f"/proc/{pid}").exists(), "Sendmail to end")

    @property
    def pid(self):
        return int((self.directory / "pid").read_text().split()[0])

    def submit(self, sender, recipients, body="Subject: a test\n\nA test.\n"):
        self.submit_by_smtp(sender, recipients, body)

    def submit_by_smtp(self, sender, recipients, body="Subject: a test\n\nA test.\n"):
        """The program is told of a refusal, and gives up then."""
        with subprocess.Popen([self._program, "-C", self._cf, "-bs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as dialogue:
            def say(line):
                if line is not None:
                    dialogue.stdin.write(line + "\r\n")
                    dialogue.stdin.flush()
                while (reply := dialogue.stdout.readline())[3:4] == "-":
                    pass
                return reply[:1] in ("2", "3")

            if not say(None):
                raise RuntimeError("sendmail -bs did not greet")
            say("EHLO localhost")
            taken = say(f"MAIL FROM:<{sender}>") and any([say(f"RCPT TO:<{one}>") for one in recipients])
            if taken and say("DATA"):
                say(body.rstrip("\n").replace("\n", "\r\n") + "\r\n.")
            say("QUIT")

    @contextlib.contextmanager
    def serve(self, connection):
        """Serves one client who is connected already, as inetd has it done; ends when that has."""
        with subprocess.Popen([self._program, "-C", self._cf, "-bs"], stdin=connection, stdout=connection,
                              stderr=subprocess.DEVNULL):
            yield

    def await_idle(self):
        wait.until(lambda: not os.listdir(self._queue), "an empty queue")

    def discard_queue(self):
        for path in self._queue.iterdir():
            path.unlink(missing_ok=True)

    @property
    def log(self):
        return self._syslog.lines

    def login(self, user):
        return user

    def bare(self, words):
        return sendmail_says.bare(words)

    def refuses_itself(self, reply):
        return sendmail_says.its_own(reply.words)

    def delivered_to(self, recipient):
        return recipient if "@" in recipient else f"{recipient}@{OURS}"

    @property
    def _program(self):
        return self._unpacked / "usr/libexec/sendmail/sendmail"

    def _judged(self):
        """Its listeners and milters, and for whom it relays."""
        filters = {listener.milter or self.milter_socket for listener in self.served}
        names = {self.milter_socket: "main"}
        for number, milter in enumerate(sorted(filters - set(names)), 1):
            names[milter] = f"other{number}"
        if self.unguarded is not None:
            names = dict.fromkeys(names, "")
        daemons = [self._daemon(listener, family, address, names[listener.milter or self.milter_socket])
                   for listener in self.served for family, address in _sockets(listener)]
        return _POLICY.format(
            relays="FEATURE(`promiscuous_relay')" if self.unguarded is None else self.unguarded,
            filters="\n".join(_FILTER.format(name=name, socket=_reachable(socket), timeout=self.milter_timeout,
                                             end=2 * self.milter_timeout) for socket, name in names.items() if name),
            default_filter="main" if self.unguarded is None else "", daemons="\n".join(daemons), **self._settings)

    @staticmethod
    def _daemon(listener, family, address, milter):
        return _DAEMON.format(name=listener.name, family=family, port=listener.port, milter=milter,
                              address=f"Addr={address}, " if address else "",
                              login="" if listener.login or listener.login_in_clear else "M=A, ")


def _reachable(milter_socket):
    """Sendmail 8.17 connects to no IPv6 address, only to a name that has one."""
    return milter_socket.replace("[::1]", "localhost")


def _sockets(listener):
    """The sockets of a listener: (family, address), no address for all."""
    if not listener.bound:
        return [("inet", None), ("inet6", None)]
    return [("inet6", "IPv6:" + address) if ":" in address else ("inet", address) for address in lab.SERVER_ADDRESSES]
