"""Settings: the only reader of the environment; frozen, so that nobody changes them later.

Names and defaults are those of `docs/settings.md`; a test fails when one is missing there. A secret may come as a file
instead (`NAME_FILE`), as container engines give them: an environment is shown by `ps`, `inspect` and crash reports.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from crm.domain.errors import Invalid

EMBEDDED = "embedded:"
KAFKA = "kafka://"
SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg://"
ELASTICSEARCH = ("http://", "https://")
SUPPORTED_SETS = (
    "嵌入式（SQLite + embedded: + embedded:）、单机（PostgreSQL + embedded: + embedded:）、"
    "城市（PostgreSQL + kafka:// + http(s)://）"
)
KAFKA_SECURITY = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
SASL_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
SECRETS = ("CRM_DATABASE_URL", "CRM_DATABASE_PASSWORD", "CRM_KAFKA_PASSWORD", "CRM_SEARCH_API_KEY", "CRM_SECRET_KEY")
"""Settings that may come as `NAME_FILE`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One set of settings. `secret_key` None: not given in the environment."""

    database_url: str = field(default="sqlite:///var/crm.db", repr=False)  # may hold a password
    bus_url: str = EMBEDDED
    search_url: str = EMBEDDED
    data_dir: Path = Path("var")
    kafka_security: str = "PLAINTEXT"
    kafka_sasl_mechanism: str | None = None
    kafka_username: str | None = None
    kafka_password: str | None = field(default=None, repr=False)
    kafka_ca: Path | None = None
    search_api_key: str | None = field(default=None, repr=False)
    search_ca: Path | None = None
    secret_key: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    metrics_port: int = 0
    trusted_proxies: str = "127.0.0.1"
    reference_dir: Path = Path(__file__).parent / "reference" / "kunshan"
    check_limit: int = 60
    report_limit: int = 5000
    eval_dir: Path | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read CRM_* variables. Raises Invalid naming the variable at fault."""
        env = _with_secrets(os.environ if environ is None else environ)
        default = cls()
        settings = cls(
            database_url=_database_url(env, default.database_url),
            bus_url=env.get("CRM_BUS_URL") or default.bus_url,
            search_url=env.get("CRM_SEARCH_URL") or default.search_url,
            data_dir=Path(env.get("CRM_DATA_DIR") or default.data_dir),
            kafka_security=env.get("CRM_KAFKA_SECURITY") or default.kafka_security,
            kafka_sasl_mechanism=env.get("CRM_KAFKA_SASL_MECHANISM") or None,
            kafka_username=env.get("CRM_KAFKA_USERNAME") or None,
            kafka_password=env.get("CRM_KAFKA_PASSWORD") or None,
            kafka_ca=_path(env, "CRM_KAFKA_CA"),
            search_api_key=env.get("CRM_SEARCH_API_KEY") or None,
            search_ca=_path(env, "CRM_SEARCH_CA"),
            secret_key=env.get("CRM_SECRET_KEY") or None,
            host=env.get("CRM_HOST") or default.host,
            port=_whole(env, "CRM_PORT", default.port),
            metrics_port=_whole(env, "CRM_METRICS_PORT", default.metrics_port),
            trusted_proxies=env.get("CRM_TRUSTED_PROXIES") or default.trusted_proxies,
            reference_dir=Path(env.get("CRM_REFERENCE_DIR") or default.reference_dir),
            check_limit=_whole(env, "CRM_CHECK_LIMIT", default.check_limit),
            report_limit=_whole(env, "CRM_REPORT_LIMIT", default.report_limit),
            eval_dir=_path(env, "CRM_EVAL_DIR"),
        )
        settings._refuse_unsupported_set()
        settings._refuse_half_a_login()
        return settings

    def _refuse_unsupported_set(self) -> None:
        if not self.database_url.startswith((SQLITE, POSTGRESQL)):
            raise _unsupported("CRM_DATABASE_URL", f"只支持 {SQLITE} 与 {POSTGRESQL}")
        if self.bus_url != EMBEDDED and not _kafka_servers(self.bus_url):
            raise _unsupported("CRM_BUS_URL", f"应为 {EMBEDDED} 或 kafka://主机:端口,主机:端口")
        if self.search_url != EMBEDDED and not self.search_url.startswith(ELASTICSEARCH):
            raise _unsupported("CRM_SEARCH_URL", f"应为 {EMBEDDED} 或 http(s)://主机:端口")
        if self.city and self.search_url == EMBEDDED:
            raise _unsupported("CRM_SEARCH_URL", "Kafka 须与 Elasticsearch 同用")
        if not self.city and self.search_url != EMBEDDED:
            raise _unsupported("CRM_BUS_URL", "Elasticsearch 须与 Kafka 同用")
        if self.city and not self.database_url.startswith(POSTGRESQL):
            raise _unsupported("CRM_DATABASE_URL", "Kafka 与 Elasticsearch 须与 PostgreSQL 同用")

    def _refuse_half_a_login(self) -> None:
        if self.kafka_security not in KAFKA_SECURITY:
            raise Invalid.of("CRM_KAFKA_SECURITY", f"应为 {'、'.join(KAFKA_SECURITY)} 之一")
        if self.kafka_security.startswith("SASL_"):
            if self.kafka_sasl_mechanism not in SASL_MECHANISMS:
                raise Invalid.of("CRM_KAFKA_SASL_MECHANISM", f"应为 {'、'.join(SASL_MECHANISMS)} 之一")
            for name, value in (("USERNAME", self.kafka_username), ("PASSWORD", self.kafka_password)):
                if not value:
                    raise Invalid.of(f"CRM_KAFKA_{name}", f"CRM_KAFKA_SECURITY 为 {self.kafka_security} 时须设")

    @property
    def city(self) -> bool:
        """Whether this is the set of a city, with servers of its own for the bus and the index."""
        return self.bus_url != EMBEDDED

    @property
    def kafka_servers(self) -> tuple[str, ...]:
        return _kafka_servers(self.bus_url)

    @property
    def key_dir(self) -> Path:
        return self.data_dir / "keys"

    @property
    def slot_dir(self) -> Path:
        return self.data_dir / "workers"

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "index"


def _unsupported(name: str, reason: str) -> Invalid:
    return Invalid.of(name, f"{reason}；支持的组合：{SUPPORTED_SETS}")


def _kafka_servers(url: str) -> tuple[str, ...]:
    """`host:port` of each broker; nothing unless the whole of the URL is well-formed."""
    if not url.startswith(KAFKA):
        return ()
    servers = tuple(url.removeprefix(KAFKA).split(","))
    return servers if all(re.fullmatch(r"[^\s:/,]+:\d{1,5}", server) for server in servers) else ()


def _with_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, with what its NAME_FILE variables point at under the names themselves."""
    env = dict(environ)
    for name in SECRETS:
        if place := env.get(f"{name}_FILE"):
            if env.get(name):
                raise Invalid.of(f"{name}_FILE", f"不能与 {name} 同时设置")
            env[name] = _secret_in(Path(place), f"{name}_FILE")
    return env


def _secret_in(path: Path, variable: str) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Invalid.of(variable, f"无法读取 {path}（{error.strerror}）") from error
    except UnicodeDecodeError as error:
        raise Invalid.of(variable, f"{path} 不是 UTF-8 文本") from error
    if not secret:
        raise Invalid.of(variable, f"{path} 是空的")
    return secret


def _database_url(env: Mapping[str, str], default: str) -> str:
    """The URL, with the password in it when that is given apart."""
    url, password = env.get("CRM_DATABASE_URL") or default, env.get("CRM_DATABASE_PASSWORD")
    if not password:
        return url
    parts = urlsplit(url)
    if not url.startswith(POSTGRESQL) or parts.username is None or parts.password is not None:
        raise Invalid.of("CRM_DATABASE_PASSWORD", f"CRM_DATABASE_URL 须为 {POSTGRESQL}用户@…，其中不带密码")
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit():
        raise Invalid.of(name, f"应为非负整数，得到 {text!r}")
    return int(text)


SHARED_FIGURES = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own name


def share_figures(folder: Path) -> None:
    """From here on this process and those forked from it count requests in files of this folder, which begins empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink(missing_ok=True)
    os.environ[SHARED_FIGURES] = str(folder)


def shared_figures() -> Path | None:
    """The folder of `share_figures`; None in a process that counts for itself."""
    return Path(os.environ[SHARED_FIGURES]) if os.environ.get(SHARED_FIGURES) else None


def kept_secret(folder: Path, name: str) -> str:
    """A secret made at first run and kept in the data folder, readable by its owner only."""
    path = folder / name
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()


def write_secret(path: Path, secret: str) -> None:
    """Write a file that its owner alone can read; one that is there stays as it is.

    Several processes may do so at once: a file appears under its name only when it is complete.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
        file.flush()
        os.fsync(descriptor)
    with contextlib.suppress(FileExistsError):  # another was quicker: then its secret holds
        os.link(draft, path)
    os.unlink(draft)
