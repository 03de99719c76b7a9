"""When root starts Bursar, its servers run as an unprivileged user: PostgreSQL refuses root.

Nothing on the machine is changed for that: no user is created, no folder outside BURSAR_HOME gets
new permissions. Where the way to BURSAR_HOME or to the program is closed to others (/root), the
server keeps one capability to pass it (see launch.py).
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_NAMES = ("bursar", "nobody")


@dataclass(frozen=True)
class ServerAccount:
    """The operating-system user a server runs as, and whether it needs to pass closed folders."""

    user_id: int
    group_id: int
    reads_anywhere: bool

    def arguments(self) -> tuple[int, int, int]:
        """Return user id, group id and the reads-anywhere flag, as launch.py takes them."""
        return self.user_id, self.group_id, int(self.reads_anywhere)


def _closed_to_others(path: Path) -> bool:
    """Tell whether some folder on the way to `path` may not be entered by everyone."""
    return any(
        not folder.stat().st_mode & stat.S_IXOTH
        for folder in path.resolve().parents
        if folder.exists()
    )


def server_account(data: Path, program: Path) -> ServerAccount | None:
    """Choose the user for a server with this data folder and program; None means "as we are".

    The owner of an existing data folder stays its user; otherwise a user called bursar, else nobody.
    Raises LookupError when root has no such user to offer.
    """
    if os.geteuid() != 0:
        return None
    entry: pwd.struct_passwd | None = None
    if data.exists() and data.stat().st_uid != 0:
        entry = pwd.getpwuid(data.stat().st_uid)
    known = {user.pw_name: user for user in pwd.getpwall()} if entry is None else {}
    for name in ACCOUNT_NAMES:
        entry = entry or known.get(name)
    if entry is None:
        msg = "PostgreSQL does not run as root and this machine has no user 'bursar' or 'nobody'"
        raise LookupError(msg)
    closed = _closed_to_others(data) or _closed_to_others(program)
    return ServerAccount(entry.pw_uid, entry.pw_gid, closed)
