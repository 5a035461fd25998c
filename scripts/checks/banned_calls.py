#!/usr/bin/env python3
"""Calls that are banned here, each with what to use in its place."""

import dataclasses
import re

import tree

TOPS = ("src", "tests", "bench")


@dataclasses.dataclass(frozen=True)
class Ban:
    pattern: str
    instead: str
    allowed: str = ""          # path prefixes where it is allowed
    in_tests: bool = False     # also allowed in *_test.cc, testing/, tests/ and bench/
    in_comments: bool = False  # looks at the comments, not at the code


BANS = (
    Ban(r"\basio::detached\b", "spawn through a TaskGroup, which is joined",
        allowed="src/async/task_group"),
    Ban(r"\bthis_thread::sleep_(for|until)\b", "await a timer, or move the manual Clock",
        allowed="bench/"),
    Ban(r"(?<![\w.>])(::)?(std::)?u?sleep\s*\(", "await a timer, or move the manual Clock"),
    Ban(r"(?<![\w.>])(std::)?s?rand\s*\(", "the injected random source of base/"),
    Ban(r"\brandom_device\b", "the injected random source of base/", allowed="src/base/"),
    Ban(r"\bsystem_clock::now\b", "the injected Clock of base/",
        allowed="src/base/ bench/"),
    Ban(r"(?<![\w.>])(std::)?(f?printf|puts)\s*\(", "the log of base/; only main/ prints",
        allowed="src/main/", in_tests=True),
    Ban(r"\bstd::(cout|cerr|clog)\b", "the log of base/; only main/ prints",
        allowed="src/main/", in_tests=True),
    Ban(r"\b(secure_)?getenv\s*\(", "an options struct that main/ fills",
        allowed="src/main/ src/base/", in_tests=True),
    # Column 0 is file or namespace scope; literals bring in suffixes only.
    Ban(r"^using namespace\b(?! std::[\w:]*literals;)", "name what is used: unity builds share the file scope"),
    Ban(r"\bstd::j?thread\b(?!::)", "an executor or a named pool of async/",
        allowed="src/async/", in_tests=True),
    Ban(r"\bcatch\s*\(\s*\.\.\.\s*\)\s*\{\s*\}", "turn the exception into a Status"),
    # "TODO" alone is a keyword of org files.
    Ban(r"\b(TODO|FIXME|XXX)\s*[:(]", "do it, or write down the limit in the documents",
        in_comments=True),
)


def is_test_path(path):
    return tree.is_test(path) or path.startswith(("tests/", "bench/", "src/testing/"))


def applies(ban, path):
    if ban.in_tests and is_test_path(path):
        return False
    return not path.startswith(tuple(ban.allowed.split()))


def check(root):
    bans = [(ban, re.compile(ban.pattern, re.MULTILINE)) for ban in BANS]
    violations = []
    for path in tree.files(root, TOPS, tree.CPP):
        code, comments = tree.split(tree.read(root, path))
        for ban, pattern in bans:
            if not applies(ban, path):
                continue
            text = comments if ban.in_comments else code
            for match in pattern.finditer(text):
                called = " ".join(match[0].split()).rstrip(" (")
                violations.append(f"{path}:{tree.line_of(text, match.start())}: "
                                  f"{called} is banned; use instead: {ban.instead}")
    return violations


if __name__ == "__main__":
    tree.main(check)
