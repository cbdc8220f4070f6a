"""The declarative base: naming of constraints (Alembic needs names) and the columns many tables share."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, Date, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from crm.store.types import Document, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigSerial = BigInteger().with_variant(Integer, "sqlite")
Id = Annotated[str, mapped_column(String(64), primary_key=True)]


class Model(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime(),
        date: Date(),
        dict[str, Any]: Document,
        list[str]: Document,
        list[list[str]]: Document,
        list[dict[str, Any]]: Document,
    }
