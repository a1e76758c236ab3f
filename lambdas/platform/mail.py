"""Mail through Amazon SES (API v2), from the creator's own domain."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lambdas.core.clock import Clock, now
from lambdas.core.creator import Creator
from lambdas.platform import aws

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a mail says: one line of subject, the same content as plain text and as HTML."""

    subject: str
    text: str
    html: str


ASKED_EVERY = timedelta(minutes=10)
"""How long a container believes what SES said of itself."""

ASKED_AGAIN = timedelta(minutes=1)
"""How long it leaves SES alone after SES did not say."""

_SECONDS_TO_ANSWER = 3


@dataclass(frozen=True, kw_only=True)
class MailState:
    """How far mail goes. `sandboxed`: SES reaches verified addresses only, as in every new account. `domain`: it may send for the creator's."""

    sandboxed: bool
    domain: bool

    @property
    def reaches_everyone(self) -> bool:
        return self.domain and not self.sandboxed


class Undeliverable(Exception):
    """SES will never take this mail: the address is none, or it is not verified in an account still in SES's sandbox."""


@dataclass(kw_only=True)
class Mailer:
    """Sends letters as `<creator's name> <hello@domain>`; the client is made at first use."""

    creator: Creator
    clock: Clock = now
    _client: "SESV2Client | None" = field(default=None, repr=False)
    _state: "tuple[datetime, MailState | None] | None" = field(default=None, repr=False)

    @property
    def sender(self) -> str:
        return f"hello@{self.creator.domain}"

    def send(
        self, letter: Letter, *, to: str, reply_to: str | None = None, reference: str, by_hand: bool = False
    ) -> None:
        """Hand a letter to SES; returns once SES has taken it.

        `reference` is the same for the same letter and becomes what it refers to (SES gives each mail a
        Message-ID of its own), so that one sent twice after a crash stands in one thread. `by_hand` is
        what a person wrote: a letter that answers, and that mail programs need not take for a machine's.
        Undeliverable where trying again will not help; other errors are botocore's.
        """
        # Here: only the worker mails, and every function reads this file when it starts.
        from email.headerregistry import Address
        from email.message import EmailMessage
        from email.policy import SMTP

        message = EmailMessage(policy=SMTP)
        message["From"] = Address(_plain(self.creator.name), addr_spec=self.sender)
        message["To"] = to
        message["Subject"] = _plain(" ".join(letter.subject.split()))
        message["References"] = f"<{reference}@{self.creator.domain}>"
        if by_hand:
            message["In-Reply-To"] = message["References"]
        else:
            message["Auto-Submitted"] = "auto-generated"
        if reply_to:
            message["Reply-To"] = reply_to
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        ses = self._ses()
        try:
            ses.send_email(
                # The bare address: SES takes ASCII only, and the name is in the message, encoded.
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [to]},
                Content={"Raw": {"Data": message.as_bytes()}},
            )
        except (ses.exceptions.MessageRejected, ses.exceptions.BadRequestException) as error:
            # SES's words name the address, so they stay out of the message.
            raise Undeliverable(error.response["Error"]["Code"]) from None

    def state(self) -> MailState | None:
        """How far mail goes, asked every ten minutes at most; None where SES does not say (no right to ask, no answer in time)."""
        asked = self.clock()
        if self._state is not None:
            at, known = self._state
            if asked - at < (ASKED_EVERY if known else ASKED_AGAIN):
                return known
        found = self._ask()
        self._state = (asked, found)
        return found

    def _ask(self) -> MailState | None:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        # A page waits for this: better no answer than a late one.
        patience = Config(
            connect_timeout=_SECONDS_TO_ANSWER, read_timeout=_SECONDS_TO_ANSWER, retries={"total_max_attempts": 1}
        )
        try:
            ses: Any = aws.session().create_client("sesv2", config=patience)
            sandboxed = not ses.get_account()["ProductionAccessEnabled"]
            return MailState(sandboxed=sandboxed, domain=domain_verified(ses, self.creator.domain))
        except (BotoCoreError, ClientError):
            return None

    def _ses(self) -> "SESV2Client":
        if self._client is None:
            self._client = aws.client("sesv2")
        return self._client


def domain_verified(ses: "SESV2Client", domain: str) -> bool:
    """Whether SES may send for this domain: its records stand in the DNS, and SES has found them."""
    try:
        return ses.get_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"]
    except ses.exceptions.NotFoundException:
        return False


def _plain(text: str) -> str:
    """The text, which no mail program takes for an encoded word (RFC 2047) any more.

    Python's own `email` decodes such a word where it is put into a header: one that stands for a line
    break would begin a header of its own. An unseen space of no width keeps its two signs apart.
    """
    return text.replace("=?", "=\u200b?")
