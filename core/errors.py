"""The two kinds of error that carry meaning: one for people, one for wires."""

from typing import Any

from django.utils.functional import Promise

STATUS = {
    "signed_out": 401,
    "forbidden": 403,
    "not_found": 404,
    "invalid": 422,
    "too_large": 413,
    "busy": 503,
    "too_many": 429,
}


class Refusal(Exception):
    """What was asked is refused, and a person can be told why.

    `code` is stable and for programs; `message` is translated and for people; `data` is plain
    JSON that helps a page to act (who has the session now, which limit was met). `status` is the
    HTTP status, 409 unless the code says otherwise.
    """

    def __init__(
        self, code: str, message: str | Promise, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.data = data or {}

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 409)

    def as_json(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": str(self.message), "data": self.data}}


class DeliveryError(Exception):
    """A wire failed. `permanent`: trying again cannot help. `retry_after`: seconds to wait."""

    def __init__(
        self,
        code: str,
        text: str = "",
        *,
        permanent: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.permanent = permanent
        self.retry_after = retry_after
