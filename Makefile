# make test is all there is to run: it installs what is missing (with apt, as
# root or through sudo) and checks everything that CI checks.
.DEFAULT_GOAL := test
.PHONY: test help quick arch vuln oldest compat test-postgres test-mysql test-mongodb install format lint generate generated unit nocgo e2e fuzz bench-test bench bench-http bench-admin soak bench-changes bench-processes example

TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
MODULES := . e2e e2e/clients bench internal/test/testservers/ferretdb

## test         all that CI checks, and installs what is missing
test: install format lint generated vuln oldest unit nocgo bench-test e2e

## help         this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

# What the tests need beside Go: a C compiler for the race detector and for
# SQLite with cgo, PostgreSQL and MariaDB, of which testservers starts throwaway
# servers, Chromium for the browser test, npm for what checks the documents, curl
# for the README's lines.
## install      what the tests need beside Go
install:
	.ci/install

## format       formatting, go vet, tidy modules
format:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	for m in $(MODULES); do (cd $$m && go vet ./... && go mod tidy -diff) || exit 1; done

## lint         the linter, and the words of code and documents
lint:
	go run ./internal/wordlint .
	for m in $(MODULES); do (cd $$m && $(TOOL) golangci-lint run --config $(CURDIR)/.golangci.yaml) || exit 1; done

# Known vulnerabilities that our code reaches. Without the network it says that
# nothing was scanned. What stands in for MongoDB in tests is not scanned.
## vuln         known vulnerabilities that the code reaches
vuln:
	go run ./internal/vulnscan . bench -- $(TOOL) govulncheck $(addprefix -db=,$(GOVULNDB))

# The oldest Go that go.mod allows; the toolchain comes from the module proxy.
## oldest       builds with the oldest Go that is supported
oldest:
	GOTOOLCHAIN=go$$(go list -m -f '{{.GoVersion}}') go build ./...

# The state of the last release is in docs/released; docs/compatibility.md says more.
## compat       no break of the last release that the CHANGELOG does not name
compat:
	go test -C e2e -run '^(TestCompatibility|TestBreaksAreFound)$$' -count 1 .

# Tests that wait, measure, or build applications: make test runs them.
SLOW := Flood|AtOnce|Stress|Guess|ColdKeys|UnknownKeys|LeavesRoom|EndNoAbsence|LongLists|Floors|Lean|SameWork|Outage|Away|FullDisk
## quick        before each commit, within a minute: no server and no browser
quick:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	go run ./internal/wordlint .
	$(TOOL) golangci-lint run --config $(CURDIR)/.golangci.yaml --new-from-rev HEAD ./...
	go test -short -timeout 1m -parallel 8 -skip '$(SLOW)' $$(go list ./... | grep -v '/repository/\(postgres\|mysql\|mongodb\)$$\|/internal/test/')

## arch         what packages link, and that applications stay lean
arch:
	go test -run '^(TestFloors|TestConsumersAreLean)$$' -count 1 .

## generate     the files made from annotations, and the list of common passwords
generate:
	go generate ./...

# The files generated from annotations are what these say. The list of common
# passwords needs npm, so it is written by generate alone.
generated:
	go generate ./docs ./example ./auto
	git diff --exit-code -- docs/ginauth_swagger.json docs/configuration.md example/docs .env.example

## unit         unit tests on all databases, with the race detector
unit:
	go run ./internal/test/testservers/run postgres,mysql,mongodb go test -race -timeout 30m ./...

test-postgres test-mysql test-mongodb: test-%: install
	go run ./internal/test/testservers/run $* go test -race -timeout 15m ./repository/$*

# Static binaries: the same suite without cgo.
## nocgo        the same without cgo and without servers
nocgo:
	CGO_ENABLED=0 go test -timeout 10m ./repository ./repository/sqlite ./internal/... .

## e2e          end-to-end tests, with a browser
e2e:
	go run ./internal/test/testservers/run postgres,mysql,mongodb go test -C e2e -race -timeout 25m ./...

# What bench, bench-http and soak run, in small.
bench-test:
	go test -C bench -race -timeout 5m ./...

# Not part of test, as are those below: what the README's tables are from.
bench:
	@go build -C bench -o $(CURDIR)/bench/bench .
	@go run ./internal/test/testservers/run postgres,mysql,mongodb bench/bench table $(BENCH)

bench-http:
	@go run -C bench . http $(BENCH)

# A fresh fill with a million keys takes minutes on each database.
bench-admin:
	@go build -C bench -o $(CURDIR)/bench/bench .
	@go run ./internal/test/testservers/run postgres,mysql bench/bench admin $(BENCH)

# What docs/decisions/0018 and docs/operations.md say of changes and processes. They
# start servers that keep what they acknowledge, unlike those of tests.
bench-changes bench-processes: bench-%:
	@go run -C bench . $* $(BENCH)

SOAK ?= 10m
## soak         a busy application for ten minutes: memory must end flat
soak:
	@go run -C bench . soak -for $(SOAK)

# A minute for each parser.
## fuzz         a minute for each parser
fuzz:
	for package in ./internal/credential ./internal/api ./security ./repository; do \
		for target in $$(go test $$package -list '^Fuzz' | grep '^Fuzz'); do \
			go test $$package -run '^$$' -fuzz "^$$target\$$" -fuzztime 1m || exit 1; done; done

example:
	go run ./example
