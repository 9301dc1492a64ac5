"""A real Prometheus in the private machine, which collects from the daemon."""

import json
import subprocess
import urllib.parse
import urllib.request

from support import wait

ADDRESS = "127.0.0.1:9090"


class Prometheus:
    """Runs until the private machine ends."""

    def __init__(self, program, settings, directory):
        """`settings` is the path of its prometheus.yml; what it remembers goes into the directory."""
        directory.mkdir()
        self._log = directory / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [program, f"--config.file={settings}", f"--storage.tsdb.path={directory}/data",
                 f"--web.listen-address={ADDRESS}", "--web.console.templates=/nowhere", "--web.console.libraries=/nowhere"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory)
        wait.until(self._ready, "Prometheus to be ready", 60, 0.1)

    def get(self, path, **parameters):
        """The data of an answer of its API, which must be a success."""
        words = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}/api/v1/{path}?{words}", timeout=30) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None
        assert found["status"] == "success" and not found.get("warnings"), (parameters, found)
        return found["data"]

    def query(self, expression):
        """What an expression comes to now: a list of samples."""
        data = self.get("query", query=expression)
        assert data["resultType"] == "vector", (expression, data)
        return data["result"]

    def _ready(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"Prometheus ended: {self._log.read_text()}")
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
