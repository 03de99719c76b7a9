"""What identity refuses.

BursarError
    Unauthenticated
        WrongSignIn      401  one answer for every wrong account, password, link or invitation
    TooManyAttempts      429  wait, then try again; retry_after_seconds says how long
    KeyRingError         500  the key ring and SECRET_KEY do not belong together
"""

from bursar.core.errors import BursarError, Unauthenticated


class WrongSignIn(Unauthenticated):
    """The account, password or link is wrong; which of them is never said."""

    code = "wrong_sign_in"
    default_hint = "Check the user name and the password, or ask an administrator for a new link."


class TooManyAttempts(BursarError):
    """Signing in failed too often for this account or from this address."""

    code = "too_many_attempts"
    status = 429
    default_hint = "Wait as long as retry_after_seconds says, then try again."


class KeyRingError(BursarError):
    """The key ring cannot be opened with this SECRET_KEY, or its file is damaged."""

    code = "key_ring"
    status = 500
    default_hint = "Start with the SECRET_KEY the key ring was made with, or restore BURSAR_HOME/keys from a backup."
