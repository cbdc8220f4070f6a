"""What the workers of this process measure of their own work, for Prometheus.

In `crm serve` the web's `/metrics` shows it; `crm worker` and `crm scheduler` show it at `CRM_METRICS_PORT`. What lies in the
database or on the bus is no measure: any web process reads it when asked (`crm/web/figures.py`).
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, Histogram

WORK = CollectorRegistry()
"""One a process, as its parts are."""

BATCH_SECONDS = Histogram("crm_batch_seconds", "Time a consumer took for a batch", ("consumer",), registry=WORK)
BATCH_RECORDS = Histogram(
    "crm_batch_records", "Records in it", ("consumer",), buckets=(1, 10, 50, 100, 250, 500, 1000, 2000), registry=WORK
)
JOB_SECONDS = Histogram("crm_job_seconds", "Time a job took", ("job",), registry=WORK)
JOB_LATE_SECONDS = Gauge("crm_job_late_seconds", "How long after its time a job last began", ("job",), registry=WORK)
JOB_DONE_AT = Gauge("crm_job_done_timestamp_seconds", "When a job last ended well", ("job",), registry=WORK)
INDEX_DIFFERENCES = Gauge(
    "crm_index_differences", "Documents that differed at the last comparison", ("kind",), registry=WORK
)
