package users

import (
	"errors"
	"slices"
	"testing"
)

// A list is read to its end, and not cut short by a failure.
func TestAllPages(t *testing.T) {
	down := errors.New("down")
	pages := map[string][]int{"": {1, 2}, "a": {3}, "b": {}, "c": {4}}
	next := map[string]string{"": "a", "a": "b", "b": "c"}
	for failing, want := range map[string][]int{"none": {1, 2, 3, 4}, "c": nil} {
		got, err := allPages(func(cursor string) ([]int, string, error) {
			if cursor == failing {
				return nil, "", down
			}
			return pages[cursor], next[cursor], nil
		})
		if !slices.Equal(got, want) || errors.Is(err, down) != (want == nil) {
			t.Errorf("with %s failing it is %v, %v", failing, got, err)
		}
	}
}
