"""What an MTA's own log says of messages: which were refused, in which words, and which went where."""

import collections
import re
from dataclasses import dataclass, field

_POSTFIX_REFUSED = re.compile(r"postfix/smtpd\[\d+\]: \w+: milter-reject: (MAIL|RCPT|DATA) from \S+: (.*?); "
                              r"from=<(.*?)>(?: to=<(.*?)>)? proto=")
_POSTFIX_QUEUED = re.compile(r"postfix/qmgr\[\d+\]: (\w+): from=<(.*?)>, size=")
_POSTFIX_SENT = re.compile(r"postfix/\w+\[\d+\]: (\w+): to=<(.*?)>, .* status=sent ")

_SENDMAIL_REFUSED = re.compile(r"sendmail\[\d+\]: (\w+): Milter: (?:(from|to)=<(.*?)>|cmd=(data)), reject=(.*)")
_SENDMAIL_QUEUED = re.compile(r"sendmail\[\d+\]: (\w+): from=<(.*?)>, size=")
_SENDMAIL_SENT = re.compile(r"sendmail\[\d+\]: (\w+): to=(<.*?>(?:,<.*?>)*), .* stat=Sent ")


@dataclass
class Told:
    """By sender, which the caller makes different for each message."""

    refused: collections.Counter = field(default_factory=collections.Counter)  # (stage, sender, recipient, words)
    sent: dict = field(default_factory=lambda: collections.defaultdict(list))  # sender: recipients
    queues: dict = field(default_factory=dict)                                 # queue id: sender


def read(name, lines):
    """What the log of the MTA of that name tells."""
    return {"postfix": _postfix, "sendmail": _sendmail}[name](lines)


def _postfix(lines):
    told = Told()
    for line in lines:
        if found := _POSTFIX_REFUSED.search(line):
            stage, words, sender, recipient = found.groups()
            told.refused[stage.lower(), sender, recipient if stage == "RCPT" else None, words] += 1
        elif found := _POSTFIX_QUEUED.search(line):
            told.queues[found[1]] = found[2]
        elif found := _POSTFIX_SENT.search(line):
            told.sent[told.queues.get(found[1])].append(found[2])
    return told


def _sendmail(lines):
    told = Told()
    refused = []
    for line in lines:
        if found := _SENDMAIL_REFUSED.search(line):
            refused.append(found.groups())
        elif found := _SENDMAIL_QUEUED.search(line):
            told.queues[found[1]] = found[2]
        elif found := _SENDMAIL_SENT.search(line):
            told.sent[told.queues.get(found[1])] += re.findall("<(.*?)>", found[2])
    for queue, what, address, data, words in refused:  # the sender comes later
        stage = {"from": "mail", "to": "rcpt", None: data}[what]
        told.refused[stage, address if stage == "mail" else told.queues.get(queue), address if stage == "rcpt" else None,
                     words] += 1
    return told
