# Entry points. Each target installs what it needs by scripts/setup.sh, which is quick when all is there.
#
#   make run                 build and start on 127.0.0.1:5432 (PORT=…, DATA=…)
#   make build               leave bin/kalampg
#   make test                every test, as CI runs it
#   make test-crash          kill -9 a thousand times at random moments under load, and compare what is there (CRASH_ROUNDS=…)
#   make test-soak           an hour of load: memory, files and latency must not grow (SOAK_MINUTES=…)
#   make test-mutated        statements made wrong at random, from a new seed each time (MUTATED=10m)
#   make psql                psql to the server of `make run`
#   make record              record expected results anew from a real PostgreSQL 16
#   make check-reference     run the black-box tests against that PostgreSQL instead of kalampg
#   make test-random         10,000 random queries against PostgreSQL 16 and the optimizer switched off (RANDOM_FLAGS="-seed=1 -queries=500")
#   make bench-tpch          TPC-H on kalampg, PostgreSQL 16 and DuckDB (BENCH_FLAGS="-sf 0.1 -rounds 1 -queries 1,6 …")
#   make test-history        100 runs of random transactions at each level, with kills; what they saw must be possible (HISTORY_FLAGS="-runs 10 -seed 7 …")
#   make bench-oltp          kalampg beside PostgreSQL 16 under pgbench (BENCH_FLAGS="-scale 10 -seconds 5 …")
#   make bench-sysbench      the same under sysbench (BENCH_FLAGS="-rows 10000 -seconds 5 …")

SHELL := bash
PORT ?= 5432
DATA ?= ./kalampg-data
TEST_TIMEOUT ?= 15m
PACKAGES ?= ./...
BENCH_FLAGS ?=
HISTORY_FLAGS ?=
RANDOM_FLAGS ?= -seed=0 -queries=10000
CRASH_ROUNDS ?= 1000
SOAK_MINUTES ?= 60
MUTATED ?= 10m

# The folder of tools that setup.sh unpacks when the machine has none of its own.
export PATH := $(PATH):$(CURDIR)/compat_tests/.cache/bin

# The packages whose expected results come from the reference: each understands -record.
RECORDED := ./compat_tests/sql ./compat_tests/psql ./compat_tests/protocol ./compat_tests/isolation ./compat_tests/drivers ./compat_tests/tpch
# The packages that may run against the reference, to prove the tests themselves.
BLACK_BOX := ./compat_tests/sql ./compat_tests/isolation ./compat_tests/psql ./compat_tests/pgx ./compat_tests/pgbench ./compat_tests/protocol ./compat_tests/drivers ./compat_tests/tpch

.DEFAULT_GOAL := build
.PHONY: setup build run test test-random test-history test-crash test-soak test-mutated vet record check-reference bench-oltp bench-sysbench bench-tpch psql clean

setup:
	@scripts/setup.sh build

build: setup
	@[ -x bin/kalampg ] || echo "building bin/kalampg: the first build compiles PostgreSQL's parser and takes a minute or two"
	go build -o bin/kalampg ./cmd/kalampg

run: build
	exec bin/kalampg serve --data $(DATA) --listen 127.0.0.1:$(PORT)

# Without the cache of results: the black-box tests build and run a server whose code the cache does not know that they depend on.
test:
	@scripts/setup.sh test
	@echo "testing: the first run compiles PostgreSQL's parser and takes a minute or two before the first line"
	go vet $(PACKAGES)
	go test -count=1 -timeout $(TEST_TIMEOUT) $(PACKAGES)

test-crash: build
	go test -count=1 -timeout 12h -v ./compat_tests/crash -rounds $(CRASH_ROUNDS) -seed 0 -keep $(CURDIR)/bin

test-soak: build
	go test -count=1 -timeout 24h -v ./compat_tests/soak -run TestSoak -minutes $(SOAK_MINUTES)

test-mutated: build
	go test -count=1 -timeout 24h -v ./compat_tests/badinput -run TestMutatedStatements -mutation 0 -mutating $(MUTATED)

test-history:
	@scripts/setup.sh build
	go test -count=1 -v -timeout 90m ./compat_tests/history -run TestHistories -seed 0 -runs 100 $(HISTORY_FLAGS)

test-random:
	@scripts/setup.sh reference
	go test -count=1 -timeout 24h -v ./compat_tests/random $(RANDOM_FLAGS)

vet:
	go vet $(PACKAGES)

record:
	@scripts/setup.sh reference
	go test -count=1 -timeout $(TEST_TIMEOUT) $(RECORDED) -record

check-reference:
	@scripts/setup.sh reference
	go test -count=1 -timeout $(TEST_TIMEOUT) $(BLACK_BOX) -against=reference

bench-oltp:
	@scripts/setup.sh reference
	@$(MAKE) --no-print-directory build
	go run ./compat_tests/bench/oltp $(BENCH_FLAGS)

bench-sysbench:
	@scripts/setup.sh sysbench
	@$(MAKE) --no-print-directory build
	go run ./compat_tests/bench/sysbench $(BENCH_FLAGS)

bench-tpch:
	@scripts/setup.sh tpch
	@$(MAKE) --no-print-directory build
	go run ./compat_tests/bench/tpch $(BENCH_FLAGS)

psql:
	psql "host=127.0.0.1 port=$(PORT) user=postgres dbname=postgres"

clean:
	rm -rf bin compat_tests/.cache
