"""How the cluster is reached: addresses, security, patience; and its errors in the product's words.

Every client of `kafka_bus.py` and `kafka_subscription.py` is built from here, so that a setting holds for all of them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
)
from kafka.net.compat import KafkaNetClient

from crm.bus.kafka_network import DIRECT, NoAnswer, PatientNetwork, TalkativeConnections
from crm.domain.errors import Unavailable

SCHEME = "kafka://"
ABANDON_SECONDS = 5.0  # for a sender to see that nobody wants its batches

Client = TypeVar("Client")


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Addresses and credentials. `security`: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; `patience`: seconds the
    cluster has for one answer; `new_topics_seen`: seconds until a topic that came later is noticed."""

    servers: tuple[str, ...]
    security: str = "PLAINTEXT"
    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    patience: float = 5.0
    new_topics_seen: float = 30.0

    def client(self, kind: Callable[..., Client], **options: Any) -> Client:
        """A client of that kind, connected. One that finds no cluster keeps its sockets and thread (kafka-python 3.0.12), so
        they are closed here: a worker tries again and again for as long as the cluster is away. Raises KafkaError."""
        opened: list[KafkaNetClient] = []

        def transport(**given: Any) -> KafkaNetClient:
            network = PatientNetwork(**given)
            opened.append(KafkaNetClient(net=network, manager=TalkativeConnections(network, **given)))
            return opened[-1]

        try:
            return kind(**self._options(), **options, kafka_client=transport)
        except NoAnswer:  # to close it would mean to wait for its thread
            raise
        except BaseException as error:
            why = opened[-1]._manager.last_failure if opened else None
            for client in opened:
                client.close()
            if isinstance(error, KafkaTimeoutError):
                raise KafkaConnectionError(f"{error} {why or _HINTS.get(self.security, '')}".rstrip()) from error
            raise

    def _options(self) -> Mapping[str, Any]:
        return {
            "bootstrap_servers": list(self.servers),
            "security_protocol": self.security,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
            "ssl_cafile": str(self.ca) if self.ca else None,
            "client_id": "crm",
            "proxy_url": DIRECT,
            "bootstrap_timeout_ms": milliseconds(self.patience),
            "request_timeout_ms": milliseconds(self.patience),
            "reconnect_backoff_max_ms": 2000,
            "metadata_max_age_ms": milliseconds(self.new_topics_seen),
        }


def milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1000)


_HINTS = {"PLAINTEXT": "（服务器若要求认证，须设 CRM_KAFKA_SECURITY、_SASL_MECHANISM、_USERNAME、_PASSWORD）"}
_REFUSALS: Mapping[type[KafkaError], str] = {
    SaslAuthenticationFailedError: "拒绝了用户名、密码或认证方式（CRM_KAFKA_USERNAME、_PASSWORD、_SASL_MECHANISM）",
    TopicAuthorizationFailedError: "不许本主体这样使用该主题（crm topics principals）",
    GroupAuthorizationFailedError: "不许本主体使用该消费组（crm topics principals）",
    ClusterAuthorizationFailedError: "不许本主体这样做",
}


@contextmanager
def translated() -> Iterator[None]:
    """The client's errors as Unavailable: whoever asked waits and asks again. So are refusals: a city mends its rules, and
    nothing is lost meanwhile."""
    try:
        yield
    except (KafkaError, OSError) as error:
        refusal = _REFUSALS.get(type(error), "不可用")
        raise Unavailable(f"Kafka {refusal}：{type(error).__name__} {error}".rstrip()) from error


def abandon(producer: KafkaProducer) -> None:
    """End a producer with nothing more sent. Its own `close(timeout=0)` waits for the batches first, gives up at the first
    that is not done, and leaves the sender going on with them."""
    sender = producer._sender
    sender.force_close()
    sender.join(ABANDON_SECONDS)
    with contextlib.suppress(KafkaError):
        producer.close(timeout=0)
    producer._closed = True  # or its end as garbage would wait once more
