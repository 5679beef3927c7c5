"""aiogram without the validators of its types.

Its import builds a pydantic validator for each of some 400 types: 2.8 of 3.5 s and 107 of 165 MiB,
in every gateway, though we take answers as plain data (see bots/client.py) and none of them is ever
used. A type that is used after all says so: pydantic raises PydanticUserError, "not fully defined".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel


@contextmanager
def unbuilt_types() -> Iterator[None]:
    """Around `import aiogram`: leave its types as they are declared."""
    rebuild: Any = vars(BaseModel)["model_rebuild"]
    BaseModel.model_rebuild = classmethod(_leave)  # type: ignore[assignment,method-assign]  # for a moment
    try:
        yield
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]  # as it was


def _leave(model: type[BaseModel], /, **how: Any) -> None:
    """Instead of `BaseModel.model_rebuild`."""
