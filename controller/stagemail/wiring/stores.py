"""The secret stores that come with stagemail, as plugins.

Each store's library is an extra: its module is loaded when the operator file names the store and a run builds it.
"""

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel

from stagemail.errors import UserMustFix
from stagemail.ports import SecretStore
from stagemail.resources.stores import STORES


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """The module of a store, with the settings that the operator file may write. ``extra`` brings its library."""

    kind: str
    module: str
    extra: str = ""

    @property
    def settings(self) -> type[BaseModel]:
        """The model of the store's settings."""
        return STORES[self.kind]

    def build(self, settings: BaseModel, base: Path) -> SecretStore:
        """The store. Raises UserMustFix where its library is not installed."""
        missing = ""
        try:
            module = import_module(self.module)
        except ModuleNotFoundError as error:
            missing = error.name or self.module
            if not self.extra or missing.startswith("stagemail"):
                raise
        if missing:
            raise UserMustFix(
                f"secret stores of type {self.kind} need the Python package {missing.split('.')[0]}",
                hint=f"pip install 'stagemail[{self.extra}]'",
            )
        store: SecretStore = module.build(settings.model_dump(by_alias=True), base, os.environ)
        return store


ENV = BuiltIn("env", "stagemail.secret.env")
FILE = BuiltIn("file", "stagemail.secret.file")
VAULT = BuiltIn("vault", "stagemail.secret.vault", "vault")
AWS_SECRETS_MANAGER = BuiltIn("aws-secrets-manager", "stagemail.secret.aws_secrets_manager", "aws")
AWS_PARAMETER_STORE = BuiltIn("aws-parameter-store", "stagemail.secret.aws_parameter_store", "aws")
GOOGLE_SECRET_MANAGER = BuiltIn("google-secret-manager", "stagemail.secret.google_secret_manager", "google")
AZURE_KEY_VAULT = BuiltIn("azure-key-vault", "stagemail.secret.azure_key_vault", "azure")
KUBERNETES = BuiltIn("kubernetes", "stagemail.secret.kubernetes", "kubernetes")
AGE = BuiltIn("age", "stagemail.secret.age", "age")
KEYRING = BuiltIn("keyring", "stagemail.secret.keyring", "keyring")
