"""What every site has: home, legal pages, the page for what is not there and the one for no network."""

from lambdas.core.feature import Feature, FeatureConfig, Page

FEATURE = Feature(
    name="site",
    config=FeatureConfig,
    optional=False,
    api="lambdas.features.site.api:router",
    api_paths=("/api/health", "/api/openapi.json"),
    pages=(
        Page(path="/", template="site/home.html.j2"),
        Page(path="/imprint/", template="site/imprint.html.j2", order=90),
        Page(path="/privacy/", template="site/privacy.html.j2", order=91),
        Page(path="/404/", template="site/not_found.html.j2", listed=False),
        Page(path="/problem/", template="site/problem.html.j2", personal=True, listed=False),
        Page(path="/offline/", template="site/offline.html.j2", listed=False),
    ),
)
