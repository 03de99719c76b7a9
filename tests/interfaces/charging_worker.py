"""What `celery -A tests.interfaces.charging_worker` loads: Bursar's worker, and effects that charge."""

from bursar.interfaces.worker import create
from tests.interfaces import charging

celery = create()
assert charging.charge
