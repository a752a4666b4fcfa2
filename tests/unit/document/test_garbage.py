"""What was read is let go of at once: a file's documents must not wait for the collector of cycles."""

import gc

from stagemail.document import read


def test_reading_leaves_no_cycle_behind() -> None:
    data = b"---\n".join(b"a: {b: [1, 2, {c: d}]}\n" for _ in range(20))
    read(data, "warm.yaml")
    gc.collect()
    gc.disable()
    try:
        for number in range(20):
            assert len(read(data, f"{number}.yaml")[0]) == 20
        assert gc.collect() < 400, "a cycle per file would keep twenty documents of each"
    finally:
        gc.enable()
