package spec

// Nearest returns the candidate with the fewest typing slips (a letter added,
// left out, changed, or two swapped) from name, the first one when several are
// equally near. It returns "" when even the nearest is too far to be meant:
// more slips than a third of the name.
func Nearest(name string, candidates []string) string {
	best, found := len(name)/3+1, ""
	for _, candidate := range candidates {
		if d := slips(name, candidate); d < best {
			best, found = d, candidate
		}
	}
	return found
}

// slips is the edit distance with swaps of neighbours, in bytes.
func slips(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			changed := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			d := min(changed, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
