# Sourced by this folder's tests: counts what they report and prints it as TAP.
n=0
failed=0
shown=(out err) # files, and patterns of them, that tell more where something failed

# report NAME OK: one TAP line, and the ends of the shown files where OK is not 0.
report()
{
    n=$((n + 1))
    if [ "$2" = 0 ]; then
        echo "ok $n - $1"
    else
        failed=1
        echo "not ok $n - $1"
        tail -n 40 ${shown[@]} 2>/dev/null | sed 's/^/  /' | tee /dev/stderr | sed 's/^/# /'
    fi
}
