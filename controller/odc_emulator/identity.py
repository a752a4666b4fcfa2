"""OIDC discovery, client credentials, and who may do what on which stage.

The token endpoint lives on another path than discovery, as ODC's documents ask clients to expect. Error bodies follow
Keycloak, because ODC's are undocumented.
"""

import hashlib
import hmac
import secrets
from urllib.parse import parse_qs

from odc_emulator.answers import Answer, RefusedError
from odc_emulator.world import Client, Stage, Token, World

DISCOVERY_PATH = "/identity/.well-known/openid-configuration"
TOKEN_PATH = "/auth/realms/emulator/protocol/openid-connect/token"  # noqa: S105 - a path
TOKEN_LIFETIME = 43_200  # seconds of emulated time (12 h)
VIEW_STAGE, VIEW_CONFIGURATIONS, EDIT_CONFIGURATIONS, MANAGE_EMAIL, DEPLOY = (
    "View stage",
    "View configurations",
    "Edit configurations",
    "Manage Email SMTP configuration",
    "Deploy assets",
)
ALL_PERMISSIONS = (VIEW_STAGE, VIEW_CONFIGURATIONS, EDIT_CONFIGURATIONS, MANAGE_EMAIL, DEPLOY)


def digest(secret: str) -> str:
    """What is kept of a client secret or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def discovery(base: str) -> Answer:
    """The OIDC configuration (OpenID Connect Discovery 1.0) of an emulator reached at `base`."""
    document = {
        "issuer": f"{base}/identity",
        "token_endpoint": f"{base}{TOKEN_PATH}",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
    return Answer(200, document)


def issue_token(world: World, form: bytes, now: float) -> Answer:
    """RFC 6749 section 4.4: a token for client id and secret."""
    fields = {name: values[0] for name, values in parse_qs(form.decode("utf-8", "replace")).items()}
    if fields.get("grant_type") != "client_credentials":
        return Answer(400, {"error": "unsupported_grant_type", "error_description": "Unsupported grant_type"})
    client = world.clients.get(fields.get("client_id", ""))
    offered = digest(fields.get("client_secret", ""))
    if client is None or not hmac.compare_digest(client.secret_digest, offered):
        return _invalid_client("Invalid client or Invalid client credentials")
    if client.state != "available":
        return _invalid_client("Client is suspended")
    if client.secret_expires is not None and client.secret_expires <= now:
        return _invalid_client("Client secret has expired")
    token = f"emulator.{secrets.token_urlsafe(32)}"
    world.save(Token(digest(token), client.client_id, now + TOKEN_LIFETIME))
    document = {"access_token": token, "expires_in": TOKEN_LIFETIME, "token_type": "Bearer"}
    return Answer(200, document, {"Cache-Control": "no-store"})


def _invalid_client(description: str) -> Answer:
    return Answer(401, {"error": "invalid_client", "error_description": description})


def authenticate(world: World, authorization: str, now: float) -> Client:
    """The client behind a bearer token; refused with 401 if the token or the client is not good (any more)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise RefusedError(401, "EMULATOR-NO-TOKEN", "No bearer token was sent.", {"WWW-Authenticate": "Bearer"})
    known = world.tokens.get(digest(token.strip()))
    client = None if known is None else world.clients.get(known.client)
    if known is None or client is None or client.state != "available" or known.expires <= now:
        raise RefusedError(
            401,
            "EMULATOR-INVALID-TOKEN",
            "The token is unknown, has expired, or its client is suspended.",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return client


def permitted(client: Client, stage_key: str, permission: str) -> bool:
    """Whether the client has a permission on a stage; a stage of its own replaces the `*` of the others."""
    granted = client.permissions.get(stage_key, client.permissions.get("*", []))
    return permission in granted


def visible_stages(world: World, client: Client) -> list[Stage]:
    """The stages that exist for this client, in the order of the organization."""
    stages = [s for s in world.stages.values() if permitted(client, s.key, VIEW_STAGE)]
    return sorted(stages, key=lambda s: (s.order, s.key))


def stage_for(world: World, client: Client, stage_key: str, *permissions: str) -> Stage:
    """The stage, if the client sees it (else 404) and has all permissions there (else 403)."""
    stage = world.stages.get(stage_key)
    if stage is None or not permitted(client, stage_key, VIEW_STAGE):
        raise RefusedError(404, "EMULATOR-STAGE-NOT-FOUND", f"There is no environment {stage_key}.")
    for permission in permissions:
        if not permitted(client, stage_key, permission):
            raise RefusedError(
                403, "EMULATOR-FORBIDDEN", f"The API client lacks the permission '{permission}' in stage {stage.name}."
            )
    return stage
