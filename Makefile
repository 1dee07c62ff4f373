# make test is all there is to run: it installs what is missing (with apt, as
# root or through sudo) and checks everything that CI checks.
.DEFAULT_GOAL := test
.PHONY: test quick vuln test-postgres test-mysql test-mongodb install format lint generate generated unit nocgo e2e fuzz bench-test bench bench-http soak example

TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
MODULES := . e2e bench internal/test/testservers/ferretdb

test: install format lint generated vuln unit nocgo bench-test e2e

# What the tests need beside Go: a C compiler for the race detector and for
# SQLite with cgo, PostgreSQL and MariaDB, of which testservers starts throwaway
# servers, Chromium for the browser test, curl for the README's lines.
install:
	.ci/install

format:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	for m in $(MODULES); do (cd $$m && go vet ./... && go mod tidy -diff) || exit 1; done

lint:
	for m in $(MODULES); do (cd $$m && $(TOOL) golangci-lint run --config $(CURDIR)/.golangci.yaml) || exit 1; done

# Known vulnerabilities that our code reaches. Without the network it says that
# nothing was scanned. What stands in for MongoDB in tests is not scanned.
vuln:
	go run ./internal/vulnscan . bench -- $(TOOL) govulncheck $(addprefix -db=,$(GOVULNDB))

# Before each commit, within a minute: what needs neither a server nor a browser.
QUICK := ./models ./repository ./internal/keycache ./internal/throttle ./internal/changefeed ./internal/outbox ./internal/usage ./internal/vulnscan ./docs ./mail
quick:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	go build ./... && go vet ./...
	go test -short -timeout 1m $(QUICK)

generate:
	go generate ./...

# The files generated from annotations are what these say. The list of common
# passwords needs npm, so it is written by generate alone.
generated:
	go generate ./docs ./example
	git diff --exit-code -- docs/ginauth_swagger.json example/docs

unit:
	go run ./internal/test/testservers/run postgres,mysql,mongodb go test -race -timeout 30m ./...

test-postgres test-mysql test-mongodb: test-%: install
	go run ./internal/test/testservers/run $* go test -race -timeout 15m ./repository/$*

# Static binaries: the same suite without cgo.
nocgo:
	CGO_ENABLED=0 go test -timeout 10m ./repository ./repository/sqlite ./internal/... .

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

SOAK ?= 10m
soak:
	@go run -C bench . soak -for $(SOAK)

# A minute for each parser.
fuzz:
	for package in ./internal/credential ./internal/api ./security ./repository; do \
		for target in $$(go test $$package -list '^Fuzz' | grep '^Fuzz'); do \
			go test $$package -run '^$$' -fuzz "^$$target\$$" -fuzztime 1m || exit 1; done; done

example:
	go run ./example
