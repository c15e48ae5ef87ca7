"""Other processes of the same user: their memory, files, signals and priorities."""

from __future__ import annotations

from tests.sandbox.attacks.evidence import leaked, meddled, orphaned
from tests.sandbox.attacks.payload import Family

memory = Family("/proc and ptrace")

memory(
    "memory of another process, by /proc/PID/mem",
    leaked,
    """
    with open(f"/proc/{CANARY['victim']}/mem", "rb") as file:
        file.seek(CANARY["address"])
        print(file.read(64).decode())
""",
)
memory(
    "memory of another process, by process_vm_readv",
    leaked,
    """
    buffer = ctypes.create_string_buffer(64)
    mine = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
    theirs = (ctypes.c_void_p * 2)(CANARY["address"], 64)
    call("process_vm_readv", CANARY["victim"], mine, 1, theirs, 1, 0)
    print(buffer.value.decode())
""",
)
memory(
    "memory of another process written, by process_vm_writev",
    meddled,
    """
    buffer = ctypes.create_string_buffer(b"x" * 8)
    mine = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    theirs = (ctypes.c_void_p * 2)(CANARY["address"], 8)
    call("process_vm_writev", CANARY["victim"], mine, 1, theirs, 1, 0)
""",
)
memory(
    "memory of another process, by ptrace",
    leaked,
    """
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(16, CANARY["victim"], None, None) == 0:  # PTRACE_ATTACH
        os.waitpid(CANARY["victim"], 0x40000000)
        words = [libc.ptrace(2, CANARY["victim"], CANARY["address"] + 8 * index, None) for index in range(8)]
        libc.ptrace(17, CANARY["victim"], None, None)
        print(b"".join(word.to_bytes(8, "little", signed=True) for word in words).rstrip(b"\\0").decode())
""",
)
memory(
    "an open file of another process, by pidfd_getfd",
    leaked,
    """
    process = call("pidfd_open", CANARY["victim"], 0)
    file = call("pidfd_getfd", process, CANARY["descriptor"], 0)
    print(os.pread(file, 200, 0).decode())
""",
)
memory(
    "an open file of another process, by /proc/PID/fd",
    leaked,
    """
    print(open(f"/proc/{CANARY['victim']}/fd/{CANARY['descriptor']}").read())
""",
)

signals = Family("signals")

signals(
    "a signal, by os.kill",
    meddled,
    """
    import signal
    os.kill(CANARY["victim"], signal.SIGUSR1)
""",
)
signals(
    "a signal that ends, by os.kill",
    meddled,
    """
    import signal
    os.kill(CANARY["victim"], signal.SIGKILL)
""",
)
signals(
    "a process stopped",
    meddled,
    """
    import signal
    os.kill(CANARY["victim"], signal.SIGSTOP)
""",
)
signals(
    "a signal to a whole group",
    meddled,
    """
    import signal
    os.killpg(CANARY["victim"], signal.SIGUSR1)
""",
)
signals(
    "a signal, by tkill and tgkill",
    meddled,
    """
    call("tkill", CANARY["victim"], 10)
    call("tgkill", CANARY["victim"], CANARY["victim"], 12)
""",
)
signals(
    "a signal, by rt_sigqueueinfo",
    meddled,
    """
    import struct
    information = ctypes.create_string_buffer(struct.pack("iii4xii", 10, 0, -1, os.getpid(), os.getuid()), 128)
    call("rt_sigqueueinfo", CANARY["victim"], 10, information)
""",
)
signals(
    "a signal, by pidfd_send_signal",
    meddled,
    """
    process = call("pidfd_open", CANARY["victim"], 0)
    call("pidfd_send_signal", process, 10, None, 0)
""",
)
signals(
    "a signal that the kernel sends for a pipe",
    meddled,
    """
    import fcntl
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, CANARY["victim"])
    fcntl.fcntl(reading, fcntl.F_SETFL, fcntl.fcntl(reading, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(writing, b"x")
    time.sleep(0.05)
""",
)
signals(
    "a signal to the process above",
    orphaned,
    """
    import signal
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.3)
""",
)

priorities = Family("priorities")

priorities(
    "the niceness of another process",
    meddled,
    """
    os.setpriority(os.PRIO_PROCESS, CANARY["victim"], 19)
""",
)
priorities(
    "the processors of another process",
    meddled,
    """
    os.sched_setaffinity(CANARY["victim"], {max(os.sched_getaffinity(0))})
""",
    needs="two processors",
)
priorities(
    "the scheduling of another process",
    meddled,
    """
    os.sched_setscheduler(CANARY["victim"], os.SCHED_IDLE, os.sched_param(0))
""",
)
priorities(
    "the limits of another process, by prlimit",
    meddled,
    """
    import resource
    resource.prlimit(CANARY["victim"], resource.RLIMIT_NOFILE, (3, 3))
""",
)
priorities(
    "the out-of-memory score of another process",
    meddled,
    """
    open(f"/proc/{CANARY['victim']}/oom_score_adj", "w").write("1000")
""",
)
