"""Whether a message has a link in it, written out or so that people can put it together."""

from lambdas.core.chat_review.words import folded

# What many addresses end in, but for words that stand after a full stop when somebody forgets the space.
_COMMON = (
    "com net org info biz app dev io gg tv co me xyz online site shop store club link top vip pro icu blog ai cc ly st ws fm gl to "
    "be de at ch uk us eu fr nl es it pl ru cn jp br in ca au se dk fi cz pt ro hu gr ie tk ml ga cf gq ee lt lv ua tr kr tw hk nz "
    "za mx ar cl su cash zip"
)
_ENDINGS = frozenset(_COMMON.split())
_DOTS = {ord(dot): "." for dot in "。．｡․"}
_WRITTEN = {
    "[.]": ".",
    "(.)": ".",
    "{.}": ".",
    "[dot]": ".",
    "(dot)": ".",
    "{dot}": ".",
    "[punkt]": ".",
    "(punkt)": ".",
}
_WRITTEN |= {
    f" {dot} {ending}": f".{ending}" for dot in ("dot", "punkt") for ending in ("com", "net", "org", "de", "tv", "gg")
}
_BETWEEN = {ord(sign): " " for sign in "\"'`<>()[]{}*_~,;!?|“”„‘’«»@"}


def has_link(text: str) -> bool:
    """True for URLs, addresses such as example.com/x and 192.0.2.1:80, and their usual disguises."""
    plain = folded(text.translate(_DOTS))
    for written, meant in _WRITTEN.items():
        plain = plain.replace(written, meant)
    return any(map(_is_link, plain.translate(_BETWEEN).split()))


def _is_link(piece: str) -> bool:
    if "://" in piece or piece.startswith("www."):
        return True
    before, colon, after = piece.partition(":")
    if after[:1].isdecimal():
        return _is_address(before, port=True)
    # As in "look:example.com/x".
    return _is_address(before) or (bool(colon) and _is_address(after))


def _is_address(piece: str, *, port: bool = False) -> bool:
    host, slash, _ = piece.partition("/")
    labels = host.rstrip(".").split(".")
    if len(labels) < 2 or not all(map(_is_label, labels)):
        return False
    goes_on = port or bool(slash)
    if all(label.isdecimal() for label in labels):
        return len(labels) == 4 and goes_on
    ending = labels[-1]
    return ending in _ENDINGS or ending.startswith("xn--") or (goes_on and ending.isalpha() and len(ending) > 1)


def _is_label(label: str) -> bool:
    return bool(label) and label.replace("-", "").isalnum()
