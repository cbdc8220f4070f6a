"""The tables. Models hold data and constraints, not decisions.

`STATE_TABLES` are written by facts alone and make up the canonical dump; the rest are messages, marks,
sessions and reference data.
"""

from crm.store.models.base import Model
from crm.store.models.chains import ChainEdit, ParkCheck, RematchRun
from crm.store.models.enterprises import Enterprise, EnterpriseHint, EnterpriseKey, MergeProposal
from crm.store.models.leads import Contact, Lead, Receipt
from crm.store.models.messages import (
    BusGroupOffset,
    BusMember,
    BusPartition,
    BusRecord,
    DeadLetter,
    HistoryLine,
    InboxMessage,
    IndexRequest,
    Lease,
    OutboxMark,
    SearchRevision,
    Submission,
)
from crm.store.models.parks import Carrier
from crm.store.models.people import ApiToken, LoginSession, Membership, Organisation, RateWindow, User
from crm.store.models.projects import (
    Activity,
    Assignment,
    Match,
    Milestone,
    Obstacle,
    Project,
    ProjectParty,
    ProjectReader,
)
from crm.store.models.reference import ReferenceRow, ReferenceState

__all__ = [
    "Activity",
    "ApiToken",
    "Assignment",
    "BusGroupOffset",
    "BusMember",
    "BusPartition",
    "BusRecord",
    "Carrier",
    "ChainEdit",
    "Contact",
    "DeadLetter",
    "Enterprise",
    "EnterpriseHint",
    "EnterpriseKey",
    "HistoryLine",
    "InboxMessage",
    "IndexRequest",
    "Lead",
    "Lease",
    "LoginSession",
    "Match",
    "Membership",
    "MergeProposal",
    "Milestone",
    "Model",
    "Obstacle",
    "Organisation",
    "OutboxMark",
    "ParkCheck",
    "Project",
    "ProjectParty",
    "ProjectReader",
    "RateWindow",
    "Receipt",
    "ReferenceRow",
    "ReferenceState",
    "RematchRun",
    "SearchRevision",
    "Submission",
    "User",
]
