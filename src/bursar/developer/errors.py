"""What developer refuses."""

from bursar.core.errors import Conflict, NotFound


class NoSuchEffect(NotFound):
    """There is no effect of this id that you may see."""

    code = "no_such_effect"


class EffectNotWaiting(Conflict):
    """The effect is being carried out, or is finished: it can be neither tried again nor dropped."""

    code = "effect_not_waiting"
    default_hint = "Look at its state with developer.get_effect."


class NoSuchJob(NotFound):
    """There is no scheduled job of this name."""

    code = "no_such_job"
    default_hint = "List the jobs with developer.list_schedules."
