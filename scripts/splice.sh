#!/usr/bin/env bash
# Puts a generated part into a page: splice.sh PAGE NAME FILE replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`.
set -euo pipefail
page="$1" name="$2" part="$3"

for mark in "<!-- $name -->" "<!-- /$name -->"; do
    if [ "$(grep -cFx -- "$mark" "$page")" != 1 ]; then
        echo "$page must hold the line $mark exactly once" >&2
        exit 1
    fi
done
awk -v begin="<!-- $name -->" -v end="<!-- /$name -->" -v part="$part" '
    $0 == end { skipping = 0 }
    !skipping { print }
    $0 == begin { print ""; while ((getline line < part) > 0) print line; print ""; skipping = 1 }
' "$page" > "$page.new"
mv "$page.new" "$page"
