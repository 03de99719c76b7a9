"""What can go wrong with the sealed journal."""

from bursar.core.errors import BursarError, Conflict


class SigningKeyUnusable(BursarError):
    """The key that signs checkpoints cannot be read."""

    code = "signing_key_unusable"
    status = 500


class JournalTampered(Conflict):
    """What the database holds is not what was signed; sealing stops rather than sign it."""

    code = "journal_tampered"
    default_hint = "Run 'bursar audit check' on the server: it names the first bad row."
