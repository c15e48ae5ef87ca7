"""Writing outside of the scratch folder, and changing what files are without writing them."""

from __future__ import annotations

from tests.sandbox.attacks.evidence import changed, leaked
from tests.sandbox.attacks.payload import Family

writes = Family("writes")

writes(
    "a new file",
    changed,
    """
    open(CANARY["home"] + "/new.txt", "w").write("x")
""",
)
writes(
    "a new file, by raw system calls",
    changed,
    """
    call("openat", -100, (CANARY["home"] + "/new.txt").encode(), os.O_CREAT | os.O_WRONLY, 0o600)
""",
)
writes(
    "a file overwritten",
    changed,
    """
    open(CANARY["home"] + "/thesis.txt", "w").write("x")
""",
)
writes(
    "a line appended to .bashrc",
    changed,
    """
    open(CANARY["home"] + "/.bashrc", "a").write("echo hello\\n")
""",
)
writes(
    "a file truncated by its path",
    changed,
    """
    os.truncate(CANARY["home"] + "/thesis.txt", 1)
""",
)
writes(
    "a file renamed",
    changed,
    """
    os.rename(CANARY["home"] + "/thesis.txt", CANARY["home"] + "/old.txt")
""",
)
writes(
    "two files exchanged",
    changed,
    """
    names = [(CANARY["home"] + name).encode() for name in ("/thesis.txt", "/.bashrc")]
    call("renameat2", -100, names[0], -100, names[1], 2)
""",
)
writes(
    "a file moved into the scratch folder",
    changed,
    """
    os.rename(CANARY["home"] + "/thesis.txt", "thesis.txt")
""",
)
writes(
    "a file removed",
    changed,
    """
    os.unlink(CANARY["home"] + "/thesis.txt")
""",
)
writes(
    "a tree removed",
    changed,
    """
    import shutil
    shutil.rmtree(CANARY["home"])
""",
)
writes(
    "a folder made",
    changed,
    """
    os.mkdir(CANARY["home"] + "/new")
""",
)
writes(
    "a FIFO made",
    changed,
    """
    os.mkfifo(CANARY["home"] + "/pipe")
""",
)
writes(
    "a symbolic link made",
    changed,
    """
    os.symlink("/etc/passwd", CANARY["home"] + "/link")
""",
)
writes(
    "a hard link to a file of the user's",
    changed,
    """
    os.link(CANARY["home"] + "/thesis.txt", "mine.txt")
""",
)
writes(
    "a socket bound to a path",
    changed,
    """
    import socket
    socket.socket(socket.AF_UNIX).bind(CANARY["home"] + "/new.sock")
""",
)
writes(
    "a file without a name, given one",
    changed,
    """
    file = os.open(CANARY["home"], os.O_TMPFILE | os.O_RDWR, 0o600)
    os.link(f"/proc/self/fd/{file}", CANARY["home"] + "/new.txt", src_dir_fd=file, follow_symlinks=True)
""",
    needs="O_TMPFILE",
)
writes(
    "a file, by pandas.to_csv",
    changed,
    """
    import pandas
    pandas.DataFrame({"a": [1]}).to_csv(CANARY["home"] + "/thesis.txt")
""",
)
writes(
    "a file, by another program",
    changed,
    """
    os.system(f"echo hello > {CANARY['home']}/thesis.txt")
""",
)
writes(
    "an old interface: a 32-bit system call in memory made executable",
    changed,
    """
    import mmap
    path = (CANARY["home"] + "/new.txt").encode() + b"\\0"
    libc.mmap.restype = ctypes.c_void_p
    page = libc.mmap(None, 4096, 7, 0x22 | 0x40, -1, 0)  # MAP_32BIT: pointers fit into 32 bits
    ctypes.memmove(page + 256, path, len(path))
    # creat(path, 0600): push rbx; mov eax, 8; mov ebx, path; mov ecx, 0600; int 0x80; pop rbx; ret
    code = b"\\x53\\xb8\\x08\\0\\0\\0\\xbb" + (page + 256).to_bytes(4, "little")
    code += b"\\xb9\\x80\\x01\\0\\0\\xcd\\x80\\x5b\\xc3"
    ctypes.memmove(page, code, len(code))
    ctypes.CFUNCTYPE(ctypes.c_int)(page)()
""",
    needs="x86-64 with 32-bit system calls",
)

hooks = Family("import hooks")

hooks(
    "a .pth file among the user's packages",
    changed,
    """
    open(CANARY["home"] + "/.local/lib/python/site-packages/evil.pth", "w").write("import os\\n")
""",
)
hooks(
    "sitecustomize and usercustomize",
    changed,
    """
    for name in ("sitecustomize", "usercustomize"):
        open(f"{CANARY['home']}/.local/lib/python/site-packages/{name}.py", "w").write("import os\\n")
""",
)
hooks(
    "an installed package altered",
    changed,
    """
    open(CANARY["home"] + "/.local/lib/python/site-packages/package/__init__.py", "a").write("import os\\n")
""",
)
hooks(
    "a start-up file of the interpreter",
    changed,
    """
    open(CANARY["home"] + "/.pythonrc", "w").write("import os\\n")
    open(CANARY["home"] + "/.bashrc", "a").write("export PYTHONSTARTUP=~/.pythonrc\\n")
""",
)

metadata = Family("metadata")

metadata(
    "chmod",
    changed,
    """
    os.chmod(CANARY["home"] + "/thesis.txt", 0o777)
""",
)
metadata(
    "chmod through an open folder",
    changed,
    """
    folder = os.open(CANARY["home"], os.O_PATH)
    os.chmod("thesis.txt", 0o777, dir_fd=folder)
""",
)
metadata(
    "chown",
    changed,
    """
    os.chown(CANARY["home"] + "/thesis.txt", os.getuid(), os.getgid())
""",
)
metadata(
    "utime",
    changed,
    """
    os.utime(CANARY["home"] + "/thesis.txt", (1, 1))
""",
)
metadata(
    "an extended attribute set",
    changed,
    """
    os.setxattr(CANARY["home"] + "/thesis.txt", "user.payload", b"x")
""",
    needs="a file system with extended attributes",
)
metadata(
    "chmod, utime and an attribute, by raw system calls",
    changed,
    """
    path = (CANARY["home"] + "/thesis.txt").encode()
    for name, arguments in {
        "fchmodat": (-100, path, 0o777),
        "utimensat": (-100, path, None, 0),
        "setxattr": (path, b"user.payload", b"x", 1, 0),
        "lsetxattr": (path, b"user.payload", b"x", 1, 0),
    }.items():
        with contextlib.suppress(OSError):
            call(name, *arguments)
""",
)
metadata(
    "the flags of a file, by ioctl",
    changed,
    """
    import fcntl, struct
    with open(CANARY["home"] + "/thesis.txt") as file:
        fcntl.ioctl(file, 0x40086602, struct.pack("l", 0x40))  # FS_IOC_SETFLAGS, no dump
""",
    needs="a file system with flags",
)

jobs = Family("other jobs")

jobs(
    "the scratch folder of a job that runs at the same time, read",
    leaked,
    """
    for folder in (CANARY["temporary"], "..", "../.."):
        for parent, _, names in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):
                    print(open(os.path.join(parent, name)).read(4096))
""",
    neighbour=True,
)
jobs(
    "the scratch folder of a job that runs at the same time, written",
    changed,
    """
    for folder in (CANARY["temporary"], "..", "../.."):
        for parent, folders, _ in os.walk(folder):
            for name in folders:
                with contextlib.suppress(OSError):
                    open(os.path.join(parent, name, "result.json"), "w").write("{}")
""",
    neighbour=True,
)
jobs(
    "what an earlier job left for this one",
    leaked,
    """
    for folder in (CANARY["temporary"], ".", "..", "/tmp", "/dev/shm", "/var/tmp"):
        with contextlib.suppress(OSError):
            print(open(f"{folder}/{CANARY['name']}").read())
""",
    earlier="""
    for folder in (CANARY["temporary"], ".", ".."):
        with contextlib.suppress(OSError):
            open(f"{folder}/{CANARY['name']}", "w").write(CANARY["secret"])
""",
)
