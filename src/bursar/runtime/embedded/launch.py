"""Become another program that dies with its parent, as another operating-system user if asked.

Run as a script by its path (`python -I -S launch.py ...`), so it imports nothing but the standard
library and costs some 20 ms. A script instead of `preexec_fn`, because Python code between fork and
exec can deadlock in a process that has threads. The process id stays the same through the exec.

Arguments: PARENT_PID DEATH_SIGNAL USER_ID GROUP_ID READS_ANYWHERE COMMAND [ARGUMENT ...]
USER_ID -1 keeps the user. READS_ANYWHERE 1 keeps the one capability that lets an unprivileged user
pass folders it may not open: PostgreSQL refuses to run as root, yet root's BURSAR_HOME or virtual
environment may lie under /root, which is closed to others and should stay so.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
FIXED_ARGUMENTS = 5


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _keep_reading_everywhere(libc: ctypes.CDLL) -> None:
    """Drop every capability but the one to pass closed folders, and let exec keep that one."""
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    data = (_CapabilityData * 2)()
    libc.capget(ctypes.byref(header), data)
    # Containers grant DAC_OVERRIDE and seldom the narrower DAC_READ_SEARCH.
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        bit = 1 << capability
        if data[0].permitted & bit:
            data[0].effective = data[0].permitted = data[0].inheritable = bit
            data[1].effective = data[1].permitted = data[1].inheritable = 0
            libc.capset(ctypes.byref(header), data)
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return


def main(arguments: list[str]) -> None:
    """Change user, arm the death signal, and turn into the command."""
    parent, death_signal, user, group, reads = (int(text) for text in arguments[:FIXED_ARGUMENTS])
    command = arguments[FIXED_ARGUMENTS:]
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None, use_errno=True)
    if user >= 0:
        if linux and reads:
            libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
        if linux and reads:
            _keep_reading_everywhere(libc)
    if linux:
        # After setuid, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # the parent died before the signal was armed
    os.execv(command[0], command)  # noqa: S606 - the whole point: become the given program, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
