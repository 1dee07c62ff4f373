package security

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

const (
	maxIdentityInput = 1024 // bytes; beyond this nothing is even looked at

	minUsernameLength = 3 // characters, of the canonical form
	maxUsernameLength = 64

	maxEmailLength = 254 // bytes: a path of 256 less its angle brackets, RFC 5321 section 4.5.3.1.3
	maxLocalLength = 64  // bytes: RFC 5321 section 4.5.3.1.1

	maxNameLength = 64 // characters
)

// CanonicalUsername returns the form of the username under which it is stored and compared: that
// of the PRECIS profile UsernameCaseMapped (RFC 8265 section 3.3), in lower case and
// normalization form C. Two usernames that differ only in case, width or composition become the
// same. Canonical usernames have 3 to 64 characters, no space, no '@' (they cannot be mistaken
// for an email address) and no ':' (they fit HTTP basic authentication).
//
// So that nobody poses as somebody else with letters that look the same, a canonical username is
// written in a single script (UTS #39 section 5.1, where Japanese, Korean and Chinese with
// Bopomofo count as one each) and with the decimal digits of a single number system (section
// 5.3): "p\u0430ypal" with a Cyrillic letter is refused. Look-alikes within a script (rn and m),
// and words that another script can imitate as a whole, remain possible.
//
// The error is a RuleError with code username_too_short, username_too_long, username_invalid or
// username_mixed_scripts. CanonicalUsername of a canonical username is that username.
func CanonicalUsername(username string) (string, error) {
	if len(username) > maxIdentityInput {
		return "", usernameTooLong()
	}
	canonical, err := precis.UsernameCaseMapped.String(username)
	if err != nil || strings.ContainsAny(canonical, "@:") {
		return "", RuleError{"username_invalid", "The username may contain letters, digits and punctuation, but no space, '@' or ':'."}
	}
	switch length := utf8.RuneCountInString(canonical); {
	case length < minUsernameLength:
		return "", RuleError{"username_too_short", "The username must have at least 3 characters."}
	case length > maxUsernameLength:
		return "", usernameTooLong()
	case !isSingleScript(canonical) || !hasOneNumberSystem(canonical):
		return "", RuleError{"username_mixed_scripts", "The username must be written in one script, and with digits of one kind."}
	}
	return canonical, nil
}

func usernameTooLong() RuleError {
	return RuleError{"username_too_long", "The username must have at most 64 characters."}
}

// CanonicalEmail returns the form of the email address under which it is stored and compared. It
// accepts a bare address (addr-spec of RFC 5322, with Unicode as in RFC 6532): no display name,
// comment, quoted local part or address literal, and no white space around it. The domain must
// have two labels or more, the last of which is not a number, and becomes its lower-case ASCII
// form ("xn--...") by the Lookup profile of IDNA (UTS #46). The local part becomes lower case in
// normalization form C: RFC 5321 would permit a host to tell case apart, but hardly any does,
// while people type their own address in either. At most 64 bytes of local part and 254 bytes
// in all may result. Refused are the few characters that would become ASCII
// (U+212A KELVIN SIGN becomes "k"): mail would go to another mailbox than the
// one whose canonical form it is.
//
// Lower case is used rather than case folding, which would make "ß" and "ss" the same and so
// turn one mailbox into another.
//
// The error is a RuleError with code email_invalid or email_too_long. CanonicalEmail of a
// canonical address is that address. It does not tell whether the mailbox exists.
func CanonicalEmail(email string) (string, error) {
	if len(email) > maxIdentityInput {
		return "", emailTooLong()
	}
	local, domain, ok := splitEmail(norm.NFC.String(email))
	if !ok || strings.ContainsFunc(email, becomesASCII) {
		return "", emailInvalid()
	}
	domain, ok = canonicalDomain(domain)
	if !ok {
		return "", emailInvalid()
	}
	local = norm.NFC.String(cases.Lower(language.Und).String(local))
	if len(local) > maxLocalLength || len(local)+1+len(domain) > maxEmailLength {
		return "", emailTooLong()
	}
	return local + "@" + domain, nil
}

// becomesASCII reports a character that normalization form C replaces by one of ASCII.
func becomesASCII(r rune) bool {
	return r > unicode.MaxASCII && norm.NFC.String(string(r))[0] <= unicode.MaxASCII
}

// splitEmail parses a bare address. The parser undoes quoting, comments, names and brackets, so
// whatever it does not return unchanged had one of them.
func splitEmail(email string) (local, domain string, ok bool) {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return "", "", false
	}
	at := strings.LastIndexByte(email, '@')
	local, domain = email[:at], email[at+1:]
	isPrintable := !strings.ContainsFunc(local, func(r rune) bool { return !unicode.IsPrint(r) })
	return local, domain, isPrintable
}

// canonicalDomain returns the ASCII form and whether it is a name that mail could be sent to. The
// ASCII form is checked once more: for the few symbols that turn into right-to-left letters
// (U+2135 ALEF SYMBOL) the conversion yields a name that it would itself refuse.
func canonicalDomain(domain string) (string, bool) {
	lookup := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))
	ascii, err := lookup.ToASCII(domain)
	if err != nil {
		return "", false
	}
	if _, err = lookup.ToASCII(ascii); err != nil {
		return "", false
	}
	dot := strings.LastIndexByte(ascii, '.')
	isNumber := strings.Trim(ascii[dot+1:], "0123456789") == ""
	return ascii, dot > 0 && !isNumber
}

func emailInvalid() RuleError {
	return RuleError{"email_invalid", "The email address must be a plain address like name@example.org."}
}

func emailTooLong() RuleError {
	return RuleError{"email_too_long", "The email address must have at most 64 bytes before the '@' and 254 in all."}
}

// CheckName checks the label of a service's key, a free text such as "Nightly backup (Zürich)":
// 1 to 64 characters of valid UTF-8 that can be seen, with no white space around them. Control
// and format characters are refused, among them the bidirectional controls, which can make a
// list show something else than is stored, and the zero width joiner of some emoji.
//
// The error is a RuleError with code name_empty (nothing but white space), name_too_long or
// name_invalid.
func CheckName(name string) error {
	trimmed := strings.TrimSpace(name)
	if trimmed == "" {
		return RuleError{"name_empty", "The name must not be empty."}
	}
	if utf8.RuneCountInString(name) > maxNameLength {
		return RuleError{"name_too_long", "The name must have at most 64 characters."}
	}
	isVisible := !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) })
	if trimmed != name || !utf8.ValidString(name) || !isVisible {
		return RuleError{"name_invalid", "The name must be printable text with no white space around it."}
	}
	return nil
}
