"""Notes by kind: every kind has a title, and what is true of many is said once."""

from typing import get_args

from stagemail.model.plan import Note, NoteKind
from stagemail.report.notes import TITLES, note_groups


def test_every_kind_of_note_has_a_title() -> None:
    assert set(TITLES) == set(get_args(NoteKind))


def test_what_a_person_should_look_at_comes_first() -> None:
    groups = note_groups([Note("in-sync", "A", ""), Note("waiting", "B", "m"), Note("uncovered", "C", "m")])
    assert [group.kind for group in groups] == ["uncovered", "waiting", "in-sync"]
    assert [group.warns for group in groups] == [True, False, False]


def test_a_message_is_said_once_for_all_its_subjects() -> None:
    (group,) = note_groups([Note("waiting", "B", "m"), Note("waiting", "A", "m"), Note("waiting", "C", "n")])
    assert group.by_message() == (("m", ("A", "B")), ("n", ("C",)))
