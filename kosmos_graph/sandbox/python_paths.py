"""What the Python of a jail needs to see: interpreter, standard library, scientific packages, the system's libraries."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

INSIDE = Path(__file__).parent / "inside"
BOOTSTRAP = """\
import importlib.util, json, sys
folder, role, spec = sys.argv[1:4]
found = importlib.util.spec_from_file_location("inside", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["inside"] = importlib.util.module_from_spec(found)
found.loader.exec_module(sys.modules["inside"])
from inside.begin import begin
begin(role, json.loads(spec))
"""
"""Loads the package `inside` by its folder, whatever else is or is not to be found."""

_PACKAGES = (
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "statsmodels",
    "patsy",
    "dateutil",
    "pytz",
    "tzdata",
    "six",
    "packaging",
    "sklearn",
    "joblib",
)
_OF_THE_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)


@dataclass(frozen=True)
class PythonPaths:
    """Absolute paths that exist: the executable without its links, folders of packages, and all that may be read."""

    executable: str
    packages: tuple[str, ...]
    read: tuple[str, ...]

    def command(self, role: str, spec: str, inside: str = str(INSIDE)) -> list[str]:
        """The command that begins a process of the jail: no path of the user's, no site hooks, nothing of the environment."""
        return [self.executable, "-P", "-s", "-S", "-c", BOOTSTRAP, inside, role, spec]


def python_paths() -> PythonPaths:
    """Those of the interpreter that runs this, in a virtual environment or not."""
    executable = os.path.realpath(sys.executable)
    packages = _folders_of_packages()
    libraries = [f"{prefix}/{name}" for prefix in {sys.base_prefix, sys.base_exec_prefix} for name in ("lib", "lib64")]
    standard = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    wanted = [executable, str(INSIDE), *libraries, *standard, *packages, *_OF_THE_SYSTEM]
    resolved = [os.path.realpath(path) for path in wanted if path not in _OF_THE_SYSTEM]
    read = tuple(dict.fromkeys(path for path in [*wanted, *resolved] if Path(path).exists()))
    return PythonPaths(executable, packages, read)


def environment() -> dict[str, str]:
    """All that stands in a jail's environment: no key, no path of the user's; one thread, and the same hashes each time."""
    threads = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS")
    fixed = {
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "MPLBACKEND": "agg",
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others reserve a GiB of data, and with it all that a limit on data is for
    }
    return fixed | {f"{name}_NUM_THREADS": "1" for name in threads}


def _folders_of_packages() -> tuple[str, ...]:
    """The entries of the search path that hold the scientific packages, and those where packages are installed anyway."""
    found = []
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            found.append(str(origin.parent.parent if origin.name == "__init__.py" else origin.parent))
    installed = [entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"} and Path(entry).is_dir()]
    ordered = [entry for entry in sys.path if entry in {*found, *installed}]
    return tuple(dict.fromkeys([*ordered, *found]))
