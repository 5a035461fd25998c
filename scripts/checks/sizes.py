#!/usr/bin/env python3
"""Lengths: a file, a header, a function."""

import ast
import re

import tree

HEADER_LINES = 250
SOURCE_LINES = 500
FUNCTION_LINES = 70

_SCOPE = re.compile(r"^(?:(?:inline|export|typedef|static|constexpr|friend)\s+)*"
                    r"(?:namespace|class|struct|union|extern)\b(?!.*[()=])", re.DOTALL)
_NAME = re.compile(r"(operator\s*(?:\(\)|[^\s\w(]+|[\w ]+)|~?[A-Za-z_][\w:~]*)\s*\(")
_MACRO_TEST = re.compile(r"\b([A-Z][A-Z_]*)\s*\(([^()]*)\)\s*$")
_NOISE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*|\[\[[^\]]*\]\]|\b(?:alignas|noexcept|requires)"
                    r"\s*\([^()]*\)", re.MULTILINE)
_ACCESS = re.compile(r"\b(?:public|private|protected)\s*:(?!:)")


def strip_template(head):
    """`head` without a leading `template <...>`."""
    while match := re.match(r"\s*template\s*<", head):
        depth, at = 1, match.end()
        while at < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[at:]
    return head.strip()


def function_name(head):
    """The name of the function whose text before its body is `head`; None if it is none."""
    head = _ACCESS.sub(" ", strip_template(head)).strip()
    match = _NAME.search(head)
    assigned = head.split("(")[0].replace("operator", "") if match else head
    if "=" in assigned and "operator" not in head.split("(")[0]:
        lambda_name = re.match(r"[^=]*?(\w+)\s*=\s*\[", head)
        return lambda_name[1] if lambda_name else None
    if not match:
        return None
    test = _MACRO_TEST.match(head)
    return f"{test[1]}({' '.join(test[2].split())})" if test else match[1]


def closing(code, start):
    """The offset of the brace that closes the one at `start`."""
    depth = 0
    for match in re.finditer(r"[{}]", code[start:]):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return start + match.start()
    return len(code)


def functions(code):
    """(name, first line, lines) of each function body at namespace or class scope.

    A heuristic for formatted code: what stands before a brace decides whether it opens a
    scope to look into, a body to measure, or an initialiser to step over. Lambdas count
    as part of the function they are in.
    """
    code = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), code)
    head_start, at, parens = 0, 0, 0
    for match in re.finditer(r"[{}();]", code):
        if match.start() < at:
            continue
        token = match[0]
        if token in "()":
            parens += 1 if token == "(" else -1
        elif token == "{" and parens > 0:
            at = closing(code, match.start()) + 1
        elif token == "{":
            head = code[head_start:match.start()]
            if _SCOPE.match(_ACCESS.sub(" ", strip_template(head)).strip()):
                head_start = match.end()
                continue
            end = closing(code, match.start())
            at = end + 1
            if re.match(r"\s*[,{]", code[at:at + 200]):
                continue  # a braced member initialiser: the body is still to come
            name = function_name(head)
            if name:
                first = tree.line_of(code, match.start())
                yield name, first, tree.line_of(code, end) - first
            head_start = at
        else:
            head_start, parens = match.end(), 0


def cpp_violations(path, text):
    lines = text.count("\n")
    limit = HEADER_LINES if path.endswith(".h") else SOURCE_LINES
    if lines > limit:
        yield f"{path}: {lines} lines, at most {limit}: split it by responsibility"
    code, _ = tree.split(text)
    for name, line, length in functions(code):
        if length > FUNCTION_LINES:
            yield f"{path}:{line}: {name} has {length} lines, at most {FUNCTION_LINES}"


def script_violations(path, text):
    lines = text.count("\n")
    if lines > SOURCE_LINES:
        yield f"{path}: {lines} lines, at most {SOURCE_LINES}: split it by responsibility"
    if not path.endswith(".py"):
        return
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, " \
                      f"at most {FUNCTION_LINES}"


def check(root):
    violations = []
    for path in tree.files(root, ("src", "tests", "bench"), tree.CPP):
        violations += cpp_violations(path, tree.read(root, path))
    for path in tree.files(root, ("scripts", "tests", "bench"), (".py", ".sh")):
        violations += script_violations(path, tree.read(root, path))
    return violations


if __name__ == "__main__":
    tree.main(check)
