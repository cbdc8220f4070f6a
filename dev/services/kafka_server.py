"""Kafka: one KRaft node, broker and controller, from Maven Central."""

from __future__ import annotations

from pathlib import Path

from dev.services import machine
from dev.services.server import Server

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


class KafkaServer(Server):
    """A city's broker makes no topic by itself either: `crm topics ensure` does."""

    name = "kafka"
    setting = "CRM_BUS_URL"
    port = 19092
    runs_as = "nobody"

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}"

    @property
    def libraries(self) -> Path:
        return self.home / "libs"

    @property
    def _class_path(self) -> list[str]:
        return ["-cp", f"{self.libraries}/*"]

    def prepare(self) -> None:
        if not list(self.libraries.glob("kafka-server-*.jar")):
            goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
            machine.maven("kafka.xml", goal, f"-DoutputDirectory={self.libraries}", "-DincludeScope=runtime")
        properties = self.run / "server.properties"
        data = self.run / "data"
        properties.write_text(PROPERTIES.format(port=self.port, controller=self.port + 1, data=data))
        if not data.exists():
            java = [machine.jdk(17) / "bin" / "java", *self._class_path, "kafka.tools.StorageTool"]
            cluster = machine.run([*java, "random-uuid"]).split()[-1]
            machine.run([*java, "format", "-t", cluster, "-c", properties], user=self.user)

    def launch(self) -> int:
        memory = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC"]
        java = [machine.jdk(17) / "bin" / "java", *memory, *self._class_path]
        return machine.launch([*java, "kafka.Kafka", self.run / "server.properties"], self.log, self.user)

    def answers(self) -> bool:
        """The port opens when the broker is ready to serve."""
        return machine.listening(self.port)
