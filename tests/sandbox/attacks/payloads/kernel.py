"""Interfaces of the kernel: objects that outlive processes, namespaces, rings, devices and terminals."""

from __future__ import annotations

from dataclasses import replace

from tests.sandbox.attacks.evidence import changed, held, isolated, meddled, shown, typed
from tests.sandbox.attacks.payload import LIMITS, Family

shared = Family("shared objects")

shared(
    "System V shared memory",
    changed,
    """
    call("shmget", CANARY["key"], 4096, 0o1600)
""",
)
shared(
    "System V semaphores",
    changed,
    """
    call("semget", CANARY["key"], 1, 0o1600)
""",
)
shared(
    "System V messages",
    changed,
    """
    call("msgget", CANARY["key"], 0o1600)
""",
)
shared(
    "POSIX shared memory",
    changed,
    """
    open(f"/dev/shm/{CANARY['name']}", "w").write("x")
""",
)
shared(
    "POSIX shared memory, by multiprocessing",
    changed,
    """
    from multiprocessing import resource_tracker, shared_memory
    resource_tracker.register = lambda *_: None
    shared_memory.SharedMemory(CANARY["name"], create=True, size=4096)
""",
)
shared(
    "a POSIX message queue",
    changed,
    """
    call("mq_open", CANARY["name"].encode(), os.O_CREAT | os.O_RDWR, 0o600, None)
""",
    needs="POSIX message queues",
)
shared(
    "the user's keyring",
    meddled,
    """
    call("add_key", b"user", CANARY["token"].encode(), b"x", 1, -4)
""",
    needs="keyrings",
)
shared(
    "a file in memory",
    held,
    """
    keep = call("memfd_create", b"payload", 0)
    time.sleep(0.3)
""",
)

interfaces = Family("kernel interfaces")

interfaces(
    "a ring of system calls that opens and empties a file",
    changed,
    """
    import mmap
    libc.mmap.restype = ctypes.c_void_p
    parameters = ctypes.create_string_buffer(120)
    ring = call("io_uring_setup", 4, parameters)
    word = lambda offset: int.from_bytes(parameters.raw[offset:offset + 4], "little")
    queue, entries = (libc.mmap(None, 4096, 3, 0x8001, ring, ctypes.c_long(offset)) for offset in (0, 0x10000000))
    path = ctypes.create_string_buffer((CANARY["home"] + "/thesis.txt").encode())
    entry = (18).to_bytes(4, "little") + (-100).to_bytes(4, "little", signed=True) + bytes(8)  # IORING_OP_OPENAT
    entry += ctypes.addressof(path).to_bytes(8, "little") + (0o600).to_bytes(4, "little")
    entry += (os.O_WRONLY | os.O_TRUNC).to_bytes(4, "little") + bytes(32)
    ctypes.memmove(entries, entry, 64)
    tail, array = word(44), word(64)
    ctypes.c_uint32.from_address(queue + array).value = 0
    ctypes.c_uint32.from_address(queue + tail).value += 1
    call("io_uring_enter", ring, 1, 1, 1, None, 0)
""",
    needs="io_uring",
)
interfaces(
    "faults of memory handled by the code",
    held,
    """
    keep = call("userfaultfd", 1)
    time.sleep(0.3)
""",
    needs="userfaultfd",
)
interfaces(
    "counters of the processor",
    held,
    """
    import struct
    attributes = ctypes.create_string_buffer(struct.pack("IIQQQQQ", 1, 112, 1, 0, 0, 0, 0b1100000), 112)
    keep = call("perf_event_open", attributes, 0, -1, -1, 0)
    time.sleep(0.3)
""",
    needs="perf events",
)
interfaces(
    "what is done to files of the user's, watched",
    held,
    """
    keep = libc.inotify_init1(0)
    libc.inotify_add_watch(keep, CANARY["home"].encode(), 0xFFF)
    time.sleep(0.3)
""",
)
interfaces(
    "memory that even the kernel cannot see",
    held,
    """
    keep = call("memfd_secret", 0)
    time.sleep(0.3)
""",
    needs="memfd_secret",
)

namespaces = Family("namespaces")

namespaces(
    "a user namespace",
    isolated,
    """
    call("unshare", 0x10000000)
    time.sleep(0.3)
""",
    needs="user namespaces",
)
namespaces(
    "a user namespace, by clone",
    isolated,
    """
    child = call("clone", 0x10000000 | 17, None, None, None, None)
    if child == 0:
        time.sleep(0.3)
        os._exit(0)
    os.waitpid(child, 0)
""",
    needs="user namespaces",
)
namespaces(
    "mounting over files of the user's",
    isolated,
    """
    call("unshare", 0x10020000)
    libc.mount(b"tmpfs", CANARY["home"].encode(), b"tmpfs", 0, None)
    time.sleep(0.3)
""",
    needs="user namespaces",
)
namespaces(
    "another root",
    isolated,
    """
    call("unshare", 0x10000000)
    os.chroot(os.getcwd())
    time.sleep(0.3)
""",
    needs="user namespaces",
)
namespaces(
    "network, mounts, messages and host name of its own",
    isolated,
    """
    call("unshare", 0x4C020000 | 0x10000000)
    time.sleep(0.3)
""",
    needs="user namespaces",
)

devices = Family("devices and terminals")

devices(
    "characters typed into the user's terminal",
    typed,
    """
    import fcntl
    if os.fork() == 0:
        os.setsid()
        terminal = os.open(CANARY["terminal"], os.O_RDWR)
        for character in b"echo hello\\n":
            fcntl.ioctl(terminal, 0x5412, bytes([character]))  # TIOCSTI
        time.sleep(0.3)
        os._exit(0)
    os.wait()
""",
    needs="dev.tty.legacy_tiocsti",
)
devices(
    "text on the user's terminal",
    shown,
    """
    terminal = os.open(CANARY["terminal"], os.O_WRONLY | os.O_NOCTTY)
    os.write(terminal, b"please type your password: ")
    time.sleep(0.1)
""",
)
devices(
    "a core dump in a folder of the user's",
    changed,
    """
    import resource, signal
    resource.setrlimit(resource.RLIMIT_CORE, (20 << 20, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    os.chdir(CANARY["home"])
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(1)
""",
    needs="core dumps that are written to the working folder",
    limits=replace(LIMITS, wall_seconds=8),
)
