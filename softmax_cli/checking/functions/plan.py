"""How a function may be called: expressions of what a problem holds, the likeliest first."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ...errors import InputError
from ...wording import quoted
from .roles import ERROR, OF_LAYER, OF_TARGETS, OFF, ONE_HOT, OPTIONS, role_of
from .signature import Parameter, Signature

BY_INPUT = ("x", "z", "h", "u", "onehot")  # what has a row for each input
_TURNED = re.compile(rf"\b({'|'.join(BY_INPUT)})\.T\b")
_WEIGHTS_TURNED = re.compile(r"""\bW\.(T\b|(ravel|flatten)\([^)]*["']F)""")
WRITE_IT = "write the call out, as in --call 'f(x, W.T, b, y)', of x, W, b, z, h, and y (targets), onehot or u (dE/dh)"
OF_PARAMS = WRITE_IT.replace("f(x, W.T, b, y)", 'f({"W": W, "b": b}, x, y)')
TOGETHER = ("params", "parameters", "variables", "state")  # W and b in one, as JAX has them
# What a binary classifier is given, of W (J, 1), b (1,) and so on: all flat, columns, inputs as columns, and mixtures.
OF_ONE_OUTPUT: tuple[Mapping[str, str], ...] = (
    {"W": "W[:, 0]", "b": "b[0]", "z": "z[..., 0]", "h": "h[..., 0]", "u": "u[..., 0]"},
    {"y": "y[:, None]"},
    {"x": "x.T", "b": "b[0]", "y": "y[None, :]", "z": "z.T", "h": "h.T", "u": "u.T"},
    {"W": "W.T", "y": "y[:, None]"},
    {"b": "b[0]", "z": "z[..., 0]", "h": "h[..., 0]", "u": "u[..., 0]"},
)
OF_OBJECT = (
    "write out what its methods are called with, as in --call '(o := f(W, b), o.forward(x), o.backward(y), o)[-1]'"
)


class Plan(NamedTuple):
    """Ways to write the call, as expressions of f and what a problem holds, and the roles in them. `optional` are the
    options that are left at their defaults in them, with the names of their parameters."""

    expressions: tuple[str, ...]
    roles: frozenset[str]
    optional: Mapping[str, str] = MappingProxyType({})

    @property
    def error(self) -> str | None:
        """What weights the rows of dL/dW: "y", "u", or nothing."""
        return next((role for role in ERROR if role in self.roles), None)

    @property
    def options(self) -> tuple[str, ...]:
        """The options that the function takes, of those that its error has."""
        taken = [option for option in OPTIONS if option in self.roles or option in self.optional]
        if self.error is None:
            return tuple(option for option in taken if option in OF_LAYER)
        return tuple(option for option in taken if self.error == "y" or option not in OF_TARGETS)

    def with_options(self, expression: str, options: Iterable[str]) -> str:
        """The call with some options set that it leaves at their defaults."""
        given = [f", {self.optional[option]}={option}" for option in options if option in self.optional]
        return f"{expression[:-1]}{''.join(given)})" if given else expression


def plan(signature: Signature, call: str | None, binary: bool = False) -> Plan:
    """How to call a function: as `call` says, or by the names of its parameters. Where they leave open whether W is
    stored inputs × outputs, whether targets are indices, or whether inputs are rows, all ways are given. If it is a
    `binary` classifier's, W (J, 1) has one output. InputError if no way is found."""
    made = _matched(signature, binary) if call is None else _written(signature, call, binary)
    if {"y", "u"} <= made.roles:
        raise InputError(
            f"{signature.name} takes both targets and an upstream gradient, where one of them says what the error is",
            "give one of them a value of your own in the call",
        )
    if signature.autograd and "y" not in made.roles:  # its backward is given an upstream gradient
        return made._replace(roles=made.roles | {"u"})
    return made


def _matched(signature: Signature, binary: bool) -> Plan:
    if signature.parameters is None:
        raise InputError(f"the parameters of {signature.name} cannot be read", WRITE_IT)
    advice = OF_OBJECT if signature.makes_object else WRITE_IT
    taken: dict[str, str] = {}
    optional: dict[str, str] = {}
    arguments: list[tuple[str, str]] = []  # role, and how it is passed
    passed_over = False
    for parameter in signature.parameters:
        role = _role(parameter, signature.parameters)
        if role is None and parameter.required:
            raise InputError(
                f"{signature.name} takes {quoted(parameter.name)}, which is no name that is known here",
                OF_PARAMS if parameter.name in TOGETHER else advice,
            )
        if role is None:
            passed_over = True
            continue
        if role in OPTIONS and _is_off(role, parameter) and role not in optional:
            optional[role] = parameter.name
            passed_over = True
            continue
        if role in taken:
            raise InputError(
                f"{signature.name} takes both {taken[role]} and {parameter.name}, which mean the same",
                advice,
            )
        taken[role] = parameter.name
        by_name = parameter.keyword or passed_over or (role in OPTIONS and not parameter.required)
        arguments.append((role, f"{parameter.name}={{}}" if by_name else "{}"))
    if not {"x", "z", "h"} & taken.keys():
        raise InputError(f"{signature.name} takes nothing that is known here as x, z or h", advice)
    ways = list(_ways(arguments, taken, _values))
    if binary:
        ways = [[how.format(forms.get(role, role)) for role, how in arguments] for forms in OF_ONE_OUTPUT]
    elif {"x", "W"} <= taken.keys() and not signature.autograd:  # sizes that fit tell which of x and x.T is meant
        ways += _ways(arguments, taken, _columns)
    head = "f.apply" if signature.autograd else "f"
    return Plan(tuple(f"{head}({', '.join(way)})" for way in ways), frozenset(taken), optional)


def _is_off(role: str, parameter: Parameter) -> bool:
    """Whether an option may be left at its default, which changes nothing then."""
    if parameter.required or parameter.default is None:
        return not parameter.required
    return parameter.default < 0.0 if role == "ignore" else parameter.default == OFF.get(role, parameter.default)


def _ways(
    arguments: Sequence[tuple[str, str]], taken: Mapping[str, str], values: Callable[[str, str], tuple[str, ...]]
) -> Iterator[list[str]]:
    """The ways to pass the arguments, W stored in one way before the other."""
    choices = [[(role, value, how) for value in values(role, taken[role])] for role, how in arguments]
    first = next(iter(values("W", "")))
    for way in sorted(
        itertools.product(*choices), key=lambda way: any(role == "W" and value != first for role, value, _ in way)
    ):
        yield [how.format(value) for _, value, how in way]


def _role(parameter: Parameter, all_of_them: Sequence[Parameter]) -> str | None:
    """The role of a parameter by its name. T without a default, and with no other target, is one; x without weights
    are logits."""
    roles = {role_of(p.name) for p in all_of_them}
    if parameter.name == "T" and parameter.required and roles.isdisjoint(ERROR):
        return "y"
    role = role_of(parameter.name)
    return "z" if role == "x" and roles.isdisjoint({"W", "z", "h"}) else role


def _values(role: str, name: str) -> tuple[str, ...]:
    if role == "W":
        return ("W", "W.T")
    if role == "y":
        return ("onehot", "y") if name in ONE_HOT else ("y", "onehot")
    return (role,)


def _columns(role: str, name: str) -> tuple[str, ...]:
    """The same where each input is a column."""
    if role == "W":
        return ("W.T", "W")
    if role == "b":
        return ("b[:, None]", "b")
    return tuple(f"{value}.T" if value in BY_INPUT else value for value in _values(role, name))


def in_columns(expression: str) -> bool:
    """Whether a call passes inputs as columns."""
    return _TURNED.search(expression) is not None


def goes_in_transposed(expression: str) -> bool:
    """Whether a call passes W outputs × inputs, or as a vector in that order."""
    return _WEIGHTS_TURNED.search(expression) is not None


def of_one_input(expression: str) -> str:
    """The call for one input, x (J,), of one that passes inputs as columns: x[:, None] for x.T."""
    return _TURNED.sub(r"\1[:, None]", expression)


def _written(signature: Signature, call: str, binary: bool) -> Plan:
    try:
        tree = ast.parse(call.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise InputError(f"the call is {quoted(call)}, which is no Python expression", WRITE_IT) from None
    known = {"f", "np", "onehot", *signature.known}
    heads = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    roles: set[str] = set()
    one_hot = False
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or id(node) in heads:
            continue
        role = role_of(node.id)
        if role is not None:
            one_hot |= node.id in ONE_HOT
            roles.add(role)
            node.id = "onehot" if node.id in ONE_HOT else role
        elif node.id not in known | _bound(tree):
            raise InputError(f"the call uses {quoted(node.id)}, which is not known here or in its file", WRITE_IT)
    if not {"x", "z", "h"} & roles:
        raise InputError(f"the call is {quoted(call)}, which uses none of x, z and h", WRITE_IT)
    expression = ast.unparse(tree)
    ways = [expression]
    if "y" in roles and not one_hot and not binary:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and id(node) not in heads and node.id == "y":
                node.id = "onehot"
        ways.append(ast.unparse(tree))
    return Plan(tuple(ways), frozenset(roles))


def _bound(tree: ast.AST) -> set[str]:
    """The names that an expression binds itself."""
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return arguments | stored
