"""How text becomes words: the same for what is found and for what is looked for, on both engines."""

import re
import unicodedata

LONGEST = 64
"""Characters of a word that count."""
# Letters that look like another one with something added, and that no decomposition takes apart.
_PLAIN = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
# They tell one Japanese letter from another, and are no accents.
_VOICED = "\u3099\u309a"
_KNOWN = 20_000

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Letters of scripts that are written without spaces, as a class of a pattern."""
_RUNS = re.compile(f"([{UNSPACED}]+)|[^{UNSPACED}]+")


class _Folded(dict[int, str]):
    """Code point -> what stands for it, found out when it comes up for the first time."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(code)).casefold())
        found = unicodedata.normalize("NFC", "".join(_kept(letter) for letter in plain))
        # Bounded: nobody fills our memory by sending every letter there is.
        if len(self) < _KNOWN:
            self[code] = found
        return found


FOLDED = _Folded()


def _kept(letter: str) -> str:
    category = unicodedata.category(letter)
    if category[0] == "M":
        return "" if unicodedata.combining(letter) and letter not in _VOICED else letter
    if category[0] in "LN":
        return _PLAIN.get(letter, letter)
    return "" if category == "Cf" else " "


def composed(text: str) -> str:
    """The text in the one spelling (NFC) whose letters `folded` takes one by one."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """Letters, digits and spaces: without case, accents and everything else. Takes what `composed` gives."""
    return text.translate(FOLDED)


def tokens(text: str, *, open_end: bool = False) -> list[str]:
    """The words of a text as they are indexed.

    Of what is written without spaces every two neighbours are a word, and the last letter is one too, so that one letter
    alone is found as a beginning. `open_end`: the text is looked for, and may go on after its last letter.
    """
    found: list[str] = []
    words = folded(composed(text)).split()
    for index, word in enumerate(words):
        if word.isascii():
            found.append(word[:LONGEST])
        else:
            _add_runs(found, word, open_end=open_end and index == len(words) - 1)
    return found


def _add_runs(found: list[str], word: str, *, open_end: bool) -> None:
    for match in _RUNS.finditer(word):
        run = match[0]
        if match[1] is None:
            found.append(run[:LONGEST])
            continue
        found.extend(run[at : at + 2] for at in range(len(run) - 1))
        if len(run) == 1 or not (open_end and match.end() == len(word)):
            found.append(run[-1])
