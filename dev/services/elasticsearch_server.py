"""Elasticsearch 9: Elastic's own server from Maven Central, with two small plugins of ours in place of what the zip lacks.

The zip is the one Elastic's integration tests run on: the whole server, few modules. What it lacks (painless, ingest, the
analysis module …) the product does not use. With a password it asks for one: as a city's server does, for the tests of keys.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from dev.services import machine
from dev.services.server import Server

VERSION = "9.5.3"
OLDEST_JDK = 21
CONFIGURATION = """\
cluster.name: crm-development
node.name: one
discovery.type: single-node
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport}
path.data: {run}/data
path.logs: {run}/logs
xpack.security.enabled: {secured}
xpack.security.http.ssl.enabled: false
xpack.security.transport.ssl.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
action.destructive_requires_name: false
"""
DESCRIPTION = """\
description=For development and tests
version=1
name={name}
classname=kunshan.{source}
java.version={jdk}
elasticsearch.version={version}
"""
PLUGINS = {"greeting": "GreetingPlugin", "security-index": "SecurityIndexPlugin"}


class ElasticsearchServer(Server):
    """Its JDK is told by ES_JAVA_HOME: the zip brings none."""

    name = "elasticsearch"
    setting = "CRM_SEARCH_URL"
    port = 19200
    runs_as = "nobody"

    def __init__(self, instance: str = "", port: int | None = None, password: str | None = None) -> None:
        """`password`: of the user `elastic`; holds from the first start on."""
        super().__init__(instance, port)
        self.password = password

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def server(self) -> Path:
        return self.home / f"elasticsearch-{VERSION}"

    def prepare(self) -> None:
        java = machine.jdk(OLDEST_JDK)
        if not (self.server / "plugins" / "greeting").exists():  # our mark that all was fetched
            machine.maven("elasticsearch.xml", f"-Dout={self.home}", "generate-resources")
            for path in [self.server, *self.server.rglob("*")]:
                runnable = path.is_dir() or path.parent.name == "bin"
                path.chmod(0o755 if runnable else 0o644)
        for name, source in PLUGINS.items():
            if not (self.server / "plugins" / name).exists():
                self._build_plugin(java, name, source)
        self._configure()

    def _build_plugin(self, java: Path, name: str, source: str) -> None:
        classes = self.home / "classes" / name
        text = machine.ROOT / "dev" / "services" / "plugin" / f"{source}.java"
        options = ["-nowarn", "-proc:none", "-encoding", "UTF-8", "--release", str(OLDEST_JDK)]
        machine.run([java / "bin" / "javac", *options, "-cp", f"{self.server}/lib/*", "-d", classes, text])
        made = self.home / name
        made.mkdir(exist_ok=True)
        machine.run([java / "bin" / "jar", "--create", "--file", made / f"{name}.jar", "-C", classes, "."])
        description = DESCRIPTION.format(name=name, source=source, jdk=OLDEST_JDK, version=VERSION)
        (made / "plugin-descriptor.properties").write_text(description)
        for path in [made, *made.iterdir()]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.move(made, self.server / "plugins" / name)

    def _configure(self) -> None:
        configuration = self.run / "config"
        if not configuration.exists():
            shutil.copytree(self.server / "config", configuration)
        secured = "false" if self.password is None else "true"
        text = CONFIGURATION.format(port=self.port, transport=self.port + 100, run=self.run, secured=secured)
        (configuration / "elasticsearch.yml").write_text(text)
        for path in [configuration, *configuration.rglob("*")]:
            if self.user is not None:
                shutil.chown(path, self.user)
        for name in ("data", "logs", "temporary"):
            machine.give(self.run / name, self.user)
        if self.password is not None and not (configuration / "elasticsearch.keystore").exists():
            self._keep_password(self.password)

    def _keep_password(self, password: str) -> None:
        """In the server's keystore, from a file: never on a command line."""
        given = self.run / "temporary" / "password"
        given.touch(mode=0o600)
        given.write_text(password)
        if self.user is not None:
            shutil.chown(given, self.user)
        program = self.server / "bin" / "elasticsearch-keystore"
        machine.run([program, "create"], self.user, self._environment())
        machine.run([program, "add-file", "bootstrap.password", given], self.user, self._environment())
        given.unlink()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.run / "temporary"),
            "ES_TMPDIR": str(self.run / "temporary"),
            "ES_JAVA_HOME": str(machine.jdk(OLDEST_JDK)),
            "ES_PATH_CONF": str(self.run / "config"),
        }

    def launch(self) -> int:
        quick = "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1"  # the quick compiler: up in half the time
        env = {**self._environment(), "ES_JAVA_OPTS": quick}
        return machine.launch([self.server / "bin" / "elasticsearch"], self.log, self.user, env)

    def answers(self) -> bool:
        asked = urllib.request.Request(f"{self.url}/_cluster/health")
        if self.password is not None:
            login = base64.b64encode(f"elastic:{self.password}".encode()).decode()
            asked.add_header("Authorization", f"Basic {login}")
        try:
            with urllib.request.urlopen(asked, timeout=2) as answer:
                return json.load(answer)["status"] in ("green", "yellow")
        except (urllib.error.URLError, OSError, ValueError):
            return False
