"""Principals bound to their topics (trap 7), on a broker that asks for names and denies what no rule allows."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Iterator, Sequence

import pytest
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)
from kafka.errors import TopicAuthorizationFailedError

from crm.bus.kafka_access import KafkaAccess
from crm.bus.kafka_bus import KafkaBus
from crm.bus.port import Principals, Record
from crm.domain.errors import Unavailable
from dev.services.kafka_server import SecuredKafkaServer
from schemas.topics import LEADS_CHANGED, LEADS_DEAD, LEADS_SUBMITTED, PROJECTS_CHANGED, TOPICS, feed, feed_topic
from tests.servers import server_url

pytestmark = pytest.mark.kafka
PORT = 19492
PASSWORD = "for-tests-on-this-machine"
USERS = ("crm", "feed-AG-SH", "feed-AG-BJ", "partner", "stranger")
PRINCIPALS = Principals("crm", ("intake",), (feed_topic("AG-SH"), feed_topic("AG-BJ")), ("partner",))
Bus = Callable[..., KafkaBus]


@pytest.fixture(scope="module")
def server() -> Iterator[SecuredKafkaServer]:
    server_url("kafka")  # skips, or fails where Kafka is required
    made = SecuredKafkaServer(instance="principals", port=PORT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a server is no child to be waited for
        made.start()
        gc.collect()
    made.wait()
    admin = access(made.administrator, made.password).client(KafkaAdminClient)
    admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, made.mechanism, PASSWORD) for user in USERS])
    admin.close()
    yield made
    made.stop()


def access(user: str, password: str = PASSWORD) -> KafkaAccess:
    place = (f"127.0.0.1:{PORT}",)
    return KafkaAccess(place, "SASL_PLAINTEXT", SecuredKafkaServer.mechanism, user, password)


@pytest.fixture
def bus(server: SecuredKafkaServer) -> Iterator[Bus]:
    """A bus as one of USERS opens it; topics and rules are there."""
    opened: list[KafkaBus] = []

    def by(user: str, password: str = PASSWORD) -> KafkaBus:
        opened.append(KafkaBus(access(user, password)))
        return opened[-1]

    by(server.administrator, server.password).bind_principals(PRINCIPALS, revoke=True)
    by("crm").ensure_topics((*TOPICS, feed("AG-SH"), feed("AG-BJ")))
    yield by
    for one in opened:
        one.close()


def read(bus: KafkaBus, group: str, topics: Sequence[str], wanted: bytes) -> bool:
    """Whether `wanted` comes, of all that the broker kept from earlier tests."""
    subscription = bus.subscribe(group, topics, "m1")
    deadline = time.monotonic() + 15
    found = False
    while not found and time.monotonic() < deadline:
        found = wanted in [item.value for item in subscription.poll(500, 0.5)]
        subscription.commit()
    subscription.close()
    return found


def something() -> bytes:
    return str(time.monotonic_ns()).encode()


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as caught:
        work()
    assert isinstance(caught.value.__cause__, TopicAuthorizationFailedError)
    return str(caught.value)


@pytest.mark.parametrize("topic", [LEADS_SUBMITTED, LEADS_DEAD, PROJECTS_CHANGED, feed_topic("AG-SH")])
def test_the_product_writes_reads_and_measures_every_topic(bus: Bus, topic: str) -> None:
    product, value = bus("crm"), something()
    product.publish([Record(topic, "k", value)])
    assert read(product, "intake", [topic], value)
    assert product.lag("intake", [topic]).records == 0


def test_the_product_may_correct_its_topics_but_not_the_rules(bus: Bus) -> None:
    assert bus("crm").ensure_topics((*TOPICS, feed("AG-SH"))) == []
    with pytest.raises(Unavailable, match="ClusterAuthorizationFailed"):
        bus("crm").bind_principals(PRINCIPALS)


def test_a_centre_writes_its_own_feed_and_the_product_reads_it(bus: Bus) -> None:
    value = something()
    bus("feed-AG-SH").publish([Record(feed_topic("AG-SH"), "k", value)])
    assert read(bus("crm"), "intake", [feed_topic("AG-SH")], value)


@pytest.mark.parametrize("topic", [LEADS_SUBMITTED, LEADS_DEAD, PROJECTS_CHANGED, feed_topic("AG-BJ")])
def test_a_centre_writes_nothing_but_its_own_feed(bus: Bus, topic: str) -> None:
    assert topic in refused(lambda: bus("feed-AG-SH").publish([Record(topic, "k", b"1")]))


def test_a_centre_cannot_even_read_its_own_feed(bus: Bus) -> None:
    subscription = bus("feed-AG-SH").subscribe("feed-AG-SH", [feed_topic("AG-SH")], "m1")
    with pytest.raises(Unavailable, match="AuthorizationFailed"):
        subscription.poll(1, 5)
    subscription.close()


def test_a_reader_reads_facts_in_a_group_of_its_own(bus: Bus) -> None:
    value = something()
    bus("crm").publish([Record(LEADS_CHANGED, "k", value)])
    assert read(bus("partner"), "partner-reports", [LEADS_CHANGED], value)


def test_a_reader_cannot_write(bus: Bus) -> None:
    with pytest.raises(Unavailable, match="AuthorizationFailed"):
        bus("partner").publish([Record(PROJECTS_CHANGED, "k", b"1")])


@pytest.mark.parametrize("topic", [LEADS_SUBMITTED, LEADS_DEAD, feed_topic("AG-SH")])
def test_a_reader_sees_no_reports(bus: Bus, topic: str) -> None:
    subscription = bus("partner").subscribe("partner-reports", [topic], "m1")
    refused(lambda: subscription.poll(1, 5))
    subscription.close()


def test_a_reader_cannot_join_a_group_of_the_product(bus: Bus) -> None:
    subscription = bus("partner").subscribe("intake", [PROJECTS_CHANGED], "m1")
    with pytest.raises(Unavailable, match="GroupAuthorizationFailed"):
        subscription.poll(1, 5)
    subscription.close()


def test_who_was_never_named_may_nothing(bus: Bus) -> None:
    refused(lambda: bus("stranger").publish([Record(LEADS_SUBMITTED, "k", b"1")]))


def test_binding_again_changes_nothing(bus: Bus, server: SecuredKafkaServer) -> None:
    assert bus(server.administrator, server.password).bind_principals(PRINCIPALS, revoke=True) == []


def test_what_others_were_granted_is_told_and_revoked_only_when_asked(bus: Bus, server: SecuredKafkaServer) -> None:
    admin = access(server.administrator, server.password).client(KafkaAdminClient)
    topic = ResourcePattern(ResourceType.TOPIC, LEADS_SUBMITTED)
    admin.create_acls([ACL("User:stranger", "*", ACLOperation.WRITE, ACLPermissionType.ALLOW, topic)])
    admin.close()
    keeper = bus(server.administrator, server.password)
    assert keeper.bind_principals(PRINCIPALS) == [f"多余（--revoke 可撤销） stranger：WRITE 主题 {LEADS_SUBMITTED}"]
    bus("stranger").publish([Record(LEADS_SUBMITTED, "k", b"1")])
    assert keeper.bind_principals(PRINCIPALS, revoke=True) == [f"撤销 stranger：WRITE 主题 {LEADS_SUBMITTED}"]
    refused(lambda: bus("stranger").publish([Record(LEADS_SUBMITTED, "k", b"1")]))


@pytest.mark.parametrize(("user", "password"), [("crm", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_name_or_password_is_told_at_once(bus: Bus, user: str, password: str) -> None:
    one = bus(user, password)
    subscription = one.subscribe("intake", [LEADS_SUBMITTED], "m1")
    for ask in (one.ping, lambda: one.publish([Record(LEADS_SUBMITTED, "k", b"1")]), lambda: subscription.poll(1, 0)):
        started = time.monotonic()
        with pytest.raises(Unavailable, match="CRM_KAFKA_USERNAME"):
            ask()
        assert time.monotonic() - started < 4


def test_to_come_without_credentials_is_told_with_the_settings_to_make(server: SecuredKafkaServer) -> None:
    nameless = KafkaBus(KafkaAccess((f"127.0.0.1:{server.port}",), patience=1.5))
    started = time.monotonic()
    with pytest.raises(Unavailable, match="CRM_KAFKA_SECURITY"):
        nameless.ping()
    assert time.monotonic() - started < 5
