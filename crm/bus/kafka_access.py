"""How the cluster is reached: addresses, security, patience; and its errors in the product's words.

Every client of `kafka_bus.py` and `kafka_subscription.py` is built from here, so that a setting holds for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from crm.domain.errors import Unavailable

SCHEME = "kafka://"
NEW_TOPICS_SEEN_SECONDS = 30.0

Client = TypeVar("Client")


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Addresses and credentials. `security`: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; `patience`: seconds the
    cluster has for one answer."""

    servers: tuple[str, ...]
    security: str = "PLAINTEXT"
    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    patience: float = 5.0

    def client(self, kind: Callable[..., Client], **options: Any) -> Client:
        """A client of that kind, connected. One that finds no cluster keeps its sockets and thread (kafka-python 3.0.12), so
        they are closed here: a worker tries again and again for as long as the cluster is away. Raises KafkaError."""
        transports: list[Any] = []

        def transport(**given: Any) -> Any:
            transports.append(KafkaNetClient(**given))
            return transports[-1]

        try:
            return kind(**self._options(), **options, kafka_client=transport)
        except BaseException:
            for opened in transports:
                opened.close()
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
            "bootstrap_timeout_ms": milliseconds(self.patience),
            "request_timeout_ms": milliseconds(self.patience),
            "reconnect_backoff_max_ms": 2000,
            "metadata_max_age_ms": milliseconds(NEW_TOPICS_SEEN_SECONDS),
        }


def milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1000)


@contextmanager
def translated() -> Iterator[None]:
    """The client's errors as Unavailable: whoever asked waits and asks again."""
    try:
        yield
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka 不可用：{type(error).__name__} {error}".rstrip()) from error
