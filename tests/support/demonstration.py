#!/usr/bin/python3
"""The manual relay check before a reader's eyes: what contrib/try starts when sallyport is built."""

import argparse
import shutil
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support import lab  # noqa: E402  (the path above comes first)
from support.credentials import password  # noqa: E402
from support.daemon import Daemon  # noqa: E402
from support.doors import Door, open_doors, serve  # noqa: E402
from support.gate import RELAY, SENDER  # noqa: E402
from support.mta import INBOUND, REMOTE, SUBMISSION  # noqa: E402
from support.postfix import Postfix  # noqa: E402
from support.resolver import Resolver  # noqa: E402
from support.sink import Sink  # noqa: E402
from support.smtp import Session  # noqa: E402

SOCKET = f"unix:{lab.DIRECTORY}/gate/milter.sock"
UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"

# (who, its address, the address that it calls, the words it must be refused with or none, what it shows)
PLAYS = (
    ("a machine on the LAN", lab.LAN, lab.SERVER, None,
     "The LAN may send to the whole world through this server."),
    ("the server itself", lab.SERVER, lab.SERVER, None,
     "So may the server, by its own address ..."),
    ("a program on the server", "127.0.0.1", "127.0.0.1", None,
     "... and by the loopback address."),
    ("a stranger from the internet", lab.INTERNET, lab.SERVER, UNABLE,
     "No open relay: a stranger may write to our own domains only."),
    ("a stranger behind the router", lab.ROUTER, lab.SERVER, UNABLE,
     "A router that rewrites source addresses makes the whole internet look like one machine of the LAN. Its address "
     "lies in the LAN's network and is taken out of it, so that the stranger is refused all the same."),
)

DOORS = (
    Door(10025, lab.SERVER, INBOUND.port, lab.INTERNET, f"port 25, as {lab.INTERNET} from the internet"),
    Door(10026, lab.SERVER, INBOUND.port, lab.LAN, f"port 25, as {lab.LAN} on the LAN"),
    Door(10027, lab.SERVER, INBOUND.port, lab.ROUTER, f"port 25, as {lab.ROUTER}, the router"),
    Door(10028, "127.0.0.1", INBOUND.port, "127.0.0.1", "port 25, as 127.0.0.1, the server itself"),
    Door(10587, lab.SERVER, SUBMISSION.port, lab.INTERNET, "port 587, from the internet: STARTTLS and a login"),
    Door(60025, lab.SERVER, REMOTE.port, lab.INTERNET, "port 60025, the same for remote users"),
)


class Terminal:
    """Whole lines, one writer at a time; colours only where somebody can see them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._colours = sys.stdout.isatty()

    def line(self, text="", colour=None):
        with self._lock:
            print(f"\033[{colour}m{text}\033[0m" if colour and self._colours else text, flush=True)

    def dialogue(self, mark, text):
        """A line of the SMTP session, as Session says it."""
        who, colour = {">": ("C:", "1"), "<": ("S:", "36"), "*": ("  ", "2")}[mark]
        self.line(f"    {who} {text}", colour)


def main():
    arguments = _arguments()
    rules = arguments.rules.resolve()
    executable = arguments.sallyport.resolve()
    opened = [] if arguments.once else open_doors(DOORS)
    try:
        outside = lab.enter()
    except (lab.Unavailable, RuntimeError) as reason:
        sys.exit(f"contrib/try: {reason}")
    terminal = Terminal()
    try:
        stage = Stage(executable, rules, terminal)
        as_it_should = stage.play_all()
        if arguments.once:
            sys.exit(0 if as_it_should else 1)
        serve(opened)
        stage.stay(opened, outside)
    except KeyboardInterrupt:
        terminal.line("\nEnded; nothing is left behind.")


class Stage:
    """A private Postfix with sallyport and the example's rules attached."""

    def __init__(self, executable, rules, terminal):
        self._terminal = terminal
        self._theirs = rules
        self._rules = lab.DIRECTORY / "rules" / rules.name
        self._copy_rules()
        directory = lab.DIRECTORY / "gate"
        directory.mkdir()
        shutil.chown(directory, "nobody", "postfix")
        self._resolver = Resolver()
        self._sink = Sink()
        self._daemon = Daemon(executable, self._rules, SOCKET,
                              ["--socket", SOCKET, "--user", "nobody", "--group", "postfix"])
        terminal.line(f"Starting sallyport with {rules}, and a private Postfix ...")
        self._daemon.start()
        self._mta = Postfix(SOCKET, self._sink)
        self._mta.start()

    def _copy_rules(self):
        """The daemon gives up root, and may then not be able to read what lies in somebody's home."""
        lab.copy_readable(self._theirs.parent, self._rules.parent)

    def _shown(self, text):
        """A line of the daemon's log, naming the rule file that the reader knows."""
        return text.replace(str(self._rules.parent), str(self._theirs.parent))

    def play_all(self):
        """All plays; True if each came out as it should."""
        outcomes = [self._play(number, *play) for number, play in enumerate(PLAYS, 1)]
        if all(outcomes):
            self._terminal.line("All came out as they should.\n", "32")
        else:
            self._terminal.line("NOT as it should be: see above.\n", "31")
        return all(outcomes)

    def _play(self, number, who, client, server, refusal, meaning):
        terminal = self._terminal
        terminal.line(f"\n{number}. {who[0].upper()}{who[1:]}, {client}, sends to the outside\n", "1")
        before = self._daemon.mark()
        self._sink.forget()
        with Session(server, INBOUND.port, client, say=terminal.dialogue) as session:
            session.command("helo localhost")
            session.command(f"mail from:<{SENDER}>")
            answer = session.command(f"rcpt to:<{RELAY}>")
            if answer.code == 250:
                session.command("data")
                session.message("Subject: the manual relay check\n\nIt passed.\n")
            session.command("quit")
        self._mta.await_idle()
        delivered = any(RELAY in message.recipients for message in self._sink.messages)
        terminal.line()
        if refusal is None:
            right = answer.code == 250 and delivered
            terminal.line("    Accepted and delivered to the next hop." if right else f"    WRONG: {answer}")
        else:
            right = answer.words == refusal and not delivered
            terminal.line("    Refused, and nothing left the server." if right else f"    WRONG: {answer}")
            line = self._daemon.await_line("^refused ", before)
            terminal.line(f"    The log says: {self._shown(line)}", "2")
        terminal.line(f"    {meaning}")
        return right

    def stay(self, opened, outside):
        """Shows how to reach it and what happens, until Ctrl-C."""
        line = self._terminal.line
        line("It stays up for your own telnet or swaks until Ctrl-C. It lives in a network of its own; these ports of "
             "127.0.0.1 lead into it:\n")
        for door, listener in opened:
            line(f"    telnet 127.0.0.1 {listener.getsockname()[1]:<6}  {door.about}")
        (submission,) = (listener for door, listener in opened if door.port == SUBMISSION.port)
        line("\nWith a login (alice or bob may, carol may not):\n")
        line(f"    swaks --server 127.0.0.1:{submission.getsockname()[1]} --tls --auth-user alice "
             f"--auth-password {password('alice')} --from {SENDER} --to {RELAY}")
        line("\nFrom any address of its network, as root:\n")
        line(f"    nsenter --target {outside} --net telnet -b {lab.LAN} {lab.SERVER} 25")
        line(f"\nTo try other rules, change {self._theirs} and press Enter here.")
        line("\nWhat sallyport logs and what is delivered appears here.\n")
        self._sink.on_message = lambda message: line(
            f"delivered from <{message.sender}> to {', '.join(f'<{one}>' for one in message.recipients)}", "32")
        threading.Thread(target=self._reload_on_enter, daemon=True).start()
        seen = self._daemon.mark()
        while self._daemon.alive:
            try:
                self._daemon.await_line("", seen, patience=1)
            except AssertionError:
                continue
            for text in self._daemon.since(seen):
                line(self._shown(text))
                seen += 1
        line(f"sallyport has ended with status {self._daemon.await_end()}.")
        sys.exit(1)

    def _reload_on_enter(self):
        for _line in sys.stdin:
            self._copy_rules()
            self._daemon.signal(signal.SIGHUP)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sallyport", type=Path, required=True)
    parser.add_argument("--rules", type=Path, required=True)
    parser.add_argument("--once", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
