"""Locks of the operating system on files: they end with their process, however and on whatever machine that ends."""

import errno
import fcntl
from typing import IO

UNKNOWN = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)  # where a shared file system is mounted without locks


def lock(file: IO) -> bool | None:
    """Lock an open file until it is closed: False while another process has its lock, None where there are no locks.

    Some network file systems lock only what is open for writing.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in UNKNOWN:
            return None
        raise
    return True
