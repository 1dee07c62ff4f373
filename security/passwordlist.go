package security

import (
	_ "embed"
	"iter"
	"strings"
)

//go:generate npm --prefix ../tools/commonpasswords run generate

// passwordList holds some 48,000 passwords of breaches, one a line, as skeletons and in the order
// of their bytes. It is searched as it is, so that it takes no memory but the pages of the binary
// that are read. Source and license are named in tools/commonpasswords.
//
//go:embed passwordlist.txt
var passwordList string

// leastListed is the length of the shortest password of the list.
const leastListed = 4

// listedPrefixes returns the lengths of the passwords of the list that a skeleton begins with.
func listedPrefixes(text string) iter.Seq[int] {
	return func(yield func(int) bool) {
		lines := passwordList
		for size := leastListed; size <= len(text); size++ {
			lines = linesWithPrefix(lines, text[:size])
			if lines == "" {
				return
			}
			if lines[size] == '\n' && !yield(size) { // the shortest line is the first
				return
			}
		}
	}
}

// linesWithPrefix returns those of the sorted lines that begin with the prefix.
func linesWithPrefix(lines, prefix string) string {
	lines = lines[countBytes(lines, func(line string) bool { return line < prefix }):]
	return lines[:countBytes(lines, func(line string) bool { return strings.HasPrefix(line, prefix) })]
}

// countBytes returns how long the lines at the beginning are for which the condition holds; it
// holds for none behind them.
func countBytes(lines string, holds func(line string) bool) int {
	low, high := 0, len(lines)
	for low < high {
		middle := (low + high) / 2
		begin := low + strings.LastIndexByte(lines[low:middle], '\n') + 1
		end := middle + strings.IndexByte(lines[middle:], '\n')
		if holds(lines[begin:end]) {
			low = end + 1
		} else {
			high = begin
		}
	}
	return low
}
