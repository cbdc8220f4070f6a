"""The scheduler: which job runs when, and that only one process of the deployment runs them.

Jobs hold nothing in memory: each works over what is due in the database, so a scheduler that stood still for days misses
nothing and repeats nothing. APScheduler keeps its jobs in memory and runs under a lease: with a job store two
schedulers ran jobs twice (trap 9).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from apscheduler.events import EVENT_JOB_SUBMITTED, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from crm.domain.errors import Unavailable
from crm.jobs.dispatch_clock import take_back_unanswered
from crm.jobs.housekeeping import erase_old_messages
from crm.jobs.index_check import compare_index
from crm.jobs.lights import raise_changed_lights
from crm.jobs.rematching import match_anew
from crm.services.measures import JOB_DONE_AT, JOB_LATE_SECONDS, JOB_SECONDS
from crm.store.leases import hold, release, succeed
from crm.wiring import Deployment

LEASE = timedelta(seconds=90)
NAME = "scheduler"

log = structlog.get_logger("scheduler")

Job = Callable[[Deployment], int]
SCHEDULE: tuple[tuple[Job, dict[str, object]], ...] = (
    (take_back_unanswered, {"trigger": "interval", "seconds": 30}),
    (match_anew, {"trigger": "interval", "seconds": 3}),
    (raise_changed_lights, {"trigger": "cron", "hour": 0, "minute": 10}),
    (erase_old_messages, {"trigger": "cron", "hour": 2, "minute": 30}),
    (compare_index, {"trigger": "cron", "hour": 3, "minute": 30}),
)


class Scheduler:
    """Runs SCHEDULE while it holds the lease; `holder` names slot and process: one that was killed goes on at once."""

    def __init__(self, deployment: Deployment, holder: str) -> None:
        self.deployment = deployment
        self.holder = holder

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. A job under way is finished."""
        scheduler = BackgroundScheduler(timezone="Asia/Shanghai", job_defaults={"coalesce": True, "max_instances": 1})
        for job, when in SCHEDULE:
            scheduler.add_job(self.run_job, args=[job], id=job.__name__, misfire_grace_time=None, **when)
        self._succeed()
        self.run_job(take_back_unanswered)  # what fell due while nobody was there
        scheduler.add_listener(self._note_lateness, EVENT_JOB_SUBMITTED)
        scheduler.start()
        stop.wait()
        scheduler.shutdown(wait=True)
        self._leave()

    def run_job(self, job: Job) -> int:
        """Run one job if this process is the scheduler; how much it did."""
        try:
            if not self._is_mine():
                return 0
            with JOB_SECONDS.labels(job.__name__).time():
                done = job(self.deployment)
            JOB_DONE_AT.labels(job.__name__).set(self.deployment.tools.clock.now().timestamp())
        except Unavailable as error:
            log.warning("unavailable, next time", job=job.__name__, reason=str(error))
            return 0
        if done:
            log.info("job done", job=job.__name__, count=done)
        return done

    def _note_lateness(self, event: JobSubmissionEvent) -> None:
        late = self.deployment.tools.clock.now() - event.scheduled_run_times[-1]
        JOB_LATE_SECONDS.labels(event.job_id).set(max(0.0, late.total_seconds()))

    def _succeed(self) -> None:
        try:
            with self.deployment.tools.database.write() as session:
                succeed(session, NAME, self.holder)
        except Unavailable as error:
            log.warning("unavailable, the dead process's lease must end", reason=str(error))

    def _is_mine(self) -> bool:
        tools = self.deployment.tools
        with tools.database.write() as session:
            return hold(session, NAME, self.holder, tools.clock.now(), LEASE)

    def _leave(self) -> None:
        try:
            with self.deployment.tools.database.write() as session:
                release(session, NAME, self.holder)
        except Unavailable as error:
            log.warning("unavailable, the lease ends by itself", reason=str(error))
