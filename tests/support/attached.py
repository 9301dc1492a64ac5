"""The MTAs as contrib/postfix and contrib/sendmail attach them.

What is loaded is the shipped text as it stands; before or after it stands what must be the lab's: directories,
certificates, passwords, the next hop. A case may have it changed for a while, as an administrator would change it:

    with gate.mta.changed("bypassed"): ...
"""

import contextlib
import re
import shutil
import subprocess
from pathlib import Path

from support import lab, wait
from support.mta import INBOUND, REMOTE, SUBMISSION
from support.postfix import Postfix
from support.sendmail import Sendmail

_CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
_SHIPPED = {"main.cf": "postfix", "master.cf": "postfix", "sallyport.m4": "sendmail", "access": "sendmail"}

MILTER = "inet:8894@127.0.0.1"  # as the shipped settings and all shipped rule files have it

# The changes, and what they mean.
CHANGES = {
    "bypassed": "the milter is taken out",
    "by file": "the milter's socket is a file, in the place that the settings name",
    "hurried": "the MTA waits no longer than two seconds for the milter",
}


# As Debian has it, with the lab's names.
_SUBMIT = r"""
define(`_USE_ETC_MAIL_')include(`{cf}/m4/cf.m4')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `{host}')
define(`MSP_QUEUE_DIR', `{client_queue}')
define(`confPID_FILE', `{directory}/submit.pid')
define(`confTO_IDENT', `0s')
define(`confRUN_AS_USER', `nobody')
define(`confTRUSTED_USER', `nobody')
define(`STATUS_FILE', `')
FEATURE(`nocanonify')
FEATURE(`msp', `[127.0.0.1]', `25')
"""


class _Attached:
    milter = MILTER
    listeners = (INBOUND, SUBMISSION, REMOTE)
    _changes = frozenset()

    def _text(self, name):
        """One of the files that are loaded."""
        return (_CONTRIB / _SHIPPED[name] / name).read_text()

    @contextlib.contextmanager
    def changed(self, *changes):
        """While it lasts, the MTA runs with these changes; it is started again before and after."""
        assert set(changes) <= set(CHANGES), changes
        self._restart(frozenset(changes))
        try:
            yield
        finally:
            self._restart(frozenset())

    def _restart(self, changes):
        self.stop()
        self._changes = changes
        self._run()

    def _replaced(self, text, pattern, replacement):
        """The text with what must be there replaced."""
        changed, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count == 1, f"{count} places like {pattern}"
        return changed


class AttachedPostfix(_Attached, Postfix):
    """As on Debian: its own master.cf with the shipped services in it, and a chroot that Debian's script fills."""

    _DEBIAN = Path("/usr/share/postfix/master.cf.dist")
    _IN_CHROOT = "sallyport/milter.sock"

    def start(self):
        sockets = self.directory / "queue" / Path(self._IN_CHROOT).parent
        sockets.mkdir(parents=True)
        shutil.chown(sockets, "nobody", "postfix")
        sockets.chmod(0o2750)
        self.socket_file = f"unix:{self.directory}/queue/{self._IN_CHROOT}"
        super().start()

    def _run(self):
        etc = self.directory / "etc"
        if not self._changes and not (etc / "main.cf").exists():
            # The script asks the one instance that there is where its chroot lies.
            (etc / "main.cf").write_text(self._main_cf())
            (etc / "master.cf").write_text(self._master_cf())
            lab.run("mount", "--bind", etc, "/etc/postfix")
            lab.run("sh", "/usr/lib/postfix/configure-instance.sh", "-")
            lab.run("umount", "/etc/postfix")
            self._give_passwords()
        super()._run()

    def _give_passwords(self):
        """sasldb is opened in the chroot, as a saslauthd's socket would be."""
        original = self.directory / "etc/sasl/sasldb2"
        copy = self.directory / "queue" / original.relative_to("/")
        copy.parent.mkdir(parents=True)
        shutil.copy2(original, copy)
        shutil.chown(copy, "root", "postfix")

    def _main_cf(self):
        text = self._text("main.cf") + self._lab_main_cf()
        changed = {}
        if "bypassed" in self._changes:
            changed |= {"smtpd_milters": "", "non_smtpd_milters": ""}
        if "by file" in self._changes:
            changed |= {"smtpd_milters": f"unix:{self._IN_CHROOT}"}
        if "hurried" in self._changes:
            changed |= {f"milter_{what}_timeout": "2s" for what in ("connect", "command", "content")}
        for name, value in changed.items():
            # In its place: where a name stands twice each process warns, postlogd to itself, which may block it.
            text = self._replaced(text, rf"^{name} = .*", f"{name} = {value}")
        return text

    def _master_cf(self):
        """Debian's, with the shipped services in place of its own of that name."""
        return (self._replaced(self._DEBIAN.read_text(), r"^smtp +inet .*\n", "")
                + self._text("master.cf"))

    def wake(self):
        """Makes it look at the submitted mail that waits, as it does by itself once a minute."""
        command = ("postkick", "-c", self.directory / "etc", "public", "pickup", "W")
        # pickup may close its end at that moment: postkick is then killed by SIGPIPE.
        wait.until(lambda: subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0,
                   "pickup to take the request")

    def waiting(self):
        """How many submitted messages wait."""
        return len(list((self.directory / "queue/maildrop").iterdir()))

    def tried_in_vain(self, lines):
        """Has it tried to send a submitted message without the milter?"""
        return any("milter-reject: CONNECT" in line for line in lines)


class AttachedSendmail(_Attached, Sendmail):
    """The shipped file is included in the lab's, after what is the lab's."""

    _families = ("inet6",)  # one socket takes both, as Linux has it by default

    def start(self):
        etc = self.directory / "etc"
        etc.mkdir(parents=True)
        sockets = lab.DIRECTORY / "sallyport"
        sockets.mkdir()
        shutil.chown(sockets, "nobody", "postfix")
        self.socket_file = f"unix:{sockets}/milter.sock"
        super().start()

    def submit(self, sender, recipients, body="Subject: a test\n\nA test.\n"):
        """By sendmail(8), as most programs do: through submit.cf."""
        lab.run(*self._submission, "-i", "-f", sender, *recipients, input=body)

    def discard_queue(self):
        super().discard_queue()
        for path in (self.directory / "clientmqueue").iterdir():
            path.unlink(missing_ok=True)

    def wake(self):
        lab.run(*self._submission, "-q")

    def waiting(self):
        return len(list((self.directory / "clientmqueue").glob("qf*")))

    def tried_in_vain(self, lines):
        return any("stat=Deferred: 451" in line for line in lines)

    def _make_map(self):
        access = self.directory / "etc/access"
        access.write_text(self._text("access"))
        with open(access, encoding="ascii") as source:
            lab.run(self._unpacked / "usr/libexec/sendmail/makemap", "-C", "/dev/null", "hash", access, stdin=source)

    def _run(self):
        self._make_map()
        submit = self.directory / "etc/submit.cf"
        queue = self.directory / "clientmqueue"
        queue.mkdir(mode=0o770, exist_ok=True)
        shutil.chown(queue, "nobody", "nogroup")
        submit.write_text(lab.run("m4", f"-D_CF_DIR_={self._settings['cf']}/", "-",
                                  input=_SUBMIT.format(client_queue=queue, **self._settings)))
        self._submission = (self._program, "-Ac", "-C", submit)
        super()._run()

    def _judged(self):
        text = self._text("sallyport.m4")
        if "by file" in self._changes:
            text = self._replaced(text, f"S={MILTER}, ", f"S={self.socket_file}, ")
        if "hurried" in self._changes:
            text = self._replaced(text, r"T=C:10s;S:10s;R:10s;E:30s", "T=C:2s;S:2s;R:2s;E:2s")
        copy = self.directory / "etc/sallyport.m4"
        copy.write_text(text)
        bypassed = "define(`confINPUT_MAIL_FILTERS', `')" if "bypassed" in self._changes else ""
        return f"include(`{copy}')dnl\n{bypassed}"
