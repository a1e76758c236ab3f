"""Everything of live in the studio."""

from lambdas.features.live import studio_desk, studio_sessions, studio_shows
from lambdas.features.live.routing import router

__all__ = ["router", "studio_desk", "studio_sessions", "studio_shows"]
