"""A private Postfix."""

import os
import shutil
import time

from support import credentials, lab, wait
from support.mta import OURS, VIRTUAL, Mta

_MAIN = """
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = {directory}
inet_interfaces = {addresses}
inet_protocols = all

myhostname = {host}
myorigin = {ours}
local_recipient_maps =

# All that is accepted, local or not, goes to the sink.
local_transport = smtp:[{sink_address}]:{sink_port}
relayhost = [{sink_address}]:{sink_port}
smtp_dns_support_level = disabled
in_flow_delay = 0

smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {sasl}
smtpd_sasl_local_domain = {realm}
smtpd_tls_chain_files = {chain}

smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_junk_command_limit = 1000
smtpd_client_connection_count_limit = 0
default_process_limit = 100
"""

# The policy alone decides what is accepted.
_POLICY = """
mydestination = {ours}, {host}, localhost
mynetworks = 127.0.0.0/8 [::1]/128
alias_maps = inline:{{ {{ forwarded = someone@example.com }} }}
virtual_alias_domains = {virtual}
virtual_alias_maps = inline:{{ {{ outward@{ours} = someone@example.com }} {{ onward@{ours} = outward@{ours} }}
    {{ @{virtual} = someone@example.com }} }}
# Not to the sink: for whom aliases(5) lead somewhere else.
transport_maps = inline:{{ {{ forwarded@{ours} = local: }} }}
smtpd_relay_restrictions = check_client_access static:OK, reject
smtpd_recipient_restrictions =

smtpd_milters = {milter}
non_smtpd_milters = {milter}
milter_default_action = tempfail
milter_connect_timeout = {timeout}s
milter_command_timeout = {timeout}s
milter_content_timeout = {timeout}s
"""

_MASTER = """
pickup     unix  n  -  n  60    1  pickup
cleanup    unix  n  -  n  -     0  cleanup
qmgr       unix  n  -  n  300   1  qmgr
tlsmgr     unix  -  -  n  1000? 1  tlsmgr
rewrite    unix  -  -  n  -     -  trivial-rewrite
bounce     unix  -  -  n  -     0  bounce
defer      unix  -  -  n  -     0  bounce
trace      unix  -  -  n  -     0  bounce
verify     unix  -  -  n  -     1  verify
flush      unix  n  -  n  1000? 0  flush
proxymap   unix  -  -  n  -     -  proxymap
proxywrite unix  -  -  n  -     1  proxymap
smtp       unix  -  -  n  -     -  smtp
relay      unix  -  -  n  -     -  smtp
showq      unix  n  -  n  -     -  showq
error      unix  -  -  n  -     -  error
retry      unix  -  -  n  -     -  error
discard    unix  -  -  n  -     -  discard
local      unix  -  n  n  -     -  local
virtual    unix  -  n  n  -     -  virtual
anvil      unix  -  -  n  -     1  anvil
scache     unix  -  -  n  -     1  scache
postlog    unix-dgram n - n -   1  postlogd
"""

# In place of what sets a milter, and relays for anybody.
_UNGUARDED = """
smtpd_milters =
non_smtpd_milters =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
"""

# Where macros are sent, as parameters of Postfix name it.
_PLACES = ("connect", "helo", "mail", "rcpt", "data", "end_of_header", "end_of_data", "unknown_command")

# Where a message lies between the 250 and its delivery.
_QUEUES = ("maildrop", "incoming", "active", "deferred")


class Postfix(Mta):
    name = "postfix"
    capabilities = frozenset({"xclient", "bdat", "smtputf8", "local", "origin", "relogin", "upstream", "screened",
                              "protocol", "reserved", "networks"})

    def start(self):
        self._etc = self.directory / "etc"
        self._queue = self.directory / "queue"
        self._log = self.directory / "maillog"
        sasl = self._etc / "sasl"
        data = self.directory / "data"
        for directory in (sasl, self._queue, data):
            directory.mkdir(parents=True, exist_ok=True)
        shutil.chown(data, "postfix")
        self._make_users(sasl)
        self._settings = {
            "directory": self.directory, "queue": self._queue, "data": data, "log": self._log, "sasl": sasl,
            "chain": credentials.make_certificate(self._etc), "addresses": ", ".join(lab.SERVER_ADDRESSES),
            "host": lab.HOST_NAME, "ours": OURS, "virtual": VIRTUAL, "realm": credentials.REALM,
            "sink_address": self.sink.address, "sink_port": self.sink.port, "milter": _milter(self.milter_socket),
            "timeout": self.milter_timeout}
        self._run()

    def _run(self):
        """Writes its configuration, and starts it."""
        (self._etc / "main.cf").write_text(self._main_cf())
        (self._etc / "master.cf").write_text(self._master_cf())
        long_ago = time.time() - 60  # Postfix waits until its configuration has lain still for two seconds
        for name in ("main.cf", "master.cf"):
            os.utime(self._etc / name, (long_ago, long_ago))
        lab.run("postfix", "-c", self._etc, "start")

    def _main_cf(self):
        settings = self._lab_main_cf() + _POLICY.format(**self._settings)
        return settings if self.unguarded is None else _replaced(_replaced(settings, _UNGUARDED), self.unguarded)

    def _lab_main_cf(self):
        """What must be so that it lives in the lab, whatever it decides."""
        return _MAIN.format(**self._settings)

    def _master_cf(self):
        return _MASTER + "".join(map(_services, self.served))

    def stop(self):
        lab.run("postfix", "-c", self._etc, "stop")

    @property
    def pid(self):
        return int((self._queue / "pid" / "master.pid").read_text())

    def submit(self, sender, recipients, body="Subject: a test\n\nA test.\n"):
        lab.run("sendmail", "-C", self._etc, "-i", "-f", sender, *recipients, input=body)

    def submit_by_smtp(self, sender, recipients, body="Subject: a test\n\nA test.\n"):
        """Its `sendmail -bs` serves no root, and others only where its configuration is the machine's."""
        if not os.path.samefile(self._etc, "/etc/postfix"):
            lab.run("mount", "--bind", self._etc, "/etc/postfix")
        lines = ["EHLO localhost", f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{each}>" for each in recipients), "DATA",
                 *body.splitlines(), ".", "QUIT", ""]
        lab.run("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "sendmail", "-bs",
                input="\r\n".join(lines))

    def await_idle(self):
        wait.until(lambda: not self._queued(), "an empty queue")

    def discard_queue(self):
        def discard():
            lab.run("postsuper", "-c", self._etc, "-d", "ALL")
            return not self._queued()

        wait.until(discard, "the queue to be discarded")  # what a daemon has in hand just now comes back once more

    @property
    def log(self):
        try:
            return self._log.read_text(errors="backslashreplace").splitlines()
        except FileNotFoundError:
            return []

    def login(self, user):
        return f"{user}@{credentials.REALM}"

    def _queued(self):
        return any(files for queue in _QUEUES for _, _, files in os.walk(self._queue / queue))

    def _make_users(self, sasl):
        database = sasl / "sasldb2"
        credentials.make_users(database)
        shutil.chown(database, "root", "postfix")
        database.chmod(0o640)
        (sasl / "smtpd.conf").write_text("pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                                         f"sasldb_path: {database}\nmech_list: {credentials.MECHANISMS}\n")


def _replaced(settings, others):
    """The settings, a line each, with others in place of those of the same name.

    Postfix would take the last one, and warn each time: enough warnings at the start stop its own log for ever.
    """
    names = {line.partition("=")[0].strip() for line in others.splitlines()}
    kept = [line for line in settings.splitlines() if not line.strip() or line.partition("=")[0].strip() not in names]
    return "\n".join([*kept, others]) + "\n"


def _services(listener):
    """What makes a listener in master.cf: its sockets, each a service; behind postscreen one more, which they share."""
    options = _smtpd_options(listener)
    addresses = lab.SERVER_ADDRESSES if listener.bound else ("0.0.0.0", "::")
    sockets = [f"[{address}]:{listener.port}" if ":" in address else f"{address}:{listener.port}"
               for address in addresses]
    if not listener.screened:
        return "".join(_service(socket, "inet", "-", "smtpd", options) for socket in sockets)
    screen = {"smtpd_service_name": listener.name, "postscreen_access_list": "static:permit",
              "postscreen_cache_map": ""}
    if listener.upstream:
        screen["postscreen_upstream_proxy_protocol"] = "haproxy"
    return (_service(listener.name, "pass", "-", "smtpd", options)
            + "".join(_service(socket, "inet", "1", "postscreen", screen) for socket in sockets))


def _service(name, kind, processes, command, options):
    private = "n" if kind == "inet" else "y"
    return f"{name} {kind} {private} - n - {processes} {command}" + "".join(
        f"\n  -o {option}={value}" for option, value in options.items()) + "\n"


def _smtpd_options(listener):
    options = {"milter_macro_daemon_name": listener.name}
    if listener.tls:
        options["smtpd_tls_security_level"] = "may"
    if listener.login or listener.login_in_clear:
        options["smtpd_sasl_auth_enable"] = "yes"
        options["smtpd_tls_auth_only"] = "no" if listener.login_in_clear else "yes"
    if listener.login_in_clear:
        options["smtpd_sasl_security_options"] = ""
    if listener.proxied:
        options["smtpd_authorized_xclient_hosts"] = "static:all"
    if listener.milter:
        options["smtpd_milters"] = _milter(listener.milter)
    if listener.upstream and not listener.screened:
        options["smtpd_upstream_proxy_protocol"] = "haproxy"
    if listener.networks:
        options["smtpd_milters"] = ""
        options["mynetworks"] = listener.networks.replace(" ", ",")
        options["smtpd_relay_restrictions"] = "permit_mynetworks,reject_unauth_destination"
    if listener.protocol:
        options["milter_protocol"] = listener.protocol
    if listener.reserved:
        options.update((f"milter_{place}_macros", "") for place in _PLACES)
    return options


def _milter(milter_socket):
    """Postfix writes inet:ADDRESS:PORT where everybody else writes inet:PORT@ADDRESS."""
    kind, _, rest = milter_socket.partition(":")
    if kind == "unix":
        return milter_socket
    port, _, address = rest.partition("@")
    return f"inet:{address}:{port}"
