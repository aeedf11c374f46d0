#!/usr/bin/env bash
# Runs a command on a kernel with cgroup v2 alone, whatever this machine has: boots Debian's 6.12
# cloud kernel in qemu (emulated, no /dev/kvm), with this machine's files as its root file system.
# What the command writes there stays in the guest's memory; its output and exit code come back.
# It must never install anything, nor know what it runs.
#
#     tests/guest/run.sh [--cpus N] [--seconds N] COMMAND...
#     tests/guest/run.sh --fetch          only make the kernel ready (34 MB are downloaded once)
#
# Exit: the command's own code; 124 when time is up; 77, with the reason, where no guest can run.
# The kernel is kept in $BERTH_GUEST_DIR, or build/guest of this checkout.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source_root=$(cd "$here/../.." && pwd)
guest=${BERTH_GUEST_DIR:-$source_root/build/guest}
modules='overlay llc stp bridge veth sch_tbf'
cpus=2 # as many as two instances of one CPU need
memory_mib=3072
seconds=100

usage()
{
    sed -n 's/^# \{0,1\}//; 2,11p' "$0"
}

cannot()
{
    echo "no cgroup v2 guest: $*" >&2
    exit 77
}

check_machine()
{
    [ "$(uname -m)" = x86_64 ] || cannot "it is made for amd64, this is $(uname -m)"
    [ "$(id -u)" = 0 ] || cannot "sharing this machine's files with it (virtiofsd) needs root"
    command -v qemu-system-x86_64 >/dev/null || cannot 'qemu is missing: apt-get install qemu-system-x86'
    [ -x "$virtiofsd" ] || cannot 'virtiofsd is missing: apt-get install qemu-system-common (Debian 12)'
    [ -x /bin/busybox ] || cannot 'busybox is missing: apt-get install busybox-static'
}

make_ready()
{
    "$source_root/exec/fetch_kernel" "$guest" || exit 77
}

make_initramfs()
{
    local tree=$work/tree
    mkdir -p "$tree/bin"
    cp -L /bin/busybox "$tree/bin/busybox"
    cp "$here/init" "$tree/init"
    chmod 755 "$tree/init"
    cp -r "$guest/modules" "$tree/modules"
    printf '%s\n' $modules >"$tree/modules/order"
    (cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null) >"$work/initramfs"
    rm -r "$tree"
}

# What the guest runs once its file systems stand: as pid 1, with this machine's paths.
write_main()
{
    {
        echo '#!/bin/bash'
        printf 'export PATH=%q HOME=/root LANG=C.UTF-8 TMPDIR=/tmp BERTH_GUEST=1\n' "$PATH"
        printf 'cd %q\n' "$PWD"
        printf '%q ' "$@"
        echo '</dev/null >/run/guest/stdout 2>/run/guest/stderr'
        echo 'echo $? >/run/guest/exit'
        echo 'sync; echo o >/proc/sysrq-trigger; sleep 10'
    } >"$work/main"
    # Folders below /tmp would vanish under the guest's own /tmp: these are kept visible.
    printf '%s\n' "$source_root" "$PWD" "${BERTH_BUILD_DIR:-$PWD}" | sort -u >"$work/keep"
}

share()
{
    "$virtiofsd" --socket-path="$work/$1.sock" -o source="$2" -o sandbox=chroot -o cache=always \
        -o log_level=err 2>>"$work/virtiofsd" &
    pids+=($!)
    devices+=(-chardev "socket,id=$1,path=$work/$1.sock" -device "vhost-user-fs-pci,chardev=$1,tag=$1")
}

await_sockets()
{
    local i
    for i in $(seq 100); do
        [ -S "$work/host.sock" ] && [ -S "$work/work.sock" ] && return 0
        sleep 0.05
    done
    cannot "virtiofsd does not start: $(tail -n 1 "$work/virtiofsd")"
}

boot()
{
    timeout -k 2 "$1" qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none \
        -machine q35,accel=tcg,memory-backend=memory -m "$memory_mib" -smp "$cpus" \
        -object memory-backend-memfd,id=memory,size=${memory_mib}M,share=on \
        -kernel "$guest/vmlinuz" -initrd "$work/initramfs" -serial "file:$work/console" \
        -append 'quiet loglevel=1 console=ttyS0 panic=-1 cryptomgr.notests nokaslr mitigations=off random.trust_cpu=on' \
        "${devices[@]}" </dev/null >"$work/qemu" 2>&1
}

stop_sharing()
{
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    pids=()
    devices=()
}

finish()
{
    stop_sharing
    rm -rf "$work"
}

# Emulating several CPUs now and then tears the guest's kernel down by itself, mostly while it
# boots: that says nothing of the command, whose traces went with the guest, so it is run again.
# A panic that the command causes comes each time.
boot_surviving_panics()
{
    local left=$seconds tries=3 code
    while :; do
        rm -f "$work/stdout" "$work/stderr" "$work/exit" "$work"/*.sock
        share host /
        share work "$work"
        await_sockets
        code=0
        SECONDS=0
        boot "$left" || code=$?
        stop_sharing
        left=$((left - SECONDS))
        tries=$((tries - 1))
        if [ -s "$work/exit" ] || [ "$tries" = 0 ] || [ "$left" -lt 1 ] ||
            ! grep -q 'Kernel panic' "$work/console"; then
            return "$code"
        fi
        echo 'the emulated kernel panicked; starting it again' >&2
    done
}

report()
{
    local code=$1
    [ ! -e "$work/stdout" ] || cat "$work/stdout"
    [ ! -e "$work/stderr" ] || cat "$work/stderr" >&2
    if [ -s "$work/exit" ]; then
        exit "$(cat "$work/exit")"
    fi
    if [ "$code" = 124 ]; then
        echo "the guest was stopped after $seconds s" >&2
        exit 124
    fi
    echo "the guest ended without an answer (qemu: $code); its console said last:" >&2
    tail -n 15 "$work/console" "$work/qemu" "$work/virtiofsd" >&2 || true
    exit 70
}

fetch_only=
while [ $# -gt 0 ]; do
    case $1 in
    --cpus) cpus=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --fetch) fetch_only=yes; shift ;;
    --help) usage; exit 0 ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || [ -n "$fetch_only" ] || { usage >&2; exit 2; }

virtiofsd=/usr/lib/qemu/virtiofsd
check_machine
make_ready
[ -z "$fetch_only" ] || exit 0

work=$(mktemp -d /tmp/berth-guest.XXXXXX)
pids=()
devices=()
trap finish EXIT
trap 'exit 130' INT TERM
make_initramfs
write_main "$@"
code=0
boot_surviving_panics || code=$?
report "$code"
