"""The secret stores that come with stagemail, as plugins.

Each store's library is an extra: its module is loaded when the operator file names the store and a run builds it.
"""

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from stagemail.errors import UserMustFix
from stagemail.ports import SecretStore

if TYPE_CHECKING:  # an operator file that was judged before is read without its models
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """The module of a store, with the settings that the operator file may write. ``extra`` brings its library."""

    kind: str
    module: str
    model: str
    """The module and the name of the settings' model, loaded when an operator file names the store."""
    extra: str = ""

    @property
    def settings(self) -> "type[BaseModel]":
        """The model of the store's settings."""
        module, _, name = self.model.partition(":")
        found: type[BaseModel] = getattr(import_module(f"stagemail.resources.stores.{module}"), name)
        return found

    def build(self, settings: "BaseModel", base: Path) -> SecretStore:
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
        seconds = getattr(settings, "timeout", None)
        if seconds is None:
            return store
        ended: SecretStore = import_module("stagemail.secret.ending").InTime(store, float(seconds))
        return ended


ENV = BuiltIn("env", "stagemail.secret.env", "local:EnvStore")
FILE = BuiltIn("file", "stagemail.secret.file", "local:FileStore")
VAULT = BuiltIn("vault", "stagemail.secret.vault", "vault:VaultStore", "vault")
AWS_SECRETS_MANAGER = BuiltIn(
    "aws-secrets-manager", "stagemail.secret.aws_secrets_manager", "aws:AwsSecretsManagerStore", "aws"
)
AWS_PARAMETER_STORE = BuiltIn(
    "aws-parameter-store", "stagemail.secret.aws_parameter_store", "aws:AwsParameterStore", "aws"
)
GOOGLE_SECRET_MANAGER = BuiltIn(
    "google-secret-manager", "stagemail.secret.google_secret_manager", "google:GoogleSecretManagerStore", "google"
)
AZURE_KEY_VAULT = BuiltIn("azure-key-vault", "stagemail.secret.azure_key_vault", "azure:AzureKeyVaultStore", "azure")
KUBERNETES = BuiltIn("kubernetes", "stagemail.secret.kubernetes", "kubernetes:KubernetesStore", "kubernetes")
AGE = BuiltIn("age", "stagemail.secret.age", "age:AgeStore", "age")
KEYRING = BuiltIn("keyring", "stagemail.secret.keyring", "keyring:KeyringStore", "keyring")
