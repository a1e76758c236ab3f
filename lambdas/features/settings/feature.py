"""Settings: what the creator's file says of the site, changed in the studio, with versions."""

from lambdas.core.feature import Feature, FeatureConfig, Screen
from lambdas.core.permissions import Permission

_READ = "settings.read"

FEATURE = Feature(
    name="settings",
    config=FeatureConfig,
    tables=("lambdas.platform.settings:StoredSection", "lambdas.platform.settings:SectionVersion"),
    studio="lambdas.features.settings.studio:router",
    changes={"site-settings": "lambdas.features.settings.events:what_happened"},
    publishes={"settings.section.changed": "lambdas.features.settings.events:touched"},
    permissions=(
        Permission(_READ, "manager", "editor"),
        Permission("settings.brand.write", "manager"),
        Permission("settings.texts.write", "manager", "editor"),
        Permission("settings.legal.write", "manager"),
    ),
    screens=(
        Screen(
            path="/studio/settings/",
            template="settings/index.html.j2",
            needs=_READ,
            nav="settings",
            icon="settings",
            order=90,
        ),
        Screen(path="/studio/settings/brand/", template="settings/brand.html.j2", needs=_READ),
        Screen(path="/studio/settings/texts/", template="settings/texts.html.j2", needs=_READ),
        Screen(path="/studio/settings/links/", template="settings/links.html.j2", needs=_READ),
        Screen(path="/studio/settings/seo/", template="settings/seo.html.j2", needs=_READ),
        Screen(path="/studio/settings/legal/", template="settings/legal.html.j2", needs=_READ),
        *(
            Screen(path=f"/studio/settings/{section}/versions/", template="settings/versions.html.j2", needs=_READ)
            for section in ("brand", "texts", "links", "seo", "legal")
        ),
    ),
    exports="lambdas.features.settings.personal_data:exports",
    optional=False,
)
