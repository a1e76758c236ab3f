"""Finding words that a creator does not want, also where somebody disguises them.

A listed word is found as a whole word; with `*` at an end also where more letters follow there (`spam*`, `*spam`, `*spam*`). Case,
accents and compatibility forms do not matter. Several words that are listed as one stand one after another. Disguises that are seen through: letters set apart ("s p a m", "s.p.a.m", "sp-am"),
letters repeated ("spaaam"), digits and signs for letters ("5p4m", "sp@m"), unseen characters between letters. Languages without
spaces between words need the stars.

The work grows with the length of the text and not with the number of words: every word is looked up by its letters without their
repetitions, and how often each is repeated is compared afterwards. There are no regular expressions that could run away.
"""

import unicodedata
from collections.abc import Iterable, Iterator

LONGEST_WORD = 40
"""Letters of a listed word that count; a longer one is listed by its beginning."""

_SIGNS = {"0": "o", "1": "i", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"}
_SIGNS |= {"@": "a", "$": "s", "!": "i", "|": "i", "€": "e", "£": "l", "+": "t"}
# One code point that unfolds into a sentence: nobody hides a word in it, and 500 of them would be a long text.
_SENTENCES = {0xFDFA: " ", 0xFDFB: " "}
_AS_I = str.maketrans(_SIGNS)
_AS_L = str.maketrans(_SIGNS | {"1": "l", "!": "l", "|": "l"})


# Letters of other scripts that look like Latin ones, small or capital: a word of both is a disguise. One that is listed is folded too,
# so words of these scripts are found as ever.
_LOOK_ALIKES = str.maketrans(
    "авекмнорстухіјѕһԁԛԝґαβεζηικμνορτυχϲıłøđħŧ",
    "abekmhopctyxijshdqwrabezhikmnoptyxcilodht",
    # Hangul's fillers are letters that show nothing.
    "\u115f\u1160",
)


def folded(text: str) -> str:
    """Without case, accents, compatibility forms, look-alikes and unseen characters: "ＳＰÄＭ" is "spam"."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.translate(_SENTENCES).casefold()).casefold()
    seen = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Me", "Cf"})
    return seen.translate(_LOOK_ALIKES)


class WordList:
    """Listed words, ready to be looked for."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = _Places()
        self._phrases: dict[int, _Places] = {}
        for word in words:
            parts = _parts(folded(word))
            if not parts:
                continue
            stars = word.strip().startswith("*"), word.strip().endswith("*")
            self._words.add("".join(parts), *stars)
            if len(parts) > 1:
                self._phrases.setdefault(len(parts), _Places()).add("".join(parts), *stars)

    def finds(self, text: str) -> bool:
        """Whether one of the words is in the text."""
        if not self._words:
            return False
        plain = folded(text)
        readings = dict.fromkeys((plain, _read_signs(plain, _AS_I), _read_signs(plain, _AS_L)))
        if any(self._has_word(reading) or self._has_phrase(reading) for reading in readings):
            return True
        spelled = dict.fromkeys((plain, plain.translate(_AS_I), plain.translate(_AS_L)))
        return any(self._words.are_in(letters) for reading in spelled for letters in _set_apart(reading))

    def _has_word(self, text: str) -> bool:
        return any(map(self._words.have, _words(text)))

    def _has_phrase(self, text: str) -> bool:
        if not self._phrases:
            return False
        parts = _parts(text)
        return any(
            places.have("".join(parts[start : start + size]))
            for size, places in self._phrases.items()
            for start in range(len(parts) - size + 1)
        )


class _Places:
    """Listed words by where they must stand: as a whole word, at its beginning, at its end, or anywhere in it."""

    def __init__(self) -> None:
        self._whole = _Lookup()
        self._begins = _Lookup()
        self._ends = _Lookup()
        self._inside = _Lookup()
        self._all = (self._whole, self._begins, self._ends, self._inside)

    def __bool__(self) -> bool:
        return any(self._all)

    def add(self, word: str, open_start: bool, open_end: bool) -> None:
        place = (
            (self._inside if open_end else self._ends) if open_start else (self._begins if open_end else self._whole)
        )
        place.add(word)

    def have(self, word: str) -> bool:
        """Whether the word is a listed one."""
        letters, counts = _runs(word)
        end = len(letters)
        return (
            self._whole.has(letters, counts, 0, end)
            or any(self._begins.has(letters, counts, 0, n, open_end=True) for n in self._begins.lengths if n <= end)
            or any(
                self._ends.has(letters, counts, end - n, end, open_start=True) for n in self._ends.lengths if n <= end
            )
            or self._inside.is_in(letters, counts)
        )

    def are_in(self, letters: str) -> bool:
        """Whether a listed word is among letters of which nobody sees where a word begins."""
        runs = _runs(letters)
        return any(place.is_in(*runs) for place in self._all)


class _Lookup:
    """Words by their letters without repetitions; for each, how often its letters are repeated."""

    def __init__(self) -> None:
        self._counts: dict[str, list[list[int]]] = {}
        self.lengths: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, word: str) -> None:
        letters, counts = _runs(word[:LONGEST_WORD])
        self._counts.setdefault(letters, []).append(counts)
        self.lengths = sorted({len(each) for each in self._counts})

    def has(
        self, letters: str, counts: list[int], start: int, end: int, *, open_start: bool = False, open_end: bool = False
    ) -> bool:
        """Whether a word is what stands from start to end; at an open end its letter may be repeated as it likes."""
        listed = self._counts.get(letters[start:end])
        return listed is not None and any(
            _is_same(each, counts[start:end], open_start=open_start, open_end=open_end) for each in listed
        )

    def is_in(self, letters: str, counts: list[int]) -> bool:
        """Whether a word stands anywhere in the letters."""
        return any(
            self.has(letters, counts, start, start + n, open_start=True, open_end=True)
            for n in self.lengths
            for start in range(len(letters) - n + 1)
        )


def _is_same(listed: list[int], found: list[int], *, open_start: bool, open_end: bool) -> bool:
    """Whether letters repeated as found are the listed word.

    A letter that stands once more than listed makes another word ("god", "good"); three in a row, or two letters that are doubled,
    make the same word in disguise.
    """
    doubled, last = 0, len(listed) - 1
    for place, (wanted, there) in enumerate(zip(listed, found, strict=True)):
        if there < wanted:
            return False
        if there == wanted or there >= 3 or (open_start and place == 0) or (open_end and place == last):
            continue
        doubled += 1
    return doubled != 1


def _runs(word: str) -> tuple[str, list[int]]:
    """A word's letters without repetitions, and how often each stands there: "spaam" is "spam", [1, 1, 2, 1]."""
    letters: list[str] = []
    counts: list[int] = []
    for letter in word:
        if letters and letters[-1] == letter:
            counts[-1] += 1
        else:
            letters.append(letter)
            counts.append(1)
    return "".join(letters), counts


def _read_signs(text: str, table: dict[int, str]) -> str:
    """The text with digits and signs read as letters, where they stand in one piece with letters: a number stays a number."""
    pieces = text.split(" ")
    return " ".join(_read_piece(piece, table) if any(map(str.isalpha, piece)) else piece for piece in pieces)


def _read_piece(piece: str, table: dict[int, str]) -> str:
    # What ends a sentence is no letter: "hi!" stays "hi!".
    core = piece.rstrip("!?|+.,;:")
    return core.translate(table) + piece[len(core) :]


def _words(text: str) -> Iterator[str]:
    """The words of a text; what stands between spaces once more in one piece, without the signs in it."""
    for piece in text.split():
        parts = _parts(piece)
        yield from parts
        if len(parts) > 1:
            yield "".join(parts)


def _set_apart(text: str) -> Iterator[str]:
    """Letters that each stand alone, one after another: "you s p a m" has "spam"."""
    alone: list[str] = []
    for part in _parts(text):
        if len(part) == 1 or part == part[0] * len(part):
            alone.append(part)
            continue
        if len(alone) > 1:
            yield "".join(alone)
        alone = []
    if len(alone) > 1:
        yield "".join(alone)


def _parts(text: str) -> list[str]:
    """The stretches of letters and digits in a text."""
    return "".join(c if c.isalnum() else " " for c in text).split()
