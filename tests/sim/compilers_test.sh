#!/usr/bin/env bash
# The same bytes from every compiler: builds the simulator with gcc and clang, without and with
# optimization, and compares what they log with what the simulator at hand does, which stands for gcc with
# optimization. Prints TAP; a compiler that is not there is a skipped case with its reason.
#
#     compilers_test.sh SOURCE-FOLDER BERTH
set -u
source=$(realpath "$1")
berth=$(realpath "$2")
work=$(mktemp -d /tmp/berth-compilers-XXXXXX)
trap 'rm -rf "$work"' EXIT

version=$("$berth" --version | cut -d ' ' -f 2)
flags="-std=gnu11 -ffp-contract=off -D_GNU_SOURCE -DBERTH_VERSION=\"$version\" -DBERTH_LIBEXECDIR=\"/none\" -DBERTH_DATADIR=\"/none\" -I$source/sim"
libraries=$(pkg-config --cflags --libs jansson libpcre2-8)

# build COMPILER LEVEL: leaves $work/COMPILER-LEVEL.
build()
{
    # shellcheck disable=SC2086 # flags are words
    "$1" "-O$2" $flags "$source"/sim/*.c "$source"/sim/core/*.c "$source"/sim/model/*.c \
        "$source"/sim/file/*.c $libraries -o "$work/$1-$2" 2>"$work/$1-$2.err"
}

# log SIMULATOR: busy runs with every kind of random duration, over the plain one.
log()
{
    local seed scenario
    for seed in 1 2 3; do
        for scenario in "$source"/scenarios/first.json "$source"/tests/sim/spread.json \
            "$source"/scenarios/rolling-web-wrong.json "$source"/tests/sim/flow.json; do
            "$1" sim "$scenario" --seed "$seed" -o "$work/one.run" >/dev/null 2>&1
            cat "$work/one.run"
        done
    done
}

n=0
failed=0
log "$berth" >"$work/reference"
for variant in "gcc 0" "clang 0" "clang 3"; do
    # shellcheck disable=SC2086
    set -- $variant
    n=$((n + 1))
    if ! command -v "$1" >/dev/null; then
        echo "ok $n - $1 -O$2 # SKIP $1 is not installed"
        continue
    fi
    if ! build "$1" "$2"; then
        failed=1
        echo "not ok $n - $1 -O$2 builds"
        sed 's/^/# /' "$work/$1-$2.err"
        continue
    fi
    log "$work/$1-$2" >"$work/$1-$2.run"
    if [ -s "$work/$1-$2.run" ] && cmp "$work/reference" "$work/$1-$2.run" >"$work/cmp" 2>&1; then
        echo "ok $n - $1 -O$2: $(wc -c <"$work/$1-$2.run") bytes"
    else
        failed=1
        echo "not ok $n - $1 -O$2"
        sed 's/^/# /' "$work/cmp"
    fi
done
echo "1..$n"
exit $failed
