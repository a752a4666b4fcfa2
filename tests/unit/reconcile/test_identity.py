"""A key that is another stage's stops a run before anything of the stage is read."""

from dataclasses import replace

import pytest

from stagemail.errors import MappingMismatch, UserMustFix
from stagemail.model.inventory import StageIdentity
from stagemail.model.snapshot import Desired
from stagemail.model.waiver import Waiver
from stagemail.ports import Entry
from stagemail.reconcile.identity import refuse_anothers, told
from stagemail.record.memory import MemoryRecord

QA = StageIdentity("env-1", "QA", "non-production")
PRODUCTION = StageIdentity("env-1", "Production", "production")


@pytest.fixture
def record() -> MemoryRecord:
    made = MemoryRecord(b"k" * 32)
    made.append([Entry(identity=("qa", QA))], None)
    return made


def test_a_key_that_the_record_knows_as_another_stage_is_refused(record: MemoryRecord) -> None:
    with pytest.raises(UserMustFix, match=r"Production has key env-1, which our record knows as stage qa \(QA\)"):
        refuse_anothers(Desired("production"), PRODUCTION, ["qa", "production"], record)


def test_a_waiver_that_names_the_key_lets_it_through(record: MemoryRecord) -> None:
    waiver = Waiver("w", "identity-changed", "env-1", "CHG-1")
    refuse_anothers(Desired("production", waivers=(waiver,)), PRODUCTION, ["qa"], record)
    other = Desired("production", waivers=(replace(waiver, to="env-2"),))
    with pytest.raises(UserMustFix):
        refuse_anothers(other, PRODUCTION, ["qa"], record)


def test_a_stages_own_key_and_a_new_one_are_fine(record: MemoryRecord) -> None:
    refuse_anothers(Desired("qa"), QA, ["qa", "production"], record)
    refuse_anothers(
        Desired("production"), StageIdentity("env-2", "Production", "production"), ["qa", "production"], record
    )


def test_a_mapping_that_no_longer_fits_is_told_with_both_names(record: MemoryRecord) -> None:
    now = StageIdentity("env-2", "QA", "non-production")
    with pytest.raises(MappingMismatch, match="QA had key env-1, and QA has key env-2 now"), told("qa", now, record):
        raise MappingMismatch("made for another")


def test_any_other_mismatch_is_told_as_it_is(record: MemoryRecord) -> None:
    with pytest.raises(MappingMismatch, match=r"^made for another$"), told("qa", QA, record):
        raise MappingMismatch("made for another")
