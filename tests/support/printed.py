"""The MTAs with the settings that `sallyport mta` prints for a rule file.

    gate.mta.load(settings)      # an object of `sallyport mta --json`

What is loaded is the printed text as it is, put where contrib's files would be; but for the domains that mail comes in
for, which stand there in a comment, as only the administrator knows which of them stay on the machine.
"""

from support.attached import AttachedPostfix, AttachedSendmail
from support.mta import OURS, Listener


class _Printed:
    """Begins with contrib's settings, until others are loaded."""

    _printed = {}

    def load(self, settings):
        """Starts the MTA again with these settings."""
        self._printed = {each["name"]: each["text"] for each in settings["files"]}
        self.served = [Listener(service["port"], service["daemon"]) for listener in settings["listeners"]
                       for service in listener["services"] if service["complete"]]
        self._restart(frozenset())

    def _text(self, name):
        return self._printed[name] + self._ours.get(name, "") if self._printed else super()._text(name)


class PrintedPostfix(_Printed, AttachedPostfix):
    _ours = {"main.cf": f"\nrelay_domains = {OURS}\n"}

    def _run(self):
        for name, text in self._printed.items():
            if name.endswith(".cidr"):
                (self.directory / "etc" / name).write_text(text)
        super()._run()


class PrintedSendmail(_Printed, AttachedSendmail):
    _ours = {"access": f"\nTo:{OURS} RELAY\n"}
