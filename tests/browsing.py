"""A browser without a screen: keeps cookies, sends forms, follows nowhere by itself."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.platform_under_test import Answer, PlatformUnderTest

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Browser:
    """One visitor's browser at one address."""

    platform: PlatformUnderTest
    address: str = "203.0.113.7:40000"
    agent: str = FIREFOX
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, url: str) -> Answer:
        parts = urlsplit(url)
        return self._kept(
            self.platform.call(
                "GET",
                parts.path,
                query=parts.query,
                cookies=self.cookies,
                address=self.address,
                headers={"user-agent": self.agent},
            )
        )

    def post(self, path: str, **fields: str) -> Answer:
        """A form, as without JavaScript."""
        return self._sent(path, form=urlencode({"language": "en", **fields}))

    def send(self, path: str, **fields: Any) -> Answer:
        """JSON, as a script does."""
        return self._sent(path, json_body=fields)

    def _sent(self, path: str, **body: Any) -> Answer:
        headers = {"user-agent": self.agent}
        return self._kept(
            self.platform.call("POST", path, cookies=self.cookies, address=self.address, headers=headers, **body)
        )

    def _kept(self, answer: Answer) -> Answer:
        for cookie in answer.cookies:
            pair, *attributes = cookie.split("; ")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer


class FormOf(HTMLParser):
    """What a browser would send of a page's form with this `action`, which fields are invalid, and what the page says."""

    def __init__(self, answer: Answer, action: str = "") -> None:
        super().__init__()
        self.lang = ""
        self.fields: dict[str, str] = {}
        self.invalid: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self._action = action
        self._inside = False
        self.feed(answer.body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.lang = given.get("lang") or ""
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag == "form":
            self._inside = given.get("action") == self._action
        name = given.get("name")
        if self._inside and name:
            self.fields[name] = given.get("value") or ""
            if given.get("aria-invalid") == "true":
                self.invalid.add(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def handle_data(self, data: str) -> None:
        self.text += data
