package usage

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// merger says counts as the store wants them: each key and each line once,
// though they may have been counted in several places.
type merger struct {
	flush  repository.Flush
	usages map[string]int // where the flush has them
	hours  map[line]int
}

func newFlush(node string, number int64, counts []counted) repository.Flush {
	m := merger{
		flush: repository.Flush{
			Node: node, Number: number,
			Usages: make([]models.Usage, 0, len(counts)), Hours: make([]models.HourUsage, 0, len(counts)),
		},
		usages: make(map[string]int, len(counts)), hours: make(map[line]int, len(counts)),
	}
	for _, c := range counts {
		m.addTotal(c)
		if c.hour != anyHour {
			m.addHour(c)
		}
	}
	return m.flush
}

func (m *merger) addTotal(c counted) {
	latest := time.UnixMilli(c.latest).UTC()
	i, ok := m.usages[c.key]
	if !ok {
		m.usages[c.key] = len(m.flush.Usages)
		m.flush.Usages = append(m.flush.Usages, models.Usage{KeyID: c.key, TotalQueries: c.total, LatestQueryDate: latest})
		return
	}
	usage := &m.flush.Usages[i]
	usage.TotalQueries += c.total
	if latest.After(usage.LatestQueryDate) {
		usage.LatestQueryDate = latest
	}
}

func (m *merger) addHour(c counted) {
	i, ok := m.hours[c.line]
	if !ok {
		m.hours[c.line] = len(m.flush.Hours)
		m.flush.Hours = append(m.flush.Hours, c.hourUsage())
		return
	}
	m.flush.Hours[i].TotalQueries += c.total
}
