package gormrepo

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ListStatement is a statement that reads a list, or a part of one.
type ListStatement struct {
	Name, SQL string
	Values    []any
}

// ListStatements are for tests of plans: the statements with which lists begin: by their order, by each
// filter, and of each table of usage over time. The rows are then looked up by their ids.
func ListStatements(db *gorm.DB, now time.Time) (statements []ListStatement) {
	add := func(name string, query *gorm.DB) {
		var rows []map[string]any
		built := query.Session(&gorm.Session{DryRun: true}).Find(&rows).Statement
		statements = append(statements, ListStatement{name, built.SQL.String(), built.Vars})
	}
	statuses := []models.Status{models.StatusActive, models.StatusExpired, models.StatusRevoked, models.StatusDisabled, models.StatusDeleted}
	for _, sort := range []repository.Sort{repository.SortLatestQuery, repository.SortTotalQueries, repository.SortCreation, repository.SortExpiration, repository.SortID} {
		for _, ascending := range []bool{true, false} {
			page := repository.Page{Sort: sort, Ascending: ascending, Limit: 10}
			for _, position := range []repository.Position{{}, {Value: now.UnixMilli(), KeyID: "00000100"}} {
				order := newKeyOrder(page, position)
				for _, status := range statuses {
					if status == models.StatusDeleted && !order.reachesDeleted() {
						continue
					}
					stored, _ := toStored(status)
					name := fmt.Sprintf("%s keys by %s, ascending %t, after %q", status, sort, ascending, position.KeyID)
					add(name, order.ofStatus(db, repository.KeyFilter{Now: now}, stored, 11))
				}
			}
		}
	}
	for _, filter := range []repository.KeyFilter{
		{UserID: "u"}, {Name: "n"}, {NamePrefix: "n"}, {Hint: "h"}, {IssuedBy: "i"}, {CreatedSince: now}, {CreatedBefore: now}, {ExpiresBefore: now}, {UnusedSince: now},
	} {
		list := keyList{filter: filter, order: newKeyOrder(repository.Page{Sort: repository.SortID}, repository.Position{})}
		for _, s := range list.sources() {
			add("keys where "+s.condition, s.ids(db).Limit(11))
		}
	}
	yes := true
	for _, filter := range []repository.UserFilter{{ID: "u"}, {Username: "u"}, {Email: "u"}, {UsernamePrefix: "u"}, {EmailPrefix: "u"}, {Disabled: &yes}, {Confirmed: &yes}} {
		for _, s := range (userList{filter: filter}).sources() {
			add("users where "+s.condition, s.ids(db).Limit(11))
		}
	}
	return append(statements, seriesStatements(db, now)...)
}

func seriesStatements(db *gorm.DB, now time.Time) (statements []ListStatement) {
	for _, filter := range []repository.SeriesFilter{{}, {KeyID: "00000100"}, {UserID: "u"}, {Route: "/r"}} {
		for _, by := range []repository.Breakdown{{Key: true}, {User: true}, {Route: true}, {Key: true, Route: true}} {
			page := repository.SeriesPage{Interval: repository.IntervalDay, By: by, Limit: 10}
			filter.From, filter.To = now.AddDate(0, 0, -30), now
			plan := newSeriesPlan(filter, page)
			if plan.isBounded && filter.UserID == "" {
				continue
			}
			query := plan.rows(db, filter).Select("1 AS one").Limit(11)
			if !plan.isBounded && filter.KeyID == "" {
				order := toColumns("", plan.dimensions(filter, page, repository.SeriesPosition{}))
				query = plan.rows(db, filter).Group(order).Order(order).Limit(11).Select(plan.columns(filter, page) + ", SUM(total_queries) AS total_queries")
			}
			var rows []map[string]any
			built := query.Session(&gorm.Session{DryRun: true}).Find(&rows).Statement
			statements = append(statements, ListStatement{fmt.Sprintf("usage of %+v by %+v", filter, by), built.SQL.String(), built.Vars})
		}
	}
	return statements
}
