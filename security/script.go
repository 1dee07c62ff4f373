package security

import (
	"slices"
	"unicode"
)

// isSingleScript reports whether the text is "single-script" as UTS #39 section 5.1 defines it:
// some script is among the augmented script sets of all its characters.
//
// Go knows the property Script of a character, but not Script_Extensions, so a set is made of
// the one script. Signs that some scripts share, such as U+30FC of Hiragana and Katakana, are
// Common or Inherited then and pass with every script; letters and digits of one script that
// others borrow, such as the Bengali digits in Chakma, pass with their own script only.
func isSingleScript(text string) bool {
	var shared []string // by all characters so far; nil while that is every script
	for _, script := range scriptsFrom(text) {
		shared = intersection(shared, augmentedScripts(script))
		if shared != nil && len(shared) == 0 {
			return false
		}
	}
	return true
}

// scriptsFrom returns the scripts of the characters in turn, but one script for neighbours that
// share it, since most texts have one only and looking it up is slow.
func scriptsFrom(text string) []string {
	var scripts []string
	last := "Common"
	for _, r := range text {
		if !isOfScript(r, last) {
			last = scriptFrom(r)
			scripts = append(scripts, last)
		}
	}
	return scripts
}

// augmentedScripts returns the script and the writing systems that combine it with others (UTS
// #39, table 1a), or nil for every script.
func augmentedScripts(script string) []string {
	switch script {
	case "Common", "Inherited":
		return nil
	case "Han":
		return []string{script, "Hanb", "Jpan", "Kore"}
	case "Hiragana", "Katakana":
		return []string{script, "Jpan"}
	case "Hangul":
		return []string{script, "Kore"}
	case "Bopomofo":
		return []string{script, "Hanb"}
	default:
		return []string{script}
	}
}

// scriptFrom returns the script of the character; one that Unicode has not assigned has none.
func scriptFrom(r rune) string {
	for script := range unicode.Scripts {
		if isOfScript(r, script) {
			return script
		}
	}
	return ""
}

func isOfScript(r rune, script string) bool {
	table, isKnown := unicode.Scripts[script]
	return isKnown && unicode.Is(table, r)
}

// intersection may use up a. Nil stands for everything.
func intersection(a, b []string) []string {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return slices.DeleteFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// hasOneNumberSystem reports whether all decimal digits of the text are of one system, that is,
// have the same zero (UTS #39 section 5.3).
func hasOneNumberSystem(text string) bool {
	var zeros []rune
	for _, r := range text {
		if unicode.IsDigit(r) {
			zeros = append(zeros, zeroFrom(r))
		}
	}
	return len(slices.Compact(zeros)) <= 1
}

// zeroFrom returns the zero of the digit's number system. The ten digits of a system follow each
// other from zero to nine (Unicode Standard section 4.6), so a range of them holds whole systems.
func zeroFrom(digit rune) rune {
	for _, digits := range unicode.Nd.R16 {
		if lowest := rune(digits.Lo); lowest <= digit && digit <= rune(digits.Hi) {
			return digit - (digit-lowest)%10
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if lowest := rune(digits.Lo); lowest <= digit && digit <= rune(digits.Hi) {
			return digit - (digit-lowest)%10
		}
	}
	return digit
}
