"""gunicorn reads this by itself: `gunicorn webhooks_project.wsgi`.

Options on the command line and GUNICORN_CMD_ARGS come after it. A proxy in front keeps
slow clients away: docs/deploy/nginx.conf.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

# The processes add up what they count for /metrics in files. Before any of them begins:
# the library reads this when it is imported.
os.environ.setdefault(
    "PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="webhooks-metrics-")
)

# Threads wait for the database; processes use the cores.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
# A worker that gives no sign of life for so long is replaced. A thread that sends a long
# export keeps nobody from giving it.
timeout = 60
graceful_timeout = 40
# As in docs/deploy/nginx.conf: longer than ours, so that the proxy closes first.
keepalive = 75

# What leaks leaks slowly: each worker ends after so many requests, not all at once.
max_requests = 20_000
max_requests_jitter = 4_000

# Headers of 16 KiB and addresses of 8 KiB are enough for anybody (answered 400, 431).
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

# No query string and no header: they may hold what belongs to nobody's log.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that ended; its counts stay."""
    from prometheus_client import multiprocess  # noqa: PLC0415 (reads the folder above)

    multiprocess.mark_process_dead(worker.pid)
