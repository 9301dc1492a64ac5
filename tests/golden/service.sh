#!/bin/sh
# service.sh SERVICE PROGRAM: whether systemd understands the unit, and how much of the machine it leaves open. TAP.
#
# The least is not 0: a milter has sockets, and its thread that reads rules again gives way to others.
set -u
service=$1 program=$2

# Tenths of the exposure level, from 0 to 100.
most=14

number=0
# result DESCRIPTION FOUND: what was found is what should not be there.
result() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        echo "$2" | sed 's/^/# /'
    fi
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# systemd looks whether the program is there.
sed "s|/usr/sbin/sallyport|$(realpath "$program")|" "$service" >"$folder/sallyport.service"

result "systemd finds no fault in it" "$(systemd-analyze verify --man=no "$folder/sallyport.service" 2>&1)"
result "what it leaves open is at most $most tenths" \
    "$(systemd-analyze security --offline=true --threshold=$most --no-pager "$folder/sallyport.service" 2>&1 >"$folder/table" ||
        grep -v '✓' "$folder/table")"
# Exit statuses that a restart does not change, as sallyport(8) has them: EX_USAGE, EX_CANTCREAT, EX_CONFIG.
result "a mistake of the administrator's is not tried again" \
    "$(grep -qx 'RestartPreventExitStatus=64 73 78' "$service" || echo "RestartPreventExitStatus is another")"
echo "1..$number"
