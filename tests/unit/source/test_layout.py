"""Which stages a file is for: by every folder above it, however many stages there are."""

from hypothesis import given
from hypothesis import strategies as st

from stagemail.source.claims import Layout

PARTS = st.lists(st.sampled_from(["environments", "qa", "live", "a", "ab"]), min_size=1, max_size=4).map("/".join)
STAGES = st.dictionaries(st.sampled_from(["qa", "live", "dev"]), st.lists(PARTS, min_size=1, max_size=3).map(tuple))


@given(STAGES.filter(bool), PARTS)
def test_a_file_belongs_to_every_stage_with_a_folder_above_it(stages: dict[str, tuple[str, ...]], folder: str) -> None:
    path = f"{folder}/app.yaml"
    expected = [name for name, folders in sorted(stages.items()) if any(path.startswith(f"{one}/") for one in folders)]
    assert Layout(tuple(stages.items())).owners(path) == tuple(expected)


def test_layouts_are_equal_by_what_they_say() -> None:
    one, other = Layout((("qa", ("a",)),)), Layout((("qa", ("a",)),))
    assert (one == other, hash(one) == hash(other)) == (True, True)
    assert repr(one) == "Layout(stages=(('qa', ('a',)),), base='environments')"
    assert one != Layout((("qa", ("b",)),))


class Folders(tuple[str, ...]):
    """Counts how often somebody looks through all of them."""

    __slots__ = ()
    looks = 0

    def __iter__(self) -> object:  # type: ignore[override]
        type(self).looks += 1
        return super().__iter__()


def test_no_file_looks_through_all_stages() -> None:
    layout = Layout(tuple((f"s{number}", Folders((f"environments/s{number}",))) for number in range(50)))
    Folders.looks = 0
    assert layout.owners("environments/s7/app.yaml") == ("s7",)
    assert Folders.looks == 0
