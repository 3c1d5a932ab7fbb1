# The only needs are make and Python 3.11 or newer; everything else is installed into .venv by the first target.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# One thread for each test process: the processes themselves run side by side.
TEST_PROCESSES ?= 2
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest

.PHONY: help demo browser test test-slow lint format docs bench clean

help:
	@echo "make demo       check, cost, compile and train a small network on real images; results in runs/demo"
	@echo "make test       the tests (test-slow: those that take long)"
	@echo "make lint       ruff, mypy and the import contracts (format: let ruff rewrite)"
	@echo "make docs       generate the reference and the index of the shipped specs"
	@echo "make bench      benchmarks of the project itself"

# Installed again whenever the pins change. Editable: the checkout is what runs.
$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	@test -x $(BIN)/python || { echo "Creating $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing archdsl and what it needs (PyTorch is large: minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[onnx]'
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@echo "Installing the tools for tests and checks"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps torchvision timm \
		fvcore iopath yacs termcolor tabulate portalocker tqdm ptflops thop torchinfo
	@touch $@

.venv: $(VENV)/.developing

demo: $(VENV)/.installed
	@$(BIN)/python demo/run.py

# The report is tested in Chromium. Where it is missing and Debian's packages can be installed, they are; else the test
# that needs it fails and says what is missing. CHROMIUM=/path/to/it names another one.
browser:
	@for name in "$$CHROMIUM" chromium chromium-browser google-chrome google-chrome-stable chrome; do \
		test -n "$$name" && command -v "$$name" >/dev/null && exit 0; \
	done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		apt-get update --quiet && apt-get install --yes --quiet chromium && exit 0; \
	fi; \
	echo "Chromium is missing and could not be installed: the test of the report will fail"

test: $(VENV)/.developing browser
	$(PYTEST) -n $(TEST_PROCESSES)

test-slow: $(VENV)/.developing
	$(PYTEST) -m slow

lint: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.developing
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.developing
	$(BIN)/python docs/generate.py

bench: $(VENV)/.developing
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf runs dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
