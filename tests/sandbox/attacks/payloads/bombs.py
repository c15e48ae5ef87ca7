"""Bombs and floods, each with a bound of its own: processes, threads, memory, disk, time."""

from __future__ import annotations

from dataclasses import replace

from tests.sandbox.attacks.evidence import burnt, crowded, flooded, late, outlived, swelled
from tests.sandbox.attacks.payload import LIMITS, Family

SHORT = replace(LIMITS, wall_seconds=0.7)
_AGES = 4.0
"""Seconds for which what should be ended goes on by itself; judging ends it, at the latest this does."""

crowds = Family("processes and threads")

crowds(
    "a fork bomb, up to 150 processes",
    crowded,
    """
    for _ in range(150):
        if os.fork() == 0:
            time.sleep(8)
            os._exit(0)
    time.sleep(1)
""",
)
crowds(
    "a thread bomb, up to 300 threads",
    crowded,
    """
    import threading
    threading.stack_size(65536)
    for _ in range(300):
        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
    time.sleep(0.5)
""",
)

memory = Family("memory")
_BIG = 1300
"""MiB that a memory bomb takes, where nobody stops it."""

memory(
    "a list",
    swelled,
    f"""
    keep = [bytearray(os.urandom(1) * (8 << 20)) for _ in range({_BIG} // 8)]
    time.sleep(0.2)
""",
)
memory(
    "an array",
    swelled,
    f"""
    import numpy
    keep = numpy.ones({_BIG} << 17)
    time.sleep(0.2)
""",
)
memory(
    "mapped memory that processes may share",
    swelled,
    f"""
    import mmap
    keep = mmap.mmap(-1, {_BIG} << 20)
    keep[::4096] = b"x" * ({_BIG} << 8)
    time.sleep(0.2)
""",
)
memory(
    "a file in memory that is only open",
    swelled,
    f"""
    file = call("memfd_create", b"bomb", 0)
    for _ in range({_BIG}):
        os.write(file, bytes(1 << 20))
    time.sleep(0.2)
""",
)
memory(
    "many processes, each below the limit",
    swelled,
    f"""
    for _ in range(6):
        if os.fork() == 0:
            keep = b"x" * ({_BIG} // 6 << 20)
            time.sleep(1)
            os._exit(0)
    time.sleep(1)
""",
)

memory(
    "many processes that copy what they inherited",
    swelled,
    """
    keep = bytearray(110 << 20)
    for _ in range(13):
        if os.fork() == 0:
            keep[::4096] = b"x" * (110 << 8)
            time.sleep(2)
            os._exit(0)
    time.sleep(2)
""",
)
memory(
    "memory that is there from the start, in many processes",
    swelled,
    f"""
    import mmap
    for _ in range(6):
        if os.fork() == 0:
            keep = mmap.mmap(-1, {_BIG} // 6 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
            time.sleep(1)
            os._exit(0)
    time.sleep(1)
""",
)
memory(
    "a stack that grows",
    swelled,
    f"""
    import mmap
    libc.mmap.restype = ctypes.c_void_p
    start = libc.mmap(None, ctypes.c_size_t({_BIG} << 20), 3, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100, -1, ctypes.c_long(0))
    ctypes.memset(start, 1, {_BIG} << 20)
    time.sleep(0.2)
""",
)
memory(
    "a device of zeros that is mapped",
    swelled,
    f"""
    import mmap
    file = os.open("/dev/zero", os.O_RDWR)
    keep = mmap.mmap(file, {_BIG} << 20)
    keep[::4096] = b"x" * ({_BIG} << 8)
    time.sleep(0.2)
""",
)

disks = Family("disk")

disks(
    "one large file",
    flooded,
    """
    with open("large", "wb") as file:
        for _ in range(400):
            file.write(b"x" * (1 << 20))
    time.sleep(0.1)
""",
)
disks(
    "many files, each below the limit",
    flooded,
    """
    for number in range(12):
        with open(f"large{number}", "wb") as file:
            for _ in range(40):
                file.write(b"x" * (1 << 20))
    time.sleep(0.1)
""",
)
disks(
    "files that are removed while they are open",
    flooded,
    """
    keep = []
    for number in range(12):
        keep.append(open("large", "wb"))
        os.unlink("large")
        for _ in range(40):
            keep[-1].write(b"x" * (1 << 20))
    time.sleep(0.1)
""",
)
disks(
    "a sparse file of 10 GB",
    flooded,
    """
    with open("sparse", "wb") as file:
        file.truncate(10 << 30)
    time.sleep(0.1)
""",
)
disks(
    "space reserved and not written",
    flooded,
    """
    file = os.open("reserved", os.O_CREAT | os.O_WRONLY)
    os.posix_fallocate(file, 0, 400 << 20)
    time.sleep(0.1)
""",
)

times = Family("time")

times(
    "a loop",
    late,
    f"""
    end = time.monotonic() + {_AGES}
    while time.monotonic() < end:
        pass
""",
    limits=SHORT,
)
times(
    "sleep",
    late,
    f"""
    time.sleep({_AGES})
""",
    limits=SHORT,
)
times(
    "a loop that ignores signals and catches everything",
    late,
    f"""
    import signal
    for number in set(signal.Signals) - {{signal.SIGKILL, signal.SIGSTOP}}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    end = time.monotonic() + {_AGES}
    while time.monotonic() < end:
        try:
            time.sleep(0.01)
        except BaseException:
            pass
""",
    limits=SHORT,
)
times(
    "a regular expression that never ends",
    late,
    """
    import re
    re.match(r"(a+)+$", "a" * 29 + "b")
""",
    limits=SHORT,
)
times(
    "C code that nothing interrupts",
    late,
    """
    import numpy
    numpy.linalg.svd(numpy.random.default_rng(seed).normal(size=(1800, 1800)))
""",
    limits=SHORT,
)
times(
    "an integer power that takes ages",
    late,
    """
    len(str(3 ** 3_000_000 % 10 ** 200_000)) if sys.set_int_max_str_digits(0) else 0
    10 ** 9_000_000 // 7 ** 3_000_000
""",
    limits=SHORT,
)
times(
    "processors kept busy by three processes",
    burnt,
    """
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            end = time.monotonic() + 3
            while time.monotonic() < end:
                pass
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
""",
    limits=replace(LIMITS, cpu_seconds=0.5),
)

survivors = Family("outliving the job")

survivors(
    "a child",
    outlived,
    f"""
    if os.fork() == 0:
        time.sleep({_AGES})
        os._exit(0)
""",
)
survivors(
    "a daemon, by forking twice",
    outlived,
    f"""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in range(3):
                os.close(descriptor)
            time.sleep({_AGES})
        os._exit(0)
    os.wait()
""",
)
survivors(
    "a process in a group and a session of its own that ignores signals",
    outlived,
    f"""
    import signal
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.setsid()
        os.setpgid(0, 0) if os.getpgid(0) != os.getpid() else None
        time.sleep({_AGES})
        os._exit(0)
""",
)
survivors(
    "a sibling, by the flag CLONE_PARENT",
    outlived,
    f"""
    if call("clone", 0x8000 | 17, None, None, None, None) == 0:
        time.sleep({_AGES})
        os._exit(0)
""",
)
survivors(
    "a chain of processes that forks faster than it can be found",
    outlived,
    f"""
    if os.fork() == 0:
        end = time.monotonic() + {_AGES}
        while time.monotonic() < end:
            if os.fork():
                os._exit(0)
        os._exit(0)
""",
)
survivors(
    "another program in the background",
    outlived,
    f"""
    import subprocess
    subprocess.Popen(["/bin/sleep", "{_AGES:.0f}"], start_new_session=True)
""",
)
