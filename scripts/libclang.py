"""Which libclang bindgen is to be told of: prints its path, or nothing where bindgen finds a good one by
itself; ends with 1 where there is none.

bindgen loads the library and has it read C. So that is what is tried here: a file of that name may be
another library, and a library that is alone lacks the headers that belong to it. Arguments: what bindgen
is going to be told (BINDGEN_EXTRA_CLANG_ARGS).
"""

import ctypes
import glob
import os
import subprocess
import sys
import tempfile

# The files that bindgen takes for it and the folders where it looks, in its order: those of the crate clang-sys.
NAMES = ("libclang.so", "libclang-*.so", "libclang.so.*", "libclang-*.so.*")
FOLDERS = ("/usr/local/llvm*/lib*", "/usr/local/lib*/*/*", "/usr/local/lib*/*", "/usr/local/lib*",
           "/usr/lib*/*/*", "/usr/lib*/*", "/usr/lib*")
# Where it does not.
ELSEWHERE = ("/usr/lib*/*/*/*", "/opt/*/lib*", "/opt/*/*/lib*")
SOURCE = "#include <stddef.h>\n#include <stdint.h>\n#include <stdarg.h>\n#include <limits.h>\n#include <stdio.h>\nsize_t a;\n"
ERROR = 3  # CXDiagnostic_Error


def in_folders(patterns):
    """The libraries there, those of the highest version in their names first, as bindgen prefers them."""
    folders = [folder for pattern in patterns for folder in sorted(glob.glob(pattern))]
    paths = [path for folder in folders for name in NAMES for path in sorted(glob.glob(os.path.join(glob.escape(folder), name)))]
    return sorted(filter(is_library, paths), key=lambda path: version(os.path.basename(path)), reverse=True)


def is_library(path):
    """Whether it is one of this machine's kind, and not libclang-cpp."""
    if "-cpp." in os.path.basename(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(5) == b"\x7fELF" + (b"\x02" if sys.maxsize > 2**32 else b"\x01")
    except OSError:
        return False


def version(name):
    """By clang-sys' reading of the name."""
    if name.startswith("libclang.so."):
        numbers = name[len("libclang.so."):]
    elif name.startswith("libclang-"):
        numbers = name[len("libclang-"):-len(".so")]
    else:
        return []
    return [int(number) if number.isdigit() else 0 for number in numbers.split(".")]


def bindgens_own():
    """What bindgen finds by itself: the first is what it takes."""
    given = os.environ.get("LIBCLANG_PATH")
    if given:
        return [given] if os.path.isfile(given) else in_folders([glob.escape(given)])
    try:
        config = os.environ.get("LLVM_CONFIG_PATH", "llvm-config")
        prefix = subprocess.run([config, "--prefix"], capture_output=True, text=True).stdout.strip()
    except OSError:
        prefix = ""
    llvm = [os.path.join(glob.escape(prefix), place) for place in ("bin", "lib", "lib64")] if prefix else []
    paths = (os.environ.get("LD_LIBRARY_PATH", "") + ":" + os.environ.get("LIBRARY_PATH", "")).split(":")
    return in_folders(llvm + [glob.escape(path) for path in paths if path] + list(FOLDERS))


def reads_c(path, arguments):
    """Whether the library at this path reads C's own headers without an error."""
    library = ctypes.CDLL(path)
    create, parse = library.clang_createIndex, library.clang_parseTranslationUnit
    count, diagnostic = library.clang_getNumDiagnostics, library.clang_getDiagnostic
    severity = library.clang_getDiagnosticSeverity
    create.restype = parse.restype = diagnostic.restype = ctypes.c_void_p
    count.argtypes, severity.argtypes = [ctypes.c_void_p], [ctypes.c_void_p]
    diagnostic.argtypes = [ctypes.c_void_p, ctypes.c_uint]
    parse.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int,
                      ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write(SOURCE)
        source.flush()
        given = (ctypes.c_char_p * len(arguments))(*(argument.encode() for argument in arguments))
        unit = parse(create(0, 0), source.name.encode(), given, len(arguments), None, 0, 0)
        return bool(unit) and all(severity(diagnostic(unit, i)) < ERROR for i in range(count(unit)))


def works(path):
    """reads_c in a process of its own, as the file may be anything."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if reads_c(path, sys.argv[1:]) else 1)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def main():
    own = bindgens_own()
    if own and works(own[0]):
        return 0
    for path in own[1:] + in_folders(FOLDERS + ELSEWHERE):
        if works(path):
            print(path)
            return 0
    return 1


sys.exit(main())
