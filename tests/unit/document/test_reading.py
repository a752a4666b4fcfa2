"""Reading one file: what is read, and what stands in the way."""

from datetime import date

from stagemail.document import read


def test_plain_scalars_are_integers_booleans_nothing_dates_and_text() -> None:
    documents, problems = read(
        b"a: 587\nb: true\nc: ~\nd: 2026-12-31\ne: Portal*\nf: '12'\ng: [x, -3]\n---\n- 1\n", "f.yaml"
    )
    assert problems == ()
    assert [d.value for d in documents] == [
        {"a": 587, "b": True, "c": None, "d": date(2026, 12, 31), "e": "Portal*", "f": "12", "g": ["x", -3]},
        [1],
    ]
    assert [(d.path, d.index, d.sound) for d in documents] == [("f.yaml", 0, True), ("f.yaml", 1, True)]
