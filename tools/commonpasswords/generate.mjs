// Writes ../../security/passwordlist.txt: the passwords of @zxcvbn-ts/language-common, which are
// those of breaches, most of them of the list "10 million passwords". Its license is MIT,
// Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc., Copyright (c) 2021 @zxcvbn-ts.
//
// Each is written as package security compares it (see skeleton in security/common.go), once, and
// in the order of bytes. Shorter ones than four characters are left out.
import { writeFileSync } from "node:fs";
import common from "@zxcvbn-ts/language-common";

const substitutes = { "@": "a", 4: "a", 3: "e", l: "i", 1: "i", "!": "i", 0: "o", $: "s", 5: "s", 7: "t" };
const skeleton = text => Array.from(text.toLowerCase(), letter => substitutes[letter] ?? letter).join("");

const passwords = common.dictionary["passwords-common"]
  .filter(text => text.length >= 4 && /^[!-~]+$/.test(text))
  .map(skeleton);
const lines = [...new Set(passwords)].sort((a, b) => (a < b ? -1 : 1)); // all of them are ASCII
writeFileSync(new URL("../../security/passwordlist.txt", import.meta.url), lines.map(line => line + "\n").join(""));
