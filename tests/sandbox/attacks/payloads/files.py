"""Files, keys and the environment: reading what is none of the code's business."""

from __future__ import annotations

from tests.sandbox.attacks.evidence import leaked
from tests.sandbox.attacks.payload import Family

files = Family("files and keys")

files(
    "an ssh key, by its path",
    leaked,
    """
    print(open(CANARY["home"] + "/.ssh/id_ed25519").read())
""",
)
files(
    "a .env file, found by walking upwards and down",
    leaked,
    """
    for folder, _, names in os.walk(os.path.dirname(CANARY["home"])):
        if ".env" in names:
            print(open(os.path.join(folder, ".env")).read())
""",
)
files(
    "a file of password hashes",
    leaked,
    """
    import csv
    for row in csv.reader(open(CANARY["home"] + "/etc/shadow"), delimiter=":"):
        print(row)
""",
)
files(
    "the names in a private folder",
    leaked,
    """
    print(os.listdir(CANARY["home"] + "/private"))
""",
)
files(
    "credentials, by pandas.read_json",
    leaked,
    """
    import pandas
    print(pandas.read_json(CANARY["home"] + "/.config/credentials.json", typ="series").to_dict())
""",
)
files(
    "a key as a CSV, by pyarrow",
    leaked,
    """
    import pyarrow
    with pyarrow.memory_map(CANARY["home"] + "/.ssh/id_ed25519") as file:
        print(file.read())
""",
)
files(
    "a key through a symbolic link in the scratch folder",
    leaked,
    """
    os.symlink(CANARY["home"] + "/.ssh/id_ed25519", "data.csv")
    print(open("data.csv").read())
""",
)
files(
    "a key through a hard link in the scratch folder",
    leaked,
    """
    os.link(CANARY["home"] + "/.ssh/id_ed25519", "data.csv")
    print(open("data.csv").read())
""",
)
files(
    "a key, by raw system calls",
    leaked,
    """
    path = (CANARY["home"] + "/.ssh/id_ed25519").encode()
    file = call("openat", -100, path, os.O_RDONLY)
    buffer = ctypes.create_string_buffer(200)
    call("read", file, buffer, 200)
    print(buffer.value.decode())
""",
)
files(
    "a key, by another program",
    leaked,
    """
    import subprocess
    print(subprocess.run(["/bin/cat", CANARY["home"] + "/.ssh/id_ed25519"], capture_output=True, text=True).stdout)
""",
)
files(
    "a key, from a path relative to an open folder",
    leaked,
    """
    root = os.open("/", os.O_PATH)
    print(os.read(os.open(CANARY["home"][1:] + "/.ssh/id_ed25519", os.O_RDONLY, dir_fd=root), 200).decode())
""",
)
files(
    "a key, in the message of an exception",
    leaked,
    """
    raise ValueError(open(CANARY["home"] + "/.ssh/id_ed25519").read())
""",
)
files(
    "an open file that a process above forgot to close",
    leaked,
    """
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            print(os.pread(descriptor, 4096, 0).decode("utf-8", "replace"))
""",
)
files(
    "the root that /proc shows of another process",
    leaked,
    """
    print(open(f"/proc/{CANARY['victim']}/root" + CANARY["home"] + "/.ssh/id_ed25519").read())
""",
)

environment = Family("environment")

environment(
    "the environment, by os.environ",
    leaked,
    """
    print(dict(os.environ))
""",
)
environment(
    "the environment, from the memory of the C library",
    leaked,
    """
    strings = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    for string in strings:
        if string is None:
            break
        print(string.decode())
""",
)
environment(
    "the environment of the processes above",
    leaked,
    """
    for process in ("self", os.getppid(), 1):
        with contextlib.suppress(OSError):
            print(open(f"/proc/{process}/environ").read())
""",
)
environment(
    "the environment of another process",
    leaked,
    """
    print(open(f"/proc/{CANARY['victim']}/environ").read())
""",
)
environment(
    "the arguments of all processes",
    leaked,
    """
    import glob
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            print(open(path).read())
""",
)
