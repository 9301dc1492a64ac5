#!/bin/sh
# pure.sh DIRECTORY ARCHIVE: whether the engine whose sources are in DIRECTORY, and which was built as ARCHIVE, is pure:
# no input or output, no clock, no globals, no logging, and none of the libraries of the layers above.
#
# What it may include and call is listed here, not what it may not: to use something more is to add it to a list, with a
# thought. What the compiler itself calls, and the sanitizers, begins with "__".
set -u
directory=$1 archive=$2

libraries='libcidr.h pcre2.h idn2.h unicase.h unistr.h'
headers='assert.h ctype.h endian.h inttypes.h limits.h stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h arpa/inet.h'
functions='
    calloc free malloc realloc reallocarray qsort bsearch abort
    memchr memcmp memcpy memmove memrchr memset
    stpcpy strcasecmp strchr strcmp strcpy strcspn strdup strlen strncasecmp strncmp strndup strnlen strpbrk strrchr strspn strstr
    asprintf snprintf vasprintf vsnprintf inet_ntop inet_pton
'

# result NUMBER DESCRIPTION: what is on standard input is what should not be there.
result() {
    found=$(cat)
    if [ -z "$found" ]; then
        echo "ok $1 - $2"
    else
        echo "not ok $1 - $2"
        echo "$found" | sed 's/^/# /'
    fi
}

# not_among WORD...: the lines of standard input whose first word is none of these.
not_among() {
    awk -v words="$*" 'BEGIN { count = split(words, list); for (i = 1; i <= count; i++) known[list[i]] = 1 } !($1 in known)'
}

# What is called and not defined, as it is written in the source: "__snprintf_chk" is what snprintf is made to be.
undefined() {
    nm "$archive" 2>/dev/null | awk 'NF == 2 && $1 == "U" { called[$2] = 1 } NF == 3 && $2 ~ /[TtRrDdBbVvWw]/ { defined[$3] = 1 }
        END { for (name in called) if (!(name in defined)) print name }' |
        sed 's/^__\(.*\)_chk$/\1/; s/^__isoc[0-9]*_//' | grep -v -e '^__' -e '^_GLOBAL_OFFSET_TABLE_$' | sort -u
}

echo 1..4
nm "$archive" >/dev/null 2>&1 && undefined | grep -q '^malloc$' || { echo "Bail out! $archive cannot be looked at"; exit 1; }

grep -hoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*.*' "$directory"/*.[ch] |
    sed -E 's/.*include[[:space:]]*//; s/^"policy\/.*//; s/^<([^>]*)>.*/\1/' | grep . |
    not_among $libraries $headers | result 1 'it includes nothing of the layers above or of the outside'

grep -l '<libcidr.h>' "$directory"/*.[ch] | grep -v '/network\.c$' | result 2 'one module alone sees libcidr'

undefined | not_among $functions | grep -vE '^(cidr|pcre2|idn2|u8)_' | result 3 'it calls nothing that reads, writes, asks the time or logs'

# The sanitizers put data of their own there.
if nm "$archive" 2>/dev/null | grep -qE ' __(asan|ubsan|tsan|msan|sanitizer|gcov)_'; then
    echo 'ok 4 - it has no variables that live longer than a call # SKIP instrumented'
else
    size -A "$archive" | awk '$1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0' |
        result 4 'it has no variables that live longer than a call'
fi
