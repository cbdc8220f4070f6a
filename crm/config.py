"""Settings: the only reader of the environment; frozen, so that nobody changes them later.

Names and defaults are those of `docs/settings.md`; a test fails when one is missing there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crm.domain.errors import Invalid

EMBEDDED = "embedded:"
SUPPORTED_SETS = "嵌入式（SQLite + embedded: + embedded:）、单机（PostgreSQL + embedded: + embedded:）"


@dataclass(frozen=True, slots=True)
class Settings:
    """One set of settings. `secret_key` None: not given in the environment."""

    database_url: str = "sqlite:///var/crm.db"
    bus_url: str = EMBEDDED
    search_url: str = EMBEDDED
    data_dir: Path = Path("var")
    secret_key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    reference_dir: Path = Path(__file__).parent / "reference" / "kunshan"
    check_limit: int = 60
    report_limit: int = 5000
    eval_dir: Path | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read CRM_* variables. Raises Invalid naming the variable at fault."""
        env = os.environ if environ is None else environ
        default = cls()
        settings = cls(
            database_url=env.get("CRM_DATABASE_URL") or default.database_url,
            bus_url=env.get("CRM_BUS_URL") or default.bus_url,
            search_url=env.get("CRM_SEARCH_URL") or default.search_url,
            data_dir=Path(env.get("CRM_DATA_DIR") or default.data_dir),
            secret_key=env.get("CRM_SECRET_KEY") or None,
            host=env.get("CRM_HOST") or default.host,
            port=_whole(env, "CRM_PORT", default.port),
            reference_dir=Path(env.get("CRM_REFERENCE_DIR") or default.reference_dir),
            check_limit=_whole(env, "CRM_CHECK_LIMIT", default.check_limit),
            report_limit=_whole(env, "CRM_REPORT_LIMIT", default.report_limit),
            eval_dir=Path(env["CRM_EVAL_DIR"]) if env.get("CRM_EVAL_DIR") else None,
        )
        settings._refuse_unsupported_set()
        return settings

    def _refuse_unsupported_set(self) -> None:
        if not self.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise Invalid.of(
                "CRM_DATABASE_URL", f"只支持 sqlite:/// 与 postgresql+psycopg://；支持的组合：{SUPPORTED_SETS}"
            )
        if self.bus_url != EMBEDDED:
            raise Invalid.of("CRM_BUS_URL", f"不支持的组合；支持：{SUPPORTED_SETS}")
        if self.search_url != EMBEDDED:
            raise Invalid.of("CRM_SEARCH_URL", f"不支持的组合；支持：{SUPPORTED_SETS}")

    @property
    def key_dir(self) -> Path:
        return self.data_dir / "keys"

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "index"


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit():
        raise Invalid.of(name, f"应为非负整数，得到 {text!r}")
    return int(text)


def kept_secret(folder: Path, name: str) -> str:
    """A secret made at first run and kept in the data folder, readable by its owner only."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()
