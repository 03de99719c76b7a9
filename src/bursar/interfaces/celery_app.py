"""What `celery -A bursar.interfaces.celery_app` loads: made at import, because Celery asks so."""

from bursar.interfaces.worker import create

celery = create()
