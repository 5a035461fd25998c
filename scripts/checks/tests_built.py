#!/usr/bin/env python3
"""Every *_test.cc is compiled: named in the compile database or in a unity source of it."""

import json
import os
import re

import tree

# Looked for in this order when no build tree is given.
BUILD_TREES = ("build/release", "build/dev")
DATABASE = "compile_commands.json"

_UNITY = re.compile(r"/Unity/unity_\d+_cxx\.cxx$")
_UNITY_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def compiled(build):
    """Real paths of the sources that the build tree compiles."""
    with open(os.path.join(build, DATABASE), encoding="utf-8") as file:
        entries = json.load(file)
    sources = set()
    for entry in entries:
        path = os.path.join(entry["directory"], entry["file"])
        sources.add(os.path.realpath(path))
        if _UNITY.search(path) and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                sources.update(map(os.path.realpath, _UNITY_INCLUDE.findall(file.read())))
    return sources


def check(root, build=None):
    tests = tree.files(root, ("src", "tests"), ("_test.cc",))
    if not tests:
        return []
    candidates = [build] if build else [os.path.join(root, name) for name in BUILD_TREES]
    found = [name for name in candidates if os.path.exists(os.path.join(name, DATABASE))]
    if not found:
        return [f"no {DATABASE} in {' or '.join(candidates)}: build first (make test)"]
    sources = compiled(found[0])
    return [f"{test}: not compiled by {found[0]}: add it to its module's CMakeLists.txt "
            "(or build with the tests: make test)"
            for test in tests if os.path.realpath(os.path.join(root, test)) not in sources]


if __name__ == "__main__":
    tree.main(check, ("--build", "the build tree to look in"))
