# PostgreSQL's official image with imgsmlr_rs:
#
#   docker build --tag imgsmlr_rs .
#   docker run --rm --env POSTGRES_PASSWORD=secret --publish 5432:5432 imgsmlr_rs
#
# Then, in a database: CREATE EXTENSION imgsmlr_rs. PG_MAJOR=17 for another version, 14 to 18.
# make test-dockerfile runs the commands of both stages in a bare Debian.
ARG PG_MAJOR=18

FROM postgres:${PG_MAJOR}-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends \
	ca-certificates curl gcc libc6-dev libclang-dev make python3-venv postgresql-server-dev-$PG_MAJOR
RUN curl --proto '=https' --tlsv1.2 --silent --show-error --fail --output /tmp/rustup-init \
	https://static.rust-lang.org/rustup/dist/$(uname -m)-unknown-linux-gnu/rustup-init && \
	chmod +x /tmp/rustup-init && /tmp/rustup-init -y --quiet --profile minimal --default-toolchain 1.95.0
COPY . /imgsmlr_rs
RUN PATH=/root/.cargo/bin:$PATH make -C /imgsmlr_rs package PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config

FROM postgres:${PG_MAJOR}-bookworm
COPY --from=build /imgsmlr_rs/build/*.deb /tmp/
RUN dpkg --install /tmp/postgresql-$PG_MAJOR-imgsmlr-rs_*.deb && rm /tmp/*.deb
