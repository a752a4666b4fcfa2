"""The settings of every target and secret store that come with stagemail, by the ``type`` that people write.

Not here: reading stores (``secret``), speaking to platforms (``target``); settings of others, each beside its adapter.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from stagemail.resources.stores.age import AgeStore
from stagemail.resources.stores.aws import AwsParameterStore, AwsSecretsManagerStore
from stagemail.resources.stores.azure import AzureKeyVaultStore
from stagemail.resources.stores.google import GoogleSecretManagerStore
from stagemail.resources.stores.keyring import KeyringStore
from stagemail.resources.stores.kubernetes import KubernetesStore
from stagemail.resources.stores.local import EnvStore, FileStore
from stagemail.resources.stores.vault import VaultStore
from stagemail.resources.targets import OdcTarget

STORES: Final[Mapping[str, type[BaseModel]]] = {
    "env": EnvStore,
    "file": FileStore,
    "vault": VaultStore,
    "aws-secrets-manager": AwsSecretsManagerStore,
    "aws-parameter-store": AwsParameterStore,
    "google-secret-manager": GoogleSecretManagerStore,
    "azure-key-vault": AzureKeyVaultStore,
    "kubernetes": KubernetesStore,
    "age": AgeStore,
    "keyring": KeyringStore,
}
"""The settings by the ``type`` that the operator file writes."""

TARGETS: Final[Mapping[str, type[BaseModel]]] = {"odc": OdcTarget}
"""The settings of targets, likewise."""
