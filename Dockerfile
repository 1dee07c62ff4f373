# The example application: a static binary, run by an unprivileged user.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /example ./example \
    && mkdir /data

FROM scratch
# Authorities, by which connections to mail and database servers are verified.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /example /example
# The database's folder belongs to the user, and so does a volume made from it.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
ENV GINAUTH_DB_LOCATION=/data/sqlite.db GIN_MODE=release
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/example", "healthy"]
ENTRYPOINT ["/example"]
