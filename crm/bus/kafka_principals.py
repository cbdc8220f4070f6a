"""Who may do what on the broker (trap 7): a record does not carry its writer's name, so the topic has to tell it.

- The product's principal uses every topic of ours, and makes and corrects them; it may not grant anything.
- `feed-CODE` may write `leads.submitted.from.CODE`, and nothing else.
- A foreign reader may read the topics of facts, in groups whose names begin with its own.
- Nobody else may anything, above all not write `leads.submitted`: an authorizer denies what no rule allows.

Called by `KafkaBus.bind_principals` for `crm topics principals`, under a principal that may alter the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from crm.bus.port import Principals
from schemas.topics import FACTS, FEED_PREFIX, TOPICS, feed_organisation

PREFIXED = ACLResourcePatternType.PREFIXED
LITERAL = ACLResourcePatternType.LITERAL
KEEPING = (
    ACLOperation.READ,
    ACLOperation.WRITE,
    ACLOperation.CREATE,
    ACLOperation.ALTER,
    ACLOperation.DESCRIBE_CONFIGS,
    ACLOperation.ALTER_CONFIGS,
)
"""What the product does with its topics; DESCRIBE comes with READ. Not DELETE."""


def bind(admin: KafkaAdminClient, principals: Principals, *, revoke: bool) -> list[str]:
    """Grant what is missing; with `revoke` take back what others have on our topics and groups. What was done."""
    wanted = set(_wanted(principals))
    there = set(_ours(admin, principals))
    done = []
    if missing := sorted(wanted - there, key=_sentence):
        if failed := admin.create_acls(missing)["failed"]:
            raise failed[0]("授权未成")
        done += [f"授权 {_sentence(acl)}" for acl in missing]
    if surplus := sorted(there - wanted, key=_sentence):
        if revoke:
            admin.delete_acls([_exactly(acl) for acl in surplus])
        done += [f"{'撤销' if revoke else '多余（--revoke 可撤销）'} {_sentence(acl)}" for acl in surplus]
    return done


def _wanted(principals: Principals) -> Iterable[ACL]:
    for topic in TOPICS:
        yield from _allow(principals.product, KEEPING, ResourceType.TOPIC, topic.name)
    yield from _allow(principals.product, KEEPING, ResourceType.TOPIC, FEED_PREFIX, PREFIXED)
    for group in principals.groups:
        yield from _allow(principals.product, (ACLOperation.READ,), ResourceType.GROUP, group)
    for feed in principals.feeds:
        yield from _allow(f"feed-{feed_organisation(feed)}", (ACLOperation.WRITE,), ResourceType.TOPIC, feed)
    for reader in principals.readers:
        yield from _allow(reader, (ACLOperation.READ,), ResourceType.GROUP, reader, PREFIXED)
        for name in FACTS:
            yield from _allow(reader, (ACLOperation.READ,), ResourceType.TOPIC, name)


def _allow(
    principal: str,
    operations: Iterable[ACLOperation],
    kind: ResourceType,
    name: str,
    pattern: ACLResourcePatternType = LITERAL,
) -> Iterable[ACL]:
    resource = ResourcePattern(kind, name, pattern)
    return [ACL(f"User:{principal}", "*", operation, ACLPermissionType.ALLOW, resource) for operation in operations]


def _ours(admin: KafkaAdminClient, principals: Principals) -> Iterable[ACL]:
    """What anybody may do with our topics, with our groups, and with a named reader's groups."""
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found, _ = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything))
    topics = {topic.name for topic in TOPICS}
    groups = {*principals.groups, *principals.readers}
    for acl in found:
        kind, name = acl.resource_pattern.resource_type, acl.resource_pattern.resource_name
        topic = kind == ResourceType.TOPIC and (name in topics or name.startswith(FEED_PREFIX))
        if topic or (kind == ResourceType.GROUP and name in groups):
            yield acl


def _exactly(acl: ACL) -> ACLFilter:
    resource = acl.resource_pattern
    pattern = ResourcePatternFilter(resource.resource_type, resource.resource_name, resource.pattern_type)
    return ACLFilter(acl.principal, acl.host, acl.operation, acl.permission_type, pattern)


def _sentence(acl: ACL) -> str:
    resource = acl.resource_pattern
    star = "*" if resource.pattern_type == PREFIXED else ""
    refusal = "" if acl.permission_type == ACLPermissionType.ALLOW else "（拒绝）"
    kind = "主题" if resource.resource_type == ResourceType.TOPIC else "消费组"
    return f"{acl.principal.removeprefix('User:')}：{acl.operation.name} {kind} {resource.resource_name}{star}{refusal}"
