package security

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// These are the costs of a password's parts to an attacker who guesses. A password is common if it costs at
// most commonPrice: two words and four digits, or a word, a letter and four digits, or a word and
// nine digits; or a password of the long list with a word and two digits, or with seven digits.
const (
	wordPrice   = 10 // likewise a run, and a letter that is part of neither
	listedPrice = 15 // of a password of the long list, since there are many
	signPrice   = 2  // of a digit or sign that decorates words: it is seldom chosen at random
	commonPrice = 29
	leastWord   = 3  // letters; with fewer, digits and signs are the password itself
	leastRun    = 3  // bytes
	longestTwin = 4  // bytes of what makes a password by being repeated, such as "xyzxyz"
	longestEcho = 64 // bytes of what is noticed when it is said again; keeps long passwords cheap
)

// isCommon reports whether the password, which [comparableText] wrote, is little more than common
// words and runs, read in either direction, with or without punctuation.
func isCommon(password string) bool {
	p := puzzle{words: commonWords(), runs: keyboardRuns()}
	bare := withoutSigns(password)
	for _, text := range []string{password, reversed(password), bare, reversed(bare)} {
		isWord := countLetters(text) >= leastWord && p.price(text, signPrice) <= commonPrice
		if isWord || p.price(text, wordPrice) <= commonPrice {
			return true
		}
	}
	return false
}

// puzzle is a password that is to be put together from parts as cheaply as possible.
type puzzle struct {
	words, runs    []string
	text, skeleton string // of the same length
	signPrice      int
	prices         []int // of the cheapest way to each position, if below the limit
}

// price tells how cheaply the text is put together if a sign has this price.
func (p *puzzle) price(text string, signPrice int) int {
	p.text, p.skeleton, p.signPrice = text, skeleton(text), signPrice
	p.prices = slices.Repeat([]int{commonPrice + 1}, len(text)+1)
	p.prices[0] = 0
	for i := range text {
		if p.prices[i] <= commonPrice {
			p.payParts(i)
		}
	}
	return p.prices[len(text)]
}

func (p *puzzle) payParts(from int) {
	p.payCharacter(from)
	p.payWords(from)
	p.payListed(from)
	p.payYear(from)
	p.payRuns(from)
	p.payRepeats(from)
}

// pay notes that the text from here to there is to be had for this price.
func (p *puzzle) pay(from, to, price int) {
	p.prices[to] = min(p.prices[to], p.prices[from]+price)
}

func (p *puzzle) payCharacter(from int) {
	r, size := utf8.DecodeRuneInString(p.text[from:])
	if isSign(r) {
		p.pay(from, from+size, p.signPrice)
		return
	}
	p.pay(from, from+size, wordPrice)
}

// payWords finds words in any spelling.
func (p *puzzle) payWords(from int) {
	for _, word := range p.words {
		if strings.HasPrefix(p.skeleton[from:], word) {
			p.pay(from, from+len(word), wordPrice)
		}
	}
}

// payListed finds the passwords of the long list in any spelling.
func (p *puzzle) payListed(from int) {
	for size := range listedPrefixes(p.skeleton[from:]) {
		p.pay(from, from+size, listedPrice)
	}
}

// payYear finds years of the last century and of this one.
func (p *puzzle) payYear(from int) {
	rest := p.text[from:]
	isYear := strings.HasPrefix(rest, "19") || strings.HasPrefix(rest, "20")
	if isYear && len(rest) >= 4 && strings.Trim(rest[2:4], "0123456789") == "" {
		p.pay(from, from+4, wordPrice)
	}
}

// payRuns finds runs. One of digits or signs decorates as a single one does.
func (p *puzzle) payRuns(from int) {
	for to := from + leastRun; to <= len(p.text) && p.isRun(p.text[from:to]); to++ {
		if countLetters(p.text[from:to]) > 0 {
			p.pay(from, to, wordPrice)
			continue
		}
		p.pay(from, to, p.signPrice)
	}
}

func (p *puzzle) isRun(text string) bool {
	return slices.ContainsFunc(p.runs, func(run string) bool { return strings.Contains(run, text) })
}

// payRepeats finds what is repeated. Saying again what was just said costs nothing.
func (p *puzzle) payRepeats(from int) {
	rest := p.text[from:]
	for size := 1; size <= min(from, len(rest), longestEcho); size++ {
		if rest[:size] == p.text[from-size:from] {
			p.pay(from, from+size, 0)
		}
	}
	for size := 1; size <= min(longestTwin, len(rest)/2); size++ {
		if rest[:size] == rest[size:2*size] {
			p.pay(from, from+2*size, wordPrice)
		}
	}
}

// skeleton undoes the usual substitutions, with one letter for all that stand for each other: i,
// l, 1 and ! become i. It changes no length.
func skeleton(text string) string { return strings.Map(plainLetter, text) }

func plainLetter(r rune) rune {
	switch r {
	case '@', '4':
		return 'a'
	case '3':
		return 'e'
	case 'l', '1', '!':
		return 'i'
	case '0':
		return 'o'
	case '$', '5':
		return 's'
	case '7':
		return 't'
	}
	return r
}

// withoutSigns leaves out white space and all signs but digits.
func withoutSigns(text string) string {
	return strings.Map(func(r rune) rune {
		if isSign(r) && !unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
}

func reversed(text string) string {
	runes := []rune(text)
	slices.Reverse(runes)
	return string(runes)
}

// countLetters counts what is not a sign.
func countLetters(text string) int {
	n := 0
	for _, r := range text {
		if !isSign(r) {
			n++
		}
	}
	return n
}

// isSign reports whether people decorate words with the character: digits, punctuation, spaces,
// and the symbols of ASCII.
func isSign(r rune) bool {
	return unicode.In(r, unicode.N, unicode.P, unicode.Z) || r < utf8.RuneSelf && unicode.IsSymbol(r)
}
