# Two ways to the same image, from scratch: one static program and a CA bundle.
#
#   make image                  takes the program that Go built on this machine
#                               (target prebuilt, which needs no registry); it
#                               comes first, so that a builder without BuildKit
#                               stops there
#   docker build -t foster .    builds it from source, where a registry is at hand;
#                               with buildx also --platform linux/arm64,…
#                               (a builder without BuildKit makes every stage, so
#                               it wants `make rootfs` for the first one)

ARG GO_VERSION=1.26

FROM scratch AS prebuilt
ARG TARGETOS=linux
ARG TARGETARCH=amd64
ARG TARGETVARIANT
ARG VERSION=dev
ARG COMMIT=unknown
COPY dist/${TARGETOS}-${TARGETARCH}${TARGETVARIANT}/ /
LABEL org.opencontainers.image.title="foster" \
      org.opencontainers.image.description="Keeps a stand-alone container alive from inside a Docker Swarm task" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      foster.launcher="true"
# The first success ends the start period, in which failures do not count: it is
# long because a big image may have to be pulled. See docs/health.md.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10m --retries=3 CMD ["/foster", "health"]
ENTRYPOINT ["/foster"]

FROM --platform=${BUILDPLATFORM:-linux/amd64} golang:${GO_VERSION} AS build
ARG TARGETOS=linux
ARG TARGETARCH=amd64
ARG TARGETVARIANT
ARG VERSION=dev
ARG COMMIT=unknown
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make rootfs OS="${TARGETOS}" ARCH="${TARGETARCH}" VARIANT="${TARGETVARIANT}" VERSION="${VERSION}" COMMIT="${COMMIT}" \
 && mv "dist/${TARGETOS}-${TARGETARCH}${TARGETVARIANT}" /rootfs

FROM scratch
ARG VERSION=dev
ARG COMMIT=unknown
COPY --from=build /rootfs/ /
LABEL org.opencontainers.image.title="foster" \
      org.opencontainers.image.description="Keeps a stand-alone container alive from inside a Docker Swarm task" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      foster.launcher="true"
# The first success ends the start period, in which failures do not count: it is
# long because a big image may have to be pulled. See docs/health.md.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10m --retries=3 CMD ["/foster", "health"]
ENTRYPOINT ["/foster"]
