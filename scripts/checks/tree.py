"""What the checks share: walking the repository and reading C++ without comments.

A check is a module with `check(root) -> list[str]`, one line per violation.
"""

import argparse
import functools
import os
import pathlib
import re
import sys

# Never ours to check: build output, a server's data, other people's code.
GENERATED = ("build", "data", "bench/results", "web/dist")
SKIPPED_ANYWHERE = {".git", "node_modules", "__pycache__", ".cache"}

CPP = (".h", ".cc")


def is_generated(path):
    return any(path == tree or path.startswith(tree + "/") for tree in GENERATED)


def files(root, tops, suffixes):
    """Repository paths (str, with '/') of the files under `tops` with one of `suffixes`."""
    found = []
    for top in tops:
        for folder, subfolders, names in os.walk(os.path.join(root, top)):
            here = os.path.relpath(folder, root).replace(os.sep, "/")
            prefix = "" if here == "." else here + "/"
            subfolders[:] = sorted(
                name for name in subfolders
                if name not in SKIPPED_ANYWHERE and not is_generated(prefix + name))
            found += [prefix + name for name in sorted(names) if name.endswith(suffixes)]
    return found


@functools.lru_cache(maxsize=None)
def read(root, path):
    return pathlib.Path(root, path).read_text(encoding="utf-8", errors="replace")


_TOKEN = re.compile(
    r"""(?P<comment>//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/)
      | (?P<raw>R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")
      | (?P<text>"(?:[^"\\\n]|\\.)*"|(?<![0-9a-zA-Z_])(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+')""",
    re.DOTALL | re.VERBOSE)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


@functools.lru_cache(maxsize=None)
def split(text):
    """(code, comments): `text` twice, same offsets, with the other half and literals blanked."""
    code, comments, at = [], [], 0
    for token in _TOKEN.finditer(text):
        between = text[at:token.start()]
        code += [between, _blank(token[0])]
        comments += [_blank(between), token[0] if token["comment"] else _blank(token[0])]
        at = token.end()
    code.append(text[at:])
    comments.append(_blank(text[at:]))
    return "".join(code), "".join(comments)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def includes(text):
    """(line, is_quoted, target) of each include that is not commented out."""
    code, _ = split(text)
    for match in _INCLUDE.finditer(text):
        if "#" in code[match.start():match.end()]:
            yield line_of(text, match.start()), match[1] == '"', match[2]


def is_test(path):
    """Whether a file under src/ exists to exercise its module, not to be part of it."""
    return (path.endswith(("_test.cc", "_bench.cc", "_fuzz.cc")) or
            re.match(r"(src/)?\w+/testing/", path) is not None)


def main(check, *extra):
    """Runs one check from the command line: violations on stdout, exit code 1 if any.

    `extra` are (flag, help) pairs, passed to `check` as keyword arguments.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--root", default=str(pathlib.Path(__file__).resolve().parents[2]))
    for flag, text in extra:
        parser.add_argument(flag, help=text)
    options = vars(parser.parse_args())
    violations = check(**options)
    print("\n".join(violations), end="\n" if violations else "")
    sys.exit(1 if violations else 0)
