package builtin

import (
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// objectFamilies lists the families of arrays, JSON, aggregates, set-returning functions and of what is asked about the session and the catalog.
func objectFamilies() []family {
	return []family{
		{"privilege", privilegeFamily()},
		{"catalog definitions", definitionFamily},
		{"catalog names", catalogNameFamily()},
		{"information_schema", informationSchemaFamily},
		{"session", sessionFamily},
		{"input", inputFamily},
		{"identifier", identifierFamily},
		{"sequence", sequenceFamily},
		{"sizes", sizeFamily},
		{"network", networkFamily},
		{"aggregate", aggregateFamily},
		{"window", windowFamily},
		{"array", arrayFamily},
		{"json", jsonFamily},
		{"json rows", populateFamily},
		{"jsonpath", jsonPathFamily},
		{"json aggregate", jsonAggregates},
		{"series", seriesFamily},
		{"range", rangeFamily},
		{"geometry", geometryFamily},
		{"locks", lockFamily()},
		{"notify", notifyFamily()},
		{"time series", timeSeriesFamily},
		{"properties", propertyFamily},
		{"activity", activityFamily},
		{"misc", miscFamily},
	}
}

// sqlFunction finds the OID of a built-in function by name and number of arguments: those that PostgreSQL has in SQL have no C name.
func sqlFunction(name string, args ...pgtype.OID) pgtype.OID {
	for _, p := range pgfacts.ProcsByName(name) {
		if len(p.Args) != len(args) {
			continue
		}
		match := true
		for i := range args {
			match = match && p.Args[i] == args[i]
		}
		if match {
			return p.OID
		}
	}
	panic("builtin: no function " + name)
}

// textOrNull makes a text datum, NULL for the empty string.
func textOrNull(s string) pgtype.Datum {
	if s == "" {
		return pgtype.Null
	}
	return pgtype.Text(s)
}

// textArray makes a text[].
func textArray(ss []string) pgtype.Datum {
	elems := make([]pgtype.Datum, len(ss))
	for i, s := range ss {
		elems[i] = pgtype.Text(s)
	}
	return pgtype.NewArrayValue(pgtype.TextType, elems)
}
