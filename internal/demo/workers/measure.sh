# Measures the folder it works in, with ordinary tools, and reports.
files=$(find . -type f | wc -l)
lines=$(find . -type f -exec cat {} + | wc -l)
largest=$(find . -type f -exec wc -c {} + | grep -v ' total$' | sort -rn | sed -n '1s|^ *\([0-9]*\) \./\(.*\)$|\2 (\1 bytes)|p')
name=$(basename "$PWD")
andon complete --summary "$name: $((files)) files, $((lines)) lines, largest ${largest:-none}"
