"""chain edits, park checks, rematch runs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text

import crm.store.models.base
import crm.store.types

from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('chain_edits',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('data', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('trial', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('proposed_by', sa.String(length=80), nullable=False),
    sa.Column('proposed_at', crm.store.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=80), nullable=True),
    sa.Column('decided_at', crm.store.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decision_reason', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chain_edits'))
    )
    with op.batch_alter_table('chain_edits', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chain_edits_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_chain_edits_subject'), ['subject'], unique=False)

    op.create_table('park_checks',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.String(length=64), nullable=False),
    sa.Column('park', sa.String(length=64), nullable=False),
    sa.Column('constraint', sa.String(length=32), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('asked_at', crm.store.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.String(length=80), nullable=False),
    sa.Column('answered_at', crm.store.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.String(length=80), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_park_checks'))
    )
    with op.batch_alter_table('park_checks', schema=None) as batch_op:
        batch_op.create_index('ix_park_checks_park_state', ['park', 'state', 'asked_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_park_checks_project_id'), ['project_id'], unique=False)

    op.create_table('rematch_runs',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('reference_version', sa.String(length=64), nullable=True),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('last_project', sa.String(length=64), nullable=False),
    sa.Column('report', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('asked_by', sa.String(length=80), nullable=False),
    sa.Column('asked_at', crm.store.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('approved_by', sa.String(length=80), nullable=True),
    sa.Column('updated_at', crm.store.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rematch_runs'))
    )
    with op.batch_alter_table('rematch_runs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rematch_runs_state'), ['state'], unique=False)

    with op.batch_alter_table('matches', schema=None) as batch_op:
        batch_op.add_column(sa.Column('district_rank', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('park_rank', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('rematch_runs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rematch_runs_state'))

    op.drop_table('rematch_runs')
    with op.batch_alter_table('park_checks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_park_checks_project_id'))
        batch_op.drop_index('ix_park_checks_park_state')

    op.drop_table('park_checks')
    with op.batch_alter_table('chain_edits', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chain_edits_subject'))
        batch_op.drop_index(batch_op.f('ix_chain_edits_state'))

    op.drop_table('chain_edits')
    with op.batch_alter_table('matches', schema=None) as batch_op:
        batch_op.drop_column('park_rank')
        batch_op.drop_column('district_rank')
