#!/usr/bin/python3
"""A decision log of a gateway that never was: the same for the same seed.

    gateway_log.py --lines 1000 --begin 2026-11-16 --days 7 [--seed 1] [--clients 5000] > LOG

Mail from outside at a listener "inbound", mail of the house and of its logins at "outbound", programs of the machine at
"machine", by the hours of an office. Some of it is refused: strangers who would relay, networks that are blocked, senders
that are borrowed, names that cannot be looked up.
"""

import argparse
import datetime
import math
import random
import sys

_HOURS = [2, 1, 1, 1, 1, 2, 4, 9, 18, 22, 21, 19, 14, 18, 20, 19, 17, 13, 8, 6, 5, 4, 3, 2]
_WEEKDAYS = [1, 1.05, 1, 0.95, 0.8, 0.25, 0.2]
_LOGINS = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"]
_RULES = "/etc/sallyport/gateway.conf"

_STAGE = '{"stage":"%s","verdict":"accept"}'
_CONNECT = '{"stage":"connect","verdict":"accept","rule":"connection","by":"' + _RULES + ':26"}'
_BLOCKED = ('{"stage":"connect","verdict":"reject","rule":"connection","by":"' + _RULES + ':26",'
            '"reply":"550 5.7.1 Access denied for %s"}')
_BORROWED = ('{"stage":"mail","verdict":"reject","rule":"mail[1]","by":"' + _RULES + ':31",'
             '"reply":"550 5.7.1 %s is ours: send it from inside"}')
_UNNAMED = ('{"stage":"mail","verdict":"tempfail","rule":"mail[2]","by":"' + _RULES + ':35","cause":"name unknown just now",'
            '"reply":"450 4.7.1 Cannot look up your name, try again later"}')
_LOCAL = '{"stage":"rcpt","recipient":"%s","relay":false,"verdict":"accept"}'
_RELAY = '{"stage":"rcpt","recipient":"%s","relay":true,"verdict":"accept","rule":"relay","by":"' + _RULES + ':52"}'
_STRANGER = ('{"stage":"rcpt","recipient":"%s","relay":true,"verdict":"reject","rule":"relay","by":"' + _RULES + ':28",'
             '"reply":"550 5.7.1 Unable to relay for %s"}')


class Gateway:
    """Makes lines, one after the other."""

    def __init__(self, seed, clients):
        self._random = random.Random(seed)
        self._clients = clients
        self._number = 0

    def lines(self, count, begin, days):
        """Yields lines of so many records, in the order of their times."""
        weights = [_HOURS[hour] * _WEEKDAYS[(begin + datetime.timedelta(days=day)).weekday()]
                   for day in range(days) for hour in range(24)]
        whole, sent, done = sum(weights), 0.0, 0
        for number, weight in enumerate(weights):
            sent += weight
            here = round(count * sent / whole) - done
            done += here
            start = begin + datetime.timedelta(hours=number)
            share = number / len(weights)
            for index in range(here):
                milliseconds = index * 3600000 // here
                time = start + datetime.timedelta(milliseconds=milliseconds)
                yield self._line(time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z", share)

    def _line(self, time, share):
        self._number += 1
        kind = self._random.random()
        if kind < 0.50:
            return self._inbound(time)
        if kind < 0.74:
            return self._outbound(time, share)
        if kind < 0.78:
            return self._machine(time)
        return self._refused(time, kind)

    def _outsider(self):
        """A client's number: a few write often, most of them seldom."""
        return int(self._clients * self._random.random() ** 4)

    @staticmethod
    def _address(number):
        return f"203.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"

    def _record(self, time, kind, rest, end, verdict, stages):
        message = '"message":1,' if kind == "message" else ""
        return (f'{{"v":1,"time":"{time}","kind":"{kind}","session":"k3x-{self._number:x}",{message}"generation":1,'
                f'"digest":"9f86d081884c7d65","microseconds":{3 + self._number % 9},{rest},"verdict":"{verdict}",'
                f'"end":"{end}","stages":[{",".join(stages)}]}}\n')

    def _size(self):
        return int(math.exp(self._random.gauss(9.6, 1.5)))

    def _inbound(self, time):
        number = self._outsider()
        rest = (f'"listener":"inbound","direction":"inbound","port":25,"client":"{self._address(number)}",'
                f'"client_name":"mx{number}.example.org","helo":"mx{number}.example.org"')
        end = "abandoned" if self._random.random() < 0.01 else "accepted"
        if self._random.random() < 0.9:
            rest += f',"size":{self._size()}'
        rest += f',"sender":"someone{number}@example.org"'
        to = [_LOCAL % f"{name}@d-advantage.jp" for name in self._random.sample(_LOGINS, self._random.choice((1, 1, 1, 2, 3)))]
        return self._record(time, "message", rest, end, "accept",
                            [_CONNECT, _STAGE % "helo", _STAGE % "mail", *to, _STAGE % "data"])

    def _outbound(self, time, share):
        # The last of them begin to write only towards the end.
        login = _LOGINS[int(len(_LOGINS) * (0.8 if share < 0.8 else 1) * self._random.random() ** 2)]
        rest = (f'"listener":"outbound","direction":"outbound","port":587,"client":"172.16.1.{50 + len(login)}",'
                f'"helo":"[172.16.1.{50 + len(login)}]","user":"{login}","mechanism":"PLAIN","tls":256,'
                f'"size":{self._size()},"sender":"{login}@d-advantage.jp"')
        to = [_RELAY % f"customer{int(400 * self._random.random() ** 2)}@example.com"
              for _ in range(self._random.choice((1, 1, 1, 1, 2, 5)))]
        return self._record(time, "message", rest, "accepted", "accept",
                            [_STAGE % "connect", _STAGE % "helo", _STAGE % "mail", *to, _STAGE % "data"])

    def _machine(self, time):
        rest = ('"listener":"machine","direction":"outbound","local":true,"client":"127.0.0.1","helo":"localhost",'
                f'"size":{self._size() // 4},"sender":"root@d-advantage.jp"')
        return self._record(time, "message", rest, "accepted", "accept",
                            [_STAGE % "connect", _STAGE % "helo", _STAGE % "mail", _RELAY % "admin@example.com",
                             _STAGE % "data"])

    def _refused(self, time, kind):
        number = self._outsider() + self._clients
        address = self._address(number)
        rest = (f'"listener":"inbound","direction":"inbound","port":25,"client":"{address}","client_name":"unknown",'
                f'"helo":"dsl{number}.example"')
        if kind < 0.83:
            return self._record(time, "session", rest, "refused", "reject", [_BLOCKED % address, _STAGE % "helo"])
        if kind < 0.86:
            sender = self._random.choice(("sales@d-advantage.jp", "info@d-advantage.jp"))
            return self._record(time, "message", f'{rest},"sender":"{sender}"', "refused", "reject",
                                [_CONNECT, _STAGE % "helo", _BORROWED % sender])
        if kind < 0.88:
            return self._record(time, "message", f'{rest},"sender":"news{number}@example.net"', "refused", "tempfail",
                                [_CONNECT, _STAGE % "helo", _UNNAMED])
        victim = f"victim{self._number % 977}@example.com"
        return self._record(time, "message", f'{rest},"sender":"spam{number % 5000}@example.net"', "refused", "reject",
                            [_CONNECT, _STAGE % "helo", _STAGE % "mail", _STRANGER % (victim, victim)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--begin", type=datetime.datetime.fromisoformat, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=5000, help="how many there are outside")
    chosen = parser.parse_args()
    sys.stdout.writelines(Gateway(chosen.seed, chosen.clients).lines(chosen.lines, chosen.begin, chosen.days))


if __name__ == "__main__":
    main()
