"""The settings of the target ``stagemail_local``, loaded only where an operator file is judged."""

from typing import Literal

from pydantic import BaseModel


class LocalSettings(BaseModel):
    """A target of ``type: local``; ``file`` stands beside the operator file."""

    type: Literal["local"]
    file: str
