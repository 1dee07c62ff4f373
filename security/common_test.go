package security_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ginauth/ginauth/security"
)

func TestCheckAnyPasswordReadsTextOnly(t *testing.T) {
	long := strings.Repeat("A fjord is a long bay. ", 60)[:1024]
	cases := []struct {
		name, password string
		want           []string
	}{
		{"good", "wolf_Mountain7", nil},
		{"no digit, no special, no upper case", "a quiet mountain", nil},
		{"1024 bytes", long, nil},
		{"1025 bytes", long + "x", []string{"password_too_long"}},
		{"1025 common bytes", strings.Repeat("a", 1025), []string{"password_too_long"}},
		{"1025 bytes in fewer characters", strings.Repeat("é", 513), []string{"password_too_long"}},
		{"empty", "", []string{"password_missing"}},
		{"newline", "wolf_Mountain7\n", []string{"password_invalid_text"}},
		{"zero byte", "password\x00", []string{"password_invalid_text"}},
		{"C1 control", "wolf_Mountain7\u0085", []string{"password_invalid_text"}},
		{"invalid UTF-8", "wolf_Mountain7\xff", []string{"password_invalid_text"}},
		{"long and no text", strings.Repeat("\x00", 1025), []string{"password_too_long", "password_invalid_text"}},
		{"common and an identity", "Password1", []string{"password_common", "password_contains_identity"}},
	}
	for _, c := range cases {
		if got := codes(security.CheckAnyPassword(c.password, "password", "mountains")); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func isCommon(password string) bool {
	return slices.Contains(codes(security.CheckAnyPassword(password)), "password_common")
}

func TestCommonPasswords(t *testing.T) {
	for reason, passwords := range map[string][]string{
		"a word":                  {"password", "dragon", "iloveyou", "пароль", "contraseña"},
		"any case":                {"PASSWORD", "PassWord", "ПАРОЛЬ"},
		"full width":              {"ｐａｓｓｗｏｒｄ１"},
		"a and @ and 4":           {"b@n@n@", "b4n4n4"},
		"e and 3":                 {"ch33s3"},
		"i and 1 and !":           {"k1ller", "k!ller"},
		"l and 1":                 {"1ove1y99"},
		"o and 0":                 {"f00tball"},
		"s and $ and 5":           {"pa$$word", "pa55word"},
		"t and 7":                 {"hun7er"},
		"substituted at the ends": {"@dm1n", "$unshin3", "4ndr01d"},
		"digits behind":           {"password1", "monkey123456789", "dragon99", "Summer2024!"},
		"digits in front":         {"99dragon", "2024_summer"},
		"both":                    {"1!Dragon!1", "#1Sunshine#1"},
		"a date behind":           {"Password20241225!"},
		"nine digits":             {"dragon738294615"},
		"signs repeated":          {"dragon!!!!!!!!!!!!!!!!", "dragon.-.-.-.-.-.-.-.-"},
		"symbols beyond ASCII":    {"dragon…«»…", "٣٤٥dragon٧"},
		"punctuation inside":      {"p.a.s.s.w.o.r.d", "pass word", "let_me_in", "drag-on-99"},
		"backwards":               {"drowssap", "1drowssaP", "n0gard!"},
		"a letter more":           {"passwordx", "xpassword", "dragons7!"},
		"a letter, four digits":   {"dragons7382"},
		"two words":               {"dragonmonkey", "dragonmonkey7382", "MyPassword", "dragon_monkey7#", "hello.you"},
		"repeated":                {"dragondragon", "dragondragondragondragondragon", "Dragon-Dragon-Dragon1", "lovelovelovelove", strings.Repeat("dragon738294"+strings.Repeat("8", 52), 3)},
		"runs of letters":         {"qwertyuiop", "Asdfghjkl1!", "zxcvbn", "qwertzuiop", "azertyuiop", "abcdefgh", "xyzabc", "qazwsxedc"},
		"runs backwards":          {"poiuytrewq", "hgfedcba", "lkjhgfdsa1!"},
		"columns":                 {"1qaz2wsx3edc", "!QAZ@WSX", "zaq12wsx", "1q2w3e4r5t", "q1w2e3r4"},
		"runs of digits":          {"123456789", "987654321", "1234567890", "1234567890a", "12345678910", "147258369", "11223344"},
		"run of signs":            {"!@#$%^&*()", "!\"§$%&/()"},
		"runs with decoration":    {"Qwerty123!", "abc738294", "dragonmonkey123456789", "abc123!!", "Abcdef_2024", "#1qwertyuiop"},
		"two runs":                {"abcqwerty", "qwerasdf"},
		"one character":           {"aaaaaaaaa", "111111111", "Aaaaaaaa1!", "ééééééééé", "😀😀😀😀😀😀"},
		"a few, repeated":         {"xyxyxyxyxy", "kfmkfmkfm", "kfmpkfmp", "19191919", "LalaLALA"},
		"hardly anything":         {"k", "k9", "7"},
		"of a breach":             {"Mountain_2024!", "$tefan1e99", "Jupiter#1", "1!Ecalevol", "rush2112", "gfhjkm", "8675309", "Dragon.Jupiter1"},
		"years":                   {"1990", "20252026"},
		"of yearly top 100s":      {"adminisp", "Kapler123", "theworldinyourhand", "turktelekom", "zag12wsx", "j38ifUbn", "querty", "Indya123", "Aa195043"},
	} {
		for _, password := range passwords {
			if !isCommon(password) {
				t.Errorf("%s: %q is not common", reason, password)
			}
		}
	}
}

// The passwords that are used most, by a list of 2017 that everybody knows, and by one of 2025.
func TestTopHundredIsCommon(t *testing.T) {
	for password := range strings.FieldsSeq(`
		123456 password 12345678 qwerty 12345 123456789 letmein 1234567 football iloveyou admin welcome
		monkey login abc123 starwars 123123 dragon passw0rd master hello freedom whatever qazwsx
		trustno1 654321 jordan23 harley password01 1234 robert matthew jordan asshole daniel andrew
		lakers andrea buster johsua 1qaz2wsx 12341234 ferrari cheese computer corvette blahblah george
		mercedes 121212 maverick fuckyou nicole hunter sunshine tigger 1989 merlin ranger solo banana
		chelsea summer 1990 1991 phoenix amanda cookie ashley bandit killer aaaaa pepper jessica zaq1zaq1
		jennifer test hockey dallas passwor michelle admin123 pussy pass asdf william soccer london
		1q2w3e 1992 biteme maggie querty rangers charlie martin ginger golfer yankees thunder
		Aa123456 Pass@123 P@ssw0rd Aa@123456 admintelecom Admin@123 Abcd@1234 Pass@1234 admin@123
		Password@123 Aboy1234 Demo@123 guru123456 Welcome@123 Test@123 Global123@ India@123 Abcd@123
		123456aA@ Abc@1234 Heslo1234 vodafone bismillah P@$$w0rd cisco lol123456 pakistan123 Qwerty@123`) {
		if !isCommon(password) {
			t.Errorf("%q is not common", password)
		}
	}
}

func TestUncommonPasswords(t *testing.T) {
	for reason, passwords := range map[string][]string{
		"common words among others": {"love is all you need tonight", "my dragon reads the paper", "the queen of hearts, she made some tarts", "glovebox_7", "Besieged_9"},
		"other words":               {"correct horse battery staple", "wolf_Mountain7", "Correct_Horse9", "Analytical-1_Engine"},
		"two of a breach":           {"Mountain_Jupiter", "jupiter7stefanie"},
		"one, eight digits":         {"Jupiter73829461"},
		"two letters more":          {"passwordxk", "xpasswordk", "xkdragon"},
		"a letter and five digits":  {"dragonk73829"},
		"ten digits":                {"dragon7382946150"},
		"two words, five digits":    {"dragonmonkey73829"},
		"three words":               {"dragonmonkeyfootball"},
		"three runs":                {"abcqwerzxc"},
		"random":                    {"fjXq7#kd", "xkqjzvwp", "h8Kd2mQz", "849275018374", "7#2&9*4%1^6"},
		"short, but nothing known":  {"xkq", "782"},
		"other characters":          {"ñандú", "密码安全", "😀🐎🔋📎"},
		"repeats too long":          {"kfmpqkfmpq", strings.Repeat("dragon738294"+strings.Repeat("8", 53), 2) + "11"},
	} {
		for _, password := range passwords {
			if isCommon(password) {
				t.Errorf("%s: %q is common", reason, password)
			}
		}
	}
}

func TestPasswordsThatContainAnIdentity(t *testing.T) {
	cases := []struct {
		name, password string
		identities     []string
		want           bool
	}{
		{"username", "xx lovelace 77", []string{"lovelace"}, true},
		{"nothing but", "lovelace", []string{"lovelace"}, true},
		{"inside a word", "superlovelacexyz", []string{"lovelace"}, true},
		{"case", "LOVElace#77", []string{"lovelACE"}, true},
		{"width", "ｌｏｖｅｌａｃｅ#77", []string{"lovelace"}, true},
		{"width of the identity", "lovelace#77", []string{"ｌｏｖｅｌａｃｅ"}, true},
		{"composition", "zoe\u0308y rocks", []string{"zoëy"}, true},
		{"backwards", "77ecalevol", []string{"lovelace"}, true},
		{"substituted", "L0v3l4c3 it is", []string{"lovelace"}, true},
		{"substitution undone", "root admins", []string{"r00t"}, true},
		{"substituted backwards", "3c4l3v0L it is", []string{"lovelace"}, true},
		{"other substitutions", "xx7h!$ @1l", []string{"this all"}, true},
		{"punctuation of the identity left out", "AdaLovelace7", []string{"ada.lovelace"}, true},
		{"punctuation put in", "l-o-v-e-l-a-c-e", []string{"lovelace"}, true},
		{"whole address", "xada@example.comx", []string{"ada@example.com"}, true},
		{"local part", "my lovelace 7", []string{"lovelace@example.com"}, true},
		{"local part with a tag", "my lovelace 7", []string{"lovelace+keys@example.com"}, true},
		{"local part with its tag", "see ab+keys", []string{"ab+keys@example.com"}, true},
		{"local part of one typed wide", "my lovelace 7", []string{"lovelace＠example.com"}, true},
		{"second identity", "xx lovelace 77", []string{"other", "lovelace"}, true},
		{"four characters", "anna goes west", []string{"anna"}, true},
		{"four characters beyond ASCII", "ольга едет", []string{"ольг"}, true},
		{"three characters", "bob goes west", []string{"bob"}, false},
		{"three, six bytes", "иваeдет", []string{"ива"}, false},
		{"three with punctuation", "bob goes west", []string{"b.ob"}, false},
		{"short local part", "ada goes west", []string{"ada@example.com"}, false},
		{"domain", "example.com goes", []string{"ada@example.com"}, false},
		{"a part of it", "love goes west", []string{"lovelace"}, false},
		{"characters in between", "lovexlace", []string{"lovelace"}, false},
		{"plus in a username", "anna goes west", []string{"anna+x"}, false},
		{"empty identity", "lovelace goes", []string{""}, false},
		{"punctuation only", "____-lovelace", []string{"...."}, false},
		{"none", "lovelace goes", nil, false},
	}
	for _, c := range cases {
		broken := codes(security.CheckAnyPassword(c.password, c.identities...))
		if got := slices.Contains(broken, "password_contains_identity"); got != c.want {
			t.Errorf("%s: CheckAnyPassword(%q, %q) = %v", c.name, c.password, c.identities, broken)
		}
	}
}

// FuzzCheckAnyPassword checks what holds of every password: which codes there are and in which
// order, and that neither case nor direction nor saying it twice makes a common one less so.
func FuzzCheckAnyPassword(f *testing.F) {
	for _, s := range []string{"", "P@ssw0rd1", "qwertyuiop", "\xff", "\u0085", "drowssaP", "😀😀", "\u2057\ufdfa", "correct horse battery staple", strings.Repeat("x", 1025)} {
		f.Add(s, "alice")
		f.Add(s, s)
	}
	order := []string{"password_missing", "password_too_long", "password_invalid_text", "password_common", "password_contains_identity"}
	f.Fuzz(func(t *testing.T, password, identity string) {
		broken := codes(security.CheckAnyPassword(password, identity))
		rest := slices.DeleteFunc(slices.Clone(order), func(code string) bool { return !slices.Contains(broken, code) })
		if !slices.Equal(broken, rest) {
			t.Errorf("CheckAnyPassword(%q) = %v", password, broken)
		}
		if slices.ContainsFunc(broken, func(code string) bool { return slices.Contains(order[:3], code) }) {
			if len(broken) > 2 || slices.Contains(broken, order[3]) || slices.Contains(broken, order[4]) {
				t.Errorf("%q is no text, and read: %v", password, broken)
			}
			return
		}
		if utf8.RuneCountInString(identity) >= 4 && isASCII(password) && strings.Contains(password, identity) && !slices.Contains(broken, order[4]) {
			t.Errorf("%q contains %q: %v", password, identity, broken)
		}
		if !isCommon(password) || !isASCII(password) || len(password) > 64 {
			return
		}
		backwards := []byte(password)
		slices.Reverse(backwards)
		for _, other := range []string{strings.ToUpper(password), string(backwards), password + password} {
			if !isCommon(other) {
				t.Errorf("%q is common, and %q is not", password, other)
			}
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

func BenchmarkCheckAnyPassword(b *testing.B) {
	for name, password := range map[string]string{
		"usual":   "Correct_Horse9",
		"dearest": strings.Repeat("\u2057", 341), // becomes four times as long
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				security.CheckAnyPassword(password, "alice", "alice@example.org")
			}
		})
	}
}
