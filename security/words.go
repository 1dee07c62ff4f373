package security

import "strings"

// commonWords returns the words, names and phrases that turn up in every list of breached
// passwords, as skeletons, and those of the yearly top 100s that passwordList lacks. Runs on the
// keyboard are found by keyboardRuns, or spelled here where people change a key of them.
func commonWords() []string {
	return strings.Fields(skeleton(`
		password passwd passwort passcode passphrase pass motdepasse contrasena contraseña senha parola
		wachtwoord haslo heslo lozinka пароль йцукен qwerty qwertz azerty
		welcome letmein login logon signin access admin administrator root superuser sysadmin manager
		master system server service support office default guest user username test tester testing
		demo temp temporary change changeme changeit secret private secure security backup database
		oracle mysql postgres linux ubuntu windows microsoft google facebook twitter youtube instagram
		linkedin yahoo hotmail gmail apple iphone samsung android internet computer laptop network
		website example sample foobar
		hello hallo bonjour hola aloha goodbye whatever nothing something anything trustno nopass my you
		thisismy 		blahblah please thankyou thanks sesame opensesame abracadabra
		love lover lovely loveme iloveyou iloveu ilove teamo tequiero baby babygirl angel honey sweet
		sweetie sweetheart darling princess queen king prince princesa beautiful pretty gorgeous friend
		friends family forever heart kiss sexy happy smile lucky hope faith heaven jesus christ blessed
		trinity
		monkey dragon tiger lion eagle falcon panther cougar shark dolphin butterfly spider scorpion
		phoenix kitty kitten puppy bailey buster rocky maggie ginger pepper cookie chocolate banana
		orange cheese coffee peanut summer winter spring autumn monday friday sunday january september
		december sunshine rainbow flower diamond silver golden purple yellow
		football baseball basketball soccer hockey tennis cricket chelsea arsenal liverpool barcelona
		manchester united juventus yankees cowboys steelers lakers dallas london america canada
		batman superman spiderman ironman starwars skywalker pokemon pikachu naruto minecraft fortnite
		warcraft matrix mustang corvette ferrari porsche mercedes harley yamaha
		killer hunter ranger hacker ninja samurai warrior knight wizard merlin shadow thunder freedom
		power player gamer junior soldier maverick
		michael daniel jordan jennifer jessica ashley michelle nicole thomas robert charlie andrew
		joshua matthew anthony william david george amanda samantha hannah alexander patrick
		fuckyou fuckoff asshole bitch bullshit
		kapler adminisp adminhw gvt12345 theworldinyourhand turktelekom zag12wsx dearbook 111222tianya
		22535 7758521 zinch g_czechout j38ifubn fqrg7cs493 eliska ubnt meklozed 868689849 undefined
		2402301978 aa195043 menara querty johsua`))
}

// keyboardRuns returns texts of which every part is a run: the alphabet, numbers, and keys that
// lie beside each other on the keyboards of some countries. Those in the other direction are
// found in the password read backwards.
func keyboardRuns() []string {
	return []string{
		"abcdefghijklmnopqrstuvwxyzabc",
		"01234567890123", "00112233445566778899", "12345678910111213",
		"`1234567890-=", "~!@#$%^&*()_+", `!"§$%&/()=?`,
		"qwertyuiop[]asdfghjkl;'zxcvbnm,./", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
		"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "!qaz@wsx#edc$rfv%tgb^yhn&ujm*ik<(ol>)p:?",
		"zaq12wsxcde34rfvbgt56yhnmju78ik,.lo90p;/",
		"qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
		"147258369", "159357", "7894561230", "741852963",
	}
}
