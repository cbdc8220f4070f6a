"""Projects and what hangs on them: parties, matches, assignments, milestones, activities, obstacles."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import Id, Model

PROJECT = String(64)


class Project(Model):
    """What the city works on. investment: 元; land: 亩; floor_area: ㎡; needs: the plan as reported.

    `stage` is derived from milestones and assignment (`crm/domain/milestones.py`) and kept for queries.
    """

    __tablename__ = "projects"
    id: Mapped[Id]
    version: Mapped[int]
    code_name: Mapped[str] = mapped_column(String(64), unique=True)
    confidential: Mapped[bool]
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(24))  # new expansion relocation_in_city hq rd team
    origin: Mapped[str] = mapped_column(String(16))  # reported, self_sourced
    site_mode: Mapped[str] = mapped_column(String(16))  # land lease buy office undecided
    track: Mapped[str | None] = mapped_column(String(16))  # land carrier expansion light
    track_by_hand: Mapped[bool]
    grade: Mapped[str] = mapped_column(String(16))  # key active reserve
    investment: Mapped[int | None] = mapped_column(BigInteger)
    needs: Mapped[dict[str, Any]]
    enterprise_id: Mapped[str | None] = mapped_column(PROJECT, index=True)
    first_lead_id: Mapped[str | None] = mapped_column(PROJECT)
    sources: Mapped[list[str]]
    industries: Mapped[list[str]]
    nodes: Mapped[list[str]]
    suitable: Mapped[bool | None]
    proposed_districts: Mapped[list[str]]
    proposed_parks: Mapped[list[str]]
    district: Mapped[str | None] = mapped_column(PROJECT)
    park: Mapped[str | None] = mapped_column(PROJECT)
    stage: Mapped[str] = mapped_column(String(32))
    off_line: Mapped[str | None] = mapped_column(String(16))  # shelved lost terminated unchosen merged
    off_line_reason: Mapped[str | None] = mapped_column(Text)
    wake_on: Mapped[date | None]
    signed_on: Mapped[date | None]
    landed_on: Mapped[date | None]
    received_at: Mapped[datetime]
    stage_since: Mapped[datetime]
    last_activity_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_projects_stage_received_at", "stage", "received_at", "id"),
        Index("ix_projects_received_at", "received_at", "id"),
        Index("ix_projects_district_received_at", "district", "received_at", "id"),
        Index("ix_projects_updated_at", "updated_at", "id"),
        Index("ix_projects_stage_since", "stage_since", "id"),
        Index("ix_projects_stage_district", "stage", "district", "confidential"),  # for counting without the rows
    )


class ProjectParty(Model):
    """A party: investor, project_company, introducer, fund, landlord. A report naming any of them finds the project."""

    __tablename__ = "project_parties"
    project_id: Mapped[str] = mapped_column(PROJECT, primary_key=True)
    role: Mapped[str] = mapped_column(String(24), primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(PROJECT, primary_key=True, index=True)


class ProjectReader(Model):
    """One of the named few who may read a confidential project."""

    __tablename__ = "project_readers"
    project_id: Mapped[str] = mapped_column(PROJECT, primary_key=True)
    actor_id: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)


class Match(Model):
    """A proposal kept with the versions of pack and rules, and the choice made beside it."""

    __tablename__ = "matches"
    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(PROJECT)
    reference_version: Mapped[str] = mapped_column(String(64))
    rules_version: Mapped[str] = mapped_column(String(32))
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    chosen_district: Mapped[str | None] = mapped_column(PROJECT)
    chosen_park: Mapped[str | None] = mapped_column(PROJECT)
    choice_reason: Mapped[str | None] = mapped_column(Text)
    district_rank: Mapped[int | None]  # place of the chosen one in the proposal, from 1; 0: not proposed
    park_rank: Mapped[int | None]

    __table_args__ = (Index("ix_matches_project_id_created_at", "project_id", "created_at"),)


class Assignment(Model):
    """A dispatch to a district. state: pending accepted declined expired ended."""

    __tablename__ = "assignments"
    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(PROJECT, index=True)
    district: Mapped[str] = mapped_column(PROJECT)
    park: Mapped[str | None] = mapped_column(PROJECT)
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    dispatched_at: Mapped[datetime]
    dispatched_by: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[datetime]
    due_provisional: Mapped[bool]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_assignments_state_due_at", "state", "due_at"),
        Index("ix_assignments_district_state", "district", "state"),
    )


class Milestone(Model):
    """A dated fact with evidence, claimed by one actor and confirmed by another. state: claimed confirmed refused."""

    __tablename__ = "milestones"
    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(PROJECT, index=True)
    kind: Mapped[str] = mapped_column(String(32))
    occurred_on: Mapped[date]
    evidence: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    confirmer: Mapped[str] = mapped_column(String(16))  # bureau or district: who must confirm, decided when claimed
    claimed_at: Mapped[datetime]
    claimed_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_milestones_state_confirmer", "state", "confirmer"),)


class Activity(Model):
    """A contact, visit or talk with its next step."""

    __tablename__ = "activities"
    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(PROJECT, index=True)
    kind: Mapped[str] = mapped_column(String(24))
    occurred_on: Mapped[date]
    summary: Mapped[str] = mapped_column(Text)
    two_sided: Mapped[bool]
    next_step: Mapped[str | None] = mapped_column(Text)
    next_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))


class Obstacle(Model):
    """A matter to be coordinated, waiting for a department. state: open, answered."""

    __tablename__ = "obstacles"
    id: Mapped[Id]
    project_id: Mapped[str] = mapped_column(PROJECT, index=True)
    department: Mapped[str] = mapped_column(PROJECT, index=True)
    description: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(16))
    raised_at: Mapped[datetime]
    raised_by: Mapped[str] = mapped_column(String(80))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(80))
