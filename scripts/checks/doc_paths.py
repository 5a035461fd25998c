#!/usr/bin/env python3
"""Every repository path that a document names exists."""

import os
import re
import urllib.parse

import tree

# Top-level folders whose paths are checked even before (or after) the folder exists.
TOPS = ("src", "proto", "agents", "web", "tests", "bench", "deploy", "docs", "scripts", "cmake",
        ".ci")

# Markdown that is data, not documentation: prompts, fixtures, sample documents.
DATA_TREES = ("agents/", "tests/")
DATA_FOLDERS = {"testdata", "samples", "fixtures"}

# Upper-case words that are file names; any other stands for something (`NAME`, `DIR`).
REAL_NAMES = {"README", "LICENSE", "CONTRIBUTING", "CHANGELOG", "SECURITY", "NOTICE",
              "CMAKE", "SKILL"}

_FENCE = re.compile(r"^[ \t]*(```|~~~).*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^[ \t]*\[[^\]]+\]:[ \t]*(\S+)", re.MULTILINE)


def is_document(path):
    if path.endswith("README.md"):
        return True
    return not path.startswith(DATA_TREES) and not DATA_FOLDERS.intersection(path.split("/"))


def expand(path):
    """`a.{h,cc}` names two paths."""
    match = re.search(r"\{([^{}]*,[^{}]*)\}", path)
    if not match:
        return [path]
    return [name for option in match[1].split(",")
            for name in expand(path[:match.start()] + option.strip() + path[match.end():])]


def is_placeholder(path):
    if re.search(r"[<>*…$|{}\[\]?]|\.\.\.", path):
        return True
    return any(word not in REAL_NAMES for word in re.findall(r"(?<![A-Za-z])[A-Z]{2,}(?![a-z])",
                                                             path))


def exists(root, document, path):
    folder = os.path.dirname(document)
    return any(os.path.exists(os.path.join(root, base, path)) for base in ("", "src", folder))


def looks_like_path(word, modules):
    if word.startswith(("./", "../")):
        return True
    top, slash, rest = word.partition("/")
    if not slash or not re.fullmatch(r"[\w.\-/{}, ]*", rest):
        return False
    return top in TOPS or (top in modules and rest.endswith(tree.CPP))


def named_paths(text, modules):
    """(offset, path) of what `text` names in backticks or links."""
    text = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for match in _CODE.finditer(text):
        for word in re.split(r"\s+", match[2].strip()):
            word = re.sub(r"(:\d+)?[.,:;)]*$", "", word.lstrip("("))
            if looks_like_path(word, modules):
                yield match.start(), word
    text = _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for match in _LINK.finditer(text):
        target = urllib.parse.unquote((match[1] or match[2]).split("#")[0])
        if target and not re.match(r"[a-z][a-z0-9+.\-]*:", target):
            yield match.start(), target.lstrip("/")


def check(root):
    violations = []
    source = os.path.join(root, "src")
    modules = set(os.listdir(source)) if os.path.isdir(source) else set()
    for document in filter(is_document, tree.files(root, ("",), (".md",))):
        text = tree.read(root, document)
        for offset, named in named_paths(text, modules):
            for path in expand(named):
                plain = os.path.normpath(path)
                if exists(root, document, path) or tree.is_generated(plain) \
                        or is_placeholder(path):
                    continue
                violations.append(
                    f"{document}:{tree.line_of(text, offset)}: '{path}' does not exist")
    return violations


if __name__ == "__main__":
    tree.main(check)
