"""The secret stores that come with stagemail, as plugins."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from stagemail.ports import SecretStore
from stagemail.resources.stores import EnvStore, FileStore
from stagemail.secret import env, file

Build = Callable[[Mapping[str, object], Path, Mapping[str, str]], SecretStore]


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A store module's ``build``, with the settings that the operator file may write."""

    settings: type[BaseModel]
    make: Build

    def build(self, settings: BaseModel, base: Path) -> SecretStore:
        """The store."""
        return self.make(settings.model_dump(by_alias=True), base, os.environ)


ENV = BuiltIn(EnvStore, env.build)
FILE = BuiltIn(FileStore, file.build)
