#!/usr/bin/env python3
"""Which module may include which, and which library may appear where.

The tables come first and are the rule; the code below only applies them.
"""

import dataclasses
import fnmatch
import re

import tree

# module: (layer, what it may include). An entry is a module or a header pattern, for
# modules of which only an interface may be seen.
MODULES = {
    "base":       (0, ""),
    "async":      (1, "base"),
    "json":       (1, "base"),
    "http":       (2, "base async"),
    "storage":    (2, "base async"),
    "grpc_client": (2, "base async"),
    "embedding":  (2, "base async"),
    "graph":      (2, "base async json"),
    "checkpoint": (3, "base async json storage graph/checkpoint*.h graph/condition.h "
                      "embedding graph/long_term_store.h graph/node_cache.h"),
    "llm":        (3, "base async json http embedding"),
    "tools":      (3, "base async json http grpc_client"),
    "workspace":  (3, "base async json http storage embedding"),
    "agents":     (4, "base async json graph llm tools"),
    "runs":       (5, "base async json http storage graph checkpoint llm tools agents"),
    "testing":    (5, "base async json http storage embedding graph checkpoint llm tools workspace agents "
                      "runs"),
    "rpc":        (6, "base async grpc_client runs workspace"),
    "gateway":    (6, "base async json http storage workspace runs/orchestrator.h"),
    "main":       (7, "base async json http storage embedding graph checkpoint llm tools workspace agents "
                      "runs grpc_client rpc gateway"),
}

# A test, benchmark or fuzzer beside its source may include every module of its own or a
# lower layer, and these.
TESTS_ALSO = ("testing", "checkpoint")

# Their subfolders are alternatives (one per provider): none includes another.
SIBLINGS_APART = ("llm", "tools")


@dataclasses.dataclass(frozen=True)
class Library:
    name: str
    pattern: str
    only: str = ""        # the modules (or folders) that may include it; empty: all
    never: str = ""       # the modules that may not
    hidden: bool = False  # in sources and internal/ only, never in a module's own headers
    why: str = ""


# `main` builds everything and is bound by `hidden` alone.
LIBRARIES = (
    Library("Boost", r"boost/", never="base", why="base stands on the standard library"),
    Library("Asio", r"boost/asio", never="base json", why="async/ begins at layer 1"),
    Library("Boost.JSON", r"boost/json", never="base async storage http",
            why="values are json/'s"),
    Library("gRPC or protobuf", r"(grpc|grpcpp|google/protobuf)/|.*\.pb\.h$",
            only="grpc_client rpc tools/remote testing", hidden=True,
            why="it stays at the gRPC edge"),
    Library("Beast", r"boost/beast", only="http", hidden=True, why="12-50 s per file"),
    Library("libcurl", r"curl/", only="http", hidden=True, why="use the http/ client"),
    Library("SQLite", r"sqlite3", only="storage", hidden=True, why="use storage::Database"),
    Library("libpq", r"(libpq-fe\.h|postgresql/)", only="storage", hidden=True,
            why="use storage::Database"),
    Library("hnswlib", r"hnswlib/", only="workspace", hidden=True, why="use workspace's vectors"),
    Library("valijson", r"valijson/", only="json", hidden=True, why="use json/'s schema"),
    Library("spdlog", r"spdlog/", only="base", hidden=True, why="use base/'s log"),
    Library("prometheus-cpp", r"prometheus/", only="base", hidden=True,
            why="use base/'s metrics"),
    Library("CLI11", r"CLI/", only="main", hidden=True, why="the command line is main/'s"),
)

# Test frameworks: in tests, benchmarks, fuzzers and testing/.
TEST_LIBRARIES = r"(gtest|gmock|benchmark)/"

# Headers that drag in a whole library; a header of ours names the part it uses.
UMBRELLAS = {"boost/asio.hpp", "boost/beast.hpp", "boost/json.hpp", "grpcpp/grpcpp.h"}
UMBRELLA_HOMES = {"boost/json.hpp": "json"}

# Trees outside src/ that may include everything but another module's internal/.
OUTSIDE = ("tests", "bench")


def in_any(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders.split())


def internal_owner(target):
    """The folder whose internal/ `target` is in, or None."""
    head, found, _ = target.partition("/internal/")
    return head if found else None


def module_violation(path, target):
    """Why `path` (both relative to src/) may not include our header `target`, or None."""
    module, other = path.split("/")[0], target.split("/")[0]
    if "/" not in target or target.startswith("."):
        return "include from the src/ root, as \"module/file.h\""
    if "/testing/" in target and not (tree.is_test(path) or module == "testing"):
        return f"{target.rsplit('/', 1)[0]}/ is for tests"
    if other not in MODULES:
        return f"no module '{other}' in the layer table"
    if module == other:
        return sibling_violation(path, target)
    layer, allowed = MODULES[module]
    if tree.is_test(path):
        if other in TESTS_ALSO or MODULES[other][0] <= layer:
            return None
        return f"tests of {module}/ (layer {layer}) may not include {other}/ " \
               f"(layer {MODULES[other][0]})"
    for entry in allowed.split():
        if entry == other or fnmatch.fnmatchcase(target, entry):
            return None
    return f"{module}/ may not include {other}/ (may: {allowed or 'nothing of ours'})"


def sibling_violation(path, target):
    module = path.split("/")[0]
    if module not in SIBLINGS_APART or path.count("/") < 2 or target.count("/") < 2:
        return None
    mine, other = path.split("/")[1], target.split("/")[1]
    if mine != other and other != "internal":
        return f"{module}/{mine} may not include {module}/{other}: share through {module}/"
    return None


def library_violations(path, target):
    module = path.split("/")[0]
    header = path.endswith(".h")
    test = tree.is_test(path) or module == "testing"
    if re.match(TEST_LIBRARIES, target) and not test:
        yield "test frameworks belong in tests and testing/"
    if header and target in UMBRELLAS and UMBRELLA_HOMES.get(target) != module:
        yield "umbrella header in a header; include the part that is used"
    for library in LIBRARIES:
        if not re.match(library.pattern, target):
            continue
        if module != "main" and library.only and not in_any(path, library.only):
            yield f"{library.name} only in {library.only.replace(' ', '/, ')}/: {library.why}"
        elif in_any(path, library.never):
            yield f"{library.name} never in {module}/: {library.why}"
        elif library.hidden and header and "/internal/" not in path:
            yield f"{library.name} in a public header; move it to the source or to internal/"


def check_source(path, quoted, target):
    """Violations of one include in a file of src/; `path` is relative to src/."""
    if path.split("/")[0] not in MODULES:
        return [f"'{path.split('/')[0]}' is not in the layer table of scripts/checks/layers.py"]
    found = []
    if quoted and not target.endswith(".pb.h"):
        found.append(module_violation(path, target))
    owner = internal_owner(target)
    if quoted and owner and not path.startswith(owner + "/"):
        found.append(f"{owner}/internal/ is private to {owner}/")
    found += library_violations(path, target)
    return [violation for violation in found if violation]


def check_outside(quoted, target):
    owner = internal_owner(target)
    if quoted and owner and owner.split("/")[0] in MODULES:
        return [f"{owner}/internal/ is private to {owner}/"]
    return []


def check(root):
    violations = []
    for path in tree.files(root, ("src", *OUTSIDE), tree.CPP):
        top, _, rest = path.partition("/")
        for line, quoted, target in tree.includes(tree.read(root, path)):
            found = check_source(rest, quoted, target) if top == "src" \
                else check_outside(quoted, target)
            violations += [f"{path}:{line}: {target}: {violation}" for violation in found]
    return violations


if __name__ == "__main__":
    tree.main(check)
