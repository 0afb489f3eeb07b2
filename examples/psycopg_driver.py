#!/usr/bin/env python3
"""Signatures and patterns as binary parameters of psycopg 3.

    pip install 'psycopg[binary]'
    examples/psycopg_driver.py "host=/tmp user=postgres dbname=postgres"
"""

import random
import struct
import sys

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo


class Numbers(tuple):
    """The numbers of a signature or a pattern."""


class Signature(Numbers):
    """16 of them."""


class Pattern(Numbers):
    """4,096 of them."""


def register(connection, name, kind):
    """Has psycopg send and receive the SQL type `name` as `kind`, in binary."""
    info = TypeInfo.fetch(connection, name)

    class NumbersDumper(Dumper):
        format = Format.BINARY
        oid = info.oid

        def dump(self, numbers):
            return struct.pack(f">{len(numbers)}f", *numbers)

    class NumbersLoader(Loader):
        format = Format.BINARY

        def load(self, data):
            return kind(struct.unpack(f">{len(data) // 4}f", bytes(data)))

    connection.adapters.register_dumper(kind, NumbersDumper)
    connection.adapters.register_loader(info.oid, NumbersLoader)


def finite(rng):
    while True:
        value = struct.unpack("f", rng.randbytes(4))[0]
        if abs(value) < 3.4028235e38:
            return value


def main():
    rng = random.Random(7)
    with psycopg.connect(sys.argv[1], autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS imgsmlr_rs")
        register(connection, "signature", Signature)
        register(connection, "pattern", Pattern)
        cursor = connection.cursor(binary=True)
        for kind, length, count in ((Signature, 16, 1000), (Pattern, 4096, 10)):
            for _ in range(count):
                sent = kind(finite(rng) for _ in range(length))
                received = cursor.execute("SELECT %b", [sent]).fetchone()[0]
                assert isinstance(received, kind) and received == sent
                assert struct.pack(f"{length}f", *received) == struct.pack(f"{length}f", *sent)
    print("1000 signatures and 10 patterns, not a bit lost")


main()
