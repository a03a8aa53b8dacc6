"""What a module binds, and which names its statements use, by Python's rules of lookup; read, never imported."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

EVERYTHING = "*"  # all statements of a module
EFFECTS = ""  # the statements that bind no name and run as soon as the module is imported
AT_RUN_TIME = "?"  # a module whose name is not written in the code
_ONLY_TYPES, _ONLY_AS_SCRIPT = ("TYPE_CHECKING", "typing.TYPE_CHECKING"), "__name__ == '__main__'"
_DEFINED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclasses.dataclass(frozen=True)
class Imported:
    """A module, or a name imported from a module; ``import a.b`` binds ``a`` and loads ``a.b``."""

    module: str
    name: str | None = None
    loads: str | None = None


# A name of the module, or an import; and the attributes looked up on it, None if it is imported and never named.
Reference: TypeAlias = tuple[str | Imported, tuple[str, ...] | None]


@dataclasses.dataclass(frozen=True)
class Said:
    """The content of some statements.

    Attributes:
        text: their syntax trees.
        references: the names that they use and do not bind themselves.
        strings: all strings in them.
    """

    text: str
    references: frozenset[Reference]
    strings: frozenset[str]


class Module:
    """A file of code without what does not count: docstrings, annotations, code for type checkers and for scripts.

    Args:
        name: the dotted name.
        is_package: whether the file is an ``__init__``.
        text: the text of the file.

    Attributes:
        bound: name -> what binds it: imports and statements.
        stars: the modules from which all names are imported, so that any name may come from there.
    """

    def __init__(self, name: str, is_package: bool, text: str):
        self.name, self.is_package = name, is_package
        self.bound: dict[str, list[Imported | ast.stmt]] = {}
        self.stars: list[Imported | ast.stmt] = []
        self._effects: list[ast.stmt] = []
        self._said: dict[str, Said] = {}
        self._said_by: dict[ast.stmt, Said] = {}  # by identity: syntax trees have no other equality
        bare = _Bare(name, is_package)
        self._statements = bare.visit(ast.parse(text)).body
        for statement in self._statements:
            self._add(statement)
        # The effects of an `__init__` do not count: it runs for every module of its package and changes no result.
        self._effects = [] if is_package else [*self._effects, *self._imports_without(bare.named)]

    def statements(self, name: str) -> list[ast.stmt]:
        """Returns the statements that bind a name, or `EVERYTHING`, or `EFFECTS` (none for an ``__init__``)."""
        if name in (EVERYTHING, EFFECTS):
            return self._statements if name == EVERYTHING else self._effects
        return [bound for bound in self.bound.get(name, ()) if not isinstance(bound, Imported)]

    def said(self, name: str) -> Said:
        """Returns the content of a name's statements."""
        if name not in self._said:
            parts = [self._said_in(statement) for statement in self.statements(name)]
            self._said[name] = Said(
                "\n".join(part.text for part in parts),
                frozenset().union(*(part.references for part in parts)),
                frozenset().union(*(part.strings for part in parts)),
            )
        return self._said[name]

    def _said_in(self, statement: ast.stmt) -> Said:
        """Returns the content of one statement, which several names may share."""
        if statement not in self._said_by:
            found = _Found(statement)
            self._said_by[statement] = Said(ast.dump(statement), frozenset(found.references), frozenset(found.strings))
        return self._said_by[statement]

    def _add(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for name, imported in _imports(statement):
                if name == "*":
                    self.stars.append(imported)
                else:
                    self.bound.setdefault(name, []).append(imported)
            return
        names = _names_bound_by([statement])
        for name, imported_too in names.items():
            self.bound.setdefault(name, []).extend([*imported_too, statement])
        if not names or isinstance(statement, ast.AugAssign):
            self._effects.append(statement)

    def _imports_without(self, named: set[str]) -> list[ast.stmt]:
        """Returns imports that the module never names, not even in an annotation: they are made for their effects."""
        named |= {text for statement in self.statements("__all__") for text in self._said_in(statement).strings}
        return [
            statement
            for statement in self._statements
            if isinstance(statement, ast.Import | ast.ImportFrom)
            and any(name not in (*named, "*") for name, _ in _imports(statement))
        ]


@functools.cache
def module(name: str, is_package: bool, text: str) -> Module:
    """Makes a `Module`. Each text is parsed only once, in whichever directory it is."""
    return Module(name, is_package, text)


def _imports(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
    """Yields the names that an import binds (``*`` for all names of a module) and what they refer to."""
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            imported = Imported(statement.module or "", None if alias.name == "*" else alias.name)
            yield alias.asname or alias.name, imported
        elif alias.asname:
            yield alias.asname, Imported(alias.name)
        else:
            top = alias.name.split(".")[0]
            yield top, Imported(top, loads=alias.name)


class _Bare(ast.NodeTransformer):
    """Removes what does not count, and makes imports absolute.

    Attributes:
        named: all names in the code, also in what is removed.
    """

    def __init__(self, module: str, is_package: bool):
        self._above = module.split(".") if is_package else module.split(".")[:-1]
        self.named: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.AST:
        self.named.add(node.id)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if node.level:
            above = self._above[: len(self._above) - node.level + 1]
            node.module, node.level = ".".join([*above, *([node.module] if node.module else [])]), 0
        return node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node.orelse if ast.unparse(node.test) in (*_ONLY_TYPES, _ONLY_AS_SCRIPT) else node

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        subscripted = [base for base in node.bases if isinstance(base, ast.Subscript)]  # `Generic[T]`
        self._note_names(*(base.slice for base in subscripted))
        node.bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
        return self._without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._note_names(node.returns)
        node.returns = None
        return self._without_docstring(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        self._note_names(node.returns)
        node.returns = None
        return self._without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        self._note_names(node.annotation)
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self._note_names(node.annotation)
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def _note_names(self, *removed: ast.AST | None) -> None:
        self.named |= {node.id for part in removed if part for node in ast.walk(part) if isinstance(node, ast.Name)}

    def _without_docstring(self, node: ast.Module | _DEFINED) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        self.generic_visit(node)
        if not isinstance(node, ast.Module):
            node.body = node.body or [ast.Pass()]
        return node


class _Found:
    """Collects what a statement at the top of a module uses from other statements and modules, and its strings.

    Attributes:
        references: the names that it uses and does not bind itself, and imports inside it.
        strings: all strings in it.
    """

    def __init__(self, statement: ast.stmt):
        self.references: set[Reference] = set()
        self.strings: set[str] = set()
        self._scopes: list[_Scope] = []
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self.references |= {(imported, None) for _, imported in _imports(statement)}
        else:
            self._visit(statement)

    def _visit(self, *nodes: ast.AST) -> None:
        for node in nodes:
            match node:
                case ast.Name():
                    self._refer(node.id, ())
                case ast.Attribute():
                    self._visit_attribute(node)
                case ast.Constant():
                    if isinstance(node.value, str):
                        self.strings.add(node.value)
                case ast.Global():
                    self.references |= {(name, ()) for name in node.names}
                case ast.Import() | ast.ImportFrom():
                    pass  # it counts with the names that it binds
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._visit(*node.decorator_list, node.args)
                    self._visit_inside(node.body, _arguments(node.args))
                case ast.Lambda():
                    self._visit(node.args)
                    self._visit_inside([node.body], _arguments(node.args))
                case ast.ClassDef():
                    self._visit(*node.decorator_list, *node.bases, *node.keywords)
                    self._visit_inside(node.body, is_class=True)
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    self._visit_comprehension(node)
                case _:
                    if isinstance(node, ast.Call):
                        self._note_import(node)
                    self._visit(*_children(node))

    def _visit_attribute(self, node: ast.Attribute) -> None:
        base: ast.expr = node.value
        names = [node.attr]
        while isinstance(base, ast.Attribute):
            names.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Name):
            self._refer(base.id, tuple(names))
        else:
            self._visit(base)

    def _note_import(self, call: ast.Call) -> None:
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
        if called in ("import_module", "__import__"):
            named = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
            self.references.add((Imported(named if isinstance(named, str) else AT_RUN_TIME), ()))

    def _visit_comprehension(self, node: _Comprehension) -> None:
        first, *others = (part for one in node.generators for part in (one.iter, *one.ifs))
        self._visit(first)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        targets = [name for one in node.generators for name in ast.walk(one.target) if isinstance(name, ast.Name)]
        self._visit_inside([*others, *made], [name.id for name in targets])

    def _visit_inside(self, body: Sequence[ast.AST], own: Iterable[str] = (), is_class: bool = False) -> None:
        bound: dict[str, list[Imported]] = {name: [] for name in own}
        bound |= _names_bound_by(body)
        self._scopes.append(_Scope(is_class, bound))
        self._visit(*body)
        scope = self._scopes.pop()
        self.references |= {(imported, None) for name in set(bound) - scope.named for imported in bound[name]}

    def _refer(self, name: str, attributes: tuple[str, ...]) -> None:
        for depth, scope in enumerate(reversed(self._scopes)):
            if name in scope.bound and (depth == 0 or not scope.is_class):  # a method does not see names of its class
                scope.named.add(name)
                self.references |= {(imported, attributes) for imported in scope.bound[name]}
                return
        self.references.add((name, attributes))


def _children(node: ast.AST) -> list[ast.AST]:
    """Returns the nodes below a node, as `ast.iter_child_nodes` does in twice the time, without those of no content."""
    found: list[ast.AST] = []
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST) and value._fields:
            found.append(value)
    return found


@dataclasses.dataclass
class _Scope:
    """The names that a function, a class or a comprehension binds, and those of them that are used."""

    is_class: bool
    bound: dict[str, list[Imported]]
    named: set[str] = dataclasses.field(default_factory=set)


def _arguments(arguments: ast.arguments) -> list[str]:
    several = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *several)]


def _names_bound_by(body: Iterable[ast.AST]) -> dict[str, list[Imported]]:
    """Returns the names that statements bind in their scope, with what is imported under them."""
    found: dict[str, list[Imported]] = {}
    elsewhere: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere |= set(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for name, imported in _imports(node):
                found.setdefault(name, []).append(imported)
        elif isinstance(node, _DEFINED):
            found.setdefault(node.name, [])
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, [])
        elif not isinstance(node, ast.Lambda | _Comprehension):
            bound = node.name if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) else None
            if bound is not None:
                found.setdefault(bound, [])
            waiting += _children(node)
    return {name: meant for name, meant in found.items() if name not in elsewhere}
