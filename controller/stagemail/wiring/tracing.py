"""Traces of passes by OpenTelemetry, where its extra is installed and its usual variables name where they go.

A span names the stage, the revision and the reason, and an error's kind: never a message, a value or a secret.
Source: OpenTelemetry specification, "OTLP Exporter configuration", "Trace API". Not here: what is measured (``once``).
"""

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from stagemail.errors import UserMustFix

Spans = Callable[[str, Mapping[str, str]], AbstractContextManager[None]]
"""Opens a span of this name with these attributes."""

WANTED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Any of them says that traces are wanted."""


def no_spans(_name: str, _attributes: Mapping[str, str]) -> AbstractContextManager[None]:
    """Trace nothing."""
    return nullcontext()


def spans_of(provider: Any) -> Spans:
    """Spans of an OpenTelemetry tracer provider."""
    tracer = provider.get_tracer("stagemail")
    status = importlib.import_module("opentelemetry.trace")

    @contextmanager
    def span(name: str, attributes: Mapping[str, str]) -> Iterator[None]:
        named = {f"stagemail.{key}": value for key, value in attributes.items()}
        with tracer.start_as_current_span(
            name, attributes=named, record_exception=False, set_status_on_exception=False
        ) as current:
            try:
                yield
            except BaseException as error:
                current.set_status(status.Status(status.StatusCode.ERROR, type(error).__name__))
                raise

    return span


def tracing(environment: Mapping[str, str] | None = None) -> tuple[Spans, Callable[[], None]]:
    """Spans as the environment asks for them, and what sends the last ones at the end.

    Raises UserMustFix where traces are asked for and the extra is not installed.
    """
    known = os.environ if environment is None else environment
    off = known.get("OTEL_SDK_DISABLED", "").lower() == "true" or known.get("OTEL_TRACES_EXPORTER") == "none"
    if off or not any(known.get(name) for name in WANTED):
        return no_spans, _nothing
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        resources = importlib.import_module("opentelemetry.sdk.resources")
    except ModuleNotFoundError as error:
        raise UserMustFix(
            f"{error.name} is not installed; OTEL_EXPORTER_OTLP_ENDPOINT asks for traces",
            hint="pip install 'stagemail[tracing]', or unset the variable",
        ) from None
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": "stagemail"}))
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(timeout=5)))
    return spans_of(provider), provider.shutdown


def _nothing() -> None:
    """Nothing was begun."""
