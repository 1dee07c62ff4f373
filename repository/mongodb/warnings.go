package mongodb

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Warnings implements repository.Advisor.
func (r *database) Warnings() []string { return r.warnings }

// settings are what a server says of how it keeps what it has acknowledged.
// Settings that it hides, or hides from this account, stay nil.
type settings struct {
	Engine struct {
		Name       string `bson:"name"`
		Persistent *bool  `bson:"persistent"`
	} `bson:"storageEngine"`
	Config struct {
		JournalDefault *bool `bson:"writeConcernMajorityJournalDefault"`
	} `bson:"config"`
	NoTableScan *bool `bson:"notablescan"`
}

// askSettings asks for each setting by the command that tells it. A standalone
// server has no configuration of a set, and most accounts may not ask.
func (r *Repository) askSettings(ctx context.Context) (found settings) {
	admin := r.client.Database("admin")
	for _, command := range []bson.D{
		field("serverStatus", 1), field("replSetGetConfig", 1), {{Key: "getParameter", Value: 1}, {Key: "notablescan", Value: 1}},
	} {
		_ = admin.RunCommand(ctx, command).Decode(&found)
	}
	return found
}

// risks returns a sentence for each setting with which something may be lost.
func (s settings) risks() []string {
	risks := []string{}
	if is(s.Engine.Persistent, false) {
		risks = append(risks, fmt.Sprintf("MongoDB's storage engine %s keeps nothing on disk: keys and revocations are lost "+
			"when a majority of the servers stops; use wiredTiger", s.Engine.Name))
	}
	if is(s.Config.JournalDefault, false) {
		risks = append(risks, "the replica set's writeConcernMajorityJournalDefault is false: a revocation that was in force "+
			"may be lost when a majority of the servers loses power; set it to true")
	}
	if is(s.NoTableScan, true) {
		risks = append(risks, "MongoDB's parameter notablescan is true: lists whose filters have no index fail; set it to false")
	}
	return risks
}

func is(setting *bool, value bool) bool { return setting != nil && *setting == value }
