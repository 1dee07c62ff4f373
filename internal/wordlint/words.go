package main

// standard returns the standard word for names that were used in its place.
func standard() map[string]string {
	return map[string]string{
		"Act": "Attribution", "actBy": "Attribution", "Bell": "Notifier", "bell": "notifier",
		"reproved": "reload", "letter": "message or envelope",
		"answerOne": "process", "answerLast": "drain", "answerLater": "requeue",
		"strays": "unknownKeyLimiter", "inVain": "deniedLog", "unasked": "outageLog", "giveBack": "refund",
		"FoldUsage": "RollUpUsage", "Fold": "RollUp", "tally": "counter", "tallies": "counters", "Tally": "Counter",
		"merger": "aggregator", "Keeper": "Retention", "tidy": "apply or clean", "lane": "semaphore", "stranger": "unknown",
		"strangers": "unknown", "absence": "negativeEntry", "Missed": "NegativeExpired", "Absent": "Miss",
		"passage": "keyContext", "lookFurther": "lookup", "loadStranger": "load", "unlogged": "pending", "untidy": "pending",
		"carryOver": "propagate", "catchUp": "reconcile", "lockOut": "scramblePassword", "withoutDate": "withoutDeadline",
		"turnstile": "serializing proxy", "everykey": "stub store",
	}
}
