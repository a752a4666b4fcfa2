"""Traces name the five verbs of a pass and hold no value."""

from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.unit.reconcile.conftest import House

from stagemail.errors import UserMustFix
from stagemail.reconcile.once import once
from stagemail.wiring.tracing import Spans, no_spans, spans_of, tracing


@pytest.fixture
def exported() -> tuple[InMemorySpanExporter, Spans]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter, spans_of(provider)


def test_a_pass_has_a_span_for_each_verb(exported: tuple[InMemorySpanExporter, Spans]) -> None:
    exporter, spans = exported
    house = House()
    with spans("pass", {"stage": "qa", "revision": "a" * 40}):
        once(house.request(), replace(house.world(), span=lambda verb: spans(verb, {"stage": "qa"})))
    found = exporter.get_finished_spans()
    assert [span.name for span in found] == ["load", "observe", "plan", "apply", "record", "pass"]
    assert {span.parent.span_id for span in found[:5] if span.parent} == {found[5].context.span_id}
    assert dict(found[5].attributes or {}) == {"stagemail.stage": "qa", "stagemail.revision": "a" * 40}
    everything = "".join(span.to_json() for span in found)
    assert "first-password" not in everything
    assert "smtp.example.com" not in everything


def test_an_error_shows_its_kind_only(exported: tuple[InMemorySpanExporter, Spans]) -> None:
    exporter, spans = exported
    with pytest.raises(UserMustFix), spans("load", {}):
        raise UserMustFix("the password hunter2 is wrong")
    span = exporter.get_finished_spans()[0]
    assert span.status.description == "UserMustFix"
    assert span.events == ()
    assert "hunter2" not in span.to_json()


@pytest.mark.parametrize(
    "environment",
    [{}, {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
     {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}],
)  # fmt: skip
def test_nothing_is_traced_unless_it_is_asked_for(environment: dict[str, str]) -> None:
    assert tracing(environment)[0] is no_spans


def test_traces_that_are_asked_for_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(UserMustFix, match=r"opentelemetry\.sdk\.trace is not installed"):
        tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})


def test_traces_go_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    spans, end = tracing()
    assert spans is not no_spans
    end()
