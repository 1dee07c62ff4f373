package gormrepo

// SetBudget bounds what lists read. It is for before the first list.
func (r *Repository) SetBudget(first, last int) { r.budget = listBudget{first, last} }
