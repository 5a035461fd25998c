"""Imports real files with the real binary, twice, and prints rate, peak memory and size.

/usr/bin/python3 bench/import_files.py [--files 10000] [--bin build/release/bin/baton]

The files are this machine's /usr/share/doc as it is, and its manual pages with their markup taken
out, as many as it takes.
"""
import argparse
import gzip
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import time


def real_files(folder):
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = pathlib.Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path


def text_of_manual_page(path):
    opened = gzip.open(path, "rt", errors="replace") if path.suffix == ".gz" else open(
        path, errors="replace")
    with opened as page:
        lines = re.sub(r"\\f[BIRP]|\\&", "", page.read()).split("\n")
    text = []
    for line in lines:
        if line.startswith((".\\\"", "'\\\"")):
            continue
        if line.startswith(".SH"):
            text.append("\n# " + line[4:].strip('"'))
        else:
            text.append(line.partition(" ")[2] if line.startswith(".") else line)
    return "\n".join(text)


def copy_files(out, count):
    copied = 0
    for path in real_files("/usr/share/doc"):
        if copied == count:
            return copied
        target = out / path.relative_to("/usr/share")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        copied += 1
    for path in real_files("/usr/share/man"):
        if copied == count:
            break
        name = path.relative_to("/usr/share")
        target = (out / name).with_name(name.name.removesuffix(".gz") + ".txt")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text_of_manual_page(path))
        copied += 1
    return copied


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--bin", default="build/release/bin/baton")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files, data = pathlib.Path(folder, "files"), pathlib.Path(folder, "data")
        count = copy_files(files, given.files)
        for turn in ("first", "again"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.monotonic()
            done = subprocess.run([given.bin, "import", files, "--data", data], check=True,
                                  capture_output=True, text=True)
            wall = time.monotonic() - began
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            size = sum(p.stat().st_size for p in data.iterdir() if p.is_file())
            print(f"{turn}: {done.stdout.strip()}; {count / wall:.0f} files/s, {cpu:.1f} s of CPU, "
                  f"peak {after.ru_maxrss / 1024:.0f} MB so far, database {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
