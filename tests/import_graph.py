"""Who imports whom, read from syntax trees: imports for type checkers and inside functions count like all others.

`python -m tests.import_graph [ROOT]` prints the picture of a checkout: the lines of each folder, what each room
imports, and the circles, of modules and of rooms. A room is a folder at the top of a package, or a module there.
"""

import ast
import pathlib
import sys
from collections import Counter

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ("keras_genssl", "pipelines")


def imported(tree):
    """Yields what a syntax tree imports: a module, and a name of it or None."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)


def module_of(path):
    """The dotted name of a file, given relative to the root."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def graph(root, package):
    """Module -> the modules of the package that it imports; ``from a import b`` is ``a.b`` where that is a module."""
    files = {module_of(file.relative_to(root)): file for file in sorted((root / package).rglob("*.py"))}
    found = {}
    for module, file in files.items():
        names = {
            f"{base}.{name}" if f"{base}.{name}" in files else base
            for base, name in imported(ast.parse(file.read_text(encoding="utf-8")))
        }
        found[module] = {name for name in names if name in files} - {module}
    return found


def room(module):
    """
    >>> room("pipelines.tasks.generation.data"), room("pipelines.errors"), room("pipelines")
    ('tasks', 'errors', '')
    """
    return [*module.split("."), ""][1]


def rooms(edges):
    """The same graph of rooms."""
    found = {room(module): set() for module in edges}
    for module, others in edges.items():
        found[room(module)] |= {room(other) for other in others} - {room(module), ""}
    return found


def circles(edges):
    """The sets of nodes that lead to each other, of two or more, largest first.

    >>> circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()})
    [['b', 'c']]
    """
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            circle = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(circle) > 1:
                found.append(sorted(circle))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return sorted(found, key=lambda circle: (-len(circle), circle))


def lines(root, package):
    """Room -> how many lines its code has."""
    found = Counter()
    for file in (root / package).rglob("*.py"):
        found[room(module_of(file.relative_to(root)))] += len(file.read_text(encoding="utf-8").splitlines())
    return found


def picture(root):
    """What `python -m tests.import_graph` prints."""
    told = []
    for package in PACKAGES:
        edges, size = graph(root, package), lines(root, package)
        between, around = circles(edges), circles(rooms(edges))
        told += [f"{package}: {len(edges)} modules, {sum(size.values()):,} lines"]
        for name, others in sorted(rooms(edges).items()):
            told.append(f"  {name or '__init__':22} {size[name]:6,}  -> {', '.join(sorted(others)) or '-'}")
        for what, found in (("rooms", around), ("modules", between)):
            told += [f"  {len(found)} circles of {what}", *(f"    {', '.join(circle)}" for circle in found)]
    return "\n".join(told)


if __name__ == "__main__":
    print(picture(pathlib.Path(sys.argv[1]) if sys.argv[1:] else ROOT))
