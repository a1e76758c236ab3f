"""What the site's own pages show."""

from typing import Any

from lambdas.core.feature import PageContext


def home(context: PageContext) -> dict[str, Any]:
    """Which feature, if any, the hero's first action leads to: the first page in the navigation."""
    return {"first_page": next((page for feature in context.features for page in feature.pages if page.nav), None)}
