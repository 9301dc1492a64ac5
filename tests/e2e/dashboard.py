"""The alert rules and the Grafana dashboard in contrib/, held against a real Prometheus that collects from the daemon."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import decisions as log_suite
import shadow as shadow_suite
from metrics import ADDRESS
from support import collector, lab, wait
from support.prometheus import Prometheus
from support.suite import Suite

_unpacked = []

suite = Suite(__doc__, prepare=lambda: _unpacked.append(collector.unpack()))

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
RULES = CONTRIB / "prometheus" / "sallyport.rules.yml"
TESTS = CONTRIB / "prometheus" / "sallyport.test.yml"
SETTINGS = CONTRIB / "prometheus" / "prometheus.yml"
DASHBOARD = json.loads((CONTRIB / "grafana" / "sallyport.json").read_text())

# What Grafana puts in for its variables.
VARIABLES = (("$__rate_interval", "30s"), ("$__range", "1m"), ("$job", ".*"), ("$instance", ".*"))

_LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)")


def promtool(*words):
    done = subprocess.run([_unpacked[0] / "usr/bin/promtool", *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def queries():
    """(title of the panel, expression) of all panels, with Grafana's variables put in."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in VARIABLES:
                expression = expression.replace(variable, value)
            assert "$" not in expression, expression
            yield panel["title"], expression


_collecting = []


def collecting(gate):
    """A Prometheus that has collected before, while and after mail of every kind passed. One for the suite."""
    if not _collecting:
        directory = gate.directory / "prometheus"
        directory.mkdir()
        shutil.copy(RULES, directory)
        text = SETTINGS.read_text()
        (directory / SETTINGS.name).write_text("global: { scrape_interval: 500ms, evaluation_interval: 1s }\n" + text)
        gate.write_rules(shadow_suite.OTHER, name=shadow_suite.SHADOW)
        gate.rules(shadow_suite.NAMED + log_suite.RULES.replace("listeners = (", """listeners = (
            { name = "outbound"; direction = "outbound"; match = { port = [ 2525 ]; };
              relay = { mode = "only"; clients = [ "%s" ]; }; },""" % lab.LAN), extra=f'metrics = "{ADDRESS}";')
        prometheus = Prometheus(_unpacked[0] / "usr/bin/prometheus", directory / SETTINGS.name, directory / "kept")
        wait.until(lambda: prometheus.query("up == 1"), "the daemon's metrics to be collected")
        for _ in range(2):  # so that what is new with the first is seen to rise with the second
            for play in log_suite.PLAYS:
                gate.play(**play)
            for client in (lab.LAN, lab.INTERNET):
                gate.play(client=client, port=2525, parameters=("SIZE=1000",), recipients=(log_suite.RELAY,))
            wait.until(lambda: collected(prometheus) == sessions(), "what passed to be collected")
        _collecting.append(prometheus)
    return _collecting[0]


def sessions():
    """Sessions that the daemon has counted."""
    return sum(value for (name, _), value in collector.series(collector.fetch(ADDRESS)[1]).items()
               if name == "sallyport_sessions_total")


def collected(prometheus):
    """Those that Prometheus knows of."""
    return sum(float(sample["value"][1]) for sample in prometheus.query("sallyport_sessions_total"))


@suite.case("Prometheus' own tool finds nothing wrong with the settings and the alert rules")
def _(_gate):
    for words in (("check", "config", SETTINGS), ("check", "rules", RULES)):
        status, said = promtool(*words)
        assert status == 0 and "SUCCESS" in said, said


@suite.case("each alert fires where it should, and does not where it should not")
def _(_gate):
    status, said = promtool("test", "rules", TESTS)
    assert status == 0, said
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    text = TESTS.read_text()
    fires = set(re.findall(r"alertname: (\w+)\n *exp_alerts:\n *- exp_labels", text))
    silent = set(re.findall(r"alertname: (\w+)}", text))
    assert alerts == fires == silent, (alerts, fires, silent)


@suite.case("on a live daemon each alert can be evaluated, and none fires")
def _(gate):
    prometheus = collecting(gate)

    def evaluated():
        rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        return rules and all(rule["health"] != "unknown" for rule in rules) and rules

    rules = wait.until(evaluated, "the rules to be evaluated")
    assert {rule["health"] for rule in rules} == {"ok"}, rules
    assert len(rules) == RULES.read_text().count("- alert:")
    assert not [rule["name"] for rule in rules if rule["state"] == "firing"], rules


@suite.case("a reload that fails, the first one too, raises its alert")
def _(gate):
    prometheus = collecting(gate)
    reloads = 'sallyport_reloads_total{outcome="failure"}'
    wait.until(lambda: prometheus.query(reloads + " == 0"), "the count before")
    gate.write_rules("nonsense")
    assert not gate.daemon.reload()[1]
    wait.until(lambda: prometheus.query('ALERTS{alertname="SallyportReloadFailed", alertstate="firing"}'), "the alert",
               interval=0.2)


@suite.case("the dashboard: every query of every panel has an answer, and there was something to show")
def _(gate):
    prometheus = collecting(gate)
    asked = list(queries())
    assert len(asked) >= 20, asked
    for title, expression in asked:
        wait.until(lambda: prometheus.query(expression), f"an answer for {title}: {expression}", interval=0.2)
    for title, expression in asked:
        if title.startswith(("Inbound", "Outbound", "Refused", "Sessions by", "Time to decide", "Shadow")) and (
                "not_judged" not in expression):
            wait.until(lambda: any(float(sample["value"][1]) > 0 for sample in prometheus.query(expression)),
                       f"more than nothing for {title}: {expression}", interval=0.2)


@suite.case("the dashboard: its variables are found, and every label that it names in a legend is there")
def _(gate):
    prometheus = collecting(gate)
    asked = [variable["query"]["query"] for variable in DASHBOARD["templating"]["list"] if variable["type"] == "query"]
    found = {}
    for query in asked:
        selector, label = _LABEL_VALUES.fullmatch(query).groups()
        series = prometheus.get("series", **{"match[]": selector.replace("$job", ".*")})
        found[label] = {each[label] for each in series}
    assert found == {"job": {"sallyport"}, "instance": {ADDRESS}}, found
    targets = [target for panel in DASHBOARD["panels"] for target in panel["targets"]]
    for target, (title, expression) in zip(targets, queries(), strict=True):
        labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        there = {label for sample in prometheus.query(expression) for label in sample["metric"]}  # those with a value
        assert labels <= there, (title, labels, there)


@suite.case("the dashboard: no panel lies on another, and inbound and outbound are side by side")
def _(_gate):
    taken = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24 and (x, y) not in taken, (panel["title"], taken.get((x, y)))
                taken[x, y] = panel["title"]
    places = {panel["title"]: panel["gridPos"] for panel in DASHBOARD["panels"]}
    assert len(places) == len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    inbound = [title for title in places if title.startswith("Inbound")]
    for title in inbound:
        other = places[title.replace("Inbound", "Outbound")]
        assert (other["y"], other["x"]) == (places[title]["y"], places[title]["w"]), title
    assert len(inbound) == 3


@suite.case("the dashboard: each panel says what it shows, and in which unit")
def _(_gate):
    for panel in DASHBOARD["panels"]:
        assert panel["title"] and panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in ("short", "s", "Bps"), panel["title"]
        assert all(target["expr"] and target["datasource"] == panel["datasource"] for target in panel["targets"]), panel
