"""Official OpenAPI documents as the judge of every answer; they lie where ODC_OPENAPI_DIR says."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

FILES = {
    "asset-configurations": "asset-configurations-api-v1.json",
    "deployments": "deployments-api-v1.json",
    "portfolios": "portfolio-api-v2.json",
}
PREFIXES = {
    "asset-configurations": "/api/asset-configurations/v1",
    "deployments": "/api/deployments/v1",
    "portfolios": "/api/portfolios/v2",
}
# Statuses that no document declares for a call and that the emulator answers all the same, each with its reason.
ALLOWED = {
    400: "a malformed body, also where no 400 is declared (stage PATCH)",
    403: "a missing permission for a POST of an operation: its document asks for one and declares no 403",
    404: "a path, stage or asset that does not exist",
    405: "a method that a path does not have",
    413: "a body of more than 1 MiB",
    415: "a body that is not JSON",
    429: "the rate limit, which the configurations document does not declare",
}


def directory() -> Path | None:
    """Where the documents lie, if anywhere."""
    value = os.environ.get("ODC_OPENAPI_DIR")
    return Path(value) if value else None


def raw(api: str) -> dict[str, Any]:
    """One document as it is."""
    folder = directory()
    assert folder is not None
    loaded: dict[str, Any] = json.loads((folder / FILES[api]).read_text(encoding="utf-8"))
    return loaded


@cache
def document(api: str) -> dict[str, Any]:
    """One document, its `nullable` turned into JSON Schema."""
    converted: dict[str, Any] = _json_schema(raw(api))
    return converted


def check(method: str, path: str, status: int, body: bytes) -> None:
    """Fail unless the answer is one that the documents describe, or one of the listed allowance."""
    api = next((name for name, prefix in PREFIXES.items() if path.startswith(prefix + "/")), None)
    if api is None or directory() is None:
        return
    declared = _responses(api, method.lower(), path.removeprefix(PREFIXES[api]))
    response = None if declared is None else declared.get(str(status))
    if response is None:
        assert status in ALLOWED, f"{method} {path} answered {status}, which is neither declared nor allowed"
        schema: Any = {"$ref": "#/components/schemas/ProblemDetails"}
    else:
        schema = response.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        assert body == b"", f"{method} {path} answered {status} with a body that is not declared"
        return
    _validator(api, json.dumps(schema)).validate(json.loads(body))


@cache
def _validator(api: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    components = document(api)["components"]
    return jsonschema_rs.Draft202012Validator({**json.loads(schema), "components": components}, validate_formats=True)


def _responses(api: str, method: str, path: str) -> dict[str, Any] | None:
    for template in sorted(document(api)["paths"], key=lambda t: t.count("{")):
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method in document(api)["paths"][template]:
            responses: dict[str, Any] = document(api)["paths"][template][method]["responses"]
            return responses
    return None


def _json_schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    converted = {name: _json_schema(value) for name, value in node.items() if name != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [converted, {"type": "null"}]}
    return converted
