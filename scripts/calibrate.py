#!/usr/bin/env python3
"""Prints src/index/rotation.rs' AXES: the principal axes of photograph signatures.

Reads benches/data/photo_signatures.csv; needs nothing but Python. The axes are
the eigenvectors of the covariance matrix, by Jacobi rotations, largest
variance first, each with its largest component positive.
"""
import math
import pathlib

data = pathlib.Path(__file__).parent.parent / "benches/data/photo_signatures.csv"
rows = [[float(x) for x in line.split(",")] for line in data.read_text().splitlines()]
n, dims = len(rows), range(16)
mean = [math.fsum(row[i] for row in rows) / n for i in dims]
a = [[math.fsum((row[i] - mean[i]) * (row[j] - mean[j]) for row in rows) / (n - 1) for j in dims] for i in dims]
v = [[float(i == j) for j in dims] for i in dims]

while max(abs(a[p][q]) for p in dims for q in dims if p != q) > 1e-16:
    for p in dims:
        for q in range(p + 1, 16):
            if abs(a[p][q]) < 1e-18:
                continue
            theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
            t = math.copysign(1, theta) / (abs(theta) + math.hypot(theta, 1))
            c = 1 / math.hypot(t, 1)
            s = t * c
            for m in (a, v):
                for k in dims:
                    m[k][p], m[k][q] = c * m[k][p] - s * m[k][q], s * m[k][p] + c * m[k][q]
            for k in dims:
                a[p][k], a[q][k] = c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]

axes = sorted(dims, key=lambda i: -a[i][i])
print("// Variances:", ", ".join(f"{a[i][i]:.3f}" for i in axes))
print("const AXES: [[f64; 16]; 16] = [")
for i in axes:
    axis = [v[k][i] for k in dims]
    sign = math.copysign(1, max(axis, key=abs))
    print("    [" + ", ".join(repr(sign * x) for x in axis) + "],")
print("];")
