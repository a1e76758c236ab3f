"""Who signs in to the demo: fictional people, with passwords that everybody may know. They exist on this machine only."""

# ruff: noqa: S106  (passwords for everybody to know)

from dataclasses import dataclass
from typing import Literal

DEMO = "demo"
"""The creator whose platform is filled with fictional data."""


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """`email` is empty for the owner, who has the address of the creator's file."""

    role: Literal["owner", "moderator", "fan"]
    name: str
    email: str
    password: str
    language: Literal["en", "de"]

    def address(self, creators_own: str) -> str:
        return self.email or creators_own


PEOPLE = (
    DemoPerson(role="owner", name="Mira Demo", email="", password="mira-runs-the-show", language="en"),
    DemoPerson(
        role="moderator",
        name="Mo Moderator",
        email="moderator@demo.example",
        password="mo-keeps-it-friendly",
        language="en",
    ),
    DemoPerson(
        role="fan", name="Fanny Fan", email="fan@demo.example", password="fanny-in-the-front-row", language="de"
    ),
)


def how_to_sign_in(site: str, creators_own: str) -> tuple[str, ...]:
    """Lines for a terminal: where, and who with which password. `site` ends with a slash."""
    people = [(person.role, person.address(creators_own), person.password) for person in PEOPLE]
    wide = max(len(address) for _, address, _ in people)
    return (
        f"  people  {site}account/sign-in/   (fictional, here only)",
        *(f"          {role:<9}  {address:<{wide}}  {password}" for role, address, password in people),
    )
