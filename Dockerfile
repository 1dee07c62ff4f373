# The example application: a static binary, run by an unprivileged user.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /example ./example \
    && mkdir /data

FROM scratch
COPY --from=build /example /example
# The database's folder belongs to the user, and so does a volume made from it.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
ENV GINAUTH_DB_LOCATION=/data/sqlite.db GIN_MODE=release
EXPOSE 8080
ENTRYPOINT ["/example"]
