#!/bin/sh
# hardened.sh PROGRAM OBJECTS: whether the program, and the objects in a folder that it was made of, have what makes a
# fault in memory end the process. TAP.
set -u
program=$1 objects=$2

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

# missing WORD: says so, where standard input has no line with the word.
missing() {
    grep -q -e "$1" || echo "$1 is missing"
}

# unmarked: the objects whose note does not say that they are marked.
unmarked() {
    find "$objects" -name '*.o' | while read -r object; do
        readelf -nW "$object" 2>/dev/null | grep -q 'IBT, SHSTK' || echo "$object"
    done
}

result "its place in memory is another each time (PIE)" \
    "$(readelf -hW "$program" | missing 'DYN (Position-Independent Executable file)')"
result "what the linker has filled in cannot be written (RELRO)" "$(readelf -lW "$program" | missing GNU_RELRO)"
result "all of it is filled in at the start" "$(readelf -dW "$program" | missing 'Flags:.*NOW')"
result "its stack is not executable" "$(readelf -lW "$program" | grep GNU_STACK | grep 'E ')"
result "no library is taken from a place of its own" "$(readelf -dW "$program" | grep 'RPATH\|RUNPATH')"
result "what writes beyond an array on the stack is seen" "$(readelf -sW "$program" | missing __stack_chk_fail)"
result "what writes beyond a buffer is seen (_FORTIFY_SOURCE)" \
    "$(readelf -sW "$program" | missing '__[a-z]*printf_chk')"
if [ "$(uname -m)" = x86_64 ]; then
    # The program's own note would say so only where the C library's objects have it, too.
    result "where calls and returns may go is marked in every object (CET)" "$(unmarked)"
fi
echo "1..$number"
