"""A form as its page shows it: empty, filled in again, to be reviewed, or with its faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdas.core.errors import FieldError, PrismError


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a form's template reads as `form`.

    `values` has every field (empty text where nothing was typed), `errors` the faults in order,
    `problem` the code of what concerns the whole form ("too_many_requests"), `token` proves when
    the form was handed out, `review` asks for one more look before sending.
    """

    values: Mapping[str, str]
    errors: tuple[FieldError, ...] = ()
    problem: str = ""
    token: str = ""
    review: bool = False
    _by_path: dict[str, FieldError] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for error in reversed(self.errors):
            self._by_path[error.path] = error

    def error(self, path: str) -> FieldError | None:
        """The first fault of a field, None where it has none."""
        return self._by_path.get(path)


def blank(*fields: str) -> Form:
    return Form(values=dict.fromkeys(fields, ""))


class AskAgain(PrismError):
    """The form is to be looked at once more before it is sent; `token` proves when it was handed out."""

    status = 200
    code = "review"
    title = "Check and send"

    def __init__(self, *, token: str) -> None:
        super().__init__()
        self.token = token
