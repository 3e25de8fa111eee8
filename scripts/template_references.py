"""Whether the templates and macros that a template names are there, and take what they are given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateNotFound

OPEN_ENDED = {"kwargs", "varargs"}


class Macro(NamedTuple):
    """What a call may give a macro; `open_ended` ones take anything."""

    arguments: tuple[str, ...]
    required: int
    open_ended: bool


class Names(NamedTuple):
    """The macros that a template may call: by their own name, and through the name of a module."""

    macros: dict[str, Macro]
    modules: dict[str, dict[str, Macro]]


def reference_complaints(environment: Environment, tree: nodes.Template) -> list[tuple[int, str]]:
    """(line, words) for each template, macro or argument that is named and not there."""
    names = Names(_own_macros(tree), {})
    missing = [*_missing_templates(environment, tree), *_imported(environment, tree, names)]
    calls = (complaint for call in tree.find_all(nodes.Call) for complaint in _wrong_call(call, names))
    return [*missing, *calls]


def _missing_templates(environment: Environment, tree: nodes.Template) -> Iterator[tuple[int, str]]:
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        name = getattr(node.template, "value", None)  # type: ignore[attr-defined]
        if isinstance(name, str) and name not in environment.list_templates():
            yield node.lineno, f"there is no template {name}"


def _imported(environment: Environment, tree: nodes.Template, names: Names) -> Iterator[tuple[int, str]]:
    """Fills `names` with what is imported; yields what is not there."""
    for one in tree.find_all(nodes.Import):
        names.modules[one.target] = macros_of(environment, _template(one))
    for many in tree.find_all(nodes.FromImport):
        offered = macros_of(environment, _template(many))
        pairs = [name if isinstance(name, tuple) else (name, name) for name in many.names]
        names.macros.update({alias: offered[own] for own, alias in pairs if own in offered})
        for own in [own for own, _ in pairs if own not in offered]:
            yield many.lineno, f"{_template(many)} has no macro {own}"


def _template(node: nodes.Import | nodes.FromImport) -> str:
    return str(getattr(node.template, "value", ""))


@cache
def macros_of(environment: Environment, template: str) -> dict[str, Macro]:
    """The macros of a template, by name; none where there is no such template."""
    try:
        source, path, _ = environment.loader.get_source(environment, template)  # type: ignore[union-attr]
    except TemplateNotFound:
        return {}
    return _own_macros(environment.parse(source, template, path))


def _own_macros(tree: nodes.Template) -> dict[str, Macro]:
    return {macro.name: _signature(macro) for macro in tree.find_all(nodes.Macro)}


def _signature(macro: nodes.Macro) -> Macro:
    used = {name.name for name in macro.find_all(nodes.Name)}
    arguments = tuple(argument.name for argument in macro.args)
    return Macro(arguments, len(arguments) - len(macro.defaults), bool(used & OPEN_ENDED))


def _wrong_call(call: nodes.Call, names: Names) -> Iterator[tuple[int, str]]:
    name, macro = _called(call.node, names)
    if name and macro is None:
        yield call.lineno, f"there is no macro {name}"
    if macro is None or macro.open_ended or call.dyn_args or call.dyn_kwargs:
        return
    named = {pair.key for pair in call.kwargs}
    for unknown in sorted(named - {*macro.arguments, "caller"}):
        yield call.lineno, f"{name} takes no {unknown}"
    if len(call.args) > len(macro.arguments):
        yield call.lineno, f"{name} takes {len(macro.arguments)} values, {len(call.args)} are given"
    for needed in sorted({*macro.arguments[len(call.args) : macro.required]} - named):
        yield call.lineno, f"{name} needs {needed}"


def _called(node: nodes.Expr, names: Names) -> tuple[str, Macro | None]:
    """The macro's name and shape; no name where something else is called."""
    if isinstance(node, nodes.Name) and node.name in names.macros:
        return node.name, names.macros[node.name]
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        module = names.modules.get(node.node.name)
        if module is not None:
            return f"{node.node.name}.{node.attr}", module.get(node.attr)
    return "", None
