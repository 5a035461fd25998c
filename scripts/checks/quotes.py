#!/usr/bin/env python3
"""Code that a document quotes from a file is the same there.

`<!-- PATH [NAME] -->` before a code block says that the block is what stands in PATH between the
lines `// [NAME]` and `// [end]`.
"""

import os
import re
import textwrap

import tree

_QUOTE = re.compile(r"^<!-- (\S+) \[(\w+)\] -->\n+```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^<!-- \S+ \[\w+\] -->", re.MULTILINE)


def region(text, name):
    """The lines between the marks, without their common indent; None if there are no such marks."""
    match = re.search(rf"^[ \t]*// \[{name}\]\n(.*?)^[ \t]*// \[end\]$", text,
                      re.MULTILINE | re.DOTALL)
    return textwrap.dedent(match[1]) if match else None


def check(root):
    violations = []
    for document in tree.files(root, ("docs", "src"), (".md",)):
        text = tree.read(root, document)
        quotes = {match.start(): match for match in _QUOTE.finditer(text)}
        for mark in _MARK.finditer(text):
            where = f"{document}:{tree.line_of(text, mark.start())}"
            match = quotes.get(mark.start())
            if match is None:
                violations.append(f"{where}: no code block follows the mark")
                continue
            path, name, quoted = match.groups()
            if not os.path.exists(os.path.join(root, path)):
                violations.append(f"{where}: '{path}' does not exist")
                continue
            code = region(tree.read(root, path), name)
            if code is None:
                violations.append(f"{where}: {path} has no region [{name}]")
            elif code.strip("\n") != quoted.strip("\n"):
                violations.append(f"{where}: differs from [{name}] in {path}")
    return violations


if __name__ == "__main__":
    tree.main(check)
