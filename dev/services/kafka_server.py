"""Kafka: one KRaft node, broker and controller, from Maven Central; plain, or secured as a city's is."""

from __future__ import annotations

import secrets
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

SECURED = """\
listeners=SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
inter.broker.listener.name=SASL_PLAINTEXT
sasl.enabled.mechanisms={mechanism}
sasl.mechanism.inter.broker.protocol={mechanism}
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config=\
  org.apache.kafka.common.security.scram.ScramLoginModule required username="{user}" password="{password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{user};User:ANONYMOUS
"""
"""ANONYMOUS is the broker towards its own controller: nobody comes in by the other listener without a name."""


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
        properties.write_text(self.properties(data))
        if not data.exists():
            java = [machine.jdk(17) / "bin" / "java", *self._class_path, "kafka.tools.StorageTool"]
            cluster = machine.run([*java, "random-uuid"]).split()[-1]
            machine.run([*java, "format", "-t", cluster, "-c", properties, *self.credentials()], user=self.user)

    def properties(self, data: Path) -> str:
        return PROPERTIES.format(port=self.port, controller=self.port + 1, data=data)

    def credentials(self) -> list[str]:
        """Users that are there from the beginning, as the formatting tool takes them."""
        return []

    def launch(self) -> int:
        memory = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC"]
        java = [machine.jdk(17) / "bin" / "java", *memory, *self._class_path]
        return machine.launch([*java, "kafka.Kafka", self.run / "server.properties"], self.log, self.user)

    def answers(self) -> bool:
        """The port opens when the broker is ready to serve."""
        return machine.listening(self.port)


class SecuredKafkaServer(KafkaServer):
    """Asks for a name and a password, and lets nobody do what no rule allows. For tests of principals, which make the other
    users as `administrator`."""

    administrator = "administrator"
    mechanism = "SCRAM-SHA-512"

    @property
    def password(self) -> str:
        """Made at the first start."""
        kept = self.run / "password"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(16))
        return kept.read_text()

    def properties(self, data: Path) -> str:
        secured = SECURED.format(
            port=self.port,
            controller=self.port + 1,
            mechanism=self.mechanism,
            user=self.administrator,
            password=self.password,
        )
        return super().properties(data) + secured  # the last of two lines with one name counts

    def credentials(self) -> list[str]:
        return ["--add-scram", f"{self.mechanism}=[name={self.administrator},password={self.password}]"]
