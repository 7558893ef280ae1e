"""Passwords that would be guessed first: known by how they are made, not from a list."""

import unicodedata

LONGEST = 64
"""Longer ones are looked at for repetition alone."""
MOST_PIECES = 3
MOST_FREE = 8
"""So many digits and signs may stand around the words."""

# Our own choice of what people take when they are asked for a password, in English and on a keyboard.
WORDS = frozenset(
    "access account admin administrator adminadmin angel animal apple april august autumn baby banana baseball basketball"
    " batman beautiful birthday blue bonjour boss bridge brother bubble butter butterfly captain changeit changeme"
    " charlie cheese cherry chicken chocolate coffee company computer cookie cool corona courtyard crystal daddy daniel"
    " database december default diamond doctor dolphin donkey dragon eagle eclipse elephant everyone falcon family"
    " father february flower football forever freedom friday friend friends galaxy garden general george ginger girl"
    " golden good goodbye google grace green guest guitar hallo hammer happy harley hallo heart heaven hello hockey"
    " holiday home honey horse house hunter iceman iloveyou internet january jasmine jennifer jessica jesus jordan july"
    " june killer king kitten ladybug legend letmein liberty lion little login london love lovely lover loveyou lucky"
    " magic maggie manager march marina martin master matrix merlin michael michelle mickey monday money monkey monster"
    " morning mother mountain music mustang naruto newyork nicole ninja nobody november october office open orange"
    " paradise paris party pass passphrase passw passwd password passwort peanut pepper personal phoenix picture pirate"
    " player please pokemon police prince princess private purple qwerty qwertz rabbit rainbow ranger red robert"
    " rocket root samsung saturday school secret secure security september server shadow silver simple sister slipknot"
    " snoopy snow soccer sparky spider spring starwars star strawberry summer sunday sunflower sunshine super superman"
    " superstar support sweet system teacher temp temporary test tester testing thomas thunder thursday tiger tigger"
    " trust trustno tuesday turtle unicorn user vacation vampire victory welcome wednesday whatever white winter wizard"
    " wonder work world yellow".split()
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)
_SHORTEST_RUN = 3
RUNS = frozenset(
    row[start:end]
    for line in _ROWS
    for row in (line, line[::-1])
    for start in range(len(row))
    for end in range(start + _SHORTEST_RUN, len(row) + 1)
)
# 1 and ! are written for i and for l: both readings are tried.
_LEET = {one: str.maketrans("0134578@$!|+", "o" + one + "eastba" + "s" + one + "lt") for one in ("i", "l")}


def is_guessable(password: str) -> bool:
    """Whether it is one short pattern over and over, or at most three common words and runs over the keyboard, written in
    any case and in leet, with at most eight more digits and signs (a year, a date, `!!`) around them.
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    if _repeats(plain):
        return True
    return len(plain) <= LONGEST and any(_few_pieces(plain, plain.translate(leet)) for leet in _LEET.values())


def _repeats(plain: str) -> bool:
    """`aaaaaaaaaaaa`, `abcabcabcabc`: at most four characters, over and over."""
    return any((plain[:size] * (len(plain) // size + 1))[: len(plain)] == plain for size in range(1, 5))


def _few_pieces(plain: str, leet: str) -> bool:
    """Walk to the end over words, runs and a few free characters; `states` are (pieces, free characters) spent so far."""
    states: list[set[tuple[int, int]]] = [set() for _ in range(len(plain) + 1)]
    states[0].add((0, 0))
    for start in range(len(plain)):
        if not states[start]:
            continue
        if not plain[start].isalpha():
            states[start + 1] |= {(pieces, free + 1) for pieces, free in states[start] if free < MOST_FREE}
        for end in _ends(plain, leet, start):
            states[end] |= {(pieces + 1, free) for pieces, free in states[start] if pieces < MOST_PIECES}
    return bool(states[-1])


def _ends(plain: str, leet: str, start: int) -> list[int]:
    """Where a word or a run that begins here may end."""
    last = min(len(plain), start + _LONGEST_PIECE)
    return [
        end
        for end in range(start + _SHORTEST_RUN, last + 1)
        if plain[start:end] in RUNS or plain[start:end] in WORDS or leet[start:end] in WORDS
    ]


_LONGEST_PIECE = max(map(len, WORDS | RUNS))
