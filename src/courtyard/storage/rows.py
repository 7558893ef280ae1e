"""How a row becomes a fact: checked once per statement, then as fast as the class itself."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from itertools import starmap
from operator import itemgetter
from typing import Any, NamedTuple, cast

first = itemgetter(0)
scalars: frozenset[Any] = frozenset({int, str, bytes})


class ColumnsDiffer(TypeError):
    """The columns of a statement are not the fields of the kind, name by name and in order."""


class Shape(NamedTuple):
    """What one statement's rows are turned into."""

    one: Callable[[Any], Any]
    all: Callable[[Iterable[Any]], list[Any]]


Shapes = dict[tuple[Any, str], Shape]


def shape(kind: Callable[..., Any], columns: Sequence[str]) -> Shape:
    """The way from a row with these columns to `kind`. Raises ColumnsDiffer, TypeError for a kind without fields."""
    if kind in scalars:
        return each(first)
    if kind is tuple:
        return each(tuple)
    names = field_names(kind)
    if names != tuple(columns):
        raise ColumnsDiffer(f"{kind!r} has the fields {', '.join(names)}; selected were {', '.join(columns)}")
    return spread(kind)


def each(make: Callable[[Any], Any]) -> Shape:
    """Rows handed over whole."""

    def every(rows: Iterable[Any]) -> list[Any]:
        return list(map(make, rows))

    return Shape(make, every)


def spread(kind: Callable[..., Any]) -> Shape:
    """Rows handed over column by column."""

    def single(row: Any) -> Any:
        return kind(*row)

    def every(rows: Iterable[Any]) -> list[Any]:
        return list(starmap(kind, rows))

    return Shape(single, every)


def field_names(kind: Callable[..., Any]) -> tuple[str, ...]:
    """The fields of a msgspec struct, a dataclass or a named tuple, in order."""
    for attribute in ("__struct_fields__", "_fields"):
        names = getattr(kind, attribute, None)
        if names is not None:
            return cast("tuple[str, ...]", names)
    if isinstance(kind, type) and is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    raise TypeError(f"{kind!r} has no fields to build a row from")
