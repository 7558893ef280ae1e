"""What a child does before its work: it gives up what it could do, then becomes the program or runs the tool.

Started as a script, and so with nothing of ours imported: `confinement.py <terms as JSON> exec <program> <argument>…`
or `… tool <module> <argument>…`. What holds where is told in docs/documents.md.
"""

import ctypes
import importlib
import json
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Any

SET_DEATH_SIGNAL, NO_NEW_PRIVILEGES = 1, 38
NEW_NAMESPACES = 0x1000_0000 | 0x4000_0000  # CLONE_NEWUSER | CLONE_NEWNET
# Landlock's system calls have these numbers on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE, READ, LIST, TRUNCATE, DEVICES = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
FILE_RIGHTS = EXECUTE | WRITE | READ | TRUNCATE | DEVICES
TOO_MUCH, REFUSED = 3, 4
"""How a tool ends when it ran into a limit, and when the document is what is wrong; stderr then says why."""
# Where programs find the libraries and tables that belong to the system.
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/dev/urandom", "/dev/null")

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """Confine this process by the terms, then do what it was started for."""
    terms: dict[str, Any] = json.loads(sys.argv[1])
    how, what, *arguments = sys.argv[2:]
    die_with(terms["parent"])
    sys.path += terms["paths"]
    sys.dont_write_bytecode = True
    limit(terms)
    _libc.unshare(NEW_NAMESPACES)
    shut_out([*SYSTEM, sys.base_prefix, sys.base_exec_prefix, *terms["paths"], *terms["readable"]], terms["scratch"])
    if how == "exec":
        os.execv(what, [what, *arguments])  # noqa: S606 - no shell is wanted
    return run(what, arguments)


def run(module: str, arguments: list[str]) -> int:
    """The tool's exit code. It refuses a document by `sys.exit("why")`, in words for whoever sent it."""
    try:
        return importlib.import_module(module).main(*arguments) or 0
    except SystemExit as refused:
        sys.stderr.write(str(refused.code))
        return REFUSED
    except (MemoryError, RecursionError):
        return TOO_MUCH


def die_with(parent: int) -> None:
    """End when the process that started this one ends, also if it did so just now."""
    _libc.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(TOO_MUCH)


def limit(terms: dict[str, Any]) -> None:
    """Time, memory, size of files, number of open files. The second of more time lets a program end by itself."""
    limits = [
        (resource.RLIMIT_AS, terms["memory"], terms["memory"]),
        # What is really held: the other counts addresses, of which a runtime takes many that it never uses.
        (resource.RLIMIT_DATA, terms["held"], terms["held"]),
        (resource.RLIMIT_CPU, terms["cpu"], terms["cpu"] + 1),
        (resource.RLIMIT_FSIZE, terms["file"], terms["file"]),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 64, 64),
    ]
    for which, soft, hard in limits:
        resource.setrlimit(which, (soft, hard))


def shut_out(readable: list[str], scratch: str) -> bool:
    """Let this process read nothing but those places and write nowhere but in its scratch directory; no TCP.

    Where the kernel has no Landlock (before 5.13, or turned off) nothing happens; the answer says which it was.
    """
    version = _libc.syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    if version < 1:
        return False
    everything = (1 << (13 + (version >= 2) + (version >= 3) + (version >= 5))) - 1
    terms = struct.pack("QQQ", everything, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    terms = terms[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = _libc.syscall(CREATE_RULESET, terms, len(terms), 0)
    if ruleset < 0:
        return False
    for place in readable:
        _allow(ruleset, place, EXECUTE | READ | LIST)
    _allow(ruleset, "/dev/null", READ | WRITE)
    _allow(ruleset, scratch, everything)
    _libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = _libc.syscall(RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _allow(ruleset: int, place: str, rights: int) -> None:
    try:
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not Path(place).is_dir():
        rights &= FILE_RIGHTS
    _libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, handle), 0)
    os.close(handle)


if __name__ == "__main__":
    sys.exit(main())
