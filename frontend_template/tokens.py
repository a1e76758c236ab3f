"""The brand's colours as CSS custom properties: the one style sheet that needs no compiler."""

from lambdas.core.brand import Palette, Theme


def brand_css(palette: Palette) -> str:
    """The tokens of both themes: dark, unless the visitor or the creator prefers light."""
    dark, light = _declared(palette.dark, "dark"), _declared(palette.light, "light")
    return (
        f":root,[data-theme=dark]{{{dark}}}[data-theme=light]{{{light}}}"
        f"@media (prefers-color-scheme:light){{[data-theme=auto]{{{light}}}}}"
    )


def _declared(theme: Theme, scheme: str) -> str:
    return ";".join([f"color-scheme:{scheme}", *(f"{name}:{value}" for name, value in theme.tokens().items())])
