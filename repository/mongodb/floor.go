package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

// floorID is the id of the document that keeps the highest number that the
// change log has given. It is apart from the log, so that no number is given
// again when the log has lost its end: emptied by hand, or restored alone.
const floorID = "log"

// floor returns the highest number known to be given. An entry may be one
// higher, since it is stored first.
func (r entries) floor(ctx context.Context) (int64, error) {
	var found struct {
		Number int64 `bson:"number"`
	}
	err := r.schema.FindOne(ctx, byID(floorID)).Decode(&found)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, nil
	}
	return found.Number, err
}

func (r entries) raiseFloor(ctx context.Context, number int64) error {
	return r.schema.UpsertByID(ctx, floorID, field("$max", field("number", number)))
}

// nextNumber returns the number that an entry gets. The floor is read before
// the log: then the log has what the floor says, unless it has lost its end.
func (r entries) nextNumber(ctx context.Context) (int64, error) {
	floor, err := r.floor(ctx)
	if err != nil {
		return 0, err
	}
	last, err := r.lastChange(ctx)
	if err != nil {
		return 0, err
	}
	if floor < last.Number { // who stored the last entry has died since
		err = r.raiseFloor(ctx, last.Number)
	}
	return max(floor, last.Number) + 1, err
}

// checkLog raises the floor to the log, and warns if the log has lost its end:
// its numbers go on above the floor, and processes that follow it read all keys
// again.
func (r entries) checkLog(ctx context.Context) error {
	floor, err := r.floor(ctx)
	if err != nil {
		return err
	}
	last, err := r.lastChange(ctx)
	if err != nil || last.Number == floor {
		return err
	}
	if last.Number > floor {
		return r.raiseFloor(ctx, last.Number)
	}
	r.warnings = append(r.warnings, fmt.Sprintf("the change log ends at %d and has ended at %d: changes in between may be lost, "+
		"as after a restore of some collections only; restore all collections from the same backup", last.Number, floor))
	return nil
}
