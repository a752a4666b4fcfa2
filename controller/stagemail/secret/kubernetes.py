"""Secrets of one namespace of a Kubernetes cluster, by the official client. A key is ``secret/entry``.

The version is the object's resourceVersion, which cannot be asked for: pins are refused.
Not here: Secrets mounted as files (``file``).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

from kubernetes import client as _client
from kubernetes import config
from kubernetes.client.rest import RESTClientObject
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError

from stagemail.errors import NotFound, NotPermitted, SecretUnexpected, StagemailError, Unreachable
from stagemail.model.secret import SecretRef, SecretVersion
from stagemail.secret import bounded
from stagemail.secret.ending import end
from stagemail.secret.key import name_of, with_field
from stagemail.secret.value import from_bytes, refuse_pin

_config: Any = config  # it has no types, nor has the next
_request: Any = RESTClientObject.request

TIMEOUT: Final = (5.0, 10.0)
"""Seconds to connect, and to wait for bytes."""
_KEY: Final = re.compile(r"(?!.*\.\.)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/(?!\.$)[A-Za-z0-9_.-]{1,253}", re.ASCII)


class KubernetesStore:
    """Implements ``ports.SecretStore`` over one namespace."""

    def __init__(self, namespace: str, kubeconfig: Path | None, context: str | None) -> None:
        self._namespace, self._kubeconfig, self._context = namespace, kubeconfig, context
        self._lock = Lock()
        self._api: Any = None

    def read(self, ref: SecretRef) -> SecretVersion:
        """The entry's text as it is now.

        Raises InvalidInput (key), NotFound, NotPermitted, Unreachable, SecretEmpty, SecretUnexpected, SecretUnusable.
        """
        hint = "write the Secret's name and its entry, such as smtp-qa/password; the namespace is the store's"
        name_of(ref, _KEY, hint)
        where = self.origin(ref)
        refuse_pin(ref, where)
        name, _, entry = ref.key.partition("/")
        data, metadata = _parts(self._body(name, where), name, where)
        if entry not in data:
            raise NotFound(f"{where} does not exist: the Secret has no such entry", hint="check the spelling of `key`")
        value = from_bytes(_decoded(data[entry], where), ref, where)
        return SecretVersion(value, version=str(metadata.get("resourceVersion") or ""), created=_written(metadata))

    def origin(self, ref: SecretRef) -> str:
        """Namespace, Secret and entry, in words."""
        return with_field(f"Kubernetes Secret {ref.key} in namespace {self._namespace}", ref)

    def _body(self, name: str, where: str) -> bytes:
        """The server's answer. The client's exceptions, which hold answers, are let go before ours is raised."""
        failed: StagemailError | None = None
        body, status = b"", 0
        try:
            answer = self._connected().read_namespaced_secret(
                name, self._namespace, _preload_content=False, _request_timeout=TIMEOUT
            )
            status = answer.status
            body = answer.read()
        except bounded.AnswerTooLarge:
            failed = bounded.endless(where)
        except _client.ApiException as error:
            failed = _refused(int(error.status or 0), where)
        except _config.ConfigException:
            failed = NotFound(
                f"{where}: no login for the cluster", hint="set `kubeconfig` and `context`, or run in a pod"
            )
        except (HTTPError, OSError) as error:
            reason = error.reason if isinstance(error, MaxRetryError) else error
            failed = _refused(0, where) if isinstance(reason, SSLError) else _unreachable(where)
        if failed is None and status != 200:
            failed = _refused(status, where)
        if failed is not None:
            raise failed
        return body

    def _connected(self) -> Any:
        with self._lock:
            if self._api is None:
                settings = _client.Configuration()
                if self._kubeconfig:
                    _config.load_kube_config(str(self._kubeconfig), self._context, settings, persist_config=False)
                else:
                    _config.load_incluster_config(settings)
                settings.verify_ssl = True  # whatever the kubeconfig says
                settings.retries = bounded.ClosingRetry(
                    total=2,
                    redirect=0,
                    backoff_factor=0.2,
                    status_forcelist=(429, 500, 502, 503, 504),
                    raise_on_redirect=False,
                    raise_on_status=False,
                    respect_retry_after_header=False,
                )
                connection = _client.ApiClient(settings)
                connection.rest_client = _Rest(settings)
                self._api = _client.CoreV1Api(connection)
            return self._api


class _Rest(RESTClientObject):
    """The client's connection, which reads no answer beyond the limit, an error's neither, and ends in time."""

    def __init__(self, settings: Any) -> None:
        prepare: Any = super().__init__
        prepare(settings)
        end(self.pool_manager)

    def request(self, *given: Any, **more: Any) -> Any:
        """As the client's, with the body read."""
        got = _request(self, *given, **more)
        headers = got.headers
        got.data = bounded.read(got.response)
        got.response = bounded.Body(got.data)
        got.response.status, got.response.headers = got.status, headers
        return got


def _unreachable(where: str) -> StagemailError:
    return Unreachable(f"{where}: the cluster cannot be reached", hint="check the network and the kubeconfig's server")


def _refused(status: int, where: str) -> StagemailError:
    """What the server's status means to the user; 0 is a TLS failure."""
    if status in (401, 403):
        return NotPermitted(f"{where}: permission denied", hint="allow `get` of this Secret in a Role, or log in anew")
    if status == 404:
        return NotFound(f"{where} does not exist", hint="check `key` and the store's `namespace`, or create it")
    if status == 429 or status >= 500:
        return Unreachable(f"{where}: the cluster could not answer now", hint="run again later")
    if status == 0:
        return Unreachable(f"{where}: the cluster's TLS certificate is not trusted", hint="check the kubeconfig's CA")
    return _unexpected(where)


def _unexpected(where: str) -> StagemailError:
    return SecretUnexpected(
        f"{where}: the answer is not a Kubernetes Secret",
        hint="check the server's address; a login page may stand there",
    )


def _parts(body: bytes, name: str, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and answer.get("kind") == "Secret":
        metadata, data = answer.get("metadata"), answer.get("data") or {}
        if isinstance(metadata, dict) and metadata.get("name") == name and isinstance(data, dict):
            return data, metadata
    raise _unexpected(where)


def _written(metadata: dict[str, Any]) -> str:
    """When the object was last written, as its managed fields tell; "" where they do not."""
    fields = metadata.get("managedFields")
    times = [str(one.get("time") or "") for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []
    return max(times, default="")


def _decoded(text: object, where: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (ValueError, binascii.Error):
        data = None
    if data is None:
        raise _unexpected(where)
    return data


def build(settings: Mapping[str, Any], base: Path, _environ: Mapping[str, str]) -> KubernetesStore:
    """The store of an operator file's entry. Connects when the first secret is read."""
    kubeconfig, context = settings.get("kubeconfig"), settings.get("context")
    return KubernetesStore(str(settings["namespace"]), base / kubeconfig if kubeconfig else None, context)
