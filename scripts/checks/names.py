#!/usr/bin/env python3
"""Names that say nothing: file and folder names, class names."""

import re

import tree

TOPS = ("src", "tests", "bench", "scripts", "web", "proto", "deploy")
SUFFIXES = (".h", ".cc", ".py", ".sh", ".js", ".mjs", ".ts", ".css", ".html", ".proto")

BANNED_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc",
                "impl"}

BANNED_CLASSES = (
    (r"I(?!Pv[46])[A-Z][a-z]\w*", "interfaces are plain nouns, without the I"),
    (r"\w*Impl", "say what this implementation adds"),
    (r"\w*Managers?", "name what it keeps or does"),
    (r"\w*(Helpers?|Utils?)", "name the noun it helps"),
)

_CLASS = re.compile(
    r"\b(?:class|struct|union|enum)\s+(?:class\s+)?(?:\[\[\w+\]\]\s*)?([A-Za-z_]\w*)")
_ALIAS = re.compile(r"\busing\s+([A-Za-z_]\w*)\s*=")


def file_violations(path):
    for part in path.split("/"):
        for word in re.split(r"[_.\-]", part.lower()):
            if word in BANNED_WORDS:
                yield f"{path}: '{word}' in a file name says nothing: name the noun"


def class_violations(path, text):
    code, _ = tree.split(text)
    for pattern in (_CLASS, _ALIAS):
        for match in pattern.finditer(code):
            for banned, advice in BANNED_CLASSES:
                if re.fullmatch(banned, match[1]):
                    yield f"{path}:{tree.line_of(code, match.start())}: {match[1]}: {advice}"


def check(root):
    violations = []
    for path in tree.files(root, TOPS, SUFFIXES):
        violations += file_violations(path)
        if path.endswith(tree.CPP):
            violations += class_violations(path, tree.read(root, path))
    return list(dict.fromkeys(violations))


if __name__ == "__main__":
    tree.main(check)
