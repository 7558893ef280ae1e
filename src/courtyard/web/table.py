"""The routing table: a tree of path segments, so that the hundredth route costs no more than the first."""

from __future__ import annotations

from typing import NamedTuple

from courtyard.web.route import Route


class Node:
    """One segment of the paths: what follows it, and what it answers itself."""

    __slots__ = ("literals", "name", "parameter", "routes")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.parameter: Node | None = None
        self.name = ""
        self.routes: dict[str, tuple[Route, tuple[str, ...]]] = {}


class Match(NamedTuple):
    """A path that is served: its routes by method, and the values of its parameters in order."""

    routes: dict[str, tuple[Route, tuple[str, ...]]]
    values: tuple[str, ...]


class Table:
    """Finds routes. Both forms of a path, with and without its last slash, are the same path; HEAD goes where GET goes."""

    def __init__(self, routes: list[Route]) -> None:
        self._root = Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        names: list[str] = []
        for segment in _segments(route.path):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, Node())
        for method in route.methods or ():
            node.routes[method] = (route, tuple(names))
        if "GET" in node.routes:
            node.routes.setdefault("HEAD", node.routes["GET"])

    def find(self, path: str) -> Match | None:
        """The routes of a path, or None. Literal segments win over parameters."""
        return _walk(self._root, _segments(path), 0, ())


def _walk(node: Node, segments: list[str], at: int, values: tuple[str, ...]) -> Match | None:
    if at == len(segments):
        return Match(node.routes, values) if node.routes else None
    segment = segments[at]
    literal = node.literals.get(segment)
    if literal is not None:
        found = _walk(literal, segments, at + 1, values)
        if found is not None:
            return found
    if node.parameter is None or not segment:
        return None
    return _walk(node.parameter, segments, at + 1, (*values, segment))


def _segments(path: str) -> list[str]:
    return path.removesuffix("/").split("/")[1:]
