# Writes the report from what its parents said, which its prompt has.
column=2
grep -q '^sorted by: lines' "$ANDON_PROMPT_FILE" && column=3
sed -n 's/^\(.*\): \([0-9]*\) files, \([0-9]*\) lines, largest \(.*\)$/\1\t\2\t\3\t\4/p' "$ANDON_PROMPT_FILE" |
	sort -t "$(printf '\t')" -k "${column},${column}rn" >measured.tsv
{
	printf '%-24s %8s %10s   %s\n' FOLDER FILES LINES 'LARGEST FILE'
	awk -F '\t' '{ printf "%-24s %8d %10d   %s\n", $1, $2, $3, $4; f += $2; l += $3 }
		END { printf "%-24s %8d %10d\n", "all", f, l }' measured.tsv
} >report.txt
andon complete --summary "$(wc -l <measured.tsv | tr -d ' ') folders measured; the report is in report.txt"
