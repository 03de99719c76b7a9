"""One parent process for everything `bursar up` runs: start in order, repair, stop without a trace.

`Part` says what to run, `Supervisor` runs a table of them. Starting is recovering: whatever the
last run left behind, orderly or killed, is ended before anything new begins.
"""

from bursar.interfaces.supervisor.parts import Part, RestartPolicy
from bursar.interfaces.supervisor.servers import postgresql_part, redis_part, server_parts
from bursar.interfaces.supervisor.supervision import Supervisor
from bursar.runtime.embedded.records import claim_home, read_status

__all__ = [
    "Part",
    "RestartPolicy",
    "Supervisor",
    "claim_home",
    "postgresql_part",
    "read_status",
    "redis_part",
    "server_parts",
]
