"""A mixed load: clients, the counters, the decision log, the report, replay, shadow rules and the MTA's own log tell the
same of it.

Sessions of every kind, many at a time: local and relay recipients, one and several, logins, refusals at every stage, and
clients that give up at every place. 10000 of them; SALLYPORT_SESSIONS=1000 in the environment plays fewer.
"""

import collections
import json
import os
import queue
import random
import subprocess
import threading
from dataclasses import dataclass, field

from metrics import ADDRESS, FROM_RECORDS, counted, told
from rules import OURS, listener, refuse, rule_file
from support import credentials, decisions, lab, mail_log, wait
from support.mta import CLEAR, INBOUND, SUBMISSION
from support.smtp import Session
from support.suite import Suite

suite = Suite(__doc__)

SESSIONS = int(os.environ.get("SALLYPORT_SESSIONS", "10000"))
AT_ONCE = 16
SEED = 6
PATIENCE = 60 + SESSIONS / 100  # seconds for all that was accepted to arrive

BLOCKED = "198.51.100.0/24"
LIAR = "liar.example"
OUTBOUND = (SUBMISSION.port, CLEAR.port)
USERS = ("alice", "bob", "carol")

REFUSALS = (f'connection = {{ mode = "all-except"; clients = [ "{BLOCKED}" ]; }};',
            refuse("helo", f'helo = [ "{LIAR}" ];', "450 4.7.0 {helo} lies"),
            refuse("mail", 'sender = [ "spam.example" ];'),
            refuse("rcpt", 'recipient = [ "busy@" ];', "450 4.2.0 {recipient} is busy"),
            refuse("data", "recipients_over = 4;"),
            f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; authenticated = true; }};')
RULES = rule_file(
    f'{{ name = "outbound"; direction = "outbound"; match = {{ port = {list(OUTBOUND)}; }}; {" ".join(REFUSALS)} }}',
    listener(*REFUSALS))

# Without the rule that lets a network relay: what judges beside them, and what replay is given.
LESS = RULES.replace(f'clients = [ "{lab.LAN}" ]', "clients = []")
SHADOW = "less.conf"


@dataclass
class Message:
    """What a client said of one message, and what it was told."""

    client: str
    port: int
    sender: str
    size: int = None
    mail: object = None                             # a reply
    recipients: list = field(default_factory=list)  # (address, reply)
    data: object = None                             # the last reply, if there was one beyond "go on"

    @property
    def end(self):
        """What the decision log calls it."""
        if self.mail.code != 250 or self.data is not None:
            return "accepted" if self.mail.code == 250 and self.data.code == 250 else "refused"
        return "refused" if self.recipients and not self.taken else "abandoned"

    @property
    def taken(self):
        return [address for address, reply in self.recipients if reply.code == 250]

    @property
    def refusals(self):
        """(stage, recipient, words)"""
        steps = [("mail", None, self.mail), *(("rcpt", *each) for each in self.recipients), ("data", None, self.data)]
        return [(stage, recipient, reply.words) for stage, recipient, reply in steps if reply and reply.code >= 400]


class Client:
    """One session, whose course its number decides."""

    def __init__(self, number, bare):
        self.messages = []
        self._number = number
        self._bare = bare
        self._random = random.Random(SEED * 1000000 + number)
        choice = self._random.choices
        self.login, = choice((None, self._random.choice(USERS)), (80, 20))
        self.port, = choice((CLEAR.port, SUBMISSION.port), (80, 20)) if self.login else choice(
            (INBOUND.port, CLEAR.port), (80, 20))
        self.address, = choice((lab.INTERNET, lab.LAN, lab.INTERNET6, f"192.0.2.{number % 250 + 1}",
                                f"198.51.100.{number % 250 + 1}"), (30, 20, 20, 20, 10))
        self.helo = LIAR if self._random.random() < 0.05 else f"client{number}.example"
        self.count, = choice((0, 1, 2, 3), (10, 65, 15, 10))

    @property
    def silent_refusal(self):
        """Is it refused, and never says MAIL?"""
        return self.count == 0 and (self.address.startswith(BLOCKED[:11]) or self.helo == LIAR)

    def play(self):
        server = lab.SERVER6 if ":" in self.address else lab.SERVER
        with Session(server, self.port, self.address, bare=self._bare, patience=PATIENCE) as session:
            session.ehlo(self.helo)
            if self.port == SUBMISSION.port:
                session.starttls()
                session.ehlo(self.helo)
            if self.login:
                # Who is refused at connect or HELO, is offered no login.
                session.auth("PLAIN", self.login, credentials.password(self.login))
            for index in range(self.count):
                if not self._message(session, index):
                    return
            session.quit()

    def _message(self, session, index):
        """Returns false where it hung up."""
        chance = self._random
        domain, = chance.choices(("example.org", "spam.example", OURS), (75, 5, 20))
        message = Message(self.address, self.port, f"m{self._number}.{index}@{domain}")
        if chance.random() < 0.5:
            message.size = chance.randrange(100, 1000000)
        self.messages.append(message)
        message.mail = session.mail(message.sender, *([f"SIZE={message.size}"] if message.size else []))
        if message.mail.code != 250:
            return True
        for number in range(chance.choices((0, 1, 2, 3, 6), (3, 60, 17, 10, 10))[0]):
            user, = chance.choices((f"user{number}", "busy"), (95, 5))
            address = f"{user}@{chance.choice((OURS, 'example.com'))}"
            if address not in dict(message.recipients):
                message.recipients.append((address, session.rcpt(address)))
        course, = chance.choices(("deliver", "reset", "leave", "hang up", "cut"), (75, 8, 5, 7, 5))
        if course == "deliver" and message.taken:
            message.data = session.data()
            session.rset()
        elif course == "cut" and message.taken:
            reply = session.command("DATA")
            if reply.code == 354:
                session.send("Subject: half a message")
            else:
                message.data = reply
            return False
        elif course == "hang up":
            return False
        elif course == "leave":
            session.quit()
            return False
        else:
            session.rset()
        return True


def play_all(bare):
    """Plays all sessions, many at once."""
    clients = [Client(number, bare) for number in range(SESSIONS)]
    waiting, trouble = queue.SimpleQueue(), []
    for client in clients:
        waiting.put(client)

    def work():
        while not trouble:
            try:
                waiting.get_nowait().play()
            except queue.Empty:
                return
            except Exception as error:
                trouble.append(error)

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if trouble:
        raise trouble[0]
    return clients


class Load:
    """The load, played once: what each party says of it."""

    def __init__(self, gate):
        log = gate.directory / "agreement"
        self.less = gate.write_rules(LESS, name=SHADOW)
        gate.rules(f'{RULES} shadow = "{SHADOW}";', extra=f'metrics = "{ADDRESS}"; decisions = "{log}";')
        mark = len(gate.mta.log)
        self.clients = play_all(gate.mta.bare)
        self.messages = {message.sender: message for client in self.clients for message in client.messages}
        self.accepted = {sender: sorted(message.taken) for sender, message in self.messages.items()
                         if message.end == "accepted"}
        self.silent = sum(client.silent_refusal for client in self.clients)
        arriving = sum(map(len, self.accepted.values()))
        wait.until(lambda: sum(len(message.recipients) for message in gate.sink.messages) >= arriving,
                   "what was accepted to arrive", PATIENCE, 0.1)
        gate.mta.await_idle()
        self.arrived = collections.defaultdict(list)
        for message in gate.sink.messages:
            self.arrived[message.sender] += map(gate.mta.delivered_to, message.recipients)
        wait.until(lambda: counted()["sallyport_sessions_open", ()] == 0, "all sessions to end", PATIENCE)
        count = len(self.messages) + self.silent
        wait.until(lambda: log.read_bytes().count(b"\n") >= count, f"{count} lines", PATIENCE, 0.1)
        self.lines = decisions.read(log)
        wait.until(lambda: sum(by_label(counted(), "sallyport_shadow_judged_total", "outcome").values()) >= count,
                   "the shadow to have judged all", PATIENCE, 0.1)
        self.counters = counted()
        self.log = log
        done = subprocess.run([gate.executable, "report", "--json", log], capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == "", done
        self.report = json.loads(done.stdout)
        wait.until(lambda: sum(map(len, mail_log.read(gate.mta.name, gate.mta.log[mark:]).sent.values())) >= arriving,
                   "the MTA to log what it sent", PATIENCE, 0.2)
        self.mta = mail_log.read(gate.mta.name, gate.mta.log[mark:])


def by_label(counters, name, label):
    """The sums of a counter's series by the values of a label."""
    found = collections.Counter()
    for (series, labels), value in counters.items():
        if series == name:
            found[dict(labels)[label]] += value
    return found


_loads = []


def load(gate):
    """The one load that all cases look at."""
    if not _loads:
        _loads.append(None)
        _loads[0] = Load(gate)
    assert _loads[0] is not None, "the load did not come to its end"
    return _loads[0]


def same(one, other):
    """Asserts that two dictionaries are the same; says where they are not."""
    differing = {key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)}
    assert not differing, f"{len(differing)} differ: {dict(list(differing.items())[:5])}"


@suite.case("the load has everything in it: each end, verdict and stage, by each listener")
def _(gate):
    played = load(gate)
    ends = collections.Counter((message.port in OUTBOUND, message.end) for message in played.messages.values())
    assert len(ends) == 6 and min(ends.values()) >= 5, ends
    refused = collections.Counter((stage, words[0]) for message in played.messages.values()
                                  for stage, _, words in message.refusals)
    assert set(refused) == {("mail", "4"), ("mail", "5"), ("rcpt", "4"), ("rcpt", "5"), ("data", "5")}, refused
    assert played.silent > 0 and any("user" in line for line in played.lines)
    assert any(len(taken) > 1 for taken in played.accepted.values())


@suite.case("what clients were told to be taken is what arrived, to the last recipient")
def _(gate):
    played = load(gate)
    same(played.accepted, {sender: sorted(recipients) for sender, recipients in played.arrived.items()})


@suite.case("the decision log has a line for each message: its client, recipients, each verdict and word, and its end")
def _(gate):
    played = load(gate)
    assert len(played.lines) == len(played.messages) + played.silent, (len(played.lines), len(played.messages))
    logged = {line["sender"]: (line["client"], line["port"], line.get("size"), line["end"],
                               [(step["recipient"], step.get("reply")) for step in line["stages"]
                                if step["stage"] == "rcpt"],
                               [step["reply"] for step in line["stages"] if step["stage"] != "rcpt" and "reply" in step])
              for line in played.lines if line["kind"] == "message"}
    heard = {sender: (message.client, message.port, message.size, message.end,
                      [(address, None if reply.code == 250 else reply.words) for address, reply in message.recipients],
                      [words for stage, _, words in message.refusals if stage != "rcpt"])
             for sender, message in played.messages.items()}
    same(logged, heard)
    silent = [line["end"] for line in played.lines if line["kind"] == "session"]
    assert silent == ["refused"] * played.silent, silent


@suite.case("the counters are what the decision log says, and every session was counted")
def _(gate):
    played = load(gate)
    same({key: value for key, value in played.counters.items() if key[0] in FROM_RECORDS}, told(played.lines))
    sessions = {dict(labels)["listener"]: value for (name, labels), value in played.counters.items()
                if name == "sallyport_sessions_total"}
    wanted = collections.Counter("outbound" if client.port in OUTBOUND else "inbound" for client in played.clients)
    same(sessions, wanted)
    assert played.counters["sallyport_decision_seconds_count", ()] == len(played.lines)
    assert played.counters["sallyport_decision_log_lost_total", ()] == 0


@suite.case("the report has what clients were told, in each direction")
def _(gate):
    played = load(gate)
    assert played.report["read"]["records"] == len(played.lines) and played.report["read"]["foreign"] == 0, played.report
    silent = collections.Counter("outbound" if client.port in OUTBOUND else "inbound" for client in played.clients
                                 if client.silent_refusal)
    for side in ("inbound", "outbound"):
        messages = [each for each in played.messages.values() if (each.port in OUTBOUND) == (side == "outbound")]
        accepted = [each for each in messages if each.end == "accepted"]
        codes = [reply.code // 100 for each in messages for _, reply in each.recipients]
        total = played.report["total"][side]
        same(total, {
            **{end: sum(each.end == end for each in messages) for end in ("accepted", "refused", "abandoned")},
            "sessions_refused": silent[side],
            "recipients": sum(len(each.taken) for each in accepted),
            "relay_recipients": sum(not address.endswith("@" + OURS) for each in accepted for address in each.taken),
            "bytes": sum(each.size or 0 for each in accepted),
            "undeclared": sum(each.size is None for each in accepted),
            "rcpt": {verdict: codes.count(code) for verdict, code in (("accept", 2), ("tempfail", 4), ("reject", 5))}})


@suite.case("the MTA's own log has the same messages, recipients and refusals, in the same words")
def _(gate):
    played = load(gate)
    same({sender: sorted(recipients) for sender, recipients in played.mta.sent.items()}, played.accepted)
    same(played.mta.refused, collections.Counter((stage, sender, recipient, words)
                                                 for sender, message in played.messages.items()
                                                 for stage, recipient, words in message.refusals))
    queues = {line["queue"]: line["sender"] for line in played.lines if line["end"] == "accepted"}
    same({queue: played.mta.queues.get(queue) for queue in queues}, queues)
    assert len(queues) == len(played.accepted)


def replay(gate, rules, log):
    done = subprocess.run([gate.executable, "replay", "--json", "-c", rules, log], capture_output=True, text=True)
    assert done.returncode in (0, 1) and done.stderr == "", done
    return done.returncode, json.loads(done.stdout)


def through_the_network(line):
    """The recipients of a line that were relayed because of the client's network alone."""
    if line["client"] != lab.LAN or "user" in line:
        return []
    return [step["recipient"] for step in line["stages"] if step.get("relay") and step["verdict"] == "accept"]


def passes_data_without(line):
    """Was it refused at DATA for its many recipients, and would not have been without those?"""
    taken = sum(step["stage"] == "rcpt" and step["verdict"] == "accept" for step in line["stages"])
    return (line["stages"][-1]["stage"] == "data" and line["stages"][-1]["verdict"] == "reject" and
            1 <= taken - len(through_the_network(line)) <= 4)


@suite.case("replay by the same rules has nothing to say")
def _(gate):
    played = load(gate)
    status, found = replay(gate, gate.rule_file, played.log)
    assert (status, found["records"], found["different"], found["left_out"]) == (0, len(played.lines), 0, 0), found
    assert found["hashed"] == found["no_rules"] == 0, found


@suite.case("replay without a relay rule finds exactly the sessions that used it; the shadow found them, too, meanwhile")
def _(gate):
    played = load(gate)
    used = {line["session"]: line for line in played.lines if through_the_network(line)}
    messages = sum(bool(through_the_network(line)) for line in played.lines)
    wanted = {stage: count for stage, count in (
        ("rcpt", sum(len(through_the_network(line)) for line in played.lines)),
        ("data", sum(passes_data_without(line) for line in played.lines if through_the_network(line)))) if count}
    assert wanted["rcpt"] >= 10, wanted
    status, found = replay(gate, played.less, played.log)
    assert (status, found["different"]) == (1, messages), (found, messages)
    replayed = collections.Counter()
    for difference in found["differences"]:
        replayed[difference["stage"]] += difference["count"]
        assert all(example["session"] in used for example in difference["examples"]), difference
    same(replayed, wanted)
    same(by_label(played.counters, "sallyport_shadow_differences_total", "stage"), wanted)
    same(by_label(played.counters, "sallyport_shadow_judged_total", "outcome"),
         {"different": messages, "same": len(played.lines) - messages})
    assert not any(by_label(played.counters, "sallyport_shadow_not_judged_total", "reason").values()), played.counters
