"""A database full of projects: a few hundred real ones through intake, multiplied by SQL with other places, dates and stages.

What hangs on a project for the row-level scope is made with it: its dispatches, the departments asked, who may read a
confidential one.
"""

from __future__ import annotations

from sqlalchemy import text

from benchmarks.pipeline import publish, take_in
from crm.domain.milestones import STAGES
from crm.store.models import Model
from crm.wiring import Deployment

SEEDS = 500
COPIES = {
    "enterprises": {"id": "id || '-' || n"},
    "projects": {
        "id": "id || '-' || n",
        "code_name": "code_name || '-' || n",
        "enterprise_id": "enterprise_id || '-' || n",
        "confidential": "h % 100 = 99",
        "district": "CASE WHEN h % 10 < 6 THEN (CAST(:districts AS text[]))[1 + h / 10 % :many] END",
        "stage": "CASE WHEN h % 10 < 6 THEN (CAST(:stages AS text[]))[1 + h / 100 % :kinds] ELSE stage END",
        "grade": "(ARRAY['key', 'active', 'reserve'])[1 + h % 3]",
        "received_at": "received_at - h % 31000000 * interval '1 second'",
        "stage_since": "received_at - h % 31000000 * interval '0.9 second'",
        "updated_at": "received_at - h % 31000000 * interval '0.8 second'",
    },
}
HANGING = (
    """INSERT INTO assignments (id, project_id, district, park, note, state, dispatched_at, dispatched_by, due_at,
           due_provisional, answered_at, answered_by, reason)
       SELECT id, id, district, NULL, NULL, CASE WHEN stage = 'dispatched' THEN 'pending' ELSE 'accepted' END, received_at,
           'user:bench', received_at + interval '3 days', false, NULL, NULL, NULL
       FROM projects WHERE district IS NOT NULL""",
    """INSERT INTO obstacles (id, project_id, department, description, due_on, state, raised_at, raised_by, answer,
           answered_at, answered_by)
       SELECT id, id, 'DEPT-YJJ', '安评意见', NULL, 'open', received_at, 'user:bench', NULL, NULL, NULL
       FROM projects WHERE hashtext(id) % 50 = 0""",
)


def fill(deployment: Deployment, projects: int) -> None:
    """Until there are about so many."""
    publish(deployment, SEEDS)
    take_in(deployment, SEEDS)
    districts = sorted(deployment.tools.reference.pack().districts)
    values = {"districts": districts, "many": len(districts), "stages": list(STAGES[1:]), "kinds": len(STAGES) - 1}
    with deployment.tools.database.write_engine.begin() as connection:
        seeds = connection.scalar(text("SELECT count(*) FROM projects")) or 1
        for table, changed in COPIES.items():
            columns = Model.metadata.tables[table].columns.keys()
            picked = ", ".join(changed.get(name, f'"{name}"') for name in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            connection.execute(
                text(
                    f"INSERT INTO {table} ({names}) SELECT {picked} FROM (SELECT s.*, n, "
                    f"abs(hashtext(s.id || n)) AS h FROM {table} s, generate_series(2, :times) n) AS copied"
                ),
                {**values, "times": projects // seeds},
            )
        for statement in HANGING:
            connection.execute(text(statement))
    with deployment.tools.database.write_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")  # as the server does by itself before long
