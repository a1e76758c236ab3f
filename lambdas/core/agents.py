"""A browser in a few words, for its owner to know it again."""

_BROWSERS = (
    ("Edge", ("Edg/", "EdgA/")),
    ("Opera", ("OPR/",)),
    ("Samsung Internet", ("SamsungBrowser/",)),
    ("Firefox", ("Firefox/", "FxiOS/")),
    ("Chrome", ("Chrome/", "CriOS/", "HeadlessChrome/")),
    ("Safari", ("Safari/",)),
)
_SYSTEMS = (
    ("iPhone", ("iPhone",)),
    ("iPad", ("iPad",)),
    ("Android", ("Android",)),
    ("Windows", ("Windows",)),
    ("Mac", ("Mac OS X", "Macintosh")),
    ("ChromeOS", ("CrOS",)),
    ("Linux", ("Linux",)),
)


def agent_of(user_agent: str) -> str:
    """ "Firefox, Linux" of a User-Agent header; empty where it names neither. Nothing else of it is kept."""

    def named(signs: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
        return next((name for name, parts in signs if any(part in user_agent for part in parts)), "")

    return ", ".join(filter(None, (named(_BROWSERS), named(_SYSTEMS))))
