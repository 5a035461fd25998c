#!/usr/bin/env python3
"""Every test that docs/pitfalls.md names exists.

`Suite.Name` is a GoogleTest of a `*_test.cc`; a path under tests/ is a file (doc_paths.py).
"""

import re

import tree

DOCUMENT = "docs/pitfalls.md"
_NAMED = re.compile(r"`([A-Z]\w+\.[A-Z]\w+)`")
_TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)


def check(root):
    names = set()
    for path in tree.files(root, ("src",), ("_test.cc",)):
        names |= {f"{suite}.{name}" for suite, name in _TEST.findall(tree.read(root, path))}
    if not tree.files(root, ("docs",), ("pitfalls.md",)):
        return []
    text = tree.read(root, DOCUMENT)
    return [f"{DOCUMENT}:{tree.line_of(text, match.start())}: there is no test '{match[1]}'"
            for match in _NAMED.finditer(text) if match[1] not in names]


if __name__ == "__main__":
    tree.main(check)
