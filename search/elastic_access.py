"""How Elasticsearch is reached: the client, its errors in the port's words, and the key a deployment works with.

The key may do what `search/elastic_index.py` does, on indices of the alias's name, and nothing else: `manage` is needed to
make, block, swap and delete generations. It is made once by somebody who may make keys (`crm index key`); the product
itself never holds that login.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    Elasticsearch,
    NotFoundError,
    OrjsonSerializer,
    TransportError,
)

from search.elastic_bulk import DENIED, SECURITY
from search.elastic_generations import GenerationGone
from search.elastic_language import Json
from search.index import SearchRefused, SearchUnavailable

ALIAS = "crm-documents"
PRIVILEGES = ("read", "index", "view_index_metadata", "manage")
SECONDS = 10.0


def connected(
    url: str, *, api_key: str | None = None, login: tuple[str, str] | None = None, ca: str | None = None
) -> Elasticsearch:
    """A client that tries once: who asks again, and when, is decided above it."""
    trusted: dict[str, Any] = {"ca_certs": ca} if ca else {}
    return Elasticsearch(
        url,
        api_key=api_key,
        basic_auth=login,
        **trusted,
        request_timeout=SECONDS,
        max_retries=0,
        retry_on_timeout=False,
        serializer=OrjsonSerializer(),
    )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Errors of the client in the port's words."""
    try:
        yield
    except NotFoundError as error:
        raise GenerationGone("检索索引不存在，或刚被替换") from error
    except AuthenticationException as error:
        raise SearchRefused("Elasticsearch 不接受所给的密钥或密码：未设、有误或已撤销（CRM_SEARCH_API_KEY）") from error
    except AuthorizationException as error:
        if error.error == SECURITY:  # a write block is 403 too
            raise SearchRefused(DENIED) from error
        raise SearchUnavailable(f"Elasticsearch 无法完成请求：{error}") from error
    except (ApiError, TransportError) as error:
        raise SearchUnavailable(f"Elasticsearch 无法完成请求：{error}") from error


def role(alias: str) -> Json:
    """What the key of a deployment may do."""
    return {"cluster": [], "indices": [{"names": [f"{alias}*"], "privileges": list(PRIVILEGES)}]}


def make_key(url: str, login: tuple[str, str], *, ca: str | None = None, alias: str = ALIAS) -> str:
    """The key, encoded as CRM_SEARCH_API_KEY has it. `login`: of a user who may make keys. Raises SearchUnavailable."""
    client = connected(url, login=login, ca=ca)
    try:
        with translated():
            made = client.security.create_api_key(name=alias, role_descriptors={alias: role(alias)})
    finally:
        client.close()
    return str(made["encoded"])
