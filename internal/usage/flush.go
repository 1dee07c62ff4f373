package usage

import "github.com/ginauth/ginauth/models"

// aggregator says counts as the store wants them: each key, and each key with its route and hour, once,
// though they may have been counted in several places. Nearly all keys come
// once, so that hours are looked for only when a key comes again. Its memory is
// used for one flush after the other.
type aggregator struct {
	usages       []models.Usage
	hours        []models.HourUsage
	firsts       []int              // by usage, where the hour is with which the key came; -1 for none
	byKey        map[uint32]int     // where usages has them, by fingerprint or the next that is free
	byDimensions map[dimensions]int // where hours has those of keys that have come again
}

// merge returns the counts, in slices that are good until the next call.
func (m *aggregator) merge(counts []counted) ([]models.Usage, []models.HourUsage) {
	m.reset()
	for i := range counts {
		m.add(&counts[i])
	}
	return m.usages, m.hours
}

func (m *aggregator) reset() {
	if m.byKey == nil {
		m.byKey, m.byDimensions = map[uint32]int{}, map[dimensions]int{}
	}
	m.usages, m.hours, m.firsts = m.usages[:0], m.hours[:0], m.firsts[:0]
	clear(m.byKey)
	clear(m.byDimensions)
}

func (m *aggregator) add(c *counted) {
	i, known := m.find(c)
	if !known {
		m.usages = append(m.usages, models.Usage{KeyID: c.key, TotalQueries: c.total, LatestQueryDate: c.latestDate()})
		m.firsts = append(m.firsts, m.appendHour(c))
		return
	}
	m.addTotal(i, c)
	m.addHour(i, c)
}

// find returns where usages has the key, or is to have it. The ids themselves,
// which lie in memory that was not used for long, are compared only where
// fingerprints are the same.
func (m *aggregator) find(c *counted) (i int, known bool) {
	for fingerprint := c.fingerprint; ; fingerprint++ {
		i, taken := m.byKey[fingerprint]
		if !taken {
			m.byKey[fingerprint] = len(m.usages)
			return len(m.usages), false
		}
		if m.usages[i].KeyID == c.key {
			return i, true
		}
	}
}

func (m *aggregator) addTotal(i int, c *counted) {
	usage := &m.usages[i]
	usage.TotalQueries += c.total
	if latest := c.latestDate(); latest.After(usage.LatestQueryDate) {
		usage.LatestQueryDate = latest
	}
}

func (m *aggregator) addHour(usage int, c *counted) {
	if first := m.firsts[usage]; first >= 0 {
		m.byDimensions[newDimensions(m.hours[first])] = first
	}
	if i, known := m.byDimensions[c.dimensions]; known {
		m.hours[i].TotalQueries += c.total
		return
	}
	if i := m.appendHour(c); i >= 0 {
		m.byDimensions[c.dimensions] = i
	}
}

// appendHour returns where hours has the dimensions; -1 if it is of no hour.
func (m *aggregator) appendHour(c *counted) int {
	if c.hour == anyHour {
		return -1
	}
	m.hours = append(m.hours, c.hourUsage())
	return len(m.hours) - 1
}
