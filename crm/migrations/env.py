"""Alembic's environment: run by `crm/store/schema.py`, which passes the connection in."""

from alembic import context

from crm.store.models import Model

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
