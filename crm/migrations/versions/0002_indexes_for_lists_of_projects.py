"""indexes for lists of projects"""

from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('projects', schema=None) as batch_op:
        batch_op.create_index('ix_projects_stage_district', ['stage', 'district', 'confidential'], unique=False)
        batch_op.create_index('ix_projects_stage_since', ['stage_since', 'id'], unique=False)
        batch_op.create_index('ix_projects_updated_at', ['updated_at', 'id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('projects', schema=None) as batch_op:
        batch_op.drop_index('ix_projects_updated_at')
        batch_op.drop_index('ix_projects_stage_since')
        batch_op.drop_index('ix_projects_stage_district')
