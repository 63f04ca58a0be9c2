# The whole life of the project. `make run` and `make test` need Python >= 3.11 and make, nothing else.
#   COCO_DIR=path      use photographs of a COCO tree instead of the demo set
#   TOOLCHAIN=gcc|zig  compiler of the firmware; default: arm-none-eabi-gcc where it is on PATH, else zig from PyPI
PYTHON    ?= python3
TOOLCHAIN ?= $(if $(shell command -v arm-none-eabi-gcc),gcc,zig)
MODEL     ?= model/zoo/person_car_160
COUNT     ?=

PY     := .venv/bin/python
# Paths are relative or quoted: the checkout and what is named may lie in folders with blanks, quotes or a hash sign.
quoted  = '$(subst ','\'',$(1))'
ELF    := build/$(TOOLCHAIN)/crosscam.elf
SET    := $(if $(COCO_DIR),coco,demo)
FRAMES := build/frames/$(SET)

# Python compiles what it imports, and keeps it: all of what is installed would take half as long again. Container
# images like to forbid the keeping; then each of hundreds of commands would compile a thousand modules, 2 s of processor.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := PYTHONWARNINGS=ignore .venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -e

.PHONY: help setup references run report test test-all lint budget train firmware frames bench bench-model clean test-renode \
  bench-renode check-loops fuzz picture mutants
help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: .venv/core  ## make .venv with everything `make run` needs
.venv/core: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("crosscam needs Python >= 3.11; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(INSTALL) '.$(if $(filter zig,$(TOOLCHAIN)),[zig])'
	@touch $@
.venv/dev: .venv/core
	$(INSTALL) '.[dev,zig]'
	@touch $@
.venv/train: .venv/core
	$(INSTALL) '.[train]'
	@touch $@

MODEL_DIR  = $(if $(filter /%,$(firstword $(MODEL))),,../)$(MODEL)
BUILD_WITH = $(MAKE) --no-print-directory -C firmware PYTHON=../$(PY) MODEL_DIR=$(call quoted,$(MODEL_DIR)) TOOLCHAIN
firmware: .venv/core  ## build the firmware with $(TOOLCHAIN)
	@$(BUILD_WITH)=$(TOOLCHAIN)
	@ln -sf $(TOOLCHAIN)/crosscam.elf build/crosscam.elf

frames: .venv/core  ## make the frame folder (COCO_DIR=... for COCO photographs)
	@$(PY) -m scripts.main frames demo -o build/frames/demo
	$(if $(COCO_DIR),@$(PY) -m scripts.main frames coco --coco $(call quoted,$(COCO_DIR)) -o build/frames/coco)

references: frames
	@$(PY) -m scripts.main reference build/frames/demo --model $(call quoted,$(MODEL))
	$(if $(COCO_DIR),@$(PY) -m scripts.main reference $(FRAMES) --model $(call quoted,$(MODEL)))

run: firmware frames  ## boot the board and show its predictions
	@$(PY) -m scripts.main run --elf $(ELF) --frames $(FRAMES) --model $(call quoted,$(MODEL)) $(if $(COUNT),--count $(COUNT))

report: firmware frames  ## run the board and write build/report.html for people to look at
	@$(PY) -m scripts.main report -o build/report.html --elf $(ELF) --frames $(FRAMES) --model $(call quoted,$(MODEL)) \
	  $(if $(COUNT),--count $(COUNT)) $(if $(BUDGETS),--budgets $(BUDGETS))

lint: .venv/dev  ## ruff, mypy, import-linter, clang-format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) .venv/bin/lint-imports --no-cache --no-logo
	git ls-files 'firmware/*.c' 'firmware/*.h' | xargs .venv/bin/clang-format --dry-run --Werror

budget: .venv/dev firmware frames  ## what the firmware may need, against robot_tests/budgets.toml
	@$(BUILD_WITH)=zig
	$(PY) -m scripts.main budget check --elf build/zig/crosscam.elf

# One process of tests more than there are cores: many wait, for a debugger, a compiler, the end of a limit.
TESTERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

# Side by side what uses one core each. The first board that boots has the engine's native code compiled, which takes
# a while and is kept; hundreds of tests that run a command each would do it again until one has ended.
test: .venv/dev .venv/train  ## lint, pytest, host kernel tests, Robot suites
	@$(MAKE) --no-print-directory -j2 lint budget references
	$(PY) -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder
	$(PY) -m sim.robot --elf $(ELF) --frames build/frames/demo --coco-frames $(FRAMES) --exclude slow --processes 2 robot_tests
	@for timing in instructions cortex-m7; do $(PY) -m sim.robot --elf build/zig/crosscam.elf --timing $$timing \
	  --frames build/frames/demo --output build/robot-$$timing robot_tests/figures.robot || exit 1; done

test-all: .venv/dev .venv/train firmware references  ## every test and fault, every kernel on 1,000 cases (tens of minutes)
	@$(BUILD_WITH)=zig
	$(PY) -m pytest -n auto --dist load -m slow
	$(PY) -m sim.robot --elf $(ELF) --frames build/frames/demo --include slow --output build/robot-slow robot_tests
	CROSSCAM_CASES=1000 $(PY) -m pytest -n auto --dist load firmware/tests/test_nn_*.py

mutants: .venv/dev firmware references  ## planted bugs: which suite catches which (an hour; MUTANTS="'wrong padding'": those)
	$(PY) -m scripts.mutants $(MUTANTS)

check-loops: .venv/dev  ## native loops against Unicorn, 200,000 instructions and whole programs (minutes)
	$(PY) -m sim.tests.check_loops

test-renode: .venv/core firmware references  ## the Robot suites on an installed Renode (PATH or RENODE_PATH)
	$(PY) -m sim.robot --engine renode --output build/robot-renode --elf $(ELF) --frames build/frames/demo \
	  --coco-frames $(FRAMES) robot_tests

fuzz: .venv/dev  ## mutated inputs through every parser (PARSERS="card_toml tflite" N=20000 SEED=1 CORPUS=cases)
	$(PY) -m scripts.fuzz $(PARSERS) $(if $(N),-n $(N)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(CORPUS),--corpus $(call quoted,$(CORPUS)))

train: .venv/train  ## train the person/car model (DATA_ROOT=photographs WEIGHTS=backbone.h5)
	$(if $(and $(DATA_ROOT),$(WEIGHTS)),,$(error make train: say where the photographs and the weights are: DATA_ROOT=photographs WEIGHTS=backbone.h5))
	$(PY) -m scripts.main train model/configs/person_car_160.py --data-root $(call quoted,$(DATA_ROOT)) --weights $(call quoted,$(WEIGHTS))

bench: .venv/dev firmware frames  ## speed of the engine against bare Unicorn, seconds a frame
	$(PY) -m scripts.bench --elf $(ELF) --frames $(FRAMES)

bench-model: .venv/train  ## cycles and memory of MODEL and of networks of the published kinds on a bare STM32H743
	@$(PY) -m scripts.main bench-model $(call quoted,$(MODEL)) --kinds

bench-renode: .venv/core firmware frames  ## speed of the engine against an installed Renode
	$(PY) -m scripts.bench_renode --elf $(ELF) --frames build/frames/demo

picture: .venv/dev  ## draw docs/house.svg, who imports whom, from the imports
	$(PY) -m scripts.picture

clean:  ## remove what was built (not .venv)
	rm -rf build firmware/generated
