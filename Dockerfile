# kalampg in a container: built on Debian 12, whose RocksDB the binding is written for.
#
#   docker build -t kalampg .
#   docker run -p 5432:5432 -e KALAMPG_PASSWORD=secret -v kalampg:/var/lib/kalampg kalampg

FROM golang:1.26-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends librocksdb-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The modules first: they change less often than the code, and PostgreSQL's parser takes a minute to compile.
COPY go.mod go.sum ./
RUN go mod download && go build github.com/pganalyze/pg_query_go/v5
COPY . .
ARG VERSION=0.1.0-dev
RUN go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /kalampg ./cmd/kalampg

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends librocksdb7.8 tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /var/lib/kalampg --shell /usr/sbin/nologin kalampg \
 && install -d -o kalampg -g kalampg -m 0700 /var/lib/kalampg
COPY --from=build /kalampg /usr/local/bin/kalampg
USER kalampg
VOLUME /var/lib/kalampg
EXPOSE 5432 9187
# A container listens to the world outside it, so the first start needs KALAMPG_PASSWORD.
ENV KALAMPG_DATA=/var/lib/kalampg \
    KALAMPG_LISTEN=0.0.0.0:5432 \
    KALAMPG_HTTP=0.0.0.0:9187
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["kalampg", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["kalampg"]
CMD ["serve"]
