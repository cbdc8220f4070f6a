"""The client library's event loop and connections, with promises added that it does not give: every question has an end, a
wake-up that went missing is made good, and a client that cannot start says why.

kafka-python 3.0.12 puts a caller to sleep without a limit until its own thread answers (`NetworkSelector.run`), and that
thread sleeps up to nine minutes unless one byte on a socket pair wakes it. In two of some hundred full test runs a
starting client waited so for ever. Used by `kafka_access.py` for every client.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailedError,
)
from kafka.net.inet import KafkaNetSocket
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

LOOK_AGAIN_SECONDS = 1.0
LONGEST_ANSWER_SECONDS = 30.0  # more than any poll or request of ours may take


class NoAnswer(KafkaError):  # type: ignore[misc]
    """The library's thread is stuck: its client is of no further use. No KafkaTimeoutError, which the library takes for
    an ordinary poll that found nothing."""


class PatientNetwork(NetworkSelector):  # type: ignore[misc]
    """As the library's, but nobody waits for it without a limit."""

    def run(self, work: Any, *arguments: Any) -> Any:
        """Raises NoAnswer, and what the work raises."""
        if self._io_thread is None or self._io_thread is threading.current_thread():
            return super().run(work, *arguments)
        future = self.call_soon_with_future(work, *arguments)
        answered = threading.Event()
        future.add_both(lambda _: answered.set())
        deadline = time.monotonic() + LONGEST_ANSWER_SECONDS
        while not answered.wait(LOOK_AGAIN_SECONDS):
            self.wakeup()
            if self._exception is not None or self._closed:
                raise KafkaConnectionError("client closed")
            if time.monotonic() > deadline:
                raise NoAnswer(f"客户端 {LONGEST_ANSWER_SECONDS:.0f} 秒没有答复")
        if isinstance(future.exception, GeneratorExit):  # the loop was closed while the work was under way
            raise KafkaConnectionError("client closed")
        if future.exception is not None:
            raise future.exception
        return future.value


class ClosingSocket(KafkaNetSocket):  # type: ignore[misc]
    """As the library's, which forgets to close the socket of an attempt that fails: one each time while the cluster is away.
    The library picks it by the scheme of a proxy's address, of which nothing else counts."""

    SCHEMES = ("direct",)

    async def sock_connect(self, net: Any, sock: socket.socket, sockaddr: Any, timeout_at: float | None = None) -> Any:
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


DIRECT = f"{ClosingSocket.SCHEMES[0]}://"


class TalkativeConnections(KafkaConnectionManager):  # type: ignore[misc]
    """As the library's, but a refusal of the name, the password or the mechanism ends the start at once, where the library
    tries again until its time is over; and `last_failure` keeps what it then leaves out.

    A broker that refuses answers and hangs up, and of the two the library sees the second alone: hanging up between the
    versions and the end of the authentication is that. A client that once started tries on: a broker that comes back may
    refuse everybody until it has read its users.
    """

    last_failure: BaseException | None = None
    refusal: SaslAuthenticationFailedError | None = None

    def get_connection(self, node_id: Any, **options: Any) -> Any:
        if self.refusal is not None and self.cluster.is_bootstrap(node_id):
            raise self.refusal
        fresh = node_id not in self._conns
        connection = super().get_connection(node_id, **options)
        if fresh and self.cluster.is_bootstrap(node_id):
            connection.init_future.add_errback(lambda error: self._note(connection, error))
        return connection

    def _note(self, connection: Any, error: BaseException) -> None:
        self.last_failure = error
        hung_up = isinstance(error, (KafkaConnectionError, SaslAuthenticationFailedError))
        if hung_up and connection.sasl_enabled and connection.broker_version_data is not None:
            self.refusal = SaslAuthenticationFailedError(str(error))
