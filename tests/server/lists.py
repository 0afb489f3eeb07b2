"""Lists of numbers as psycopg 2 and 3 send them by themselves, assigned to a signature."""

import sys
from decimal import Decimal
from importlib import import_module

FLOATS = [i / 7 for i in range(16)]
INTEGERS = list(range(16))
LISTS = {
    "psycopg2": [FLOATS, INTEGERS, [2**40 + i for i in INTEGERS], [Decimal(i) / 8 for i in INTEGERS]],
    "psycopg": [FLOATS, INTEGERS, [2**40 + i for i in INTEGERS], [Decimal(i) / 8 for i in INTEGERS],
                [i * 1000 for i in INTEGERS]],
}


def main():
    for name, lists in LISTS.items():
        connection = import_module(name).connect(sys.argv[1])
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE IF NOT EXISTS t (id int, sig signature(16))")
        for at, numbers in enumerate(lists):
            cursor.execute("INSERT INTO t VALUES (%s, %s)", (at, numbers))
            cursor.execute("UPDATE t SET sig = %s WHERE id = %s", (numbers, at))
            # A signature is a float4: what comes back, found by its list with a cast.
            cursor.execute(
                "SELECT sig::real[], sig <-> %s::signature FROM t WHERE sig = %s::signature AND id = %s",
                (numbers, numbers, at),
            )
            (received, distance), = set((tuple(row[0]), row[1]) for row in cursor.fetchall())
            assert distance == 0
            assert all(abs(a - float(b)) <= 1e-7 * abs(a) for a, b in zip(received, numbers))
        connection.commit()
        connection.close()
        print(f"{name}: {len(lists)} lists")


main()
