# `make demo` plays the main story, `make test` runs every check. Both make .venv themselves.
# `make faults` plays every fault there is; FAULTS=quick a twentieth of them, SHARE=1/4 a quarter, MINUTES=60 for so long.
# It goes on where it was stopped, until the code changes (what converged is kept in .faults); ANEW=1 begins from nothing.
# `make container` builds the container and lets it work, as root with buildah and bubblewrap (and debootstrap).
# `make soak SECONDS=3600` leaves a controller alone with commits, portal edits, rotations and failures.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint types unit faults bench soak container constraints clean

demo: $(STAMP)
	$(BIN)/stagemail demo

test: $(STAMP) lint types unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

unit: $(STAMP)
	$(BIN)/python -m tests.run

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[controller,emulator,postgresql,stores,tracing,dev]'
	touch $(STAMP)

faults: $(STAMP)
	$(BIN)/python -m tests.faults $(if $(filter quick,$(FAULTS)),--quick) $(if $(SHARE),--share $(SHARE)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(ANEW),--anew)

bench: $(STAMP)
	$(BIN)/python -m benchmarks

soak: $(STAMP)
	$(BIN)/python -m tests.faults.soak --seconds $(or $(SECONDS),3600)

container: $(STAMP)
	$(BIN)/python -m tests.packaging.container

constraints: $(STAMP)
	$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check | grep -v ' @ ' > constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
