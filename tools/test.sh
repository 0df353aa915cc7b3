#!/bin/sh
# All tests: first those that may share the machine, two at a time; then, alone, those that play
# against the clock (a demo at twenty times its speed, a killed watch, a browser beside a demo). A
# file stays on one worker, since its tests may share a service in their order; files are not
# reordered: a browser's event loop stays in its process, so the web tests come last.
# Arguments are handed to pytest. Python is the first argument.
set -u
python=$1
shift
failed=0
ran=0
for part in "not realtime" "realtime"; do
    # Options first: they may hold blanks.
    if [ "$part" = realtime ]; then
        "$python" -m pytest -m "$part" "$@"
    else
        "$python" -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "$part" "$@"
    fi
    status=$?
    case $status in
        0) ran=1 ;;
        5) ;; # nothing of this part was selected
        *) failed=$status ;;
    esac
done
[ "$failed" -ne 0 ] && exit "$failed"
[ "$ran" -eq 1 ] || exit 5
