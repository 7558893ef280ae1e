"""What people type to find something: words, "phrases", -words; the last word may be unfinished. Nothing is an error."""

import re
from collections.abc import Iterable

import msgspec

from courtyard.core.indexing.folding import UNSPACED, composed, folded, tokens

LONGEST, TERMS = 1_000, 32
"""So many characters and so many terms of a question count."""
_PARTS = re.compile(r'(-?)"([^"]*)("?)|(-?)([^\s"]+)')
_UNSPACED = re.compile(f"[{UNSPACED}]")


class Term(msgspec.Struct, frozen=True):
    """Words that stand one behind the other, as they are indexed; `open_end`: the last one may go on.

    `words` are the same as they are seen in a text.
    """

    tokens: list[str]
    words: list[str]
    open_end: bool


class Query(msgspec.Struct, frozen=True):
    """What something must have in it, all of it, and what it must not have. Without a `must` it finds nothing."""

    must: list[Term]
    never: list[Term]

    def sqlite(self, *, title: bool, places: Iterable[str]) -> str:
        """For FTS5: by the name, or by name and text where the name alone is not enough; in these places only."""
        wanted, named = _fts(self.must, " AND ", "{title body}"), _fts(self.must, " AND ", "{title}")
        found = [named if title else wanted]
        if places := " OR ".join(f'"{place}"' for place in places):
            found.append(f"({{place}} : ({places}))")
        text = f"({' AND '.join(found)})"
        unwanted = [] if title else [named]
        if self.never:
            unwanted.append(_fts(self.never, " OR ", "{title body}"))
        return f"{text} NOT ({' OR '.join(unwanted)})" if unwanted else text

    def postgres(self, *, title: bool, places: Iterable[str]) -> str:
        """The same as a `tsquery`."""
        named = _ts(self.must, " & ", "=")
        found = [named] if title else [_ts(self.must, " & "), f"!{named}"]
        if places := " | ".join(f"'@{place}'" for place in places):
            found.append(f"({places})")
        if self.never:
            found.append(f"!{_ts(self.never, ' | ')}")
        return " & ".join(found)

    def pattern(self) -> re.Pattern[str]:
        """What to mark in a folded text."""
        return re.compile("|".join(_marked(term) for term in self.must))


def parse(question: str) -> Query:
    """A question as it was typed. Any text is one."""
    must: list[Term] = []
    never: list[Term] = []
    question = question[:LONGEST]
    for match in list(_PARTS.finditer(question))[:TERMS]:
        # As long as somebody types, the last word is not whole, nor is a phrase that is not closed.
        unwanted = bool(match[1] or match[4])
        last = match.end() == len(question) and not match[3] and not unwanted
        text = match[2] if match[5] is None else match[5]
        term = Term(tokens(text, open_end=True), folded(composed(text)).split(), open_end=last or _single(text))
        if term.tokens:
            (never if unwanted else must).append(term)
    return Query(must, never)


def _single(text: str) -> bool:
    """Whether it ends with one letter alone of a script without spaces, which is found as the beginning of a word."""
    plain = folded(composed(text)).split()
    return bool(plain) and _UNSPACED.match(plain[-1][-1]) is not None and not _UNSPACED.match(plain[-1][-2:-1] or " ")


def _fts(terms: list[Term], between: str, columns: str) -> str:
    words = between.join(f'"{" ".join(term.tokens)}"{" *" if term.open_end else ""}' for term in terms)
    return f"({columns} : ({words}))"


def _ts(terms: list[Term], between: str, mark: str = "") -> str:
    found: list[str] = []
    for term in terms:
        words = " <-> ".join(f"'{mark}{word}'" for word in term.tokens)
        found.append(f"({words}{':*' if term.open_end else ''})")
    return f"({between.join(found)})"


def _marked(term: Term) -> str:
    first, last = term.words[0], term.words[-1]
    begin = "" if _UNSPACED.match(first) else "(?<![^ ])"
    end = "" if _UNSPACED.match(last[-1]) else "[^ ]*" if term.open_end else "(?![^ ])"
    return begin + " +".join(re.escape(word) for word in term.words) + end
