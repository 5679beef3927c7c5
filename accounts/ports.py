"""What accounts tells the apps above it."""

from typing import Protocol

from core.ports import port


class UserChanged(Protocol):
    """Rights, enablement or password of a person changed. Called inside the change."""

    def __call__(self, user_id: int) -> None: ...


def user_changed(user_id: int) -> None:
    target: UserChanged = port("accounts.user_changed")
    target(user_id)
