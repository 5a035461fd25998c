# The operator's entry. `make` alone lists what there is; everything else is CMake's.

PRESET ?= release
JOBS ?= $(shell nproc)
ARGS ?=
FUZZ_SECONDS ?= 60
SLOW ?=

BUILD_OPTIONS := -DBATON_BUILD_TESTS=ON $(if $(filter dev release,$(PRESET)),-DBATON_BUILD_BENCH=ON)
# `make run` needs no test libraries. A tree that is already configured keeps its options.
RUN_OPTIONS = $(if $(wildcard build/release/CMakeCache.txt),,-DBATON_BUILD_TESTS=OFF -DBATON_BUILD_BENCH=OFF)

ifeq ($(filter $(PRESET),dev release asan tsan),)
$(error PRESET=$(PRESET): choose dev, release, asan or tsan)
endif

.DEFAULT_GOAL := help
.PHONY: help run build test lint format bench chaos fuzz clean deps dev-deps

help: ## List the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done
	@echo
	@echo '  PRESET=dev|release|asan|tsan (now: $(PRESET))   JOBS=N (now: $(JOBS))'

run: deps ## Build what is needed and start everything in one process (ARGS='--http 8080')
	cmake --preset release $(RUN_OPTIONS)
	cmake --build --preset release --parallel $(JOBS) --target baton
	exec build/release/bin/baton serve $(ARGS)

build: dev-deps ## Build everything, tests and benchmarks included
	cmake --preset $(PRESET) $(BUILD_OPTIONS)
	cmake --build --preset $(PRESET) --parallel $(JOBS)

test: build ## Build and run the tests (SLOW=1: the slow ones too)
	ctest --preset $(PRESET) --output-on-failure --no-tests=error --parallel $(JOBS) $(if $(SLOW),,-LE slow)

chaos: build ## Kill, cut and fill things while the real binary runs
	ctest --preset $(PRESET) --output-on-failure --no-tests=error -L chaos

lint: dev-deps ## Formatting, clang-tidy on what changed, the repository's own checks
	JOBS=$(JOBS) scripts/lint.sh

format: dev-deps ## Format the C++ sources in place
	scripts/lint.sh --fix-format

bench: dev-deps ## Build the benchmarks and measure
	cmake --preset release -DBATON_BUILD_BENCH=ON
	cmake --build --preset release --parallel $(JOBS)
	bench/run.py $(ARGS)

fuzz: dev-deps ## Fuzz each target for FUZZ_SECONDS (60) from its corpus in tests/corpus
	cmake --preset fuzz
	cmake --build --preset fuzz --parallel $(JOBS)
	scripts/fuzz.sh $(FUZZ_SECONDS)

clean: ## Remove the build trees (not data/)
	rm -rf build

deps:
	@scripts/install-deps.sh

dev-deps:
	@scripts/install-deps.sh --dev
