# Convolutional Networks for Video and Animation
#
# Every target first sets up .venv from requirements.txt, once. `make PYTHON=python3.12 book` chooses the Python that
# makes .venv; without it the first of 3.11, 3.12 and 3.13 that is found.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN    := .venv/bin
READY  := .venv/ready
OUTPUT := .

# Progress bars and library logs stay out of stored and compared outputs.
QUIET  := CNNLIB_PROGRESS=off TF_CPP_MIN_LOG_LEVEL=3
PYTEST := $(QUIET) $(BIN)/python -m pytest -q

.DEFAULT_GOAL := help
.PHONY: help book slides test test-fast lab execute assignments grade bench

## help: print this list
help:
	@awk '/^## / { name = $$2; sub(":", "", name); sub(/^## [a-z-]*: /, ""); printf "  make %-12s %s\n", name, $$0 }' Makefile

## book: build the book, then open _build/html/index.html
book: $(READY)
	$(BIN)/jupyter-book build . --toc book/_toc.yml --path-output $(OUTPUT) -W -n --keep-going

## slides: make slides of chapters 02, 03 and 05, then open _build/slides/index.html
slides: $(READY)
	$(BIN)/python book/slides.py $(OUTPUT)/_build/slides

## test: run every check: style, library, notebooks (each cell re-run and compared), book
test: $(READY)
	$(BIN)/ruff check .
	$(PYTEST) --doctest-modules cnnlib tests
	$(PYTEST) --nbval --nbval-current-env --nbval-sanitize-with tests/notebooks/sanitize.cfg --ignore=notebooks/classroom notebooks

## test-fast: run the quick checks only, without re-running notebooks (under three minutes)
test-fast: $(READY)
	$(BIN)/ruff check .
	$(PYTEST) -m "not slow" --doctest-modules cnnlib tests

## lab: open the notebooks in JupyterLab
lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir notebooks

## execute: re-run the notebooks in place and refresh the results pages (ONLY=02_convolution for one)
execute: $(READY)
	$(BIN)/python book/execute.py $(ONLY)
	$(BIN)/python -m cnnlib.results

## bench: time cnnlib beside Keras and PyTorch and refresh the performance page (ONLY=step,conv2d for parts)
bench: $(READY)
	$(QUIET) PYTHONPATH=tests $(BIN)/python -m benchmarks $(ONLY)

## assignments: generate the assignments that learners get, notebooks/classroom/release, from source
assignments: $(READY)
	$(BIN)/python -m cnnlib.classroom.release

## grade: grade what was handed in: make grade ASSIGNMENT=02_convolution SUBMITTED=folder
grade: $(READY)
	$(BIN)/python -m cnnlib.classroom.grade $(ASSIGNMENT) $(if $(SUBMITTED),--submitted $(SUBMITTED))

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no python3 found · install Python 3.11, 3.12 or 3.13"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "make: $(PYTHON) is not Python 3.11, 3.12 or 3.13 · name one: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
