"""The login at Azure: the credential that azure-identity makes of the operator file's ``login``.

Not here: what is read with it (``azure_key_vault``).
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azure.core.credentials import TokenCredential
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from stagemail.secret.login import from_file, from_variable

logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # it warns with what the login server said


def credential(
    login: Mapping[str, Any], base: Path, environ: Mapping[str, str], limits: Mapping[str, Any]
) -> TokenCredential:
    """What gets tokens; it keeps and renews them itself. Raises NotFound, SecretEmpty, ValueError."""
    method = login.get("method") or "default"
    tenant, client = login.get("tenantId"), login.get("clientId")
    more: dict[str, Any] = {**limits}
    if login.get("authority"):
        more.update(authority=str(login["authority"]).rstrip("/"), disable_instance_discovery=True)
    if method == "client-secret":
        secret = _secret(login, base, environ)
        return ClientSecretCredential(str(tenant), str(client), secret, **more)
    if method == "client-certificate":
        pem = from_file(base / str(login["file"])).encode()
        return CertificateCredential(str(tenant), str(client), certificate_data=pem, **more)
    if method == "managed-identity":
        return ManagedIdentityCredential(client_id=client, **limits)
    if method == "workload-identity":
        given = {"tenant_id": tenant, "client_id": client, "token_file_path": login.get("file")}
        if given["token_file_path"]:
            given["token_file_path"] = str(base / given["token_file_path"])
        return WorkloadIdentityCredential(**{name: value for name, value in given.items() if value}, **more)
    if method == "cli":
        return AzureCliCredential(tenant_id=tenant or "", process_timeout=15)
    return DefaultAzureCredential(
        managed_identity_client_id=client,
        workload_identity_client_id=client,
        exclude_interactive_browser_credential=True,
        process_timeout=15,
        **more,
    )


def _secret(login: Mapping[str, Any], base: Path, environ: Mapping[str, str]) -> str:
    if login.get("variable"):
        return from_variable(environ, str(login["variable"]), "the login at Azure")
    return from_file(base / str(login["file"]))
